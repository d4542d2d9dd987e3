//! The index of a working tree: what is staged, and what git last saw in the files.
//!
//! Only read, and only when it is a regular file. Its paths are foreign: one that would leave the working tree
//! (`..`, absolute, into `.git`) is told and left out by everything that goes to the file system with it.

use std::io::ErrorKind;

use bstr::{BStr, ByteSlice};
use gix::ObjectId;
use gix::index::entry::Mode;
use leakward_core::{Skipped, SkippedKind};

use super::Repository;
use super::trees::EntryKind;

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
