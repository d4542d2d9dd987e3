//! `html`: one file that opens in a browser anywhere, without a network: filters, groups, a timeline of when leaks came in,
//! every place of every finding.
//!
//! It is made to be passed on: the credential is never in it, not even with `--reveal`. Its policy (CSP) lets nothing run
//! but the one script that is in it, by its hash, and lets nothing be fetched; what somebody wrote into a path or a
//! commit goes through the template's escaping, or through JSON that the script puts into the page as text.
//!
//! Without scripts, the charts and the worst findings are there all the same.
//!
//! Measured in tests/end_to_end/html_report.rs and docs/report-format.md: 20,000 findings open within two seconds.

mod data;
mod timeline;

use std::collections::HashMap;
use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use leakward_core::{Finding, Outcome};
use minijinja::Environment;
use minijinja::value::Serde;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use self::data::Data;
use self::timeline::{Axis, Timeline};
use crate::error::ReportError;
use crate::format::Definition;
use crate::harmless::harmless;
use crate::json_text;
use crate::numbers::{bytes, counted, duration, grouped};
use crate::place_words;
use crate::report::Report;
use crate::settings::Settings;
use crate::standing::{self, Mood};
use crate::timestamp::Timestamp;

pub(crate) static FORMAT: Definition = Definition {
    name: "html",
    about: "one page for the browser: filters, groups, a timeline; opens anywhere, loads nothing",
    extensions: &["html", "htm"],
    write,
};

const PAGE: &str = include_str!("html/page.html");
const SCRIPT: &str = include_str!("html/script.js");
const STYLE: &str = include_str!("html/style.css");

/// Rules in the chart.
const TOP_RULES: usize = 7;

/// Width of the longest bar in that chart.
const BAR: f64 = 185.0;

/// Characters of a rule's title beside its bar.
const MAX_TITLE: usize = 38;

/// Findings that are listed for a browser without scripts.
const PLAIN: usize = 200;

/// LIMIT: items not scanned that are listed.
const MAX_SKIPPED: usize = 1_000;

fn write(
    report: &Report<'_>,
    settings: &Settings,
    out: &mut dyn io::Write,
) -> Result<(), ReportError> {
    let outcome = report.outcome;
    let dates: Vec<&str> = outcome.findings.iter().filter_map(data::date).collect();
    let axis = Axis::of(&dates);
    let drawn = outcome.findings.iter().map(|finding| {
        let column = data::date(finding).and_then(|date| axis.as_ref()?.column(date));
        (column, data::severity(finding.severity))
    });
    let timeline = timeline::draw(axis.as_ref(), drawn);
    let titles: Vec<String> = outcome.targets.iter().map(|one| shown(&one.name)).collect();
    let page = Page {
        policy: policy(),
        style: STYLE,
        script: SCRIPT,
        data: embedded(&Data::new(outcome, axis.as_ref()))?,
        version: report.tool_version,
        title: titles.join(", "),
        sentences: sentences(outcome),
        targets: targets(outcome),
        count: outcome.findings.len(),
        timeline,
        top_rules: top_rules(&outcome.findings),
        severities: severities(outcome),
        plain: plain(&outcome.findings),
        skipped: skipped(outcome),
        skipped_count: outcome.skipped.len(),
        missed: standing::missed(outcome),
        notes: outcome.notes.iter().map(|note| shown(note)).collect(),
        amounts: amounts(outcome),
        ended: ended(settings),
    };
    let mut environment = Environment::new();
    environment
        .add_template("page.html", PAGE)
        .and_then(|()| environment.get_template("page.html"))
        .and_then(|page_template| page_template.render_captured_to(Serde(&page), &mut *out))
        .map(drop)
        .map_err(|error| ReportError::Write(io::Error::other(error)))
}

/// What the template sees.
#[derive(Serialize)]
struct Page<'a> {
    policy: String,
    style: &'a str,
    script: &'a str,
    data: String,
    version: &'a str,
    title: String,
    sentences: Vec<Line>,
    targets: Vec<Target>,
    count: usize,
    timeline: Timeline,
    top_rules: Vec<TopRule>,
    severities: Vec<Chip>,
    plain: Vec<Plain>,
    skipped: Vec<Item>,
    skipped_count: usize,
    missed: u64,
    notes: Vec<String>,
    amounts: String,
    ended: String,
}

/// What may run and what may be fetched: the script and the style of this page, by their hashes, and nothing else.
fn policy() -> String {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'; \
         require-trusted-types-for 'script'",
        hash(SCRIPT),
        hash(STYLE)
    )
}

/// JSON that can stand in an element: no `<`, so that no text ends the element.
fn embedded(data: &Data<'_>) -> Result<String, ReportError> {
    let mut bytes = Vec::new();
    json_text::write_compact(&mut bytes, data)?;
    Ok(String::from_utf8_lossy(&bytes).replace('<', "\\u003c"))
}

fn shown(text: &str) -> String {
    harmless(text).into_owned()
}

#[derive(Serialize)]
struct Line {
    mood: &'static str,
    text: String,
}

fn sentences(outcome: &Outcome) -> Vec<Line> {
    let line = |sentence: standing::Sentence| Line {
        mood: match sentence.mood {
            Mood::Bad => "bad",
            Mood::Doubtful => "doubtful",
            Mood::Good => "good",
        },
        text: sentence.text,
    };
    standing::sentences(outcome).into_iter().map(line).collect()
}

#[derive(Serialize)]
struct Target {
    name: String,
    scope: String,
}

fn targets(outcome: &Outcome) -> Vec<Target> {
    let target = |target: &leakward_core::TargetSummary| Target {
        name: shown(&target.name),
        scope: shown(&target.scope),
    };
    outcome.targets.iter().map(target).collect()
}

#[derive(Serialize)]
struct TopRule {
    id: String,
    title: String,
    short: String,
    count: u64,
    width: f64,
    y: usize,
}

/// The rules that found most.
fn top_rules(findings: &[Finding]) -> Vec<TopRule> {
    let mut counts: HashMap<&str, (&Finding, u64)> = HashMap::new();
    for finding in findings {
        counts
            .entry(finding.rule.as_str())
            .or_insert((finding, 0))
            .1 += 1;
    }
    let mut sorted: Vec<(&Finding, u64)> = counts.into_values().collect();
    sorted.sort_by_key(|(finding, count)| (std::cmp::Reverse(*count), finding.rule.as_str()));
    let most = sorted.first().map_or(1, |(_, count)| *count);
    sorted
        .into_iter()
        .take(TOP_RULES)
        .enumerate()
        .map(|(index, (finding, count))| TopRule {
            id: shown(finding.rule.as_str()),
            title: shown(&finding.title),
            short: cut(&shown(&finding.title)),
            count,
            width: (count as f64 / most as f64 * BAR).max(2.0).round(),
            y: index * 22,
        })
        .collect()
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_TITLE) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or(text)),
        None => text.to_owned(),
    }
}

#[derive(Serialize)]
struct Chip {
    word: &'static str,
    count: String,
}

fn severities(outcome: &Outcome) -> Vec<Chip> {
    let chip = |(severity, count): (leakward_core::Severity, u64)| Chip {
        word: severity.as_str(),
        count: grouped(count),
    };
    standing::by_severity(outcome)
        .into_iter()
        .map(chip)
        .collect()
}

#[derive(Serialize)]
struct Plain {
    severity: &'static str,
    title: String,
    masked: String,
    place: String,
    date: String,
}

/// The worst findings, for a browser without scripts.
fn plain(findings: &[Finding]) -> Vec<Plain> {
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by_key(|finding| std::cmp::Reverse((finding.severity, finding.confidence)));
    sorted
        .into_iter()
        .take(PLAIN)
        .map(|finding| Plain {
            severity: finding.severity.as_str(),
            title: shown(&finding.title),
            masked: shown(&finding.masked),
            place: finding
                .locations
                .first()
                .map(|place| shown(&place_words::words(place)))
                .unwrap_or_default(),
            date: shown(data::date(finding).map_or("", crate::came_in::day)),
        })
        .collect()
}

#[derive(Serialize)]
struct Item {
    kind: &'static str,
    what: String,
    reason: String,
}

/// What was not scanned, that which makes the scan incomplete first.
fn skipped(outcome: &Outcome) -> Vec<Item> {
    let mut sorted: Vec<_> = outcome.skipped.iter().collect();
    sorted.sort_by_key(|item| !item.kind.makes_incomplete());
    sorted
        .into_iter()
        .take(MAX_SKIPPED)
        .map(|item| Item {
            kind: item.kind.as_str(),
            what: shown(&item.what),
            reason: shown(&item.reason),
        })
        .collect()
}

fn amounts(outcome: &Outcome) -> String {
    let stats = &outcome.stats;
    format!(
        "{} in {} with {}",
        bytes(stats.bytes),
        duration(stats.duration_ms),
        counted(stats.rules, "rule", "rules")
    )
}

fn ended(settings: &Settings) -> String {
    format!(
        "{} UTC",
        Timestamp(settings.ended).plain().replace('T', " ")
    )
}
