//! How a scan stands, in a sentence or two that every format for people ends or begins with.
//!
//! INVARIANT: "No leaked credentials found" is said of a complete scan that looked at something, and of no other.

use leakward_core::{Finding, Outcome, Severity};

use crate::numbers::{counted, grouped};

/// What a sentence means for the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// Something leaked.
    Bad,
    /// Something was not looked at.
    Doubtful,
    /// Nothing to do.
    Good,
}

/// One sentence.
pub(crate) struct Sentence {
    pub(crate) mood: Mood,
    pub(crate) text: String,
}

/// The severities, worst first.
pub(crate) const SEVERITIES: [Severity; 4] = [
    Severity::Critical,
    Severity::High,
    Severity::Medium,
    Severity::Low,
];

/// How it stands.
pub(crate) fn sentences(outcome: &Outcome) -> Vec<Sentence> {
    let sentence = |mood, text: String| Sentence { mood, text };
    let mut made = Vec::new();
    if !outcome.findings.is_empty() {
        made.push(sentence(Mood::Bad, format!("{}.", found(outcome))));
    }
    let missed = missed(outcome);
    if missed > 0 {
        let missed = counted(missed, "item was not scanned", "items were not scanned");
        let rest = match outcome.findings.as_slice() {
            [] => " Nothing leaked was found in the rest.",
            _ => "",
        };
        made.push(sentence(
            Mood::Doubtful,
            format!("Incomplete: {missed}.{rest}"),
        ));
    }
    if made.is_empty() {
        made.push(if outcome.stats.pieces == 0 {
            sentence(Mood::Doubtful, "Nothing was scanned.".to_owned())
        } else {
            sentence(Mood::Good, "No leaked credentials found.".to_owned())
        });
    }
    made
}

/// How many items make the scan incomplete.
pub(crate) fn missed(outcome: &Outcome) -> u64 {
    let counts = |skipped: &&leakward_core::Skipped| skipped.kind.makes_incomplete();
    outcome.skipped.iter().filter(counts).count() as u64
}

/// `2 leaked credentials found in 17 places: 1 critical, 1 medium`.
fn found(outcome: &Outcome) -> String {
    let places: u64 = outcome.findings.iter().fold(0, |places, finding| {
        places.saturating_add(places_of(finding))
    });
    let counts: Vec<String> = by_severity(outcome)
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(severity, count)| format!("{} {severity}", grouped(count)))
        .collect();
    format!(
        "{} found in {}: {}",
        counted(
            outcome.findings.len() as u64,
            "leaked credential",
            "leaked credentials"
        ),
        counted(places, "place", "places"),
        counts.join(", ")
    )
}

/// How many places a finding has.
pub(crate) fn places_of(finding: &Finding) -> u64 {
    (finding.locations.len() as u64).saturating_add(finding.more_locations)
}

/// How many findings there are of each severity, worst first.
pub(crate) fn by_severity(outcome: &Outcome) -> [(Severity, u64); 4] {
    SEVERITIES.map(|severity| {
        let of = |finding: &&Finding| finding.severity == severity;
        (severity, outcome.findings.iter().filter(of).count() as u64)
    })
}
