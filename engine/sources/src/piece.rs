//! A piece: bytes to be looked at, and where they are from.
//!
//! A git blob has no path here: it is looked at once, however many paths and commits hold it, and its paths
//! are asked for afterwards, and only for blobs with findings.

use bstr::BString;
use gix::ObjectId;

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
}

/// Bytes to be looked at.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'a> {
    /// Where they are from.
    pub origin: &'a Origin,
    /// The bytes.
    pub bytes: &'a [u8],
}
