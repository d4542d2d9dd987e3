//! What verification gives back for one credential.

use leakward_core::{Evidence, Fingerprint, Verdict};

/// What is known about one credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The credential.
    pub fingerprint: Fingerprint,
    /// Whether it works.
    pub verdict: Verdict,
    /// What that rests on.
    pub evidence: Evidence,
}
