//! Locations in SARIF: a relative, percent-encoded URI and a region, whatever the place was.
//!
//! GitHub shows a result only when its first location is a file, so a message or a ref name gets a made-up path that no
//! file has; what it really is stands in the logical location and the properties.

use leakward_core::{CompanionPlace, LayerState, Location, LocationKind};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_sarif::sarif::{
    self, ArtifactLocation, LogicalLocation, Message, PhysicalLocation, PropertyBag, Region,
};

use super::properties::Properties;
use super::result::escaped;

/// What relative URIs are relative to: GitHub takes this name for the root of the checkout.
pub(super) const ROOT: &str = "%SRCROOT%";

/// What a path segment may not hold as it is: all but RFC 3986's unreserved characters.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// The place as SARIF wants it.
pub(super) fn location(location: &Location) -> sarif::Location {
    let physical = PhysicalLocation::builder()
        .artifact_location(artifact(location))
        .region(region(location))
        .build();
    let mut made = sarif::Location::builder()
        .physical_location(physical)
        .build();
    if is_history_only(location) || location.image.is_some() {
        made.logical_locations = Some(vec![logical(location)]);
    }
    made.properties = provenance(location);
    made
}

/// The place as one of several of a result.
pub(super) fn related(place: &Location, id: usize) -> sarif::Location {
    let mut made = location(place);
    made.id = i64::try_from(id).ok();
    made.message = Some(Message::from("The same credential."));
    made
}

/// Where what belongs to the credential at this place stands.
pub(super) fn companion(
    place: &Location,
    companion: &CompanionPlace,
    id: usize,
) -> sarif::Location {
    let there = match &companion.path {
        // What is known of the credential's file is not known of this one: its blob, who wrote it, how it is encoded.
        Some(path) => Location {
            image: place.image.clone(),
            ..Location::new(place.kind, path.as_str(), companion.range)
        },
        None => Location {
            range: companion.range,
            ..place.clone()
        },
    };
    let mut made = location(&there);
    made.id = i64::try_from(id).ok();
    made.message = Some(Message::from(&escaped(&format!("Its {}.", companion.name))));
    made
}

/// Whether the place is in history and no longer (or never was) in a file of HEAD.
pub(super) fn is_history_only(location: &Location) -> bool {
    match location.kind {
        LocationKind::Git | LocationKind::Lfs | LocationKind::Path => {
            location.commit.is_some() && location.in_head != Some(true)
        }
        LocationKind::Message | LocationKind::Ref => true,
        LocationKind::Worktree
        | LocationKind::Index
        | LocationKind::File
        | LocationKind::Stdin
        | LocationKind::Layer
        | LocationKind::ImageConfig => false,
    }
}

fn artifact(location: &Location) -> ArtifactLocation {
    let path = if location.path.is_empty() {
        let object = location.commit.as_deref().or(location.blob.as_deref());
        format!("{}/{}", location.kind.as_str(), object.unwrap_or("unknown"))
    } else {
        location.path.clone()
    };
    let encoded = utf8_percent_encode(&path, SEGMENT);
    if path.starts_with('/') {
        ArtifactLocation::builder()
            .uri(format!("file://{encoded}"))
            .build()
    } else {
        ArtifactLocation::builder()
            .uri(encoded.to_string())
            .uri_base_id(ROOT)
            .build()
    }
}

fn region(location: &Location) -> Region {
    // The columns of a name are not columns of the file's text.
    if matches!(
        location.kind,
        LocationKind::Path | LocationKind::Ref | LocationKind::ImageConfig
    ) {
        return Region::builder().start_line(1).build();
    }
    let (start, end) = (location.range.start, location.range.end);
    let start_line = start.line.max(1);
    let end_line = end.line.max(start_line);
    let start_column = start.column.max(1);
    let least = if end_line == start_line {
        start_column
    } else {
        1
    };
    Region::builder()
        .start_line(start_line)
        .start_column(start_column)
        .end_line(end_line)
        .end_column(end.column.max(least))
        .build()
}

fn logical(location: &Location) -> LogicalLocation {
    let object = location.commit.as_deref().or(location.blob.as_deref());
    let (kind, name) = match (location.kind, object) {
        (LocationKind::Layer | LocationKind::ImageConfig, _) => (
            "image",
            location
                .image
                .as_ref()
                .map_or("", |image| image.image.as_str()),
        ),
        (LocationKind::Ref, _) => ("ref", location.path.as_str()),
        (LocationKind::Message, Some(object)) if location.commit.is_none() => ("tag", object),
        (_, Some(object)) => ("commit", object),
        (kind, None) => (kind.as_str(), location.path.as_str()),
    };
    LogicalLocation::builder()
        .kind(kind)
        .fully_qualified_name(format!("{kind} {name}"))
        .build()
}

/// What git knows about the place.
fn provenance(location: &Location) -> Option<PropertyBag> {
    let image = location.image.as_ref();
    let bag = Properties::default()
        .with("kind", location.kind.as_str())
        .with_some("commit", location.commit.as_deref())
        .with_some("blob", location.blob.as_deref())
        .with_some("author", location.author.as_deref())
        .with_some("email", location.email.as_deref())
        .with_some("date", location.date.as_deref())
        .with_some("subject", location.subject.as_deref())
        .with_some("reachable", location.reachable)
        .with_some("inHead", location.in_head)
        .with_list("refs", &location.refs)
        .with_list("decoded", &location.decoded)
        .with_some("image", image.map(|image| image.image.as_str()))
        .with_some(
            "manifest",
            image.and_then(|image| image.manifest.as_deref()),
        )
        .with_some(
            "platform",
            image.and_then(|image| image.platform.as_deref()),
        )
        .with_some("layer", image.and_then(|image| image.layer.as_deref()))
        .with_some("layerIndex", image.and_then(|image| image.layer_index))
        .with_some(
            "createdBy",
            image.and_then(|image| image.created_by.as_deref()),
        )
        .with_some(
            "state",
            image.and_then(|image| image.state).map(LayerState::as_str),
        );
    Some(bag.build())
}

#[cfg(test)]
mod tests {
    use super::*;
    use leakward_core::span::{Position, TextRange};

    fn at(path: &str, kind: LocationKind) -> Location {
        let start = Position { line: 3, column: 7 };
        let end = Position { line: 3, column: 9 };
        Location::new(kind, path, TextRange { start, end })
    }

    #[test]
    fn a_uri_is_relative_and_percent_encoded() {
        for (path, uri, base) in [
            ("src/main.rs", "src/main.rs", Some(ROOT)),
            ("a b/ü#?%.txt", "a%20b/%C3%BC%23%3F%25.txt", Some(ROOT)),
            ("c:x", "c%3Ax", Some(ROOT)),
            ("/etc/x y", "file:///etc/x%20y", None),
        ] {
            let made = artifact(&at(path, LocationKind::File));
            assert_eq!(made.uri.as_deref(), Some(uri));
            assert_eq!(made.uri_base_id.as_deref(), base);
        }
    }

    #[test]
    fn a_place_without_a_path_is_named_after_its_commit() {
        let mut location = at("", LocationKind::Message);
        location.commit = Some("c0ffee".to_owned());
        assert_eq!(artifact(&location).uri.as_deref(), Some("message/c0ffee"));
    }

    #[test]
    fn the_columns_of_a_name_are_not_given_as_columns_of_a_text() {
        assert_eq!(region(&at("a/b", LocationKind::Path)).start_column, None);
        assert_eq!(region(&at("a/b", LocationKind::File)).start_column, Some(7));
        assert_eq!(region(&at("a/b", LocationKind::File)).end_column, Some(9));
    }
}
