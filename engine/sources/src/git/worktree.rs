//! The working tree of a repository: all tracked files, and the untracked ones that git does not ignore.
//!
//! When the history is scanned as well, a file that is the same as its blob need not be read: the index remembers size,
//! times and inode of the file that it was compared with. Such files are kept by their blob, so that a finding in the
//! blob gets a place in the working tree, too.
//!
//! INVARIANT: a path of the index is used on the file system only when it stays inside of the tree, and never through a
//! symbolic link.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use bstr::{BStr, ByteSlice};
use gix::ObjectId;
use gix::index::entry::{Stage, Stat, stat};
use gix::index::fs::Metadata;
use leakward_core::{Skipped, SkippedKind};
use rayon::prelude::*;

use super::Repository;
use super::index::{self, Index};
use super::lookup::Lookup;
use super::trees::EntryKind;
use crate::piece::Origin;
use crate::tree::{
    Contents, Excluded, Found, IgnoreRules, Kind, Looker, Sink, Walked, Walker, tell_excluded,
};
use crate::visitor::Visitor;
use crate::workers::Workers;

/// Whether every blob of the object database is looked at in the same scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistoryScan {
    /// It is: files that are the same as their blob are not read again.
    Included,
    /// It is not: every file is read.
    Left,
}

/// The working tree of a repository.
pub struct Worktree<'r> {
    repository: &'r Repository,
    root: PathBuf,
    ignore_rules: IgnoreRules,
}

/// What a scan of a working tree gives back.
#[derive(Debug)]
pub struct WorktreeScan {
    /// What was met.
    pub walked: Walked,
    /// The files that were not read, because they are the same as their blob.
    pub unchanged: Unchanged,
    /// Things worth knowing: submodules and nested repositories.
    pub notes: Vec<String>,
}

/// The files of a working tree that are the same as their blob in the index.
#[derive(Default)]
pub struct Unchanged {
    index: Option<Index>,
    marks: Vec<AtomicBool>,
}

impl<'r> Worktree<'r> {
    /// The working tree of `repository`; nothing when it is bare.
    #[must_use]
    pub fn of(repository: &'r Repository) -> Option<Self> {
        Some(Self {
            root: repository.worktree()?,
            repository,
            ignore_rules: IgnoreRules::Respect,
        })
    }

    /// Whether untracked files that git ignores are left out. They are, unless said otherwise here.
    #[must_use]
    pub fn with_ignore_rules(mut self, ignore_rules: IgnoreRules) -> Self {
        self.ignore_rules = ignore_rules;
        self
    }

    /// Looks at the files, in the current Rayon pool.
    pub fn scan<V: Visitor>(
        &self,
        visitor: &V,
        excluded: Excluded<'_>,
        history: HistoryScan,
    ) -> WorktreeScan {
        let index = Index::of(self.repository).unwrap_or_else(|told| {
            visitor.skipped(told);
            None
        });
        let entries = index
            .as_ref()
            .map_or(0, |index| index.file().entries().len());
        let marks = || {
            (0..entries)
                .map(|_| AtomicBool::new(false))
                .collect::<Vec<_>>()
        };
        let files = Files {
            repository: self.repository,
            visitor,
            may_be_unchanged: history == HistoryScan::Included
                && index
                    .as_ref()
                    .is_some_and(|index| !converts(&self.root, self.repository, index)),
            index: index.as_ref(),
            seen: marks(),
            unchanged: marks(),
        };
        let walker = Walker {
            sink: &files,
            ignore_rules: self.ignore_rules,
            excluded,
            max_depth: self.repository.limits().max_tree_depth,
        };
        let mut walked = walker.walk(&self.root);
        walked.files += files.visit_unseen(&self.root, excluded);
        tell_excluded(visitor, walked.excluded);
        let notes = notes(&self.root, index.as_ref(), &walked);
        let marks = files.unchanged;
        WorktreeScan {
            walked,
            unchanged: Unchanged { index, marks },
            notes,
        }
    }
}

impl Unchanged {
    /// How many files there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.marks
            .iter()
            .filter(|mark| mark.load(Ordering::Relaxed))
            .count()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where the blobs in `wanted` stand in the working tree, sorted by path. One pass over the index.
    #[must_use]
    pub fn paths_of(&self, wanted: &HashSet<ObjectId>) -> Vec<(String, ObjectId)> {
        let Some(index) = &self.index else {
            return Vec::new();
        };
        let file = index.file();
        file.entries()
            .iter()
            .zip(&self.marks)
            .filter(|(entry, mark)| mark.load(Ordering::Relaxed) && wanted.contains(&entry.id))
            .map(|(entry, _)| (entry.path(file).to_str_lossy().into_owned(), entry.id))
            .collect()
    }
}

impl std::fmt::Debug for Unchanged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unchanged")
            .field("files", &self.len())
            .finish()
    }
}

/// Looks at the files of the working tree on behalf of a visitor.
struct Files<'a, V: Visitor> {
    repository: &'a Repository,
    visitor: &'a V,
    may_be_unchanged: bool,
    index: Option<&'a Index>,
    /// For each entry of the index, whether the walk came by its path.
    seen: Vec<AtomicBool>,
    /// For each entry of the index, whether its file is the same as its blob.
    unchanged: Vec<AtomicBool>,
}

/// What a task needs.
struct Hand<V: Visitor> {
    looker: Looker<V>,
    lookup: Option<Lookup>,
}

impl<V: Visitor> Sink for Files<'_, V> {
    type Worker = Hand<V>;

    fn worker(&self) -> Hand<V> {
        Hand {
            looker: Looker::new(self.visitor, Origin::Worktree),
            lookup: self.may_be_unchanged.then(|| Lookup::new(self.repository)),
        }
    }

    fn folder(&self, hand: &mut Hand<V>, relative: &BStr) {
        hand.looker.look_at_name(self.visitor, relative);
    }

    fn found(&self, hand: &mut Hand<V>, found: Found<'_>) {
        // Also that of an unchanged file: it may be staged and in no tree yet.
        hand.looker.look_at_name(self.visitor, found.relative);
        if let Some(at) = self.mark_seen(found.relative)
            && let Some(lookup) = &hand.lookup
            && self.is_unchanged(at, found, lookup)
        {
            mark(&self.unchanged, at);
            return;
        }
        hand.looker
            .look_at(self.visitor, found, self.repository.limits());
    }

    fn skipped(&self, skipped: Skipped) {
        self.visitor.skipped(skipped);
    }

    fn stop(&self) -> bool {
        self.visitor.stop()
    }
}

impl<V: Visitor> Files<'_, V> {
    /// Notes that the walk came by; gives back the entry when it is tracked without conflict.
    fn mark_seen(&self, path: &BStr) -> Option<usize> {
        let index = self.index?.file();
        if let Some(at) = index.entry_index_by_path_and_stage(path, Stage::Unconflicted) {
            mark(&self.seen, at);
            return Some(at);
        }
        for stage in [Stage::Base, Stage::Ours, Stage::Theirs] {
            if let Some(at) = index.entry_index_by_path_and_stage(path, stage) {
                mark(&self.seen, at);
            }
        }
        None
    }

    /// Whether the file is what the index compared its blob with, and the blob is there and as long as the file.
    fn is_unchanged(&self, at: usize, found: Found<'_>, lookup: &Lookup) -> bool {
        // Every field counts, whatever the repository's configuration says: it is not ours to trust.
        const STRICT: stat::Options = stat::Options {
            trust_ctime: true,
            check_stat: true,
            use_nsec: true,
            use_stdev: false,
        };
        let Some((index, entry)) = self
            .index
            .and_then(|index| Some((index.file(), index.file().entries().get(at)?)))
        else {
            return false;
        };
        let is_link = entry.mode == gix::index::entry::Mode::SYMLINK;
        if is_link != (found.kind == Kind::Link) || index::kind(entry.mode) != EntryKind::Blob {
            return false;
        }
        let Ok(metadata) = Metadata::from_path_no_follow(found.path) else {
            return false;
        };
        let Ok(now) = Stat::from_fs(&metadata) else {
            return false;
        };
        entry.stat.matches(&now, STRICT)
            && !entry.stat.is_racy(index.timestamp(), STRICT)
            && lookup.size(&entry.id) == Some(metadata.len())
    }

    /// Looks at the tracked files that the walk did not come by: those that are ignored nevertheless. Returns how many.
    fn visit_unseen(&self, root: &Path, excluded: Excluded<'_>) -> u64 {
        let Some(index) = self.index.map(Index::file) else {
            return 0;
        };
        let mut unseen: Vec<&BStr> = index
            .entries()
            .iter()
            .zip(&self.seen)
            .filter(|(entry, seen)| {
                !seen.load(Ordering::Relaxed) && index::kind(entry.mode) == EntryKind::Blob
            })
            .map(|(entry, _)| entry.path(index))
            .collect();
        unseen.dedup();
        let workers = Workers::new(|| self.worker());
        unseen
            .par_iter()
            .filter(|path| !self.stop() && !is_excluded(path, excluded))
            .filter(|path| self.visit_tracked(root, path, &mut workers.borrow()))
            .count() as u64
    }

    /// Looks at one tracked file by its path in the index; whether there was one.
    fn visit_tracked(&self, root: &Path, path: &BStr, hand: &mut Hand<V>) -> bool {
        if !index::is_inside(path) {
            self.skipped(Skipped {
                kind: SkippedKind::Unsupported,
                what: path.to_str_lossy().into_owned(),
                reason: "a path of the index that leads out of the working tree".to_owned(),
            });
            return false;
        }
        let Ok(relative) = gix::path::from_bstr(path) else {
            return false;
        };
        if behind_link(root, &relative) {
            return false;
        }
        let file = root.join(&relative);
        let Ok(kind) = file.symlink_metadata().map(|metadata| metadata.file_type()) else {
            // Deleted in the working tree: nothing to look at.
            return false;
        };
        let kind = if kind.is_file() {
            Kind::File
        } else if kind.is_symlink() {
            Kind::Link
        } else {
            return false;
        };
        self.found(
            hand,
            Found {
                path: &file,
                relative: path,
                kind,
            },
        );
        true
    }
}

fn mark(marks: &[AtomicBool], at: usize) {
    if let Some(mark) = marks.get(at) {
        mark.store(true, Ordering::Relaxed);
    }
}

/// Whether a folder above `relative` is a link: what is behind it is not in the tree.
fn behind_link(root: &Path, relative: &Path) -> bool {
    relative
        .ancestors()
        .skip(1)
        .filter(|above| !above.as_os_str().is_empty())
        .any(|above| {
            root.join(above)
                .symlink_metadata()
                .is_ok_and(|metadata| metadata.file_type().is_symlink())
        })
}

/// Whether the file or a folder above it is excluded.
fn is_excluded(path: &BStr, excluded: Excluded<'_>) -> bool {
    let path = path.to_str_lossy();
    excluded(&path)
        || path
            .match_indices('/')
            .any(|(at, _)| path.get(..=at).is_some_and(excluded))
}

/// Whether some attribute could make a file differ from its blob although both have the same size.
fn converts(root: &Path, repository: &Repository, index: &Index) -> bool {
    const CONVERTING: [&[u8]; 3] = [b"filter", b"working-tree-encoding", b"ident"];
    const MAX_BYTES: u64 = 16 << 20;
    let mut contents = Contents::default();
    let mut file_converts = |path: &Path| match contents.read(path, MAX_BYTES) {
        Ok(text) => CONVERTING.iter().any(|word| text.contains_str(word)),
        // What may be in a file of attributes that cannot be read is not known.
        Err(_) => path.symlink_metadata().is_ok(),
    };
    if file_converts(&repository.common_dir().join("info/attributes"))
        || file_converts(&root.join(".gitattributes"))
    {
        return true;
    }
    let file = index.file();
    file.entries()
        .iter()
        .map(|entry| entry.path(file))
        .filter(|path| path.ends_with(b"/.gitattributes") && index::is_inside(path))
        .any(|path| gix::path::from_bstr(path).is_ok_and(|path| file_converts(&root.join(path))))
}

/// What is to be said about repositories inside of the working tree.
fn notes(root: &Path, index: Option<&Index>, walked: &Walked) -> Vec<String> {
    let submodules: Vec<&BStr> = index
        .iter()
        .flat_map(|index| {
            let file = index.file();
            file.entries()
                .iter()
                .filter(|entry| index::kind(entry.mode) == EntryKind::Submodule)
                .map(|entry| entry.path(file))
                .filter(|path| index::is_inside(path))
        })
        .collect();
    let mut notes = Vec::new();
    for &path in &submodules {
        let is_empty = gix::path::from_bstr(path)
            .ok()
            .and_then(|path| root.join(path).read_dir().ok())
            .is_none_or(|mut entries| entries.next().is_none());
        notes.push(if is_empty {
            format!("submodule {path} is not checked out: it is not scanned")
        } else {
            format!("submodule {path} is scanned as files only; scan it by itself for its history")
        });
    }
    for path in &walked.repositories {
        if !submodules
            .iter()
            .any(|submodule| *submodule == path.as_str())
        {
            notes.push(format!(
                "{path} is a repository of its own and is scanned as files only; scan it by itself for its history"
            ));
        }
    }
    notes
}

#[cfg(test)]
mod tests;
