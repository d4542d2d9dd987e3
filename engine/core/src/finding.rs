//! A leaked credential with all its places: what a report shows and a person acts on.
//!
//! One finding for each (rule, credential). The bytes of the credential are present only when the user asked
//! for them with `--reveal`; everything else is safe to print.

use std::fmt;
use std::str::FromStr;

use crate::evidence::Evidence;
use crate::fingerprint::Fingerprint;
use crate::location::Location;
use crate::rule::RuleId;
use crate::secret::Secret;
use crate::verdict::Verdict;

/// How bad it usually is when a live credential of this type leaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Little harm: test modes, read-only public data.
    Low,
    /// Limited harm: one service, narrow rights.
    Medium,
    /// Serious: private data, sending as somebody else.
    High,
    /// An account, production data or money.
    Critical,
}

/// How sure we are that it is a credential at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Confidence {
    /// Shown only with `--sensitivity high`.
    Low,
    /// The shape fits and nothing speaks against it.
    Medium,
    /// A checksum or structure holds, or the shape leaves no doubt.
    High,
}

/// A word that is none of those an enumeration knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{word:?} is none of {expected}")]
pub struct UnknownWord {
    /// What was written.
    pub word: String,
    /// What could have been written.
    pub expected: &'static str,
}

impl Severity {
    /// The word used in reports and rule files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl Severity {
    /// One step worse, for a credential that is known to work.
    #[must_use]
    pub fn raised(self) -> Self {
        match self {
            Self::Low => Self::Medium,
            Self::Medium => Self::High,
            Self::High | Self::Critical => Self::Critical,
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Severity {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        [Self::Low, Self::Medium, Self::High, Self::Critical]
            .into_iter()
            .find(|severity| severity.as_str() == word)
            .ok_or_else(|| UnknownWord {
                word: word.to_owned(),
                expected: "low, medium, high, critical",
            })
    }
}

impl Confidence {
    /// The word used in reports and rule files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Confidence {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        [Self::Low, Self::Medium, Self::High]
            .into_iter()
            .find(|confidence| confidence.as_str() == word)
            .ok_or_else(|| UnknownWord {
                word: word.to_owned(),
                expected: "low, medium, high",
            })
    }
}

/// The line around a credential, with every credential in it masked already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// The text: one line, cut to a readable length around the credential.
    pub text: String,
    /// Where the masked credential stands in `text`, as a half-open range of characters.
    pub marked: std::ops::Range<usize>,
}

/// A leaked credential with all its places.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Identity of the (rule, credential) pair.
    pub fingerprint: Fingerprint,
    /// The rule that found it.
    pub rule: RuleId,
    /// What it is, for people: "GitHub personal access token (classic)".
    pub title: String,
    /// Who issues it: "GitHub".
    pub provider: String,
    /// How bad it usually is.
    pub severity: Severity,
    /// How sure we are.
    pub confidence: Confidence,
    /// The credential as it may be shown.
    pub masked: String,
    /// The credential itself; only with `--reveal`.
    pub secret: Option<Secret>,
    /// Shannon entropy of the credential, bits per byte, 0 to 8.
    pub entropy: f64,
    /// Why it is believed to be a credential, in words; the strongest first.
    pub reasons: Vec<String>,
    /// What to do: the page where a person revokes it, when the rule knows one.
    pub revoke_url: Option<String>,
    /// The provider's page about this type of credential.
    pub docs_url: Option<String>,
    /// The line it stands on at its first location, masked.
    pub excerpt: Option<Excerpt>,
    /// Whether it still works.
    pub verdict: Verdict,
    /// What the verdict rests on; none when nobody asked.
    pub evidence: Option<Box<Evidence>>,
    /// All places, the most useful one first. Never empty.
    pub locations: Vec<Location>,
    /// Places beyond `Limits::max_locations_per_finding`.
    pub more_locations: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severities_and_confidences_read_back_what_they_print() {
        for severity in [
            Severity::Low,
            Severity::Medium,
            Severity::High,
            Severity::Critical,
        ] {
            assert_eq!(severity.to_string().parse(), Ok(severity));
        }
        for confidence in [Confidence::Low, Confidence::Medium, Confidence::High] {
            assert_eq!(confidence.to_string().parse(), Ok(confidence));
        }
        assert!(
            "severe"
                .parse::<Severity>()
                .is_err_and(|error| error.to_string().contains("critical"))
        );
    }
}
