//! `gitlab`: GitLab's report of secret detection (`artifacts: reports: secret_detection`).
//!
//! The shape is that of GitLab's `secret-detection-report-format.json`, version 15.0.7: a name has at most 255 characters,
//! times have no zone, every place names a commit, and an address begins with `http`. A place outside of history names the
//! commit `0000000`, as GitLab's own analyzer does.
//!
//! `raw_source_code_extract` is what GitLab revokes tokens by; it holds the credential only with `--reveal`.

use std::io;

use leakward_core::{Finding, Location, Outcome, Secret, Severity};
use serde_json::{Map, Value, json};

use crate::error::ReportError;
use crate::format::Definition;
use crate::json_text;
use crate::place_words;
use crate::report::Report;
use crate::settings::Settings;
use crate::standing;
use crate::timestamp::Timestamp;

pub(crate) static FORMAT: Definition = Definition {
    name: "gitlab",
    about: "GitLab's secret detection report (gl-secret-detection-report.json)",
    extensions: &["gl-secret-detection-report.json"],
    write,
};

/// The version of the schema.
const VERSION: &str = "15.0.7";

/// The program's page.
const HOME: &str = "https://github.com/leakward/leakward";

/// LIMIT: characters of a vulnerability's name.
const MAX_NAME: usize = 255;

/// LIMIT: bytes of its solution, and of our list of places in the description.
const MAX_SOLUTION: usize = 7_000;

/// Places of a finding that are named beside the first.
const NAMED_PLACES: usize = 50;

/// LIMIT: messages; a partial clone can lack a million blobs.
const MAX_MESSAGES: usize = 1_000;

/// The commit of what is in none.
const NO_COMMIT: &str = "0000000";

fn write(
    report: &Report<'_>,
    settings: &Settings,
    out: &mut dyn io::Write,
) -> Result<(), ReportError> {
    let outcome = report.outcome;
    let vulnerabilities: Vec<Value> = outcome.findings.iter().map(vulnerability).collect();
    let document = json!({
        "version": VERSION,
        "scan": scan(report, settings),
        "vulnerabilities": vulnerabilities,
    });
    json_text::write_pretty(out, &document)?;
    Ok(out.write_all(b"\n")?)
}

fn scan(report: &Report<'_>, settings: &Settings) -> Value {
    let outcome = report.outcome;
    let seconds = i64::try_from(outcome.stats.duration_ms / 1_000).unwrap_or(0);
    let scanner = json!({
        "id": "leakward",
        "name": "Leakward",
        "url": HOME,
        "vendor": {"name": "Leakward"},
        "version": report.tool_version,
    });
    json!({
        "analyzer": scanner,
        "scanner": scanner,
        "type": "secret_detection",
        "start_time": Timestamp(settings.ended.saturating_sub(seconds).max(0)).plain(),
        "end_time": Timestamp(settings.ended).plain(),
        "status": if outcome.complete() { "success" } else { "failure" },
        "messages": messages(outcome),
    })
}

/// What the scan has to say about itself: what was not scanned, then the notes.
fn messages(outcome: &Outcome) -> Vec<Value> {
    let message = |level: &str, text: String| json!({"level": level, "value": text});
    let mut messages: Vec<Value> = outcome
        .skipped
        .iter()
        .take(MAX_MESSAGES)
        .map(|skipped| {
            let level = if skipped.kind.makes_incomplete() {
                "warn"
            } else {
                "info"
            };
            let kind = skipped.kind.as_str();
            let text = format!("Not scanned ({kind}): {}: {}", skipped.what, skipped.reason);
            message(level, text)
        })
        .collect();
    if let Some(more @ 1..) = outcome.skipped.len().checked_sub(MAX_MESSAGES) {
        messages.push(message(
            "warn",
            format!("{more} more items were not scanned"),
        ));
    }
    let notes = outcome.notes.iter().filter(|note| !note.is_empty());
    messages.extend(notes.map(|note| message("info", note.clone())));
    messages
}

fn vulnerability(finding: &Finding) -> Value {
    let rule = match finding.rule.as_str() {
        "" => "unknown",
        rule => rule,
    };
    let mut made = Map::new();
    let mut put = |name: &str, value: Value| {
        made.insert(name.to_owned(), value);
    };
    put("id", uuid(finding).into());
    put("category", "secret_detection".into());
    put(
        "name",
        finding
            .title
            .chars()
            .take(MAX_NAME)
            .collect::<String>()
            .into(),
    );
    put("description", description(finding).into());
    put("severity", severity(finding.severity).into());
    put("solution", solution(finding).into());
    put("scanner", json!({"id": "leakward", "name": "Leakward"}));
    put(
        "identifiers",
        json!([{"type": "leakward_rule_id", "name": format!("Leakward rule {rule}"), "value": rule}]),
    );
    let links: Vec<Value> = [&finding.revoke_url, &finding.docs_url]
        .into_iter()
        .flatten()
        .filter(|url| is_web_address(url))
        .map(|url| json!({"url": url}))
        .collect();
    put("links", links.into());
    if let Some(place) = finding.locations.first() {
        put("location", location(place));
    }
    put("raw_source_code_extract", extract(finding).into());
    Value::Object(made)
}

fn is_web_address(url: &str) -> bool {
    let rest = url.strip_prefix("https://");
    let rest = rest.or_else(|| url.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty())
}

/// The fingerprint as GitLab likes ids.
fn uuid(finding: &Finding) -> String {
    let digits = finding.fingerprint.to_string();
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    [
        part(0, 8),
        part(8, 12),
        part(12, 16),
        part(16, 20),
        part(20, 32),
    ]
    .join("-")
}

/// GitLab shows it as Markdown, in which texts of the repository must not act; so it holds ours only, and the places as code.
fn description(finding: &Finding) -> String {
    let mut text = format!(
        "{} of {}: `{}`. Verified: {}.",
        finding.title,
        finding.provider,
        finding.masked.replace('`', "'"),
        finding.verdict.as_str()
    );
    let more = finding.locations.iter().skip(1).take(NAMED_PLACES);
    for place in more {
        let words = place_words::words(place).replace('`', "'");
        text += &format!("\n- also at `{}`", crate::harmless::harmless(&words));
    }
    let named = finding.locations.len().min(NAMED_PLACES + 1) as u64;
    if let Some(more @ 1..) = standing::places_of(finding).checked_sub(named) {
        text += &format!("\n- and in {more} more places");
    }
    text
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Low => "Low",
        Severity::Medium => "Medium",
        Severity::High => "High",
        Severity::Critical => "Critical",
    }
}

fn solution(finding: &Finding) -> String {
    let mut text = "Revoke it, put a new one where applications read theirs, and prove that the old one is dead. \
                    Removing it from the file does not help: history keeps it."
        .to_owned();
    if let Some(url) = &finding.revoke_url {
        text += &format!(" Revoke it at {url}");
    }
    text.chars().take(MAX_SOLUTION).collect()
}

fn location(place: &Location) -> Value {
    let mut commit = Map::new();
    let sha = place.commit.as_deref().filter(|sha| !sha.is_empty());
    let sha = sha.unwrap_or(NO_COMMIT);
    commit.insert("sha".to_owned(), sha.into());
    for (name, text) in [
        ("author", &place.author),
        ("date", &place.date),
        ("message", &place.subject),
    ] {
        if let Some(text) = text {
            commit.insert(name.to_owned(), text.clone().into());
        }
    }
    json!({
        "file": place.path,
        "commit": commit,
        "start_line": place.range.start.line,
        "end_line": place.range.end.line,
    })
}

fn extract(finding: &Finding) -> String {
    finding
        .secret
        .as_ref()
        .map_or_else(|| finding.masked.clone(), revealed)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the secret is present only because the user said --reveal"
)]
fn revealed(secret: &Secret) -> String {
    String::from_utf8_lossy(secret.expose()).into_owned()
}
