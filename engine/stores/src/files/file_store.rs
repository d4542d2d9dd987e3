//! Files as entries: what is the same for every format.
//!
//! An entry is a file, named by its path in the folder; the store may also be one single file. A version is a keyed fingerprint of the
//! content. Every change happens under a lock beside the file, and replaces it as a whole. What waits, and what was before, is kept in a
//! local store that age encrypts, in the user's state folder: nothing lies beside the file where it could be committed by accident.

use std::io;
use std::path::{Path, PathBuf};

use leakward_core::time::rfc3339;

use crate::error::StoreError;
use crate::local::LocalStore;
use crate::replaced_file::{Lock, replace};
use crate::spec::StoreSpec;
use crate::stages::{self, Shelf, Slot, slot_name};
use crate::store::{Entry, Fields, Health, Metadata, Retirement, Select, Staged, Store, Version};
use crate::surroundings::Surroundings;
use crate::version::content_version;

/// LIMIT: bytes of a file, and how deep and how many files are looked at.
const LARGEST_FILE: u64 = 16 << 20;
const DEPTH: usize = 16;
const MOST_FILES: usize = 10_000;

/// What is wrong with a file. Never says what stands in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum FormatError {
    /// It is not of the format, or was damaged.
    #[error("{0}")]
    Malformed(String),
    /// Our keys do not open it.
    #[error("{0}")]
    NotForUs(String),
    /// The format cannot hold or change this.
    #[error("{0}")]
    Unsupported(String),
}

/// A format of files.
pub(super) trait Format: Send + Sync {
    /// What it is, for people.
    fn name(&self) -> &'static str;

    /// Whether a file of a folder is an entry.
    fn takes(&self, path: &Path) -> bool;

    /// Whether a file can be shown to anybody.
    fn is_encrypted(&self) -> bool;

    /// The fields of a file.
    fn read(&self, path: &Path, text: &str) -> Result<Fields, FormatError>;

    /// The file with these fields; `before` none: a new file.
    fn write(
        &self,
        path: &Path,
        before: Option<&str>,
        fields: &Fields,
    ) -> Result<String, FormatError>;

    /// Who we are to it, and how that is known.
    fn identity(&self) -> Result<(String, String), FormatError>;
}

/// Files of one format.
pub struct FileStore {
    format: Box<dyn Format>,
    folder: PathBuf,
    /// The only entry, when a file was named and not a folder.
    only: Option<String>,
    side: LocalStore,
    surroundings: Surroundings,
    store: String,
}

impl FileStore {
    pub(super) fn new(
        spec: &StoreSpec,
        surroundings: &Surroundings,
        format: Box<dyn Format>,
    ) -> Result<Self, StoreError> {
        if spec.place.is_empty() {
            return Err(spec.wrong("which file or folder?"));
        }
        let path = surroundings.path(&spec.place);
        let state = surroundings.state.clone().ok_or_else(|| {
            spec.wrong("there is no home folder to keep what waits in; set XDG_STATE_HOME")
        })?;
        let (folder, only) = if path.is_dir() {
            (path.clone(), None)
        } else {
            let name = path
                .file_name()
                .map(|name| name.to_string_lossy().into_owned());
            let folder = path.parent().unwrap_or_else(|| Path::new(".")).to_owned();
            (folder, name)
        };
        Ok(Self {
            format,
            folder,
            only,
            side: LocalStore::beside(state.join("file-stores.age"), surroundings),
            surroundings: surroundings.clone(),
            store: format!("{} {}", spec.kind, path.display()),
        })
    }

    fn error(&self, path: &str, error: &FormatError) -> StoreError {
        let store = self.store.clone();
        match error {
            FormatError::Malformed(why) => StoreError::Malformed {
                store,
                what: format!("{path}: {why}"),
            },
            FormatError::NotForUs(why) => StoreError::LoggedOut {
                store,
                why: format!("{path}: {why}"),
            },
            FormatError::Unsupported(why) => StoreError::Unsupported {
                store,
                what: format!("change {path} like this: {why}"),
            },
        }
    }

    fn failed(&self, path: &str, error: &io::Error) -> StoreError {
        let store = self.store.clone();
        match error.kind() {
            io::ErrorKind::NotFound => StoreError::Absent {
                store,
                path: path.to_owned(),
            },
            io::ErrorKind::PermissionDenied => StoreError::Denied {
                store,
                what: path.to_owned(),
            },
            _ => StoreError::Unavailable {
                store,
                why: format!("{path}: {error}"),
            },
        }
    }

    /// Where an entry lies. It does not lead out of the folder.
    fn place(&self, path: &str) -> Result<PathBuf, StoreError> {
        let absent = || StoreError::Absent {
            store: self.store.clone(),
            path: path.to_owned(),
        };
        if let Some(only) = &self.only {
            return if path.is_empty() || path == only {
                Ok(self.folder.join(only))
            } else {
                Err(absent())
            };
        }
        let is_inside = Path::new(path)
            .components()
            .all(|part| matches!(part, std::path::Component::Normal(_)));
        if is_inside && !path.is_empty() {
            Ok(self.folder.join(path))
        } else {
            Err(absent())
        }
    }

    fn text(&self, path: &str) -> Result<zeroize::Zeroizing<String>, StoreError> {
        let place = self.place(path)?;
        let size = std::fs::metadata(&place)
            .map_err(|error| self.failed(path, &error))?
            .len();
        if size > LARGEST_FILE {
            return Err(self.error(
                path,
                &FormatError::Malformed("the file is too large".to_owned()),
            ));
        }
        std::fs::read_to_string(&place)
            .map(zeroize::Zeroizing::new)
            .map_err(|error| self.failed(path, &error))
    }

    fn fields(&self, path: &str, text: &str) -> Result<Fields, StoreError> {
        self.format
            .read(&self.place(path)?, text)
            .map_err(|error| self.error(path, &error))
    }

    /// The name under which the side store knows an entry.
    fn side_path(&self, path: &str, slot: Slot<'_>) -> Result<String, StoreError> {
        let place = self.place(path)?.display().to_string();
        Ok(format!("{place}/{}", slot_name(&place, slot)))
    }

    fn collect(&self, folder: &Path, depth: usize, found: &mut Vec<String>) -> io::Result<()> {
        if depth > DEPTH {
            return Err(io::Error::other("folders lie too deep"));
        }
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            let is_git = path.file_name().is_some_and(|name| name == ".git");
            if path.is_dir() && !path.is_symlink() && !is_git {
                self.collect(&path, depth + 1, found)?;
            } else if path.is_file() && self.format.takes(&path) {
                if let Ok(inner) = path.strip_prefix(&self.folder) {
                    found.push(inner.to_string_lossy().into_owned());
                }
                if found.len() > MOST_FILES {
                    return Err(io::Error::other("there are too many files"));
                }
            }
        }
        Ok(())
    }

    fn check_version(
        &self,
        path: &str,
        before: Option<&(Version, Fields)>,
        expected: Option<&Version>,
    ) -> Result<(), StoreError> {
        match (before, expected) {
            (None, None) => Ok(()),
            (Some((found, _)), Some(expected)) if found == expected => Ok(()),
            (Some((found, _)), Some(expected)) => {
                Err(stages::conflict(self, path, expected, &found.0))
            }
            (None, Some(expected)) => Err(stages::conflict(self, path, expected, "none")),
            (Some((found, _)), None) => Err(stages::exists(self, path, &found.0)),
        }
    }
}

impl Shelf for FileStore {
    fn shelve(&self, path: &str, slot: Slot<'_>, fields: &Fields) -> Result<(), StoreError> {
        let name = self.side_path(path, slot)?;
        if slot != Slot::Previous && self.shelved(path, slot)?.is_some() {
            return Ok(());
        }
        self.side.set(&name, fields)
    }

    fn shelved(&self, path: &str, slot: Slot<'_>) -> Result<Option<Fields>, StoreError> {
        let name = match self.side_path(path, slot) {
            Ok(name) => name,
            Err(StoreError::Absent { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        match self.side.read(&name, &Select::Current) {
            Ok(entry) => Ok(Some(entry.fields)),
            Err(StoreError::Absent { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn unshelve(&self, path: &str, slot: Slot<'_>) -> Result<(), StoreError> {
        self.side.remove(&self.side_path(path, slot)?)
    }
}

impl Store for FileStore {
    fn describe(&self) -> String {
        self.store.clone()
    }

    fn check(&self) -> Result<Health, StoreError> {
        let (identity, login) = self
            .format
            .identity()
            .map_err(|error| self.error("", &error))?;
        Ok(Health {
            identity,
            login,
            what: format!("{}, {} files", self.format.name(), self.list("")?.len()),
        })
    }

    fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let mut found = Vec::new();
        match &self.only {
            Some(only) if self.folder.join(only).is_file() => found.push(only.clone()),
            Some(_) => {}
            None => self
                .collect(&self.folder, 0, &mut found)
                .map_err(|error| self.failed("", &error))?,
        }
        found.retain(|path| path.starts_with(prefix));
        found.sort_unstable();
        Ok(found)
    }

    fn metadata(&self, path: &str) -> Result<Metadata, StoreError> {
        let entry = self.read(path, &Select::Current)?;
        let changed = std::fs::metadata(self.place(path)?)
            .and_then(|metadata| metadata.modified())
            .map_err(|error| self.failed(path, &error))?;
        let changed = changed.duration_since(std::time::UNIX_EPOCH);
        Ok(Metadata {
            current: Some(entry.version),
            changed_at: changed.ok().map(|since| rfc3339(since.as_secs())),
            ..Metadata::default()
        })
    }

    fn read(&self, path: &str, select: &Select) -> Result<Entry, StoreError> {
        if *select == Select::Previous {
            return stages::previous(self, path);
        }
        let text = self.text(path)?;
        let fields = self.fields(path, &text)?;
        let version = content_version(&self.surroundings, &fields);
        match select {
            Select::Exactly(wanted) if *wanted != version => {
                stages::exactly_previous(self, path, wanted)
            }
            _ => Ok(Entry { version, fields }),
        }
    }

    fn put(
        &self,
        path: &str,
        fields: &Fields,
        expected: Option<&Version>,
    ) -> Result<Version, StoreError> {
        let place = self.place(path)?;
        if let Some(folder) = place.parent() {
            std::fs::create_dir_all(folder).map_err(|error| self.failed(path, &error))?;
        }
        let _lock = Lock::of(&place).map_err(|error| self.failed(path, &error))?;
        let text = match self.text(path) {
            Ok(text) => Some(text),
            Err(StoreError::Absent { .. }) => None,
            Err(error) => return Err(error),
        };
        let before = match &text {
            Some(text) => {
                let fields = self.fields(path, text)?;
                Some((content_version(&self.surroundings, &fields), fields))
            }
            None => None,
        };
        self.check_version(path, before.as_ref(), expected)?;
        let made = self
            .format
            .write(&place, text.as_ref().map(|text| text.as_str()), fields)
            .map(zeroize::Zeroizing::new)
            .map_err(|error| self.error(path, &error))?;
        // What was written has to be what a reader finds; nothing is replaced otherwise.
        let read = self.fields(path, &made)?;
        if read != *fields {
            let why = "a value or name cannot be written in this format".to_owned();
            return Err(self.error(path, &FormatError::Unsupported(why)));
        }
        if let Some((version, fields)) = &before {
            self.shelve(path, Slot::Previous, &stages::wrap(version, fields))?;
        }
        replace(&place, made.as_bytes()).map_err(|error| self.failed(path, &error))?;
        Ok(content_version(&self.surroundings, fields))
    }

    fn stage(
        &self,
        path: &str,
        id: &str,
        fields: &Fields,
        expected: &Version,
    ) -> Result<Staged, StoreError> {
        stages::stage(self, path, id, fields, expected)
    }

    fn staged(&self, path: &str, id: &str) -> Result<Option<(Staged, Fields)>, StoreError> {
        stages::staged(self, path, id)
    }

    fn promote(&self, path: &str, staged: &Staged) -> Result<Version, StoreError> {
        stages::promote(self, path, staged)
    }

    fn discard(&self, path: &str, staged: &Staged) -> Result<(), StoreError> {
        self.unshelve(path, Slot::Pending(&staged.id))
    }

    fn roll_back(
        &self,
        path: &str,
        to: &Version,
        expected: &Version,
    ) -> Result<Version, StoreError> {
        stages::roll_back(self, path, to, expected)
    }

    fn retire(
        &self,
        path: &str,
        version: &Version,
        _retirement: Retirement,
    ) -> Result<(), StoreError> {
        stages::retire_previous(self, path, version)
    }

    fn encrypted_file(&self, path: &str) -> Option<PathBuf> {
        self.place(path).ok().filter(|_| self.format.is_encrypted())
    }
}
