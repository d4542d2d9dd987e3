//! What happens by itself: metrics are set right, what is old is forgotten, mirrors make room, and responses go on whose time has
//! come or that a process left behind.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::failure::Failure;
use super::resume;
use crate::service::{Service, Shared};
use crate::time::Moment;

/// How often metrics are set right and old things are forgotten.
const HOUSEKEEPING: Duration = Duration::from_secs(5);

/// How often is looked for responses whose time has come.
const GOING_ON: Duration = Duration::from_secs(2);

/// Goes on with responses that were interrupted or wait for their time. For itself, because their steps take theirs.
pub(crate) async fn going_on(service: Shared, mut ending: watch::Receiver<bool>) {
    let left = "what a process left behind is not settled";
    told(resume::settle_left(&service).await, left);
    told(resume::pick_up_approved(&service).await, left);
    while !*ending.borrow() {
        let gone_on = "responses are not gone on with";
        told(resume::go_on(&service).await, gone_on);
        let untold = "alerts are not told what became of their incidents";
        told(resume::tell_the_untold(&service).await, untold);
        tokio::select! {
            () = tokio::time::sleep(GOING_ON) => {}
            _ = ending.changed() => {}
        }
    }
}

fn told(ended: Result<(), Failure>, what: &str) {
    if let Err(failure) = ended {
        tracing::error!(?failure, "{what}");
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
