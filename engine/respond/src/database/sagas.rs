//! Sagas and their journals in the database.

use leakward_core::Fingerprint;
use serde::{Deserialize, Serialize};

use super::{Database, DatabaseError, Row};
use crate::plan::Plan;
use crate::saga::{Phase, Record};

/// Names a saga for ever. Letters and digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SagaId(pub String);

impl std::fmt::Display for SagaId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}

/// A saga as the database knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SagaRow {
    /// Its name.
    pub id: SagaId,
    /// Whose credential.
    pub fingerprint: Fingerprint,
    /// Whether it is not over.
    pub is_open: bool,
    /// When it began, seconds since 1970.
    pub begun_at: u64,
    /// When it wants to go on, seconds since 1970; none when it waits for somebody.
    pub resume_at: Option<u64>,
    /// Its course.
    pub plan: Plan,
}

impl Database {
    /// Begins a saga; nothing when one of the same credential is not over.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn begin_saga(
        &self,
        id: &SagaId,
        plan: &Plan,
        first: &Record,
    ) -> Result<bool, DatabaseError> {
        let insert = (
            "INSERT INTO sagas (saga, fingerprint, is_open, begun_at, resume_at, plan) \
             VALUES ($1, $2, 1, $3, $3, $4) ON CONFLICT DO NOTHING",
            vec![
                id.0.as_str().into(),
                plan.fingerprint.to_string().into(),
                first.at.into(),
                self.text_of(plan, "a plan")?.into(),
            ],
        );
        self.together(vec![insert, self.record_insertion(id, first)?])
            .await
    }

    /// Adds a line to the journal. That line `sequence` is there already means that somebody else works on the saga.
    ///
    /// # Errors
    /// [`DatabaseError::Conflict`], or the database cannot be written.
    pub async fn append(&self, id: &SagaId, record: &Record) -> Result<(), DatabaseError> {
        let mut statements = vec![self.record_insertion(id, record)?];
        if record.phase == Phase::Ended {
            statements.push((
                "UPDATE sagas SET is_open = 0, resume_at = NULL WHERE saga = $1",
                vec![id.0.as_str().into()],
            ));
        }
        if self.together(statements).await? {
            return Ok(());
        }
        Err(DatabaseError::Conflict {
            what: format!("the journal of {id}"),
        })
    }

    /// When the saga wants to go on; none when it waits for somebody.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn resume_at(&self, id: &SagaId, when: Option<u64>) -> Result<(), DatabaseError> {
        self.execute(
            "UPDATE sagas SET resume_at = $1 WHERE saga = $2",
            vec![when.into(), id.0.as_str().into()],
        )
        .await
        .map(drop)
    }

    /// A saga's journal.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn journal(&self, id: &SagaId) -> Result<Vec<Record>, DatabaseError> {
        let rows = self
            .rows(
                "SELECT record FROM journal WHERE saga = $1 ORDER BY sequence",
                vec![id.0.as_str().into()],
            )
            .await?;
        rows.iter()
            .map(|row| {
                let text = row.text(0).map_err(|error| self.failed(&error))?;
                self.parsed(&text, "a line of the journal")
            })
            .collect()
    }

    /// All sagas of a credential, the newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn sagas(&self, fingerprint: Fingerprint) -> Result<Vec<SagaRow>, DatabaseError> {
        let rows = self
            .rows(
                "SELECT saga, fingerprint, is_open, begun_at, resume_at, plan FROM sagas \
                 WHERE fingerprint = $1 ORDER BY begun_at DESC, saga DESC",
                vec![fingerprint.to_string().into()],
            )
            .await?;
        rows.iter().map(|row| self.read_saga(row)).collect()
    }

    /// Sagas that are not over, the oldest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn open_sagas(&self) -> Result<Vec<SagaRow>, DatabaseError> {
        let rows = self
            .rows(
                "SELECT saga, fingerprint, is_open, begun_at, resume_at, plan FROM sagas \
                 WHERE is_open = 1 ORDER BY begun_at, saga",
                Vec::new(),
            )
            .await?;
        rows.iter().map(|row| self.read_saga(row)).collect()
    }

    fn read_saga(&self, row: &Row) -> Result<SagaRow, DatabaseError> {
        let failed = |error: sqlx::Error| self.failed(&error);
        let fingerprint = row.text(1).map_err(failed)?;
        Ok(SagaRow {
            id: SagaId(row.text(0).map_err(failed)?),
            fingerprint: fingerprint
                .parse()
                .map_err(|error| self.malformed("a saga", &error))?,
            is_open: row.number(2).map_err(failed)? != 0,
            begun_at: row.number(3).map_err(failed)?,
            resume_at: row.maybe_number(4).map_err(failed)?,
            plan: self.parsed(&row.text(5).map_err(failed)?, "a plan")?,
        })
    }

    fn record_insertion(
        &self,
        id: &SagaId,
        record: &Record,
    ) -> Result<super::backend::Statement, DatabaseError> {
        Ok((
            "INSERT INTO journal (saga, sequence, record) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            vec![
                id.0.as_str().into(),
                record.sequence.into(),
                self.text_of(record, "a line of the journal")?.into(),
            ],
        ))
    }
}
