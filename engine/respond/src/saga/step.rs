//! The steps of a response.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A step of a response. In the order in which a rotation without haste takes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// The provider makes the successor.
    Create,
    /// The successor is put into the store, where no application reads it.
    Stage,
    /// The provider accepts the successor.
    Test,
    /// The store gives the successor to applications.
    Promote,
    /// Places that hold copies get the successor, and those that read it seldom are told to read it again.
    Deliver,
    /// Old and new work side by side, so that applications can change over.
    Grace,
    /// The old credential is taken away.
    Revoke,
    /// The provider refuses the old credential.
    Prove,
    /// People are told.
    Notify,
}

impl Step {
    /// The word used in documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Stage => "stage",
            Self::Test => "test",
            Self::Promote => "promote",
            Self::Deliver => "deliver",
            Self::Grace => "grace",
            Self::Revoke => "revoke",
            Self::Prove => "prove",
            Self::Notify => "notify",
        }
    }

    /// Whether it changes anything in the outside world.
    #[must_use]
    pub fn changes(self) -> bool {
        matches!(
            self,
            Self::Create | Self::Stage | Self::Promote | Self::Deliver | Self::Revoke
        )
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
