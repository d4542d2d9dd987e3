//! The judge: weighs what is known about a candidate into a confidence with reasons.

use leakward_core::rule::Find;
use leakward_core::{Confidence, Rule};

use super::checksum::{self, Proof};
use super::entropy::shannon;
use crate::confirm::Candidate;

/// What becomes of a candidate.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Judgement {
    /// A credential, this sure, for these reasons.
    Credential(Confidence, Vec<String>),
    /// None, for this reason.
    Rejected(String),
}

/// Points from which on a candidate has high confidence.
const HIGH: i32 = 70;

/// Points from which on a candidate has medium confidence.
const MEDIUM: i32 = 40;

/// The judge.
#[derive(Debug, Default)]
pub(crate) struct Judge;

impl Judge {
    /// Weighs a candidate of `rule` in `bytes`.
    pub(crate) fn judge(&self, rule: &Rule, candidate: &Candidate, bytes: &[u8]) -> Judgement {
        let secret = candidate.secret(bytes);
        let mut points = match rule.find {
            Find::Pattern(_) => 70,
            Find::Keyword(_) => 50,
            Find::Native(_) => 45,
        };
        let mut reasons = Vec::new();
        match rule.checksum.map(|kind| checksum::test(kind, secret)) {
            Some(Proof::Holds) => {
                points += 50;
                reasons.push("its checksum holds".to_owned());
            }
            Some(Proof::Fails) => return Judgement::Rejected("its checksum fails".to_owned()),
            Some(Proof::Silent) | None => {}
        }
        if shannon(secret) < f64::from(rule.min_entropy) {
            return Judgement::Rejected("its characters are too alike".to_owned());
        }
        for (weight, words) in &candidate.evidence {
            points += weight;
            reasons.push(words.clone().into_owned());
        }
        let confidence = match points {
            HIGH.. => Confidence::High,
            MEDIUM..HIGH => Confidence::Medium,
            _ => Confidence::Low,
        };
        Judgement::Credential(confidence, reasons)
    }
}
