//! The names of files and folders in git trees: a credential can stand in a path, too.
//!
//! Each distinct name is shown once, however many trees have it; where it stands is asked afterwards, and only of names
//! with findings. Trees are read along the delta tree of the packs, and of a tree that is stored as a change of
//! another only the changed entries are looked at.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use bstr::{BStr, BString};
use gix::ObjectId;
use gix::objs::Kind;
use leakward_core::Skipped;
use rayon::prelude::*;

use super::lookup::{Absent, Lookup};
use super::objects::reports::Reports;
use super::objects::sink::{ObjectSink, Shown};
use super::tree_index::difference::{Beginnings, ReadTree, entries};
use super::trees::Numbered;
use super::{ObjectKinds, Repository, trees};
use crate::piece::{Origin, Piece};
use crate::visitor::Visitor;
use crate::workers::Workers;

/// From so many trees on, walking along the delta tree of the packs is cheaper than reading each tree by its id.
const TREES_TO_WALK: usize = 2_000;

impl Repository {
    /// Shows the names in these trees, but not in those below them, in the current Rayon pool. Trees that cannot be read
    /// are told.
    pub fn scan_names_in<V: Visitor>(&self, trees: &[ObjectId], visitor: &V) {
        let chosen = ChosenTrees::new(self, visitor, trees);
        if trees.len() >= TREES_TO_WALK {
            self.collect_objects(ObjectKinds::NAMES, &chosen);
        }
        chosen.read_rest(self, trees);
        chosen.reports.finish();
    }
}

/// Shows names that have not been shown yet.
struct Names<'v, V: Visitor> {
    visitor: &'v V,
    shown: Vec<Mutex<HashSet<BString>>>,
}

impl<'v, V: Visitor> Names<'v, V> {
    /// LIMIT: enough shards that a handful of threads seldom meet.
    const SHARDS: usize = 64;

    fn new(visitor: &'v V) -> Self {
        Self {
            visitor,
            shown: (0..Self::SHARDS).map(|_| Mutex::default()).collect(),
        }
    }

    fn show(&self, worker: &mut V::Worker, name: &BStr) {
        if self.is_new(name) {
            let origin = Origin::EntryName(name.to_owned());
            let piece = Piece::new(&origin, name);
            drop(self.visitor.whole(worker, piece));
        }
    }

    fn is_new(&self, name: &BStr) -> bool {
        // Any spread will do; the length takes part because many names differ in nothing else than their middle.
        let sum = name.iter().fold(name.len(), |sum, byte| {
            sum.wrapping_mul(31).wrapping_add(usize::from(*byte))
        });
        let Some(shard) = self.shown.get(sum % Self::SHARDS) else {
            return true;
        };
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        !shard.contains(name) && shard.insert(name.to_owned())
    }
}

/// Shows the names of some trees only.
struct ChosenTrees<'v, V: Visitor> {
    names: Names<'v, V>,
    hash: gix::hash::Kind,
    chosen: Numbered,
    done: Numbered,
    reports: Reports<'v, V>,
}

impl<'v, V: Visitor> ChosenTrees<'v, V> {
    fn new(repository: &Repository, visitor: &'v V, trees: &[ObjectId]) -> Self {
        let chosen = Numbered::new();
        for tree in trees {
            chosen.insert(tree);
        }
        Self {
            names: Names::new(visitor),
            hash: repository.object_hash(),
            chosen,
            done: Numbered::new(),
            reports: Reports::new(visitor),
        }
    }

    /// Reads by their ids those of `trees` that were not looked at before.
    fn read_rest(&self, repository: &Repository, trees: &[ObjectId]) {
        let rest: Vec<&ObjectId> = trees
            .iter()
            .filter(|tree| self.done.get(tree).is_none())
            .collect();
        let visitor = self.names.visitor;
        let workers = Workers::new(|| (Lookup::new(repository), Vec::new(), visitor.worker()));
        rest.par_iter().with_min_len(64).for_each(|tree| {
            if visitor.stop() {
                return;
            }
            let (lookup, buffer, worker) = &mut *workers.borrow();
            let read = lookup.of_kind(Kind::Tree, tree, buffer).and_then(|data| {
                trees::for_each(data, lookup.hash(), |entry| {
                    self.names.show(worker, entry.name);
                })
            });
            if let Err(absent) = read {
                self.damaged(tree, &absent);
            }
        });
    }

    fn damaged(&self, tree: &ObjectId, damage: &Absent) {
        self.reports
            .tell("damaged trees", damage.told("tree", tree));
    }
}

impl<V: Visitor> ObjectSink for ChosenTrees<'_, V> {
    type Worker = V::Worker;
    type Note = Beginnings;

    fn worker(&self) -> V::Worker {
        self.names.visitor.worker()
    }

    /// Only chosen trees get a note, so what is taken over from a note has been shown.
    fn object(&self, worker: &mut V::Worker, object: &Shown<'_, Beginnings>) -> Option<Beginnings> {
        if object.kind != Kind::Tree || self.chosen.get(&object.id).is_none() {
            return None;
        }
        self.done.insert(&object.id);
        let read = ReadTree::read(object.content, self.hash, object.change, |note| Some(note));
        for entry in entries(object.content, &read.difference.added, self.hash) {
            self.names.show(worker, entry.name);
        }
        if let Some(damage) = read.damage {
            self.damaged(&object.id, &damage);
        }
        Some(read.beginnings)
    }

    /// What cannot be read here and was not chosen is none of this scan's business; what was chosen is told when it is
    /// read by its id.
    fn tell(&self, _sort: &'static str, _skipped: Skipped) {}

    fn stop(&self) -> bool {
        self.names.visitor.stop()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testbed::{Bench, Testbed};
    use crate::recording::Recording;
    use std::collections::BTreeSet;

    /// The slow twin: what git lists for every tree on its own.
    fn as_git_says(bench: &Bench) -> BTreeSet<String> {
        let objects = bench.git(&[
            "cat-file",
            "--batch-all-objects",
            "--batch-check=%(objecttype) %(objectname)",
        ]);
        let trees = objects
            .lines()
            .filter_map(|line| line.strip_prefix("tree "));
        trees
            .flat_map(|tree| {
                let names = bench.git(&["ls-tree", "--name-only", tree]);
                names.lines().map(str::to_owned).collect::<Vec<_>>()
            })
            .collect()
    }

    fn names(seen: &Recording) -> BTreeSet<String> {
        seen.names()
            .into_iter()
            .map(|name| String::from_utf8(name).unwrap())
            .collect()
    }

    #[test]
    fn every_name_in_any_tree_is_shown_once() {
        let bed = Testbed::new();
        let bench = bed.init("r", &[]);
        bench.import_by_chance(3, 60);
        let many: Vec<(String, String)> = (0..200)
            .map(|number| (format!("many/f{number}"), number.to_string()))
            .collect();
        for round in 0..20 {
            let mut files: Vec<(&str, &str)> = many
                .iter()
                .map(|(path, text)| (path.as_str(), text.as_str()))
                .collect();
            let (new, text) = (format!("many/new-{round}"), round.to_string());
            files.push((&new, &text));
            bench.commit(&files, "more");
        }
        bench.git(&["update-ref", "-d", "refs/heads/b1"]);
        bench.git(&["repack", "-adkq"]);
        let seen = Recording::default();
        bench
            .open()
            .scan_objects(ObjectKinds::NAMES, &seen, 2)
            .unwrap();
        assert_eq!(names(&seen), as_git_says(&bench));
        assert_eq!(names(&seen).len(), seen.names().len(), "none twice");
        assert!(seen.all_skipped().is_empty());
    }

    #[test]
    fn chosen_trees_have_the_same_names_walked_or_read_one_by_one() {
        let bed = Testbed::new();
        let bench = bed.init("r", &[]);
        bench.import_by_chance(5, 60);
        bench.git(&["repack", "-adkq"]);
        let repository = bench.open();
        let all = bench.git(&["rev-list", "--objects", "--filter=blob:none", "--all"]);
        let is_tree = |id: &str| bench.git(&["cat-file", "-t", id]).trim() == "tree";
        let trees: Vec<ObjectId> = all
            .lines()
            .filter_map(|line| line.split(' ').next())
            .filter(|id| is_tree(id))
            .step_by(3)
            .map(|id| ObjectId::from_hex(id.as_bytes()).unwrap())
            .collect();
        let (walked, read) = (Recording::default(), Recording::default());
        let walking = ChosenTrees::new(&repository, &walked, &trees);
        repository.collect_objects(ObjectKinds::NAMES, &walking);
        assert_eq!(walking.done.len(), trees.len(), "none is left to be read");
        repository.scan_names_in(&trees, &read);
        assert!(trees.len() < TREES_TO_WALK && !names(&read).is_empty());
        assert_eq!(names(&walked), names(&read));
    }

    #[test]
    fn names_of_chosen_trees_are_shown_and_a_missing_tree_is_told() {
        let bed = Testbed::new();
        let bench = bed.init("r", &[]);
        bench.commit(&[("d/inner", "1"), ("outer", "2")], "first");
        let seen = Recording::default();
        let missing = ObjectId::null(gix::hash::Kind::Sha1);
        bench
            .open()
            .scan_names_in(&[bench.id("HEAD^{tree}"), missing], &seen);
        assert_eq!(names(&seen), ["d".to_owned(), "outer".to_owned()].into());
        assert_eq!(seen.all_skipped().len(), 1);
    }
}
