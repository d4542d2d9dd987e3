//! What the report has to say about the scan itself: everything that was not scanned, notes, and what was cut.

use leakward_core::Outcome;
use serde_sarif::sarif::{Message, Notification, ReportingDescriptorReference};

use super::{MAX_RESULTS, SHOWN_RESULTS, result::escaped};

/// LIMIT: skipped items that are told one by one; a partial clone can lack a million blobs, and GitHub takes 10 MB.
const MAX_SKIPPED: usize = 10_000;

/// How much a notification matters.
#[derive(Clone, Copy)]
enum Weight {
    Note,
    Warning,
    Error,
}

impl Weight {
    fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// All notifications for `outcome`.
pub(super) fn notifications(outcome: &Outcome) -> Vec<Notification> {
    let mut made = cut(outcome.findings.len());
    made.extend(outcome.skipped.iter().take(MAX_SKIPPED).map(|skipped| {
        let weight = if skipped.kind.makes_incomplete() {
            Weight::Error
        } else {
            Weight::Note
        };
        let kind = skipped.kind.as_str();
        let text = format!("Not scanned ({kind}): {}: {}", skipped.what, skipped.reason);
        notification(&format!("skipped/{kind}"), weight, &text)
    }));
    if let Some(more) = outcome.skipped.len().checked_sub(MAX_SKIPPED)
        && more > 0
    {
        let text =
            format!("{more} more items were not scanned; the JSON report names all of them.");
        made.push(notification("skipped/more", Weight::Error, &text));
    }
    made.extend(
        outcome
            .notes
            .iter()
            .map(|note| notification("note", Weight::Note, note)),
    );
    made
}

/// What GitHub's limits make of so many findings.
fn cut(findings: usize) -> Vec<Notification> {
    if findings > MAX_RESULTS {
        let text = format!(
            "{} of {findings} findings are left out here, because GitHub rejects more than {MAX_RESULTS}; the \
             worst are kept, and GitHub shows {SHOWN_RESULTS} of them. The JSON report has all of them.",
            findings - MAX_RESULTS
        );
        vec![notification("limit/results", Weight::Warning, &text)]
    } else if findings > SHOWN_RESULTS {
        let text = format!("GitHub shows {SHOWN_RESULTS} of these {findings} findings.");
        vec![notification("limit/shown", Weight::Note, &text)]
    } else {
        Vec::new()
    }
}

fn notification(id: &str, weight: Weight, text: &str) -> Notification {
    Notification::builder()
        .descriptor(ReportingDescriptorReference::builder().id(id).build())
        .level(serde_json::Value::from(weight.as_str()))
        .message(Message::from(&escaped(text)))
        .build()
}
