//! One finding in JSON. The credential itself is there only when the user asked for it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use leakward_core::{Evidence, Excerpt, Finding, Secret, Verdict};
use serde::Serialize;

use super::LocationEntry;

/// A leaked credential with all its places.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Finding"))]
pub(crate) struct FindingEntry<'a> {
    /// Keyed hash of rule and credential, 32 hexadecimal digits: the same over runs, machines, renames and rebases.
    fingerprint: String,
    /// Id of the rule.
    rule: &'a str,
    /// What it is, for people.
    title: &'a str,
    /// Who issues it.
    provider: &'a str,
    /// How bad it usually is when a live one leaks.
    #[cfg_attr(test, schemars(extend("enum" = ["low", "medium", "high", "critical"])))]
    severity: &'static str,
    /// How sure the program is that it is a credential.
    #[cfg_attr(test, schemars(extend("enum" = ["low", "medium", "high"])))]
    confidence: &'static str,
    /// The credential as it may be shown.
    masked: &'a str,
    /// The credential; only with `--reveal`. Bytes that are not UTF-8 are replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    /// The credential in base64; only with `--reveal`, and only when it is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_base64: Option<String>,
    /// Shannon entropy of the credential in bits per byte, 0 to 8, three decimals.
    entropy: f64,
    /// Why it is believed to be a credential, the strongest first.
    reasons: &'a [String],
    /// Whether it still works; absent when nobody wanted to know.
    #[serde(skip_serializing_if = "Option::is_none")]
    verification: Option<Verification<'a>>,
    /// Page where a person revokes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    revoke_url: Option<&'a str>,
    /// The provider's page about this type of credential.
    #[serde(skip_serializing_if = "Option::is_none")]
    docs_url: Option<&'a str>,
    /// The line of the first location, with every credential on it masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    excerpt: Option<ExcerptEntry<'a>>,
    /// All places, the most useful one first.
    #[cfg_attr(test, schemars(length(min = 1)))]
    locations: Vec<LocationEntry<'a>>,
    /// How many places there are beyond those in `locations`; absent when there are none.
    #[serde(skip_serializing_if = "is_zero")]
    #[cfg_attr(test, schemars(range(min = 1)))]
    more_locations: u64,
}

impl<'a> FindingEntry<'a> {
    pub(crate) fn new(finding: &'a Finding) -> Self {
        let (secret, secret_base64) = match &finding.secret {
            Some(secret) => revealed(secret),
            None => (None, None),
        };
        Self {
            fingerprint: finding.fingerprint.to_string(),
            rule: finding.rule.as_str(),
            title: &finding.title,
            provider: &finding.provider,
            severity: finding.severity.as_str(),
            confidence: finding.confidence.as_str(),
            masked: &finding.masked,
            secret,
            secret_base64,
            entropy: rounded(finding.entropy),
            reasons: &finding.reasons,
            verification: Verification::new(&finding.verdict, finding.evidence.as_deref()),
            revoke_url: finding.revoke_url.as_deref(),
            docs_url: finding.docs_url.as_deref(),
            excerpt: finding.excerpt.as_ref().map(ExcerptEntry::new),
            locations: finding.locations.iter().map(LocationEntry::new).collect(),
            more_locations: finding.more_locations,
        }
    }
}

/// The credential as text, and in base64 when the text is not the same bytes.
#[expect(
    clippy::disallowed_methods,
    reason = "the secret is present only because the user said --reveal"
)]
fn revealed(secret: &Secret) -> (Option<String>, Option<String>) {
    let bytes = secret.expose();
    let text = String::from_utf8_lossy(bytes).into_owned();
    let exact = (text.as_bytes() != bytes).then(|| STANDARD.encode(bytes));
    (Some(text), exact)
}

/// Three decimals: more would differ between machines, whose logarithms do not agree to the last bit.
pub(crate) fn rounded(entropy: f64) -> f64 {
    // A byte has eight bits; anything else (not a number, infinite) could not be written as JSON.
    let bits = if entropy.is_nan() {
        0.0
    } else {
        entropy.clamp(0.0, 8.0)
    };
    (bits * 1_000.0).round() / 1_000.0
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// Whether the credential still works, and how that is known.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Verification<'a> {
    /// `live`: the provider accepted it. `dead`: it no longer works. `unknown`: it was asked, and the answer
    /// proves nothing; that is not dead. `not-checked`: nobody was asked, for the reason that is given.
    #[cfg_attr(test, schemars(extend("enum" = ["live", "dead", "unknown", "not-checked"])))]
    verdict: &'static str,
    /// Why it is unknown, or why nobody was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    /// What came back, in one sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<&'a str>,
    /// `provider`: asked in this run. `cache`: asked in an earlier run. `offline`: the credential itself says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(extend("enum" = ["provider", "cache", "offline"])))]
    source: Option<&'static str>,
    /// When it was asked, RFC 3339 in UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    checked_at: Option<&'a str>,
    /// Who was asked: host, and port where it is not the usual one.
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<&'a str>,
    /// The verb, or the protocol's step.
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'a str>,
    /// The path as the rule writes it, placeholders not filled in.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    /// The HTTP status.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// Whose it is: account, user, project.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    identity: Vec<IdentityEntry<'a>>,
    /// What it may do.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    scopes: &'a [String],
    /// Until when it is valid, as the provider writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<&'a str>,
    /// What it reaches; only with `--details`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    details: Vec<ReachEntry<'a>>,
}

/// One kind of thing that the credential reaches.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Reach"))]
struct ReachEntry<'a> {
    /// What it is: `repositories`, `organizations`.
    name: &'a str,
    /// What they are called, a hundred at most.
    items: &'a [String],
    /// Why the list is not there, or not whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
}

/// One thing that is known about whose credential it is.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Identity"))]
struct IdentityEntry<'a> {
    /// What it is: `user`, `account`, `project` …
    name: &'a str,
    /// Its value.
    value: &'a str,
}

impl<'a> Verification<'a> {
    /// The verdict with its evidence; none when nobody wanted to know.
    pub(crate) fn new(verdict: &'a Verdict, evidence: Option<&'a Evidence>) -> Option<Self> {
        if *verdict == Verdict::NotChecked && evidence.is_none() {
            return None;
        }
        let asked = evidence.and_then(|evidence| evidence.asked.as_ref());
        let text = |text: &'a str| (!text.is_empty()).then_some(text);
        let summary = evidence.and_then(|evidence| text(&evidence.summary));
        let (reason, summary) = match verdict {
            Verdict::Unknown(unknown) => (Some(unknown.reason.as_str()), None),
            Verdict::NotChecked => (summary, None),
            Verdict::Live | Verdict::Dead => (None, summary),
        };
        Some(Self {
            verdict: verdict.as_str(),
            reason,
            summary,
            source: evidence.map(|evidence| evidence.source.as_str()),
            checked_at: evidence.and_then(|evidence| text(&evidence.checked_at)),
            host: asked.map(|asked| asked.host.as_str()),
            method: asked.map(|asked| asked.method.as_str()),
            path: asked.and_then(|asked| text(&asked.path)),
            status: asked.and_then(|asked| asked.status),
            identity: identity(evidence),
            scopes: evidence.map_or(&[], |evidence| &evidence.scopes),
            expires_at: evidence.and_then(|evidence| evidence.expires_at.as_deref()),
            details: details(evidence),
        })
    }
}

fn details(evidence: Option<&Evidence>) -> Vec<ReachEntry<'_>> {
    evidence
        .map(|evidence| evidence.details.as_slice())
        .unwrap_or_default()
        .iter()
        .map(|reach| ReachEntry {
            name: &reach.name,
            items: &reach.items,
            note: reach.note.as_deref(),
        })
        .collect()
}

fn identity(evidence: Option<&Evidence>) -> Vec<IdentityEntry<'_>> {
    evidence
        .map(|evidence| evidence.identity.as_slice())
        .unwrap_or_default()
        .iter()
        .map(|(name, value)| IdentityEntry { name, value })
        .collect()
}

/// The line around the credential.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Excerpt"))]
struct ExcerptEntry<'a> {
    /// One line, cut to a readable length, masked.
    text: &'a str,
    /// Column in `text` where the masked credential starts, from 1, in Unicode scalar values.
    start_column: usize,
    /// Column in `text` one past its end.
    end_column: usize,
}

impl<'a> ExcerptEntry<'a> {
    fn new(excerpt: &'a Excerpt) -> Self {
        Self {
            text: &excerpt.text,
            start_column: excerpt.marked.start.saturating_add(1),
            end_column: excerpt.marked.end.saturating_add(1),
        }
    }
}
