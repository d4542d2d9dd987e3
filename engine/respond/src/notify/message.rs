//! What people are told.

use leakward_core::Fingerprint;
use serde::{Deserialize, Serialize};

use crate::incident::as_text;

/// What people are told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its name: what has the same name is told once.
    pub name: String,
    /// Which credential.
    #[serde(with = "as_text")]
    pub fingerprint: Fingerprint,
    /// One line.
    pub title: String,
    /// What happened, or what has to be done.
    pub text: String,
    /// How much haste there is.
    pub urgency: Urgency,
}

/// How much haste there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Urgency {
    /// Nothing has to be done.
    Info,
    /// Somebody has to do something.
    Act,
    /// Somebody has to get up.
    Page,
}

impl Urgency {
    /// The word in front of the title.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "done",
            Self::Act => "needs you",
            Self::Page => "URGENT",
        }
    }
}
