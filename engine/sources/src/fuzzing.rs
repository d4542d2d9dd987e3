//! Ways in for the tests of `tests/foreign_bytes` and the fuzz targets. No part of the interface.

use gix::index::extension;

use crate::git::{Repository, fuzzing};

/// What an index says: its entries, each with its path, mode, id and whether it is only announced, and the trees that it
/// remembers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexRead {
    /// The entries, in their order.
    pub entries: Vec<(String, u32, gix::ObjectId, bool)>,
    /// The trees.
    pub trees: Option<extension::Tree>,
}

/// Reads the entries of a tree; how far they reach.
#[must_use]
pub fn walk_tree(bytes: &[u8], hash: gix::hash::Kind) -> usize {
    fuzzing::walk_tree(bytes, hash)
}

/// Reads a commit, a tag or an LFS pointer.
pub fn read_commit(bytes: &[u8]) {
    fuzzing::read_commit(bytes);
}

/// Reads a table of refs; how many refs and entries of the stash there are in it.
#[must_use]
pub fn read_reftable(bytes: &[u8], hash: gix::hash::Kind) -> (usize, usize) {
    fuzzing::read_reftable(bytes, hash)
}

/// Reads the index of a repository where it lies, and with all of its entries decoded; nothing from who refuses it.
#[must_use]
pub fn read_index(repository: &Repository) -> (Option<IndexRead>, Option<IndexRead>) {
    fuzzing::read_index(repository)
}
