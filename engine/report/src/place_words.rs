//! One place in words: `path:line:column` where there is a file, so that terminals and editors can open it.

use leakward_core::{LayerState, Location, LocationKind};

/// Digits of an object id that are shown.
const SHORT: usize = 12;

/// The first digits of an object id.
pub(crate) fn short(id: &str) -> &str {
    id.get(..SHORT).unwrap_or(id)
}

/// The place: `src/a.rs:3:7`, `src/a.rs:3:7 in commit 0123456789ab`, `message of commit 0123456789ab, line 3`.
pub(crate) fn words(location: &Location) -> String {
    let (line, column) = (location.range.start.line, location.range.start.column);
    let path = if location.path.is_empty() {
        "(no path)"
    } else {
        &location.path
    };
    match location.kind {
        LocationKind::Worktree | LocationKind::File => format!("{path}:{line}:{column}"),
        LocationKind::Git if location.in_head == Some(true) => format!("{path}:{line}:{column}"),
        LocationKind::Git => format!("{path}:{line}:{column}{}", in_object(location)),
        LocationKind::Lfs => format!(
            "{path}:{line}:{column} in an LFS object{}",
            in_object(location)
        ),
        LocationKind::Index => format!("{path}:{line}:{column} in the index"),
        LocationKind::Stdin => format!("standard input:{line}:{column}"),
        LocationKind::Message => format!("{}, line {line}", message_of(location)),
        LocationKind::Ref => format!("the name of {path}"),
        LocationKind::Layer => format!("{path}:{line}:{column}{}", in_image(location)),
        LocationKind::ImageConfig => format!("{path}, line {line}{}", in_image(location)),
        LocationKind::Path => format!("the name of the file {path}{}", in_image(location)),
    }
}

/// What belongs to the credential at this place, and where it stands.
pub(crate) fn companions(location: &Location) -> Vec<String> {
    let words = location.companions.iter().map(|companion| {
        let (name, start) = (&companion.name, companion.range.start);
        match &companion.path {
            Some(path) => format!("its {name} at {path}:{}:{}", start.line, start.column),
            None => format!("its {name} at line {}, column {}", start.line, start.column),
        }
    });
    words.collect()
}

/// In which commit, or else in which object, it was seen.
fn in_object(location: &Location) -> String {
    match (&location.commit, &location.blob) {
        (Some(commit), _) => format!(" in commit {}", short(commit)),
        (None, Some(blob)) => format!(" in object {}", short(blob)),
        (None, None) => String::new(),
    }
}

/// In which image and layer it was seen, and what became of it there.
fn in_image(location: &Location) -> String {
    let Some(image) = &location.image else {
        return in_object(location);
    };
    let mut words = format!(" in {}", image.image);
    if let Some(platform) = &image.platform {
        words += &format!(" ({platform})");
    }
    if let Some(index) = image.layer_index {
        words += &format!(", layer {index}");
    }
    match image.state {
        Some(LayerState::Overwritten) => words += ", overwritten by a later layer",
        Some(LayerState::Deleted) => words += ", deleted by a later layer",
        Some(LayerState::Visible) | None => {}
    }
    words
}

fn message_of(location: &Location) -> String {
    match (&location.commit, &location.blob) {
        (Some(commit), _) => format!("the message of commit {}", short(commit)),
        (None, Some(tag)) => format!("the message of tag {}", short(tag)),
        (None, None) => format!("the message of {}", location.path),
    }
}
