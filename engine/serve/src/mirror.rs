//! Bare copies of the repositories that are served, so that a push of one commit costs one commit.
//!
//! What of a branch was looked at is held by a ref of our own, set only after everything that was found in it is written down: a
//! crash before that means that it is looked at again.
//!
//! INVARIANT: one at a time works on a mirror. What does not fit into the room for all mirrors goes, the one first that was used
//! longest ago; the next push makes it again.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use aws_lc_rs::digest;
use leakward_sources::git::clone::{CloneError, RemoteUrl, mirror as remote};

use crate::hex;
use crate::work::RepositoryName;

/// LIMIT: packs in a mirror; each fetch brings one. With more, it is made anew.
const MOST_PACKS: usize = 256;

/// Where the mirrors are.
pub(crate) struct Mirrors {
    root: PathBuf,
    most_bytes: u64,
    locks: Mutex<HashMap<PathBuf, Arc<tokio::sync::Mutex<()>>>>,
}

/// One mirror, while somebody works on it.
pub(crate) struct Mirror {
    path: PathBuf,
    /// Opened when it is first looked into.
    copy: Mutex<Option<remote::Copy>>,
    _alone: tokio::sync::OwnedMutexGuard<()>,
}

/// What goes wrong with a mirror.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MirrorError {
    /// The folder.
    #[error("{path}: {reason}")]
    Folder {
        /// The folder.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The other side.
    #[error(transparent)]
    Fetch(#[from] CloneError),
}

impl Mirrors {
    /// Mirrors below `root`, of at most so many bytes together.
    pub(crate) fn new(root: PathBuf, most_bytes: u64) -> Self {
        Self {
            root,
            most_bytes,
            locks: Mutex::default(),
        }
    }

    /// Takes away locks that a process left behind that was killed. Only before anybody works on a mirror.
    pub(crate) fn recover(&self) -> std::io::Result<usize> {
        let mut removed = 0;
        for host in folders(&self.root)? {
            for mirror in folders(&host)? {
                removed += without_locks(&mirror)?;
            }
        }
        Ok(removed)
    }

    /// The mirror of a repository, for the one who asks alone.
    pub(crate) async fn of(&self, repository: &RepositoryName) -> Mirror {
        let path = self.path(repository);
        let lock = {
            let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(locks.entry(path.clone()).or_default())
        };
        Mirror {
            path,
            copy: Mutex::default(),
            _alone: lock.lock_owned().await,
        }
    }

    /// A name that no path of a repository can trick: a digest, with the readable name before it.
    fn path(&self, repository: &RepositoryName) -> PathBuf {
        let name = repository.path.to_ascii_lowercase();
        let digest = digest::digest(&digest::SHA256, name.as_bytes());
        let short: String = hex::encode(digest.as_ref()).chars().take(16).collect();
        let readable = name.replace('/', "-");
        let readable: String = readable.chars().take(80).collect();
        self.root
            .join(repository.host.as_str())
            .join(format!("{readable}-{short}.git"))
    }

    /// Removes mirrors that are not in use until the rest fits; how many.
    pub(crate) fn make_room(&self) -> std::io::Result<usize> {
        let mut known: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
        for host in folders(&self.root)? {
            for path in folders(&host)? {
                let used = std::fs::metadata(path.join("used"))
                    .and_then(|file| file.modified())
                    .unwrap_or(SystemTime::UNIX_EPOCH);
                known.push((used, size(&path)?, path));
            }
        }
        known.sort();
        let mut all: u64 = known.iter().map(|(_, bytes, _)| bytes).sum();
        let mut removed = 0;
        for (_, bytes, path) in known {
            if all <= self.most_bytes {
                break;
            }
            let Some(_alone) = self.try_alone(&path) else {
                continue;
            };
            std::fs::remove_dir_all(&path)?;
            all = all.saturating_sub(bytes);
            removed += 1;
        }
        Ok(removed)
    }

    fn try_alone(&self, path: &Path) -> Option<tokio::sync::OwnedMutexGuard<()>> {
        let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        let lock = Arc::clone(locks.entry(path.to_owned()).or_default());
        lock.try_lock_owned().ok()
    }
}

impl Mirror {
    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether there is anything in it yet.
    pub(crate) fn is_there(&self) -> bool {
        self.path.join("objects").is_dir()
    }

    /// Brings an object and what it reaches here. What is here is not asked for again.
    pub(crate) fn fetch(
        &self,
        url: &RemoteUrl,
        wanted: &[remote::Wanted],
    ) -> Result<(), MirrorError> {
        let folder = |error: std::io::Error| MirrorError::Folder {
            path: self.path.display().to_string(),
            reason: error.to_string(),
        };
        if packs(&self.path).map_err(folder)? > MOST_PACKS {
            *self.copy.lock().unwrap_or_else(PoisonError::into_inner) = None;
            std::fs::remove_dir_all(&self.path).map_err(folder)?;
        }
        if let Some(host) = self.path.parent() {
            std::fs::create_dir_all(host).map_err(folder)?;
        }
        // Nobody stops a fetch but the end of the process: what it has not finished is not there.
        let stop = std::sync::atomic::AtomicBool::new(false);
        remote::fetch(url, &self.path, wanted, &stop)?;
        std::fs::write(self.path.join("used"), b"").map_err(folder)
    }

    fn copy<T>(
        &self,
        look: impl FnOnce(&mut remote::Copy) -> Result<T, CloneError>,
    ) -> Result<T, MirrorError> {
        let mut copy = self.copy.lock().unwrap_or_else(PoisonError::into_inner);
        let mut opened = match copy.take() {
            Some(opened) => opened,
            None => remote::Copy::open(&self.path)?,
        };
        let seen = look(&mut opened)?;
        *copy = Some(opened);
        Ok(seen)
    }

    /// Whether it has this object.
    pub(crate) fn has(&self, id: &str) -> bool {
        self.is_there() && self.copy(|copy| Ok(copy.has(id))).unwrap_or(false)
    }

    /// What was looked at: the tips that are marked.
    pub(crate) fn seen(&self) -> Result<Vec<String>, MirrorError> {
        if !self.is_there() {
            return Ok(Vec::new());
        }
        self.copy(|copy| copy.refs_below(SEEN))
    }

    /// The object that was fetched under this name.
    pub(crate) fn got(&self, name: &str) -> Result<Vec<String>, MirrorError> {
        self.copy(|copy| copy.refs_below(&got_ref(name)))
    }

    /// The parents of a commit.
    pub(crate) fn parents(&self, commit: &str) -> Result<Vec<String>, MirrorError> {
        self.copy(|copy| copy.parents(commit))
    }

    /// Whether everything that a commit reaches is reached by `known` as well.
    pub(crate) fn is_reached_by(&self, tip: &str, known: &[String]) -> bool {
        let reached = self.copy(|copy| Ok(copy.is_reached_by(tip, known)));
        reached.unwrap_or(false)
    }

    /// A file as a commit has it.
    pub(crate) fn file_at(&self, commit: &str, path: &str) -> Option<Vec<u8>> {
        let options = leakward_sources::git::OpenOptions::default();
        let repository = leakward_sources::git::Repository::open(&self.path, options).ok()?;
        repository.file_at(commit, path).ok()?
    }

    /// Marks that everything this object reaches was looked at, and what was found is written down. A mirror that went meanwhile
    /// has nothing to mark.
    pub(crate) fn mark_seen(&self, reference: &str, id: &str) -> Result<(), MirrorError> {
        if !self.has(id) {
            return Ok(());
        }
        self.copy(|copy| copy.set_ref(&seen_ref(reference), id))
    }
}

/// Below it are the tips of what was looked at.
const SEEN: &str = "refs/leakward/seen/";

fn seen_ref(reference: &str) -> String {
    let digest = digest::digest(&digest::SHA256, reference.as_bytes());
    let short: String = hex::encode(digest.as_ref()).chars().take(32).collect();
    format!("{SEEN}{short}")
}

/// An object, to be fetched under a ref of our own.
pub(crate) fn wanted(from: &str, name: &str) -> remote::Wanted {
    remote::Wanted {
        from: from.to_owned(),
        into: got_ref(name),
    }
}

fn got_ref(name: &str) -> String {
    format!("refs/leakward/got/{name}")
}

fn folders(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// Removes the lock files below a mirror, but not below its objects, where there are none.
fn without_locks(path: &Path) -> std::io::Result<usize> {
    let mut removed = 0;
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        if kind.is_dir() && entry.file_name() != "objects" {
            removed += without_locks(&path)?;
        } else if kind.is_file()
            && path
                .extension()
                .is_some_and(|extension| extension == "lock")
        {
            std::fs::remove_file(&path)?;
            removed += 1;
        }
    }
    Ok(removed)
}

fn packs(path: &Path) -> std::io::Result<usize> {
    match std::fs::read_dir(path.join("objects/pack")) {
        Ok(entries) => Ok(entries
            .filter_map(Result::ok)
            .filter(|entry| {
                entry
                    .path()
                    .extension()
                    .is_some_and(|extension| extension == "pack")
            })
            .count()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error),
    }
}

fn size(path: &Path) -> std::io::Result<u64> {
    let mut all = 0;
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        all += if kind.is_dir() {
            size(&entry.path())?
        } else {
            entry.metadata()?.len()
        };
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::work::HostKind;

    fn name(path: &str) -> RepositoryName {
        RepositoryName {
            host: HostKind::Gitea,
            path: path.to_owned(),
            installation: None,
            project: None,
        }
    }

    #[tokio::test]
    async fn mirrors_that_were_used_longest_ago_make_room_and_those_in_use_stay() {
        let folder = tempfile::tempdir().unwrap();
        let mirrors = Mirrors::new(folder.path().to_owned(), 1_500);
        for (index, path) in ["o/old", "o/used", "o/new"].iter().enumerate() {
            let path = mirrors.path(&name(path));
            std::fs::create_dir_all(&path).unwrap();
            std::fs::write(path.join("pack"), vec![0; 1_000]).unwrap();
            let used = std::fs::File::create(path.join("used")).unwrap();
            let when =
                SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000 + index as u64);
            used.set_modified(when).unwrap();
        }
        let in_use = mirrors.of(&name("O/Used")).await;
        assert_eq!(mirrors.make_room().unwrap(), 2);
        assert!(in_use.path().is_dir());
        assert!(!mirrors.path(&name("o/old")).exists());
        drop(in_use);
        assert_ne!(mirrors.path(&name("a/b-c")), mirrors.path(&name("a-b/c")));
    }

    #[test]
    fn locks_of_a_killed_process_are_taken_away_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let mirrors = Mirrors::new(folder.path().to_owned(), 1);
        let refs = mirrors.path(&name("o/r")).join("refs/leakward/got");
        std::fs::create_dir_all(&refs).unwrap();
        for file in ["after", "after.lock", "../seen.lock"] {
            std::fs::write(refs.join(file), b"x").unwrap();
        }
        assert_eq!(mirrors.recover().unwrap(), 2);
        assert!(refs.join("after").exists());
    }
}
