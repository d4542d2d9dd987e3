//! Object folders that a repository borrows objects from (`objects/info/alternates`).
//!
//! Those inside of the repository's folder are its own matter and are walked like its own objects. Those outside are
//! kept apart: a repository that somebody sends us could name any folder of this machine, and a report about it would
//! then tell what other people's repositories hold.
//!
//! INVARIANT: what [`Alternates::inside`] lists lies, with every symbolic link followed, inside of the repository.

use std::path::{Path, PathBuf};

/// LIMIT: git follows alternates of alternates five deep; a list longer than this is not a repository's.
const MAX_FOLDERS: usize = 1_024;

/// The object folders of one repository.
#[derive(Debug, Default)]
pub(crate) struct Alternates {
    inside: Vec<PathBuf>,
    outside: Vec<PathBuf>,
    broken: Vec<(PathBuf, String)>,
}

impl Alternates {
    /// Follows the alternates of the repository whose common folder is `common` (without symbolic links).
    pub(crate) fn of(common: &Path) -> Self {
        let mut found = Self::default();
        let mut pending = vec![common.join("objects")];
        while let Some(folder) = pending.pop() {
            match std::fs::canonicalize(&folder) {
                Ok(real) if found.knows(&real) => {}
                Ok(real) if real.starts_with(common) => {
                    pending.extend(found.listed_in(&real));
                    found.inside.push(real);
                }
                Ok(real) => found.outside.push(real),
                Err(error) => found.broken.push((folder, error.to_string())),
            }
        }
        found
    }

    /// Object folders inside of the repository, its own first.
    pub(crate) fn inside(&self) -> &[PathBuf] {
        &self.inside
    }

    /// Object folders outside of it.
    pub(crate) fn outside(&self) -> &[PathBuf] {
        &self.outside
    }

    /// Folders that are named and cannot be reached, and why.
    pub(crate) fn broken(&self) -> &[(PathBuf, String)] {
        &self.broken
    }

    fn knows(&self, folder: &PathBuf) -> bool {
        self.inside.contains(folder) || self.outside.contains(folder)
    }

    /// What `info/alternates` of an object folder lists, relative paths seen from that folder.
    fn listed_in(&mut self, objects: &Path) -> Vec<PathBuf> {
        let list = objects.join("info/alternates");
        let bytes = match std::fs::read(&list) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
            Err(error) => {
                self.broken.push((list, error.to_string()));
                return Vec::new();
            }
        };
        match gix::odb::alternate::parse(&bytes) {
            Ok(paths) if paths.len() > MAX_FOLDERS => {
                self.broken
                    .push((list, format!("lists more than {MAX_FOLDERS} folders")));
                Vec::new()
            }
            Ok(paths) => paths.into_iter().map(|path| objects.join(path)).collect(),
            Err(error) => {
                self.broken.push((list, error.to_string()));
                Vec::new()
            }
        }
    }
}
