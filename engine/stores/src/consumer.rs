//! Places that get a copy of a new value: variables of CI systems, sealed files, workloads that must read again.
//!
//! Not stores: they hold one value a name, keep no versions, and most cannot be read back. Delivering the same value twice
//! does no harm, so that a lost answer is simply sent again.

use std::path::PathBuf;

use leakward_core::Secret;

use crate::error::StoreError;
use crate::store::Health;

/// One name that a consumer knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Its name there.
    pub name: String,
    /// When it was last changed, RFC 3339 in UTC, where the consumer tells.
    pub changed_at: Option<String>,
}

/// A place that gets a copy of a new value.
pub trait Consumer: Send + Sync {
    /// What it is, for people and for the journal. Holds no credential.
    fn describe(&self) -> String;

    /// Logs in and says who we are.
    ///
    /// # Errors
    /// It cannot be reached or accepts no login.
    fn check(&self) -> Result<Health, StoreError>;

    /// The names that it knows, sorted.
    ///
    /// # Errors
    /// It cannot be reached or does not permit it.
    fn slots(&self) -> Result<Vec<Slot>, StoreError>;

    /// Gives it the new value under `name`. Those that only have to read again take no notice of the value.
    ///
    /// # Errors
    /// It cannot be reached or does not permit it. The call can be repeated.
    fn deliver(&self, name: &str, value: &Secret) -> Result<(), StoreError>;

    /// The file that it writes and that can be shown to anybody, because every value in it is encrypted.
    fn encrypted_file(&self) -> Option<PathBuf> {
        None
    }
}
