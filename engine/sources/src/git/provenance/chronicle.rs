//! What an answer leaves for the next one: all commits, and which of them brought the blobs that were asked for to which paths.
//!
//! A commit's tree and parents never change, so neither does what it brought. The next answer compares the commits that came since
//! with their parents ([`since`](super::since)) and reads no other tree. What refs reach, what `HEAD` holds and what comes first is
//! found out anew every time.
//!
//! INVARIANT: of every blob in it all commits of the repository are known that brought it, as long as the repository holds exactly the
//! commits in it. So it is made only when nothing was missing, and blobs that trees refer to and that are not here yet are in it, too.
//!
//! Written down in parts: what was there before is not written again.

use bstr::{BStr, BString};
use gix::ObjectId;
use gix::hashtable::HashMap;

use super::column::{Reader, Writer};
use super::origins::Origins;
use crate::git::commits::History;

/// All commits of a repository, and which of them brought some blobs to which paths.
#[derive(Clone, Debug, Default)]
pub struct Chronicle {
    /// Parents come before their children.
    pub(super) history: History,
    pub(super) blobs: Vec<ObjectId>,
    pub(super) numbers: HashMap<ObjectId, u32>,
    pub(super) paths: Vec<BString>,
    path_numbers: std::collections::HashMap<BString, u32>,
    pub(super) brought: Vec<Line>,
    /// Commits whose parents a shallow clone left out.
    pub(super) boundary: Vec<ObjectId>,
    written: Mark,
}

/// A blob that a commit brought to a path, all by their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Line {
    pub(super) blob: u32,
    pub(super) path: u32,
    pub(super) commit: u32,
}

/// How much of it is written down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Mark {
    commits: usize,
    blobs: usize,
    paths: usize,
    brought: usize,
}

impl Chronicle {
    /// Of a history in its order, and what is known of `blobs`, which are the first things of `origins`.
    pub(super) fn of(
        (history, order): (&History, &[u32]),
        blobs: &[ObjectId],
        origins: &Origins,
        mut boundary: Vec<ObjectId>,
    ) -> Self {
        boundary.sort_unstable();
        let mut chronicle = Self {
            boundary,
            ..Self::default()
        };
        let mut places = vec![0_u32; history.len()];
        let mut parents = Vec::new();
        for (place, &number) in (0..).zip(order) {
            let at = number as usize;
            let (Some(id), Some(tree), Some(time)) = (
                history.ids.get(at),
                history.trees.get(at),
                history.times.get(at),
            ) else {
                continue;
            };
            if let Some(slot) = places.get_mut(at) {
                *slot = place;
            }
            parents.clear();
            let of_commit = history.parents(number).iter();
            parents.extend(of_commit.filter_map(|&parent| places.get(parent as usize)));
            chronicle.history.push(*id, *tree, *time, &parents);
        }
        chronicle.history.index();
        blobs.iter().for_each(|blob| {
            chronicle.add_blob(*blob);
        });
        // Paths that read the same are one here: a name can hold what separates others.
        let paths = origins.paths().iter();
        let paths: Vec<u32> = paths
            .map(|path| chronicle.add_path(path.as_ref()))
            .collect();
        for brought in &origins.brought {
            let commits = brought.commits.iter();
            chronicle.brought.extend(commits.filter_map(|&commit| {
                Some(Line {
                    blob: brought.thing,
                    path: *paths.get(brought.path as usize)?,
                    commit: *places.get(commit as usize)?,
                })
            }));
        }
        chronicle
    }

    /// How many commits there are.
    #[must_use]
    pub fn commits(&self) -> usize {
        self.history.len()
    }

    /// Whether it tells of a blob.
    #[must_use]
    pub fn has(&self, blob: &ObjectId) -> bool {
        self.numbers.contains_key(blob)
    }

    /// Whether the repository holds all commits in it: a chronicle of another one is of no use.
    #[cfg(test)]
    pub(super) fn is_held_by(&self, repository: &crate::git::Repository) -> bool {
        repository.not_held(&self.history.ids).is_empty()
    }

    /// Whether something is to be written down.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.written != self.mark()
    }

    /// Whether nothing of it is written down yet.
    #[must_use]
    pub fn is_unwritten(&self) -> bool {
        self.written == Mark::default()
    }

    /// Makes the next part hold everything.
    pub fn forget_parts(&mut self) {
        self.written = Mark::default();
    }

    /// What is not written down yet. It belongs behind what is.
    #[must_use]
    pub fn part(&mut self) -> Vec<u8> {
        let mut writer = Writer::default();
        let from = self.written;
        self.written = self.mark();
        writer.count(self.boundary.len());
        self.boundary.iter().for_each(|id| writer.id(id));
        writer.count(self.history.len() - from.commits);
        for number in from.commits..self.history.len() {
            self.write_commit(&mut writer, number);
        }
        let blobs = self.blobs.get(from.blobs..).unwrap_or_default();
        writer.count(blobs.len());
        blobs.iter().for_each(|id| writer.id(id));
        let paths = self.paths.get(from.paths..).unwrap_or_default();
        writer.count(paths.len());
        paths.iter().for_each(|path| writer.text(path));
        let brought = self.brought.get(from.brought..).unwrap_or_default();
        writer.count(brought.len());
        for line in brought {
            [line.blob, line.path, line.commit]
                .iter()
                .for_each(|number| writer.number(*number));
        }
        writer.finish()
    }

    fn write_commit(&self, writer: &mut Writer, number: usize) {
        let history = &self.history;
        let (Some(id), Some(tree), Some(time)) = (
            history.ids.get(number),
            history.trees.get(number),
            history.times.get(number),
        ) else {
            return;
        };
        writer.id(id);
        writer.id(tree);
        writer.time(*time);
        let parents = history.parents(u32::try_from(number).unwrap_or(u32::MAX));
        writer.count(parents.len());
        parents.iter().for_each(|parent| writer.number(*parent));
    }

    /// Puts one together from all its parts, in their order. None when they are not what was written.
    #[must_use]
    pub fn from_parts<'p>(
        parts: impl Iterator<Item = &'p [u8]>,
        hash: gix::hash::Kind,
    ) -> Option<Self> {
        let mut chronicle = Self::default();
        for part in parts {
            chronicle.read(Reader::new(part, hash))?;
        }
        chronicle.history.index();
        chronicle.written = chronicle.mark();
        Some(chronicle)
    }

    fn read(&mut self, mut reader: Reader<'_>) -> Option<()> {
        let mut boundary = Vec::new();
        for _ in 0..reader.number()? {
            boundary.push(reader.id()?);
        }
        self.boundary = boundary;
        let mut parents = Vec::new();
        for _ in 0..reader.number()? {
            let (id, tree, time) = (reader.id()?, reader.id()?, reader.time()?);
            parents.clear();
            for _ in 0..reader.number()? {
                parents.push(reader.below(self.history.len())?);
            }
            self.history.push(id, tree, time, &parents);
        }
        for _ in 0..reader.number()? {
            self.add_blob(reader.id()?);
        }
        for _ in 0..reader.number()? {
            self.add_path(reader.text()?.into());
        }
        for _ in 0..reader.number()? {
            self.brought.push(Line {
                blob: reader.below(self.blobs.len())?,
                path: reader.below(self.paths.len())?,
                commit: reader.below(self.history.len())?,
            });
        }
        reader.is_at_end().then_some(())
    }

    /// The number of a blob, which is added when it is new.
    pub(super) fn add_blob(&mut self, blob: ObjectId) -> u32 {
        let next = u32::try_from(self.blobs.len()).unwrap_or(u32::MAX);
        let number = *self.numbers.entry(blob).or_insert(next);
        if number == next {
            self.blobs.push(blob);
        }
        number
    }

    /// The number of a path, which is added when it is new.
    pub(super) fn add_path(&mut self, path: &BStr) -> u32 {
        if let Some(number) = self.path_numbers.get(path) {
            return *number;
        }
        let number = u32::try_from(self.paths.len()).unwrap_or(u32::MAX);
        self.path_numbers.insert(path.to_owned(), number);
        self.paths.push(path.to_owned());
        number
    }

    /// The history, to be given back.
    pub(super) fn take_history(&mut self) -> History {
        std::mem::take(&mut self.history)
    }

    pub(super) fn give_back(&mut self, history: History) {
        self.history = history;
    }

    fn mark(&self) -> Mark {
        Mark {
            commits: self.history.len(),
            blobs: self.blobs.len(),
            paths: self.paths.len(),
            brought: self.brought.len(),
        }
    }
}
