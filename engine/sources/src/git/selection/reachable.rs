//! Everything that refs and the index reach.
//!
//! Two passes along the delta tree of the packs: the first learns how all trees hang together, so that it is known which
//! of them are reached; the second lists the blobs of those. A tree that is stored as a change of a reached one has
//! only its changed entries looked at.

use std::sync::{Mutex, PoisonError};

use gix::ObjectId;
use gix::objs::Kind;
use leakward_core::Skipped;

use super::Selection;
use crate::git::commits::{History, Tips};
use crate::git::lookup::Lookup;
use crate::git::objects::sink::{ObjectSink, Shown};
use crate::git::provenance::collect::{Collected, Wanted};
use crate::git::provenance::graph::Things;
use crate::git::provenance::noted::TreeNote;
use crate::git::trees::{self, EntryKind, Numbered};
use crate::git::{Index, ObjectKinds, Refs, Repository};

/// Selects everything that refs and the index reach.
pub(super) fn select(repository: &Repository, lookup: &Lookup) -> Selection {
    let refs = Refs::of(repository);
    let mut collected = Collected::read(repository, &Things::none(), Wanted::CommitsAndTrees);
    let tips = Tips::with_known(lookup, &refs.targets(), &collected.commits);
    let known = std::mem::take(&mut collected.commits);
    let history = History::with_known(repository, lookup, &tips.commits, known);
    let blobs = Numbered::new();
    let mut roots = [history.reached_trees(), &tips.trees].concat();
    let mut skipped = [refs.skipped(), &tips.skipped, &history.skipped].concat();
    for blob in &tips.blobs {
        blobs.insert(blob);
    }
    skipped.extend(add_index(repository, &blobs, &mut roots));
    let reached = collected.complete(repository, &Things::none(), &roots);
    skipped.append(&mut collected.skipped);
    let trees = list_blobs(repository, lookup, &collected.trees, &reached, &blobs);
    let mut selection = Selection {
        commits: history
            .ids
            .iter()
            .take(history.reached_trees().len())
            .copied()
            .collect(),
        tags: tips.tags,
        trees,
        blobs: blobs.into_sorted(),
        skipped,
    };
    selection.sort();
    selection
}

/// Adds what the index refers to; gives back what to tell when it cannot be read.
fn add_index(
    repository: &Repository,
    blobs: &Numbered,
    roots: &mut Vec<ObjectId>,
) -> Option<Skipped> {
    match Index::of(repository) {
        Ok(index) => {
            for (id, kind) in index.iter().flat_map(Index::objects) {
                match kind {
                    EntryKind::Tree => roots.push(id),
                    EntryKind::Blob => {
                        blobs.insert(&id);
                    }
                    EntryKind::Submodule => {}
                }
            }
            None
        }
        Err(told) => Some(told),
    }
}

/// Adds the blobs of the reached trees; gives back these trees.
fn list_blobs(
    repository: &Repository,
    lookup: &Lookup,
    trees: &Numbered,
    reached: &[bool],
    blobs: &Numbered,
) -> Vec<ObjectId> {
    let listing = Listing {
        trees,
        reached,
        blobs,
        hash: repository.object_hash(),
        listed: Mutex::default(),
    };
    repository.collect_objects(ObjectKinds::NAMES, &listing);
    let mut listed = listing
        .listed
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    let mut missing = reached.to_vec();
    for (_, number) in &listed {
        if let Some(missing) = missing.get_mut(*number as usize) {
            *missing = false;
        }
    }
    // Those in folders outside of the repository; what cannot be read has been told in the first pass.
    let missing: Vec<u32> = (0..)
        .zip(missing)
        .filter(|(_, missing)| *missing)
        .map(|(number, _)| number)
        .collect();
    let mut buffer = Vec::new();
    for (tree, number) in trees.with_numbers(&missing) {
        let read = lookup
            .of_kind(Kind::Tree, &tree, &mut buffer)
            .and_then(|data| {
                trees::for_each(data, lookup.hash(), |entry| {
                    if entry.kind == EntryKind::Blob {
                        blobs.insert(entry.id);
                    }
                })
            });
        if read.is_ok() {
            listed.push((tree, number));
        }
    }
    listed.into_iter().map(|(tree, _)| tree).collect()
}

/// Lists the blobs of reached trees while the database is walked.
struct Listing<'l> {
    trees: &'l Numbered,
    reached: &'l [bool],
    blobs: &'l Numbered,
    hash: gix::hash::Kind,
    listed: Mutex<Vec<(ObjectId, u32)>>,
}

impl ObjectSink for Listing<'_> {
    type Worker = ();
    type Note = TreeNote;

    fn worker(&self) {}

    /// Only reached trees get a note, so what is taken over from a note has been listed.
    fn object(&self, _worker: &mut (), object: &Shown<'_, TreeNote>) -> Option<TreeNote> {
        let number = self.trees.get(&object.id)?;
        if self.reached.get(number as usize) != Some(&true) {
            return None;
        }
        let (note, _told_in_the_first_pass) =
            TreeNote::read(object.content, self.hash, object.change, |entry, _edges| {
                if entry.kind == EntryKind::Blob {
                    self.blobs.insert(entry.id);
                }
            });
        self.listed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((object.id, number));
        Some(note)
    }

    fn tell(&self, _sort: &'static str, _told_in_the_first_pass: Skipped) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::selection::select::Blobs;
    use crate::git::testbed::Testbed;
    use crate::git::trees::TreeWalk;

    /// The slow twin: every tree by its id, below every commit.
    fn one_by_one(repository: &Repository, lookup: &Lookup) -> (Vec<ObjectId>, Vec<ObjectId>) {
        let tips = Tips::of(lookup, &Refs::of(repository).targets());
        let history = History::load(repository, lookup, &tips.commits);
        let blobs = Blobs(Numbered::new());
        let walked = TreeWalk::new(repository, &blobs).run(&history.trees);
        (walked.trees.into_sorted(), blobs.0.into_sorted())
    }

    #[test]
    fn in_two_passes_the_same_is_reached_as_one_by_one() {
        for seed in 0..3 {
            let bed = Testbed::new();
            let bench = bed.init("r", &[]);
            bench.import_by_chance(seed, 60);
            // Half of the history is no longer reached and still there.
            for number in (1..=60).step_by(2) {
                bench.git(&["update-ref", "-d", &format!("refs/keep/{number}")]);
            }
            bench.git(&["update-ref", "-d", "refs/heads/b0"]);
            bench.git(&["repack", "-adkq"]);
            let repository = bench.open();
            let lookup = Lookup::new(&repository);
            let selection = select(&repository, &lookup);
            let (trees, blobs) = one_by_one(&repository, &lookup);
            assert_eq!(
                (&selection.trees, &selection.blobs),
                (&trees, &blobs),
                "seed {seed}"
            );
            assert!(selection.skipped.is_empty());
        }
    }

    #[test]
    fn what_is_borrowed_from_another_repository_is_reached() {
        let bed = Testbed::new();
        let lender = bed.init("lender", &[]);
        lender.commit(&[("d/a", "1"), ("b", "2")], "first");
        lender.git(&["clone", "-q", "--shared", ".", "../borrower"]);
        let borrower = bed.at("borrower");
        borrower.commit(&[("d/c", "3")], "second");
        let repository = borrower.open();
        let selection = select(&repository, &Lookup::new(&repository));
        let mut expected: Vec<ObjectId> = ["d/a", "b", "d/c"]
            .iter()
            .map(|path| borrower.id(&format!("HEAD:{path}")))
            .collect();
        expected.sort_unstable();
        assert_eq!(selection.blobs, expected);
        assert_eq!((selection.commits.len(), selection.trees.len()), (2, 4));
    }
}
