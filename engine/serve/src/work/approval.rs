//! Does what somebody approved. It goes through the queue, so that an approval is not lost with the process that took it.

use leakward_core::Fingerprint;
use leakward_respond::incident::Incident;

use super::failure::Failure;
use super::settle;
use super::{Approval, Task, recall};
use crate::database::StorageError;
use crate::queue::NewJob;
use crate::service::{Service, Shared};

/// Puts an approval into the queue. One of the same person for the same state of an incident is there once.
pub(crate) async fn enqueue_approval(
    service: &Service,
    incident: &Incident,
    by: &str,
) -> Result<(), StorageError> {
    let (incident, revision) = (incident.fingerprint, incident.revision);
    let delivery = format!("approve {incident} {revision} {by}");
    let task = Task::Approval(Approval {
        incident: incident.to_string(),
        by: by.to_owned(),
    });
    let content = task
        .to_bytes()
        .map_err(|error| StorageError(error.to_string()))?;
    let job = NewJob {
        source: "person",
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
