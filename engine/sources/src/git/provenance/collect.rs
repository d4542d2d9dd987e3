//! One pass over all trees and commits of the object database, along the delta tree of its packs.
//!
//! Reads what no ref reaches, too: that costs little more, and it is how a lost blob finds the commit it came with.
//! What refs reach and the database does not hold (borrowed objects) is read one by one afterwards.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError, RwLock};

use bstr::{BStr, BString};
use gix::ObjectId;
use gix::objs::Kind;
use leakward_core::Skipped;

use super::graph::{Edge, Groups, NameNumber, Target, Things};
use super::noted::TreeNote;
use crate::git::commits::CommitFacts;
use crate::git::objects::sink::{ObjectSink, Shown};
use crate::git::trees::{EntryKind, Numbered, TreeEntry, TreeSink, TreeWalk};
use crate::git::{ObjectKinds, Repository};

/// All commits, and the edges of all trees.
pub(crate) struct Collected {
    pub(crate) commits: gix::hashtable::HashMap<ObjectId, CommitFacts>,
    pub(super) parts: Vec<Part>,
    pub(super) names: NameNumbers,
    /// The trees with their numbers: those that were read and those that they refer to.
    pub(crate) trees: Numbered,
    pub(crate) skipped: Vec<Skipped>,
}

/// What one task noted.
#[derive(Default)]
pub(crate) struct Part {
    pub(super) edges: Vec<(u32, Edge)>,
    read: Vec<u32>,
    commits: Vec<(ObjectId, CommitFacts)>,
}

/// Names with their numbers, for all threads.
#[derive(Default)]
pub(crate) struct NameNumbers(RwLock<HashMap<BString, NameNumber>>);

impl NameNumbers {
    fn number(&self, name: &BStr) -> NameNumber {
        if let Some(number) = self
            .0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(name)
        {
            return *number;
        }
        let mut numbers = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        *numbers.entry(name.to_owned()).or_insert(next)
    }

    /// The names by their numbers.
    pub(super) fn into_list(self) -> Vec<BString> {
        let numbers = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut list: Vec<(NameNumber, BString)> = numbers
            .into_iter()
            .map(|(name, number)| (number, name))
            .collect();
        list.sort_unstable();
        list.into_iter().map(|(_, name)| name).collect()
    }
}

impl Collected {
    /// Reads all objects of the wanted kinds, in the current Rayon pool.
    pub(crate) fn read(repository: &Repository, things: &Things<'_>, wanted: Wanted) -> Self {
        let collector = Collector {
            things,
            hash: repository.object_hash(),
            trees: Numbered::new(),
            names: NameNumbers::default(),
            parts: Mutex::default(),
            skipped: Mutex::default(),
        };
        let kinds = match wanted {
            Wanted::Commits => ObjectKinds::COMMITS,
            Wanted::CommitsAndTrees => ObjectKinds::COMMITS.and(ObjectKinds::NAMES),
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
            names: collector.names,
            trees: collector.trees,
            skipped: collector
                .skipped
                .into_inner()
                .unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Reads those trees at or below `roots` that are not there yet; they are told when they are nowhere. Gives back, by
    /// the numbers of the trees, which ones are at or below `roots`.
    pub(crate) fn complete(
        &mut self,
        repository: &Repository,
        things: &Things<'_>,
        roots: &[ObjectId],
    ) -> Vec<bool> {
        let known = self.trees.len();
        let mut starts: Vec<(ObjectId, u32)> = roots
            .iter()
            .filter_map(|root| match self.trees.number(root) {
                (number, true) => Some((*root, number)),
                (_, false) => None,
            })
            .collect();
        let reached = self.below(roots);
        let mut is_read = vec![false; known];
        for number in self.parts.iter().flat_map(|part| &part.read) {
            if let Some(read) = is_read.get_mut(*number as usize) {
                *read = true;
            }
        }
        let not_read: Vec<u32> = (0..)
            .zip(is_read.iter().zip(&reached))
            .filter(|(_, (read, reached))| !**read && **reached)
            .map(|(number, _)| number)
            .collect();
        starts.extend(self.trees.with_numbers(&not_read));
        if starts.is_empty() {
            return reached;
        }
        let trees = std::mem::replace(&mut self.trees, Numbered::new());
        let noting = Noting {
            things,
            names: &self.names,
        };
        let walked = TreeWalk::going_on(repository, &noting, trees).run_numbered(&starts);
        self.trees = walked.trees;
        self.parts.extend(walked.states);
        self.skipped.extend(walked.skipped);
        self.below(roots)
    }

    /// By the numbers of the trees, which ones are at or below `roots` as far as is known.
    fn below(&self, roots: &[ObjectId]) -> Vec<bool> {
        let edges = || {
            let edges = self.parts.iter().flat_map(|part| &part.edges);
            edges.filter_map(|(tree, edge)| Some((*tree, edge.target.as_tree()?)))
        };
        let groups = Groups::of(self.trees.len(), edges);
        let mut reached = vec![false; self.trees.len()];
        let mut pending: Vec<u32> = roots
            .iter()
            .filter_map(|root| self.trees.get(root))
            .collect();
        while let Some(tree) = pending.pop() {
            let Some(reached) = reached.get_mut(tree as usize) else {
                continue;
            };
            if !std::mem::replace(reached, true) {
                pending.extend(groups.of_number(tree));
            }
        }
        reached
    }
}

/// Which objects are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Only commits.
    Commits,
    /// Commits and trees.
    CommitsAndTrees,
}

/// Notes commits and the edges of trees while the database is walked.
struct Collector<'c> {
    things: &'c Things<'c>,
    hash: gix::hash::Kind,
    trees: Numbered,
    names: NameNumbers,
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
    type Note = TreeNote;

    fn worker(&self) -> Noted<'c> {
        Noted {
            part: Part::default(),
            parts: &self.parts,
        }
    }

    fn object(&self, worker: &mut Noted<'c>, object: &Shown<'_, TreeNote>) -> Option<TreeNote> {
        match object.kind {
            Kind::Commit => {
                // One that is damaged is told where it is missed: when something reaches it.
                let facts = CommitFacts::parse(object.content);
                worker
                    .part
                    .commits
                    .extend(facts.map(|facts| (object.id, facts)));
                None
            }
            Kind::Tree => Some(self.tree(&mut worker.part, object)),
            Kind::Blob | Kind::Tag => None,
        }
    }

    fn tell(&self, _sort: &'static str, skipped: Skipped) {
        self.skipped
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(skipped);
    }
}

impl Collector<'_> {
    fn tree(&self, part: &mut Part, object: &Shown<'_, TreeNote>) -> TreeNote {
        let number = self.trees.number(&object.id).0;
        let (note, damage) =
            TreeNote::read(object.content, self.hash, object.change, |entry, edges| {
                let subtree =
                    (entry.kind == EntryKind::Tree).then(|| self.trees.number(entry.id).0);
                edges_of(entry, subtree, self.things, &self.names, edges);
            });
        part.read.push(number);
        part.edges.extend(note.edges().map(|edge| (number, edge)));
        if let Some(absent) = damage {
            let told = absent.told("tree", &object.id);
            self.skipped
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(told);
        }
        note
    }
}

/// The edges that an entry is worth: to the things it is, and to the tree it is.
fn edges_of(
    entry: &TreeEntry<'_>,
    subtree: Option<u32>,
    things: &Things<'_>,
    names: &NameNumbers,
    edges: &mut Vec<Edge>,
) {
    let things = things.of(entry).into_iter().flatten().map(Target::thing);
    for target in things.chain(subtree.map(Target::tree)) {
        let name = names.number(entry.name);
        edges.push(Edge { name, target });
    }
}

/// Notes the edges of trees that are read one by one.
struct Noting<'t, 'q> {
    things: &'t Things<'q>,
    names: &'t NameNumbers,
}

impl TreeSink for Noting<'_, '_> {
    type State = Part;

    fn state(&self) -> Part {
        Part::default()
    }

    fn entry(&self, part: &mut Part, tree: u32, entry: TreeEntry<'_>, subtree: Option<u32>) {
        let mut edges = Vec::new();
        edges_of(&entry, subtree, self.things, self.names, &mut edges);
        part.edges
            .extend(edges.into_iter().map(|edge| (tree, edge)));
    }
}
