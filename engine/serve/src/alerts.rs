//! Which alerts at code hosts are about which incident, so that they can be told what became of it.

use leakward_core::Fingerprint;
use leakward_respond::Database;

use crate::database::{StorageError, on};
use crate::work::{HostKind, RepositoryName};

/// An alert at a code host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LinkedAlert {
    /// Where.
    pub(crate) repository: RepositoryName,
    /// Its number.
    pub(crate) number: u64,
    /// Its page.
    pub(crate) url: String,
    /// What the host was told last; empty for nothing.
    pub(crate) told: String,
}

/// Writes down that an alert is about an incident.
pub(crate) async fn link(
    database: &Database,
    repository: &RepositoryName,
    number: u64,
    url: &str,
    incident: Fingerprint,
) -> Result<(), StorageError> {
    on!(database, pool => sqlx::query(
            "INSERT INTO serve_alerts (host, repository, alert, incident, url, told) VALUES ($1, $2, $3, $4, $5, '') \
            ON CONFLICT (host, repository, alert) DO UPDATE SET incident = $4, url = $5")
        .bind(repository.host.as_str())
        .bind(&repository.path)
        .bind(number.to_string())
        .bind(incident.to_string())
        .bind(url)
        .execute(pool)
        .await
        .map(|_| ()))?;
    Ok(())
}

/// The alerts that are about an incident.
pub(crate) async fn of_incident(
    database: &Database,
    incident: Fingerprint,
) -> Result<Vec<LinkedAlert>, StorageError> {
    let rows: Vec<(String, String, String, String, String)> = on!(database, pool => sqlx::query_as(
            "SELECT host, repository, alert, url, told FROM serve_alerts WHERE incident = $1 ORDER BY host, repository, alert")
        .bind(incident.to_string())
        .fetch_all(pool)
        .await)?;
    Ok(rows
        .into_iter()
        .filter_map(|(host, path, number, url, told)| {
            Some(LinkedAlert {
                repository: RepositoryName {
                    host: HostKind::parse(&host)?,
                    path,
                    installation: None,
                    project: None,
                },
                number: number.parse().ok()?,
                url,
                told,
            })
        })
        .collect())
}

/// Writes down what a host was told about an alert.
pub(crate) async fn told(
    database: &Database,
    repository: &RepositoryName,
    number: u64,
    what: &str,
) -> Result<(), StorageError> {
    on!(database, pool => sqlx::query("UPDATE serve_alerts SET told = $1 WHERE host = $2 AND repository = $3 AND alert = $4")
        .bind(what)
        .bind(repository.host.as_str())
        .bind(&repository.path)
        .bind(number.to_string())
        .execute(pool)
        .await
        .map(|_| ()))?;
    Ok(())
}

/// Settled incidents whose alerts were not told so, because a process ended before, or somebody settled them by hand.
pub(crate) async fn untold(database: &Database) -> Result<Vec<Fingerprint>, StorageError> {
    let rows: Vec<(String,)> = on!(database, pool => sqlx::query_as(
            "SELECT DISTINCT serve_alerts.incident FROM serve_alerts JOIN incidents ON incidents.fingerprint = serve_alerts.incident \
            WHERE incidents.state IN ('contained', 'closed') AND serve_alerts.told <> 'resolved as revoked'")
        .fetch_all(pool)
        .await)?;
    Ok(rows
        .into_iter()
        .filter_map(|(incident,)| incident.parse().ok())
        .collect())
}
