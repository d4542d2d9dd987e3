//! One pass over all trees and commits of the object database, along the delta tree of its packs.
//!
//! Reads what no ref reaches, too: that costs little more, and it is how a lost blob finds the commit it came with.
//! What refs reach and the database does not hold (borrowed objects) is read one by one afterwards.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use bstr::{BStr, BString};
use gix::ObjectId;
use gix::objs::Kind;
use leakward_core::Skipped;

use super::graph::{Edge, NameNumber, Target, Things};
use crate::git::commits::CommitFacts;
use crate::git::objects::sink::{ObjectSink, Shown};
use crate::git::trees::{self, Numbered, TreeEntry, TreeSink, TreeWalk};
use crate::git::{ObjectKinds, Repository};

/// All commits, and the edges of all trees.
pub(super) struct Collected {
    pub(super) commits: HashMap<ObjectId, CommitFacts>,
    pub(super) parts: Vec<Part>,
    /// The trees with their numbers: those that were read and those that they refer to.
    pub(super) trees: Numbered,
    pub(super) skipped: Vec<Skipped>,
}

/// What one task noted; the names have numbers of its own.
#[derive(Default)]
pub(super) struct Part {
    pub(super) names: NameNumbers,
    pub(super) edges: Vec<(u32, Edge)>,
    read: Vec<u32>,
    commits: Vec<(ObjectId, CommitFacts)>,
}

/// Names with their numbers.
#[derive(Default)]
pub(super) struct NameNumbers {
    numbers: HashMap<BString, NameNumber>,
    pub(super) list: Vec<BString>,
}

impl NameNumbers {
    pub(super) fn number(&mut self, name: &BStr) -> NameNumber {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        self.list.push(name.to_owned());
        self.numbers.insert(name.to_owned(), number);
        number
    }
}

impl Collected {
    /// Reads all commits, and, when there are things to be found in them, all trees. In the current Rayon pool.
    pub(super) fn read(repository: &Repository, things: &Things<'_>) -> Self {
        let collector = Collector {
            things,
            hash: repository.object_hash(),
            trees: Numbered::new(),
            parts: Mutex::default(),
            skipped: Mutex::default(),
        };
        let kinds = if things.is_empty() {
            ObjectKinds::COMMITS
        } else {
            ObjectKinds::COMMITS.and(ObjectKinds::TREES)
        };
        repository.collect_objects(kinds, &&collector);
        let mut parts = collector
            .parts
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        Self {
            commits: parts
                .iter_mut()
                .flat_map(|part| part.commits.drain(..))
                .collect(),
            parts,
            trees: collector.trees,
            skipped: collector
                .skipped
                .into_inner()
                .unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Reads those trees at or below `roots` that are not there yet. They are told when they are nowhere.
    pub(super) fn complete(
        &mut self,
        repository: &Repository,
        things: &Things<'_>,
        roots: &[ObjectId],
    ) {
        let mut missing: Vec<ObjectId> = roots
            .iter()
            .filter(|root| self.trees.get(root).is_none())
            .copied()
            .collect();
        let mut is_read = vec![false; self.trees.len()];
        for number in self.parts.iter().flat_map(|part| &part.read) {
            if let Some(read) = is_read.get_mut(*number as usize) {
                *read = true;
            }
        }
        let not_read = if is_read.iter().all(|read| *read) {
            Vec::new()
        } else {
            self.reached_but_not_read(&is_read, roots)
        };
        if missing.is_empty() && not_read.is_empty() {
            return;
        }
        let trees = std::mem::replace(&mut self.trees, Numbered::new());
        let mut starts: Vec<(ObjectId, u32)> = trees.with_numbers(&not_read);
        missing.sort_unstable();
        missing.dedup();
        starts.extend(missing.iter().map(|root| (*root, trees.number(root).0)));
        let walked = TreeWalk::going_on(repository, &Noting(things), trees).run_numbered(&starts);
        self.trees = walked.trees;
        self.parts.extend(walked.states);
        self.skipped.extend(walked.skipped);
    }

    /// The trees below `roots` that are referred to and were not read.
    fn reached_but_not_read(&self, is_read: &[bool], roots: &[ObjectId]) -> Vec<u32> {
        let mut below: HashMap<u32, Vec<u32>> = HashMap::new();
        for (tree, edge) in self.parts.iter().flat_map(|part| &part.edges) {
            if let Some(child) = edge.target.as_tree() {
                below.entry(*tree).or_default().push(child);
            }
        }
        let mut seen = vec![false; is_read.len()];
        let mut pending: Vec<u32> = roots
            .iter()
            .filter_map(|root| self.trees.get(root))
            .collect();
        let mut found = Vec::new();
        while let Some(tree) = pending.pop() {
            let Some(seen) = seen.get_mut(tree as usize) else {
                continue;
            };
            if std::mem::replace(seen, true) {
                continue;
            }
            if is_read.get(tree as usize) == Some(&false) {
                found.push(tree);
            }
            pending.extend(below.get(&tree).into_iter().flatten());
        }
        found
    }
}

/// Notes commits and the edges of trees while the database is walked.
struct Collector<'c> {
    things: &'c Things<'c>,
    hash: gix::hash::Kind,
    trees: Numbered,
    parts: Mutex<Vec<Part>>,
    skipped: Mutex<Vec<Skipped>>,
}

/// What one thread noted; it is handed in when the thread is done.
struct Noted<'c> {
    part: Part,
    parts: &'c Mutex<Vec<Part>>,
}

impl Drop for Noted<'_> {
    fn drop(&mut self) {
        let part = std::mem::take(&mut self.part);
        self.parts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(part);
    }
}

/// A reference to a collector, so that what the threads noted can be borrowed from it.
impl<'c> ObjectSink for &'c Collector<'c> {
    type Worker = Noted<'c>;
    type Note = ();

    fn worker(&self) -> Noted<'c> {
        Noted {
            part: Part::default(),
            parts: &self.parts,
        }
    }

    fn object(&self, worker: &mut Noted<'c>, object: &Shown<'_, ()>) -> Option<()> {
        let part = &mut worker.part;
        let damage = match object.kind {
            Kind::Commit => match CommitFacts::parse(object.content) {
                Some(facts) => {
                    part.commits.push((object.id, facts));
                    None
                }
                // It is told where it is missed: when something reaches it.
                None => None,
            },
            Kind::Tree => {
                let number = self.trees.number(&object.id).0;
                part.read.push(number);
                trees::for_each(object.content, self.hash, |entry| {
                    let subtree = (entry.kind == trees::EntryKind::Tree)
                        .then(|| self.trees.number(entry.id).0);
                    part.note(self.things, number, &entry, subtree);
                })
                .err()
            }
            Kind::Blob | Kind::Tag => None,
        };
        if let Some(absent) = damage {
            self.tell("trees", absent.told("tree", &object.id));
        }
        None
    }

    fn tell(&self, _sort: &'static str, skipped: Skipped) {
        self.skipped
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(skipped);
    }
}

impl Part {
    fn note(
        &mut self,
        things: &Things<'_>,
        tree: u32,
        entry: &TreeEntry<'_>,
        subtree: Option<u32>,
    ) {
        let things = things.of(entry).into_iter().flatten().map(Target::thing);
        for target in things.chain(subtree.map(Target::tree)) {
            let name = self.names.number(entry.name);
            self.edges.push((tree, Edge { name, target }));
        }
    }
}

/// Notes the edges of trees that are read one by one.
struct Noting<'t, 'q>(&'t Things<'q>);

impl TreeSink for Noting<'_, '_> {
    type State = Part;

    fn state(&self) -> Part {
        Part::default()
    }

    fn entry(&self, part: &mut Part, tree: u32, entry: TreeEntry<'_>, subtree: Option<u32>) {
        part.note(self.0, tree, &entry, subtree);
    }
}
