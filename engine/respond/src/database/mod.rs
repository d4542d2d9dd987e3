//! The durable memory of responses: incidents, journal, audit, messages. SQLite in a file by default, PostgreSQL by URL.
//!
//! One text of SQL for both, in the subset that they share; what differs is in `backend` and in the migrations. Every change
//! is on disk before the call returns (SQLite: WAL with `synchronous=FULL`).
//!
//! INVARIANT: no value of a credential gets here: incidents, plans, records and messages have no field for one.

mod backend;
mod error;
mod incidents;
mod lock;
mod sagas;

use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

pub use backend::{Backend, Row, Value};
pub use error::DatabaseError;
pub use incidents::IncidentFilter;
pub use lock::IncidentLock;
pub use sagas::{SagaId, SagaRow};

/// How long a writer waits for another one.
const BUSY: Duration = Duration::from_secs(15);

/// The durable memory of responses. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Database {
    backend: Backend,
    /// What it is called in messages: the file, or the server without the password.
    name: String,
    /// Where lock files are, with SQLite.
    locks: Option<PathBuf>,
}

/// A change of the schema, for both backends.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    /// Counts up from 1; never reused.
    pub version: i64,
    /// What it is about.
    pub title: &'static str,
    /// For SQLite.
    pub sqlite: &'static str,
    /// For PostgreSQL.
    pub postgresql: &'static str,
}

const SCHEMA: [Schema; 1] = [Schema {
    version: 1,
    title: "response",
    sqlite: include_str!("../../migrations/sqlite/0001_response.sql"),
    postgresql: include_str!("../../migrations/postgresql/0001_response.sql"),
}];

impl Database {
    /// Opens `url`: `postgres://…`, `sqlite:FILE`, or simply the path of a file, which is made when it is not there.
    ///
    /// # Errors
    /// It cannot be opened, or is from a newer version of the program.
    pub async fn open(url: &str) -> Result<Self, DatabaseError> {
        let is_server = url.starts_with("postgres://") || url.starts_with("postgresql://");
        let database = if is_server {
            Self::server(url).await?
        } else {
            Self::file(Path::new(url.strip_prefix("sqlite:").unwrap_or(url))).await?
        };
        database.extend("response", &SCHEMA).await?;
        Ok(database)
    }

    async fn server(url: &str) -> Result<Self, DatabaseError> {
        let name = nameable(url);
        let failed = |error| DatabaseError::cannot_open(&name, &error);
        let options = sqlx::postgres::PgConnectOptions::from_str(url).map_err(failed)?;
        let pool = PgPoolOptions::new()
            .max_connections(8)
            .acquire_timeout(BUSY)
            .connect_with(options)
            .await
            .map_err(failed)?;
        Ok(Self {
            backend: Backend::Postgresql(pool),
            name,
            locks: None,
        })
    }

    async fn file(path: &Path) -> Result<Self, DatabaseError> {
        let name = path.display().to_string();
        let failed = |error| DatabaseError::cannot_open(&name, &error);
        let prepared = |error: std::io::Error| DatabaseError::CannotOpen {
            database: name.clone(),
            why: error.to_string(),
        };
        if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(prepared)?;
        }
        private(path).map_err(prepared)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY);
        let pool = SqlitePoolOptions::new()
            .max_connections(4)
            .connect_with(options)
            .await
            .map_err(failed)?;
        let locks = path.with_extension("locks");
        std::fs::create_dir_all(&locks).map_err(prepared)?;
        Ok(Self {
            backend: Backend::Sqlite(pool),
            name,
            locks: Some(locks),
        })
    }

    /// Brings the tables of one room of the program up to date; `owner` names the room, each counts its versions for itself.
    ///
    /// # Errors
    /// The tables are from a newer version, or cannot be made.
    pub async fn extend(&self, owner: &str, schema: &[Schema]) -> Result<(), DatabaseError> {
        let text = |step: &Schema| match self.backend {
            Backend::Sqlite(_) => step.sqlite,
            Backend::Postgresql(_) => step.postgresql,
        };
        let migrations = schema
            .iter()
            .map(|step| {
                Migration::new(
                    step.version,
                    step.title.into(),
                    MigrationType::Simple,
                    sqlx::SqlStr::from_static(text(step)),
                    false,
                )
            })
            .collect();
        let _alone = self.alone().await?;
        let mut migrator = Migrator::with_migrations(migrations);
        migrator.dangerous_set_table_name(format!("migrations_of_{owner}"));
        let done = match &self.backend {
            Backend::Sqlite(pool) => migrator.run(pool).await,
            Backend::Postgresql(pool) => migrator.run(pool).await,
        };
        done.map_err(|error| DatabaseError::CannotOpen {
            database: self.name.clone(),
            why: error.to_string(),
        })
    }

    /// The right to make tables; processes that open a new file at once would make the same ones. A server sees to it itself.
    async fn alone(&self) -> Result<Option<std::fs::File>, DatabaseError> {
        const LOOK: Duration = Duration::from_millis(20);
        let Some(folder) = &self.locks else {
            return Ok(None);
        };
        let failed = |why: String| DatabaseError::CannotOpen {
            database: self.name.clone(),
            why,
        };
        let file = std::fs::File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .open(folder.join("tables"))
            .map_err(|error| failed(error.to_string()))?;
        let patience = std::time::Instant::now() + BUSY;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(file)),
                Err(std::fs::TryLockError::WouldBlock) if std::time::Instant::now() < patience => {
                    tokio::time::sleep(LOOK).await;
                }
                Err(error) => return Err(failed(format!("its tables are being made: {error}"))),
            }
        }
    }

    /// What it is called in messages. Holds no password.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The connections, for rooms of the program that keep tables of their own here.
    #[must_use]
    pub fn backend(&self) -> &Backend {
        &self.backend
    }
}

/// The URL without login and parameters.
fn nameable(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let rest = rest.split('?').next().unwrap_or_default();
    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    format!("{scheme}://{rest}")
}

/// Makes the file, readable by its owner alone, if it is not there.
fn private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}
