//! Where a scan remembers what it has looked at.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use super::CacheKey;

/// Where a scan remembers what it has looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CacheChoice {
    /// Nowhere.
    #[default]
    Off,
    /// In a folder, in a file of its own for each repository and each set of rules.
    Folder(PathBuf),
    /// In this file, which is begun anew when it was written with other rules.
    File(PathBuf),
}

impl CacheChoice {
    /// The file for the repository whose folder this is.
    pub(super) fn file(&self, repository: &Path, key: &CacheKey) -> Option<PathBuf> {
        match self {
            Self::Off => None,
            Self::File(file) => Some(file.clone()),
            Self::Folder(folder) => {
                let mut hasher = DefaultHasher::new();
                repository.hash(&mut hasher);
                Some(folder.join(format!(
                    "scan-{:016x}-{}.redb",
                    hasher.finish(),
                    key.short()
                )))
            }
        }
    }
}
