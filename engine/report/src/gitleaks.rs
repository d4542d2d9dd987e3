//! Our findings in the shapes of gitleaks 8, for scripts that read its reports. Fields, names and order as its JSON has
//! them; one entry for each place, since that is what a finding is there.
//!
//! What differs: `RuleID` is our rule's id, `Match` is the credential, `Message` the first line of the commit's message,
//! and columns count characters. A scan that was not complete has one entry more for each thing that was not looked at,
//! with the rule id [`INCOMPLETE`]: an empty report must not mean "could not read".
//!
//! The credential stands in it only when it was revealed, and then as much of it as [`Settings::hidden_percent`] says.

use leakward_core::{Finding, Location, LocationKind, Outcome, Position, Secret, Skipped};
use serde::Serialize;

use crate::document::rounded;
use crate::settings::Settings;
use crate::timestamp::Timestamp;

/// What gitleaks writes in the place of a credential.
const REDACTED: &str = "REDACTED";

/// The rule id of an entry that tells of something that was not scanned.
const INCOMPLETE: &str = "incomplete-scan";

/// One finding as gitleaks has it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Entry {
    #[serde(rename = "RuleID")]
    pub(crate) rule_id: String,
    pub(crate) description: String,
    pub(crate) start_line: u32,
    pub(crate) end_line: u32,
    pub(crate) start_column: u32,
    pub(crate) end_column: u32,
    #[serde(rename = "Match")]
    pub(crate) matched: String,
    pub(crate) secret: String,
    pub(crate) file: String,
    pub(crate) symlink_file: String,
    pub(crate) commit: String,
    pub(crate) entropy: f64,
    pub(crate) author: String,
    pub(crate) email: String,
    pub(crate) date: String,
    pub(crate) message: String,
    pub(crate) tags: Vec<String>,
    pub(crate) fingerprint: String,
}

/// All entries, those of what was not scanned last.
pub(crate) fn entries<'a>(
    outcome: &'a Outcome,
    settings: &Settings,
) -> impl Iterator<Item = Entry> + 'a {
    let hidden = settings.hidden_percent;
    let found = outcome.findings.iter().flat_map(move |finding| {
        let places = finding.locations.iter();
        places.map(move |place| entry(finding, place, hidden))
    });
    let missed = outcome.skipped.iter();
    found.chain(
        missed
            .filter(|skipped| skipped.kind.makes_incomplete())
            .map(not_scanned),
    )
}

fn entry(finding: &Finding, place: &Location, hidden: u8) -> Entry {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let secret = match &finding.secret {
        Some(secret) => shown(secret, hidden),
        None => REDACTED.to_owned(),
    };
    let range = place.range;
    let rule = finding.rule.as_str();
    let commit = text(&place.commit);
    let file = file(place);
    let fingerprint = match commit.as_str() {
        "" => format!("{file}:{rule}:{}", range.start.line),
        commit => format!("{commit}:{file}:{rule}:{}", range.start.line),
    };
    Entry {
        rule_id: rule.to_owned(),
        description: finding.title.clone(),
        start_line: range.start.line,
        end_line: range.end.line,
        start_column: column(range.start),
        // The last column of the match, where ours is one past it.
        end_column: column(range.end).saturating_sub(1).max(1),
        matched: secret.clone(),
        secret,
        file,
        symlink_file: String::new(),
        commit,
        entropy: rounded(finding.entropy),
        author: text(&place.author),
        email: text(&place.email),
        date: place.date.as_deref().map(utc).unwrap_or_default(),
        message: text(&place.subject),
        tags: tags(place),
        fingerprint,
    }
}

/// The column as gitleaks counts it: on every line but the first, the line break before it is counted too.
fn column(position: Position) -> u32 {
    position.column.saturating_add(u32::from(position.line > 1))
}

/// The path, or what the place is where it has none.
fn file(place: &Location) -> String {
    match place.kind {
        LocationKind::Stdin => String::new(),
        kind if place.path.is_empty() => kind.as_str().to_owned(),
        _ => place.path.clone(),
    }
}

/// `decoded:base64`, `decode-depth:1`.
fn tags(place: &Location) -> Vec<String> {
    let mut tags: Vec<String> = place
        .decoded
        .iter()
        .map(|encoding| format!("decoded:{encoding}"))
        .collect();
    if !tags.is_empty() {
        tags.push(format!("decode-depth:{}", place.decoded.len()));
    }
    tags
}

/// The date as gitleaks writes it; one that is none as it is.
fn utc(date: &str) -> String {
    Timestamp::parse(date).map_or_else(|| date.to_owned(), |date| date.to_string())
}

/// The credential without its last `hidden` percent, as gitleaks hides them.
#[expect(
    clippy::disallowed_methods,
    reason = "the secret is present only because the user said --reveal, or called us as gitleaks without --redact"
)]
fn shown(secret: &Secret, hidden: u8) -> String {
    let text = String::from_utf8_lossy(secret.expose());
    match hidden {
        0 => text.into_owned(),
        100.. => REDACTED.to_owned(),
        hidden => {
            let kept = text.chars().count() * usize::from(100 - hidden) / 100;
            text.chars().take(kept).chain("...".chars()).collect()
        }
    }
}

fn not_scanned(skipped: &Skipped) -> Entry {
    Entry {
        rule_id: INCOMPLETE.to_owned(),
        description: format!(
            "Not scanned ({}): {}",
            skipped.kind.as_str(),
            skipped.reason
        ),
        start_line: 0,
        end_line: 0,
        start_column: 0,
        end_column: 0,
        matched: String::new(),
        secret: String::new(),
        file: skipped.what.clone(),
        symlink_file: String::new(),
        commit: String::new(),
        entropy: 0.0,
        author: String::new(),
        email: String::new(),
        date: String::new(),
        message: String::new(),
        tags: Vec::new(),
        fingerprint: format!("{}:{INCOMPLETE}:0", skipped.what),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revealed_credential_is_hidden_from_its_end() {
        let secret = Secret::new(b"0123456789");
        for (hidden, expected) in [
            (0, "0123456789"),
            (20, "01234567..."),
            (99, "..."),
            (100, "REDACTED"),
        ] {
            assert_eq!(shown(&secret, hidden), expected);
        }
    }
}
