//! Ways into git's formats for [`crate::fuzzing`].

use super::commits::CommitFacts;
use super::provenance::Authorship;
use super::reftable::{Allowance, Table};
use super::{objects, trees};

/// Reads the entries of a tree; how far they reach.
pub(crate) fn walk_tree(bytes: &[u8], hash: gix::hash::Kind) -> usize {
    let mut at = 0;
    while let Some((_, length)) = trees::entry_at(bytes, at, hash) {
        at += length;
    }
    at
}

/// Reads a commit, a tag or an LFS pointer.
pub(crate) fn read_commit(bytes: &[u8]) {
    drop(CommitFacts::parse(bytes));
    for person in ["author ", "tagger "] {
        drop(Authorship::parse(bytes, person.as_bytes()));
    }
    let _pointer = objects::lfs::pointed_to(bytes);
}

/// Reads a table of refs; how many refs and entries of the stash there are in it.
pub(crate) fn read_reftable(bytes: &[u8], hash: gix::hash::Kind) -> (usize, usize) {
    let table = Table::read(bytes, hash, &mut Allowance::default());
    (table.refs.len(), table.stash.len())
}
