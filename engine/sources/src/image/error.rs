//! An image that cannot be read at all, or a part of one that is not there.

use std::io;

use leakward_core::SkippedKind;

/// An image that cannot be read at all, or a part of one that is not there. Names objects, never their bytes.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// The system, or the network, said no.
    #[error("{what}: {source}")]
    Io {
        /// What was to be read.
        what: String,
        /// What was said.
        source: io::Error,
    },
    /// A document is not what it should be.
    #[error("{what}: {reason}")]
    Malformed {
        /// Which document.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It is referred to and is not there.
    #[error("{what}: not there")]
    Missing {
        /// What is missing.
        what: String,
    },
    /// It is over a limit.
    #[error("{what}: {reason}")]
    Limit {
        /// What is too large.
        what: String,
        /// Which limit.
        reason: String,
    },
    /// No image fits what was asked for.
    #[error("{what}: no image for the platform {platform}; there are {there}")]
    NoSuchPlatform {
        /// Where.
        what: String,
        /// What was asked for.
        platform: String,
        /// What there is.
        there: String,
    },
    /// There is no local container engine to be asked.
    #[error("{reason}")]
    Engine {
        /// Why not.
        reason: String,
    },
    /// A registry did not answer as it should.
    #[error("{what}: {reason}")]
    Registry {
        /// What was asked for.
        what: String,
        /// What it said.
        reason: String,
    },
}

impl ImageError {
    /// As a kind of what was not scanned.
    #[must_use]
    pub fn kind(&self) -> SkippedKind {
        match self {
            Self::Io { .. } | Self::Registry { .. } | Self::Engine { .. } => {
                SkippedKind::Unreadable
            }
            Self::Malformed { .. } => SkippedKind::Corrupt,
            Self::Missing { .. } | Self::NoSuchPlatform { .. } => SkippedKind::Missing,
            Self::Limit { .. } => SkippedKind::Limit,
        }
    }
}
