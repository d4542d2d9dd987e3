//! How far an incident is.

use std::fmt;
use std::str::FromStr;

use leakward_core::finding::UnknownWord;
use serde::{Deserialize, Serialize};

/// How far an incident is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It is known, and nothing has been done.
    Open,
    /// The provider is being asked.
    Verifying,
    /// The policy wants somebody to say yes.
    WaitingForApproval,
    /// Steps are being taken.
    Responding,
    /// The old credential is dead, and something is left to do (notifications, history).
    Contained,
    /// Nothing is left to do.
    Closed,
    /// The program cannot go on alone.
    NeedsPerson,
}

impl State {
    /// All of them, in the order in which an incident goes through them.
    pub const ALL: [Self; 7] = [
        Self::Open,
        Self::Verifying,
        Self::WaitingForApproval,
        Self::Responding,
        Self::NeedsPerson,
        Self::Contained,
        Self::Closed,
    ];

    /// The word used in documents and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Verifying => "verifying",
            Self::WaitingForApproval => "waiting-for-approval",
            Self::Responding => "responding",
            Self::Contained => "contained",
            Self::Closed => "closed",
            Self::NeedsPerson => "needs-person",
        }
    }

    /// Whether the credential does no more harm.
    #[must_use]
    pub fn is_settled(self) -> bool {
        matches!(self, Self::Contained | Self::Closed)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for State {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == word)
            .ok_or_else(|| UnknownWord {
                word: word.to_owned(),
                expected: "open, verifying, waiting-for-approval, responding, needs-person, contained, closed",
            })
    }
}
