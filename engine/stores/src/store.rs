//! What every connected secret store can do, in one trait.
//!
//! A store holds entries at paths; an entry has named fields and versions. Which of its versions applications read is
//! called *current*. A new value goes in as *pending*, where no application looks for it, and becomes current only when
//! somebody promotes it; what was current before is then *previous*. Stores that know such stages natively (AWS) use them;
//! for the others the file of the store says how they are kept.
//!
//! INVARIANT: every change names the version that it expects to be current (compare-and-set). A change that finds another
//! one changes nothing and says [`StoreError::Conflict`].
//! INVARIANT: [`Store::stage`] carries an id of the caller's; the same id again finds what the first call left, so that a lost
//! answer is resolved by asking ([`Store::staged`]), never by a second write.

use std::collections::BTreeMap;
use std::path::PathBuf;

use leakward_core::Secret;

use crate::error::StoreError;

/// Fields of an entry, by name.
pub type Fields = BTreeMap<String, Secret>;

/// Identity of one version of an entry, in the store's own words.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Version(pub String);

/// Which version of an entry is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Select {
    /// The one that applications read.
    Current,
    /// The one that was current before.
    Previous,
    /// This one.
    Exactly(Version),
}

/// An entry as it was read.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Which version this is.
    pub version: Version,
    /// Its fields. Stores without fields have one with an empty name.
    pub fields: Fields,
}

/// What is known of an entry besides its values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// The current version, none when the entry has no live version.
    pub current: Option<Version>,
    /// When the current version was written, RFC 3339 in UTC.
    pub changed_at: Option<String>,
    /// Tags: owner, team, consumers.
    pub tags: BTreeMap<String, String>,
}

/// Where a store stands: what [`Store::check`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Who we are to the store, in its own words: an account, a role, a file's owner.
    pub identity: String,
    /// How we proved it: `approle`, `web identity`, `identity file`. Never a credential.
    pub login: String,
    /// What the store is: product and version, format, kind of engine.
    pub what: String,
}

/// What is to become of a version that applications no longer read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retirement {
    /// It can no longer be read, but can be brought back.
    Disable,
    /// Its value is gone for good.
    Destroy,
}

/// A value that waits to be promoted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staged {
    /// The caller's id.
    pub id: String,
    /// Where it waits, in the store's own words.
    pub version: Version,
    /// The version that was current when it was staged.
    pub over: Version,
}

/// A connected secret store.
pub trait Store: Send + Sync {
    /// What it is, for people and for the journal: `vault https://vault.corp:8200 secret/`. Holds no credential.
    fn describe(&self) -> String;

    /// Logs in where that is needed, and says who we are. Reads no entry.
    ///
    /// # Errors
    /// The store cannot be reached, is sealed, or accepts no login.
    fn check(&self) -> Result<Health, StoreError> {
        Err(StoreError::Unsupported {
            store: self.describe(),
            what: "say who we are to it".to_owned(),
        })
    }

    /// Paths below `prefix`, all of them, sorted. What waits to be promoted is not among them.
    ///
    /// # Errors
    /// The store cannot be reached, is sealed, or does not permit it.
    fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError>;

    /// What is known of an entry besides its values.
    ///
    /// # Errors
    /// [`StoreError::Absent`], or the store cannot be reached or does not permit it.
    fn metadata(&self, path: &str) -> Result<Metadata, StoreError>;

    /// Reads an entry.
    ///
    /// # Errors
    /// [`StoreError::Absent`], or the store cannot be reached or does not permit it.
    fn read(&self, path: &str, select: &Select) -> Result<Entry, StoreError>;

    /// Versions that can still be read, newest first; the current one is among them.
    ///
    /// # Errors
    /// [`StoreError::Absent`], or the store cannot be reached or does not permit it.
    fn versions(&self, path: &str) -> Result<Vec<Version>, StoreError> {
        let current = self.read(path, &Select::Current)?.version;
        match self.read(path, &Select::Previous) {
            Ok(previous) => Ok(vec![current, previous.version]),
            Err(StoreError::Absent { .. }) => Ok(vec![current]),
            Err(error) => Err(error),
        }
    }

    /// Writes `fields` as the new current version. `expected` none means: the entry must not exist.
    ///
    /// # Errors
    /// [`StoreError::Conflict`], [`StoreError::OutcomeUnknown`], or the store cannot be reached or does not permit it.
    fn put(
        &self,
        path: &str,
        fields: &Fields,
        expected: Option<&Version>,
    ) -> Result<Version, StoreError>;

    /// Puts the whole entry as it shall become where no application reads it. The same id again returns what the first call
    /// left, whatever `fields` are now.
    ///
    /// # Errors
    /// As [`Store::put`].
    fn stage(
        &self,
        path: &str,
        id: &str,
        fields: &Fields,
        expected: &Version,
    ) -> Result<Staged, StoreError>;

    /// What waits under this id, and its fields.
    ///
    /// # Errors
    /// The store cannot be reached or does not permit it. That nothing waits is no error.
    fn staged(&self, path: &str, id: &str) -> Result<Option<(Staged, Fields)>, StoreError>;

    /// Makes a staged value the current one. Again with the same value: finds that it is done.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when another version became current meanwhile; otherwise as [`Store::put`].
    fn promote(&self, path: &str, staged: &Staged) -> Result<Version, StoreError>;

    /// Takes a staged value away, after it was promoted or instead. That there is none is no error; the current version
    /// stays what it is.
    ///
    /// # Errors
    /// The store cannot be reached or does not permit it.
    fn discard(&self, path: &str, staged: &Staged) -> Result<(), StoreError>;

    /// Makes what an earlier version held current again, as long as `expected` is the current one.
    ///
    /// # Errors
    /// As [`Store::put`].
    fn roll_back(
        &self,
        path: &str,
        to: &Version,
        expected: &Version,
    ) -> Result<Version, StoreError>;

    /// Disables or destroys a version that is not the current one.
    ///
    /// # Errors
    /// [`StoreError::Unsupported`] where the store keeps no versions that it could take away; [`StoreError::Conflict`] when it is the
    /// current one.
    fn retire(
        &self,
        path: &str,
        version: &Version,
        retirement: Retirement,
    ) -> Result<(), StoreError> {
        let what = match retirement {
            Retirement::Disable => "disable",
            Retirement::Destroy => "destroy",
        };
        Err(StoreError::Unsupported {
            store: self.describe(),
            what: format!("{what} version {} of {path}", version.0),
        })
    }

    /// The file that holds an entry and can be shown to anybody, because every value in it is encrypted: whoever wants to see
    /// what a change did looks there.
    fn encrypted_file(&self, path: &str) -> Option<PathBuf> {
        let _no_file = path;
        None
    }
}
