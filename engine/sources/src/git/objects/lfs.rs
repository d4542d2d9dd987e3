//! Git LFS: blobs that are only pointers to large files kept elsewhere.
//!
//! When the file was fetched it lies under `lfs/objects` of the repository and is looked at like a blob; when it was not,
//! that is told, because what was not read cannot be called clean.
//!
//! Format: <https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md>, "The Pointer".
//! `lfs.storage` of the repository's configuration has no effect.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use gix::ObjectId;
use leakward_core::{Skipped, SkippedKind};

/// LIMIT: the specification allows no larger pointer.
const MAX_POINTER_BYTES: usize = 1_024;

/// How a pointer begins, in all versions there were.
const VERSIONS: [&[u8]; 3] = [
    b"version https://git-lfs.github.com/spec/v1",
    b"version https://hawser.github.com/spec/v1",
    b"version http://git-media.io/v/2",
];

/// The LFS objects of one repository.
pub(crate) struct Lfs {
    common: PathBuf,
    seen: Mutex<HashSet<String>>,
    limit: u64,
}

/// What a pointer leads to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LfsObject {
    /// SHA-256 of the content, as hexadecimal digits.
    pub(crate) oid: String,
    pub(crate) content: Result<Vec<u8>, Skipped>,
}

impl Lfs {
    /// The LFS objects of the repository with this common folder; none larger than `limit` is read.
    pub(crate) fn new(common: PathBuf, limit: u64) -> Self {
        Self {
            common,
            seen: Mutex::default(),
            limit,
        }
    }

    /// What `blob` points to; none when it is no pointer, or when another pointer led there already.
    pub(crate) fn follow(&self, id: &ObjectId, blob: &[u8]) -> Option<LfsObject> {
        let oid = pointed_to(blob)?;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if !seen.insert(oid.to_owned()) {
            return None;
        }
        drop(seen);
        Some(LfsObject {
            content: self.read(oid).map_err(|(kind, reason)| Skipped {
                kind,
                what: format!("LFS object {oid} (pointer: blob {id})"),
                reason,
            }),
            oid: oid.to_owned(),
        })
    }

    fn read(&self, oid: &str) -> Result<Vec<u8>, (SkippedKind, String)> {
        let path = self
            .path(oid)
            .ok_or((SkippedKind::Corrupt, "its name is no SHA-256".to_owned()))?;
        // Follows symbolic links, so that none can lead out of the repository.
        let Ok(real) = std::fs::canonicalize(&path) else {
            return Err((
                SkippedKind::Missing,
                "it is not on disk; `git lfs fetch --all` brings it".to_owned(),
            ));
        };
        let unreadable = |error: std::io::Error| (SkippedKind::Unreadable, error.to_string());
        let metadata = std::fs::metadata(&real).map_err(unreadable)?;
        if !real.starts_with(&self.common) || !metadata.is_file() {
            let reason = "a symbolic link out of the repository, or no plain file";
            return Err((SkippedKind::Unreadable, reason.to_owned()));
        }
        if metadata.len() > self.limit {
            let reason = format!(
                "it has {} bytes, more than the limit of {}",
                metadata.len(),
                self.limit
            );
            return Err((SkippedKind::Limit, reason));
        }
        std::fs::read(&real).map_err(unreadable)
    }

    fn path(&self, oid: &str) -> Option<PathBuf> {
        let (first, second) = (oid.get(..2)?, oid.get(2..4)?);
        Some(
            self.common
                .join(Path::new("lfs/objects"))
                .join(first)
                .join(second)
                .join(oid),
        )
    }
}

/// The SHA-256 in a pointer; none when the blob is no pointer.
pub(in crate::git) fn pointed_to(blob: &[u8]) -> Option<&str> {
    if blob.len() > MAX_POINTER_BYTES || !VERSIONS.iter().any(|version| blob.starts_with(version)) {
        return None;
    }
    let text = std::str::from_utf8(blob).ok()?;
    let oid = text
        .lines()
        .find_map(|line| line.strip_prefix("oid sha256:"))?
        .trim_end();
    let is_sha256 = oid.len() == 64
        && oid
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    is_sha256.then_some(oid)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointer(oid: &str) -> Vec<u8> {
        format!("version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 3\n")
            .into_bytes()
    }

    fn id() -> ObjectId {
        ObjectId::null(gix::hash::Kind::Sha1)
    }

    #[test]
    fn only_a_small_blob_with_version_and_hash_is_a_pointer() {
        let oid = "0a".repeat(32);
        assert_eq!(pointed_to(&pointer(&oid)), Some(oid.as_str()));
        assert_eq!(pointed_to(&pointer("../../etc")), None);
        assert_eq!(pointed_to(&pointer(&"A".repeat(64))), None);
        assert_eq!(pointed_to(b"oid sha256:00"), None);
        let mut large = pointer(&oid);
        large.extend([b' '; 1_024]);
        assert_eq!(pointed_to(&large), None);
    }

    #[test]
    fn an_object_on_disk_is_read_once_and_a_missing_one_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let common = std::fs::canonicalize(folder.path()).unwrap();
        let (here, gone) = ("ab".repeat(32), "cd".repeat(32));
        let path = common.join("lfs/objects/ab/ab");
        std::fs::create_dir_all(&path).unwrap();
        std::fs::write(path.join(&here), b"content").unwrap();
        let lfs = Lfs::new(common, 100);
        let found = lfs.follow(&id(), &pointer(&here)).unwrap();
        assert_eq!(found.content, Ok(b"content".to_vec()));
        assert_eq!(lfs.follow(&id(), &pointer(&here)), None);
        let missing = lfs
            .follow(&id(), &pointer(&gone))
            .unwrap()
            .content
            .unwrap_err();
        assert_eq!(missing.kind, SkippedKind::Missing);
        assert!(missing.what.contains(&gone));
    }

    #[test]
    fn an_object_over_the_limit_or_outside_of_the_repository_is_told_and_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let common = std::fs::canonicalize(folder.path()).unwrap();
        let (large, link) = ("ab".repeat(32), "ba".repeat(32));
        for oid in [&large, &link] {
            std::fs::create_dir_all(common.join("lfs/objects").join(&oid[..2]).join(&oid[2..4]))
                .unwrap();
        }
        let lfs = Lfs::new(common, 5);
        std::fs::write(lfs.path(&large).unwrap(), b"content").unwrap();
        let told = lfs
            .follow(&id(), &pointer(&large))
            .unwrap()
            .content
            .unwrap_err();
        assert_eq!(told.kind, SkippedKind::Limit);
        #[cfg(unix)]
        {
            let outside = tempfile::NamedTempFile::new().unwrap();
            std::os::unix::fs::symlink(outside.path(), lfs.path(&link).unwrap()).unwrap();
            let told = lfs
                .follow(&id(), &pointer(&link))
                .unwrap()
                .content
                .unwrap_err();
            assert_eq!(told.kind, SkippedKind::Unreadable);
        }
    }
}
