//! Does what somebody approved. It goes through the queue, so that an approval is not lost with the process that took it.

use leakward_core::Fingerprint;
use leakward_respond::incident::Incident;

use super::failure::Failure;
use super::settle;
use super::{Approval, Task, recall};
use crate::database::StorageError;
use crate::queue::NewJob;
use crate::service::{Service, Shared};
use crate::time::Moment;

const SOURCE: &str = "person";

/// How the names of an incident's approvals begin.
fn beginning(incident: Fingerprint) -> String {
    format!("approve {incident} ")
}

/// Puts the last yes into the queue that was taken down for an incident and is not there. What came since it was said is for it, under
/// whatever revision of the incident.
pub(super) async fn pick_up(service: &Service, incident: &Incident) -> Result<(), StorageError> {
    let Some(last) = incident.approvals.last() else {
        return Ok(());
    };
    let since = Moment(i64::try_from(last.at.saturating_mul(1_000)).unwrap_or(i64::MAX));
    let beginning = beginning(incident.fingerprint);
    if service.queue.has_come(SOURCE, &beginning, since).await? {
        return Ok(());
    }
    enqueue_approval(service, incident, &last.by).await
}

/// Puts an approval into the queue. One of the same person for the same state of an incident is there once.
pub(crate) async fn enqueue_approval(
    service: &Service,
    incident: &Incident,
    by: &str,
) -> Result<(), StorageError> {
    let (incident, revision) = (incident.fingerprint, incident.revision);
    let delivery = format!("{}{revision} {by}", beginning(incident));
    let task = Task::Approval(Approval {
        incident: incident.to_string(),
        by: by.to_owned(),
    });
    let content = task
        .to_bytes()
        .map_err(|error| StorageError(error.to_string()))?;
    let job = NewJob {
        source: SOURCE,
        digest: delivery.clone(),
        delivery,
        event: "approve".to_owned(),
        repository: String::new(),
        content,
    };
    service.queue.store(&[job]).await?;
    Ok(())
}

/// Does what somebody approved.
pub(super) async fn handle(service: &Shared, approval: &Approval) -> Result<String, Failure> {
    let incident: Fingerprint = approval
        .incident
        .parse()
        .map_err(|_| Failure::Lasting("it names no incident".to_owned()))?;
    let before = service.database.incident(incident).await?;
    if before.state.is_settled() {
        return Ok("nothing is left to do".to_owned());
    }
    let Some(subject) = recall(service, incident).await? else {
        let reason = "the credential can be read nowhere any more; revoke it by hand, then close the incident";
        return Err(Failure::Lasting(reason.to_owned()));
    };
    // Their yes was taken down when they said it: once more, it would be one for the next plan as well.
    service.response.respond(service, subject).await?;
    settle::after(service, &before).await?;
    let state = service.database.incident(incident).await?.state;
    Ok(format!("incident {incident}: {state}"))
}
