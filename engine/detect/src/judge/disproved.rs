//! Tokens whose checksum or structure does not hold: a rule that goes by the name alone must not report them again.

use std::collections::BTreeMap;

use leakward_core::rule::Find;
use leakward_core::{Rule, Span};

/// Where tokens stand that their own checksum disproved.
#[derive(Debug, Default)]
pub(crate) struct Disproved(BTreeMap<usize, usize>);

impl Disproved {
    /// Notes one.
    pub(crate) fn note(&mut self, span: Span) {
        let end = self.0.entry(span.start).or_insert(span.end);
        *end = span.end.max(*end);
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `span`, which `rule` found, is little else than a disproved token. A shape of its own is not spoken against.
    pub(crate) fn speaks_against(&self, rule: &Rule, span: Span) -> bool {
        let goes_by_name = match &rule.find {
            // Keys in blocks have a form of their own; what the others find, they find by what stands around it.
            Find::Native(native) => native.detector != "private-key",
            Find::Keyword(_) => true,
            Find::Pattern(_) | Find::Sweep(_) | Find::Path(_) => false,
        };
        let before = self.0.range(..span.end).next_back();
        goes_by_name
            && before.is_some_and(|(&start, &end)| {
                let shared = end.min(span.end).saturating_sub(start.max(span.start));
                shared * 2 >= span.len() && shared > 0
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_mostly_a_disproved_token_is_spoken_against() {
        let rules = leakward_rules::built_in();
        let of = |id: &str| rules.iter().find(|rule| rule.id.as_str() == id).unwrap();
        let generic = of("generic-token");
        let mut disproved = Disproved::default();
        disproved.note(Span::new(10, 50));
        for (start, end, expected) in [
            (10, 50, true),
            (8, 52, true),
            (40, 100, false),
            (50, 60, false),
            (0, 10, false),
        ] {
            assert_eq!(
                disproved.speaks_against(generic, Span::new(start, end)),
                expected,
                "{start}..{end}"
            );
        }
        let pattern = rules
            .iter()
            .find(|rule| matches!(rule.find, Find::Pattern(_)))
            .unwrap();
        assert!(!disproved.speaks_against(pattern, Span::new(10, 50)));
    }
}
