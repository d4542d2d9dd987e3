//! The database as the steps of a response use it: blocking, because they follow each other.
//!
//! Made for threads that may block (`main`, `spawn_blocking`), never for a task of the runtime.

use std::future::Future;

use leakward_core::Fingerprint;
use tokio::runtime::Handle;

use crate::database::{Database, DatabaseError, SagaId, SagaRow};
use crate::incident::{Event, Incident};
use crate::saga::{Journal, Record};

/// The database, and the runtime that drives its connections.
#[derive(Clone, Debug)]
pub struct Ledger {
    database: Database,
    runtime: Handle,
}

impl Ledger {
    /// The database with the runtime in which it was opened. That runtime needs threads of its own.
    #[must_use]
    pub fn new(database: Database, runtime: Handle) -> Self {
        Self { database, runtime }
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Waits for an answer of the database.
    pub fn wait<F: Future>(&self, answer: F) -> F::Output {
        self.runtime.block_on(answer)
    }

    /// Changes an incident; see [`Database::change`].
    ///
    /// # Errors
    /// As there.
    pub fn change(
        &self,
        fingerprint: Fingerprint,
        now: u64,
        edit: impl FnMut(&mut Incident) -> Option<Event>,
    ) -> Result<Incident, DatabaseError> {
        self.wait(self.database.change(fingerprint, now, edit))
    }

    /// The saga of a credential that is not over.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn open_saga(&self, fingerprint: Fingerprint) -> Result<Option<SagaRow>, DatabaseError> {
        let sagas = self.wait(self.database.sagas(fingerprint))?;
        Ok(sagas.into_iter().find(|saga| saga.is_open))
    }
}

impl Journal for Ledger {
    fn append(&self, saga: &SagaId, record: &Record) -> Result<(), DatabaseError> {
        self.wait(self.database.append(saga, record))
    }

    fn records(&self, saga: &SagaId) -> Result<Vec<Record>, DatabaseError> {
        self.wait(self.database.journal(saga))
    }

    fn wake_at(&self, saga: &SagaId, when: Option<u64>) -> Result<(), DatabaseError> {
        self.wait(self.database.resume_at(saga, when))
    }
}
