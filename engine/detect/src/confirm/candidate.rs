//! Something that looks like a credential: what confirmation hands to the judge.

use std::borrow::Cow;

use leakward_core::Span;

use crate::carry::{Fate, TurnedDown};
use crate::detection::Manner;
use crate::native::NameKind;

/// Something that looks like a credential.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    /// Index of the rule.
    pub(crate) rule: usize,
    /// The credential in the bytes that were looked at.
    pub(crate) span: Span,
    /// The credential where it is not simply the span's bytes: unescaped, or normalised.
    pub(crate) secret: Option<Vec<u8>>,
    /// The name it is assigned to, where there is one.
    pub(crate) name: Option<Span>,
    /// What that name promises, for generic detectors.
    pub(crate) expects: Option<NameKind>,
    /// How it is written down.
    pub(crate) manner: Manner,
    /// Where further values of the same name stand, each a candidate of its own: the rows of a table.
    pub(crate) more: Vec<Span>,
    /// Up to where its rule passes over further hits.
    pub(crate) passed: usize,
    /// What became of it in another piece where everything that was read stood as well.
    pub(crate) fate: Option<Fate>,
    /// What the detector itself already knows in favour or against, in points and words.
    pub(crate) evidence: Vec<(i32, Cow<'static, str>)>,
}

impl Candidate {
    /// A candidate of rule `rule` whose credential is the span's bytes.
    pub(crate) fn new(rule: usize, span: Span) -> Candidate {
        Candidate {
            rule,
            span,
            secret: None,
            name: None,
            expects: None,
            manner: Manner::Itself,
            more: Vec::new(),
            passed: span.end,
            fate: None,
            evidence: Vec::new(),
        }
    }

    /// A candidate of which it is known that it is turned down.
    pub(crate) fn turned_down(one: &TurnedDown, position: u32) -> Candidate {
        Candidate {
            passed: one.passed(position),
            fate: Some(one.fate()),
            ..Candidate::new(one.rule(), one.span(position))
        }
    }

    /// The credential's bytes.
    pub(crate) fn secret<'a>(&'a self, bytes: &'a [u8]) -> &'a [u8] {
        match &self.secret {
            Some(secret) => secret,
            None => bytes.get(self.span.range()).unwrap_or_default(),
        }
    }
}
