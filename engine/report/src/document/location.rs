//! One place in JSON.

use leakward_core::Location;
use serde::Serialize;

/// One place where the credential was seen. Lines and columns count from 1.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Location"))]
pub(crate) struct LocationEntry<'a> {
    /// What it was seen in: a blob of the object database (`git`), a file of the working tree (`worktree`), an entry
    /// of the index (`index`), a file outside of git (`file`), standard input (`stdin`), a commit's or tag's message
    /// (`message`), the name of a ref (`ref`) or of a file (`path`), a Git LFS object (`lfs`).
    #[cfg_attr(test, schemars(extend("enum" = [
        "git", "worktree", "index", "file", "stdin", "message", "ref", "path", "lfs"
    ])))]
    kind: &'static str,
    /// Path relative to the target's root, with `/` between folders; bytes that are not UTF-8 are replaced.
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
}

impl<'a> LocationEntry<'a> {
    pub(crate) fn new(location: &'a Location) -> Self {
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
        }
    }
}
