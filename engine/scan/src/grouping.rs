//! From sightings to findings: one for each (rule, credential), with its places in a useful order and without
//! what path rules, baseline, ignore files and configuration leave out.
//!
//! A file that was changed a thousand times while it held one credential gives a thousand sightings at one path. They
//! become one location, the first commit's; and one more for the version at HEAD where that is another blob.
//!
//! INVARIANT: a finding disappears only when all of its places are left out, and each one left out is counted.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};

use leakward_core::rule::Find;
use leakward_core::{
    Confidence, Finding, Fingerprint, ImagePlace, Location, LocationKind, Outcome, Rule, Severity,
    Verdict,
};
use leakward_detect::{Detector, PathJudgement, PlaceFacts, Sensitivity};

use crate::baseline::Baseline;
use crate::credential::Credential;
use crate::date::Date;
use crate::place::Place;
use crate::policy::Policy;
use crate::scrub::Scrubber;
use crate::sighting::Sighting;

const SECONDS_OF_A_DAY: u64 = 86_400;

/// Whether findings carry the credential itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reveal {
    /// They do not.
    #[default]
    Masked,
    /// The user said `--reveal`.
    Secrets,
}

/// Makes findings of sightings.
pub struct Grouping<'a> {
    detector: &'a Detector,
    policy: &'a Policy,
    reveal: Reveal,
    today: Date,
    groups: BTreeMap<Fingerprint, Group>,
    /// Paths at which foreign decisions, which name a commit and a line, leave a finding out.
    left_out: HashSet<(Fingerprint, String)>,
    suppressed: u64,
    rejected: u64,
    /// What was left out and why, when somebody wants to know.
    told: Option<Vec<String>>,
}

/// All that is known of one (rule, credential).
struct Group {
    best: Sighting,
    confidence: Confidence,
    reasons: Vec<String>,
    places: Vec<(Place, Sighting)>,
}

/// What becomes of one place.
enum Decision {
    Keep(Confidence, Option<String>),
    Reject(String),
    Suppress(&'static str),
}

impl<'a> Grouping<'a> {
    /// Nothing grouped yet.
    #[must_use]
    pub fn new(detector: &'a Detector, policy: &'a Policy, reveal: Reveal, today: Date) -> Self {
        Self {
            detector,
            policy,
            reveal,
            today,
            groups: BTreeMap::new(),
            left_out: HashSet::new(),
            suppressed: 0,
            rejected: 0,
            told: None,
        }
    }

    /// Also tells of what is left out, and why.
    #[must_use]
    pub fn explaining(mut self) -> Self {
        self.told = Some(Vec::new());
        self
    }

    /// Adds a sighting with its places.
    pub fn add(&mut self, sighting: &Sighting, places: Vec<Place>) {
        let rule = self.rule(sighting);
        if matches!(rule.find, Find::Path(_)) {
            self.add_paths(sighting, places);
        } else {
            self.add_one(sighting, places);
        }
    }

    /// A rule that goes by the path alone: each path that it fits is a finding of its own.
    fn add_paths(&mut self, sighting: &Sighting, places: Vec<Place>) {
        for place in places {
            let number = sighting.matched.rule;
            if let Some(matched) = self.detector.match_path(number, &place.path) {
                let of_path = Sighting {
                    matched,
                    ..sighting.clone()
                };
                self.add_one(&of_path, vec![place]);
            }
        }
    }

    fn add_one(&mut self, sighting: &Sighting, places: Vec<Place>) {
        let rule = self.rule(sighting);
        let fingerprint = self
            .policy
            .key
            .fingerprint(&rule.id, &sighting.matched.secret);
        if let Some(reason) = self.leaves_out_finding(fingerprint, sighting) {
            self.suppressed += 1;
            places
                .iter()
                .for_each(|place| self.tell(sighting, place, reason));
            return;
        }
        for place in places {
            if self.is_decided_elsewhere(sighting, &place) {
                self.tell(
                    sighting,
                    &place,
                    "another tool's ignore file or baseline names it",
                );
                self.left_out.insert((fingerprint, place.path.clone()));
            }
            match self.decide(sighting, &place) {
                Decision::Keep(confidence, reason) => {
                    self.keep(fingerprint, sighting, place, confidence, reason.as_ref());
                }
                Decision::Reject(reason) => {
                    self.rejected += 1;
                    self.tell(sighting, &place, &reason);
                }
                Decision::Suppress(reason) => {
                    self.suppressed += 1;
                    self.tell(sighting, &place, reason);
                }
            }
        }
    }

    /// Tells that a sighting is not reported at a place, when somebody wants to know.
    fn tell(&mut self, sighting: &Sighting, place: &Place, reason: &str) {
        let rule = self.rule(sighting);
        if let Some(told) = &mut self.told {
            let start = sighting.range.start;
            let name = if place.path.is_empty() {
                sighting.origin.to_string()
            } else {
                place.path.clone()
            };
            told.push(format!(
                "{name}:{}:{}: not reported: {}: {reason}",
                start.line, start.column, rule.id
            ));
        }
    }

    fn rule(&self, sighting: &Sighting) -> &'a Rule {
        // INVARIANT: a match's rule index comes from this very detector.
        &self.detector.rules()[sighting.matched.rule]
    }

    /// Why a finding is left out wherever it is.
    fn leaves_out_finding(
        &self,
        fingerprint: Fingerprint,
        sighting: &Sighting,
    ) -> Option<&'static str> {
        let policy = self.policy;
        let value = Baseline::value_fingerprint(&sighting.matched.secret, &policy.key);
        if policy.baseline.knows(fingerprint, value) {
            Some("the baseline knows it")
        } else if policy.ignore.ignores_finding(fingerprint, self.today) {
            Some("the ignore file names its fingerprint")
        } else if policy.allow.allows(&sighting.matched.secret) {
            Some("the configuration allows this value")
        } else if severity(self.detector, self.today, sighting).0 < policy.min_severity {
            Some("its severity is below --min-severity")
        } else {
            None
        }
    }

    /// Whether another tool's ignore file or redacted baseline names this place. It stands for the credential at this
    /// path, in whatever version of the file, because those tools name one commit and one line only.
    fn is_decided_elsewhere(&self, sighting: &Sighting, place: &Place) -> bool {
        let commit = place.commit.as_ref().map(|commit| commit.id.as_str());
        let line = sighting.range.start.line;
        self.policy
            .gitleaks_ignore
            .ignores(commit, &place.path, line)
            || self.policy.baseline.knows_place(commit, &place.path, line)
            || self
                .policy
                .baseline
                .knows_in_file(&place.path, &sighting.matched.secret)
    }

    fn decide(&self, sighting: &Sighting, place: &Place) -> Decision {
        let rule = self.rule(sighting);
        let commit = place.commit.as_ref().map(|commit| commit.id.as_str());
        let policy = self.policy;
        if policy.exclude.is_match(&place.path) {
            return Decision::Suppress("the configuration excludes its path");
        }
        if policy
            .ignore
            .ignores_place(&place.path, &rule.id, self.today)
        {
            return Decision::Suppress("the ignore file names its path");
        }
        if commit.is_some_and(|id| {
            policy
                .allowed_commits
                .iter()
                .any(|allowed| id.starts_with(allowed.as_str()))
        }) {
            return Decision::Suppress("the configuration allows its commit");
        }
        let (confidence, reason) = match self.detector.judge_place(&sighting.matched, facts(place))
        {
            PathJudgement::Keep => (sighting.matched.confidence, None),
            PathJudgement::Lower(reason) => match lowered(sighting.matched.confidence) {
                Some(confidence) => (confidence, Some(reason)),
                None => return Decision::Reject(reason),
            },
            PathJudgement::Drop(reason) => return Decision::Reject(reason),
        };
        let shown = match policy.detection.sensitivity {
            Sensitivity::Default => Confidence::Medium,
            Sensitivity::High => Confidence::Low,
        };
        if confidence < shown {
            let why = reason.unwrap_or_else(|| "its confidence is low".to_owned());
            return Decision::Reject(format!("{why}; shown with --sensitivity high"));
        }
        if confidence < policy.min_confidence {
            Decision::Suppress("its confidence is below min-confidence")
        } else {
            Decision::Keep(confidence, reason)
        }
    }

    fn keep(
        &mut self,
        fingerprint: Fingerprint,
        sighting: &Sighting,
        place: Place,
        confidence: Confidence,
        reason: Option<&String>,
    ) {
        let own = sighting.matched.reasons.iter().cloned();
        let reasons: Vec<String> = own.chain(reason.cloned()).collect();
        match self.groups.entry(fingerprint) {
            Entry::Vacant(new) => {
                new.insert(Group {
                    best: sighting.clone(),
                    confidence,
                    reasons,
                    places: vec![(place, sighting.clone())],
                });
            }
            Entry::Occupied(mut known) => {
                let group = known.get_mut();
                // Sightings come in no order, so of equals the first by its text speaks for all.
                let (old, new) = (&group.reasons, &reasons);
                if confidence > group.confidence || (confidence == group.confidence && new < old) {
                    group.confidence = confidence;
                    group.reasons = reasons;
                    group.best = sighting.clone();
                }
                group.places.push((place, sighting.clone()));
            }
        }
    }

    /// The credentials of all groups, with the values of the sighting that has most of them.
    #[must_use]
    pub fn credentials(&self) -> Vec<Credential> {
        let of_group = |(fingerprint, group): (&Fingerprint, &Group)| {
            let richest = group
                .places
                .iter()
                .map(|(_, sighting)| sighting)
                .max_by_key(|sighting| sighting.values.len())
                .unwrap_or(&group.best);
            Credential {
                fingerprint: *fingerprint,
                rule: self.rule(richest).id.clone(),
                secret: richest.matched.secret.clone(),
                values: richest.values.clone(),
            }
        };
        self.groups.iter().map(of_group).collect()
    }

    /// The findings, worst first, put into `outcome` together with what was counted.
    pub fn finish(self, outcome: &mut Outcome) {
        let limit = self.policy.detection.limits.max_locations_per_finding;
        outcome.stats.suppressed += self.suppressed;
        outcome.stats.rejected += self.rejected;
        outcome.notes.extend(self.told.into_iter().flatten());
        let scrubber = Scrubber::new(
            self.detector,
            self.groups
                .values()
                .filter(|group| !is_path(self.detector, group))
                .map(|group| &group.best.matched.secret),
        );
        for (fingerprint, mut group) in self.groups {
            let before = group.places.len();
            group
                .places
                .retain(|(place, _)| !self.left_out.contains(&(fingerprint, place.path.clone())));
            outcome.stats.suppressed += (before - group.places.len()) as u64;
            if group.places.is_empty() {
                continue;
            }
            let rule = &self.detector.rules()[group.best.matched.rule];
            let (severity, expired) = severity(self.detector, self.today, &group.best);
            let mut finding = finding(fingerprint, rule, group, self.reveal, limit);
            finding.severity = severity;
            if let Some(date) = expired {
                finding.reasons.push(format!("it expired on {date}"));
            }
            if self.reveal == Reveal::Masked {
                scrubber.scrub(&mut finding);
            }
            outcome.findings.push(finding);
        }
        if self.reveal == Reveal::Masked {
            let of_skipped = outcome
                .skipped
                .iter_mut()
                .flat_map(|skipped| [&mut skipped.what, &mut skipped.reason]);
            of_skipped
                .chain(&mut outcome.notes)
                .for_each(|text| scrubber.scrub_text(text));
        }
        sort(&mut outcome.findings);
    }
}

/// How bad it is, and when its credential ended by itself, where it has.
fn severity(detector: &Detector, today: Date, sighting: &Sighting) -> (Severity, Option<Date>) {
    // INVARIANT: a match's rule index comes from this very detector.
    let severity = detector.rules()[sighting.matched.rule].severity;
    let expires = detector.expires(&sighting.matched);
    match expires.map(|seconds| Date::from_unix_days(seconds / SECONDS_OF_A_DAY)) {
        Some(date) if date < today => (severity.min(Severity::Low), Some(date)),
        _ => (severity, None),
    }
}

/// Whether a group is of a rule that goes by the path alone.
fn is_path(detector: &Detector, group: &Group) -> bool {
    let rule = detector.rules().get(group.best.matched.rule);
    rule.is_some_and(|rule| matches!(rule.find, Find::Path(_)))
}

/// What rules may ask about a place.
fn facts(place: &Place) -> PlaceFacts<'_> {
    let commit = place.commit.as_ref();
    PlaceFacts {
        path: &place.path,
        commit: commit.map_or("", |commit| &commit.id),
        author: commit
            .and_then(|commit| commit.author.as_deref())
            .unwrap_or(""),
        email: commit
            .and_then(|commit| commit.email.as_deref())
            .unwrap_or(""),
    }
}

/// Worst first; then by place, so that two runs print the same.
pub fn sort(findings: &mut [Finding]) {
    findings.sort_by(|a, b| {
        let place = |finding: &Finding| {
            finding
                .locations
                .first()
                .map(|location| (location.path.clone(), location.range.start))
        };
        (b.severity, b.confidence)
            .cmp(&(a.severity, a.confidence))
            .then_with(|| place(a).cmp(&place(b)))
            .then_with(|| a.fingerprint.cmp(&b.fingerprint))
    });
}

fn lowered(confidence: Confidence) -> Option<Confidence> {
    match confidence {
        Confidence::High => Some(Confidence::Medium),
        Confidence::Medium => Some(Confidence::Low),
        Confidence::Low => None,
    }
}

fn finding(
    fingerprint: Fingerprint,
    rule: &Rule,
    group: Group,
    reveal: Reveal,
    limit: usize,
) -> Finding {
    let matched = &group.best.matched;
    let (secret, masked, entropy) = (
        matched.secret.clone(),
        matched.secret.masked(),
        matched.entropy,
    );
    let mut places = collapse(group.places);
    places.sort_by(|(a, sighting_a), (b, sighting_b)| {
        let key = |place: &Place, sighting: &Sighting| {
            (
                place.rank(),
                place.order(),
                place.path.clone(),
                sighting.range.start,
            )
        };
        key(a, sighting_a).cmp(&key(b, sighting_b))
    });
    let first = places.first().map(|(_, sighting)| sighting.clone());
    let is_path = matches!(rule.find, Find::Path(_));
    let more_locations = places.len().saturating_sub(limit) as u64;
    places.truncate(limit);
    Finding {
        fingerprint,
        rule: rule.id.clone(),
        title: rule.title.to_string(),
        provider: rule.provider.to_string(),
        severity: rule.severity,
        confidence: group.confidence,
        // A path is no secret, and what the finding is about.
        masked: match places.first() {
            Some((place, _)) if is_path => place.path.clone(),
            _ => masked,
        },
        secret: (reveal == Reveal::Secrets && !is_path).then_some(secret),
        entropy,
        reasons: group.reasons,
        revoke_url: rule.revoke_url.as_ref().map(ToString::to_string),
        docs_url: rule.docs_url.as_ref().map(ToString::to_string),
        excerpt: first
            .as_ref()
            .filter(|_| !is_path)
            .map(|sighting| sighting.excerpt.clone()),
        verdict: Verdict::NotChecked,
        evidence: None,
        locations: places
            .into_iter()
            .map(|(place, sighting)| location(place, &sighting))
            .collect(),
        more_locations,
    }
}

/// What makes two places the same to a reader: the n-th occurrence of the credential at one path.
#[derive(PartialEq, Eq, Hash)]
struct Spot {
    kind: LocationKind,
    path: String,
    /// Without a path the object itself is the place.
    object: Option<String>,
    /// Another image, and another layer of one, is another place.
    image: Option<ImagePlace>,
    occurrence: usize,
}

/// One place for each spot: the first in history, and the version at HEAD where it is another one.
fn collapse(mut places: Vec<(Place, Sighting)>) -> Vec<(Place, Sighting)> {
    places.sort_by_key(|(place, sighting)| (place.order(), place.blob.clone(), sighting.ordinal));
    let mut occurrences: HashMap<_, usize> = HashMap::new();
    let mut spots: HashMap<Spot, usize> = HashMap::new();
    let mut kept: Vec<(Place, Sighting)> = Vec::new();
    for (place, sighting) in places {
        let commit = place.commit.as_ref().map(|commit| commit.id.clone());
        let count = occurrences
            .entry((
                place.kind,
                place.path.clone(),
                place.blob.clone(),
                commit,
                place.image.clone(),
            ))
            .or_default();
        let object = if place.path.is_empty() {
            place.blob.clone()
        } else {
            None
        };
        let spot = Spot {
            kind: place.kind,
            path: place.path.clone(),
            object,
            image: place.image.clone(),
            occurrence: *count,
        };
        *count += 1;
        match spots
            .get(&spot)
            .copied()
            .and_then(|index| kept.get_mut(index))
        {
            None => {
                spots.insert(spot, kept.len());
                kept.push((place, sighting));
            }
            Some((first, _)) => {
                let at_head = place.in_head == Some(true) && first.in_head == Some(false);
                merge_reach(first, &place);
                if at_head {
                    kept.push((place, sighting));
                }
            }
        }
    }
    kept
}

/// A place that stands for several is reachable when one of them is.
fn merge_reach(first: &mut Place, other: &Place) {
    if other.reachable == Some(true) {
        first.reachable = Some(true);
    }
    if first.refs.is_empty() {
        first.refs.clone_from(&other.refs);
    }
}

fn location(place: Place, sighting: &Sighting) -> Location {
    let place_path = place.path.clone();
    let mut location = Location::new(place.kind, place.path, sighting.range);
    location.line_hash.clone_from(&sighting.line_hash);
    location.companions.clone_from(&sighting.companions);
    // What lies beside a version now did not lie beside it in every commit.
    let elsewhere = sighting.elsewhere.iter();
    let here = elsewhere.filter(|(path, _)| *path == place_path && place.in_head != Some(false));
    location
        .companions
        .extend(here.flat_map(|(_, companions)| companions).cloned());
    location.blob = place.blob;
    location.reachable = place.reachable;
    location.in_head = place.in_head;
    location.refs = place.refs;
    location.image = place.image;
    location.decoded = sighting
        .matched
        .decoded
        .iter()
        .map(|encoding| (*encoding).to_owned())
        .collect();
    location.commit = place.commit.as_ref().map(|commit| commit.id.clone());
    if let Some(made) = place.commit.or(place.tag) {
        location.author = made.author;
        location.email = made.email;
        location.date = made.date;
        location.subject = made.subject;
    }
    location
}
