//! Ways into git's formats for [`crate::fuzzing`].

use gix::index::State;
use gix::index::entry::Flags;

use super::commits::CommitFacts;
use super::plain_index::PlainIndex;
use super::provenance::Authorship;
use super::reftable::{Allowance, Table};
use super::{Index, Repository, objects, trees};
use crate::fuzzing::IndexRead;

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

/// Reads the index of a repository where it lies, and with all of its entries decoded; nothing from who refuses it.
pub(crate) fn read_index(repository: &Repository) -> (Option<IndexRead>, Option<IndexRead>) {
    let plain = PlainIndex::of(repository).map(|index| IndexRead {
        entries: (0..index.len())
            .filter_map(|at| index.entry(at))
            .map(|entry| {
                let mode = entry.mode.bits();
                (entry.path.to_string(), mode, entry.id, entry.is_announced)
            })
            .collect(),
        trees: index.cached().cloned(),
    });
    let decoded = Index::of(repository).ok().flatten().map(|index| {
        let state: &State = index.file();
        let entries = state.entries().iter().map(|entry| {
            let is_announced = entry.flags.contains(Flags::INTENT_TO_ADD);
            let path = entry.path(state).to_string();
            (path, entry.mode.bits(), entry.id, is_announced)
        });
        IndexRead {
            entries: entries.collect(),
            trees: state.tree().cloned(),
        }
    });
    (plain, decoded)
}
