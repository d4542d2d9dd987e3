//! `markdown`: a summary for people on a code host: the summary of a CI job, a comment, an issue.
//!
//! GitHub takes 1 MiB for the summary of a step and 65,536 characters for a comment, so findings beyond
//! [`MAX_FINDINGS`] are counted, the worst shown. Everything that somebody else wrote is escaped: no links, no mentions,
//! no HTML. The credential is never in it.

use std::io;

use leakward_core::{Finding, Severity, Skipped, Verdict};

use crate::came_in;
use crate::error::ReportError;
use crate::format::Definition;
use crate::markup::{markdown, markdown_code};
use crate::numbers::{bytes, counted, duration};
use crate::place_words::{self, short};
use crate::report::Report;
use crate::settings::Settings;
use crate::standing::{self, Mood};

pub(crate) static FORMAT: Definition = Definition {
    name: "markdown",
    about: "a summary for people: of a CI job, in a comment, in an issue",
    extensions: &["md", "markdown"],
    write,
};

/// LIMIT: findings that are shown; a row has some 300 bytes.
const MAX_FINDINGS: usize = 150;

/// LIMIT: items not scanned that are shown.
const MAX_SKIPPED: usize = 50;

/// Characters of a text that somebody wrote.
const MAX_WRITTEN: usize = 120;

fn write(
    report: &Report<'_>,
    _settings: &Settings,
    out: &mut dyn io::Write,
) -> Result<(), ReportError> {
    let outcome = report.outcome;
    writeln!(out, "## Leakward\n")?;
    for sentence in standing::sentences(outcome) {
        let sign = match sentence.mood {
            Mood::Bad => "🔴",
            Mood::Doubtful => "🟠",
            Mood::Good => "🟢",
        };
        writeln!(out, "{sign} **{}**\n", sentence.text)?;
    }
    write_findings(out, &outcome.findings)?;
    write_skipped(out, &outcome.skipped)?;
    for note in &outcome.notes {
        writeln!(out, "- {}", markdown(note))?;
    }
    if !outcome.notes.is_empty() {
        writeln!(out)?;
    }
    let targets: Vec<String> = outcome
        .targets
        .iter()
        .map(|target| {
            format!(
                "{} ({})",
                markdown_code(&cut(&target.name)),
                markdown(&target.scope)
            )
        })
        .collect();
    let stats = &outcome.stats;
    writeln!(
        out,
        "<sub>{}: {} in {} with {}, by Leakward {}.</sub>",
        if targets.is_empty() {
            "Scanned".to_owned()
        } else {
            targets.join(", ")
        },
        bytes(stats.bytes),
        duration(stats.duration_ms),
        counted(stats.rules, "rule", "rules"),
        report.tool_version
    )?;
    Ok(())
}

fn write_findings(out: &mut dyn io::Write, findings: &[Finding]) -> io::Result<()> {
    if findings.is_empty() {
        return Ok(());
    }
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by_key(|finding| std::cmp::Reverse((finding.severity, finding.confidence)));
    writeln!(out, "| | Credential | Where | Came in | Works | To do |")?;
    writeln!(out, "| --- | --- | --- | --- | --- | --- |")?;
    for finding in sorted.iter().take(MAX_FINDINGS) {
        write_finding(out, finding)?;
    }
    writeln!(out)?;
    if let Some(more @ 1..) = (findings.len() as u64).checked_sub(MAX_FINDINGS as u64) {
        let more = counted(more, "more finding is", "more findings are");
        writeln!(out, "{more} in the other reports of this scan.\n")?;
    }
    Ok(())
}

fn write_finding(out: &mut dyn io::Write, finding: &Finding) -> io::Result<()> {
    let place = finding.locations.first().map(place_words::words);
    let mut place = markdown_code(&cut(&place.unwrap_or_default()));
    if let Some(more @ 1..) = standing::places_of(finding).checked_sub(1) {
        place += &format!("<br>and {}", counted(more, "more place", "more places"));
    }
    writeln!(
        out,
        "| {} | {}<br>{} | {place} | {} | {} | {} |",
        severity(finding.severity),
        markdown(&cut(&finding.title)),
        markdown_code(&finding.masked),
        came_in(finding),
        verdict(finding),
        to_do(finding),
    )
}

fn severity(severity: Severity) -> String {
    let sign = match severity {
        Severity::Critical => "🟣",
        Severity::High => "🔴",
        Severity::Medium => "🟠",
        Severity::Low => "🟡",
    };
    format!("{sign} {severity}")
}

fn came_in(finding: &Finding) -> String {
    let Some(first) = came_in::first(finding) else {
        return "–".to_owned();
    };
    let mut parts = Vec::new();
    parts.extend(
        first
            .date
            .as_deref()
            .map(|date| markdown(came_in::day(date))),
    );
    parts.extend(
        first
            .commit
            .as_deref()
            .map(|commit| markdown_code(short(commit))),
    );
    parts.extend(first.author.as_deref().map(|author| markdown(&cut(author))));
    parts.join("<br>")
}

fn verdict(finding: &Finding) -> String {
    match &finding.verdict {
        Verdict::Live => "**yes**".to_owned(),
        Verdict::Dead => "no".to_owned(),
        Verdict::Unknown(unknown) => format!("unknown<br>{}", markdown(&cut(&unknown.reason))),
        Verdict::NotChecked => "not checked".to_owned(),
    }
}

fn to_do(finding: &Finding) -> String {
    match &finding.revoke_url {
        Some(url)
            if url.starts_with("https://")
                && url.bytes().all(|byte| byte.is_ascii_graphic())
                && !url.contains(['(', ')', '|', '<']) =>
        {
            format!("[revoke]({url})")
        }
        _ => "revoke".to_owned(),
    }
}

fn write_skipped(out: &mut dyn io::Write, skipped: &[Skipped]) -> io::Result<()> {
    if skipped.is_empty() {
        return Ok(());
    }
    let mut sorted: Vec<&Skipped> = skipped.iter().collect();
    sorted.sort_by_key(|item| !item.kind.makes_incomplete());
    writeln!(out, "<details><summary>Not scanned</summary>\n")?;
    for item in sorted.iter().take(MAX_SKIPPED) {
        writeln!(
            out,
            "- {}: {}: {}",
            item.kind.as_str(),
            markdown_code(&cut(&item.what)),
            markdown(&cut(&item.reason))
        )?;
    }
    if let Some(more @ 1..) = (skipped.len() as u64).checked_sub(MAX_SKIPPED as u64) {
        writeln!(out, "- and {}", counted(more, "more item", "more items"))?;
    }
    writeln!(out, "\n</details>\n")
}

/// Cut to a readable length.
fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_WRITTEN) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or(text)),
        None => text.to_owned(),
    }
}
