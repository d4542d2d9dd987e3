//! Goes on with a [`Chronicle`]: compares the commits that came since with their parents.
//!
//! Walks the trees of a commit and of its parents in step and enters a folder only when it differs from every parent's folder of that
//! name. What is found is what [`introduced`](super::introduced) finds in the index of all trees: a blob at a path where no parent has it.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use bstr::{BStr, BString};
use gix::ObjectId;
use gix::objs::Kind;

use super::chronicle::{Chronicle, Line};
use super::origins::Origins;
use super::trace::{News, Question, Roots};
use crate::git::Repository;
use crate::git::commit_table::CommitRow;
use crate::git::lookup::Lookup;
use crate::git::trees::{self, EntryKind};

/// From so many new commits on, one pass over all trees is cheaper than comparing each commit with its parents.
const COMMITS_TO_COMPARE: usize = 4_000;

/// LIMIT: steps through trees, as in a pass over all of them.
const MAX_STEPS: u64 = 5_000_000;

/// A folder of a commit, and the folders of the same name in its parents.
struct Step {
    tree: ObjectId,
    parents: Vec<ObjectId>,
    path: BString,
    depth: usize,
}

/// An entry that outlives the buffer it was decoded from.
type Owned = (BString, ObjectId, EntryKind);

/// Compares trees in which some blobs are looked for.
pub(super) struct Comparing<'c> {
    lookup: &'c Lookup,
    max_depth: usize,
    steps: u64,
    buffer: Vec<u8>,
}

impl Chronicle {
    /// Adds the commits that came since it was written, and the blobs that are asked for. None when it cannot be known what older commits
    /// did to them.
    pub(super) fn go_on(
        &mut self,
        repository: &Repository,
        lookup: &Lookup,
        question: &Question,
        news: &News<'_>,
    ) -> Option<()> {
        let mut boundary = repository.shallow_boundary();
        boundary.sort_unstable();
        let new = news.covered.commits.iter();
        let new = new.filter(|commit| self.history.number(&commit.id).is_none());
        let new: Vec<CommitRow<'_>> = new.collect();
        if boundary != self.boundary || new.len() > COMMITS_TO_COMPARE {
            return None;
        }
        for blob in &question.blobs {
            if !self.has(blob) && !(news.is_new)(blob) {
                return None;
            }
            self.add_blob(*blob);
        }
        let mut comparing = Comparing::new(repository, lookup);
        let mut others = HashSet::new();
        for commit in in_order(&new)? {
            self.add_commit(&mut comparing, commit, &mut others)?;
        }
        // What is not here yet would come later without a place, because its commit is known by then.
        let others: Vec<ObjectId> = others.into_iter().collect();
        repository.not_held(&others).is_empty().then_some(())
    }

    /// Adds a commit; `others` gets the blobs it brought about which nobody asks.
    fn add_commit(
        &mut self,
        comparing: &mut Comparing<'_>,
        row: CommitRow<'_>,
        others: &mut HashSet<ObjectId>,
    ) -> Option<()> {
        let is_cut = self.boundary.binary_search(&row.id).is_ok();
        let parents = if is_cut { &[][..] } else { row.parents };
        let mut numbers = Vec::new();
        for parent in parents {
            numbers.push(self.history.number(parent)?);
        }
        let of_parents = numbers
            .iter()
            .filter_map(|&parent| self.history.trees.get(parent as usize));
        let start = Step {
            tree: row.tree,
            parents: of_parents.copied().collect(),
            path: BString::default(),
            depth: 0,
        };
        let commit = u32::try_from(self.history.len()).ok()?;
        let mut found: Vec<(u32, BString)> = Vec::new();
        let wanted = &self.numbers;
        comparing.compare(start, |blob, path| match wanted.get(blob) {
            Some(number) => found.push((*number, path())),
            None => {
                others.insert(*blob);
            }
        })?;
        self.history.push(row.id, row.tree, row.time, &numbers);
        self.history.index();
        for (blob, path) in found {
            let path = self.add_path(path.as_ref());
            self.brought.push(Line { blob, path, commit });
        }
        Some(())
    }

    /// What is known of the blobs that are asked for, the commits being in this order. None when a tree cannot be read.
    pub(super) fn origins(
        &self,
        mut comparing: Comparing<'_>,
        question: &Question,
        order: &[u32],
        roots: &Roots,
    ) -> Option<Origins> {
        let mut origins = Origins::default();
        for path in &self.paths {
            origins.add_path(path.clone());
        }
        let things = (0_u32..).zip(&question.blobs);
        let thing_of: HashMap<u32, u32> = things
            .filter_map(|(thing, blob)| Some((*self.numbers.get(blob)?, thing)))
            .collect();
        let mut ranks = vec![0_u32; order.len()];
        for (rank, &number) in (0..).zip(order) {
            if let Some(slot) = ranks.get_mut(number as usize) {
                *slot = rank;
            }
        }
        let mut brought: HashMap<(u32, u32), Vec<u32>> = HashMap::new();
        for line in &self.brought {
            if let Some(thing) = thing_of.get(&line.blob) {
                let commits = brought.entry((*thing, line.path)).or_default();
                commits.push(line.commit);
            }
        }
        for ((thing, path), mut commits) in brought {
            commits.sort_unstable_by_key(|&commit| ranks.get(commit as usize).copied());
            origins.bring(thing, path, commits);
        }
        read_roots(&mut comparing, &mut origins, roots, question)?;
        Some(origins)
    }
}

/// Looks up what stands at `HEAD`, and reads the trees that refs name.
fn read_roots(
    comparing: &mut Comparing<'_>,
    origins: &mut Origins,
    roots: &Roots,
    question: &Question,
) -> Option<()> {
    let mut folders = Folders::new(comparing.lookup);
    if let Some(head) = &roots.head {
        let mut at_head: HashMap<u32, Vec<ObjectId>> = HashMap::new();
        for brought in &origins.brought {
            if let Entry::Vacant(path) = at_head.entry(brought.path) {
                path.insert(folders.blobs_at(head, origins.path(brought.path))?);
            }
        }
        let at_head = |path, blob| at_head.get(&path).is_some_and(|all| all.contains(blob));
        let keys = origins.brought.iter();
        let in_head = keys.filter_map(|brought| {
            let blob = question.blobs.get(brought.thing as usize)?;
            at_head(brought.path, blob).then_some((brought.thing, brought.path))
        });
        let in_head: Vec<(u32, u32)> = in_head.collect();
        origins.in_head.extend(in_head);
    }
    let paths = origins.paths().iter().cloned();
    let mut numbers: HashMap<BString, u32> = paths.zip(0..).collect();
    for (number, tree) in &roots.named {
        let mut found = Vec::new();
        let start = Step {
            tree: *tree,
            parents: Vec::new(),
            path: BString::default(),
            depth: 0,
        };
        comparing.compare(start, |blob, path| {
            if let Ok(thing) = question.blobs.binary_search(blob) {
                found.push((thing, path()));
            }
        })?;
        for (thing, path) in found {
            let path = *numbers
                .entry(path)
                .or_insert_with_key(|path| origins.add_path(path.clone()));
            let thing = u32::try_from(thing).unwrap_or(u32::MAX);
            origins.named.push((*number, thing, path));
        }
    }
    Some(())
}

/// The commits, every parent before its children. None when there is no such order: somebody lies about ids.
fn in_order<'n>(new: &[CommitRow<'n>]) -> Option<Vec<CommitRow<'n>>> {
    let by_id: HashMap<ObjectId, CommitRow<'n>> = new.iter().map(|row| (row.id, *row)).collect();
    let mut done = HashSet::new();
    let mut order = Vec::with_capacity(new.len());
    let mut starts: Vec<ObjectId> = by_id.keys().copied().collect();
    starts.sort_unstable();
    for start in starts {
        let mut pending = vec![start];
        while let Some(id) = pending.last() {
            if pending.len() > new.len() {
                return None;
            }
            let row = *by_id.get(id)?;
            let mut parents = row.parents.iter();
            let waits_for =
                parents.find(|parent| !done.contains(*parent) && by_id.contains_key(*parent));
            match waits_for {
                Some(parent) if !done.contains(&row.id) => pending.push(*parent),
                _ => {
                    pending.pop();
                    if done.insert(row.id) {
                        order.push(row);
                    }
                }
            }
        }
    }
    Some(order)
}

impl<'c> Comparing<'c> {
    pub(super) fn new(repository: &Repository, lookup: &'c Lookup) -> Self {
        Self {
            lookup,
            max_depth: repository.limits().max_tree_depth,
            steps: 0,
            buffer: Vec::new(),
        }
    }

    /// Calls `each` for the blobs at paths where none of the parents has them. None when a tree cannot be read, or there are too
    /// many.
    fn compare(
        &mut self,
        start: Step,
        mut each: impl FnMut(&ObjectId, &dyn Fn() -> BString),
    ) -> Option<()> {
        let mut pending = vec![start];
        while let Some(step) = pending.pop() {
            if step.parents.contains(&step.tree) {
                continue;
            }
            if step.depth > self.max_depth {
                return None;
            }
            let ours = entries(self.lookup, &step.tree, &mut self.buffer)?;
            let mut theirs = Vec::with_capacity(step.parents.len());
            for parent in &step.parents {
                theirs.push(entries(self.lookup, parent, &mut self.buffer)?);
            }
            self.steps += ours.len() as u64;
            if self.steps > MAX_STEPS {
                return None;
            }
            for (name, id, kind) in &ours {
                let of_parents = || {
                    theirs
                        .iter()
                        .flat_map(|parent| named(parent, name.as_ref()))
                };
                if *kind == EntryKind::Submodule
                    || of_parents().any(|(_, other, of)| other == id && of == kind)
                {
                    continue;
                }
                let path = || below(step.path.as_ref(), name.as_ref());
                if *kind == EntryKind::Blob {
                    each(id, &path);
                    continue;
                }
                let folders = of_parents().filter(|(_, _, kind)| *kind == EntryKind::Tree);
                pending.push(Step {
                    tree: *id,
                    parents: folders.map(|(_, id, _)| *id).collect(),
                    path: path(),
                    depth: step.depth + 1,
                });
            }
        }
        Some(())
    }
}

/// The entries of a tree, sorted by name. None when it cannot be read as a whole.
fn entries(lookup: &Lookup, tree: &ObjectId, buffer: &mut Vec<u8>) -> Option<Vec<Owned>> {
    let mut entries = Vec::new();
    let data = lookup.of_kind(Kind::Tree, tree, buffer).ok()?;
    trees::for_each(data, lookup.hash(), |entry| {
        entries.push((entry.name.to_owned(), entry.id.to_owned(), entry.kind));
    })
    .ok()?;
    entries.sort_unstable_by(|(left, ..), (right, ..)| left.cmp(right));
    Some(entries)
}

/// The entries with this name.
fn named<'e>(entries: &'e [Owned], name: &BStr) -> impl Iterator<Item = &'e Owned> {
    let start = entries.partition_point(|(other, ..)| other < name);
    let from = entries.get(start..).unwrap_or_default();
    from.iter().take_while(move |(other, ..)| other == name)
}

fn below(folder: &BStr, name: &BStr) -> BString {
    let mut path = BString::from(folder);
    if !path.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name);
    path
}

/// Looks up paths, each folder read once.
struct Folders<'l> {
    lookup: &'l Lookup,
    read: HashMap<ObjectId, Vec<Owned>>,
    buffer: Vec<u8>,
}

impl<'l> Folders<'l> {
    fn new(lookup: &'l Lookup) -> Self {
        Self {
            lookup,
            read: HashMap::new(),
            buffer: Vec::new(),
        }
    }

    /// The blobs at a path; one, but for damaged trees. None when a tree on the way cannot be read.
    fn blobs_at(&mut self, root: &ObjectId, path: &BStr) -> Option<Vec<ObjectId>> {
        let mut level = vec![*root];
        let mut names = path.split(|&byte| byte == b'/').peekable();
        while let Some(name) = names.next() {
            let kind = match names.peek() {
                Some(_) => EntryKind::Tree,
                None => EntryKind::Blob,
            };
            let mut next = Vec::new();
            for tree in &level {
                let found = named(self.folder(tree)?, name.into());
                next.extend(found.filter(|(_, _, of)| *of == kind).map(|(_, id, _)| *id));
            }
            level = next;
        }
        Some(level)
    }

    fn folder(&mut self, tree: &ObjectId) -> Option<&[Owned]> {
        if !self.read.contains_key(tree) {
            let entries = entries(self.lookup, tree, &mut self.buffer)?;
            self.read.insert(*tree, entries);
        }
        self.read.get(tree).map(Vec::as_slice)
    }
}
