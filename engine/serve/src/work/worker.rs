//! How one delivery is handled, and what becomes of it when that fails.
//!
//! Something that is down is asked again, ever later; what cannot be helped by that is parked, for a person to look at.

use std::sync::Arc;
use std::time::Duration;

use tracing::Instrument as _;

use super::failure::Failure;
use super::foreman::HeadOfLine;
use super::{Task, alert, approval, leak, push};
use crate::queue::{Claimed, Outcome};
use crate::service::Shared;

/// First wait before a delivery is tried again; doubled each time.
const FIRST_WAIT: Duration = Duration::from_secs(5);

/// Longest wait before a delivery is tried again.
const LONGEST_WAIT: Duration = Duration::from_secs(1_800);

/// LIMIT: characters of what is said about a delivery.
const LONGEST_NOTE: usize = 400;

/// So many times as often as it is tried a delivery may be begun without an end, because the process ended each time.
const ENDS_OF_THE_PROCESS: i64 = 4;

/// Stops a task when nobody waits for it any more: somebody else has the delivery.
struct StopWithUs(tokio::task::AbortHandle);

impl Drop for StopWithUs {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// One delivery, from beginning with it to how it ended.
pub(super) async fn one(service: &Shared, claimed: Claimed, head: HeadOfLine) -> Outcome {
    let span = tracing::info_span!(
        "delivery", id = claimed.id, source = %claimed.source, delivery = %claimed.delivery, event = %claimed.event,
        repository = %claimed.repository, attempt = claimed.attempts,
    );
    let (source, received) = (claimed.source.clone(), claimed.received_at);
    let (attempts, most) = (claimed.attempts, service.config.limits.attempts);
    let outcome = async {
        if attempts > most.saturating_mul(ENDS_OF_THE_PROCESS) {
            let reason =
                format!("it was begun {attempts} times, and the service ended before it was done");
            return Outcome::Parked(reason);
        }
        // In a task of its own, so that a panic in it is an outcome like another.
        let handling = tokio::spawn(handle(Arc::clone(service), claimed, head).in_current_span());
        let _with_us = StopWithUs(handling.abort_handle());
        let done = handling.await.unwrap_or_else(|error| Err(error.into()));
        outcome(done, attempts, most)
    }
    .instrument(span.clone())
    .await;
    let word = match &outcome {
        Outcome::Done(note) => {
            span.in_scope(|| tracing::info!(note, "done"));
            "done"
        }
        Outcome::Again(wait, note) => {
            span.in_scope(|| tracing::warn!(note, wait = wait.as_secs(), "tried again later"));
            "again"
        }
        Outcome::Parked(note) => {
            span.in_scope(|| tracing::error!(note, "parked: a person has to look"));
            "parked"
        }
        Outcome::Released => "released",
    };
    service.metrics.handled(&source, word, received);
    outcome
}

fn outcome(done: Result<String, Failure>, attempts: i64, most: i64) -> Outcome {
    let cut = |text: String| text.chars().take(LONGEST_NOTE).collect::<String>();
    match done {
        Ok(note) => Outcome::Done(cut(note)),
        Err(Failure::Lasting(reason)) => Outcome::Parked(cut(reason)),
        Err(Failure::Passing(reason, _)) if attempts >= most => {
            Outcome::Parked(cut(format!("given up after {attempts} tries: {reason}")))
        }
        Err(Failure::Passing(reason, wait)) => {
            let doubled = FIRST_WAIT
                .saturating_mul(1 << u32::try_from(attempts.clamp(1, 16) - 1).unwrap_or(0));
            let wait = wait
                .unwrap_or(doubled)
                .clamp(Duration::from_secs(1), LONGEST_WAIT);
            Outcome::Again(wait, cut(reason))
        }
    }
}

async fn handle(service: Shared, claimed: Claimed, head: HeadOfLine) -> Result<String, Failure> {
    let Some(content) = &claimed.content else {
        let reason = "it was sealed with another key; put the old key back, or have it sent again";
        return Err(Failure::Lasting(reason.to_owned()));
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "what a delivery says, to be handled"
    )]
    let task = Task::from_bytes(content.expose())?;
    match task {
        Task::Push(pushed) => push::handle(&service, &claimed, pushed, head).await,
        Task::Alert(alert) => alert::handle(&service, alert).await,
        Task::Vulnerability(seen) => alert::handle_vulnerability(&service, seen).await,
        Task::Leak(leak) => leak::handle(&service, &leak).await,
        Task::Approval(approval) => approval::handle(&service, &approval).await,
        Task::Installation(installation) => push::warm(&service, &installation).await,
        Task::Tell(telling) => alert::tell(&service, &telling).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passing_failures_are_tried_again_ever_later_and_then_parked() {
        let failed =
            |attempts| outcome(Err(Failure::Passing("down".to_owned(), None)), attempts, 4);
        assert_eq!(
            failed(1),
            Outcome::Again(Duration::from_secs(5), "down".to_owned())
        );
        assert_eq!(
            failed(3),
            Outcome::Again(Duration::from_secs(20), "down".to_owned())
        );
        assert!(matches!(failed(4), Outcome::Parked(note) if note.contains("4 tries")));
        let asked = Failure::Passing("limit".to_owned(), Some(Duration::from_secs(90)));
        assert_eq!(
            outcome(Err(asked), 1, 4),
            Outcome::Again(Duration::from_secs(90), "limit".to_owned())
        );
        assert_eq!(
            outcome(Err(Failure::Lasting("no".to_owned())), 1, 4),
            Outcome::Parked("no".to_owned())
        );
    }
}
