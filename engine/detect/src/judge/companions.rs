//! Companions: values that belong together, such as a key id and its secret.
//!
//! The nearest match of the companion's rule within so many lines is taken. A credential that means nothing without a
//! required companion is turned down when there is none.

use std::collections::HashMap;

use leakward_core::{Rule, Span};
use memchr::memchr_iter;

/// LIMIT: how far companions are looked for, whatever the number of lines: minified text has lines without end.
pub(crate) const REACH: usize = 8 << 10;

/// Where each rule's candidates stand.
#[derive(Debug, Default)]
pub(crate) struct Companions {
    /// By rule number, sorted by position.
    spans: HashMap<usize, Vec<Span>>,
}

impl Companions {
    /// Notes candidates of rules, in any order.
    pub(crate) fn new(candidates: impl Iterator<Item = (usize, Span)>) -> Companions {
        let mut spans: HashMap<usize, Vec<Span>> = HashMap::new();
        for (rule, span) in candidates {
            spans.entry(rule).or_default().push(span);
        }
        spans.values_mut().for_each(|spans| spans.sort_unstable());
        Companions { spans }
    }

    /// The nearest candidate of `rule` within `lines` lines of `span`.
    pub(crate) fn nearest(
        &self,
        bytes: &[u8],
        rule: usize,
        span: Span,
        lines: u16,
    ) -> Option<Span> {
        let spans = self.spans.get(&rule)?;
        let next = spans.partition_point(|other| other.start < span.start);
        let before = spans
            .get(..next)?
            .iter()
            .rev()
            .find(|other| !other.overlaps(span));
        let after = spans
            .get(next..)?
            .iter()
            .find(|other| !other.overlaps(span));
        let gap = |other: &Span| {
            if other.start < span.start {
                (other.end, span.start)
            } else {
                (span.end, other.start)
            }
        };
        [before, after]
            .into_iter()
            .flatten()
            .filter(|other| {
                let (from, to) = gap(other);
                to.saturating_sub(from) <= REACH
                    && memchr_iter(b'\n', bytes.get(from.min(to)..to).unwrap_or_default())
                        .take(usize::from(lines) + 1)
                        .count()
                        <= usize::from(lines)
            })
            .min_by_key(|other| {
                let (from, to) = gap(other);
                to.saturating_sub(from)
            })
            .copied()
    }
}

/// The numbers of rules by their ids, for rules that have companions.
pub(crate) fn numbers(rules: &[Rule]) -> HashMap<&str, usize> {
    rules
        .iter()
        .enumerate()
        .map(|(number, rule)| (rule.id.as_str(), number))
        .collect()
}
