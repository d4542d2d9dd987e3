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
mod tests {
    use super::*;
    use crate::git::testbed::{Bench, Testbed};
    use crate::recording::Recording;

    fn scan(bench: &Bench, history: HistoryScan) -> (Recording, WorktreeScan) {
        let seen = Recording::default();
        let repository = bench.open();
        let scan = Worktree::of(&repository)
            .unwrap()
            .scan(&seen, &|_| false, history);
        (seen, scan)
    }

    /// Makes the index older than nothing and newer than all files, so that no entry is racy.
    fn settle(bench: &Bench) {
        let past = std::time::SystemTime::now() - std::time::Duration::from_secs(100);
        for path in bench.git(&["ls-files"]).lines() {
            if let Ok(file) = std::fs::File::options()
                .write(true)
                .open(bench.root().join(path))
            {
                file.set_modified(past).unwrap();
            }
        }
        bench.git(&["update-index", "-q", "--refresh"]);
    }

    #[test]
    fn without_the_history_every_tracked_and_untracked_file_is_read_but_not_the_ignored_ones() {
        let bed = Testbed::new();
        let bench = bed.init("r", &[]);
        bench.commit(&[(".gitignore", "*.log\nbuild/\n"), ("a", "1")], "first");
        bench.write("untracked/.env", "2");
        bench.write("x.log", "3");
        bench.write("build/y", "4");
        let (seen, _) = scan(&bench, HistoryScan::Left);
        assert_eq!(seen.paths(), [".gitignore", "a", "untracked/.env"]);
        assert!(
            seen.pieces()
                .contains_key(&Origin::Worktree("a".to_owned()))
        );

        let seen = Recording::default();
        let repository = bench.open();
        let worktree = Worktree::of(&repository)
            .unwrap()
            .with_ignore_rules(IgnoreRules::Disregard);
        worktree.scan(&seen, &|_| false, HistoryScan::Left);
        assert_eq!(seen.paths().len(), 5);
    }

    #[test]
    fn a_tracked_file_is_read_although_it_is_ignored() {
        let bed = Testbed::new();
        let bench = bed.init("r", &[]);
        bench.write(".gitignore", "secrets/\n*.key\n");
        bench.write("secrets/a", "1");
        bench.write("b.key", "2");
        bench.git(&["add", "-f", "."]);
        bench.write("secrets/untracked", "3");
        let (seen, scan) = scan(&bench, HistoryScan::Left);
        assert_eq!(seen.paths(), [".gitignore", "b.key", "secrets/a"]);
        assert_eq!(scan.walked.files, 3);
    }

    #[test]
    fn with_the_history_unchanged_files_are_not_read_and_are_found_by_their_blob() {
        let bed = Testbed::new();
        let bench = bed.init("r", &[]);
        bench.commit(
            &[
                ("a", "same"),
                ("d/b", "same"),
                ("changed", "old"),
                ("gone", "x"),
            ],
            "first",
        );
        settle(&bench);
        bench.write("changed", "new");
        bench.write("untracked", "text");
        std::fs::remove_file(bench.root().join("gone")).unwrap();
        let (seen, scan) = scan(&bench, HistoryScan::Included);
        assert_eq!(seen.paths(), ["changed", "untracked"]);
        assert_eq!(scan.unchanged.len(), 2);
        let blob = bench.id("HEAD:a");
        let paths = scan.unchanged.paths_of(&[blob].into());
        assert_eq!(paths, [("a".to_owned(), blob), ("d/b".to_owned(), blob)]);
        assert!(scan.unchanged.paths_of(&HashSet::new()).is_empty());
    }

    #[test]
    fn a_change_that_keeps_size_and_time_is_read() {
        let bed = Testbed::new();
        let bench = bed.init("r", &[]);
        bench.commit(&[("a", "before")], "first");
        settle(&bench);
        let file = bench.root().join("a");
        let modified = file.metadata().unwrap().modified().unwrap();
        bench.write("a", "after!");
        std::fs::File::options()
            .write(true)
            .open(&file)
            .unwrap()
            .set_modified(modified)
            .unwrap();
        let (seen, _) = scan(&bench, HistoryScan::Included);
        assert!(seen.saw("after!"));
    }

    #[test]
    fn a_file_that_may_have_changed_while_the_index_was_written_is_read() {
        let bed = Testbed::new();
        let bench = bed.init("r", &[]);
        bench.commit(&[("a", "text")], "first");
        let future = std::time::SystemTime::now() + std::time::Duration::from_secs(100);
        std::fs::File::options()
            .write(true)
            .open(bench.root().join("a"))
            .unwrap()
            .set_modified(future)
            .unwrap();
        bench.git(&["update-index", "-q", "--refresh"]);
        let (seen, _) = scan(&bench, HistoryScan::Included);
        assert_eq!(seen.paths(), ["a"]);
    }

    #[test]
    fn files_whose_blob_is_not_there_or_is_converted_are_read() {
        let bed = Testbed::new();
        let bench = bed.init("r", &[]);
        bench.commit(&[("a", "text"), ("crlf", "line\n")], "first");
        let blob = bench.id("HEAD:a").to_string();
        std::fs::remove_file(
            bench
                .root()
                .join(".git/objects")
                .join(&blob[..2])
                .join(&blob[2..]),
        )
        .unwrap();
        settle(&bench);
        assert_eq!(scan(&bench, HistoryScan::Included).0.paths(), ["a"]);
        bench.write("d/.gitattributes", "*.bin filter=crypt\n");
        bench.git(&["add", "d"]);
        settle(&bench);
        assert_eq!(
            scan(&bench, HistoryScan::Included).0.paths(),
            ["a", "crlf", "d/.gitattributes"]
        );
    }

    #[test]
    fn submodules_and_nested_repositories_are_read_as_files_and_named() {
        let bed = Testbed::new();
        let library = bed.init("library", &[]);
        library.commit(&[("code", "inside")], "first");
        let bench = bed.init("r", &[]);
        bench.git(&[
            "-c",
            "protocol.file.allow=always",
            "submodule",
            "--quiet",
            "add",
            "../library",
            "module",
        ]);
        bench.git(&[
            "update-index",
            "--add",
            "--cacheinfo",
            &format!("160000,{},away", library.id("HEAD")),
        ]);
        let nested = bed.init("r/nested", &[]);
        nested.write("file", "nested");
        let (seen, scan) = scan(&bench, HistoryScan::Left);
        assert!(seen.saw("inside") && seen.saw("nested"));
        assert_eq!(
            scan.notes,
            [
                "submodule away is not checked out: it is not scanned",
                "submodule module is scanned as files only; scan it by itself for its history",
                "nested is a repository of its own and is scanned as files only; scan it by itself for its history",
            ]
        );
    }

    #[test]
    fn a_submodule_has_its_own_folder_as_working_tree() {
        let bed = Testbed::new();
        let library = bed.init("library", &[]);
        library.commit(&[("code", "inside")], "first");
        let bench = bed.init("r", &[]);
        bench.git(&[
            "-c",
            "protocol.file.allow=always",
            "submodule",
            "--quiet",
            "add",
            "../library",
            "module",
        ]);
        let (seen, _) = scan(&bed.at("r/module"), HistoryScan::Left);
        assert_eq!(seen.paths(), [".git", "code"]);
    }

    #[test]
    fn a_bare_repository_has_no_working_tree() {
        let bed = Testbed::new();
        let bench = bed.init("r", &["--bare"]);
        assert!(Worktree::of(&bench.open()).is_none());
    }

    #[test]
    fn a_linked_worktree_is_read_with_its_own_index() {
        let bed = Testbed::new();
        let bench = bed.init("r", &[]);
        bench.commit(&[("a", "1")], "first");
        bench.git(&["worktree", "add", "-q", "--detach", "../linked"]);
        let linked = bed.at("linked");
        linked.commit(&[("b", "2")], "only here");
        settle(&linked);
        let (seen, scan) = scan(&linked, HistoryScan::Included);
        // The link to the repository is a file of the tree like any other.
        assert_eq!(seen.paths(), [".git"]);
        assert_eq!(scan.unchanged.len(), 2);
    }

    #[cfg(unix)]
    mod hostile {
        use super::*;
        use std::os::unix::fs::symlink;

        fn outside(bed: &Testbed) -> PathBuf {
            let outside = bed.path().join("outside");
            std::fs::create_dir_all(outside.join("d")).unwrap();
            std::fs::write(outside.join("d/secret"), "outside of the tree").unwrap();
            outside
        }

        #[test]
        fn a_configured_worktree_elsewhere_has_no_effect() {
            let bed = Testbed::new();
            let elsewhere = outside(&bed);
            let bench = bed.init("r", &[]);
            bench.write("a", "inside");
            bench.git(&["add", "a"]);
            bench.git(&["config", "core.worktree", &elsewhere.display().to_string()]);
            let (seen, _) = scan(&bench, HistoryScan::Left);
            assert_eq!(seen.paths(), ["a"]);
            assert!(seen.saw("inside") && !seen.saw("outside of the tree"));
        }

        #[test]
        fn a_tracked_path_behind_a_link_is_not_read() {
            let bed = Testbed::new();
            let elsewhere = outside(&bed);
            let bench = bed.init("r", &[]);
            bench.commit(&[("d/secret", "inside"), (".gitignore", "d\n")], "first");
            std::fs::remove_dir_all(bench.root().join("d")).unwrap();
            symlink(elsewhere.join("d"), bench.root().join("d")).unwrap();
            let (seen, _) = scan(&bench, HistoryScan::Left);
            assert!(!seen.saw("outside of the tree"));
        }

        #[test]
        fn a_path_of_the_index_that_leads_out_of_the_tree_is_told_and_not_read() {
            let bed = Testbed::new();
            outside(&bed);
            let bench = bed.init("r", &[]);
            bench.write("xx/outside/d/secret", "inside");
            bench.git(&["add", "-A"]);
            std::fs::remove_dir_all(bench.root().join("xx")).unwrap();
            let file = bench.root().join(".git/index");
            let index = std::fs::read(&file).unwrap();
            let hostile = index.replace("xx/outside/d/secret", "../outside/d/secret");
            assert_ne!(index, hostile);
            std::fs::write(&file, hostile).unwrap();
            let (seen, _) = scan(&bench, HistoryScan::Left);
            assert!(!seen.saw("outside of the tree"));
            assert_eq!(seen.all_skipped().len(), 1);
        }

        #[test]
        fn an_index_that_is_a_link_is_told_and_not_followed() {
            let bed = Testbed::new();
            let bench = bed.init("r", &[]);
            bench.write("a", "1");
            bench.git(&["add", "a"]);
            let index = bench.root().join(".git/index");
            std::fs::rename(&index, bed.path().join("stolen")).unwrap();
            symlink(bed.path().join("stolen"), &index).unwrap();
            let (seen, _) = scan(&bench, HistoryScan::Included);
            assert_eq!(seen.paths(), ["a"]);
            assert_eq!(seen.all_skipped()[0].what, "index");
        }
    }
}
