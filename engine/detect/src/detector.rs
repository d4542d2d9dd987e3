//! The detector: a set of rules, ready to look at bytes from all threads.

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use leakward_core::rule::{Class, Find};
use leakward_core::{Confidence, Rule, Secret, Span};

use crate::confirm::Candidate;
use crate::detection::{Detection, Explained, Match, PathJudgement, Rejected};
use crate::error::DetectorError;
use crate::judge::{self, Judge, Judgement};
use crate::native::NativeDetector;
use crate::prefilter::{Hit, Literal, Prefilter, Spelling};
use crate::rule_matcher::RuleMatcher;
use crate::scratch::Scratch;
use crate::settings::{InlineAllow, Sensitivity, Settings};

/// A rule that has some literal, and which of the rule's literals it is.
#[derive(Clone, Copy, Debug)]
struct User {
    rule: u32,
    which: u32,
}

/// A set of rules, ready to look at bytes. Shared by all threads; each has its own [`Scratch`].
#[derive(Debug)]
pub struct Detector {
    rules: Vec<Rule>,
    settings: Settings,
    prefilter: Prefilter,
    /// For each literal, where its users start in `users`; one more at the end.
    first_users: Vec<u32>,
    users: Vec<User>,
    matchers: Vec<OnceLock<RuleMatcher>>,
    judge: Judge,
}

impl Detector {
    /// A detector of `rules`. Builds the prefilter only (under a millisecond for 1,500 rules); expressions are read when
    /// first needed.
    ///
    /// # Errors
    /// A rule without literal, or one that names a detector that does not exist. Bad expressions are found by
    /// [`Detector::check`], or reported in [`Detection::limited`] when first needed.
    pub fn new(rules: Vec<Rule>, settings: Settings) -> Result<Detector, DetectorError> {
        let mut numbers: HashMap<(Spelling, String), u32> = HashMap::new();
        let mut literals: Vec<Literal> = Vec::new();
        let mut pairs: Vec<(u32, User)> = Vec::new();
        for (rule_number, rule) in (0_u32..).zip(&rules) {
            let (texts, spelling) = literals_of(rule)?;
            if texts.iter().all(|text| text.len() < 2) {
                return Err(DetectorError::NoLiteral(rule.id.clone()));
            }
            for (which, text) in (0_u32..).zip(texts) {
                let literal = Literal::new(text, spelling);
                let key = (literal.spelling(), text.to_string());
                let number = *numbers.entry(key).or_insert_with(|| {
                    literals.push(literal);
                    u32::try_from(literals.len() - 1).unwrap_or(u32::MAX)
                });
                let user = User {
                    rule: rule_number,
                    which,
                };
                pairs.push((number, user));
            }
        }
        pairs.sort_by_key(|(number, user)| (*number, user.rule));
        let mut first_users = vec![0_u32; literals.len() + 1];
        for (number, _) in &pairs {
            if let Some(count) = first_users.get_mut(*number as usize + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for count in &mut first_users {
            sum += *count;
            *count = sum;
        }
        Ok(Detector {
            prefilter: Prefilter::new(literals),
            first_users,
            users: pairs.into_iter().map(|(_, user)| user).collect(),
            matchers: rules.iter().map(|_| OnceLock::new()).collect(),
            rules,
            settings,
            judge: Judge,
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
        let candidates = std::mem::take(&mut scratch.candidates);
        self.judge_all(bytes, &candidates, &mut detection, rejected);
        scratch.candidates = candidates;
        detection
    }

    /// What a match means in a file of this path.
    #[must_use]
    pub fn judge_path(&self, matched: &Match, path: &str) -> PathJudgement {
        let _unused = (matched, path, matched.manner);
        PathJudgement::Keep
    }

    fn users(&self, literal: u32) -> &[User] {
        let from = self.first_users.get(literal as usize).copied().unwrap_or(0);
        let to = self
            .first_users
            .get(literal as usize + 1)
            .copied()
            .unwrap_or(from);
        self.users
            .get(from as usize..to as usize)
            .unwrap_or_default()
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
        let position = hit.position as usize;
        for user in self.users(hit.literal) {
            let rule = user.rule as usize;
            if scratch.passed.covers(rule, hit.position) {
                continue;
            }
            let (Some(matcher), Some(cache)) = (self.matcher(rule), scratch.caches.get_mut(rule))
            else {
                continue;
            };
            let max_secret = self.settings.limits.max_secret_bytes;
            match matcher {
                RuleMatcher::Pattern(pattern) => {
                    if let Some(found) =
                        pattern.find(bytes, (position, user.which as usize), max_secret, cache)
                    {
                        scratch.passed.note(rule, found.whole.end);
                        scratch
                            .candidates
                            .push(Candidate::new(rule, found.credential));
                        if found.cut {
                            detection.limited.push(format!(
                                "a match of {} was cut at {max_secret} bytes",
                                self.rules.get(rule).map_or("", |rule| rule.id.as_str())
                            ));
                        }
                    }
                }
                RuleMatcher::Keyword(keyword) => {
                    let Some(end) = self
                        .prefilter
                        .literal(hit.literal)
                        .and_then(|literal| literal.end_at(bytes, position))
                    else {
                        continue;
                    };
                    if let Some(found) = keyword.find(bytes, (position, end), cache) {
                        scratch.passed.note(rule, found.credential.end);
                        let mut candidate = Candidate::new(rule, found.credential);
                        candidate.name = Some(found.name);
                        if !found.is_assigned {
                            candidate
                                .evidence
                                .push((-20, "nothing says that it is the name's value".into()));
                        }
                        scratch.candidates.push(candidate);
                    }
                }
                RuleMatcher::Native(native) => {
                    let Some(end) = self
                        .prefilter
                        .literal(hit.literal)
                        .and_then(|literal| literal.end_at(bytes, position))
                    else {
                        continue;
                    };
                    if let Some(candidate) = native.find(rule, bytes, (position, end)) {
                        scratch.passed.note(rule, candidate.span.end);
                        scratch.candidates.push(candidate);
                    }
                }
                RuleMatcher::Refused(reason) => {
                    scratch.passed.note(rule, usize::MAX);
                    detection.limited.push(format!(
                        "rule {} was not applied: {reason}",
                        self.rules.get(rule).map_or("", |rule| rule.id.as_str())
                    ));
                }
            }
        }
    }

    fn judge_all(
        &self,
        bytes: &[u8],
        candidates: &[Candidate],
        detection: &mut Detection,
        explained: &mut Option<Vec<Rejected>>,
    ) {
        let mut kept: Vec<(usize, Match)> = Vec::new();
        for candidate in candidates {
            let Some(rule) = self.rules.get(candidate.rule) else {
                continue;
            };
            let judgement = self.judge.judge(rule, candidate, bytes);
            let reason = match judgement {
                Judgement::Credential(confidence, reasons) => {
                    if self.settings.inline_allow == InlineAllow::Honour
                        && judge::allows(bytes, candidate.span)
                    {
                        detection.suppressed += 1;
                        continue;
                    }
                    let secret = candidate.secret(bytes);
                    kept.push((
                        usize::from(rule.specificity),
                        Match {
                            rule: candidate.rule,
                            span: candidate.span,
                            secret: Secret::new(secret),
                            entropy: judge::shannon(secret),
                            confidence,
                            reasons,
                            decoded: Vec::new(),
                            companions: Vec::new(),
                            manner: candidate.manner,
                        },
                    ));
                    continue;
                }
                Judgement::Rejected(reason) => reason,
            };
            detection.rejected += 1;
            if let Some(explained) = explained {
                explained.push(Rejected {
                    rule: candidate.rule,
                    span: candidate.span,
                    reason,
                });
            }
        }
        kept.sort_by_key(|(specificity, matched)| {
            (
                std::cmp::Reverse(*specificity),
                std::cmp::Reverse(matched.confidence),
                std::cmp::Reverse(matched.span.len()),
                matched.span.start,
                matched.rule,
            )
        });
        let mut taken = Spans::default();
        kept.retain(|(_, matched)| taken.insert(matched.span));
        let mut taken: Vec<Match> = kept.into_iter().map(|(_, matched)| matched).collect();
        taken.retain(|matched| {
            let is_secret = self
                .rules
                .get(matched.rule)
                .is_some_and(|rule| rule.class == Class::Secret);
            is_secret
                && (self.settings.sensitivity == Sensitivity::High
                    || matched.confidence > Confidence::Low)
        });
        taken.sort_by_key(|matched| (matched.span, matched.rule));
        detection.matches = taken;
    }
}

/// Spans that do not overlap.
#[derive(Debug, Default)]
struct Spans(BTreeMap<usize, usize>);

impl Spans {
    /// Adds a span unless it overlaps one that is there already; says whether it was added.
    fn insert(&mut self, span: Span) -> bool {
        let before = self.0.range(..span.end).next_back();
        if before.is_some_and(|(_, &end)| end > span.start) {
            return false;
        }
        self.0.insert(span.start, span.end);
        true
    }
}

/// The texts that a rule is recognised by, and how they are spelled.
fn literals_of(rule: &Rule) -> Result<(&[leakward_core::rule::Text], Spelling), DetectorError> {
    match &rule.find {
        Find::Pattern(pattern) => {
            let spelling = if pattern.ignore_case {
                Spelling::AnyCase
            } else {
                Spelling::Exact
            };
            Ok((&pattern.literals, spelling))
        }
        Find::Keyword(keyword) => Ok((&keyword.keywords, Spelling::Loose)),
        Find::Native(native) => match NativeDetector::named(&native.detector) {
            Some(detector) => Ok((&native.literals, detector.spelling())),
            None => Err(DetectorError::UnknownDetector {
                rule: rule.id.clone(),
                detector: native.detector.to_string(),
                known: NativeDetector::ALL
                    .iter()
                    .map(|(name, _)| *name)
                    .collect::<Vec<_>>()
                    .join(", "),
            }),
        },
    }
}
