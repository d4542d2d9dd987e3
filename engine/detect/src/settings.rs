//! What a user may choose about detection: two settings that people can understand, and the limits.

use std::str::FromStr;

use leakward_core::Limits;

use crate::rule_cost::Clock;

/// How much is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sensitivity {
    /// What should block a commit: medium and high confidence.
    #[default]
    Default,
    /// What an auditor wants to see: low confidence as well.
    High,
}

/// Whether comments such as `leakward:allow` on a credential's line are obeyed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InlineAllow {
    /// They are: the match is counted as suppressed.
    #[default]
    Honour,
    /// They are not.
    Ignore,
}

/// How many characters a string of a binary has at least. Below four nearly any bytes are one by chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShortestString(u16);

/// A length that no string of a binary may be asked to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("strings of binaries have between 4 and 1024 characters at least")]
pub struct NotALength;

impl ShortestString {
    /// The same number of characters, when strings may be asked to have so many.
    ///
    /// # Errors
    /// When it is below 4 or above 1,024.
    pub fn new(characters: u16) -> Result<Self, NotALength> {
        match characters {
            4..=1_024 => Ok(Self(characters)),
            _ => Err(NotALength),
        }
    }

    /// The number of characters.
    #[must_use]
    pub fn characters(self) -> usize {
        usize::from(self.0)
    }
}

impl FromStr for ShortestString {
    type Err = NotALength;

    fn from_str(text: &str) -> Result<Self, NotALength> {
        Self::new(text.parse().map_err(|_| NotALength)?)
    }
}

/// What a user may choose about detection.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// How much is shown.
    pub sensitivity: Sensitivity,
    /// Whether comments on the line are obeyed.
    pub inline_allow: InlineAllow,
    /// The caps on sizes and counts.
    pub limits: Limits,
    /// With a length, the strings of binaries that have at least so many characters are looked at, each as a line.
    pub binary_strings: Option<ShortestString>,
    /// With a clock, what each rule costs is counted in the scratch.
    pub clock: Option<Clock>,
}
