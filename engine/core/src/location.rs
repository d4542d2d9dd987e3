//! One place where a credential was seen.
//!
//! A location names an object (path, commit, blob, ref) and a range of text; it never holds bytes of the
//! credential. Fields that do not apply to a kind stay empty.

use crate::span::TextRange;

/// What kind of thing a credential was seen in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LocationKind {
    /// A blob in a git repository's object database.
    Git,
    /// A file in the working tree of a git repository.
    Worktree,
    /// An entry of the git index (what is staged).
    Index,
    /// A file outside of git.
    File,
    /// Standard input.
    Stdin,
    /// A commit's or an annotated tag's message, or its author line.
    Message,
    /// The name of a branch or a tag.
    Ref,
    /// A path inside a git tree: the file's name itself holds the credential.
    Path,
    /// The content of a Git LFS object.
    Lfs,
    /// A file in a layer of a container image.
    Layer,
    /// What a container image says of itself: environment, commands, labels, build history, annotations.
    ImageConfig,
}

impl LocationKind {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::Git,
        Self::Worktree,
        Self::Index,
        Self::File,
        Self::Stdin,
        Self::Message,
        Self::Ref,
        Self::Path,
        Self::Lfs,
        Self::Layer,
        Self::ImageConfig,
    ];

    /// The word used in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Git => "git",
            Self::Worktree => "worktree",
            Self::Index => "index",
            Self::File => "file",
            Self::Stdin => "stdin",
            Self::Message => "message",
            Self::Ref => "ref",
            Self::Path => "path",
            Self::Lfs => "lfs",
            Self::Layer => "layer",
            Self::ImageConfig => "image-config",
        }
    }
}

/// What becomes of a layer's file in the image as it is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LayerState {
    /// It is there.
    Visible,
    /// A later layer has something else at its path.
    Overwritten,
    /// A later layer removes it, or a folder above it.
    Deleted,
}

impl LayerState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Visible, Self::Overwritten, Self::Deleted];

    /// The word used in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Visible => "visible",
            Self::Overwritten => "overwritten",
            Self::Deleted => "deleted",
        }
    }
}

/// Where in a container image a credential was seen.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ImagePlace {
    /// The image: its name and tag where it has one, else the digest of its manifest.
    pub image: String,
    /// Digest of its manifest.
    pub manifest: Option<String>,
    /// What it runs on: `linux/amd64`.
    pub platform: Option<String>,
    /// Digest of the layer.
    pub layer: Option<String>,
    /// Which layer it is, from 0, the lowest.
    pub layer_index: Option<u32>,
    /// The build step that made the layer, or that says what was found, as the history tells it.
    pub created_by: Option<String>,
    /// What becomes of the layer's file in the image as it is run.
    pub state: Option<LayerState>,
}

/// Where a companion of a credential stands: its id, its user, its host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompanionPlace {
    /// What it is to the credential, as the rule calls it: `id`, `host`.
    pub name: String,
    /// The file that it stands in; empty where that is the credential's own.
    pub path: Option<String>,
    /// Lines and columns in that file.
    pub range: TextRange,
}

/// One place where a credential was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// What it was seen in.
    pub kind: LocationKind,
    /// Path relative to the target's root, with `/` between folders; bytes that are not UTF-8 are replaced.
    pub path: String,
    /// Lines and columns in that file, message or name.
    pub range: TextRange,
    /// The commit that brought it to this path, or whose message holds it; 40 or 64 hexadecimal digits.
    pub commit: Option<String>,
    /// The blob, tag or other object that holds it.
    pub blob: Option<String>,
    /// Whether a ref still reaches it; empty where that has no meaning.
    pub reachable: Option<bool>,
    /// Whether the path still holds it at HEAD.
    pub in_head: Option<bool>,
    /// Refs that reach it, shortest first; cut to a handful.
    pub refs: Vec<String>,
    /// Name of the author of `commit`. A tag's message has no commit: there it is who made the tag, and so are the
    /// following fields.
    pub author: Option<String>,
    /// E-mail of the author of `commit`.
    pub email: Option<String>,
    /// Author date of `commit`, RFC 3339.
    pub date: Option<String>,
    /// First line of the message of `commit`. Masked like everything else when it holds a credential.
    pub subject: Option<String>,
    /// Encodings that lay around the credential, outermost first (`base64`, `utf-16le` …).
    pub decoded: Vec<String>,
    /// Which image, and where in it.
    pub image: Option<ImagePlace>,
    /// GitHub's `primaryLocationLineHash` of the line where it starts ([`crate::line_hash`]). Reports need it for
    /// a finding's first location only.
    pub line_hash: Option<String>,
    /// What belongs to the credential, each where it stands.
    pub companions: Vec<CompanionPlace>,
}

impl Location {
    /// Every path in it: its own, and those of companions in other files.
    pub fn paths_mut(&mut self) -> impl Iterator<Item = &mut String> {
        let companions = self.companions.iter_mut();
        let theirs = companions.filter_map(|companion| companion.path.as_mut());
        std::iter::once(&mut self.path).chain(theirs)
    }

    /// A location of `kind` at `path`, with everything else empty.
    #[must_use]
    pub fn new(kind: LocationKind, path: impl Into<String>, range: TextRange) -> Self {
        Self {
            kind,
            path: path.into(),
            range,
            commit: None,
            blob: None,
            reachable: None,
            in_head: None,
            refs: Vec::new(),
            author: None,
            email: None,
            date: None,
            subject: None,
            decoded: Vec::new(),
            image: None,
            line_hash: None,
            companions: Vec::new(),
        }
    }
}
