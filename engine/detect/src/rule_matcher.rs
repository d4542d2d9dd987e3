//! A rule made ready for confirmation, on the first hit of one of its literals.

use leakward_core::Rule;
use leakward_core::Span;
use leakward_core::rule::Find;

use crate::confirm::{KeywordMatcher, PatternMatcher};
use crate::native::NativeDetector;
use crate::sweep::SweepMatcher;

/// A rule made ready.
#[derive(Debug)]
pub(crate) enum RuleMatcher {
    /// Its credential is recognisable by itself.
    Pattern(PatternMatcher),
    /// Its credential stands near a name.
    Keyword(KeywordMatcher),
    /// Written in Rust.
    Native(NativeDetector),
    /// Another tool's, run over whole pieces.
    Sweep(SweepMatcher),
    /// The path alone says it; nothing is looked for in pieces.
    Path,
    /// Its expression is refused; said once in the detection.
    Refused(String),
}

impl RuleMatcher {
    /// Reads the rule's expression.
    pub(crate) fn new(rule: &Rule, max_secret: usize) -> RuleMatcher {
        let refused = RuleMatcher::Refused;
        match &rule.find {
            Find::Pattern(pattern) => {
                PatternMatcher::new(pattern, max_secret).map_or_else(refused, RuleMatcher::Pattern)
            }
            Find::Keyword(keyword) => {
                KeywordMatcher::new(keyword, max_secret).map_or_else(refused, RuleMatcher::Keyword)
            }
            Find::Native(native) => NativeDetector::named(&native.detector).map_or_else(
                || refused(format!("no detector {}", native.detector)),
                RuleMatcher::Native,
            ),
            Find::Sweep(sweep) => SweepMatcher::new(sweep).map_or_else(refused, RuleMatcher::Sweep),
            Find::Path(_) => RuleMatcher::Path,
        }
    }

    /// Compiles what has to be compiled, to tell errors early.
    pub(crate) fn check(&self) -> Result<(), String> {
        match self {
            RuleMatcher::Pattern(pattern) => pattern.expression().check(),
            RuleMatcher::Keyword(keyword) => keyword.expression().check(),
            RuleMatcher::Native(_) | RuleMatcher::Sweep(_) | RuleMatcher::Path => Ok(()),
            RuleMatcher::Refused(reason) => Err(reason.clone()),
        }
    }

    /// The same for the literal that stands at `hit`.
    pub(crate) fn reads(&self, bytes: &[u8], hit: Span) -> (usize, usize) {
        match self {
            RuleMatcher::Native(native) => native.reads(bytes, hit),
            _ => self.reach(),
        }
    }

    /// Whether it reads as far for every hit.
    pub(crate) fn has_fixed_reach(&self) -> bool {
        !matches!(self, RuleMatcher::Native(native) if !native.has_fixed_reach())
    }

    /// How far before and after a hit's end it may read.
    pub(crate) fn reach(&self) -> (usize, usize) {
        match self {
            RuleMatcher::Pattern(pattern) => pattern.reach(),
            RuleMatcher::Keyword(keyword) => keyword.reach(),
            RuleMatcher::Native(native) => native.reach(),
            // No hit is decided by them.
            RuleMatcher::Sweep(_) | RuleMatcher::Path | RuleMatcher::Refused(_) => (0, 0),
        }
    }
}
