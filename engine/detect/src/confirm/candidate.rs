//! Something that looks like a credential: what confirmation hands to the judge.

use std::borrow::Cow;

use leakward_core::Span;

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
            evidence: Vec::new(),
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
