//! `junit`: JUnit XML, which most CI servers show as a table of tests: each finding is a failed test, each thing that was
//! not scanned a test with an error, and a clean scan one test that passed.
//!
//! The shape is that of Jenkins' schema (`junit-10.xsd`), with `file` and `line` as GitLab and CircleCI read them. The
//! credential is never in it.

use std::io;

use leakward_core::{Finding, Outcome, Skipped};

use crate::came_in;
use crate::error::ReportError;
use crate::format::Definition;
use crate::markup::xml;
use crate::place_words::{self, short};
use crate::report::Report;
use crate::settings::Settings;
use crate::standing;

pub(crate) static FORMAT: Definition = Definition {
    name: "junit",
    about: "JUnit XML, for the test view of CI servers",
    extensions: &["junit.xml", "xml"],
    write,
};

/// Places of a finding that are named.
const NAMED_PLACES: usize = 10;

fn write(
    report: &Report<'_>,
    _settings: &Settings,
    out: &mut dyn io::Write,
) -> Result<(), ReportError> {
    let outcome = report.outcome;
    let failures = outcome.findings.len();
    let errors = standing::missed(outcome);
    let passed = u64::from(failures == 0 && errors == 0);
    let tests = failures as u64 + errors + passed;
    let seconds = outcome.stats.duration_ms as f64 / 1_000.0;
    let counts = format!(
        "tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" time=\"{seconds:.3}\""
    );
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(out, "<testsuites name=\"leakward\" {counts}>")?;
    writeln!(out, "  <testsuite name=\"leakward\" {counts}>")?;
    for finding in &outcome.findings {
        write_finding(out, finding)?;
    }
    let skipped = outcome.skipped.iter();
    for skipped in skipped.filter(|skipped| skipped.kind.makes_incomplete()) {
        write_skipped(out, skipped)?;
    }
    if passed > 0 {
        let name = if outcome.stats.pieces == 0 {
            "Nothing was scanned"
        } else {
            "No leaked credentials found"
        };
        writeln!(
            out,
            "    <testcase classname=\"leakward\" name=\"{name}\" time=\"{seconds:.3}\"/>"
        )?;
    }
    write_words(out, outcome)?;
    writeln!(out, "  </testsuite>\n</testsuites>")?;
    Ok(())
}

fn write_finding(out: &mut dyn io::Write, finding: &Finding) -> io::Result<()> {
    let place = finding.locations.first();
    let at = place.map(place_words::words).unwrap_or_default();
    let fingerprint = finding.fingerprint.to_string();
    // The name is what CI servers follow a test by: no line numbers, which shift.
    let name = format!(
        "{} in {} ({})",
        finding.title,
        place.map_or("", |place| &place.path),
        short(&fingerprint)
    );
    writeln!(
        out,
        "    <testcase classname=\"{}\" name=\"{}\" file=\"{}\" line=\"{}\">",
        xml(finding.rule.as_str()),
        xml(&name),
        xml(place.map_or("", |place| &place.path)),
        place.map_or(1, |place| place.range.start.line.max(1)),
    )?;
    let message = format!("{} {} at {at}", finding.title, finding.masked);
    let lines: Vec<String> = details(finding).iter().map(|line| xml(line)).collect();
    writeln!(
        out,
        "      <failure type=\"{}\" message=\"{}\">{}</failure>",
        finding.severity,
        xml(&message),
        lines.join("\n")
    )?;
    writeln!(out, "    </testcase>")
}

/// What a person wants to know who opens the failed test.
fn details(finding: &Finding) -> Vec<String> {
    let mut lines = vec![format!(
        "{}: {} of {}, {} severity, {} confidence, {}",
        finding.masked,
        finding.title,
        finding.provider,
        finding.severity,
        finding.confidence,
        finding.verdict
    )];
    let places = finding.locations.iter().take(NAMED_PLACES);
    lines.extend(places.map(|place| format!("at {}", place_words::words(place))));
    let named = finding.locations.len().min(NAMED_PLACES) as u64;
    if let Some(more @ 1..) = standing::places_of(finding).checked_sub(named) {
        lines.push(format!("and in {more} more places"));
    }
    if let Some(first) = came_in::first(finding) {
        let (author, date) = (first.author.as_deref(), first.date.as_deref());
        let by = author.map(|author| format!(" by {author}"));
        let on = date.map(|date| format!(" on {}", came_in::day(date)));
        lines.push(format!(
            "since commit {}{}{}",
            first.commit.as_deref().map_or("", short),
            by.unwrap_or_default(),
            on.unwrap_or_default()
        ));
    }
    lines.extend(finding.reasons.first().map(|why| format!("why: {why}")));
    lines.extend(
        finding
            .revoke_url
            .iter()
            .map(|url| format!("revoke: {url}")),
    );
    lines.push(format!("fingerprint: {}", finding.fingerprint));
    lines
}

fn write_skipped(out: &mut dyn io::Write, skipped: &Skipped) -> io::Result<()> {
    writeln!(
        out,
        "    <testcase classname=\"leakward\" name=\"Not scanned: {}\">",
        xml(&skipped.what)
    )?;
    writeln!(
        out,
        "      <error type=\"{}\" message=\"{}\"/>\n    </testcase>",
        skipped.kind.as_str(),
        xml(&skipped.reason)
    )
}

fn write_words(out: &mut dyn io::Write, outcome: &Outcome) -> io::Result<()> {
    let mut lines: Vec<String> = outcome.notes.iter().map(|note| xml(note)).collect();
    let sentences = standing::sentences(outcome);
    lines.extend(sentences.iter().map(|sentence| xml(&sentence.text)));
    writeln!(out, "    <system-out>{}</system-out>", lines.join("\n"))
}
