//! What people and metrics see of the queue.

use std::sync::atomic::Ordering;

use super::job::{Job, State};
use super::table::Queue;
use crate::database::{StorageError, on};
use crate::time::Moment;

/// LIMIT: deliveries that are shown at once.
const MOST_SHOWN: i64 = 200;

/// How much is in the queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Depth {
    /// Deliveries that wait.
    pub(crate) waiting: i64,
    /// Deliveries that somebody is at.
    pub(crate) running: i64,
    /// Deliveries that a person has to look at.
    pub(crate) parked: i64,
    /// When the oldest of those that wait or run came.
    pub(crate) oldest: Option<Moment>,
}

/// Which deliveries are shown.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Filter {
    /// Only those in this state.
    pub(crate) state: Option<State>,
}

type JobRow = (
    i64,
    String,
    String,
    String,
    String,
    String,
    i64,
    i64,
    i64,
    i64,
    String,
);

impl Queue {
    /// How much is in the queue; sets the running count right.
    pub(crate) async fn depth(&self) -> Result<Depth, StorageError> {
        let rows: Vec<(String, i64, i64)> = on!(self.database, pool => sqlx::query_as(
                "SELECT state, COUNT(*), MIN(received_at) FROM serve_queue WHERE state <> 'done' GROUP BY state")
            .fetch_all(pool)
            .await)?;
        let mut depth = Depth::default();
        for (state, count, oldest) in rows {
            match State::parse(&state) {
                Some(State::Waiting) => depth.waiting = count,
                Some(State::Running) => depth.running = count,
                Some(State::Parked) => {
                    depth.parked = count;
                    continue;
                }
                Some(State::Done) | None => continue,
            }
            let oldest = Moment(oldest);
            depth.oldest = Some(depth.oldest.map_or(oldest, |known| known.min(oldest)));
        }
        self.depth.store(depth.waiting, Ordering::Relaxed);
        Ok(depth)
    }

    /// Whether a delivery whose name begins so (without signs of SQL's patterns) has come since, whatever became of it.
    pub(crate) async fn has_come(
        &self,
        source: &str,
        beginning: &str,
        since: Moment,
    ) -> Result<bool, StorageError> {
        let (count,): (i64,) = on!(self.database, pool => sqlx::query_as(
                "SELECT COUNT(*) FROM serve_queue WHERE source = $1 AND delivery LIKE $2 AND received_at >= $3")
            .bind(source)
            .bind(format!("{beginning}%"))
            .bind(since.0)
            .fetch_one(pool)
            .await)?;
        Ok(count > 0)
    }

    /// Deliveries for people, the newest first.
    pub(crate) async fn list(&self, filter: Filter) -> Result<Vec<Job>, StorageError> {
        let rows: Vec<JobRow> = on!(self.database, pool => sqlx::query_as(listing(filter.state))
            .bind(MOST_SHOWN)
            .fetch_all(pool)
            .await)?;
        Ok(rows.into_iter().map(job).collect())
    }
}

/// PERF: said twice, so that the index of those that are not done is seen to fit.
fn listing(state: Option<State>) -> &'static str {
    macro_rules! where_it {
        ($condition:literal) => {
            concat!(
                "SELECT id, source, delivery, event, repository, state, attempts, due_at, received_at, finished_at, note \
                FROM serve_queue ",
                $condition,
                " ORDER BY id DESC LIMIT $1"
            )
        };
    }
    match state {
        None => where_it!(""),
        Some(State::Done) => where_it!("WHERE state = 'done'"),
        Some(State::Waiting) => where_it!("WHERE state = 'waiting' AND state <> 'done'"),
        Some(State::Running) => where_it!("WHERE state = 'running' AND state <> 'done'"),
        Some(State::Parked) => where_it!("WHERE state = 'parked' AND state <> 'done'"),
    }
}

fn job(row: JobRow) -> Job {
    let (id, source, delivery, event, repository, state, attempts, due, received, finished, note) =
        row;
    Job {
        id,
        source,
        delivery,
        event,
        repository,
        // A word that only a newer version knows is for people to look at.
        state: State::parse(&state).unwrap_or(State::Parked),
        attempts,
        due_at: Moment(due),
        received_at: Moment(received),
        finished_at: (finished > 0).then_some(Moment(finished)),
        note,
    }
}
