//! Workers take deliveries, keep them while they are at them, and say how it ended.

use std::sync::atomic::Ordering;
use std::time::Duration;

use leakward_core::Secret;
use leakward_respond::database::Backend;

use super::job::place;
use super::table::Queue;
use crate::database::{StorageError, on};
use crate::time::Moment;

/// How long a worker may be silent before somebody else takes its delivery.
pub(crate) const LEASE: Duration = Duration::from_secs(60);

/// A delivery that a worker has taken.
#[derive(Debug)]
pub(crate) struct Claimed {
    /// Its number.
    pub(crate) id: i64,
    /// Who sent it.
    pub(crate) source: String,
    /// The sender's id.
    pub(crate) delivery: String,
    /// What happened.
    pub(crate) event: String,
    /// The repository.
    pub(crate) repository: String,
    /// How often it was begun, this time included.
    pub(crate) attempts: i64,
    /// When it came.
    pub(crate) received_at: Moment,
    /// What there is to do; nothing when it cannot be opened any more.
    pub(crate) content: Option<Secret>,
}

/// How the work on a delivery ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is done.
    Done(String),
    /// It is tried again after a while.
    Again(Duration, String),
    /// A person has to look.
    Parked(String),
}

/// Takes deliveries in the name of one worker.
#[derive(Clone)]
pub(crate) struct Claims {
    queue: Queue,
    worker: String,
}

type ClaimedRow = (i64, String, String, String, String, i64, i64, Vec<u8>);

const CLAIM_SQLITE: &str = "UPDATE serve_queue SET state = 'running', worker = $1, leased_until = $2, \
    attempts = attempts + 1 WHERE id = (SELECT id FROM serve_queue \
    WHERE state IN ('waiting', 'running') AND due_at <= $3 AND (state = 'waiting' OR leased_until < $3) \
    ORDER BY due_at, id LIMIT 1) \
    RETURNING id, source, delivery, event, repository, attempts, received_at, content";

const CLAIM_POSTGRES: &str = "UPDATE serve_queue SET state = 'running', worker = $1, leased_until = $2, \
    attempts = attempts + 1 WHERE id = (SELECT id FROM serve_queue \
    WHERE state IN ('waiting', 'running') AND due_at <= $3 AND (state = 'waiting' OR leased_until < $3) \
    ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED) \
    RETURNING id, source, delivery, event, repository, attempts, received_at, content";

impl Claims {
    /// For the worker of this name.
    pub(crate) fn new(queue: Queue, worker: String) -> Self {
        Self { queue, worker }
    }

    /// The next delivery that is due; nothing when there is none.
    pub(crate) async fn next(&self) -> Result<Option<Claimed>, StorageError> {
        let now = Moment::now();
        let until = now.after(LEASE).0;
        // All rows are read: a statement that changes something must be run to its end.
        let rows: Vec<ClaimedRow> = match self.queue.database.backend() {
            Backend::Sqlite(pool) => {
                sqlx::query_as(CLAIM_SQLITE)
                    .bind(&self.worker)
                    .bind(until)
                    .bind(now.0)
                    .fetch_all(pool)
                    .await?
            }
            Backend::Postgresql(pool) => {
                sqlx::query_as(CLAIM_POSTGRES)
                    .bind(&self.worker)
                    .bind(until)
                    .bind(now.0)
                    .fetch_all(pool)
                    .await?
            }
        };
        let Some((id, source, delivery, event, repository, attempts, received_at, sealed)) =
            rows.into_iter().next()
        else {
            return Ok(None);
        };
        self.queue.depth.fetch_sub(1, Ordering::Relaxed);
        let content = self
            .queue
            .sealing
            .open_sealed(&place(&source, &delivery), &sealed)
            .ok();
        Ok(Some(Claimed {
            id,
            source,
            delivery,
            event,
            repository,
            attempts,
            received_at: Moment(received_at),
            content,
        }))
    }

    /// Waits until something may be due: the bell, or `longest`.
    pub(crate) async fn wait(&self, longest: Duration) {
        let rung = self.queue.bell.notified();
        // Nobody rings for what becomes due by itself.
        drop(tokio::time::timeout(longest, rung).await);
    }

    /// Keeps a delivery for another lease. False when somebody else has it meanwhile.
    pub(crate) async fn keep(&self, id: i64) -> Result<bool, StorageError> {
        let until = Moment::now().after(LEASE).0;
        let rows = on!(self.queue.database, pool => sqlx::query(
                "UPDATE serve_queue SET leased_until = $1 WHERE id = $2 AND worker = $3 AND state = 'running'")
            .bind(until)
            .bind(id)
            .bind(&self.worker)
            .execute(pool)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(rows > 0)
    }

    /// Says how the work on a delivery ended. What is done is erased but for its id.
    pub(crate) async fn finish(&self, id: i64, outcome: &Outcome) -> Result<(), StorageError> {
        let now = Moment::now();
        let (state, due, note, finished) = match outcome {
            Outcome::Done(note) => ("done", now.0, note, now.0),
            Outcome::Again(wait, note) => ("waiting", now.after(*wait).0, note, 0),
            Outcome::Parked(note) => ("parked", now.0, note, 0),
        };
        // What is done is erased; what is not is still needed.
        on!(self.queue.database, pool => sqlx::query(
                "UPDATE serve_queue SET state = $1, due_at = $2, note = $3, finished_at = $4, leased_until = 0, worker = '', \
                content = CASE WHEN $1 = 'done' THEN $5 ELSE content END \
                WHERE id = $6 AND worker = $7 AND state = 'running'")
            .bind(state)
            .bind(due)
            .bind(note)
            .bind(finished)
            .bind(Vec::<u8>::new())
            .bind(id)
            .bind(&self.worker)
            .execute(pool)
            .await
            .map(|_| ()))?;
        if state == "waiting" {
            self.queue.depth.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }
}

impl Queue {
    /// After a start: what a process that is gone was at is to be done again. Only where this is the only process.
    pub(crate) async fn take_back(&self) -> Result<u64, StorageError> {
        if !crate::database::is_ours_alone(&self.database) {
            return Ok(0);
        }
        let rows = on!(self.database, pool => sqlx::query(
                "UPDATE serve_queue SET state = 'waiting', leased_until = 0, worker = '' WHERE state = 'running'")
            .execute(pool)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(rows)
    }

    /// Tries a parked delivery again. False when there is none of that number.
    pub(crate) async fn rearm(&self, id: i64) -> Result<bool, StorageError> {
        let rows = on!(self.database, pool => sqlx::query(
                "UPDATE serve_queue SET state = 'waiting', attempts = 0, due_at = $1 WHERE id = $2 AND state = 'parked'")
            .bind(Moment::now().0)
            .bind(id)
            .execute(pool)
            .await
            .map(|done| done.rows_affected()))?;
        if rows > 0 {
            self.depth.fetch_add(1, Ordering::Relaxed);
            self.bell.notify_waiters();
        }
        Ok(rows > 0)
    }

    /// Forgets what was done before `moment`. Until then its id keeps a replay out.
    pub(crate) async fn forget_before(&self, moment: Moment) -> Result<u64, StorageError> {
        let rows = on!(self.database, pool => sqlx::query(
                "DELETE FROM serve_queue WHERE state = 'done' AND finished_at < $1")
            .bind(moment.0)
            .execute(pool)
            .await
            .map(|done| done.rows_affected()))?;
        Ok(rows)
    }
}
