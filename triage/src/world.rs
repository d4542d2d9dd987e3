//! Everything outside of the screen.

use std::path::PathBuf;

use leakward_core::{Finding, Fingerprint, Location};

/// Why a finding is let pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It is no credential.
    FalsePositive,
    /// It is one for tests, and opens nothing.
    TestValue,
}

impl Kind {
    /// In words, as they stand in the ignore file.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::FalsePositive => "false positive",
            Self::TestValue => "test value",
        }
    }
}

/// What is decided about a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The finding.
    pub fingerprint: Fingerprint,
    /// Why it is let pass.
    pub kind: Kind,
    /// The reason, as typed.
    pub reason: String,
    /// Until when, as typed: a date, a time such as `90d`, or nothing.
    pub until: String,
}

/// A decision that is written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The line as it stands in the ignore file.
    pub line: String,
    /// The ignore file that it stands in.
    pub file: PathBuf,
}

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Text.
    Text(String),
    /// A credential.
    Credential {
        /// As it may be shown.
        masked: String,
        /// As it is; only of the finding that was asked about.
        clear: Option<String>,
    },
}

/// A line around a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContextLine {
    /// Its number in the file, from 1.
    pub number: u32,
    /// What is in it.
    pub pieces: Vec<Piece>,
    /// Whether the finding is on it.
    pub is_it: bool,
}

/// What stands around a place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// Where it was read from, in words.
    pub from: String,
    /// The lines.
    pub lines: Vec<ContextLine>,
    /// What has to be known about them: that the file has changed since.
    pub note: Option<String>,
}

/// Everything outside of the screen. Errors are sentences for the user.
pub trait World: Send + Sync {
    /// What stands around a place of a finding.
    ///
    /// # Errors
    /// Why it cannot be read.
    fn context(&self, finding: &Finding, place: &Location) -> Result<Context, String>;

    /// Writes a decision down.
    ///
    /// # Errors
    /// Why it was not.
    fn decide(&self, finding: &Finding, decision: &Decision) -> Result<Known, String>;

    /// Takes a decision back that [`World::decide`] wrote down.
    ///
    /// # Errors
    /// Why it was not.
    fn take_back(&self, known: &Known) -> Result<(), String>;

    /// What would be sent where to verify a finding.
    ///
    /// # Errors
    /// Why that cannot be said.
    fn verification_plan(&self, fingerprint: Fingerprint) -> Result<String, String>;

    /// Asks the provider. Gives back the verdict's word and what is known, in words.
    ///
    /// # Errors
    /// Why it was not asked.
    fn verify(&self, fingerprint: Fingerprint) -> Result<(String, String), String>;

    /// The plan for a successor.
    ///
    /// # Errors
    /// Why there is none.
    fn rotation_plan(&self, fingerprint: Fingerprint) -> Result<String, String>;
}
