//! The end of a look: overlaps are settled, comments obeyed, and what is not to be shown is left out.
//!
//! Not for how a report looks; that is another crate's.

use std::cmp::Reverse;
use std::collections::HashSet;

use leakward_core::rule::Class;
use leakward_core::{Confidence, Rule, Span};

use super::Search;
use crate::detection::{Detection, Match, Rejected};
use crate::judge::{self, Spans};
use crate::settings::{InlineAllow, Sensitivity};

/// Rules of less specificity go by names or common shapes.
const SHAPE_OF_ITS_OWN: u8 = 100;

impl Search<'_> {
    /// Settles overlaps, obeys comments, leaves out what is not to be shown.
    pub(super) fn finish(
        mut self,
        bytes: &[u8],
        mut matches: Vec<Match>,
    ) -> (Detection, Vec<Rejected>) {
        // What is not shown hides nothing that is; what is no secret (a public key's id) does.
        let (kept, low): (Vec<Match>, Vec<Match>) = matches
            .into_iter()
            .partition(|matched| self.is_shown(matched) || !self.is_secret(matched));
        matches = kept;
        self.turn_down(&low, |matched| {
            let why = matched.reasons.first().map_or("", String::as_str);
            format!("low confidence, shown with --sensitivity high ({why})")
        });
        let mut foreign = self.without_foreign(&mut matches);
        self.report_once(&mut matches);
        matches.append(&mut foreign);
        matches.retain(|matched| self.is_shown(matched));
        if self.inline_allow == InlineAllow::Honour {
            let (allowed, kept): (Vec<Match>, Vec<Match>) = matches
                .into_iter()
                .partition(|matched| judge::allows(bytes, matched.span));
            matches = kept;
            self.detection.suppressed += allowed.len() as u64;
            self.turn_down(&allowed, |_| "a comment on its line allows it".to_owned());
        }
        for matched in &matches {
            self.scratch.count(matched.rule, |cost| cost.matches += 1);
        }
        matches.sort_by_key(|matched| (matched.span, matched.rule));
        self.detection.matches = matches;
        let mut rejected = self.rejected.unwrap_or_default();
        rejected.sort_by_key(|rejected| (rejected.span, rejected.rule));
        (self.detection, rejected)
    }

    /// Takes the matches of other tools' rules out, which each report what they find, whatever others say; rules of ours that
    /// only go by names do not say it again.
    fn without_foreign(&self, matches: &mut Vec<Match>) -> Vec<Match> {
        let rules = self.detector.rules();
        let is_foreign = |matched: &Match| rules.get(matched.rule).is_some_and(Rule::is_foreign);
        if !matches.iter().any(is_foreign) {
            return Vec::new();
        }
        let (mut foreign, ours): (Vec<Match>, Vec<Match>) = matches.drain(..).partition(is_foreign);
        let mut taken: HashSet<(usize, Span)> = HashSet::new();
        foreign.retain(|matched| taken.insert((matched.rule, matched.span)));
        matches.extend(ours.into_iter().filter(|matched| {
            let goes_by_name = rules
                .get(matched.rule)
                .is_some_and(|rule| rule.specificity < SHAPE_OF_ITS_OWN);
            !(goes_by_name
                && foreign
                    .iter()
                    .any(|other| other.span.overlaps(matched.span)))
        }));
        foreign
    }

    /// Keeps, of matches that overlap, the most specific one: then the surer, then the longer one.
    fn report_once(&mut self, matches: &mut Vec<Match>) {
        matches.sort_by_key(|matched| {
            let specificity = self
                .detector
                .rules()
                .get(matched.rule)
                .map_or(0, |rule| rule.specificity);
            let length = Reverse(matched.span.len());
            (
                Reverse(specificity),
                Reverse(matched.confidence),
                length,
                matched.span.start,
                matched.rule,
            )
        });
        let mut taken = Spans::default();
        let (kept, hidden): (Vec<Match>, Vec<Match>) = matches
            .drain(..)
            .partition(|matched| taken.insert(matched.span));
        *matches = kept;
        let detector = self.detector;
        self.turn_down(&hidden, |hidden| {
            let by = matches
                .iter()
                .find(|matched| matched.span.overlaps(hidden.span))
                .and_then(|matched| detector.rules().get(matched.rule));
            format!(
                "it is told by {}, which is more specific or surer",
                by.map_or("another rule", |rule| rule.id.as_str())
            )
        });
    }

    /// Tells of matches that are not reported, when somebody wants to know.
    pub(super) fn turn_down(&mut self, matches: &[Match], why: impl Fn(&Match) -> String) {
        if let Some(rejected) = &mut self.rejected {
            rejected.extend(matches.iter().map(|matched| Rejected {
                rule: matched.rule,
                span: matched.span,
                reason: why(matched),
            }));
        }
    }

    pub(super) fn is_secret(&self, matched: &Match) -> bool {
        let rule = self.detector.rules().get(matched.rule);
        rule.is_some_and(|rule| rule.class == Class::Secret)
    }

    pub(super) fn is_shown(&self, matched: &Match) -> bool {
        let shows_low = self.detector.settings().sensitivity == Sensitivity::High;
        self.is_secret(matched) && (shows_low || matched.confidence > Confidence::Low)
    }
}
