//! One credential seen by several rules is reported once.

use std::collections::BTreeMap;

use leakward_core::Span;

/// Spans that do not overlap: the first one that is put in keeps its place.
#[derive(Debug, Default)]
pub(crate) struct Spans(BTreeMap<usize, usize>);

impl Spans {
    /// Adds a span unless it overlaps one that is there already; says whether it was added.
    pub(crate) fn insert(&mut self, span: Span) -> bool {
        let before = self.0.range(..span.end).next_back();
        if before.is_some_and(|(_, &end)| end > span.start) {
            return false;
        }
        self.0.insert(span.start, span.end);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_spans_are_refused() {
        let mut spans = Spans::default();
        assert!(spans.insert(Span::new(10, 20)));
        for (start, end) in [(10, 20), (5, 11), (19, 30), (12, 13), (0, 99)] {
            assert!(!spans.insert(Span::new(start, end)), "{start}..{end}");
        }
        assert!(spans.insert(Span::new(20, 30)) && spans.insert(Span::new(0, 10)));
    }
}
