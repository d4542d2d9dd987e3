//! The findings as the page's script reads them: short names, and rules and commits once each, because twenty thousand
//! findings are to be opened within a second or two. The names are explained in `script.js`' terms below; nothing else
//! reads them, so they may change with the page.

use std::collections::HashMap;

use leakward_core::{
    Confidence, Finding, LayerState, Location, LocationKind, Outcome, Severity, Verdict,
};
use serde::Serialize;

use super::timeline::Axis;
use crate::came_in;
use crate::place_words;
use crate::standing::{SEVERITIES, places_of};

/// LIMIT: places of a finding in the page; the rest is counted.
const MAX_PLACES: usize = 50;

/// Everything that the script reads.
#[derive(Debug, Serialize)]
pub(super) struct Data<'a> {
    rules: Vec<RuleEntry<'a>>,
    commits: Vec<CommitEntry<'a>>,
    confidences: [&'static str; 3],
    /// Names of the timeline's columns.
    buckets: Vec<String>,
    findings: Vec<FindingEntry<'a>>,
}

#[derive(Debug, Serialize)]
struct RuleEntry<'a> {
    id: &'a str,
    provider: &'a str,
}

#[derive(Debug, Serialize)]
struct CommitEntry<'a> {
    id: &'a str,
    author: &'a str,
    email: &'a str,
    date: &'a str,
    subject: &'a str,
}

#[derive(Debug, Serialize)]
struct FindingEntry<'a> {
    /// Fingerprint.
    f: String,
    /// Rule, an index.
    r: usize,
    /// Title.
    t: &'a str,
    /// Masked.
    m: &'a str,
    /// Severity, 0 the worst.
    s: usize,
    /// Confidence, an index.
    c: usize,
    /// Verdict: live, dead, unknown, not checked.
    v: usize,
    /// What the verdict rests on.
    #[serde(skip_serializing_if = "Option::is_none")]
    k: Option<&'a str>,
    /// Whose it is.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    o: &'a [(String, String)],
    /// What belongs to it where it stands first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    a: Vec<String>,
    /// Why it is believed to be one.
    w: &'a [String],
    /// Where to revoke it.
    #[serde(skip_serializing_if = "Option::is_none")]
    u: Option<&'a str>,
    /// What the provider says about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    h: Option<&'a str>,
    /// The line, and where in it the masked credential is.
    #[serde(skip_serializing_if = "Option::is_none")]
    e: Option<(&'a str, usize, usize)>,
    /// When it came in.
    #[serde(skip_serializing_if = "Option::is_none")]
    d: Option<&'a str>,
    /// The column of the timeline.
    #[serde(skip_serializing_if = "Option::is_none")]
    b: Option<usize>,
    /// How many places it has.
    n: u64,
    /// Those that are listed.
    p: Vec<PlaceEntry<'a>>,
}

/// A place in words, its path, its commit (an index, or -1), and whether it is still there (1 or 0).
type PlaceEntry<'a> = (String, &'a str, i64, u8);

impl<'a> Data<'a> {
    pub(super) fn new(outcome: &'a Outcome, axis: Option<&Axis>) -> Self {
        let mut tables = Tables::default();
        let findings = outcome
            .findings
            .iter()
            .map(|finding| tables.finding(finding, axis))
            .collect();
        Self {
            rules: tables.rules,
            commits: tables.commits,
            confidences: ["high", "medium", "low"],
            buckets: axis.map(Axis::labels).unwrap_or_default(),
            findings,
        }
    }
}

/// When a finding came in.
pub(super) fn date(finding: &Finding) -> Option<&str> {
    came_in::first(finding).and_then(|place| place.date.as_deref())
}

/// 0 is the worst.
pub(super) fn severity(severity: Severity) -> usize {
    let known = SEVERITIES.iter().position(|one| *one == severity);
    known.unwrap_or(SEVERITIES.len() - 1)
}

/// Only addresses of pages: a rule of somebody's own could name anything.
pub(super) fn web_address(url: Option<&str>) -> Option<&str> {
    url.filter(|url| url.starts_with("https://") || url.starts_with("http://"))
}

/// What is written once.
#[derive(Default)]
struct Tables<'a> {
    rules: Vec<RuleEntry<'a>>,
    rule_indices: HashMap<&'a str, usize>,
    commits: Vec<CommitEntry<'a>>,
    commit_indices: HashMap<&'a str, i64>,
}

impl<'a> Tables<'a> {
    fn finding(&mut self, finding: &'a Finding, axis: Option<&Axis>) -> FindingEntry<'a> {
        let evidence = finding.evidence.as_deref();
        let date = date(finding);
        let (verdict, because) = match &finding.verdict {
            Verdict::Live => (0, None),
            Verdict::Dead => (1, None),
            Verdict::Unknown(unknown) => (2, Some(unknown.reason.as_str())),
            Verdict::NotChecked => (3, None),
        };
        let summary = evidence.map(|evidence| evidence.summary.as_str());
        FindingEntry {
            f: finding.fingerprint.to_string(),
            r: self.rule(finding),
            t: &finding.title,
            m: &finding.masked,
            s: severity(finding.severity),
            c: match finding.confidence {
                Confidence::High => 0,
                Confidence::Medium => 1,
                Confidence::Low => 2,
            },
            v: verdict,
            k: because.or(summary.filter(|summary| !summary.is_empty())),
            o: evidence.map_or(&[], |evidence| &evidence.identity),
            a: finding
                .locations
                .first()
                .map(place_words::companions)
                .unwrap_or_default(),
            w: &finding.reasons,
            u: web_address(finding.revoke_url.as_deref()),
            h: web_address(finding.docs_url.as_deref()),
            e: finding
                .excerpt
                .as_ref()
                .map(|line| (line.text.as_str(), line.marked.start, line.marked.end)),
            d: date,
            b: date.and_then(|date| axis?.column(date)),
            n: places_of(finding),
            p: finding
                .locations
                .iter()
                .take(MAX_PLACES)
                .map(|place| self.place(place))
                .collect(),
        }
    }

    fn rule(&mut self, finding: &'a Finding) -> usize {
        let id = finding.rule.as_str();
        *self.rule_indices.entry(id).or_insert_with(|| {
            let provider = &finding.provider;
            self.rules.push(RuleEntry { id, provider });
            self.rules.len() - 1
        })
    }

    fn place(&mut self, place: &'a Location) -> PlaceEntry<'a> {
        let commit = place.commit.as_deref().map_or(-1, |id| {
            *self.commit_indices.entry(id).or_insert_with(|| {
                let text = |text: &'a Option<String>| text.as_deref().unwrap_or_default();
                self.commits.push(CommitEntry {
                    id,
                    author: text(&place.author),
                    email: text(&place.email),
                    date: text(&place.date),
                    subject: text(&place.subject),
                });
                i64::try_from(self.commits.len() - 1).unwrap_or(-1)
            })
        });
        (
            place_words::words(place),
            &place.path,
            commit,
            u8::from(is_there(place)),
        )
    }
}

/// Whether who looks now finds it there.
fn is_there(place: &Location) -> bool {
    match place.kind {
        LocationKind::Worktree
        | LocationKind::Index
        | LocationKind::File
        | LocationKind::Stdin
        | LocationKind::ImageConfig => true,
        LocationKind::Layer => {
            let state = place.image.as_ref().and_then(|image| image.state);
            !matches!(state, Some(LayerState::Overwritten | LayerState::Deleted))
        }
        LocationKind::Ref => place.reachable != Some(false),
        LocationKind::Git | LocationKind::Message | LocationKind::Path | LocationKind::Lfs => {
            place.in_head == Some(true)
        }
    }
}
