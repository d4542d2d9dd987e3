//! The index of a working tree: what is staged, and what git last saw in the files.
//!
//! Only read, and only when it is a regular file. Its paths are foreign: one that would leave the working tree
//! (`..`, absolute, into `.git`) is told and left out by everything that goes to the file system with it.

use std::ffi::OsStr;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use bstr::{BStr, ByteSlice};
use gix::ObjectId;
use gix::index::entry::Mode;
use leakward_core::{Skipped, SkippedKind};

use super::trees::EntryKind;
use super::{Repository, cached_trees};
use crate::tree::mapped;

/// The index of a working tree.
pub(crate) struct Index {
    file: gix::index::File,
}

impl Index {
    /// Reads it; nothing when there is none (a bare or a new repository).
    ///
    /// # Errors
    /// What to tell when it is there and cannot be read.
    pub(crate) fn of(repository: &Repository) -> Result<Option<Self>, Skipped> {
        let most = repository.limits().max_tree_depth;
        let file = open(&repository.index_file(), repository.object_hash(), most)?;
        Ok(file.map(|file| Self { file }))
    }

    /// The decoded file.
    pub(crate) fn file(&self) -> &gix::index::File {
        &self.file
    }

    /// Every object that it refers to: blobs, and in a sparse index trees.
    pub(crate) fn objects(&self) -> impl Iterator<Item = (ObjectId, EntryKind)> {
        self.file
            .entries()
            .iter()
            .map(|entry| (entry.id, kind(entry.mode)))
    }
}

/// Opens an index, whoever wrote it; nothing when there is none.
///
/// # Errors
/// What to tell when it, or a part of it that lies in a file of its own, is no regular file, cannot be read, or remembers trees that
/// are nested deeper than `most`.
pub(super) fn open(
    path: &Path,
    hash: gix::hash::Kind,
    most: usize,
) -> Result<Option<gix::index::File>, Skipped> {
    match path.symlink_metadata() {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => return Err(told(SkippedKind::Unreadable, "it is not a regular file")),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(told(SkippedKind::Unreadable, &error.to_string())),
    }
    let shared = shared_parts(path);
    // Gix opens the one that the index names: of a pipe it would wait for bytes that never come.
    if shared.iter().any(|(_, is_file)| !is_file) {
        let reason = "a file that it shares entries with is not a regular file";
        return Err(told(SkippedKind::Unreadable, reason));
    }
    let files = std::iter::once(path).chain(shared.iter().map(|(path, _)| path.as_path()));
    for file in files {
        if is_nested_too_deeply(file, hash.len_in_bytes(), most) {
            let reason = "the trees that it remembers are nested deeper than the limit";
            return Err(told(SkippedKind::Limit, reason));
        }
    }
    // Its checksum is not verified: that takes longer than everything else that is done with it.
    let options = gix::index::decode::Options::default();
    gix::index::File::at(path, hash, true, options)
        .map(Some)
        .map_err(|error| told(SkippedKind::Corrupt, &format!("{error:#}")))
}

/// The files beside an index in which a part of it can lie, and whether each is a regular file.
fn shared_parts(index: &Path) -> Vec<(PathBuf, bool)> {
    let beside = index.parent().and_then(|folder| folder.read_dir().ok());
    let is_shared = |name: &OsStr| name.to_string_lossy().starts_with("sharedindex.");
    beside
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| is_shared(&entry.file_name()))
        .map(|entry| {
            let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
            (entry.path(), is_file)
        })
        .collect()
}

/// Whether a file of an index has trees that cannot be decoded. What cannot be opened is told by the reader.
fn is_nested_too_deeply(path: &Path, id_length: usize, most: usize) -> bool {
    let file = File::open(path).ok();
    let length = |file: &File| usize::try_from(file.metadata().ok()?.len()).ok();
    let bytes = file.and_then(|file| mapped::map(&file, length(&file)?).ok());
    bytes.is_some_and(|bytes| cached_trees::are_too_deep_in(&bytes, id_length, most))
}

/// What an entry stands for.
pub(crate) fn kind(mode: Mode) -> EntryKind {
    if mode.is_sparse() {
        EntryKind::Tree
    } else if mode.is_submodule() {
        EntryKind::Submodule
    } else {
        EntryKind::Blob
    }
}

/// Whether a path stays inside of the working tree and out of `.git`.
pub(crate) fn is_inside(path: &BStr) -> bool {
    path.split_str("/").all(|part| {
        !part.is_empty()
            && part != b"."
            && part != b".."
            && !part.eq_ignore_ascii_case(b".git")
            && !part.contains(&0)
    })
}

fn told(kind: SkippedKind, reason: &str) -> Skipped {
    Skipped {
        kind,
        what: "index".to_owned(),
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::staged::Staged;
    use crate::git::testbed::Testbed;

    /// An index without entries that remembers folders in folders.
    fn nested(levels: usize) -> Vec<u8> {
        let trees = [
            b"\0-1 1\n".as_slice(),
            &b"d\0-1 1\n".repeat(levels),
            b"d\0-1 0\n",
        ]
        .concat();
        let size = u32::try_from(trees.len()).unwrap().to_be_bytes();
        let header = b"DIRC\0\0\0\x02\0\0\0\0TREE";
        [header.as_slice(), &size, &trees, &[0; 20]].concat()
    }

    #[test]
    fn an_index_that_was_made_to_end_the_process_is_told() {
        let bed = Testbed::new();
        let bench = bed.init("r", &[]);
        bench.commit(&[("a", "1")], "first");
        let file = bench.root().join(".git/index");
        std::fs::write(&file, nested(300_000)).unwrap();
        let told = Index::of(&bench.open()).err().unwrap();
        assert_eq!((told.kind, &*told.what), (SkippedKind::Limit, "index"));
        assert_eq!(Staged::of(&bench.open()).skipped, [told]);
        std::fs::write(&file, nested(100)).unwrap();
        assert!(Index::of(&bench.open()).is_ok_and(|index| index.is_some()));
        // Of a split index the other part is read by the same function.
        std::fs::write(bench.root().join(".git/sharedindex.0"), nested(300_000)).unwrap();
        assert!(Index::of(&bench.open()).is_err());
    }

    #[test]
    fn a_pipe_beside_an_index_is_told_and_nobody_waits_for_it() {
        let bed = Testbed::new();
        let bench = bed.init("r", &[]);
        bench.commit(&[("a", "1")], "first");
        let pipe = bench.root().join(".git/sharedindex.0");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.is_ok_and(|made| made.success()));
        let told = Index::of(&bench.open()).err().unwrap();
        assert_eq!((told.kind, &*told.what), (SkippedKind::Unreadable, "index"));
    }

    #[test]
    fn only_paths_that_stay_in_the_tree_are_inside() {
        for path in ["a", "a/b", "..a", "a/..b/.gitignore", "a.git"] {
            assert!(is_inside(path.into()), "{path}");
        }
        for path in [
            "",
            "/etc/passwd",
            "../a",
            "a/../../b",
            "a//b",
            "a/",
            ".git/config",
            "a/.GIT/b",
            "./a",
        ] {
            assert!(!is_inside(path.into()), "{path}");
        }
    }
}
