//! A credential of a finding with the values near by, for whoever asks the provider about it after the scan.
//!
//! INVARIANT: kept in memory only, and only when the request says so; no report sees it.

use leakward_core::rule::Find;
use leakward_core::verification::Question;
use leakward_core::{Fingerprint, Rule, RuleId, Secret, Span};
use leakward_detect::{Detector, Match};

use crate::policy::Policy;

/// LIMIT: bytes of text before and after a credential that are kept where its verifier needs them: a connection string around
/// a password.
const AROUND: usize = 2 << 10;

/// LIMIT: the same around a private key, beside which a chain of certificates can stand.
const AROUND_KEY: usize = 16 << 10;

/// A credential of a finding with the values near by.
#[derive(Clone, Debug)]
pub struct Credential {
    /// The finding.
    pub fingerprint: Fingerprint,
    /// The rule that found it.
    pub rule: RuleId,
    /// The credential.
    pub secret: Secret,
    /// Companions by their names; `before` and `after` are the text around.
    pub values: Vec<(String, Secret)>,
}

/// The values near a match, in the bytes that it was found in.
pub(crate) fn values_near(bytes: &[u8], rule: &Rule, matched: &Match) -> Vec<(String, Secret)> {
    // Positions in decoded text stand for whole runs of the original bytes, in which nothing can be read.
    if !matched.decoded.is_empty() {
        return Vec::new();
    }
    let at = |span: Span| bytes.get(span.start..span.end);
    let mut values: Vec<(String, Secret)> = matched
        .companions
        .iter()
        .filter_map(|(name, span)| Some((name.clone(), Secret::new(at(*span)?))))
        .collect();
    let wants_text = rule
        .verify
        .as_ref()
        .is_some_and(|verify| matches!(verify.question, Question::Native(_)));
    if wants_text || matches!(rule.find, Find::Native(_)) {
        let is_key =
            matches!(&rule.find, Find::Native(native) if &*native.detector == "private-key");
        let around = if is_key { AROUND_KEY } else { AROUND };
        let before = bytes.get(matched.span.start.saturating_sub(around)..matched.span.start);
        let end = bytes.len().min(matched.span.end.saturating_add(around));
        let after = bytes.get(matched.span.end..end);
        for (name, text) in [("before", before), ("after", after)] {
            let text = readable(text.unwrap_or_default());
            values.push((name.to_owned(), Secret::new(text)));
        }
    }
    values
}

/// The text without the halves of characters that a cut left at its ends.
fn readable(bytes: &[u8]) -> &[u8] {
    let start = bytes
        .iter()
        .position(|byte| *byte & 0xc0 != 0x80)
        .unwrap_or(bytes.len());
    let rest = bytes.get(start..).unwrap_or_default();
    match std::str::from_utf8(rest) {
        Ok(_) => rest,
        Err(error) => rest.get(..error.valid_up_to()).unwrap_or_default(),
    }
}

/// The credentials in bytes that are no file and no object: a text that somebody posted, a file that an alert names.
#[must_use]
pub fn credentials_in(
    bytes: &[u8],
    detector: &Detector,
    policy: &Policy,
) -> Vec<(Credential, Span)> {
    let mut scratch = detector.scratch();
    let detection = detector.detect(bytes, &mut scratch);
    let of = |matched: Match| {
        let rule = detector.rules().get(matched.rule)?;
        let is_shown = matched.confidence >= policy.min_confidence;
        is_shown.then(|| {
            let credential = Credential {
                fingerprint: policy.key.fingerprint(&rule.id, &matched.secret),
                rule: rule.id.clone(),
                values: values_near(bytes, rule, &matched),
                secret: matched.secret.clone(),
            };
            (credential, matched.span)
        })
    };
    detection.matches.into_iter().filter_map(of).collect()
}
