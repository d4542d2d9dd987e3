//! The detector: a set of rules, ready to look at bytes from all threads.

use std::sync::OnceLock;

use leakward_core::rule::Class;
use leakward_core::{Confidence, Rule, Secret, Span};

use crate::confirm::Candidate;
use crate::detection::{Detection, Explained, Manner, Match, PathJudgement, Rejected};
use crate::error::DetectorError;
use crate::judge::{self, Companions, Judge, Judgement, Role, Spans};
use crate::path_rules::PathRules;
use crate::prefilter::{Hit, Prefilter};
use crate::rule_index::{RuleIndex, User};
use crate::rule_matcher::RuleMatcher;
use crate::scratch::Scratch;
use crate::settings::{InlineAllow, Sensitivity, Settings};

/// A set of rules, ready to look at bytes. Shared by all threads; each has its own [`Scratch`].
#[derive(Debug)]
pub struct Detector {
    rules: Vec<Rule>,
    settings: Settings,
    prefilter: Prefilter,
    index: RuleIndex,
    matchers: Vec<OnceLock<RuleMatcher>>,
    paths: Vec<OnceLock<PathRules>>,
    judge: Judge,
    /// For each rule with companions, the numbers of their rules.
    companions: OnceLock<Vec<Vec<Option<usize>>>>,
}

impl Detector {
    /// A detector of `rules`. Builds the prefilter only (about a millisecond for 1,500 rules); expressions are read when
    /// first needed.
    ///
    /// # Errors
    /// A rule without literal, or one that names a detector that does not exist. Bad expressions are found by
    /// [`Detector::check`], or reported in [`Detection::limited`] when first needed.
    pub fn new(rules: Vec<Rule>, settings: Settings) -> Result<Detector, DetectorError> {
        let (index, literals) = RuleIndex::new(&rules)?;
        Ok(Detector {
            prefilter: Prefilter::new(literals),
            index,
            matchers: std::iter::repeat_with(OnceLock::new)
                .take(rules.len())
                .collect(),
            paths: std::iter::repeat_with(OnceLock::new)
                .take(rules.len())
                .collect(),
            judge: Judge::new(rules.len()),
            companions: OnceLock::new(),
            rules,
            settings,
        })
    }

    /// The rules, in the order in which matches number them.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What one more thread needs.
    #[must_use]
    pub fn scratch(&self) -> Scratch {
        Scratch::new(self.rules.len())
    }

    /// Reads and compiles every expression, to tell errors before a scan.
    ///
    /// # Errors
    /// The first rule whose expression is refused.
    pub fn check(&self) -> Result<(), DetectorError> {
        for (number, rule) in self.rules.iter().enumerate() {
            if let Some(matcher) = self.matcher(number) {
                matcher
                    .check()
                    .map_err(|reason| DetectorError::BadExpression {
                        rule: rule.id.clone(),
                        reason,
                    })?;
            }
        }
        Ok(())
    }

    /// Adds to `hits` every literal that starts in `from..to`, sorted by position. Reads beyond `to` as needed, and
    /// nothing before `from`.
    pub fn prefilter(&self, bytes: &[u8], from: usize, to: usize, hits: &mut Vec<Hit>) {
        self.prefilter.find(bytes, from, to, hits);
    }

    /// Length of the longest literal in bytes: how far a hit depends on what follows its first byte.
    #[must_use]
    pub fn longest_literal(&self) -> usize {
        self.prefilter.longest()
    }

    /// How many bytes before and after its position the decision about a hit may read, at most, over all rules. Reads
    /// every expression.
    #[must_use]
    pub fn reach(&self) -> (usize, usize) {
        let max_secret = self.settings.limits.max_secret_bytes;
        (0..self.rules.len())
            .filter_map(|rule| self.matcher(rule))
            .map(|matcher| matcher.reach(max_secret))
            .fold((0, 0), |(before, after), (more_before, more_after)| {
                (before.max(more_before), after.max(more_after))
            })
    }

    /// The same for the hits of one literal: mostly far less, for few rules have credentials without a bound.
    #[must_use]
    pub fn reach_of(&self, hit: Hit) -> (usize, usize) {
        let max_secret = self.settings.limits.max_secret_bytes;
        let longest = self
            .prefilter
            .literal(hit.literal)
            .map_or(0, crate::prefilter::Literal::longest);
        self.index
            .users(hit.literal)
            .iter()
            .filter_map(|user| self.matcher(user.rule as usize))
            .map(|matcher| matcher.reach(max_secret))
            .fold((0, 0), |(before, after), (more_before, more_after)| {
                (before.max(more_before), after.max(more_after + longest))
            })
    }

    /// Finds the credentials in `bytes`.
    pub fn detect(&self, bytes: &[u8], scratch: &mut Scratch) -> Detection {
        self.detect_with(bytes, scratch, &mut None)
    }

    /// The same, and what was turned down and why.
    pub fn detect_explained(&self, bytes: &[u8], scratch: &mut Scratch) -> Explained {
        let mut rejected = Some(Vec::new());
        let detection = self.detect_with(bytes, scratch, &mut rejected);
        let mut rejected = rejected.unwrap_or_default();
        rejected.sort_by_key(|rejected| (rejected.span, rejected.rule));
        Explained {
            detection,
            rejected,
        }
    }

    fn detect_with(
        &self,
        bytes: &[u8],
        scratch: &mut Scratch,
        rejected: &mut Option<Vec<Rejected>>,
    ) -> Detection {
        let mut hits = std::mem::take(&mut scratch.hits);
        hits.clear();
        self.prefilter(bytes, 0, bytes.len(), &mut hits);
        let detection = self.confirm_with(bytes, &hits, scratch, rejected);
        scratch.hits = hits;
        detection
    }

    /// Decides about `hits`, which must be all hits of `bytes`, sorted by position.
    pub fn confirm(&self, bytes: &[u8], hits: &[Hit], scratch: &mut Scratch) -> Detection {
        self.confirm_with(bytes, hits, scratch, &mut None)
    }

    fn confirm_with(
        &self,
        bytes: &[u8],
        hits: &[Hit],
        scratch: &mut Scratch,
        rejected: &mut Option<Vec<Rejected>>,
    ) -> Detection {
        let mut detection = Detection::default();
        scratch.passed.forget();
        scratch.candidates.clear();
        for hit in hits {
            self.confirm_hit(bytes, *hit, scratch, &mut detection);
            if scratch.candidates.len() >= self.settings.limits.max_matches_per_piece {
                detection
                    .limited
                    .push("more candidates than the limit; the rest was not looked at".to_owned());
                break;
            }
        }
        if !scratch.candidates.is_empty() {
            let candidates = std::mem::take(&mut scratch.candidates);
            self.judge_all(bytes, &candidates, &mut detection, rejected);
            scratch.candidates = candidates;
        }
        detection
    }

    fn matcher(&self, rule: usize) -> Option<&RuleMatcher> {
        let max_secret = self.settings.limits.max_secret_bytes;
        let rule_text = self.rules.get(rule)?;
        Some(
            self.matchers
                .get(rule)?
                .get_or_init(|| RuleMatcher::new(rule_text, max_secret)),
        )
    }

    fn confirm_hit(
        &self,
        bytes: &[u8],
        hit: Hit,
        scratch: &mut Scratch,
        detection: &mut Detection,
    ) {
        for user in self.index.users(hit.literal) {
            if !scratch.passed.covers(user.rule as usize, hit.position) {
                self.try_rule(bytes, hit, *user, scratch, detection);
            }
        }
    }

    fn try_rule(
        &self,
        bytes: &[u8],
        hit: Hit,
        user: User,
        scratch: &mut Scratch,
        detection: &mut Detection,
    ) -> Option<()> {
        let (number, position) = (user.rule as usize, hit.position as usize);
        let rule = self.rules.get(number)?;
        let matcher = self.matcher(number)?;
        let cache = scratch.caches.get_mut(number)?;
        let literal_end = || self.prefilter.literal(hit.literal)?.end_at(bytes, position);
        let candidate = match matcher {
            RuleMatcher::Pattern(pattern) => {
                let max_secret = self.settings.limits.max_secret_bytes;
                let found =
                    pattern.find(bytes, (position, user.which as usize), max_secret, cache)?;
                if found.cut {
                    detection.limited.push(format!(
                        "a match of {} was cut at {max_secret} bytes",
                        rule.id
                    ));
                }
                scratch.passed.note(number, found.whole.end);
                Candidate::new(number, found.credential)
            }
            RuleMatcher::Keyword(keyword) => {
                let found = keyword.find(bytes, (position, literal_end()?), cache)?;
                scratch.passed.note(number, found.credential.end);
                let mut candidate = Candidate::new(number, found.credential);
                candidate.name = Some(found.name);
                if !found.is_assigned {
                    candidate
                        .evidence
                        .push((-15, "nothing says that it is the name's value".into()));
                }
                candidate
            }
            RuleMatcher::Native(native) => {
                let candidate = native.find(number, bytes, Span::new(position, literal_end()?))?;
                scratch.passed.note(number, candidate.span.end);
                candidate
            }
            RuleMatcher::Refused(reason) => {
                scratch.passed.note(number, usize::MAX);
                detection
                    .limited
                    .push(format!("rule {} was not applied: {reason}", rule.id));
                return None;
            }
        };
        scratch.candidates.push(candidate);
        Some(())
    }

    fn judge_all(
        &self,
        bytes: &[u8],
        candidates: &[Candidate],
        detection: &mut Detection,
        rejected: &mut Option<Vec<Rejected>>,
    ) {
        let companions = Companions::new(
            candidates
                .iter()
                .map(|candidate| (candidate.rule, candidate.span)),
        );
        let mut kept: Vec<Match> = Vec::new();
        for candidate in candidates {
            match self.judge_one(bytes, candidate, &companions) {
                Ok(matched) => kept.push(matched),
                Err(reason) => {
                    detection.rejected += 1;
                    if let Some(rejected) = rejected {
                        rejected.push(Rejected {
                            rule: candidate.rule,
                            span: candidate.span,
                            reason,
                        });
                    }
                }
            }
        }
        self.report_once(&mut kept);
        kept.retain(|matched| {
            let is_shown = self.is_shown(matched);
            let is_allowed = is_shown
                && self.settings.inline_allow == InlineAllow::Honour
                && judge::allows(bytes, matched.span);
            detection.suppressed += u64::from(is_allowed);
            is_shown && !is_allowed
        });
        kept.sort_by_key(|matched| (matched.span, matched.rule));
        detection.matches = kept;
    }

    fn judge_one(
        &self,
        bytes: &[u8],
        candidate: &Candidate,
        companions: &Companions,
    ) -> Result<Match, String> {
        let Some(rule) = self.rules.get(candidate.rule) else {
            return Err(String::new());
        };
        let (mut confidence, mut reasons) = match self.judge.judge(rule, candidate, bytes) {
            Judgement::Credential(confidence, reasons) => (confidence, reasons),
            Judgement::Rejected(reason) => return Err(reason),
        };
        let mut found = Vec::new();
        for (companion, number) in rule
            .companions
            .iter()
            .zip(self.companion_numbers(candidate.rule))
        {
            let span = number.and_then(|number| {
                companions.nearest(bytes, number, candidate.span, companion.within_lines)
            });
            match span {
                Some(span) => {
                    found.push((companion.name.to_string(), span));
                    reasons.push(format!("its {} stands near by", companion.name));
                    if confidence == Confidence::Medium {
                        confidence = Confidence::High;
                    }
                }
                None if companion.required => {
                    return Err(format!("its {} is not near by", companion.name));
                }
                None => {}
            }
        }
        let secret = candidate.secret(bytes);
        Ok(Match {
            rule: candidate.rule,
            span: candidate.span,
            secret: Secret::new(secret),
            entropy: judge::shannon(secret),
            confidence,
            reasons,
            decoded: Vec::new(),
            companions: found,
            manner: candidate.manner,
        })
    }

    fn companion_numbers(&self, rule: usize) -> &[Option<usize>] {
        let all = self.companions.get_or_init(|| {
            let numbers = judge::rule_numbers(&self.rules);
            let of_rule = |rule: &Rule| {
                rule.companions
                    .iter()
                    .map(|companion| numbers.get(&*companion.rule).copied())
                    .collect()
            };
            self.rules.iter().map(of_rule).collect()
        });
        all.get(rule).map_or(&[], Vec::as_slice)
    }

    /// Keeps, of matches that overlap, the most specific one: then the surer, then the longer one.
    fn report_once(&self, matches: &mut Vec<Match>) {
        use std::cmp::Reverse;
        matches.sort_by_key(|matched| {
            let specificity = self
                .rules
                .get(matched.rule)
                .map_or(0, |rule| rule.specificity);
            (
                Reverse(specificity),
                Reverse(matched.confidence),
                Reverse(matched.span.len()),
                matched.span.start,
                matched.rule,
            )
        });
        let mut taken = Spans::default();
        matches.retain(|matched| taken.insert(matched.span));
    }

    fn is_shown(&self, matched: &Match) -> bool {
        let is_secret = self
            .rules
            .get(matched.rule)
            .is_some_and(|rule| rule.class == Class::Secret);
        is_secret
            && (self.settings.sensitivity == Sensitivity::High
                || matched.confidence > Confidence::Low)
    }

    /// What a match means in a file of this path, whose folders are separated by `/`.
    #[must_use]
    pub fn judge_path(&self, matched: &Match, path: &str) -> PathJudgement {
        let (Some(rule), Some(paths)) =
            (self.rules.get(matched.rule), self.paths.get(matched.rule))
        else {
            return PathJudgement::Keep;
        };
        let paths = paths.get_or_init(|| PathRules::new(rule));
        if let Some(judgement) = paths.judge(path) {
            return judgement;
        }
        judge::judge_role(
            rule,
            matched,
            Role::of(path),
            matched.manner == Manner::Bare,
        )
    }
}
