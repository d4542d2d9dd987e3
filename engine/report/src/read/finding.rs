//! One finding, read.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use leakward_core::{
    Asked, Evidence, EvidenceSource, Excerpt, Finding, Reach, RuleId, Secret, Verdict,
};
use serde::Deserialize;

use super::location::LocationRead;
use super::{Wrong, word};

#[derive(Deserialize)]
pub(super) struct FindingRead {
    fingerprint: String,
    rule: String,
    title: String,
    provider: String,
    severity: String,
    confidence: String,
    masked: String,
    secret: Option<String>,
    secret_base64: Option<String>,
    entropy: f64,
    reasons: Vec<String>,
    verification: Option<VerificationRead>,
    revoke_url: Option<String>,
    docs_url: Option<String>,
    excerpt: Option<ExcerptRead>,
    locations: Vec<LocationRead>,
    #[serde(default)]
    more_locations: u64,
}

#[derive(Deserialize)]
struct ExcerptRead {
    text: String,
    start_column: usize,
    end_column: usize,
}

#[derive(Deserialize)]
struct VerificationRead {
    verdict: String,
    reason: Option<String>,
    summary: Option<String>,
    source: Option<String>,
    #[serde(default)]
    checked_at: String,
    host: Option<String>,
    #[serde(default)]
    method: String,
    #[serde(default)]
    path: String,
    status: Option<u16>,
    #[serde(default)]
    identity: Vec<IdentityRead>,
    #[serde(default)]
    scopes: Vec<String>,
    expires_at: Option<String>,
    #[serde(default)]
    details: Vec<ReachRead>,
}

#[derive(Deserialize)]
struct IdentityRead {
    name: String,
    value: String,
}

#[derive(Deserialize)]
struct ReachRead {
    name: String,
    items: Vec<String>,
    note: Option<String>,
}

impl FindingRead {
    pub(super) fn into_finding(self) -> Result<Finding, Wrong> {
        let (verdict, evidence) = match self.verification {
            Some(verification) => verification.into_verdict()?,
            None => (Verdict::NotChecked, None),
        };
        if self.locations.is_empty() {
            return Err(("locations", "[]".to_owned()));
        }
        Ok(Finding {
            fingerprint: parsed("fingerprint", &self.fingerprint)?,
            rule: RuleId::from(self.rule.as_str()),
            title: self.title,
            provider: self.provider,
            severity: parsed("severity", &self.severity)?,
            confidence: parsed("confidence", &self.confidence)?,
            masked: self.masked,
            secret: secret(self.secret, self.secret_base64)?,
            entropy: self.entropy,
            reasons: self.reasons,
            revoke_url: self.revoke_url,
            docs_url: self.docs_url,
            excerpt: self.excerpt.map(ExcerptRead::into_excerpt),
            verdict,
            evidence,
            locations: self
                .locations
                .into_iter()
                .map(LocationRead::into_location)
                .collect::<Result<_, Wrong>>()?,
            more_locations: self.more_locations,
        })
    }
}

fn parsed<T: std::str::FromStr>(field: &'static str, text: &str) -> Result<T, Wrong> {
    text.parse().map_err(|_| (field, text.to_owned()))
}

/// The credential, where the report was made with `--reveal`.
fn secret(text: Option<String>, exact: Option<String>) -> Result<Option<Secret>, Wrong> {
    match (text, exact) {
        (_, Some(exact)) => match STANDARD.decode(&exact) {
            Ok(bytes) => Ok(Some(Secret::new(&bytes))),
            // Not the text itself: it may be most of a credential.
            Err(_) => Err(("secret_base64", "what stands there".to_owned())),
        },
        (Some(text), None) => Ok(Some(Secret::new(text.as_bytes()))),
        (None, None) => Ok(None),
    }
}

impl ExcerptRead {
    fn into_excerpt(self) -> Excerpt {
        Excerpt {
            text: self.text,
            marked: self.start_column.saturating_sub(1)..self.end_column.saturating_sub(1),
        }
    }
}

impl VerificationRead {
    fn into_verdict(self) -> Result<(Verdict, Option<Box<Evidence>>), Wrong> {
        let reason = self.reason.clone().unwrap_or_default();
        let (verdict, summary) = match self.verdict.as_str() {
            "live" => (Verdict::Live, self.summary.clone().unwrap_or_default()),
            "dead" => (Verdict::Dead, self.summary.clone().unwrap_or_default()),
            "unknown" => (Verdict::unknown(reason), String::new()),
            "not-checked" => (Verdict::NotChecked, reason),
            other => return Err(("verification.verdict", other.to_owned())),
        };
        let Some(source) = &self.source else {
            return Ok((verdict, None));
        };
        let source = word(
            "verification.source",
            source,
            &EvidenceSource::ALL,
            EvidenceSource::as_str,
        )?;
        let evidence = self.into_evidence(source, summary);
        Ok((verdict, Some(Box::new(evidence))))
    }

    fn into_evidence(self, source: EvidenceSource, summary: String) -> Evidence {
        let (method, path, status) = (self.method, self.path, self.status);
        Evidence {
            checked_at: self.checked_at,
            source,
            asked: self.host.map(|host| Asked {
                host,
                method,
                path,
                status,
            }),
            summary,
            identity: self
                .identity
                .into_iter()
                .map(|entry| (entry.name, entry.value))
                .collect(),
            scopes: self.scopes,
            expires_at: self.expires_at,
            details: self
                .details
                .into_iter()
                .map(|reach| Reach {
                    name: reach.name,
                    items: reach.items,
                    note: reach.note,
                })
                .collect(),
        }
    }
}
