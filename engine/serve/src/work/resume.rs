//! Goes on with responses that a process left behind, or that wait for their time, and tells what became of them.
//!
//! INVARIANT: what fails for one incident is told and hinders no other: everything here goes through [`each`].

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
        if let Err(error) = going.tell_again() {
            tracing::error!(error, "messages that could not be sent are not tried again");
        }
        if is_due {
            going.go_on()
        } else {
            Ok(Vec::new())
        }
    });
    let needing = gone_on.await?;
    let needing = needing.map_err(|error| Failure::Passing(error, None))?;
    each(needing, Fingerprint::clone, |fingerprint| {
        with_credential(service, &acting, fingerprint)
    })
    .await;
    each(before, whose, |incident| async move {
        settle::after(service, &incident).await
    })
    .await;
    Ok(())
}

fn whose(incident: &Incident) -> Fingerprint {
    incident.fingerprint
}

/// Acts on all of them, whatever becomes of one, which is then named; what came of those with which it went well.
async fn each<T, R, F>(
    all: Vec<T>,
    whose: impl Fn(&T) -> Fingerprint,
    act: impl Fn(T) -> F,
) -> Vec<R>
where
    F: Future<Output = Result<R, Failure>>,
{
    let mut done = Vec::with_capacity(all.len());
    for one in all {
        let incident = whose(&one);
        match act(one).await {
            Ok(result) => done.push(result),
            Err(failure) => {
                tracing::error!(%incident, ?failure, "one incident is not gone on with; the others are");
            }
        }
    }
    done
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
    let acting = &acting;
    let responding = service.database.incidents(&filter).await?;
    each(responding, whose, |incident| async move {
        let (acting, fingerprint) = (Arc::clone(acting), incident.fingerprint);
        let settled = tokio::task::spawn_blocking(move || acting.settle_ended(fingerprint));
        let settled = settled.await?;
        settled.map_err(|error| Failure::Passing(error, None))?;
        settle::after(service, &incident).await
    })
    .await;
    Ok(())
}

/// After a start: incidents to which somebody said yes before a process ended that had not put that into the queue.
pub(super) async fn pick_up_approved(service: &Shared) -> Result<(), Failure> {
    for state in [State::WaitingForApproval, State::NeedsPerson] {
        let filter = IncidentFilter {
            state: Some(state),
            ..IncidentFilter::default()
        };
        let waiting = service.database.incidents(&filter).await?;
        each(waiting, whose, |incident| async move {
            Ok(super::approval::pick_up(service, &incident).await?)
        })
        .await;
    }
    Ok(())
}

/// The incidents whose responses are due, as they are now.
async fn due(service: &Shared) -> Result<Vec<Incident>, Failure> {
    let now = crate::incidents::now();
    let mut open = service.database.open_sagas().await?;
    open.retain(|saga| saga.resume_at.is_some_and(|at| at <= now));
    let due = each(
        open,
        |saga| saga.fingerprint,
        |saga| async move { Ok(service.database.incident(saga.fingerprint).await?) },
    );
    Ok(due.await)
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
    let untold = crate::alerts::untold(&service.database).await?;
    each(untold, Fingerprint::clone, |fingerprint| async move {
        let incident = service.database.incident(fingerprint).await?;
        settle::tell_alerts(service, &incident).await
    })
    .await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Mutex, PoisonError};

    use leakward_core::{FingerprintKey, RuleId, Secret};

    use super::*;

    /// What was logged.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            log.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn incident(number: u8) -> Fingerprint {
        FingerprintKey::default().fingerprint(&RuleId::from("a-rule"), &Secret::new(&[number]))
    }

    #[tokio::test]
    async fn what_fails_for_one_incident_is_named_and_hinders_no_other() {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || writer.clone())
            .finish();
        let _until_the_end = tracing::subscriber::set_default(subscriber);
        let numbers = vec![1, 2, 3];
        let done = each(
            numbers,
            |number| incident(*number),
            |number| async move {
                match number {
                    1 => Err(Failure::Passing("the store is sealed".to_owned(), None)),
                    number => Ok(number),
                }
            },
        );
        assert_eq!(done.await, [2, 3]);
        let log = log.0.lock().expect("the log");
        let log = String::from_utf8_lossy(&log);
        assert!(log.contains("the store is sealed"), "{log}");
        assert!(log.contains(&incident(1).to_string()), "{log}");
        assert!(!log.contains(&incident(2).to_string()), "{log}");
    }
}
