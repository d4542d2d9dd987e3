//! Visits all files and links below a folder, on all cores.
//!
//! One task for each folder, more for the files of a large one. Nothing outside of the tree is ever entered:
//! links are handed out as links, mount points are folders like others, and `.git` folders are left alone.
//!
//! Why not the walker of the `ignore` crate: it opens whatever is called `.gitignore`, so that a link to
//! `/dev/zero` or a pipe in a hostile tree stops the scan. Its pattern matcher is used.

use std::ffi::OsString;
use std::fs::{self, FileType};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bstr::{BStr, BString};
use leakward_core::{Skipped, SkippedKind};
use rayon::Scope;

use super::contents::Contents;
use super::ignored::{self, Rules, Trust, What};
use crate::workers::Workers;

/// How many files one task looks at. Large enough to hide the cost of a task, small enough that the files of
/// one large folder keep all cores busy.
const FILES_PER_TASK: usize = 64;

/// What the walker finds is told to.
pub(crate) trait Sink: Sync {
    /// State that one task owns at a time.
    type Worker: Send;

    /// State for one more task.
    fn worker(&self) -> Self::Worker;

    /// A folder below the root, by its path relative to the root.
    fn folder(&self, worker: &mut Self::Worker, relative: &BStr);

    /// A file or a link.
    fn found(&self, worker: &mut Self::Worker, found: Found<'_>);

    /// Something that could not be visited.
    fn skipped(&self, skipped: Skipped);

    /// Whether to stop as soon as possible.
    fn stop(&self) -> bool;
}

/// What kind of thing has been found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A regular file.
    File,
    /// A symbolic link.
    Link,
}

/// A file or a link.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found<'a> {
    /// Where it is.
    pub(crate) path: &'a Path,
    /// Its path relative to the walk's root, with `/` between folders.
    pub(crate) relative: &'a BStr,
    /// What it is.
    pub(crate) kind: Kind,
}

/// Whether the rules in `.gitignore` files hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum IgnoreRules {
    /// What git ignores is left out.
    #[default]
    Respect,
    /// Everything is visited.
    Disregard,
}

/// Tells for a path relative to the root, with `/` between folders and, for a folder, at its end, whether the
/// user's configuration leaves it out.
pub type Excluded<'a> = &'a (dyn Fn(&str) -> bool + Sync);

/// What a walk met besides files and links.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walked {
    /// Regular files.
    pub files: u64,
    /// Symbolic links.
    pub links: u64,
    /// Pipes, sockets and devices; they have no content of their own.
    pub special: u64,
    /// Files and folders that the configuration excludes.
    pub excluded: u64,
    /// Folders below the root that are repositories of their own, sorted.
    pub repositories: Vec<String>,
}

/// What a walk is to do.
pub(crate) struct Walker<'a, S: Sink> {
    pub(crate) sink: &'a S,
    pub(crate) ignore_rules: IgnoreRules,
    pub(crate) excluded: Excluded<'a>,
    pub(crate) max_depth: usize,
}

/// A folder that is to be visited.
struct Folder {
    path: PathBuf,
    relative: BString,
    rules: Rules,
    depth: usize,
}

/// The walk while it goes on.
struct Running<'a, S: Sink> {
    walker: &'a Walker<'a, S>,
    workers: Workers<'a, S::Worker>,
    files: AtomicU64,
    links: AtomicU64,
    special: AtomicU64,
    excluded: AtomicU64,
    repositories: Mutex<Vec<String>>,
}

/// The entries of one folder, by what is done with them.
#[derive(Default)]
struct Listing {
    folders: Vec<OsString>,
    files: Vec<(OsString, Kind)>,
    has_rules: bool,
    is_repository: bool,
}

impl<S: Sink> Walker<'_, S> {
    /// Visits everything below the folder `root`. Returns when all is done.
    pub(crate) fn walk(&self, root: &Path) -> Walked {
        let rules = match self.ignore_rules {
            IgnoreRules::Disregard => None,
            IgnoreRules::Respect => root
                .canonicalize()
                .ok()
                .and_then(|absolute| ignored::above(&absolute, &mut Contents::default())),
        };
        let running = Running {
            walker: self,
            workers: Workers::new(|| self.sink.worker()),
            files: AtomicU64::new(0),
            links: AtomicU64::new(0),
            special: AtomicU64::new(0),
            excluded: AtomicU64::new(0),
            repositories: Mutex::default(),
        };
        let folder = Folder {
            path: root.canonicalize().unwrap_or_else(|_| root.to_owned()),
            relative: BString::default(),
            rules,
            depth: 0,
        };
        rayon::scope(|scope| running.visit(scope, folder));
        running.into_walked()
    }
}

impl<'a, S: Sink> Running<'a, S> {
    /// Visits one folder: its files here or in tasks, its folders in tasks.
    fn visit<'s>(&'s self, scope: &Scope<'s>, mut folder: Folder) {
        if self.walker.sink.stop() {
            return;
        }
        if folder.depth > 0 {
            let mut worker = self.workers.borrow();
            let relative = folder.relative.as_ref();
            self.walker.sink.folder(&mut worker, relative);
        }
        let listing = match self.list(&folder) {
            Ok(listing) => listing,
            Err(error) => return self.unreadable(&folder.relative, &error),
        };
        if listing.is_repository && folder.depth > 0 {
            let name = folder.relative.to_string();
            lock(&self.repositories).push(name);
        }
        if self.walker.ignore_rules == IgnoreRules::Respect {
            self.enter_rules(&mut folder, &listing);
        }
        let folder = Arc::new(folder);
        for name in listing.folders {
            self.spawn_folder(scope, &folder, &name);
        }
        let mut files = listing.files;
        while files.len() > FILES_PER_TASK {
            let chunk = files.split_off(files.len() - FILES_PER_TASK);
            let folder = Arc::clone(&folder);
            scope.spawn(move |_| self.look_at(&folder, &chunk));
        }
        self.look_at(&folder, &files);
    }

    /// Sorts the entries of a folder by kind.
    fn list(&self, folder: &Folder) -> io::Result<Listing> {
        let mut listing = Listing::default();
        for entry in fs::read_dir(&folder.path)? {
            let entry = entry?;
            let name = entry.file_name();
            match entry.file_type() {
                Ok(kind) => self.sort_in(&mut listing, name, kind),
                Err(error) => self.unreadable(&joined(folder, &name), &error),
            }
        }
        Ok(listing)
    }

    fn sort_in(&self, listing: &mut Listing, name: OsString, kind: FileType) {
        if name == ".git" {
            listing.is_repository = true;
            if kind.is_dir() {
                return;
            }
        }
        listing.has_rules |= name == ".gitignore";
        if kind.is_dir() {
            listing.folders.push(name);
        } else if kind.is_file() {
            listing.files.push((name, Kind::File));
        } else if kind.is_symlink() {
            listing.files.push((name, Kind::Link));
        } else {
            self.special.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Puts the folder's own rules before those above it.
    fn enter_rules(&self, folder: &mut Folder, listing: &Listing) {
        if listing.is_repository {
            let trust = if folder.depth == 0 {
                Trust::Chosen
            } else {
                Trust::Met
            };
            folder.rules = ignored::at_root(&folder.path, trust, &mut Contents::default());
        }
        // Outside of a worktree a .gitignore is a file like any other.
        let in_worktree = listing.is_repository || folder.rules.is_some();
        if listing.has_rules && in_worktree {
            folder.rules =
                ignored::below(folder.rules.take(), &folder.path, &mut Contents::default());
        }
    }

    fn spawn_folder<'s>(&'s self, scope: &Scope<'s>, above: &Folder, name: &OsString) {
        let folder = Folder {
            path: above.path.join(name),
            relative: joined(above, name),
            rules: above.rules.clone(),
            depth: above.depth + 1,
        };
        let ignored = folder
            .rules
            .as_ref()
            .is_some_and(|rules| rules.ignores(&folder.path, What::Folder));
        if ignored {
            return;
        }
        if (self.walker.excluded)(&format!("{}/", folder.relative)) {
            self.excluded.fetch_add(1, Ordering::Relaxed);
            return;
        }
        if folder.depth > self.walker.max_depth {
            self.walker.sink.skipped(Skipped {
                kind: SkippedKind::Limit,
                what: folder.relative.to_string(),
                reason: format!("folders are nested deeper than {}", self.walker.max_depth),
            });
            return;
        }
        scope.spawn(move |scope| self.visit(scope, folder));
    }

    /// Hands out files and links of one folder.
    fn look_at(&self, folder: &Folder, files: &[(OsString, Kind)]) {
        if files.is_empty() {
            return;
        }
        let mut worker = self.workers.borrow();
        let mut path = folder.path.clone();
        let mut relative = folder.relative.clone();
        let prefix = enter(&mut relative);
        for (name, kind) in files {
            if self.walker.sink.stop() {
                return;
            }
            path.push(name);
            relative.extend_from_slice(name.as_encoded_bytes());
            if self.wants(folder, &path, &relative) {
                let counter = match kind {
                    Kind::File => &self.files,
                    Kind::Link => &self.links,
                };
                counter.fetch_add(1, Ordering::Relaxed);
                let found = Found {
                    path: &path,
                    relative: relative.as_ref(),
                    kind: *kind,
                };
                self.walker.sink.found(&mut worker, found);
            }
            path.pop();
            relative.truncate(prefix);
        }
    }

    fn wants(&self, folder: &Folder, path: &Path, relative: &BString) -> bool {
        if let Some(rules) = &folder.rules
            && rules.ignores(path, What::File)
        {
            return false;
        }
        let excluded = (self.walker.excluded)(&String::from_utf8_lossy(relative));
        if excluded {
            self.excluded.fetch_add(1, Ordering::Relaxed);
        }
        !excluded
    }

    fn unreadable(&self, relative: &BString, error: &io::Error) {
        self.walker.sink.skipped(Skipped {
            kind: SkippedKind::Unreadable,
            what: if relative.is_empty() {
                ".".to_owned()
            } else {
                relative.to_string()
            },
            reason: error.to_string(),
        });
    }

    fn into_walked(self) -> Walked {
        let mut repositories = self
            .repositories
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        repositories.sort_unstable();
        Walked {
            files: self.files.into_inner(),
            links: self.links.into_inner(),
            special: self.special.into_inner(),
            excluded: self.excluded.into_inner(),
            repositories,
        }
    }
}

/// The relative path of the entry `name` in `folder`.
fn joined(folder: &Folder, name: &OsString) -> BString {
    let mut relative = folder.relative.clone();
    enter(&mut relative);
    relative.extend_from_slice(name.as_encoded_bytes());
    relative
}

/// Appends the separator after a folder's path, none after the root's; returns the length so far.
fn enter(relative: &mut BString) -> usize {
    if !relative.is_empty() {
        relative.push(b'/');
    }
    relative.len()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
