//! The end of the report: what was scanned, what was not, and how it stands.
//!
//! The last line is the one that a person reads first; it never sounds clean when something could not be read.

use std::io;

use leakward_core::{Outcome, Skipped, SkippedKind, Stats};

use super::screen::{Look, Screen};
use crate::numbers::{bytes, counted, duration, grouped};
use crate::standing::{self, Mood};

/// Targets, and skipped items of one kind, that are named.
const NAMED: usize = 3;

/// Columns of the labels.
const LABELS: usize = 13;

/// Shows the summary.
pub(super) fn show(screen: &mut Screen<'_>, outcome: &Outcome) -> io::Result<()> {
    scanned(screen, outcome)?;
    not_scanned(screen, outcome)?;
    for text in &outcome.notes {
        entry(screen, "Note", Look::Plain, text)?;
    }
    screen.end_line()?;
    verdict(screen, outcome)
}

/// One entry: a label, and text beside it. An empty label continues the entry before.
fn entry(screen: &mut Screen<'_>, label: &str, look: Look, text: &str) -> io::Result<()> {
    screen.put(Look::Strong, &format!("{label:<LABELS$}"))?;
    screen.put_wrapped(look, LABELS, text)
}

/// One line that belongs to the entry above it.
fn below(screen: &mut Screen<'_>, look: Look, text: &str) -> io::Result<()> {
    let indent = LABELS + 2;
    screen.put(Look::Plain, &" ".repeat(indent))?;
    screen.put_wrapped(look, indent, text)
}

fn scanned(screen: &mut Screen<'_>, outcome: &Outcome) -> io::Result<()> {
    let mut label = "Scanned";
    for target in outcome.targets.iter().take(NAMED) {
        let text = format!("{} ({}: {})", target.name, target.kind, target.scope);
        entry(screen, label, Look::Plain, &text)?;
        label = "";
    }
    if let Some(more @ 1..) = (outcome.targets.len() as u64).checked_sub(NAMED as u64) {
        let text = format!("and {}", counted(more, "more target", "more targets"));
        entry(screen, label, Look::Plain, &text)?;
    }
    entry(screen, label, Look::Quiet, &amounts(&outcome.stats))?;
    if outcome.stats.suppressed > 0 {
        let text = format!(
            "{}, by baseline, ignore file, inline comment or configuration",
            counted(outcome.stats.suppressed, "finding", "findings")
        );
        entry(screen, "Left out", Look::Plain, &text)?;
    }
    Ok(())
}

/// How much was looked at, in one line.
fn amounts(stats: &Stats) -> String {
    let kinds = [
        (stats.commits, "commit", "commits"),
        (stats.tags, "tag", "tags"),
        (stats.refs, "ref", "refs"),
        (stats.blobs, "blob", "blobs"),
        (stats.files, "file", "files"),
    ];
    let mut parts: Vec<String> = kinds
        .into_iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, one, many)| counted(count, one, many))
        .collect();
    if parts.is_empty() && stats.pieces > 0 {
        parts.push(counted(stats.pieces, "piece", "pieces"));
    }
    if parts.is_empty() {
        parts.push("nothing".to_owned());
    }
    format!(
        "{}; {} in {} with {} on {}",
        parts.join(", "),
        bytes(stats.bytes),
        duration(stats.duration_ms),
        counted(stats.rules, "rule", "rules"),
        counted(stats.threads, "thread", "threads"),
    )
}

fn not_scanned(screen: &mut Screen<'_>, outcome: &Outcome) -> io::Result<()> {
    for (kind, items) in by_kind(&outcome.skipped) {
        let (label, look) = if kind.makes_incomplete() {
            ("Not scanned", Look::Warning)
        } else {
            ("By choice", Look::Plain)
        };
        let (one, many) = words(kind);
        entry(screen, label, look, &counted(items.len() as u64, one, many))?;
        for item in items.iter().take(NAMED) {
            below(
                screen,
                Look::Plain,
                &format!("{}: {}", item.what, item.reason),
            )?;
        }
        if let Some(more @ 1..) = (items.len() as u64).checked_sub(NAMED as u64) {
            below(screen, Look::Quiet, &format!("and {} more", grouped(more)))?;
        }
    }
    Ok(())
}

/// The items by their kind, those that make the scan incomplete first.
fn by_kind(skipped: &[Skipped]) -> Vec<(SkippedKind, Vec<&Skipped>)> {
    let mut groups: Vec<(SkippedKind, Vec<&Skipped>)> = Vec::new();
    for item in skipped {
        match groups.iter_mut().find(|(kind, _)| *kind == item.kind) {
            Some((_, items)) => items.push(item),
            None => groups.push((item.kind, vec![item])),
        }
    }
    groups.sort_by_key(|(kind, _)| (!kind.makes_incomplete(), *kind));
    groups
}

/// The kind, for one item and for many.
fn words(kind: SkippedKind) -> (&'static str, &'static str) {
    match kind {
        SkippedKind::Unreadable => ("unreadable item", "unreadable items"),
        SkippedKind::Corrupt => ("corrupt item", "corrupt items"),
        SkippedKind::Missing => ("missing item", "missing items"),
        SkippedKind::Limit => ("item over a limit", "items over a limit"),
        SkippedKind::Nothing => ("target with nothing in it", "targets with nothing in them"),
        SkippedKind::Interrupted => ("interrupted scan", "interrupted scans"),
        SkippedKind::Unsupported => ("unsupported item", "unsupported items"),
        SkippedKind::Shallow => ("shallow history", "shallow histories"),
        SkippedKind::Excluded => ("excluded item", "excluded items"),
    }
}

/// The last sentences.
fn verdict(screen: &mut Screen<'_>, outcome: &Outcome) -> io::Result<()> {
    for sentence in standing::sentences(outcome) {
        let look = match sentence.mood {
            Mood::Bad => Look::Bad,
            Mood::Doubtful => Look::Warning,
            Mood::Good => Look::Good,
        };
        screen.put_wrapped(look, 0, &sentence.text)?;
    }
    Ok(())
}
