//! The index of a working tree: what is staged, and what git last saw in the files.
//!
//! Only read, and only when it is a regular file. Its paths are foreign: one that would leave the working tree
//! (`..`, absolute, into `.git`) is told and left out by everything that goes to the file system with it.

use std::ffi::OsStr;
use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;

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
        let path = repository.index_file();
        match path.symlink_metadata() {
            Ok(metadata) if metadata.is_file() => {}
            Ok(_) => return Err(told(SkippedKind::Unreadable, "it is not a regular file")),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(told(SkippedKind::Unreadable, &error.to_string())),
        }
        if may_end_the_process(repository, &path) {
            let reason = "the trees that it remembers are nested deeper than the limit";
            return Err(told(SkippedKind::Limit, reason));
        }
        // Its checksum is not verified: that takes longer than everything else that is done with it.
        gix::index::File::at(
            path,
            repository.object_hash(),
            true,
            gix::index::decode::Options::default(),
        )
        .map(|file| Some(Self { file }))
        .map_err(|error| told(SkippedKind::Corrupt, &format!("{error:#}")))
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

/// Whether the index, or a part of it that lies in a file of its own, has trees that cannot be decoded.
fn may_end_the_process(repository: &Repository, index: &Path) -> bool {
    let id_length = repository.object_hash().len_in_bytes();
    let most = repository.limits().max_tree_depth;
    let is_too_deep = |path: &Path| {
        let file = File::open(path).ok();
        let length = |file: &File| usize::try_from(file.metadata().ok()?.len()).ok();
        let bytes = file.and_then(|file| mapped::map(&file, length(&file)?).ok());
        // What cannot be opened is told by the reader.
        bytes.is_some_and(|bytes| cached_trees::are_too_deep_in(&bytes, id_length, most))
    };
    let beside = index.parent().and_then(|folder| folder.read_dir().ok());
    let is_shared = |name: &OsStr| name.to_string_lossy().starts_with("sharedindex.");
    let mut shared = beside
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| is_shared(&entry.file_name()));
    is_too_deep(index) || shared.any(|entry| is_too_deep(&entry.path()))
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
