//! What is known about whether a credential still works.
//!
//! A closed enumeration on purpose: a boolean or a borrowed HTTP status loses the difference between "dead"
//! and "could not be told", and that difference decides what may be revoked. Unknown is not dead.

use std::fmt;

/// Whether a credential still works.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Verdict {
    /// The provider accepted it.
    Live,
    /// The provider, or the credential itself (an expiry date that has passed), says that it no longer works.
    Dead,
    /// It was asked, and the answer proves nothing.
    Unknown(Unknown),
    /// Nobody asked.
    #[default]
    NotChecked,
}

/// Why a verdict is unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// One sentence that names host and cause, never the credential.
    pub reason: String,
}

impl Verdict {
    /// Unknown, for this reason.
    #[must_use]
    pub fn unknown(reason: impl Into<String>) -> Self {
        Self::Unknown(Unknown {
            reason: reason.into(),
        })
    }

    /// The word used in reports and on the command line.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Dead => "dead",
            Self::Unknown(_) => "unknown",
            Self::NotChecked => "not-checked",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Live => f.write_str("live"),
            Verdict::Dead => f.write_str("dead"),
            Verdict::Unknown(unknown) => write!(f, "unknown ({})", unknown.reason),
            Verdict::NotChecked => f.write_str("not checked"),
        }
    }
}
