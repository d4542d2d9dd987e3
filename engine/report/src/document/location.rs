//! One place in JSON.

use leakward_core::{CompanionPlace, LayerState, Location};
use serde::Serialize;

/// One place where the credential was seen. Lines and columns count from 1.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Location"))]
pub(crate) struct LocationEntry<'a> {
    /// What it was seen in: a blob of the object database (`git`), a file of the working tree (`worktree`), an entry
    /// of the index (`index`), a file outside of git (`file`), standard input (`stdin`), a commit's or tag's message
    /// (`message`), the name of a ref (`ref`) or of a file (`path`), a Git LFS object (`lfs`), a file in a layer of a
    /// container image (`layer`), what an image says of itself (`image-config`).
    #[cfg_attr(test, schemars(extend("enum" = [
        "git", "worktree", "index", "file", "stdin", "message", "ref", "path", "lfs", "layer", "image-config"
    ])))]
    kind: &'static str,
    /// Path relative to the target's root, with `/` between folders; bytes that are not UTF-8 are replaced. In an
    /// archive: the archive's path, `!`, and the path inside; lines and columns are those of the unpacked content. For
    /// `image-config` the part of the configuration: `Env`, `Labels`, `history[3]`.
    path: &'a str,
    /// Line where it starts.
    line: u32,
    /// Column where it starts, in Unicode scalar values; a byte that is not UTF-8 counts as one.
    column: u32,
    /// Line where it ends.
    end_line: u32,
    /// Column one past its last character.
    end_column: u32,
    /// The commit that brought it to this path or whose message holds it; none for a tag's message.
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<&'a str>,
    /// The blob, tag or other object that holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    blob: Option<&'a str>,
    /// Whether a ref still reaches it.
    #[serde(skip_serializing_if = "Option::is_none")]
    reachable: Option<bool>,
    /// Whether the path still holds it at HEAD.
    #[serde(skip_serializing_if = "Option::is_none")]
    in_head: Option<bool>,
    /// Refs that reach it, shortest first; cut to a handful.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    refs: &'a [String],
    /// Name of the author of `commit`, or of who made the tag whose message it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<&'a str>,
    /// E-mail of that author.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    /// Author date of `commit` or of that tag, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<&'a str>,
    /// First line of the message of `commit` or of that tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    /// Encodings that lay around the credential, outermost first.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    decoded: &'a [String],
    /// The container image: its name and tag where it has one, else its digest.
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<&'a str>,
    /// Digest of the image's manifest.
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest: Option<&'a str>,
    /// What the image runs on: `linux/amd64`.
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<&'a str>,
    /// Digest of the layer.
    #[serde(skip_serializing_if = "Option::is_none")]
    layer: Option<&'a str>,
    /// Which layer of the image it is; 0 is the lowest.
    #[serde(skip_serializing_if = "Option::is_none")]
    layer_index: Option<u32>,
    /// The build step that made the layer, or that holds the credential itself, as the image's history tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    created_by: Option<&'a str>,
    /// What becomes of the file in the image as it is run: it is there (`visible`), something else is at its path
    /// (`overwritten`), or it was removed (`deleted`). It is in the image's layers in any case.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(extend("enum" = ["visible", "overwritten", "deleted"])))]
    state: Option<&'static str>,
    /// What belongs to the credential, each where it stands: its id, its user, its host.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    companions: Vec<CompanionEntry<'a>>,
}

/// Where a companion of the credential stands.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Companion"))]
struct CompanionEntry<'a> {
    /// What it is to the credential, as the rule calls it.
    name: &'a str,
    /// The file that it stands in, when that is another one of the same folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    /// Line where it starts.
    line: u32,
    /// Column where it starts.
    column: u32,
    /// Line where it ends.
    end_line: u32,
    /// Column one past its last character.
    end_column: u32,
}

impl<'a> CompanionEntry<'a> {
    fn new(companion: &'a CompanionPlace) -> Self {
        Self {
            name: &companion.name,
            path: companion.path.as_deref(),
            line: companion.range.start.line,
            column: companion.range.start.column,
            end_line: companion.range.end.line,
            end_column: companion.range.end.column,
        }
    }
}

impl<'a> LocationEntry<'a> {
    pub(crate) fn new(location: &'a Location) -> Self {
        let image = location.image.as_ref();
        Self {
            kind: location.kind.as_str(),
            path: &location.path,
            line: location.range.start.line,
            column: location.range.start.column,
            end_line: location.range.end.line,
            end_column: location.range.end.column,
            commit: location.commit.as_deref(),
            blob: location.blob.as_deref(),
            reachable: location.reachable,
            in_head: location.in_head,
            refs: &location.refs,
            author: location.author.as_deref(),
            email: location.email.as_deref(),
            date: location.date.as_deref(),
            subject: location.subject.as_deref(),
            decoded: &location.decoded,
            image: image.map(|image| image.image.as_str()),
            manifest: image.and_then(|image| image.manifest.as_deref()),
            platform: image.and_then(|image| image.platform.as_deref()),
            layer: image.and_then(|image| image.layer.as_deref()),
            layer_index: image.and_then(|image| image.layer_index),
            created_by: image.and_then(|image| image.created_by.as_deref()),
            state: image.and_then(|image| image.state).map(LayerState::as_str),
            companions: location
                .companions
                .iter()
                .map(CompanionEntry::new)
                .collect(),
        }
    }
}
