//! What a walk over all objects has learned of the history: its commits, and how its trees hang together.

use std::collections::HashSet;
use std::fmt;
use std::sync::OnceLock;

use bstr::BString;
use gix::ObjectId;
use gix::objs::Kind;
use leakward_core::Skipped;
use rayon::iter::{
    IndexedParallelIterator as _, IntoParallelRefIterator as _, ParallelIterator as _,
};

use super::bits::Bits;
use super::indexing::Indexing;
use super::leads::{Leads, Things};
use super::names::NameNumbers;
use super::numbers::ObjectNumbers;
use super::records::{Child, Records, Sign};
use crate::git::commit_table::CommitTable;
use crate::git::lookup::Lookup;
use crate::git::objects::sink::{ObjectSink, Shown};
use crate::git::trees::{self, EntryKind};
use crate::git::{ObjectKinds, Repository};
use crate::workers::Workers;

/// The commits of a repository, and how its trees hang together.
pub struct HistoryIndex {
    pub(super) numbers: ObjectNumbers,
    pub(super) names: NameNumbers,
    pub(super) records: Records,
    pub(crate) commits: CommitTable,
    name_list: OnceLock<Vec<BString>>,
}

/// Which trees were read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TreesRead {
    /// Their numbers.
    numbers: Bits,
    /// The numbers of those that were not and that others refer to, sorted.
    unread: Vec<u32>,
}

impl TreesRead {
    pub(super) fn of(
        numbers: impl Iterator<Item = usize>,
        unread: impl Iterator<Item = u32>,
    ) -> Self {
        let mut unread: Vec<u32> = unread.collect();
        unread.sort_unstable();
        unread.dedup();
        Self {
            numbers: Bits::of(numbers),
            unread,
        }
    }

    fn has(&self, number: u32) -> bool {
        self.numbers.has(number as usize)
    }

    /// The numbers of those that were not read and that others refer to.
    #[cfg(test)]
    pub(super) fn unread(&self) -> &[u32] {
        &self.unread
    }
}

impl fmt::Debug for HistoryIndex {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("HistoryIndex")
            .field("trees", &self.records.len())
            .field("commits", &self.commits.len())
            .finish_non_exhaustive()
    }
}

impl HistoryIndex {
    pub(super) fn new(
        numbers: ObjectNumbers,
        names: NameNumbers,
        records: Records,
        commits: CommitTable,
    ) -> Self {
        Self {
            numbers,
            names,
            records,
            commits,
            name_list: OnceLock::new(),
        }
    }

    /// Reads all commits and trees of the object database, in the current Rayon pool.
    pub(crate) fn read(repository: &Repository, kinds: ObjectKinds) -> (Self, Vec<Skipped>) {
        let store = std::sync::Arc::new(repository.store());
        let reading = Reading {
            indexing: Indexing::new(std::sync::Arc::clone(&store), repository.object_hash()),
            skipped: std::sync::Mutex::default(),
        };
        repository.collect_from(&store, kinds, &reading);
        let skipped = reading.skipped.into_inner();
        let skipped = skipped.unwrap_or_else(std::sync::PoisonError::into_inner);
        (reading.indexing.finish(), skipped)
    }

    /// Which trees were read, and which were not that others refer to.
    pub(crate) fn trees_read(&self) -> TreesRead {
        let numbers = self.records.iter().map(|(_, record)| record.number);
        let read = TreesRead::of(numbers.map(|number| number as usize), std::iter::empty());
        let children = self
            .records
            .iter()
            .flat_map(|(_, record)| record.differences());
        let unread = children
            .filter(|(child, sign)| *sign == Sign::Added && child.kind == EntryKind::Tree)
            .map(|(child, _)| child.number)
            .filter(|&number| !read.has(number));
        let unread = unread.collect::<HashSet<_>>();
        TreesRead::of(
            read.numbers.iter().map(|number| number as usize),
            unread.into_iter(),
        )
    }

    /// Reads those trees at or below `roots` that are not in the index yet, because the database does not hold them or does
    /// not hold them whole; `read` says which are. Gives back what cannot be read.
    pub(crate) fn complete(
        mut self,
        repository: &Repository,
        roots: &[ObjectId],
        read: &TreesRead,
    ) -> (Self, Vec<Skipped>) {
        let unread = self.unread_below(repository, roots, read);
        if unread.is_empty() {
            return (self, Vec::new());
        }
        let next = u32::try_from(self.records.len()).unwrap_or(u32::MAX);
        let hash = repository.object_hash();
        let indexing = Indexing::going_on(hash, self.numbers, self.names, next);
        let skipped = read_below(repository, &indexing, unread, &read.numbers);
        let (numbers, names, recorders) = indexing.into_parts();
        self.records.add(recorders);
        let completed = Self::new(numbers, names, self.records, self.commits);
        (completed, skipped)
    }

    /// The trees at or below `roots` that were not read and whose parents were.
    fn unread_below(
        &self,
        repository: &Repository,
        roots: &[ObjectId],
        read: &TreesRead,
    ) -> Vec<(ObjectId, u32)> {
        let unread = &read.unread;
        let mut reached: Vec<(ObjectId, u32)> = Vec::new();
        let mut seen = HashSet::new();
        if !unread.is_empty() {
            let depth = repository.limits().max_tree_depth;
            let leads = Leads::to(self, &Things::trees(unread), depth);
            let mut passed = HashSet::new();
            let mut pending: Vec<u32> = roots.iter().filter_map(|root| leads.tree(root)).collect();
            while let Some(tree) = pending.pop() {
                for edge in leads.edges(tree).iter() {
                    let target = edge.target;
                    if let Some(number) = target.as_thing().and_then(|at| unread.get(at as usize))
                        && seen.insert(*number)
                    {
                        reached.extend(self.numbers.id(*number).map(|id| (id, *number)));
                    }
                    pending.extend(target.as_tree().filter(|node| passed.insert(*node)));
                }
            }
        }
        let is_unread = |root: &&ObjectId| !self.numbers.get(root).is_some_and(|at| read.has(at));
        let unread_roots: Vec<&ObjectId> = roots.par_iter().filter(is_unread).collect();
        for root in unread_roots {
            let (number, _) = self.numbers.number(root);
            if seen.insert(number) {
                reached.push((*root, number));
            }
        }
        reached
    }

    /// The blobs that trees refer to and the repository does not hold. None when there are more than `limit`, or when a tree
    /// is missing, of `roots` too.
    pub(crate) fn missing(
        &self,
        roots: &[ObjectId],
        limit: usize,
        hash: gix::hash::Kind,
    ) -> Option<Vec<ObjectId>> {
        let missing = self.numbers.missing();
        let empty = ObjectId::empty_tree(hash);
        let is_there = |tree: &ObjectId| {
            *tree == empty || self.numbers.get(tree).is_some() && !missing.contains_key(tree)
        };
        if missing.len() > limit || !roots.iter().all(is_there) {
            return None;
        }
        if !missing.is_empty() {
            let numbers: HashSet<u32> = missing.values().copied().collect();
            let mut differences = self
                .records
                .iter()
                .flat_map(|(_, record)| record.differences());
            let is_tree = |child: &Child| child.kind == EntryKind::Tree;
            if differences.any(|(child, _)| is_tree(&child) && numbers.contains(&child.number)) {
                return None;
            }
        }
        Some(missing.into_keys().collect())
    }

    /// Forgets how trees hang together, which is most of the index, once the ways through them are known.
    pub(crate) fn forget_trees(&mut self) {
        self.records = Records::default();
    }

    /// How many trees were read.
    pub(crate) fn trees(&self) -> usize {
        self.records.len()
    }

    /// The names by their numbers.
    pub(super) fn name_list(&self) -> &[BString] {
        self.name_list.get_or_init(|| self.names.list())
    }
}

/// Reads these trees and those below them that were not read, level by level; gives back what cannot be read.
fn read_below(
    repository: &Repository,
    indexing: &Indexing,
    mut level: Vec<(ObjectId, u32)>,
    is_read: &Bits,
) -> Vec<Skipped> {
    let mut seen: HashSet<u32> = level.iter().map(|(_, number)| *number).collect();
    let mut skipped = Vec::new();
    let workers = Workers::new(|| (Lookup::new(repository), indexing.noting(), Vec::new()));
    for depth in 0.. {
        if depth > repository.limits().max_tree_depth {
            skipped.extend(level.iter().map(|(tree, _)| trees::too_deep(tree)));
            break;
        }
        let read: Vec<_> = level
            .par_iter()
            .with_min_len(64)
            .map(|(tree, number)| {
                let (lookup, noting, buffer) = &mut *workers.borrow();
                match lookup.of_kind(Kind::Tree, tree, buffer) {
                    Ok(content) => {
                        let (subtrees, damage) = indexing.whole_tree(noting, *number, content);
                        (subtrees, damage.map(|damage| damage.told("tree", tree)))
                    }
                    Err(absent) => (Vec::new(), Some(absent.told("tree", tree))),
                }
            })
            .collect();
        level.clear();
        for (subtrees, told) in read {
            skipped.extend(told);
            let new = subtrees
                .into_iter()
                .filter(|(_, number)| !is_read.has(*number as usize) && seen.insert(*number));
            level.extend(new);
        }
        if level.is_empty() {
            break;
        }
    }
    skipped
}

/// Makes the index and nothing else.
struct Reading {
    indexing: Indexing,
    skipped: std::sync::Mutex<Vec<Skipped>>,
}

impl ObjectSink for Reading {
    type Worker = super::indexing::Noting;
    type Note = super::indexing::TreeNote;

    fn prepare(&self) {
        self.indexing.prepare();
    }

    fn worker(&self) -> Self::Worker {
        self.indexing.noting()
    }

    fn object(
        &self,
        noting: &mut Self::Worker,
        object: &Shown<'_, Self::Note>,
    ) -> Option<Self::Note> {
        match object.kind {
            Kind::Commit => {
                self.indexing.commit(noting, object.id, object.content);
                None
            }
            Kind::Tree => {
                let (note, damage) =
                    self.indexing
                        .tree(noting, object, |note| Some(note), |_, _| ());
                if let Some(damage) = damage {
                    self.tell("damaged trees", damage.told("tree", &object.id));
                }
                Some(note)
            }
            Kind::Blob | Kind::Tag => None,
        }
    }

    fn tell(&self, _sort: &'static str, skipped: Skipped) {
        self.skipped
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .push(skipped);
    }
}
