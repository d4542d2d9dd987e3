//! Plans that wait for somebody to say yes, so that people see what they decide about.

use leakward_core::Fingerprint;
use leakward_respond::Database;
use leakward_respond::plan::Plan;

use crate::database::{StorageError, on};

/// Keeps the last plan for an incident, and what the policy said of it.
pub(crate) async fn keep(
    database: &Database,
    incident: Fingerprint,
    plan: &Plan,
    decision: &str,
) -> Result<(), StorageError> {
    let document = serde_json::to_string(plan).map_err(|error| StorageError(error.to_string()))?;
    on!(database, pool => sqlx::query(
            "INSERT INTO serve_plans (incident, document, decision) VALUES ($1, $2, $3) \
            ON CONFLICT (incident) DO UPDATE SET document = $2, decision = $3")
        .bind(incident.to_string())
        .bind(&document)
        .bind(decision)
        .execute(pool)
        .await
        .map(|_| ()))?;
    Ok(())
}

/// The last plan for an incident. One that another version wrote is none.
pub(crate) async fn kept(
    database: &Database,
    incident: Fingerprint,
) -> Result<Option<(Plan, String)>, StorageError> {
    let row: Option<(String, String)> = on!(database, pool => sqlx::query_as(
            "SELECT document, decision FROM serve_plans WHERE incident = $1")
        .bind(incident.to_string())
        .fetch_optional(pool)
        .await)?;
    Ok(
        row.and_then(|(document, decision)| {
            Some((serde_json::from_str(&document).ok()?, decision))
        }),
    )
}
