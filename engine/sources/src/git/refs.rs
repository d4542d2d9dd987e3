//! Everything in a repository that names an object from outside: branches, tags, remote branches, notes, pull
//! requests, the stash with its older entries, and the `HEAD`s of all its worktrees.
//!
//! Reads `packed-refs`, loose refs, the files called `…HEAD` and the stash's log; never writes, never follows a
//! link out of the repository's folder for the files it reads itself. Refs in a reftable come from
//! [`super::reftable`].

use std::collections::BTreeMap;
use std::path::Path;

use gix::ObjectId;
use gix::refs::TargetRef;
use leakward_core::{Skipped, SkippedKind};

use super::Repository;
use super::reftable::Reftables;
use crate::piece::{Origin, Piece};
use crate::tree::Contents;
use crate::visitor::Visitor;

/// Largest file with refs that is read by ourselves: a `FETCH_HEAD` has a line for each fetched ref.
const MAX_FILE_BYTES: u64 = 256 << 20;

/// How many symbolic refs are followed in a row; git itself gives up after five.
pub(super) const MAX_SYMBOLIC: usize = 10;

/// A name that leads to an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ref {
    /// The full name: `refs/heads/main`, `HEAD`, `stash@{1}`, `worktrees/x/HEAD`, `main-worktree/HEAD`.
    pub name: String,
    /// What it leads to, symbolic refs followed, tags not: a commit, an annotated tag, or anything else.
    pub target: ObjectId,
}

/// All refs of a repository.
#[derive(Clone, Debug, Default)]
pub struct Refs {
    refs: Vec<Ref>,
    /// Each once, sorted.
    names: Vec<String>,
    skipped: Vec<Skipped>,
}

impl Refs {
    /// Lists the refs of `repository`. What cannot be read is in [`Refs::skipped`].
    #[must_use]
    pub fn of(repository: &Repository) -> Self {
        let mut refs = Self::default();
        match repository.reftables() {
            None => refs.collect_stored(repository),
            Some(tables) => refs.collect_reftables(tables),
        }
        refs.collect_files(repository);
        refs.forget_pruned(repository);
        refs.refs.sort_unstable();
        refs.refs.dedup();
        refs.names.sort_unstable();
        refs.names.dedup();
        refs
    }

    /// The refs, sorted by name.
    #[must_use]
    pub fn all(&self) -> &[Ref] {
        &self.refs
    }

    /// The distinct objects that they lead to.
    #[must_use]
    pub fn targets(&self) -> Vec<ObjectId> {
        let mut distinct: Vec<ObjectId> = self.refs.iter().map(|named| named.target).collect();
        distinct.sort_unstable();
        distinct.dedup();
        distinct
    }

    /// Refs that are there and could not be read.
    #[must_use]
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// Shows the name of each stored ref to the visitor, those that lead nowhere too.
    pub fn scan_names<V: Visitor>(&self, visitor: &V) {
        let mut worker = visitor.worker();
        for name in &self.names {
            if visitor.stop() {
                return;
            }
            let origin = Origin::RefName(name.clone());
            visitor.alone(&mut worker, Piece::new(&origin, name.as_bytes()));
        }
    }

    /// The refs below `refs/`, loose and packed.
    fn collect_stored(&mut self, repository: &Repository) {
        let handle = repository.gix();
        let mut symbolic: Vec<(String, String)> = Vec::new();
        let mut direct: Vec<Ref> = Vec::new();
        let listed = handle
            .references()
            .map_err(|error| error.to_string())
            .and_then(|platform| {
                for reference in platform.all().map_err(|error| error.to_string())? {
                    match reference {
                        Ok(reference) => {
                            let name = reference.name().as_bstr().to_string();
                            match reference.target() {
                                TargetRef::Object(id) => {
                                    let target = id.to_owned();
                                    direct.push(Ref { name, target });
                                }
                                TargetRef::Symbolic(to) => {
                                    symbolic.push((name, to.as_bstr().to_string()));
                                }
                            }
                        }
                        Err(error) => self.unreadable("a ref", &format!("{error:#}")),
                    }
                }
                Ok(())
            });
        if let Err(error) = listed {
            self.unreadable("refs", &error);
        }
        let links: BTreeMap<String, String> = symbolic.into_iter().collect();
        let direct = ByName::of(direct);
        self.names.extend(links.keys().cloned());
        self.names
            .extend(direct.0.iter().map(|named| named.name.clone()));
        for name in links.keys() {
            // One that leads to a branch that is gone loses nothing: there is no object to be missed.
            if let Some(target) = follow(name, &links, &direct) {
                self.push(name.clone(), target);
            }
        }
        for Ref { name, target } in direct.0 {
            self.push(name, target);
        }
    }

    /// The refs of all tables, with those that are files elsewhere: `HEAD`, the refs of other worktrees, the stash's log.
    fn collect_reftables(&mut self, tables: &Reftables) {
        for (name, target) in tables.names() {
            if name.contains("refs/") {
                self.names.push(name.to_owned());
            }
            if let Some(target) = target {
                self.push(name.to_owned(), target);
            }
        }
        self.push_stash(tables.stash().iter().copied());
        self.skipped.extend_from_slice(tables.skipped());
    }

    /// The `…HEAD` files and the stash's log, of this worktree, the main one and all linked ones.
    fn collect_files(&mut self, repository: &Repository) {
        let known = ByName::of(std::mem::take(&mut self.refs));
        let common = repository.common_dir();
        let private = repository.git_dir();
        let private = private.canonicalize().unwrap_or(private);
        // The names are git's own, as seen from the worktree that was opened.
        let prefix = |folder: &Path, name: String| {
            if folder == private {
                String::new()
            } else {
                name
            }
        };
        self.collect_heads(
            &common,
            &prefix(&common, "main-worktree/".to_owned()),
            &known,
        );
        for (folder, name) in folders_in(&common.join("worktrees")) {
            let prefix = prefix(&folder, format!("worktrees/{name}/"));
            self.collect_heads(&folder, &prefix, &known);
            self.collect_loose(&folder.join("refs"), &format!("{prefix}refs"), 0);
        }
        if !private.starts_with(&common) {
            self.collect_heads(&private, "", &known);
        }
        self.collect_stash(&common.join("logs/refs/stash"));
        self.refs.extend(known.0);
    }

    /// Leaves out where an operation began or what was fetched once (`ORIG_HEAD`, `FETCH_HEAD` …) when its object is gone:
    /// git keeps no object for these names, so that is no gap in what there is.
    fn forget_pruned(&mut self, repository: &Repository) {
        let handle = repository.gix();
        let is_kept = |name: &str| {
            let last = name.rsplit('/').next().unwrap_or(name);
            last == "HEAD"
                || !(last.ends_with("HEAD") || last == "AUTO_MERGE")
                || name.starts_with("refs/")
        };
        self.refs
            .retain(|one| is_kept(&one.name) || handle.has_object(one.target));
    }

    /// What the files in `folder` that are called `HEAD`, `FETCH_HEAD`, `MERGE_HEAD` and so on lead to.
    fn collect_heads(&mut self, folder: &Path, prefix: &str, known: &ByName) {
        let Ok(entries) = std::fs::read_dir(folder) else {
            // A folder that is not there has no files; one that may not be read has been told with its objects.
            return;
        };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_head = name.ends_with("HEAD") || name == "AUTO_MERGE";
            if !is_head
                || !name
                    .bytes()
                    .all(|byte| byte.is_ascii_uppercase() || byte == b'_')
            {
                continue;
            }
            let mut contents = Contents::default();
            match contents.read(&entry.path(), MAX_FILE_BYTES) {
                Ok(text) => {
                    for target in heads_in(text, known) {
                        self.push(format!("{prefix}{name}"), target);
                    }
                }
                Err(error) => self.unreadable(&format!("{prefix}{name}"), &error.to_string()),
            }
        }
    }

    /// The refs that a linked worktree has for itself (a bisection, a rebase).
    fn collect_loose(&mut self, folder: &Path, prefix: &str, depth: usize) {
        const MAX_DEPTH: usize = 32;
        let Ok(entries) = std::fs::read_dir(folder) else {
            return;
        };
        for entry in entries.flatten() {
            let name = format!("{prefix}/{}", entry.file_name().to_string_lossy());
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            if kind.is_dir() && depth < MAX_DEPTH {
                self.collect_loose(&entry.path(), &name, depth + 1);
            } else if kind.is_file() {
                match Contents::default().read(&entry.path(), MAX_FILE_BYTES) {
                    Ok(text) => {
                        self.names.push(name.clone());
                        for target in heads_in(text, &ByName::default()) {
                            self.push(name.clone(), target);
                        }
                    }
                    Err(error) => self.unreadable(&name, &error.to_string()),
                }
            }
        }
    }

    /// The stash keeps all but its newest entry in a log only.
    fn collect_stash(&mut self, log: &Path) {
        let mut contents = Contents::default();
        let text = match contents.read(log, MAX_FILE_BYTES) {
            Ok(text) => text,
            Err(_) if !log.exists() => return,
            Err(error) => return self.unreadable("the stash", &error.to_string()),
        };
        let entries: Vec<ObjectId> = text
            .split(|&byte| byte == b'\n')
            .filter_map(|line| ObjectId::from_hex(line.split(|&byte| byte == b' ').nth(1)?).ok())
            .collect();
        self.push_stash(entries.into_iter().rev());
    }

    fn push_stash(&mut self, newest_first: impl Iterator<Item = ObjectId>) {
        for (age, target) in newest_first.enumerate() {
            self.push(format!("stash@{{{age}}}"), target);
        }
    }

    fn push(&mut self, name: String, target: ObjectId) {
        if !target.is_null() {
            self.refs.push(Ref { name, target });
        }
    }

    fn unreadable(&mut self, what: &str, reason: &str) {
        self.skipped.push(Skipped {
            kind: SkippedKind::Unreadable,
            what: what.to_owned(),
            reason: reason.to_owned(),
        });
    }
}

/// Refs that are found by their names.
///
/// PERF: a busy repository has 60,000, and they are stored by their names; a map of them takes longer than reading them.
#[derive(Default)]
struct ByName(Vec<Ref>);

impl ByName {
    fn of(mut refs: Vec<Ref>) -> Self {
        refs.sort();
        Self(refs)
    }

    /// What a ref leads to.
    fn get(&self, name: &str) -> Option<ObjectId> {
        let at = self.0.partition_point(|named| named.name.as_str() < name);
        let named = self.0.get(at).filter(|named| named.name == name);
        named.map(|named| named.target)
    }
}

/// The object that the symbolic ref `name` leads to.
fn follow(name: &str, links: &BTreeMap<String, String>, direct: &ByName) -> Option<ObjectId> {
    let mut name = name;
    for _ in 0..MAX_SYMBOLIC {
        if let Some(target) = direct.get(name) {
            return Some(target);
        }
        name = links.get(name)?;
    }
    None
}

/// The objects that a `…HEAD` file leads to: one id in each line, or the name of a ref.
fn heads_in(text: &[u8], known: &ByName) -> Vec<ObjectId> {
    text.split(|&byte| byte == b'\n')
        .filter_map(|line| {
            if let Some(name) = line.strip_prefix(b"ref: ") {
                return known.get(&String::from_utf8_lossy(name.trim_ascii()));
            }
            let digits = line
                .iter()
                .position(|byte| !byte.is_ascii_hexdigit())
                .unwrap_or(line.len());
            ObjectId::from_hex(line.get(..digits)?).ok()
        })
        .collect()
}

/// The folders in `folder` with their names, links left out.
pub(super) fn folders_in(folder: &Path) -> Vec<(std::path::PathBuf, String)> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| {
            (
                entry.path(),
                entry.file_name().to_string_lossy().into_owned(),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testbed::{Bench, Testbed};
    use crate::recording::Recording;

    fn names_of(refs: &Refs, id: ObjectId) -> Vec<&str> {
        refs.all()
            .iter()
            .filter(|named| named.target == id)
            .map(|named| named.name.as_str())
            .collect()
    }

    fn one_commit(bench: &Bench) -> ObjectId {
        bench.commit(&[("a", "1")], "first")
    }

    #[test]
    fn loose_and_packed_refs_of_every_kind_are_listed_with_their_names() {
        let bed = Testbed::new();
        let bench = bed.init("r", &[]);
        let commit = one_commit(&bench);
        for name in [
            "refs/pull/1/head",
            "refs/merge-requests/2/head",
            "refs/remotes/origin/x",
        ] {
            bench.git(&["update-ref", name, "HEAD"]);
        }
        bench.git(&["tag", "light"]);
        bench.git(&["tag", "-a", "heavy", "-m", "text"]);
        bench.git(&["notes", "add", "-m", "note"]);
        bench.git(&["pack-refs", "--all"]);
        bench.git(&["branch", "loose"]);
        bench.git(&[
            "symbolic-ref",
            "refs/remotes/origin/HEAD",
            "refs/remotes/origin/x",
        ]);
        bench.git(&[
            "symbolic-ref",
            "refs/remotes/gone/HEAD",
            "refs/remotes/gone/x",
        ]);
        let refs = Refs::of(&bench.open());
        assert_eq!(
            names_of(&refs, commit),
            [
                "HEAD",
                "refs/heads/loose",
                "refs/heads/main",
                "refs/merge-requests/2/head",
                "refs/pull/1/head",
                "refs/remotes/origin/HEAD",
                "refs/remotes/origin/x",
                "refs/tags/light"
            ]
        );
        assert_eq!(names_of(&refs, bench.id("heavy")), ["refs/tags/heavy"]);
        assert_eq!(
            names_of(&refs, bench.id("refs/notes/commits")),
            ["refs/notes/commits"]
        );
        assert_eq!(refs.targets().len(), 3);
        let seen = Recording::default();
        refs.scan_names(&seen);
        assert!(seen.saw("refs/remotes/gone/HEAD") && seen.saw("refs/pull/1/head"));
        assert!(refs.skipped().is_empty());
    }

    #[test]
    fn older_entries_of_the_stash_are_listed() {
        let bed = Testbed::new();
        let bench = bed.init("r", &[]);
        one_commit(&bench);
        let mut stashed = Vec::new();
        for text in ["2", "3", "4"] {
            bench.write("a", text);
            bench.git(&["stash", "push", "-q"]);
            stashed.push(bench.id("refs/stash"));
        }
        let refs = Refs::of(&bench.open());
        assert_eq!(names_of(&refs, stashed[0]), ["stash@{2}"]);
        assert_eq!(names_of(&refs, stashed[2]), ["refs/stash", "stash@{0}"]);
    }

    #[test]
    fn detached_heads_of_this_and_of_linked_worktrees_are_listed_from_either() {
        let bed = Testbed::new();
        let bench = bed.init("r", &[]);
        one_commit(&bench);
        bench.git(&["worktree", "add", "-q", "--detach", "../linked"]);
        let linked = bed.at("linked");
        let alone = linked.commit(&[("b", "2")], "only here");
        bench.git(&["checkout", "-q", "--detach"]);
        let here = bench.commit(&[("c", "3")], "only there");
        let from_main = Refs::of(&bench.open());
        assert_eq!(names_of(&from_main, alone), ["worktrees/linked/HEAD"]);
        assert_eq!(names_of(&from_main, here), ["HEAD"]);
        let from_linked = Refs::of(&linked.open());
        assert_eq!(names_of(&from_linked, alone), ["HEAD"]);
        assert_eq!(names_of(&from_linked, here), ["main-worktree/HEAD"]);
    }

    #[test]
    fn what_was_fetched_or_left_behind_is_listed() {
        let bed = Testbed::new();
        let bench = bed.init("r", &[]);
        one_commit(&bench);
        let left = bench.commit(&[("a", "2")], "second");
        bench.git(&["reset", "-q", "--hard", "HEAD~1"]);
        let origin = bed.init("origin", &[]);
        let fetched = origin.commit(&[("x", "y")], "theirs");
        bench.git(&["fetch", "-q", "../origin", "main"]);
        let refs = Refs::of(&bench.open());
        assert_eq!(names_of(&refs, left), ["ORIG_HEAD"]);
        assert_eq!(names_of(&refs, fetched), ["FETCH_HEAD"]);
    }

    #[test]
    fn a_broken_ref_is_told_and_the_others_are_listed() {
        let bed = Testbed::new();
        let bench = bed.init("r", &[]);
        let commit = one_commit(&bench);
        std::fs::write(bench.root().join(".git/refs/heads/broken"), "nonsense\n").unwrap();
        let refs = Refs::of(&bench.open());
        assert_eq!(names_of(&refs, commit), ["HEAD", "refs/heads/main"]);
        assert_eq!(refs.skipped().len(), 1);
        assert_eq!(refs.skipped()[0].kind, SkippedKind::Unreadable);
    }

    #[test]
    fn an_empty_repository_has_no_refs() {
        let bed = Testbed::new();
        let refs = Refs::of(&bed.init("r", &[]).open());
        assert!(refs.all().is_empty() && refs.skipped().is_empty());
    }

    #[test]
    fn a_sha_256_repository_lists_its_refs() {
        let bed = Testbed::new();
        let bench = bed.init("r", &["--object-format=sha256"]);
        let commit = one_commit(&bench);
        assert_eq!(
            names_of(&Refs::of(&bench.open()), commit),
            ["HEAD", "refs/heads/main"]
        );
    }
}
