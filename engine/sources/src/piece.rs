//! A piece: bytes to be looked at, and where they are from.
//!
//! A git blob has no path here: it is looked at once, however many paths and commits hold it, and its paths
//! are asked for afterwards, and only for blobs with findings. So it is with a layer of a container image: which images
//! hold it, and whether a later layer hides a file of it, is asked for afterwards.

use std::fmt;
use std::sync::Arc;

use bstr::BString;
use gix::ObjectId;
use leakward_core::Span;

/// Where a piece is from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    /// A blob of the object database.
    Blob(ObjectId),
    /// A file of a git working tree, by its path relative to the tree's root.
    Worktree(String),
    /// An entry of the git index, by its path.
    Index(String, ObjectId),
    /// A file outside of git, by its path relative to the target.
    File(String),
    /// Standard input.
    Stdin,
    /// A commit: its message and its author and committer lines.
    Commit(ObjectId),
    /// An annotated tag: its message and its tagger line.
    Tag(ObjectId),
    /// The full name of a branch, tag or other ref.
    RefName(String),
    /// The name of entries of git trees: a path's last component, whatever is above it.
    EntryName(BString),
    /// The last component of the path of a file or folder in a working tree, in the index, or outside of git.
    PathName(String),
    /// A Git LFS object, by the SHA-256 in its pointer, and the blob that is the pointer.
    Lfs(String, ObjectId),
    /// A member of an archive: the piece that is the outermost archive, and the path inside of it, with `!` between an
    /// archive and its member when they are nested.
    Member(Arc<Origin>, String),
    /// A file of an image's layer: the layer's digest, and the file's path.
    Layer(Arc<str>, String),
    /// The last component of the path of a layer's file or folder: the layer's digest, and the path.
    LayerName(Arc<str>, String),
    /// What an image says of itself: the digest of its configuration or manifest, and the part of it (`Env`,
    /// `history[3]`, `annotations`).
    ImageConfig(Arc<str>, String),
}

impl Origin {
    /// The piece that this one was taken out of, when it is a member of an archive.
    #[must_use]
    pub fn outermost(&self) -> &Origin {
        match self {
            Self::Member(outer, _) => outer,
            _ => self,
        }
    }
}

/// As it is called in messages.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blob(id) => write!(f, "blob {id}"),
            Self::Worktree(path) | Self::File(path) => f.write_str(path),
            Self::Index(path, _) => write!(f, "{path} (index)"),
            Self::Stdin => f.write_str("standard input"),
            Self::Commit(id) => write!(f, "commit {id}"),
            Self::Tag(id) => write!(f, "tag {id}"),
            Self::RefName(name) => write!(f, "ref {name}"),
            Self::EntryName(name) => write!(f, "the name {name}"),
            Self::PathName(path) => write!(f, "the name of {path}"),
            Self::Lfs(oid, _) => write!(f, "LFS object {oid}"),
            Self::Member(outer, path) => write!(f, "{outer}!{path}"),
            Self::Layer(digest, path) if path.is_empty() => write!(f, "layer {digest}"),
            Self::Layer(digest, path) => write!(f, "layer {digest}: {path}"),
            Self::LayerName(digest, path) => write!(f, "layer {digest}: the name of {path}"),
            Self::ImageConfig(digest, part) => write!(f, "image {digest}: {part}"),
        }
    }
}

/// Bytes to be looked at.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'a> {
    /// Where they are from.
    pub origin: &'a Origin,
    /// The bytes.
    pub bytes: &'a [u8],
    /// Which part of a larger whole they are.
    pub part: Part,
}

/// Which part of a larger whole the bytes of a piece are: a large file that is read from front to back is shown in
/// parts that overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// How many lines end before the part.
    pub lines_before: u32,
    /// Only what starts in here counts; the rest is told with the part before or after.
    pub counts: Span,
}

impl Part {
    /// The whole.
    pub const WHOLE: Self = Self {
        lines_before: 0,
        counts: Span {
            start: 0,
            end: usize::MAX,
        },
    };
}

impl<'a> Piece<'a> {
    /// A piece that is all there is.
    #[must_use]
    pub fn new(origin: &'a Origin, bytes: &'a [u8]) -> Self {
        Self {
            origin,
            bytes,
            part: Part::WHOLE,
        }
    }
}
