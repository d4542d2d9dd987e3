//! One process at a time works on an incident.
//!
//! A lock ends with its process, however that ends: with SQLite it is the system's lock on a file, with PostgreSQL an advisory
//! lock of a connection. No clock is involved, so that a jump of the clock gives nobody a lock that somebody else holds.

use std::fs::{File, TryLockError};

use leakward_core::Fingerprint;
use sqlx::pool::PoolConnection;
use sqlx::{Postgres, Row as _};
use tokio::runtime::Handle;

use super::{Backend, Database, DatabaseError};

/// The right to work on an incident; ends when it is dropped.
#[derive(Debug)]
pub struct IncidentLock {
    _held: Held,
}

#[derive(Debug)]
enum Held {
    File { _file: File },
    Connection { _owned: Owned },
}

/// A connection that ends with its owner, on whatever thread that is.
#[derive(Debug)]
struct Owned {
    connection: Option<Box<PoolConnection<Postgres>>>,
    /// Who closes it: threads that only block know no runtime, and sqlx panics there.
    runtime: Handle,
}

impl Drop for Owned {
    fn drop(&mut self) {
        let _inside = self.runtime.enter();
        drop(self.connection.take());
    }
}

impl Database {
    /// The right to work on an incident; none when another process, or another thread, has it.
    ///
    /// # Errors
    /// The lock cannot be asked for.
    pub async fn lock(
        &self,
        fingerprint: Fingerprint,
    ) -> Result<Option<IncidentLock>, DatabaseError> {
        match &self.backend {
            Backend::Sqlite(_) => self.lock_file(fingerprint),
            Backend::Postgresql(pool) => {
                let mut connection = pool.acquire().await.map_err(|e| self.failed(&e))?;
                // The lock must end with the guard: the connection does not go back to the pool.
                connection.close_on_drop();
                let [a, b, c, d, e, f, g, h, ..] = *fingerprint.as_bytes();
                let row = sqlx::query("SELECT pg_try_advisory_lock($1)")
                    .bind(i64::from_be_bytes([a, b, c, d, e, f, g, h]))
                    .fetch_one(&mut *connection)
                    .await
                    .map_err(|error| self.failed(&error))?;
                let is_ours: bool = row.try_get(0).map_err(|error| self.failed(&error))?;
                Ok(is_ours.then(|| IncidentLock {
                    _held: Held::Connection {
                        _owned: Owned {
                            connection: Some(Box::new(connection)),
                            runtime: Handle::current(),
                        },
                    },
                }))
            }
        }
    }

    fn lock_file(&self, fingerprint: Fingerprint) -> Result<Option<IncidentLock>, DatabaseError> {
        let failed = |error: &std::io::Error| DatabaseError::Failed {
            database: self.name.clone(),
            why: format!("the lock of {fingerprint}: {error}"),
        };
        let folder = self.locks.clone().unwrap_or_default();
        let file = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .open(folder.join(fingerprint.to_string()))
            .map_err(|error| failed(&error))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(IncidentLock {
                _held: Held::File { _file: file },
            })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(failed(&error)),
        }
    }
}
