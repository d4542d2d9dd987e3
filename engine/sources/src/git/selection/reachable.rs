//! Everything that refs and the index reach.
//!
//! One pass along the delta tree of the packs learns how all trees hang together; what is reached is then found in memory.

use gix::ObjectId;
use leakward_core::Skipped;

use super::Selection;
use crate::git::commits::{History, Tips};
use crate::git::lookup::Lookup;
use crate::git::trees::EntryKind;
use crate::git::{HistoryIndex, Index, ObjectKinds, Repository};

/// Selects everything that refs and the index reach.
pub(super) fn select(repository: &Repository, lookup: &Lookup) -> Selection {
    let refs = repository.refs();
    let kinds = ObjectKinds::COMMITS.and(ObjectKinds::NAMES);
    let (mut index, mut skipped) = HistoryIndex::read(repository, kinds);
    let tips = Tips::with_known(lookup, &refs.targets(), |id| {
        index.commits.find(id).is_some()
    });
    let known = std::mem::take(&mut index.commits);
    let history = History::with_known(repository, lookup, &tips.commits, &known);
    drop(known);
    let mut blobs = tips.blobs;
    let (commits, mut roots): (Vec<ObjectId>, Vec<ObjectId>) = history.reached().unzip();
    roots.extend(&tips.trees);
    let told = [refs.skipped(), &tips.skipped, &history.skipped];
    let told_of_trees = std::mem::replace(&mut skipped, told.concat());
    skipped.extend(add_index(repository, &mut blobs, &mut roots));
    let read = index.trees_read();
    let (index, told_below) = index.complete(repository, &roots, &read);
    skipped.extend(told_of_trees.into_iter().chain(told_below));
    let mut reached = index.reached(&roots);
    blobs.append(&mut reached.blobs);
    let mut selection = Selection {
        commits,
        tags: tips.tags,
        trees: reached.trees,
        blobs,
        skipped,
    };
    selection.sort();
    selection
}

/// Adds what the index refers to; gives back what to tell when it cannot be read.
fn add_index(
    repository: &Repository,
    blobs: &mut Vec<ObjectId>,
    roots: &mut Vec<ObjectId>,
) -> Option<Skipped> {
    match Index::of(repository) {
        Ok(index) => {
            for (id, kind) in index.iter().flat_map(Index::objects) {
                match kind {
                    EntryKind::Tree => roots.push(id),
                    EntryKind::Blob => blobs.push(id),
                    EntryKind::Submodule => {}
                }
            }
            None
        }
        Err(told) => Some(told),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::selection::select::Blobs;
    use crate::git::testbed::Testbed;
    use crate::git::trees::{Numbered, TreeWalk};

    /// The slow twin: every tree by its id, below every commit.
    fn one_by_one(repository: &Repository, lookup: &Lookup) -> (Vec<ObjectId>, Vec<ObjectId>) {
        let tips = Tips::of(lookup, &repository.refs().targets());
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
