//! One finding on the terminal: what it is, where, the line, and notes below it.

use std::collections::HashSet;
use std::io;

use leakward_core::{Finding, Secret, Verdict};

use super::excerpt;
use super::history;
use super::screen::{Look, Screen};
use crate::numbers::counted;
use crate::place_words;

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
        screen.put(Look::Plain, &place_words::words(first))?;
        screen.end_line()?;
    }
    if let Some(excerpt) = &finding.excerpt {
        excerpt::show(screen, excerpt, line, gutter, finding.severity)?;
    }
    for (label, lines) in notes(finding) {
        note(screen, gutter, label, &lines)?;
    }
    Ok(())
}

/// Shows a note: its label, and its lines beside and below it.
fn note(screen: &mut Screen<'_>, gutter: usize, label: &str, lines: &[String]) -> io::Result<()> {
    let indent = gutter + 3 + LABELS;
    for (number, line) in lines.iter().enumerate() {
        if number == 0 {
            screen.put(Look::Frame, &format!("{:gutter$} = ", ""))?;
            screen.put(Look::Quiet, &format!("{label:<LABELS$}"))?;
        } else {
            screen.put(Look::Plain, &" ".repeat(indent))?;
        }
        screen.put_wrapped(Look::Plain, indent, line)?;
    }
    Ok(())
}

/// The notes below the line: their labels and lines. One without lines is not shown.
fn notes(finding: &Finding) -> [(&'static str, Vec<String>); 12] {
    let one = |line: Option<String>| line.into_iter().collect();
    [
        ("verified", verified(finding)),
        ("since", one(history::since(finding))),
        ("now", one(history::now(finding))),
        ("step", one(build_step(finding))),
        ("also", other_places(finding)),
        ("inside", one(inside(finding))),
        (
            "with",
            finding
                .locations
                .first()
                .map(place_words::companions)
                .unwrap_or_default(),
        ),
        ("why", one(Some(why(finding)))),
        ("credential", one(finding.secret.as_ref().map(revealed))),
        ("revoke", one(finding.revoke_url.clone())),
        ("about", one(finding.docs_url.clone())),
        ("fingerprint", one(Some(finding.fingerprint.to_string()))),
    ]
}

/// The verdict, and whose credential it is.
fn verified(finding: &Finding) -> Vec<String> {
    let evidence = finding.evidence.as_deref();
    let mut lines: Vec<String> = match &finding.verdict {
        Verdict::Live => vec!["live: the provider accepts it".to_owned()],
        Verdict::Dead => vec!["dead: it no longer works".to_owned()],
        Verdict::Unknown(unknown) => vec![format!("unknown: {}", unknown.reason)],
        Verdict::NotChecked => evidence
            .map(|evidence| &evidence.summary)
            .filter(|summary| !summary.is_empty())
            .map(|summary| format!("not checked: {summary}"))
            .into_iter()
            .collect(),
    };
    let Some(evidence) = evidence else {
        return lines;
    };
    let identity = evidence.identity.iter();
    lines.extend(identity.map(|(name, value)| format!("{name}: {value}")));
    if !evidence.scopes.is_empty() {
        lines.push(format!("scopes: {}", evidence.scopes.join(", ")));
    }
    lines.extend(
        evidence
            .expires_at
            .iter()
            .map(|date| format!("until: {date}")),
    );
    lines.extend(evidence.details.iter().map(|reach| {
        let note = reach.note.iter().cloned();
        let words: Vec<String> = reach.items.iter().cloned().chain(note).collect();
        format!(
            "{}: {}",
            reach.name,
            if words.is_empty() {
                "none".to_owned()
            } else {
                words.join(", ")
            }
        )
    }));
    lines
}

/// The other places: a few named, the rest counted. The same line in HEAD, index and working tree is one place to
/// a reader; the note before says which of them have it.
fn other_places(finding: &Finding) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut places: Vec<String> = finding
        .locations
        .iter()
        .map(place_words::words)
        .filter(|words| seen.insert(words.clone()))
        .skip(1)
        .collect();
    let unnamed = places.len().saturating_sub(NAMED_PLACES) as u64;
    places.truncate(NAMED_PLACES);
    let more = unnamed.saturating_add(finding.more_locations);
    if more > 0 {
        places.push(format!(
            "and {}",
            counted(more, "more place", "more places")
        ));
    }
    places
}

/// The build step that brought it into the image.
fn build_step(finding: &Finding) -> Option<String> {
    let image = finding.locations.first()?.image.as_ref()?;
    image.created_by.clone()
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
