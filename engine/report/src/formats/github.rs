//! `github`: workflow commands of GitHub Actions, which become annotations on the lines of a pull request.
//!
//! GitHub shows ten errors and ten warnings of a step, so the worst come first; the last line says how it stands. Texts
//! are escaped as the toolkit of GitHub Actions does it, since a commit's author could otherwise write commands of
//! their own. The credential is never in it.

use std::io;

use leakward_core::{Finding, Location, LocationKind, Severity};

use crate::error::ReportError;
use crate::format::Definition;
use crate::harmless::harmless;
use crate::place_words;
use crate::report::Report;
use crate::settings::Settings;
use crate::standing;

pub(crate) static FORMAT: Definition = Definition {
    name: "github",
    about: "annotations for GitHub Actions",
    extensions: &[],
    write,
};

/// LIMIT: annotations. GitHub shows a handful; a log of ten thousand lines helps nobody.
const MAX_ANNOTATIONS: usize = 100;

fn write(
    report: &Report<'_>,
    _settings: &Settings,
    out: &mut dyn io::Write,
) -> Result<(), ReportError> {
    let outcome = report.outcome;
    let mut findings: Vec<&Finding> = outcome.findings.iter().collect();
    findings.sort_by_key(|finding| std::cmp::Reverse((finding.severity, finding.confidence)));
    for finding in findings.iter().take(MAX_ANNOTATIONS) {
        write_finding(out, finding)?;
    }
    let skipped = outcome.skipped.iter();
    let missed = skipped.filter(|skipped| skipped.kind.makes_incomplete());
    for skipped in missed.take(MAX_ANNOTATIONS) {
        let text = format!("{}: {}", skipped.what, skipped.reason);
        let title = format!("Not scanned ({})", skipped.kind.as_str());
        writeln!(out, "::error title={}::{}", property(&title), data(&text))?;
    }
    for sentence in standing::sentences(outcome) {
        writeln!(out, "{}", data(&sentence.text))?;
    }
    Ok(())
}

fn write_finding(out: &mut dyn io::Write, finding: &Finding) -> io::Result<()> {
    let level = match finding.severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium | Severity::Low => "warning",
    };
    let Some(place) = finding.locations.first() else {
        return Ok(());
    };
    let mut text = format!(
        "{} of {} at {}.",
        finding.masked,
        finding.provider,
        place_words::words(place)
    );
    match &finding.verdict {
        leakward_core::Verdict::Live => text += " It still works.",
        leakward_core::Verdict::Dead => text += " It no longer works.",
        _ => {}
    }
    if let Some(url) = &finding.revoke_url {
        text += &format!(" Revoke it: {url}");
    }
    writeln!(
        out,
        "::{level} {}title={}::{}",
        at(place),
        property(&finding.title),
        data(&text)
    )
}

/// `file=a,line=1,`; nothing for a place that is no file.
fn at(place: &Location) -> String {
    let is_file = !matches!(
        place.kind,
        LocationKind::Message | LocationKind::Ref | LocationKind::Stdin | LocationKind::ImageConfig
    );
    if !is_file || place.path.is_empty() {
        return String::new();
    }
    let (start, end) = (place.range.start, place.range.end);
    let mut text = format!(
        "file={},line={},endLine={},",
        property(&place.path),
        start.line.max(1),
        end.line.max(1)
    );
    // GitHub wants columns only where both are on one line.
    if start.line == end.line {
        text += &format!("col={},endColumn={},", start.column, end.column);
    }
    text
}

/// Escaped as what follows the second `::`.
fn data(text: &str) -> String {
    harmless(
        &text
            .replace('%', "%25")
            .replace('\r', "%0D")
            .replace('\n', "%0A"),
    )
    .into_owned()
}

/// Escaped as the value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
