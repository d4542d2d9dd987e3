//! Workers: each takes one delivery after the other, keeps its lease, and says how it ended.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::Instrument as _;

use super::failure::Failure;
use super::{Task, alert, approval, leak, push};
use crate::queue::{Claimed, Claims, LEASE, Outcome};
use crate::service::{Service, Shared};
use crate::time::Moment;

/// How long nobody looks for what becomes due by itself.
const IDLE: Duration = Duration::from_millis(500);

/// How often metrics are set right and old things are forgotten.
const HOUSEKEEPING: Duration = Duration::from_secs(5);

/// First wait before a delivery is tried again; doubled each time.
const FIRST_WAIT: Duration = Duration::from_secs(5);

/// Longest wait before a delivery is tried again.
const LONGEST_WAIT: Duration = Duration::from_secs(1_800);

/// LIMIT: characters of what is said about a delivery.
const LONGEST_NOTE: usize = 400;

/// The workers, running.
pub(crate) struct Workers(JoinSet<()>);

impl Workers {
    /// Starts them; they end after their delivery when `ending` says so.
    pub(crate) fn start(service: &Shared, ending: &watch::Receiver<bool>) -> Self {
        let mut set = JoinSet::new();
        for number in 0..service.config.limits.workers {
            // No two workers of any process have the same name: a lease is kept by its owner alone.
            let name = format!("{}-{number}-{}", std::process::id(), Moment::now().0);
            let claims = Claims::new(service.queue.clone(), name);
            set.spawn(work(Arc::clone(service), claims, ending.clone()));
        }
        Self(set)
    }

    /// Waits until all have ended.
    pub(crate) async fn finish(mut self) {
        while self.0.join_next().await.is_some() {}
    }
}

async fn work(service: Shared, claims: Claims, mut ending: watch::Receiver<bool>) {
    while !*ending.borrow() {
        match claims.next().await {
            Ok(Some(claimed)) => one(&service, &claims, claimed).await,
            Ok(None) => {
                tokio::select! {
                    () = claims.wait(IDLE) => {}
                    _ = ending.changed() => {}
                }
            }
            Err(error) => {
                tracing::error!(%error, "the queue does not serve");
                tokio::time::sleep(IDLE).await;
            }
        }
    }
}

/// One delivery, from taking it to saying how it ended.
async fn one(service: &Shared, claims: &Claims, claimed: Claimed) {
    let span = tracing::info_span!(
        "delivery", id = claimed.id, source = %claimed.source, delivery = %claimed.delivery, event = %claimed.event,
        repository = %claimed.repository, attempt = claimed.attempts,
    );
    let (id, source, received) = (claimed.id, claimed.source.clone(), claimed.received_at);
    let attempts = claimed.attempts;
    let outcome = async {
        // In a task of its own, so that a panic in it is an outcome like another.
        let handling = tokio::spawn(handle(Arc::clone(service), claimed).in_current_span());
        let done = tokio::select! {
            done = handling => done.unwrap_or_else(|error| Err(error.into())),
            () = keep(claims, id) => return None,
        };
        Some(outcome(done, attempts, service.config.limits.attempts))
    }
    .instrument(span.clone())
    .await;
    let Some(outcome) = outcome else {
        tracing::warn!(id, "somebody else has this delivery now");
        return;
    };
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
    };
    if let Err(error) = claims.finish(id, &outcome).await {
        // Its lease runs out, and it is handled again.
        tracing::error!(id, %error, "how a delivery ended could not be written down");
        return;
    }
    service.metrics.handled(&source, word, received);
}

/// Keeps the lease; ends only when it is lost.
async fn keep(claims: &Claims, id: i64) {
    loop {
        tokio::time::sleep(LEASE / 3).await;
        match claims.keep(id).await {
            Ok(true) => {}
            Ok(false) => return,
            // The lease lasts for two more tries.
            Err(error) => tracing::warn!(id, %error, "a lease could not be kept"),
        }
    }
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

async fn handle(service: Shared, claimed: Claimed) -> Result<String, Failure> {
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
        Task::Push(pushed) => push::handle(&service, &claimed, pushed).await,
        Task::Alert(alert) => alert::handle(&service, alert).await,
        Task::Vulnerability(seen) => alert::handle_vulnerability(&service, seen).await,
        Task::Leak(leak) => leak::handle(&service, &leak).await,
        Task::Approval(approval) => approval::handle(&service, &approval).await,
        Task::Installation(installation) => push::warm(&service, &installation).await,
        Task::Tell(telling) => alert::tell(&service, &telling).await,
    }
}

/// Sets metrics right, forgets what is old, makes room for mirrors, and goes on with what waits for its time.
pub(crate) async fn housekeeping(service: Shared, mut ending: watch::Receiver<bool>) {
    let mut rounds: u64 = 0;
    while !*ending.borrow() {
        if let Err(error) = tidy(&service, rounds).await {
            tracing::error!(%error, "housekeeping failed");
        }
        rounds += 1;
        tokio::select! {
            () = tokio::time::sleep(HOUSEKEEPING) => {}
            _ = ending.changed() => {}
        }
    }
}

async fn tidy(service: &Arc<Service>, round: u64) -> Result<(), crate::database::StorageError> {
    const EVERY_HOUR: u64 = 720;
    const EVERY_MINUTE: u64 = 12;
    service.metrics.set_queue(service.queue.depth().await?);
    if round.is_multiple_of(EVERY_MINUTE) || round < EVERY_MINUTE {
        service.count_incidents().await?;
    }
    service.response.go_on(service).await;
    if round.is_multiple_of(EVERY_HOUR) {
        let days = Duration::from_secs(86_400 * service.config.limits.remember_days);
        let forgotten = service
            .queue
            .forget_before(Moment::now().before(days))
            .await?;
        let tidied = Arc::clone(service);
        let removed = tokio::task::spawn_blocking(move || tidied.mirrors.make_room()).await;
        match removed {
            Ok(Ok(removed)) => tracing::info!(forgotten, removed, "tidied up"),
            Ok(Err(error)) => tracing::warn!(%error, "mirrors could not be looked through"),
            Err(_) => tracing::error!("tidying up broke off"),
        }
    }
    Ok(())
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
