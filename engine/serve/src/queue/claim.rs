//! Takes deliveries for the workers of one process, keeps them while it is at them, and writes down how they ended.
//!
//! PERF: each transaction costs a flush to disk. So what has ended since the last turn is written down in the same transaction that
//! takes what is next: one flush for each round of the workers, however many they are.

use std::sync::atomic::Ordering;
use std::time::Duration;

use leakward_core::Secret;
use leakward_respond::database::Backend;

use super::job::place;
use super::table::Queue;
use crate::database::{StorageError, on};
use crate::time::Moment;

/// How long a process may be silent before another one takes its deliveries.
pub(crate) const LEASE: Duration = Duration::from_secs(60);

/// A delivery that was taken.
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
    /// How often it was taken, this time included.
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
    /// Nobody has begun with it; whoever comes next may have it.
    Released,
}

/// What a process wants of the queue.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wish {
    /// At most so many deliveries.
    pub(crate) most: usize,
    /// None of these lines ([`Claimed::line`]): enough of them is here already.
    pub(crate) without: Vec<String>,
}

/// Takes deliveries in the name of one process.
#[derive(Clone)]
pub(crate) struct Claims {
    queue: Queue,
    worker: String,
}

type ClaimedRow = (i64, String, String, String, String, i64, i64, Vec<u8>);

/// What is due, the oldest first. `||` builds what [`Claimed::line`] builds.
macro_rules! claim {
    ($excluded:literal, $lock:literal) => {
        concat!(
            "UPDATE serve_queue SET state = 'running', worker = $1, leased_until = $2, attempts = attempts + 1 \
            WHERE id IN (SELECT id FROM serve_queue WHERE state = 'waiting' AND due_at <= $3 ",
            $excluded,
            " ORDER BY due_at, id LIMIT $5 ",
            $lock,
            ") RETURNING id, source, delivery, event, repository, attempts, received_at, content"
        )
    };
}

const CLAIM_SQLITE: &str = claim!(
    "AND ($4 = '[]' OR source || ' ' || repository NOT IN (SELECT value FROM json_each($4)))",
    ""
);

const CLAIM_POSTGRES: &str = claim!(
    "AND ($4 = '[]' OR source || ' ' || repository NOT IN (SELECT json_array_elements_text($4::json)))",
    "FOR UPDATE SKIP LOCKED"
);

/// What somebody took who has not been heard of for a lease.
const TAKE_OVER: &str = "UPDATE serve_queue SET state = 'waiting', leased_until = 0, worker = '' \
    WHERE state = 'running' AND leased_until < $1 AND worker <> $2";

/// What is done is erased; what is not is still needed.
const FINISH: &str = "UPDATE serve_queue SET state = $1, due_at = $2, note = $3, finished_at = $4, leased_until = 0, worker = '', \
    attempts = attempts - $5, content = CASE WHEN $1 = 'done' THEN $6 ELSE content END \
    WHERE id = $7 AND worker = $8 AND state = 'running'";

/// An outcome as its row has it.
struct Ended<'o> {
    state: &'static str,
    due: i64,
    note: &'o str,
    finished: i64,
    uncounted: i64,
}

impl<'o> Ended<'o> {
    fn of(outcome: &'o Outcome, now: Moment) -> Self {
        let ended = |state, due, note, finished, uncounted| Self {
            state,
            due,
            note,
            finished,
            uncounted,
        };
        match outcome {
            Outcome::Done(note) => ended("done", now.0, note.as_str(), now.0, 0),
            Outcome::Again(wait, note) => ended("waiting", now.after(*wait).0, note.as_str(), 0, 0),
            Outcome::Parked(note) => ended("parked", now.0, note.as_str(), 0, 0),
            Outcome::Released => ended("waiting", now.0, "", 0, 1),
        }
    }
}

/// Writes outcomes and takes what is next, in the transaction that is open.
macro_rules! turn {
    ($connection:expr, $claims:expr, $ended:expr, $wish:expr, $now:expr, $claim:expr) => {{
        let mut again = 0;
        for (id, outcome) in $ended {
            let row = Ended::of(outcome, $now);
            let done = sqlx::query(FINISH)
                .bind(row.state)
                .bind(row.due)
                .bind(row.note)
                .bind(row.finished)
                .bind(row.uncounted)
                .bind(Vec::<u8>::new())
                .bind(*id)
                .bind(&$claims.worker)
                .execute($connection)
                .await?;
            if row.state == "waiting" && done.rows_affected() > 0 {
                again += 1;
            }
        }
        let rows: Vec<ClaimedRow> = if $wish.most == 0 {
            Vec::new()
        } else {
            let left_behind = sqlx::query(TAKE_OVER)
                .bind($now.0)
                .bind(&$claims.worker)
                .execute($connection)
                .await?;
            again += i64::try_from(left_behind.rows_affected()).unwrap_or(0);
            let without = serde_json::Value::from($wish.without.clone()).to_string();
            // All rows are read: a statement that changes something must be run to its end.
            sqlx::query_as($claim)
                .bind(&$claims.worker)
                .bind($now.after(LEASE).0)
                .bind($now.0)
                .bind(without)
                .bind(i64::try_from($wish.most).unwrap_or(i64::MAX))
                .fetch_all($connection)
                .await?
        };
        (again, rows)
    }};
}

impl Claimed {
    /// What it stands in line for: deliveries of one repository are handled one after the other, because one at a time works on a
    /// mirror. Nothing when it waits for nobody.
    pub(crate) fn line(&self) -> Option<String> {
        let has_mirror = crate::work::HostKind::parse(&self.source).is_some();
        (has_mirror && !self.repository.is_empty())
            .then(|| format!("{} {}", self.source, self.repository))
    }
}

impl Claims {
    /// For the process of this name.
    pub(crate) fn new(queue: Queue, worker: String) -> Self {
        Self { queue, worker }
    }

    /// Writes down how deliveries ended, and takes what is due, the oldest first. All of it or nothing.
    pub(crate) async fn turn(
        &self,
        ended: &[(i64, Outcome)],
        wish: &Wish,
    ) -> Result<Vec<Claimed>, StorageError> {
        let writing = self.queue.writing().await;
        let now = Moment::now();
        let (again, rows) = match self.queue.database.backend() {
            Backend::Sqlite(pool) => {
                let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
                let done = turn!(&mut *transaction, self, ended, wish, now, CLAIM_SQLITE);
                transaction.commit().await?;
                done
            }
            Backend::Postgresql(pool) => {
                let mut transaction = pool.begin().await?;
                let done = turn!(&mut *transaction, self, ended, wish, now, CLAIM_POSTGRES);
                transaction.commit().await?;
                done
            }
        };
        drop(writing);
        let taken = i64::try_from(rows.len()).unwrap_or(0);
        self.queue.depth.fetch_add(again - taken, Ordering::Relaxed);
        let mut claimed: Vec<Claimed> = rows.into_iter().map(|row| self.opened(row)).collect();
        claimed.sort_by_key(|one| one.id);
        Ok(claimed)
    }

    fn opened(&self, row: ClaimedRow) -> Claimed {
        let (id, source, delivery, event, repository, attempts, received_at, sealed) = row;
        let sealing = &self.queue.sealing;
        // Whatever is wrong with it, it is parked with the same advice.
        let content = sealing
            .open_sealed(&place(&source, &delivery), &sealed)
            .ok();
        Claimed {
            id,
            source,
            delivery,
            event,
            repository,
            attempts,
            received_at: Moment(received_at),
            content,
        }
    }

    /// Waits until something may be due: the bell, or `longest`.
    pub(crate) async fn wait(&self, longest: Duration) {
        let rung = self.queue.bell.notified();
        // Nobody rings for what becomes due by itself.
        drop(tokio::time::timeout(longest, rung).await);
    }

    /// Keeps everything that was taken for another lease. Which deliveries that is: somebody else has the others meanwhile.
    pub(crate) async fn keep(&self) -> Result<Vec<i64>, StorageError> {
        let until = Moment::now().after(LEASE).0;
        let kept: Vec<(i64,)> = on!(self.queue.database, pool => sqlx::query_as(
                "UPDATE serve_queue SET leased_until = $1 WHERE worker = $2 AND state = 'running' RETURNING id")
            .bind(until)
            .bind(&self.worker)
            .fetch_all(pool)
            .await)?;
        Ok(kept.into_iter().map(|(id,)| id).collect())
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
            self.bell.notify_one();
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
