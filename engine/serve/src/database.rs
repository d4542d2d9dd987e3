//! The service's tables, in the database of the response: SQLite in a file, or PostgreSQL by its address.
//!
//! Statements are written once, in what both understand. A commit is on disk when it returns: `leakward-respond` opens SQLite with a
//! write-ahead log and `synchronous = FULL`, and PostgreSQL does so by itself unless somebody told it not to.

use leakward_respond::Database;
use leakward_respond::database::{Backend, Schema};

/// Our tables, version by version.
const SCHEMA: [Schema; 4] = [
    Schema {
        version: 1,
        title: "serve",
        sqlite: include_str!("../migrations/sqlite/0001_serve.sql"),
        postgresql: include_str!("../migrations/postgresql/0001_serve.sql"),
    },
    Schema {
        version: 2,
        title: "plans",
        sqlite: PLANS,
        postgresql: PLANS,
    },
    Schema {
        version: 3,
        title: "open",
        sqlite: OPEN,
        postgresql: OPEN,
    },
    Schema {
        version: 4,
        title: "next",
        sqlite: NEXT,
        postgresql: NEXT,
    },
];

/// The same for both.
const PLANS: &str = "CREATE TABLE serve_plans (incident TEXT PRIMARY KEY, document TEXT NOT NULL, decision TEXT NOT NULL)";

/// PERF: what is not done is counted every few seconds, beside millions of ids that are kept against replays.
const OPEN: &str =
    "CREATE INDEX serve_queue_open ON serve_queue (state, received_at) WHERE state <> 'done'";

/// PERF: what is next is found without a look at the rows: those of lines that are full are passed over by the thousand. (The state
/// is in the index because SQLite reads the row otherwise.)
const NEXT: &str = "CREATE INDEX serve_queue_next ON serve_queue (due_at, id, source, repository, state) WHERE state = 'waiting'; \
    CREATE INDEX serve_queue_leases ON serve_queue (leased_until) WHERE state = 'running'; \
    DROP INDEX serve_queue_due";

/// What went wrong with the database. Names no address: it may hold a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the database: {0}")]
pub struct StorageError(pub(crate) String);

impl From<sqlx::Error> for StorageError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            // Its text can repeat the address.
            sqlx::Error::Configuration(_) => Self("its address is not understood".to_owned()),
            sqlx::Error::PoolTimedOut => Self("no connection in time".to_owned()),
            other => Self(other.to_string()),
        }
    }
}

impl From<leakward_respond::DatabaseError> for StorageError {
    fn from(error: leakward_respond::DatabaseError) -> Self {
        Self(error.to_string())
    }
}

/// Runs one statement on whichever database it is.
macro_rules! on {
    ($database:expr, $pool:ident => $body:expr) => {
        match $database.backend() {
            ::leakward_respond::database::Backend::Sqlite($pool) => $body,
            ::leakward_respond::database::Backend::Postgresql($pool) => $body,
        }
    };
}
pub(crate) use on;

/// Opens the database at `address` and makes our tables.
pub(crate) async fn open(address: &str) -> Result<Database, StorageError> {
    let database = Database::open(address).await?;
    database.extend("serve", &SCHEMA).await?;
    Ok(database)
}

/// Whether it answers.
pub(crate) async fn ping(database: &Database) -> Result<(), StorageError> {
    let (_count,): (i64,) = on!(database, pool => sqlx::query_as("SELECT COUNT(*) FROM serve_alerts WHERE host = ''")
        .fetch_one(pool)
        .await)?;
    Ok(())
}

/// Whether this process is the only one that works on it.
pub(crate) fn is_ours_alone(database: &Database) -> bool {
    matches!(database.backend(), Backend::Sqlite(_))
}

/// Ends all connections, after what they are doing.
pub(crate) async fn close(database: &Database) {
    on!(database, pool => pool.close().await);
}
