//! Keeps credentials that can be read nowhere else, sealed, until their incident is settled.

use leakward_core::{Fingerprint, RuleId, Secret};
use leakward_verify::{Subject, Value, ValueSource};
use serde::{Deserialize, Serialize};

use super::failure::Failure;
use crate::database::{StorageError, on};
use crate::service::Service;
use crate::time::Moment;

/// A credential as it is sealed.
#[derive(Serialize, Deserialize)]
struct Kept {
    rule: String,
    secret: Vec<u8>,
    values: Vec<(String, Vec<u8>)>,
}

impl Drop for Kept {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.secret);
        for (_, value) in &mut self.values {
            zeroize::Zeroize::zeroize(value);
        }
    }
}

fn place(incident: &str) -> String {
    format!("kept\n{incident}")
}

/// Keeps a credential for its incident.
#[expect(
    clippy::disallowed_methods,
    reason = "a posted credential, to be sealed"
)]
pub(super) async fn keep(service: &Service, subject: &Subject) -> Result<(), Failure> {
    let kept = Kept {
        rule: subject.rule.to_string(),
        secret: subject.secret.expose().to_vec(),
        values: subject
            .values
            .iter()
            .map(|value| (value.name.clone(), value.secret.expose().to_vec()))
            .collect(),
    };
    let incident = subject.fingerprint.to_string();
    let content = zeroize::Zeroizing::new(serde_json::to_vec(&kept)?);
    let sealed = service
        .queue
        .sealing()
        .seal(&place(&incident), &content)
        .map_err(|error| Failure::Lasting(error.to_string()))?;
    on!(service.database, pool => sqlx::query(
            "INSERT INTO serve_kept (incident, content, kept_at) VALUES ($1, $2, $3) ON CONFLICT (incident) DO NOTHING")
        .bind(&incident)
        .bind(&sealed)
        .bind(Moment::now().0)
        .execute(pool)
        .await
        .map(|_| ()))
    .map_err(StorageError::from)?;
    Ok(())
}

/// The credential that is kept for an incident.
pub(super) async fn kept(
    service: &Service,
    incident: Fingerprint,
) -> Result<Option<Subject>, StorageError> {
    let id = incident.to_string();
    let row: Option<(Vec<u8>,)> = on!(service.database, pool => sqlx::query_as("SELECT content FROM serve_kept WHERE incident = $1")
        .bind(&id)
        .fetch_optional(pool)
        .await)?;
    let opened = row.and_then(|(sealed,)| {
        service
            .queue
            .sealing()
            .open_sealed(&place(&id), &sealed)
            .ok()
    });
    #[expect(
        clippy::disallowed_methods,
        reason = "a kept credential, to be verified and revoked"
    )]
    let kept: Option<Kept> = opened.and_then(|opened| serde_json::from_slice(opened.expose()).ok());
    Ok(kept.map(|kept| Subject {
        fingerprint: incident,
        rule: RuleId::from(kept.rule.as_str()),
        secret: Secret::new(&kept.secret),
        values: kept
            .values
            .iter()
            .map(|(name, value)| Value {
                name: name.clone(),
                secret: Secret::new(value),
                source: ValueSource::Found,
            })
            .collect(),
    }))
}

/// Forgets the credential of a settled incident.
pub(super) async fn forget(service: &Service, incident: Fingerprint) -> Result<(), StorageError> {
    on!(service.database, pool => sqlx::query("DELETE FROM serve_kept WHERE incident = $1")
        .bind(incident.to_string())
        .execute(pool)
        .await
        .map(|_| ()))?;
    Ok(())
}
