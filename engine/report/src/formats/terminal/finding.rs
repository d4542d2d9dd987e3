//! One finding on the terminal: what it is, where, the line, and notes below it.

use std::io;

use leakward_core::{Finding, Secret, Verdict};

use super::excerpt;
use super::history;
use super::numbers::counted;
use super::place;
use super::screen::{Look, Screen};

/// Places beside the first one that are named.
const NAMED_PLACES: usize = 3;

/// Columns of the notes' labels: the longest one and a blank.
const LABELS: usize = 12;

/// Shows a finding.
pub(super) fn show(screen: &mut Screen<'_>, finding: &Finding) -> io::Result<()> {
    let look = Look::Severity(finding.severity);
    screen.put(
        look,
        &format!("{}[{}]", finding.severity, finding.rule.as_str()),
    )?;
    screen.put(Look::Strong, &format!(": {}", finding.title))?;
    screen.end_line()?;
    let line = finding
        .locations
        .first()
        .map_or(0, |location| location.range.start.line);
    let gutter = line.to_string().len();
    if let Some(first) = finding.locations.first() {
        screen.put(Look::Frame, &format!("{:gutter$}--> ", ""))?;
        screen.put(Look::Plain, &place::words(first))?;
        screen.end_line()?;
    }
    if let Some(excerpt) = &finding.excerpt {
        excerpt::show(screen, excerpt, line, gutter, finding.severity)?;
    }
    for (label, text) in notes(finding) {
        screen.put(Look::Frame, &format!("{:gutter$} = ", ""))?;
        screen.put(Look::Quiet, &format!("{label:<LABELS$}"))?;
        screen.put_wrapped(Look::Plain, gutter + 3 + LABELS, &text)?;
    }
    Ok(())
}

/// The notes below the line, each with its label.
fn notes(finding: &Finding) -> Vec<(&'static str, String)> {
    let mut notes = Vec::new();
    let mut note = |label, text: Option<String>| notes.extend(text.map(|text| (label, text)));
    note("verified", verified(&finding.verdict));
    note("since", history::since(finding));
    note("now", history::now(finding));
    for place in finding.locations.iter().skip(1).take(NAMED_PLACES) {
        note("also", Some(place::words(place)));
    }
    note("also", more_places(finding));
    note("inside", inside(finding));
    note("why", Some(why(finding)));
    note("credential", finding.secret.as_ref().map(revealed));
    note("revoke", finding.revoke_url.clone());
    note("about", finding.docs_url.clone());
    note("fingerprint", Some(finding.fingerprint.to_string()));
    notes
}

fn verified(verdict: &Verdict) -> Option<String> {
    match verdict {
        Verdict::Live => Some("live: the provider accepts it".to_owned()),
        Verdict::Dead => Some("dead: it no longer works".to_owned()),
        Verdict::Unknown(unknown) => Some(format!("unknown: {}", unknown.reason)),
        Verdict::NotChecked => None,
    }
}

fn more_places(finding: &Finding) -> Option<String> {
    let listed = finding.locations.len().saturating_sub(1 + NAMED_PLACES) as u64;
    let more = listed.saturating_add(finding.more_locations);
    (more > 0).then(|| format!("and {}", counted(more, "more place", "more places")))
}

fn inside(finding: &Finding) -> Option<String> {
    let decoded = &finding.locations.first()?.decoded;
    (!decoded.is_empty()).then(|| decoded.join(", in it "))
}

fn why(finding: &Finding) -> String {
    let mut text = format!("{} confidence", finding.confidence);
    if !finding.reasons.is_empty() {
        text += ": ";
        text += &finding.reasons.join("; ");
    }
    text
}

#[expect(
    clippy::disallowed_methods,
    reason = "the secret is present only because the user said --reveal"
)]
fn revealed(secret: &Secret) -> String {
    String::from_utf8_lossy(secret.expose()).into_owned()
}
