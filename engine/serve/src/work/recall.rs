//! Reads an incident's credential again: from where it stands, from the alert that is about it, or from what is kept.
//!
//! Nothing of ours holds it in clear, so that whoever approves an hour later, or after a restart, has to find it again.

use leakward_core::Fingerprint;
use leakward_verify::Subject;

use super::failure::Failure;
use super::{HostKind, RepositoryName, alert, keep};
use crate::service::Shared;

/// LIMIT: places that are tried.
const MOST_TRIED: usize = 5;

/// The credential of an incident; nothing when it can be read nowhere any more.
pub(crate) async fn recall(
    service: &Shared,
    incident: Fingerprint,
) -> Result<Option<Subject>, Failure> {
    let known = service.database.incident(incident).await?;
    if let Some(subject) = keep::kept(service, incident).await? {
        return Ok(Some(subject));
    }
    let mut commits: Vec<(RepositoryName, String)> = known
        .places
        .iter()
        .filter_map(|place| Some((repository(&place.target)?, place.commit.clone()?)))
        .collect();
    commits.dedup();
    for (repository, commit) in commits.into_iter().take(MOST_TRIED) {
        let is_it = |subject: &Subject| subject.fingerprint == incident;
        if let Some(found) = alert::in_commit(service, &repository, &commit, is_it).await {
            return Ok(Some(found.subject));
        }
    }
    for linked in crate::alerts::of_incident(&service.database, incident).await? {
        if linked.repository.host != HostKind::Github {
            continue;
        }
        if let Ok(state) = service.hosts.alert(&linked.repository, linked.number).await {
            let rule = known.rule_id();
            if service.eye.fingerprint(&rule, &state.secret) == incident {
                return Ok(Some(Subject {
                    fingerprint: incident,
                    rule,
                    secret: state.secret,
                    values: Vec::new(),
                }));
            }
        }
    }
    Ok(None)
}

/// The repository that a place's target names: `github:owner/name`.
fn repository(target: &str) -> Option<RepositoryName> {
    let (host, path) = target.split_once(':')?;
    Some(RepositoryName {
        host: HostKind::parse(host)?,
        path: path.to_owned(),
        installation: None,
        project: None,
    })
}
