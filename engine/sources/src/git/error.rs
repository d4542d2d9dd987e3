//! Why a repository could not be opened or walked at all.
//!
//! A single object that cannot be read is no error: it is told to the visitor, and the walk goes on.
//!
//! INVARIANT: every error names the path, and none holds content of the repository.

use std::path::PathBuf;

/// Why a repository could not be opened or walked at all.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// There is no repository at the path, nor (when asked for) above it.
    #[error("{path} is not in a git repository")]
    NotARepository {
        /// The path that was asked for.
        path: PathBuf,
    },
    /// There is something that looks like a repository and cannot be one.
    #[error("{path} is a damaged git repository: {reason}")]
    Damaged {
        /// The `.git` folder or file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// It is a repository of a kind that this version cannot read.
    #[error("{path} is a git repository that cannot be read: {reason}")]
    Unsupported {
        /// The `.git` folder.
        path: PathBuf,
        /// What it needs.
        reason: String,
    },
    /// The operating system refused something.
    #[error("{path}: {source}")]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What it said.
        source: std::io::Error,
    },
    /// The worker threads could not be started.
    #[error("cannot start {threads} threads: {reason}")]
    Threads {
        /// How many were asked for.
        threads: usize,
        /// What went wrong.
        reason: String,
    },
}
