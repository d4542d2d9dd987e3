//! The queue as a whole: the database, the key, and the bell that wakes the workers.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tokio::sync::{Mutex, MutexGuard, Notify};

use crate::sealing::Sealing;
use leakward_respond::Database;
use leakward_respond::database::Backend;

/// The queue as a whole. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Queue {
    pub(super) database: Database,
    pub(super) sealing: Arc<Sealing>,
    /// Rings when something is to be done.
    pub(super) bell: Arc<Notify>,
    /// PERF: who finds a file of SQLite locked sleeps for up to a tenth of a second before it looks again. Our own writers wait for
    /// each other here instead, in their order.
    writer: Arc<Mutex<()>>,
    /// About how many wait; counted along, and set right from time to time.
    pub(super) depth: Arc<AtomicI64>,
}

impl Queue {
    /// The queue in this database.
    pub(crate) fn new(database: Database, sealing: Arc<Sealing>) -> Self {
        Self {
            database,
            sealing,
            bell: Arc::default(),
            writer: Arc::default(),
            depth: Arc::default(),
        }
    }

    /// The right to write, where only one can.
    pub(super) async fn writing(&self) -> Option<MutexGuard<'_, ()>> {
        match self.database.backend() {
            Backend::Sqlite(_) => Some(self.writer.lock().await),
            Backend::Postgresql(_) => None,
        }
    }

    /// About how many deliveries wait.
    pub(crate) fn about(&self) -> i64 {
        self.depth.load(Ordering::Relaxed).max(0)
    }

    /// What it is sealed with.
    pub(crate) fn sealing(&self) -> &Sealing {
        &self.sealing
    }
}
