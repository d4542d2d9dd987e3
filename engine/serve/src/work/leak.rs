//! A leak that somebody posted: with the credential itself, or with the commit that it stands in.

use leakward_core::{RuleId, Secret, Severity};
use leakward_verify::Subject;

use super::failure::Failure;
use super::found::{Context, Found, see_to, subject};
use super::{GivenLeak, alert, keep};
use crate::service::Shared;

/// Looks into a leak that somebody posted.
pub(super) async fn handle(service: &Shared, leak: &GivenLeak) -> Result<String, Failure> {
    let context = Context {
        repository: leak.commit.as_ref().map(|(name, _)| name.clone()),
        actor: "post /v1/leaks".to_owned(),
        pushed_at: None,
        public: leak.public,
        seen_at: Some(leak.seen_at.clone()),
    };
    let found = match (&leak.secret, &leak.commit) {
        (Some(secret), _) => vec![of_secret(service, leak, secret)?],
        (None, Some((repository, commit))) => {
            alert::all_in_commit(service, repository, commit).await?
        }
        (None, None) => {
            return Err(Failure::Lasting(
                "it has neither a secret nor a commit".to_owned(),
            ));
        }
    };
    if found.is_empty() {
        return Err(Failure::Lasting(
            "the commit holds no credential that a rule knows".to_owned(),
        ));
    }
    if leak.secret.is_some() {
        for one in &found {
            // Nowhere else can it be read again.
            keep::keep(service, &one.subject).await?;
        }
    }
    let leaks = see_to(service, &context, found).await?;
    Ok(format!("{} leaked credentials", leaks.len()))
}

fn of_secret(service: &Shared, leak: &GivenLeak, secret: &str) -> Result<Found, Failure> {
    let named = match &leak.rule {
        Some(id) => {
            let unknown = || Failure::Lasting("there is no such rule".to_owned());
            Some(service.eye.rule(id).ok_or_else(unknown)?.clone())
        }
        None => None,
    };
    let (subject, rule) = match named {
        Some(rule) => {
            let secret = Secret::new(secret.as_bytes());
            let subject = Subject {
                fingerprint: service.eye.fingerprint(&rule.id, &secret),
                rule: rule.id.clone(),
                secret,
                values: Vec::new(),
            };
            (subject, Some(rule))
        }
        None => {
            let seen = service.eye.look(secret.as_bytes()).into_iter().next();
            match seen {
                Some((credential, _)) => {
                    let rule = service.eye.rule(credential.rule.as_str()).cloned();
                    (subject(&credential), rule)
                }
                None => (unknown(service, secret), None),
            }
        }
    };
    Ok(Found {
        title: rule.as_ref().map_or_else(
            || "Credential of an unknown type".to_owned(),
            |rule| rule.title.to_string(),
        ),
        provider: rule
            .as_ref()
            .map_or_else(|| "unknown".to_owned(), |rule| rule.provider.to_string()),
        severity: rule.as_ref().map_or(Severity::High, |rule| rule.severity),
        subject,
        places: Vec::new(),
    })
}

/// A credential that no rule knows: a person has to say what it is.
fn unknown(service: &Shared, secret: &str) -> Subject {
    let rule = RuleId::from("posted-leak");
    let secret = Secret::new(secret.as_bytes());
    Subject {
        fingerprint: service.eye.fingerprint(&rule, &secret),
        rule,
        secret,
        values: Vec::new(),
    }
}
