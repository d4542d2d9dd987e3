//! What goes wrong with a code host, told apart by whether trying again can help.

use std::time::Duration;

/// What goes wrong with a code host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HostError {
    /// It does not answer, answers with an error of its own, or wants to be left alone for a while.
    #[error("{host} does not serve just now: {reason}")]
    Unavailable {
        /// The host.
        host: String,
        /// What was seen.
        reason: String,
        /// How long it wants to be left alone, when it said so.
        wait: Option<Duration>,
    },
    /// It answered, and the answer is no.
    #[error("{host} refused {what}: {reason}")]
    Refused {
        /// The host.
        host: String,
        /// What was asked.
        what: String,
        /// Its words.
        reason: String,
    },
    /// Its answer makes no sense.
    #[error("{host}: the answer to {what} is not understood")]
    Malformed {
        /// The host.
        host: String,
        /// What was asked.
        what: String,
    },
    /// We have no way to ask it.
    #[error("{0}")]
    NotConfigured(String),
}
