//! One verdict by itself, for a credential that is no finding of a scan.

use leakward_core::{Evidence, Fingerprint, Verdict};
use serde::Serialize;

use crate::document::Verification;

#[derive(Serialize)]
struct Entry<'a> {
    fingerprint: String,
    verification: Option<Verification<'a>>,
}

/// `{"fingerprint": …, "verification": {…}}`, the second as in a finding of the JSON report.
#[must_use]
pub fn verification_json(
    fingerprint: Fingerprint,
    verdict: &Verdict,
    evidence: &Evidence,
) -> String {
    let entry = Entry {
        fingerprint: fingerprint.to_string(),
        verification: Verification::new(verdict, Some(evidence)),
    };
    // The entry is made of texts, numbers and lists, which JSON can always hold.
    serde_json::to_string(&entry).unwrap_or_default()
}
