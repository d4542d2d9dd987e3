//! Trees: their entries, and a walk over all distinct trees below some roots on all cores.
//!
//! Each tree is decoded once, however many commits have it. Foreign bytes: an entry that cannot be decoded ends its
//! tree, which is told, and what stood before it is used.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bstr::BStr;
use gix::ObjectId;
use gix::hashtable::hash_map::Entry;
use gix::objs::Kind;
use leakward_core::{Skipped, SkippedKind};
use rayon::Scope;

use super::Repository;
use super::lookup::{Absent, Lookup};
use crate::workers::Workers;

/// What an entry of a tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum EntryKind {
    /// A folder.
    Tree,
    /// A file or a link: anything with a blob.
    Blob,
    /// A commit of a submodule, which lives in another repository.
    Submodule,
}

/// One entry of a tree.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TreeEntry<'a> {
    pub(crate) name: &'a BStr,
    pub(crate) id: &'a gix::oid,
    pub(crate) kind: EntryKind,
    /// Whether the blob is the target of a symbolic link.
    pub(crate) is_link: bool,
}

/// Calls `each` for the entries of a tree, in their order.
///
/// # Errors
/// When an entry cannot be decoded; those before it have been handed out.
pub(crate) fn for_each<'a>(
    data: &'a [u8],
    hash: gix::hash::Kind,
    mut each: impl FnMut(TreeEntry<'a>),
) -> Result<(), Absent> {
    let mut at = 0;
    while at < data.len() {
        let (entry, length) = entry_at(data, at, hash).ok_or_else(|| damaged_at(at))?;
        each(entry);
        at += length;
    }
    Ok(())
}

/// What is told of a tree whose entry at this place is damaged.
pub(crate) fn damaged_at(at: usize) -> Absent {
    Absent::Corrupt(format!("its entry at byte {at} is damaged"))
}

/// The entry `mode name\0id` at this place, and its length.
pub(crate) fn entry_at(
    data: &[u8],
    at: usize,
    hash: gix::hash::Kind,
) -> Option<(TreeEntry<'_>, usize)> {
    let data = data.get(at..)?;
    // LIMIT: git writes five or six digits; more would not fit the type of a mode.
    const MAX_DIGITS: usize = 8;
    let space = data
        .iter()
        .take(MAX_DIGITS + 1)
        .position(|&byte| byte == b' ')?;
    let (digits, named) = (data.get(..space)?, data.get(space + 1..)?);
    let mut mode = 0_u32;
    for digit in digits {
        mode = mode << 3 | u32::from(digit.checked_sub(b'0').filter(|digit| *digit < 8)?);
    }
    let end = memchr::memchr(0, named)?;
    let id = named.get(end + 1..)?.get(..hash.len_in_bytes())?;
    let entry = TreeEntry {
        name: named.get(..end)?.into(),
        id: gix::oid::try_from_bytes(id).ok()?,
        kind: match mode & 0o170_000 {
            0o040_000 => EntryKind::Tree,
            0o160_000 => EntryKind::Submodule,
            _ => EntryKind::Blob,
        },
        is_link: mode & 0o170_000 == 0o120_000,
    };
    Some((entry, space + 1 + end + 1 + id.len()))
}

/// A set of ids that all threads add to, numbered in the order in which they come.
pub(crate) struct Numbered {
    shards: Vec<Mutex<gix::hashtable::HashMap<ObjectId, u32>>>,
    next: AtomicU32,
}

impl Numbered {
    /// LIMIT: enough shards that a handful of threads seldom meet.
    const SHARDS: usize = 64;

    pub(crate) fn new() -> Self {
        Self {
            shards: (0..Self::SHARDS).map(|_| Mutex::default()).collect(),
            next: AtomicU32::new(0),
        }
    }

    /// The number of `id`, and whether it has just been given.
    pub(crate) fn number(&self, id: &gix::oid) -> (u32, bool) {
        let Some(mut shard) = self.shard(id) else {
            return (0, false);
        };
        match shard.entry(id.to_owned()) {
            Entry::Occupied(known) => (*known.get(), false),
            Entry::Vacant(new) => (*new.insert(self.next.fetch_add(1, Ordering::Relaxed)), true),
        }
    }

    /// The number of `id`, if it has one.
    pub(crate) fn get(&self, id: &gix::oid) -> Option<u32> {
        self.shard(id)?.get(id).copied()
    }

    /// Adds `id`; whether it was new.
    pub(crate) fn insert(&self, id: &gix::oid) -> bool {
        self.number(id).1
    }

    fn shard(
        &self,
        id: &gix::oid,
    ) -> Option<MutexGuard<'_, gix::hashtable::HashMap<ObjectId, u32>>> {
        // The first bytes choose the bucket inside of a shard, so the last one chooses the shard.
        let last = id.as_bytes().last().copied().unwrap_or(0);
        let shard = self.shards.get(usize::from(last) % Self::SHARDS)?;
        Some(shard.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How many there are.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.next.load(Ordering::Relaxed) as usize
    }

    /// All of them, sorted.
    pub(crate) fn into_sorted(self) -> Vec<ObjectId> {
        let mut ids: Vec<ObjectId> = self
            .shards
            .into_iter()
            .flat_map(|shard| {
                shard
                    .into_inner()
                    .unwrap_or_else(PoisonError::into_inner)
                    .into_keys()
            })
            .collect();
        ids.sort_unstable();
        ids
    }
}

/// What looks at the trees of a [`TreeWalk`].
pub(crate) trait TreeSink: Sync {
    /// State that one task owns at a time.
    type State: Send;

    /// State for one more task.
    fn state(&self) -> Self::State;

    /// An entry of the tree with the number `tree`; `subtree` is its own number when it is a tree itself. Subtrees are
    /// followed without being asked for.
    fn entry(&self, state: &mut Self::State, tree: u32, entry: TreeEntry<'_>, subtree: Option<u32>);

    /// Whether to stop as soon as possible.
    fn stop(&self) -> bool {
        false
    }
}

/// A walk over all distinct trees below some roots.
pub(crate) struct TreeWalk<'a, S: TreeSink> {
    repository: &'a Repository,
    sink: &'a S,
    seen: Numbered,
    skipped: Mutex<Vec<Skipped>>,
}

/// What a walk over trees gives back.
pub(crate) struct WalkedTrees {
    /// The trees, with their numbers.
    pub(crate) trees: Numbered,
    /// Trees that could not be read.
    pub(crate) skipped: Vec<Skipped>,
}

/// What a task has: a way to objects, the sink's state, and a buffer.
struct Hand<T> {
    lookup: Lookup,
    state: T,
    buffer: Vec<u8>,
}

/// How many roots one task takes. Neighbours share most of their trees and delta bases.
const ROOTS_PER_TASK: usize = 256;

/// From so many trees in hand on, a task gives half of them away.
const TREES_IN_HAND: usize = 512;

impl<'a, S: TreeSink> TreeWalk<'a, S> {
    pub(crate) fn new(repository: &'a Repository, sink: &'a S) -> Self {
        Self {
            repository,
            sink,
            seen: Numbered::new(),
            skipped: Mutex::default(),
        }
    }

    /// Leaves out a tree and what is only below it.
    pub(crate) fn without(&self, tree: &ObjectId) {
        self.seen.insert(tree);
    }

    /// Walks what is new at or below `roots`, in the current Rayon pool.
    pub(crate) fn run(self, roots: &[ObjectId]) -> WalkedTrees {
        let new: Vec<(ObjectId, u32)> = roots
            .iter()
            .filter_map(|root| match self.seen.number(root) {
                (number, true) => Some((*root, number)),
                (_, false) => None,
            })
            .collect();
        let workers = Workers::new(|| Hand {
            lookup: Lookup::new(self.repository),
            state: self.sink.state(),
            buffer: Vec::new(),
        });
        rayon::scope(|scope| {
            for chunk in new.chunks(ROOTS_PER_TASK) {
                let (walk, workers) = (&self, &workers);
                scope.spawn(move |scope| {
                    let mut hand = workers.borrow();
                    for &(root, number) in chunk {
                        walk.descend(scope, workers, &mut hand, vec![(root, number, 0)]);
                    }
                });
            }
        });
        WalkedTrees {
            trees: self.seen,
            skipped: self
                .skipped
                .into_inner()
                .unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Reads the trees in `pending` and everything new below them.
    fn descend<'s>(
        &'s self,
        scope: &Scope<'s>,
        workers: &'s Workers<'s, Hand<S::State>>,
        hand: &mut Hand<S::State>,
        mut pending: Vec<(ObjectId, u32, usize)>,
    ) {
        while let Some((tree, number, depth)) = pending.pop() {
            if self.sink.stop() {
                return;
            }
            if depth > self.repository.limits().max_tree_depth {
                self.tell(too_deep(&tree));
                continue;
            }
            let Hand {
                lookup,
                state,
                buffer,
            } = hand;
            let read = lookup.of_kind(Kind::Tree, &tree, buffer).and_then(|data| {
                for_each(data, lookup.hash(), |entry| {
                    if entry.kind != EntryKind::Tree {
                        return self.sink.entry(state, number, entry, None);
                    }
                    let (subtree, is_new) = self.seen.number(entry.id);
                    self.sink.entry(state, number, entry, Some(subtree));
                    if is_new {
                        pending.push((entry.id.to_owned(), subtree, depth + 1));
                    }
                })
            });
            if let Err(absent) = read {
                self.tell(absent.told("tree", &tree));
            }
            if pending.len() > TREES_IN_HAND {
                let half = pending.split_off(pending.len() / 2);
                scope.spawn(move |scope| self.descend(scope, workers, &mut workers.borrow(), half));
            }
        }
    }

    fn tell(&self, skipped: Skipped) {
        self.skipped
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(skipped);
    }
}

/// What is told of a tree that is nested too deep.
pub(crate) fn too_deep(tree: &ObjectId) -> Skipped {
    Skipped {
        kind: SkippedKind::Limit,
        what: format!("tree {tree}"),
        reason: "folders are nested deeper than the limit".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(data: &[u8]) -> (Vec<(String, EntryKind, bool)>, bool) {
        let mut entries = Vec::new();
        let read = for_each(data, gix::hash::Kind::Sha1, |entry| {
            entries.push((entry.name.to_string(), entry.kind, entry.is_link));
        });
        (entries, read.is_ok())
    }

    #[test]
    fn entries_of_every_mode_are_read() {
        let mut tree = Vec::new();
        for (mode, name) in [
            ("100644", "a"),
            ("40000", "b"),
            ("040000", "c"),
            ("120000", "d"),
            ("160000", "e"),
            ("100664", "f g"),
        ] {
            tree.extend_from_slice(format!("{mode} {name}\0").as_bytes());
            tree.extend_from_slice(&[7; 20]);
        }
        let expected = [
            ("a", EntryKind::Blob, false),
            ("b", EntryKind::Tree, false),
            ("c", EntryKind::Tree, false),
            ("d", EntryKind::Blob, true),
            ("e", EntryKind::Submodule, false),
            ("f g", EntryKind::Blob, false),
        ];
        let expected = expected
            .map(|(name, kind, link)| (name.to_owned(), kind, link))
            .to_vec();
        assert_eq!(listed(&tree), (expected, true));
    }

    #[test]
    fn a_damaged_tree_gives_what_stands_before_the_damage() {
        let mut tree = b"100644 a\0".to_vec();
        tree.extend_from_slice(&[7; 20]);
        for damage in [
            &b"100644 b\0short"[..],
            b"100644 b",
            b"999 b\0",
            b" ",
            b"100644100644 b\0",
            b"\0",
        ] {
            let damaged = [&tree[..], damage].concat();
            assert_eq!(
                listed(&damaged),
                (vec![("a".to_owned(), EntryKind::Blob, false)], false)
            );
        }
        assert_eq!(listed(b""), (Vec::new(), true));
    }
}
