//! Goes on with responses that a process left behind, or that wait for their time, and tells what became of them.

use std::sync::Arc;

use leakward_core::Fingerprint;
use leakward_respond::database::IncidentFilter;
use leakward_respond::incident::{Incident, State};

use super::failure::Failure;
use super::{recall, settle};
use crate::acting::Acting;
use crate::service::Shared;

/// Goes on with all responses whose time has come.
pub(super) async fn go_on(service: &Shared) -> Result<(), Failure> {
    let Some(acting) = service.response.acting() else {
        return Ok(());
    };
    let before = due(service).await?;
    let going = Arc::clone(&acting);
    let is_due = !before.is_empty();
    let gone_on = tokio::task::spawn_blocking(move || {
        going.tell_again()?;
        if is_due {
            going.go_on()
        } else {
            Ok(Vec::new())
        }
    });
    let needing = gone_on.await?;
    let needing = needing.map_err(|error| Failure::Passing(error, None))?;
    for fingerprint in needing {
        with_credential(service, &acting, fingerprint).await?;
    }
    for incident in before {
        settle::after(service, &incident).await?;
    }
    Ok(())
}

/// After a start: incidents whose response ended with a process before that was written into them.
pub(super) async fn settle_left(service: &Shared) -> Result<(), Failure> {
    let Some(acting) = service.response.acting() else {
        return Ok(());
    };
    let filter = IncidentFilter {
        state: Some(State::Responding),
        ..IncidentFilter::default()
    };
    for incident in service.database.incidents(&filter).await? {
        let (acting, fingerprint) = (Arc::clone(&acting), incident.fingerprint);
        let settled = tokio::task::spawn_blocking(move || acting.settle_ended(fingerprint));
        settled
            .await?
            .map_err(|error| Failure::Passing(error, None))?;
        settle::after(service, &incident).await?;
    }
    Ok(())
}

/// After a start: incidents to which somebody said yes before a process ended that had not put that into the queue.
pub(super) async fn pick_up_approved(service: &Shared) -> Result<(), Failure> {
    for state in [State::WaitingForApproval, State::NeedsPerson] {
        let filter = IncidentFilter {
            state: Some(state),
            ..IncidentFilter::default()
        };
        for incident in service.database.incidents(&filter).await? {
            let Some(last) = incident.approvals.last() else {
                continue;
            };
            let by = last.by.clone();
            super::approval::enqueue_approval(service, &incident, &by).await?;
        }
    }
    Ok(())
}

/// The incidents whose responses are due, as they are now.
async fn due(service: &Shared) -> Result<Vec<Incident>, Failure> {
    let now = crate::incidents::now();
    let mut due = Vec::new();
    for saga in service.database.open_sagas().await? {
        if saga.resume_at.is_some_and(|at| at <= now) {
            due.push(service.database.incident(saga.fingerprint).await?);
        }
    }
    Ok(due)
}

/// Goes on with a response whose credential no store holds any more.
async fn with_credential(
    service: &Shared,
    acting: &Arc<Acting>,
    fingerprint: Fingerprint,
) -> Result<(), Failure> {
    let Some(subject) = recall(service, fingerprint).await? else {
        tracing::error!(incident = %fingerprint, "its credential can be read nowhere any more");
        return Ok(());
    };
    let acting = Arc::clone(acting);
    let resumed = tokio::task::spawn_blocking(move || acting.resume(subject)).await?;
    if let Err(error) = resumed {
        tracing::warn!(incident = %fingerprint, error, "a response does not go on");
    }
    Ok(())
}

/// Tells alerts of settled incidents what they were not told.
pub(super) async fn tell_the_untold(service: &Shared) -> Result<(), Failure> {
    for fingerprint in crate::alerts::untold(&service.database).await? {
        let incident = service.database.incident(fingerprint).await?;
        settle::tell_alerts(service, &incident).await?;
    }
    Ok(())
}
