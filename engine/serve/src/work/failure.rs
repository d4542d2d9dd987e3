//! Why a delivery could not be handled, told apart by whether trying again can help.

use std::time::Duration;

use leakward_scan::run::ScanError;
use leakward_sources::git::clone::CloneError;

use crate::database::StorageError;
use crate::host::HostError;
use crate::mirror::MirrorError;

/// Why a delivery could not be handled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Something is down; it is tried again, after this time when somebody named one.
    Passing(String, Option<Duration>),
    /// Trying again does not help; a person has to look.
    Lasting(String),
}

impl From<StorageError> for Failure {
    fn from(error: StorageError) -> Self {
        Self::Passing(error.to_string(), None)
    }
}

impl From<leakward_respond::DatabaseError> for Failure {
    fn from(error: leakward_respond::DatabaseError) -> Self {
        Self::Passing(error.to_string(), None)
    }
}

impl From<HostError> for Failure {
    fn from(error: HostError) -> Self {
        match &error {
            HostError::Unavailable { wait, .. } => Self::Passing(error.to_string(), *wait),
            _ => Self::Lasting(error.to_string()),
        }
    }
}

impl From<MirrorError> for Failure {
    fn from(error: MirrorError) -> Self {
        match &error {
            MirrorError::Folder { .. }
            | MirrorError::Fetch(
                CloneError::HostNotFound { .. }
                | CloneError::Connection { .. }
                | CloneError::Folder { .. },
            ) => Self::Passing(error.to_string(), None),
            // A token that was just renewed, a repository that was just made: hosts are not consistent at once.
            MirrorError::Fetch(
                CloneError::Unauthorized { .. } | CloneError::NotARepository { .. },
            ) => Self::Passing(error.to_string(), None),
            MirrorError::Fetch(_) => Self::Lasting(error.to_string()),
        }
    }
}

impl From<ScanError> for Failure {
    fn from(error: ScanError) -> Self {
        Self::Lasting(error.to_string())
    }
}

impl From<tokio::task::JoinError> for Failure {
    fn from(error: tokio::task::JoinError) -> Self {
        // A panic: its text may hold anything.
        let what = if error.is_panic() {
            "the work broke off"
        } else {
            "the work was stopped"
        };
        Self::Passing(what.to_owned(), None)
    }
}

impl From<serde_json::Error> for Failure {
    fn from(_: serde_json::Error) -> Self {
        Self::Lasting("what it says is not understood; another version wrote it".to_owned())
    }
}
