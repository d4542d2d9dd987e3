//! The detector: a set of rules, ready to look at bytes from all threads.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::OnceLock;

use leakward_core::rule::{Companion, Find};
use leakward_core::{Confidence, Rule, Secret, Span};
use regex_automata::meta::Regex;

use crate::carry::{Copied, Known, Note, Reads, carry};
use crate::decode;
use crate::detection::{Detection, Explained, Manner, Match, PathJudgement, PlaceFacts};
use crate::error::DetectorError;
use crate::judge::{self, Judge, Role};
use crate::path_rules::PathRules;
use crate::prefilter::{Hit, Literal, Prefilter};
use crate::rule_cost::RuleCost;
use crate::rule_index::RuleIndex;
use crate::rule_matcher::RuleMatcher;
use crate::scratch::Scratch;
use crate::search::Search;
use crate::settings::Settings;
use crate::sweep::{self, Exceptions, TextVerdict, Texts};

/// For each rule, the numbers of its companions' rules.
type CompanionNumbers = Vec<Vec<Option<usize>>>;

/// A set of rules, ready to look at bytes. Shared by all threads; each has its own [`Scratch`].
#[derive(Debug)]
pub struct Detector {
    /// PERF: copying the built-in ones would take longer than scanning a small file.
    rules: Cow<'static, [Rule]>,
    settings: Settings,
    prefilter: Prefilter,
    index: RuleIndex,
    matchers: Vec<OnceLock<RuleMatcher>>,
    paths: Vec<OnceLock<PathRules>>,
    judge: Judge,
    companions: OnceLock<CompanionNumbers>,
    exceptions: Vec<OnceLock<Option<Exceptions>>>,
    has_requirements: bool,
    path_rules: Vec<usize>,
    path_expressions: Vec<OnceLock<Option<Regex>>>,
}

impl Detector {
    /// A detector of `rules`. Builds the prefilter only (about a millisecond for 1,500 rules); expressions are read when
    /// first needed.
    ///
    /// # Errors
    /// A rule without literal, or one that names a detector that does not exist. Bad expressions are found by
    /// [`Detector::check`], or reported in [`Detection::limited`] when first needed.
    pub fn new(
        rules: impl Into<Cow<'static, [Rule]>>,
        settings: Settings,
    ) -> Result<Detector, DetectorError> {
        let rules = rules.into();
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
            exceptions: std::iter::repeat_with(OnceLock::new)
                .take(rules.len())
                .collect(),
            path_rules: (0..rules.len())
                .filter(|number| {
                    rules
                        .get(*number)
                        .is_some_and(|rule| matches!(rule.find, Find::Path(_)))
                })
                .collect(),
            path_expressions: std::iter::repeat_with(OnceLock::new)
                .take(rules.len())
                .collect(),
            has_requirements: rules.iter().any(|rule| {
                rule.foreign
                    .as_ref()
                    .is_some_and(|foreign| !foreign.requires.is_empty())
            }),
            rules,
            settings,
        })
    }

    /// The rules, in the order in which matches number them.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What the rule of this number is called.
    pub(crate) fn id(&self, number: usize) -> &str {
        self.rules.get(number).map_or("", |rule| rule.id.as_str())
    }

    /// The same, to be kept: built-in ones are not copied.
    #[must_use]
    pub fn shared_rules(&self) -> Cow<'static, [Rule]> {
        self.rules.clone()
    }

    /// What one more thread needs.
    #[must_use]
    pub fn scratch(&self) -> Scratch {
        let mut scratch = Scratch::new(self.rules.len());
        if self.settings.clock.is_some() {
            scratch.costs = vec![RuleCost::default(); self.rules.len()];
        }
        scratch
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

    /// Adds to `hits` every literal (of a long one its core: see [`Detector::whole`]), and every run of digits that may be an encoding, that starts in `from..to`; sorted by
    /// position. Reads beyond `to` as needed, and one byte before `from`: see [`Detector::extent`].
    pub fn prefilter(&self, bytes: &[u8], from: usize, to: usize, hits: &mut Vec<Hit>) {
        let first_new = hits.len();
        self.prefilter.find(bytes, from, to, hits);
        if self.settings.limits.max_decode_depth > 0 {
            let before = hits.len();
            let run = self.index.run();
            decode::find_runs(bytes, from, to.min(bytes.len()), |start| {
                hits.extend(u32::try_from(start).ok().map(|position| Hit {
                    position,
                    literal: run,
                }));
            });
            if hits.len() > before {
                hits.get_mut(first_new..)
                    .unwrap_or_default()
                    .sort_unstable();
            }
        }
    }

    /// Where the literal stands whose core stands at a hit; nothing when it does not stand there as a whole. The cores of
    /// literals that are not long are the literals themselves.
    #[must_use]
    pub fn whole(&self, bytes: &[u8], hit: Hit) -> Option<Hit> {
        self.prefilter.whole(bytes, hit)
    }

    /// The bytes on which [`Detector::whole`] depends, in a piece of so many.
    pub(crate) fn extent_of_whole(&self, hit: Hit, len: usize) -> Reads {
        let longest = self.literal(hit.literal).map_or(0, Literal::longest);
        let position = hit.position as usize;
        Reads::new(
            position.saturating_sub(longest),
            position.saturating_add(longest),
            len,
        )
    }

    /// Length of the longest core in bytes: how far a hit depends on what follows its first byte.
    #[must_use]
    pub fn longest_literal(&self) -> usize {
        self.prefilter.longest_core().max(decode::SHORTEST_RUN)
    }

    /// Which bytes around its position make a hit a hit: so many before it, and so many from it on. What stands elsewhere
    /// does not matter; so a hit can be carried over with text that is copied with these bytes.
    #[must_use]
    pub fn extent(&self, hit: Hit) -> (usize, usize) {
        if self.index.is_run(hit.literal) {
            (1, decode::SHORTEST_RUN)
        } else {
            (
                0,
                self.prefilter.core(hit.literal).map_or(0, Literal::longest),
            )
        }
    }

    /// How many bytes before and after its position the decision about a hit may read, at most, over all hits. Reads
    /// every expression.
    #[must_use]
    pub fn reach(&self) -> (usize, usize) {
        (0..self.rules.len())
            .filter_map(|rule| self.rule_reach(rule))
            .fold(self.decode_reach(), wider)
    }

    /// The same for one hit: mostly far less, for few rules have credentials without a bound.
    #[must_use]
    pub fn reach_of(&self, hit: Hit) -> (usize, usize) {
        if self.index.is_encoding_mark(hit.literal) {
            return self.decode_reach();
        }
        let longest = self.literal(hit.literal).map_or(0, Literal::longest);
        let users = self.index.users(hit.literal).iter();
        let (before, after) = users
            .filter_map(|user| self.rule_reach(user.rule as usize))
            .fold((0, 0), wider);
        (before + longest, after + longest)
    }

    /// The same for the hit where it stands, which may be less.
    #[must_use]
    pub fn reads_of(&self, bytes: &[u8], hit: Hit) -> (usize, usize) {
        let position = hit.position as usize;
        let literal = self.literal(hit.literal);
        let end = literal.and_then(|literal| literal.end_at(bytes, position));
        let Some(end) = end.filter(|_| !self.has_fixed_reach(hit.literal)) else {
            return self.reach_of(hit);
        };
        let longest = literal.map_or(0, Literal::longest);
        let users = self.index.users(hit.literal).iter();
        let matchers = users.filter_map(|user| self.matcher(user.rule as usize));
        let (before, after) = matchers
            .map(|matcher| matcher.reads(bytes, Span::new(position, end)))
            .fold((0, 0), wider);
        (before + longest, after + longest)
    }

    /// Whether every hit of a literal is decided by what stands as far around it.
    pub(crate) fn has_fixed_reach(&self, literal: u32) -> bool {
        let mut users = self.index.users(literal).iter();
        self.index.is_encoding_mark(literal)
            || users.all(|user| {
                let matcher = self.matcher(user.rule as usize);
                matcher.is_none_or(RuleMatcher::has_fixed_reach)
            })
    }

    fn rule_reach(&self, rule: usize) -> Option<(usize, usize)> {
        self.matcher(rule).map(RuleMatcher::reach)
    }

    /// Encoded runs are read whole.
    fn decode_reach(&self) -> (usize, usize) {
        (
            decode::ESCAPES_REACH,
            self.settings.limits.max_decoded_bytes.saturating_mul(2),
        )
    }

    /// Finds the credentials in `bytes`, also those whose companions may stand in another file, and what can be the companion of
    /// one in another file: by the numbers of rules, and where it stands.
    pub fn detect_parts(
        &self,
        bytes: &[u8],
        scratch: &mut Scratch,
    ) -> (Detection, Vec<(usize, Span)>) {
        let hits = self.all_hits(bytes, scratch);
        Search::new(self, scratch, None).parts(bytes, hits)
    }

    /// The companions of a rule, with the numbers of the rules that find them.
    pub fn companions_of(&self, rule: usize) -> impl Iterator<Item = (&Companion, usize)> {
        let companions = self.rules.get(rule).map(|rule| rule.companions.iter());
        let numbers = self.companion_numbers(rule);
        let all = companions.into_iter().flatten().zip(numbers);
        all.filter_map(|(companion, number)| Some((companion, (*number)?)))
    }

    /// Finds the credentials in `bytes`.
    pub fn detect(&self, bytes: &[u8], scratch: &mut Scratch) -> Detection {
        self.detect_whole(bytes, scratch).0
    }

    /// The same, and a note for [`Detector::detect_changed`].
    pub fn detect_whole(&self, bytes: &[u8], scratch: &mut Scratch) -> (Detection, Note) {
        let hits = self.all_hits(bytes, scratch);
        let (detection, _, note) = Search::new(self, scratch, None).run(bytes, hits);
        (detection, note)
    }

    /// Finds the credentials in `bytes`, of which `copies` (by offset in `bytes`, none overlapping) come from the piece
    /// that `base` is about. Finds exactly what [`Detector::detect`] finds, in time that grows with what was not copied.
    pub fn detect_changed(
        &self,
        bytes: &[u8],
        base: &Note,
        copies: impl IntoIterator<Item = Copied>,
        scratch: &mut Scratch,
    ) -> (Detection, Note) {
        let mut found = Known::with_room_of(base);
        let look = |range: Range<usize>, fresh: &mut Vec<Hit>| {
            self.prefilter(bytes, range.start, range.end, fresh);
        };
        let longest = self.longest_literal();
        match carry(base, copies, bytes.len(), longest, look, &mut found) {
            Some(()) => {
                let (detection, _, note) = Search::new(self, scratch, None).run(bytes, found);
                (detection, note)
            }
            None => self.detect_whole(bytes, scratch),
        }
    }

    /// As [`Detector::detect`], for whoever hides what is found: also what a comment on its line allows. That somebody decided not to
    /// be told of a credential does not mean that everybody may read it.
    pub fn detect_to_hide(&self, bytes: &[u8], scratch: &mut Scratch) -> Detection {
        let hits = self.all_hits(bytes, scratch);
        let search = Search::new(self, scratch, None).whatever_comments_say();
        search.run(bytes, hits).0
    }

    /// As [`Detector::detect`], and what was turned down and why.
    pub fn detect_explained(&self, bytes: &[u8], scratch: &mut Scratch) -> Explained {
        let hits = self.all_hits(bytes, scratch);
        let (detection, rejected, _) =
            Search::new(self, scratch, Some(Vec::new())).run(bytes, hits);
        Explained {
            detection,
            rejected,
        }
    }

    fn all_hits(&self, bytes: &[u8], scratch: &mut Scratch) -> Known {
        let mut hits = std::mem::take(&mut scratch.hits);
        hits.clear();
        self.prefilter(bytes, 0, bytes.len(), &mut hits);
        let known = Known::new(hits.iter().copied());
        scratch.hits = hits;
        known
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) fn index(&self) -> &RuleIndex {
        &self.index
    }

    pub(crate) fn judge(&self) -> &Judge {
        &self.judge
    }

    pub(crate) fn literal(&self, number: u32) -> Option<&Literal> {
        self.prefilter.literal(number)
    }

    /// The rule made ready; reads its expression the first time.
    pub(crate) fn matcher(&self, rule: usize) -> Option<&RuleMatcher> {
        let rule_text = self.rules.get(rule)?;
        let max_secret = self.settings.limits.max_secret_bytes;
        Some(
            self.matchers
                .get(rule)?
                .get_or_init(|| RuleMatcher::new(rule_text, max_secret)),
        )
    }

    /// What another tool's file says about a rule's matches.
    pub(crate) fn exceptions(&self, rule: usize) -> Option<&Exceptions> {
        let foreign = || self.rules.get(rule)?.foreign.as_deref();
        self.exceptions
            .get(rule)?
            .get_or_init(|| foreign().map(Exceptions::new))
            .as_ref()
    }

    /// The rules that go by the path alone; pieces are not looked at for them.
    #[must_use]
    pub fn path_rules(&self) -> &[usize] {
        &self.path_rules
    }

    /// What a rule that goes by the path alone says of this one.
    #[must_use]
    pub fn match_path(&self, rule: usize, path: &str) -> Option<Match> {
        let expression =
            self.path_expressions
                .get(rule)?
                .get_or_init(|| match &self.rules.get(rule)?.find {
                    Find::Path(pattern) => sweep::compile(&pattern.regex).ok(),
                    _ => None,
                });
        let fits = expression.as_ref()?.is_match(path.as_bytes());
        fits.then(|| self.path_match(rule, path))
    }

    /// A match of a rule that goes by the path alone, whether or not it fits this one.
    #[must_use]
    pub fn path_match(&self, rule: usize, path: &str) -> Match {
        let nothing = Texts {
            secret: b"",
            whole: b"",
            line: b"",
        };
        let open = match self.exceptions(rule).map(|all| all.of_text(nothing)) {
            Some(TextVerdict::Open(open)) => open,
            // The text of a path-only match is empty, which its exceptions are not about.
            _ => Vec::new(),
        };
        Match {
            rule,
            span: Span::new(0, 0),
            whole: Span::new(0, 0),
            secret: Secret::new(path.as_bytes()),
            entropy: 0.0,
            confidence: Confidence::High,
            reasons: vec!["the path alone says it".to_owned()],
            decoded: Vec::new(),
            companions: Vec::new(),
            manner: Manner::Itself,
            names_session: false,
            open,
        }
    }

    /// Whether any rule needs a match of another one near by.
    pub(crate) fn has_requirements(&self) -> bool {
        self.has_requirements
    }

    /// The numbers of the rules of a rule's companions, in its order.
    pub(crate) fn companion_numbers(&self, rule: usize) -> &[Option<usize>] {
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

    /// When the credential of a match ends by itself, in seconds since 1970, where it says so: a JSON Web Token's `exp`. No clock is
    /// looked at here.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "the end of a token stands in the token"
    )]
    pub fn expires(&self, matched: &Match) -> Option<u64> {
        judge::checksum::jwt::expires(matched.secret.expose())
    }

    /// What a match means in a file of this path, whose folders are separated by `/`.
    #[must_use]
    pub fn judge_path(&self, matched: &Match, path: &str) -> PathJudgement {
        let facts = PlaceFacts {
            path,
            ..PlaceFacts::default()
        };
        self.judge_place(matched, facts)
    }

    /// What a match means at a place of which more than the path is known.
    #[must_use]
    pub fn judge_place(&self, matched: &Match, facts: PlaceFacts<'_>) -> PathJudgement {
        let path = facts.path;
        let (Some(rule), Some(paths)) =
            (self.rules.get(matched.rule), self.paths.get(matched.rule))
        else {
            return PathJudgement::Keep;
        };
        let paths = paths.get_or_init(|| PathRules::new(rule));
        if let Some(judgement) = paths.judge(path) {
            return judgement;
        }
        let is_excepted = !matched.open.is_empty()
            && self
                .exceptions(matched.rule)
                .is_some_and(|exceptions| exceptions.of_place(&matched.open, facts));
        if is_excepted {
            return PathJudgement::Drop(
                "an allow list or a filter of the rule's file allows it there".to_owned(),
            );
        }
        if rule.is_foreign() {
            return PathJudgement::Keep;
        }
        judge::judge_role(
            rule,
            matched,
            Role::of(path),
            matched.manner == Manner::Bare,
        )
    }
}

/// The larger of both distances on each side.
fn wider(
    (before, after): (usize, usize),
    (more_before, more_after): (usize, usize),
) -> (usize, usize) {
    (before.max(more_before), after.max(more_after))
}
