//! What a store may know of the machine it is used from: variables, folders, the time, the key of fingerprints.
//!
//! Passed in, so that tests need not change the process that they run in, and so that a store in one program can be told to
//! look elsewhere than one in another.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use leakward_core::FingerprintKey;

type Variables = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// What a store may know of the machine it is used from.
#[derive(Clone)]
pub struct Surroundings {
    variables: Variables,
    /// Where relative paths start.
    pub folder: PathBuf,
    /// Where what belongs to the user is kept: keys of the local store, values of files that wait. None: there is no home.
    pub state: Option<PathBuf>,
    /// The key that versions of stores without versions are named with.
    pub key: FingerprintKey,
    now: fn() -> SystemTime,
}

impl Surroundings {
    /// Those of this process.
    #[must_use]
    pub fn of_process(folder: &Path, state: Option<PathBuf>, key: FingerprintKey) -> Self {
        Self {
            variables: Arc::new(|name| std::env::var(name).ok()),
            folder: folder.to_owned(),
            state,
            key,
            now: SystemTime::now,
        }
    }

    /// Those of a machine with these variables and nothing else, for tests.
    #[must_use]
    pub fn with_variables(folder: &Path, variables: BTreeMap<String, String>) -> Self {
        Self {
            variables: Arc::new(move |name| variables.get(name).cloned()),
            folder: folder.to_owned(),
            state: Some(folder.join("state")),
            key: FingerprintKey::default(),
            now: SystemTime::now,
        }
    }

    /// A variable of the environment that is set to something.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<String> {
        (self.variables)(name).filter(|value| !value.trim().is_empty())
    }

    /// The first of these variables that is set.
    #[must_use]
    pub fn one_of(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| self.variable(name))
    }

    /// A file in the user's home folder.
    #[must_use]
    pub fn in_home(&self, path: &str) -> Option<PathBuf> {
        let home = self.one_of(&["HOME", "USERPROFILE"])?;
        Some(Path::new(&home).join(path))
    }

    /// A path that was typed or stands in a configuration.
    #[must_use]
    pub fn path(&self, typed: &str) -> PathBuf {
        match typed.strip_prefix("~/").and_then(|rest| self.in_home(rest)) {
            Some(path) => path,
            None => self.folder.join(typed),
        }
    }

    /// Seconds since 1970.
    #[must_use]
    pub fn now(&self) -> u64 {
        (self.now)()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs())
    }
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings")
            .field("folder", &self.folder)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
