//! `codequality`: GitLab's code quality report (Code Climate's issues), which marks lines of a merge request in every tier.
//!
//! One issue for each credential and file. What made the scan incomplete is a blocking issue of its own, for there is
//! nowhere else to say it. The credential is never in it.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::io;

use leakward_core::{Finding, Location, Severity, Skipped, Verdict};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::error::ReportError;
use crate::format::Definition;
use crate::json_text;
use crate::report::Report;
use crate::settings::Settings;

pub(crate) static FORMAT: Definition = Definition {
    name: "codequality",
    about: "GitLab's code quality report, for marks in merge requests",
    extensions: &["gl-code-quality-report.json"],
    write,
};

fn write(
    report: &Report<'_>,
    _settings: &Settings,
    out: &mut dyn io::Write,
) -> Result<(), ReportError> {
    let outcome = report.outcome;
    let mut issues = Vec::new();
    for finding in &outcome.findings {
        let mut paths = HashSet::new();
        let places = finding.locations.iter();
        issues.extend(
            places
                .filter(|place| paths.insert(path_of(place)))
                .map(|place| issue(finding, place)),
        );
    }
    let skipped = outcome.skipped.iter();
    issues.extend(
        skipped
            .filter(|skipped| skipped.kind.makes_incomplete())
            .map(not_scanned),
    );
    json_text::write_pretty(out, &issues)?;
    Ok(out.write_all(b"\n")?)
}

/// The path, or what the place is where it has none.
fn path_of(place: &Location) -> &str {
    if place.path.is_empty() {
        place.kind.as_str()
    } else {
        &place.path
    }
}

fn issue(finding: &Finding, place: &Location) -> Value {
    let path = path_of(place);
    let id = finding.fingerprint.to_string();
    json!({
        "type": "issue",
        "check_name": finding.rule.as_str(),
        "description": format!("{}: {}{}", finding.title, finding.masked, verdict(finding)),
        "categories": ["Security"],
        "severity": severity(finding.severity),
        "fingerprint": hash(&[&id, path]),
        "location": {
            "path": path,
            "lines": {"begin": place.range.start.line.max(1), "end": place.range.end.line.max(1)},
        },
    })
}

/// What is known about whether it works; nothing where nothing is known.
fn verdict(finding: &Finding) -> &'static str {
    match finding.verdict {
        Verdict::Live => ". It still works",
        Verdict::Dead => ". It no longer works",
        Verdict::Unknown(_) | Verdict::NotChecked => "",
    }
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Low => "minor",
        Severity::Medium => "major",
        Severity::High => "critical",
        Severity::Critical => "blocker",
    }
}

fn not_scanned(skipped: &Skipped) -> Value {
    let kind = skipped.kind.as_str();
    json!({
        "type": "issue",
        "check_name": "incomplete-scan",
        "description": format!("Not scanned ({kind}): {}", skipped.reason),
        "categories": ["Security"],
        "severity": "blocker",
        "fingerprint": hash(&["incomplete-scan", kind, &skipped.what]),
        "location": {"path": skipped.what, "lines": {"begin": 1}},
    })
}

/// Issues are followed by it over pipelines.
fn hash(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    let mut text = String::with_capacity(64);
    for byte in hash.finalize() {
        // Writing to a string cannot fail.
        let _infallible = write!(text, "{byte:02x}");
    }
    text
}
