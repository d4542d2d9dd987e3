//! What is staged: the entries of the index that differ from `HEAD`'s tree.
//!
//! Contents come from the object database, never from the working copy: that is what would be committed. Folders that
//! the index knows to be unchanged (its cached tree ids) are passed over without looking at their entries.
//!
//! Conflicting entries count with all their versions; an entry that is only announced (`git add --intent-to-add`) has
//! no content yet; a submodule's commit has none here.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use bstr::{BStr, BString, ByteSlice};
use gix::ObjectId;
use gix::index::entry::Flags;
use gix::index::{State, extension};
use gix::objs::Kind;
use leakward_core::Skipped;
use rayon::prelude::*;

use super::commits::CommitFacts;
use super::index;
use super::lookup::Lookup;
use super::plain_index::{Listed, PlainIndex};
use super::selection::Newcomers;
use super::trees::{self, EntryKind};
use super::{Head, Index, Repository};
use crate::piece::{Origin, Piece};
use crate::tree::Excluded;
use crate::visitor::Visitor;
use crate::workers::Workers;

/// From so many staged files on, they are read on all cores: below, starting threads costs more than it saves.
const FILES_TO_SPREAD: usize = 64;

/// One staged version of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StagedFile {
    /// The path, relative to the working tree's root.
    pub path: BString,
    /// Its content.
    pub blob: ObjectId,
}

/// What is staged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Staged {
    /// The files, in the order of the index.
    pub files: Vec<StagedFile>,
    /// What could not be compared.
    pub skipped: Vec<Skipped>,
}

impl Staged {
    /// Compares the index with `HEAD`. Without a commit everything in it is staged; without an index nothing is.
    #[must_use]
    pub fn of(repository: &Repository) -> Self {
        match PlainIndex::of(repository) {
            Some(index) => Self::listed(repository, &index),
            None => Self::decoded(repository),
        }
    }

    /// The same, with every entry decoded: for indexes of rare kinds, and the slow twin.
    fn decoded(repository: &Repository) -> Self {
        match Index::of(repository) {
            Ok(Some(index)) => {
                let state: &State = index.file();
                Self::listed(repository, state)
            }
            Ok(None) => Self::default(),
            Err(told) => Self {
                skipped: vec![told],
                ..Self::default()
            },
        }
    }

    fn listed(repository: &Repository, index: &impl Listing) -> Self {
        let mut staged = Self::default();
        let lookup = Lookup::new(repository);
        let head = staged.head_tree(repository, &lookup);
        let mut comparison = Comparison {
            lookup: &lookup,
            index,
            max_depth: repository.limits().max_tree_depth,
            pending: vec![Step {
                tree: head,
                entries: 0..index.len(),
                prefix: 0,
                cached: index.cached(),
                depth: 0,
            }],
            staged,
        };
        while let Some(step) = comparison.pending.pop() {
            comparison.compare(&step);
        }
        let mut staged = comparison.staged;
        staged.files.sort_unstable();
        staged
    }

    /// Looks at every staged file that is not `excluded`, and at its name and those of the folders above it. Returns how many there were.
    pub fn scan<V: Visitor>(
        &self,
        repository: &Repository,
        visitor: &V,
        excluded: Excluded<'_>,
    ) -> usize {
        for told in &self.skipped {
            visitor.skipped(told.clone());
        }
        let wanted: Vec<&StagedFile> = self
            .files
            .iter()
            .filter(|file| !excluded(&file.path.to_str_lossy()))
            .collect();
        crate::tree::tell_excluded(visitor, (self.files.len() - wanted.len()) as u64);
        scan_names(&wanted, visitor);
        let workers = Workers::new(|| (Lookup::new(repository), visitor.worker(), Vec::new()));
        let look_at = |file: &&StagedFile| {
            if visitor.stop() {
                return;
            }
            let (lookup, worker, buffer) = &mut *workers.borrow();
            match lookup.blob(&file.blob, buffer) {
                Ok(bytes) => {
                    let origin = Origin::Index(file.path.to_str_lossy().into_owned(), file.blob);
                    visitor.alone(worker, Piece::new(&origin, bytes));
                    visitor.advance(1, bytes.len() as u64);
                }
                Err(absent) => visitor.skipped(absent.told(&file.path.to_str_lossy(), &file.blob)),
            }
        };
        if wanted.len() < FILES_TO_SPREAD {
            wanted.iter().for_each(look_at);
        } else {
            wanted.par_iter().for_each(look_at);
        }
        wanted.len()
    }

    /// The tree of `HEAD`; nothing when there is no commit or it cannot be read.
    fn head_tree(&mut self, repository: &Repository, lookup: &Lookup) -> Option<ObjectId> {
        let Head::Commit(commit) = repository.head() else {
            return None;
        };
        let mut buffer = Vec::new();
        match lookup.of_kind(Kind::Commit, &commit, &mut buffer) {
            Ok(data) => CommitFacts::parse(data).map(|facts| facts.tree),
            Err(absent) => {
                self.skipped.push(absent.told("HEAD, commit", &commit));
                None
            }
        }
    }
}

/// Shows the names of the files and of the folders above them, each path once.
fn scan_names<V: Visitor>(files: &[&StagedFile], visitor: &V) {
    let mut worker = visitor.worker();
    let mut shown: HashSet<&BStr> = HashSet::new();
    for file in files {
        let path = file.path.as_bstr();
        let folders = memchr::memchr_iter(b'/', path).filter_map(|end| path.get(..end));
        for path in folders.map(BStr::new).chain([path]) {
            if !shown.insert(path) {
                continue;
            }
            let start = memchr::memrchr(b'/', path).map_or(0, |slash| slash + 1);
            let origin = Origin::PathName(path.to_str_lossy().into_owned());
            let bytes = path.get(start..).unwrap_or_default();
            drop(visitor.whole(&mut worker, Piece::new(&origin, bytes)));
        }
    }
}

/// A folder: its tree in `HEAD`, its entries in the index, and what the index remembers of it.
struct Step<'i> {
    tree: Option<ObjectId>,
    entries: Range<usize>,
    /// Length of the folder's path with the slash at its end.
    prefix: usize,
    cached: Option<&'i extension::Tree>,
    depth: usize,
}

/// The entries of an index, in its order.
trait Listing {
    fn len(&self) -> usize;

    fn path(&self, at: usize) -> Option<&BStr>;

    fn entry(&self, at: usize) -> Option<Listed<'_>>;

    fn cached(&self) -> Option<&extension::Tree>;
}

impl Listing for PlainIndex {
    fn len(&self) -> usize {
        self.len()
    }

    fn path(&self, at: usize) -> Option<&BStr> {
        self.path(at)
    }

    fn entry(&self, at: usize) -> Option<Listed<'_>> {
        self.entry(at)
    }

    fn cached(&self) -> Option<&extension::Tree> {
        self.cached()
    }
}

impl Listing for State {
    fn len(&self) -> usize {
        self.entries().len()
    }

    fn path(&self, at: usize) -> Option<&BStr> {
        Some(self.entries().get(at)?.path(self))
    }

    fn entry(&self, at: usize) -> Option<Listed<'_>> {
        let entry = self.entries().get(at)?;
        Some(Listed {
            path: entry.path(self),
            mode: entry.mode,
            id: entry.id,
            is_announced: entry.flags.contains(Flags::INTENT_TO_ADD),
        })
    }

    fn cached(&self) -> Option<&extension::Tree> {
        self.tree()
    }
}

/// The comparison while it goes on.
struct Comparison<'i, L> {
    lookup: &'i Lookup,
    index: &'i L,
    max_depth: usize,
    pending: Vec<Step<'i>>,
    staged: Staged,
}

/// What `HEAD` has in one folder, by name.
type HeadEntries = HashMap<BString, (ObjectId, EntryKind)>;

impl<'i, L: Listing> Comparison<'i, L> {
    fn compare(&mut self, step: &Step<'i>) {
        if step
            .cached
            .is_some_and(|cached| cached.num_entries.is_some() && Some(cached.id) == step.tree)
        {
            return;
        }
        if step.depth > self.max_depth {
            let tree = step.tree.unwrap_or(ObjectId::null(self.lookup.hash()));
            self.staged.skipped.push(trees::too_deep(&tree));
            return;
        }
        let head = step
            .tree
            .map(|tree| self.head_entries(&tree))
            .unwrap_or_default();
        let cached: HashMap<&[u8], &extension::Tree> = step
            .cached
            .into_iter()
            .flat_map(|cached| &cached.children)
            .map(|child| (child.name.as_slice(), child))
            .collect();
        let mut at = step.entries.start;
        while at < step.entries.end {
            let Some(entry) = self.index.entry(at) else {
                return;
            };
            let path = entry.path;
            let rest = path.get(step.prefix..).unwrap_or_default();
            let Some(slash) = rest.find_byte(b'/') else {
                self.compare_file(&entry, head.get(BStr::new(rest)));
                at += 1;
                continue;
            };
            let name = rest.get(..slash).unwrap_or_default();
            let before = head.get(BStr::new(name));
            if entry.mode.is_sparse() {
                self.compare_sparse(&entry, before);
                at += 1;
                continue;
            }
            let prefix = step.prefix + slash + 1;
            let cached = cached.get(name).copied();
            let end = self.end_of_folder(
                at..step.entries.end,
                path.get(..prefix).unwrap_or_default(),
                cached,
            );
            self.pending.push(Step {
                tree: before.and_then(|(id, kind)| (*kind == EntryKind::Tree).then_some(*id)),
                entries: at..end,
                prefix,
                cached,
                depth: step.depth + 1,
            });
            at = end;
        }
    }

    /// Where the entries below `folder` end, the first of which stands at the start of `entries`.
    fn end_of_folder(
        &self,
        entries: Range<usize>,
        folder: &[u8],
        cached: Option<&extension::Tree>,
    ) -> usize {
        let is_below = |at: usize| {
            let path = (at < entries.end).then(|| self.index.path(at)).flatten();
            path.is_some_and(|path| path.starts_with(folder))
        };
        if let Some(count) = cached.and_then(|cached| cached.num_entries) {
            // The count is the writer's claim: believed only when the folder does end there.
            let end = entries.start.saturating_add(count as usize);
            if count > 0 && is_below(end - 1) && !is_below(end) {
                return end;
            }
        }
        (entries.start + 1..entries.end)
            .find(|&at| !is_below(at))
            .unwrap_or(entries.end)
    }

    fn compare_file(&mut self, entry: &Listed<'_>, before: Option<&(ObjectId, EntryKind)>) {
        let unchanged =
            before.is_some_and(|(id, kind)| *id == entry.id && *kind == EntryKind::Blob);
        if !unchanged && !entry.is_announced && index::kind(entry.mode) == EntryKind::Blob {
            self.push(entry.path, entry.id);
        }
    }

    /// A folder outside of the sparse checkout is one entry, with its tree. Its files have no entries of their own, so
    /// the folder's path stands for theirs.
    fn compare_sparse(&mut self, entry: &Listed<'_>, before: Option<&(ObjectId, EntryKind)>) {
        let parents: Vec<ObjectId> = before.map(|(id, _)| *id).into_iter().collect();
        let mut newcomers = Newcomers::new(self.lookup, self.max_depth);
        newcomers.add(entry.id, parents);
        self.staged.skipped.append(&mut newcomers.skipped);
        for blob in newcomers.blobs {
            self.push(entry.path, blob);
        }
    }

    fn push(&mut self, path: &BStr, blob: ObjectId) {
        self.staged.files.push(StagedFile {
            path: path.to_owned(),
            blob,
        });
    }

    fn head_entries(&mut self, tree: &ObjectId) -> HeadEntries {
        let mut entries = HeadEntries::new();
        let mut buffer = Vec::new();
        let read = self
            .lookup
            .of_kind(Kind::Tree, tree, &mut buffer)
            .and_then(|data| {
                trees::for_each(data, self.lookup.hash(), |entry| {
                    entries.insert(entry.name.to_owned(), (entry.id.to_owned(), entry.kind));
                })
            });
        if let Err(absent) = read {
            self.staged.skipped.push(absent.told("tree", tree));
        }
        entries
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testbed::{Bench, Testbed};
    use crate::recording::Recording;

    fn scan(bench: &Bench) -> Recording {
        let seen = Recording::default();
        let repository = bench.open();
        let staged = Staged::of(&repository);
        assert_eq!(staged, Staged::decoded(&repository));
        staged.scan(&repository, &seen, &|_| false);
        seen
    }

    /// The slow twin: what git itself lists.
    fn as_git_says(bench: &Bench) -> Vec<String> {
        let listed = bench.git(&[
            "diff",
            "--cached",
            "--name-only",
            "--no-renames",
            "--diff-filter=AMTU",
        ]);
        let mut paths: Vec<String> = listed.lines().map(str::to_owned).collect();
        paths.sort();
        paths
    }

    fn paths(bench: &Bench) -> Vec<String> {
        let mut paths = scan(bench).paths();
        paths.dedup();
        paths
    }

    #[test]
    fn what_is_staged_is_read_from_the_object_database_and_not_from_the_file() {
        let bed = Testbed::new();
        let bench = bed.init("r", &[]);
        bench.commit(&[("a", "1"), ("d/b", "2")], "first");
        bench.write("a", "staged a");
        bench.write("d/new", "staged new");
        bench.git(&["add", "-A"]);
        bench.write("a", "not staged");
        bench.write("untracked", "not staged");
        let seen = scan(&bench);
        assert_eq!(seen.paths(), ["a", "d/new"]);
        assert!(seen.saw("staged a") && !seen.saw("not staged"));
    }

    #[test]
    fn in_a_repository_without_a_commit_everything_in_the_index_is_staged() {
        let bed = Testbed::new();
        let bench = bed.init("r", &[]);
        bench.write("a/b", "1");
        bench.git(&["add", "-A"]);
        assert_eq!(scan(&bench).paths(), ["a/b"]);
    }

    #[test]
    fn deletions_and_unchanged_files_and_announced_ones_are_not_staged_content() {
        let bed = Testbed::new();
        let bench = bed.init("r", &[]);
        bench.commit(&[("a", "1"), ("b", "2"), ("d/c", "3")], "first");
        bench.git(&["rm", "-q", "a"]);
        bench.write("announced", "text");
        bench.git(&["add", "--intent-to-add", "announced"]);
        bench.git(&["update-index", "--chmod=+x", "b"]);
        assert!(scan(&bench).pieces().is_empty());
    }

    #[test]
    fn a_file_that_became_a_folder_or_a_link_is_staged() {
        let bed = Testbed::new();
        let bench = bed.init("r", &[]);
        bench.commit(&[("a", "1"), ("b", "2"), ("c/d", "3")], "first");
        bench.git(&["rm", "-rq", "a", "b", "c"]);
        bench.write("a/inner", "in the folder");
        bench.write("c", "was a folder");
        let blob = bench.root().join("target");
        std::fs::write(&blob, "where the link goes").unwrap();
        let id = bench.git(&["hash-object", "-w", "target"]);
        std::fs::remove_file(blob).unwrap();
        bench.git(&["add", "-A"]);
        bench.git(&[
            "update-index",
            "--add",
            "--cacheinfo",
            &format!("120000,{id},b"),
        ]);
        let seen = scan(&bench);
        assert_eq!(seen.paths(), ["a/inner", "b", "c"]);
        assert!(seen.saw("where the link goes"));
    }

    #[test]
    fn all_versions_of_a_conflict_are_staged_but_the_one_that_head_has() {
        let bed = Testbed::new();
        let bench = bed.init("r", &[]);
        bench.commit(&[("a", "base")], "first");
        bench.commit_beside(&[("a", "theirs")]);
        bench.commit(&[("a", "ours")], "main");
        bench.git_may_fail(&["merge", "-q", "side"]);
        let seen = scan(&bench);
        assert!(seen.saw("base") && seen.saw("theirs") && !seen.saw("ours"));
    }

    #[test]
    fn a_submodules_commit_is_no_content() {
        let bed = Testbed::new();
        let bench = bed.init("r", &[]);
        let commit = bench.commit(&[("a", "1")], "first");
        bench.git(&[
            "update-index",
            "--add",
            "--cacheinfo",
            &format!("160000,{commit},module"),
        ]);
        let seen = scan(&bench);
        assert!(seen.pieces().is_empty() && seen.all_skipped().is_empty());
    }

    #[test]
    fn a_split_and_a_version_4_index_are_read() {
        let bed = Testbed::new();
        let bench = bed.init("r", &[]);
        bench.commit(&[("a", "1"), ("b", "2")], "first");
        bench.git(&["update-index", "--split-index"]);
        bench.write("new", "text");
        bench.git(&["add", "new"]);
        assert_eq!(scan(&bench).paths(), ["new"]);
        bench.git(&["update-index", "--no-split-index", "--index-version", "4"]);
        assert_eq!(scan(&bench).paths(), ["new"]);
    }

    #[test]
    fn in_a_sparse_index_folders_that_differ_are_compared_by_their_trees() {
        let bed = Testbed::new();
        let bench = bed.init("r", &[]);
        bench.commit(
            &[("in/a", "1"), ("out/b", "2"), ("out/deep/c", "3")],
            "first",
        );
        bench.commit(&[("out/deep/c", "changed outside")], "second");
        bench.git(&["sparse-checkout", "set", "--sparse-index", "in"]);
        assert!(scan(&bench).pieces().is_empty());
        bench.write("in/a", "changed inside");
        bench.git(&["add", "in/a"]);
        assert_eq!(scan(&bench).paths(), ["in/a"]);
        bench.git(&["reset", "-q", "--soft", "HEAD~1"]);
        let seen = scan(&bench);
        assert_eq!(seen.paths(), ["in/a", "out/"]);
        assert!(seen.saw("changed outside"));
    }

    #[test]
    fn after_any_changes_it_is_what_git_lists_with_and_without_cached_trees() {
        let bed = Testbed::new();
        let bench = bed.init("r", &[]);
        let many: Vec<(String, String)> = (0..300)
            .map(|number| {
                (
                    format!("d{}/e{}/f{number}", number % 7, number % 3),
                    number.to_string(),
                )
            })
            .collect();
        let files: Vec<(&str, &str)> = many
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
            .collect();
        bench.commit(&files, "first");
        bench.git(&["mv", "d0/e0", "d1/moved"]);
        bench.git(&["rm", "-rq", "d2/e1"]);
        bench.write("d3/e0/new", "new");
        bench.write("d3-first", "sorts before the folder");
        bench.git(&["add", "-A"]);
        assert!(paths(&bench).len() > 10);
        assert_eq!(paths(&bench), as_git_says(&bench));
        bench.git(&["read-tree", "--empty"]);
        bench.git(&["add", "-A"]);
        assert_eq!(paths(&bench), as_git_says(&bench));
        bench.git(&["write-tree"]);
        assert_eq!(paths(&bench), as_git_says(&bench));
    }

    #[test]
    fn excluded_paths_are_told_and_not_read() {
        let bed = Testbed::new();
        let bench = bed.init("r", &[]);
        bench.write("a", "1");
        bench.write("b.min.js", "2");
        bench.git(&["add", "-A"]);
        let seen = Recording::default();
        let repository = bench.open();
        let count =
            Staged::of(&repository).scan(&repository, &seen, &|path| path.ends_with(".min.js"));
        assert_eq!((count, seen.paths()), (1, vec!["a".to_owned()]));
        assert_eq!(seen.all_skipped().len(), 1);
    }

    #[test]
    fn a_damaged_index_and_a_missing_blob_are_told() {
        let bed = Testbed::new();
        let bench = bed.init("r", &[]);
        bench.write("a", "1");
        bench.git(&["add", "a"]);
        let blob = bench.id(":a");
        std::fs::remove_file(bench.loose_file(&blob)).unwrap();
        let told = scan(&bench).all_skipped();
        assert_eq!(told.len(), 1);
        assert!(told[0].what.contains(&blob.to_string()) && told[0].what.starts_with('a'));
        std::fs::write(bench.root().join(".git/index"), "DIRC and nothing good").unwrap();
        assert_eq!(scan(&bench).all_skipped()[0].what, "index");
    }
}
