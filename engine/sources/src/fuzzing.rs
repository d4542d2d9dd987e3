//! Ways in for the tests of `tests/foreign_bytes` and the fuzz targets. No part of the interface.

use crate::git::fuzzing;

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
