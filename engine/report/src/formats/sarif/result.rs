//! One finding as a SARIF result.
//!
//! GitHub shows the message and the first location, and follows a result by `primaryLocationLineHash` alone.

use std::collections::BTreeMap;

use leakward_core::{Finding, Location, LocationKind, Severity, Verdict};
use serde_sarif::sarif::{self, Message, PropertyBag, ResultLevel};

use super::place;
use super::properties::Properties;
use crate::document::{Verification, rounded};

/// LIMIT: places beside the first one that go along, so that a file with thousands of findings stays below GitHub's
/// 10 MB; the JSON report has all of them.
const MAX_RELATED: usize = 10;

/// The finding as a result of the rule whose descriptor is at `rule_index`.
pub(super) fn result(finding: &Finding, rule_index: i64) -> sarif::Result {
    let mut made = sarif::Result::builder()
        .rule_id(finding.rule.as_str())
        .rule_index(rule_index)
        .level(level(finding.severity))
        .message(Message::from(&message(finding)))
        .partial_fingerprints(fingerprints(finding))
        .properties(properties(finding))
        .build();
    let mut places = finding.locations.iter();
    made.locations = Some(places.next().map(place::location).into_iter().collect());
    let mut related: Vec<_> = places
        .take(MAX_RELATED)
        .zip(1..)
        .map(|(location, id)| place::related(location, id))
        .collect();
    let of_first = |first: &Location| {
        let companions = first.companions.iter().zip(related.len() + 1..);
        let places = companions.map(|(one, id)| place::companion(first, one, id));
        places.collect::<Vec<_>>()
    };
    let companions = finding.locations.first().map(of_first);
    related.extend(companions.into_iter().flatten());
    if !related.is_empty() {
        made.related_locations = Some(related);
    }
    made
}

/// The level that stands for a severity.
pub(super) fn level(severity: Severity) -> ResultLevel {
    match severity {
        Severity::Critical | Severity::High => ResultLevel::Error,
        Severity::Medium => ResultLevel::Warning,
        Severity::Low => ResultLevel::Note,
    }
}

fn message(finding: &Finding) -> String {
    let mut text = format!("{} ({})", finding.title, finding.masked);
    if let Some(first) = finding.locations.first() {
        text += &whereabouts(first);
    }
    text.push('.');
    match &finding.verdict {
        Verdict::Live => text += &format!(" It still works{}.", whose(finding)),
        Verdict::Dead => text += " It no longer works.",
        Verdict::Unknown(_) | Verdict::NotChecked => {}
    }
    let more = more_places(finding);
    if more > 0 {
        text += &format!(" Seen in {} places.", more.saturating_add(1));
    }
    if let Some(url) = &finding.revoke_url {
        text += &format!(" Revoke it: {url}");
    }
    escaped(&text)
}

/// Whose credential it is, in brackets; nothing when that is not known.
fn whose(finding: &Finding) -> String {
    let identity = finding
        .evidence
        .as_deref()
        .map(|evidence| evidence.identity.as_slice());
    let words: Vec<String> = identity
        .unwrap_or_default()
        .iter()
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    if words.is_empty() {
        String::new()
    } else {
        format!(" ({})", words.join(", "))
    }
}

/// Where the first place is, when it is not simply the file that is shown.
fn whereabouts(first: &Location) -> String {
    let what = match first.kind {
        LocationKind::Message => " in a message",
        LocationKind::Ref => " in the name of a ref",
        LocationKind::Path => " in the name of the file",
        LocationKind::Stdin => " in standard input",
        LocationKind::Git
        | LocationKind::Worktree
        | LocationKind::Index
        | LocationKind::File
        | LocationKind::Lfs => "",
        LocationKind::Layer => " in a layer of a container image",
        LocationKind::ImageConfig => " in the configuration of a container image",
    };
    let mut text = what.to_owned();
    if let Some(image) = &first.image {
        text += &format!(" ({})", image.image);
    }
    if place::is_history_only(first) {
        text += ", in history only";
        if let Some(commit) = &first.commit {
            text += &format!(" (commit {commit})");
        }
    }
    text
}

fn more_places(finding: &Finding) -> u64 {
    let listed = u64::try_from(finding.locations.len()).unwrap_or(u64::MAX);
    listed
        .saturating_sub(1)
        .saturating_add(finding.more_locations)
}

/// The text with what SARIF reads as links and placeholders escaped (SARIF 2.1.0, 3.11.5 and 3.11.6).
pub(super) fn escaped(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '{' => made.push_str("{{"),
            '}' => made.push_str("}}"),
            '[' | ']' | '\\' => made.extend(['\\', character]),
            _ => made.push(character),
        }
    }
    made
}

/// What GitHub follows the result by, and our own identity.
///
/// Where the scan had no text to hash (a ref's name), the first follows from our own: it never changes then.
fn fingerprints(finding: &Finding) -> BTreeMap<String, String> {
    let own = finding.fingerprint.to_string();
    let line_hash = finding
        .locations
        .first()
        .and_then(|location| location.line_hash.clone())
        .unwrap_or_else(|| format!("{}:1", own.get(..16).unwrap_or(&own)));
    BTreeMap::from([
        ("primaryLocationLineHash".to_owned(), line_hash),
        ("leakwardFingerprint/v1".to_owned(), own),
    ])
}

fn properties(finding: &Finding) -> PropertyBag {
    let verification = match &finding.verdict {
        Verdict::NotChecked => None,
        verdict => Some(verdict.to_string()),
    };
    let details = finding.evidence.as_deref().and_then(|evidence| {
        let entry = Verification::new(&finding.verdict, Some(evidence))?;
        // The entry is made of texts, numbers and lists, which JSON can always hold.
        serde_json::to_value(entry).ok()
    });
    Properties::default()
        .with("provider", finding.provider.as_str())
        .with("severity", finding.severity.as_str())
        .with("confidence", finding.confidence.as_str())
        .with("masked", finding.masked.as_str())
        .with("entropy", rounded(finding.entropy))
        .with_list("reasons", &finding.reasons)
        .with_some("verification", verification)
        .with_some("verificationDetails", details)
        .with("places", more_places(finding).saturating_add(1))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_and_braces_in_a_message_are_not_links_or_placeholders() {
        assert_eq!(escaped(r"a [b](c) {0} \"), r"a \[b\](c) {{0}} \\");
    }
}
