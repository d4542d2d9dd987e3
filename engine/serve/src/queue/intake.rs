//! What comes in, written down before it is answered.
//!
//! PERF: one transaction costs a flush to disk, whatever is in it. So deliveries that come in while one transaction is being written
//! wait together and go into the next (group commit); nobody waits for a timer. One alone is written at once.

use std::sync::atomic::Ordering;

use tokio::sync::{mpsc, oneshot};

use super::job::NewJob;
use super::table::Queue;
use leakward_respond::database::Backend;

use crate::database::StorageError;
use crate::time::Moment;

/// LIMIT: deliveries in one transaction.
const LARGEST_BATCH: usize = 512;

/// LIMIT: deliveries that wait for their transaction. More are turned away, to come again.
const MOST_PENDING: usize = 4_096;

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accepted {
    /// It is on disk now.
    Stored,
    /// It was there already.
    Known,
    /// It was there, and parked; it is tried again.
    Rearmed,
}

/// Why a delivery was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum IntakeError {
    /// So much waits already that the sender should come again later.
    #[error("too much is waiting already")]
    Full,
    /// It could not be written down.
    #[error("it could not be written down: {0}")]
    NotStored(String),
}

type Pending = (NewJob, oneshot::Sender<Result<Accepted, IntakeError>>);

/// Where deliveries are handed in.
#[derive(Clone)]
pub(crate) struct Intake {
    sender: mpsc::Sender<Pending>,
    queue: Queue,
    most_waiting: i64,
}

impl Intake {
    /// Starts the writer. It ends when the last intake is gone, after all that was handed in is written.
    pub(crate) fn start(queue: Queue, most_waiting: i64) -> (Self, tokio::task::JoinHandle<()>) {
        let (sender, receiver) = mpsc::channel(MOST_PENDING);
        let writer = tokio::spawn(write(queue.clone(), receiver));
        let intake = Self {
            sender,
            queue,
            most_waiting,
        };
        (intake, writer)
    }

    /// Writes a delivery down. When this returns without an error, it is on disk.
    pub(crate) async fn accept(&self, job: NewJob) -> Result<Accepted, IntakeError> {
        if self.queue.about() >= self.most_waiting {
            return Err(IntakeError::Full);
        }
        let (answer, heard) = oneshot::channel();
        self.sender
            .try_send((job, answer))
            .map_err(|_| IntakeError::Full)?;
        heard
            .await
            .unwrap_or_else(|_| Err(IntakeError::NotStored("the service is ending".to_owned())))
    }
}

/// Writes what is handed in, batch after batch.
async fn write(queue: Queue, mut receiver: mpsc::Receiver<Pending>) {
    let mut batch = Vec::with_capacity(LARGEST_BATCH);
    while receiver.recv_many(&mut batch, LARGEST_BATCH).await > 0 {
        let (jobs, answers): (Vec<NewJob>, Vec<_>) = batch.drain(..).unzip();
        let results = queue.store(&jobs).await;
        for (index, answer) in answers.into_iter().enumerate() {
            let result = match &results {
                Ok(accepted) => accepted
                    .get(index)
                    .copied()
                    .ok_or_else(|| IntakeError::NotStored("it was passed over".to_owned())),
                Err(error) => Err(IntakeError::NotStored(error.to_string())),
            };
            // Whoever asked may have gone; what is stored is handled all the same.
            drop(answer.send(result));
        }
    }
}

/// A delivery that is ready to be written.
struct Row<'j> {
    job: &'j NewJob,
    content: Vec<u8>,
}

const INSERT: &str = "INSERT INTO serve_queue (source, delivery, digest, event, repository, content, state, attempts, \
    due_at, leased_until, worker, received_at, finished_at, note) \
    VALUES ($1, $2, $3, $4, $5, $6, 'waiting', 0, $7, 0, '', $7, 0, '') ON CONFLICT DO NOTHING";

/// A parked one that comes again is tried again.
const REARM: &str = "UPDATE serve_queue SET state = 'waiting', attempts = 0, due_at = $3, content = $4, delivery = $5, \
    note = 'it came again' WHERE source = $1 AND digest = $2 AND state = 'parked'";

/// Inserts rows one after the other in the transaction that is open.
macro_rules! insert {
    ($connection:expr, $rows:expr, $now:expr) => {{
        let mut accepted = Vec::with_capacity($rows.len());
        for row in &$rows {
            let job = row.job;
            let done = sqlx::query(INSERT)
                .bind(job.source)
                .bind(&job.delivery)
                .bind(&job.digest)
                .bind(&job.event)
                .bind(&job.repository)
                .bind(&row.content)
                .bind($now)
                .execute($connection)
                .await?;
            if done.rows_affected() > 0 {
                accepted.push(Accepted::Stored);
                continue;
            }
            let done = sqlx::query(REARM)
                .bind(job.source)
                .bind(&job.digest)
                .bind($now)
                .bind(&row.content)
                .bind(&job.delivery)
                .execute($connection)
                .await?;
            accepted.push(if done.rows_affected() > 0 {
                Accepted::Rearmed
            } else {
                Accepted::Known
            });
        }
        accepted
    }};
}

impl Queue {
    /// Writes deliveries in one transaction, and says of each what became of it.
    pub(crate) async fn store(&self, jobs: &[NewJob]) -> Result<Vec<Accepted>, StorageError> {
        let rows: Vec<Row<'_>> = jobs
            .iter()
            .map(|job| {
                let content = self
                    .sealing
                    .seal(&job.place(), &job.content)
                    .map_err(|error| StorageError(error.to_string()))?;
                Ok(Row { job, content })
            })
            .collect::<Result<_, StorageError>>()?;
        let now = Moment::now().0;
        let writing = self.writing().await;
        let accepted = match self.database.backend() {
            Backend::Sqlite(pool) => {
                let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
                let accepted = insert!(&mut *transaction, rows, now);
                transaction.commit().await?;
                accepted
            }
            Backend::Postgresql(pool) => {
                let mut transaction = pool.begin().await?;
                let accepted = insert!(&mut *transaction, rows, now);
                transaction.commit().await?;
                accepted
            }
        };
        drop(writing);
        let new = accepted
            .iter()
            .filter(|one| **one != Accepted::Known)
            .count();
        if new > 0 {
            self.depth
                .fetch_add(i64::try_from(new).unwrap_or(0), Ordering::Relaxed);
            self.bell.notify_waiters();
            // For a worker that is just about to wait.
            self.bell.notify_one();
        }
        Ok(accepted)
    }
}
