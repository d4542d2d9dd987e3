//! Makes the index while the objects of a repository are walked.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use gix::ObjectId;

use super::difference::{Beginnings, ReadTree, entries};
use super::index::HistoryIndex;
use super::names::NameNumbers;
use super::numbers::ObjectNumbers;
use super::records::{Child, NewRecord, Place, Recorder, Records};
use crate::git::commit_table::CommitTable;
use crate::git::commits::CommitFacts;
use crate::git::lookup::Absent;
use crate::git::objects::sink::Shown;
use crate::git::objects::store::Store;
use crate::git::trees::{EntryKind, TreeEntry};

/// What is kept of a tree for those that are stored as changes of it.
#[derive(Debug)]
pub(crate) struct TreeNote {
    beginnings: Beginnings,
    place: Place,
}

/// What is met in a tree for the first time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct News {
    /// No tree had an entry of this name before.
    pub(crate) name: bool,
    /// No pack of the repository holds the object.
    pub(crate) not_packed: bool,
}

/// Notes commits, and what each tree has and its base has not.
pub(crate) struct Indexing {
    hash: gix::hash::Kind,
    numbers: ObjectNumbers,
    names: NameNumbers,
    next: AtomicU32,
    parts: Arc<Mutex<Vec<Part>>>,
}

/// What one thread notes; it is handed in when the thread is done.
pub(crate) struct Noting {
    part: Part,
    added: Vec<Child>,
    removed: Vec<Child>,
    parts: Arc<Mutex<Vec<Part>>>,
}

/// What one thread has noted.
#[derive(Default)]
pub(super) struct Part {
    records: Recorder,
    commits: CommitTable,
}

impl Drop for Noting {
    fn drop(&mut self) {
        let part = std::mem::take(&mut self.part);
        self.parts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(part);
    }
}

impl Indexing {
    pub(crate) fn new(store: Arc<Store>, hash: gix::hash::Kind) -> Self {
        Self {
            hash,
            numbers: ObjectNumbers::of(store),
            names: NameNumbers::default(),
            next: AtomicU32::new(0),
            parts: Arc::default(),
        }
    }

    /// Makes the ways into the packs' indexes.
    pub(crate) fn prepare(&self) {
        self.numbers.prepare();
    }

    /// State for one more thread.
    pub(crate) fn noting(&self) -> Noting {
        Noting {
            part: Part::default(),
            added: Vec::new(),
            removed: Vec::new(),
            parts: Arc::clone(&self.parts),
        }
    }

    /// Whether a pack of the repository holds an object.
    pub(crate) fn is_packed(&self, id: &gix::oid) -> bool {
        self.numbers.is_packed(id)
    }

    /// Notes a commit.
    ///
    /// One that is damaged is told where it is missed: when something reaches it.
    pub(crate) fn commit(&self, noting: &mut Noting, id: ObjectId, content: &[u8]) {
        if let Some(facts) = CommitFacts::parse(content) {
            noting.part.commits.push(id, &facts);
        }
    }

    /// Notes a tree, and calls `each` for its entries that its base does not have. `note` finds the base's note.
    pub(crate) fn tree<N>(
        &self,
        noting: &mut Noting,
        object: &Shown<'_, N>,
        note: impl Fn(&N) -> Option<&TreeNote>,
        each: impl FnMut(&TreeEntry<'_>, News),
    ) -> (TreeNote, Option<Absent>) {
        let read = ReadTree::read(object.content, self.hash, object.change, |base| {
            note(base).map(|note| &note.beginnings)
        });
        let base = object.change.filter(|_| read.difference.is_change);
        let base = base.and_then(|change| Some((change.base, note(change.note)?.place)));
        let number = object
            .listed
            .and_then(|(pack, position)| self.numbers.of_position(pack, position))
            .unwrap_or_else(|| self.numbers.number(&object.id).0);
        let place = self.record(noting, (number, object.content), &read, base, each);
        let note = TreeNote {
            beginnings: read.beginnings,
            place,
        };
        (note, read.damage)
    }

    fn record(
        &self,
        noting: &mut Noting,
        (number, content): (u32, &[u8]),
        read: &ReadTree,
        base: Option<(&[u8], Place)>,
        mut each: impl FnMut(&TreeEntry<'_>, News),
    ) -> Place {
        let Noting {
            part,
            added,
            removed,
            ..
        } = noting;
        added.clear();
        removed.clear();
        let base_content = base.map_or(&[][..], |(content, _)| content);
        let mut new =
            entries(content, &read.difference.added, self.hash).map(|entry| (entry, true));
        let mut old =
            entries(base_content, &read.difference.removed, self.hash).map(|entry| (entry, false));
        let mut some = Vec::with_capacity(Self::TOGETHER);
        loop {
            some.clear();
            some.extend(new.by_ref().chain(old.by_ref()).take(Self::TOGETHER));
            if some.is_empty() {
                break;
            }
            self.children(&some, |entry, child, news, is_new| {
                if is_new {
                    each(entry, news);
                    added.push(child);
                } else {
                    removed.push(child);
                }
            });
        }
        let place = self.next.fetch_add(1, Ordering::Relaxed);
        part.records.add(&NewRecord {
            place,
            number,
            base: base.map(|(_, place)| place),
            added,
            removed,
        });
        place
    }

    /// PERF: entries whose numbers are asked for together, so that they wait for memory once and not one after the other.
    const TOGETHER: usize = 16;

    /// Calls `each` for entries, with what comes beside them.
    fn children<'e, T: Copy>(
        &self,
        entries: &[(TreeEntry<'e>, T)],
        mut each: impl FnMut(&TreeEntry<'e>, Child, News, T),
    ) {
        for (entry, _) in entries {
            self.numbers.expect(entry.id);
        }
        let mut names = [(0, false); Self::TOGETHER];
        for (slot, (entry, _)) in names.iter_mut().zip(entries) {
            *slot = self.names.number(entry.name);
        }
        for (entry, _) in entries {
            self.numbers.expect_ids(entry.id);
        }
        for ((entry, beside), (name, is_new)) in entries.iter().zip(names) {
            // A submodule's commit belongs to another repository.
            let (number, packed) = match entry.kind {
                EntryKind::Blob | EntryKind::Tree => self.numbers.number(entry.id),
                EntryKind::Submodule => (0, true),
            };
            let child = Child {
                number,
                kind: entry.kind,
                name,
            };
            let news = News {
                name: is_new,
                not_packed: !packed,
            };
            each(entry, child, news, *beside);
        }
    }

    /// What was noted, once all threads are done.
    pub(crate) fn finish(self) -> HistoryIndex {
        let parts = std::mem::take(&mut *self.parts.lock().unwrap_or_else(PoisonError::into_inner));
        let parts = parts.into_iter().map(|part| (part.commits, part.records));
        let (tables, recorders): (Vec<CommitTable>, Vec<Recorder>) = parts.unzip();
        let mut records = Records::default();
        records.add(recorders);
        let mut commits = CommitTable::joined(tables);
        commits.sort();
        HistoryIndex::new(self.numbers, self.names, records, commits)
    }

    /// Goes on with what an index has.
    pub(super) fn going_on(
        hash: gix::hash::Kind,
        numbers: ObjectNumbers,
        names: NameNumbers,
        next: Place,
    ) -> Self {
        Self {
            hash,
            numbers,
            names,
            next: AtomicU32::new(next),
            parts: Arc::default(),
        }
    }

    /// Notes a tree that was read on its own; gives back the numbers of its subtrees, and what damage there is.
    pub(super) fn whole_tree(
        &self,
        noting: &mut Noting,
        number: u32,
        content: &[u8],
    ) -> (Vec<(ObjectId, u32)>, Option<Absent>) {
        let read = ReadTree::whole(content, self.hash);
        let mut subtrees = Vec::new();
        self.record(noting, (number, content), &read, None, |entry, _| {
            if entry.kind == EntryKind::Tree {
                subtrees.push((entry.id.to_owned(), self.numbers.number(entry.id).0));
            }
        });
        (subtrees, read.damage)
    }

    /// What was noted, to be added to the records of an index.
    pub(super) fn into_parts(self) -> (ObjectNumbers, NameNumbers, Vec<Recorder>) {
        let parts = std::mem::take(&mut *self.parts.lock().unwrap_or_else(PoisonError::into_inner));
        let recorders = parts.into_iter().map(|part| part.records).collect();
        (self.numbers, self.names, recorders)
    }
}
