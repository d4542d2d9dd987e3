//! What goes wrong with the database, in words that name it and never a password.

/// What went wrong with the database.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseError {
    /// It cannot be opened or brought up to date.
    #[error("the database {database} cannot be opened: {why}")]
    CannotOpen {
        /// Its name.
        database: String,
        /// What was said.
        why: String,
    },
    /// A read or a write failed. Nothing of it was kept.
    #[error("the database {database}: {why}")]
    Failed {
        /// Its name.
        database: String,
        /// What was said.
        why: String,
    },
    /// Somebody else changed it meanwhile.
    #[error("{what} was changed by somebody else meanwhile")]
    Conflict {
        /// What.
        what: String,
    },
    /// There is no such thing.
    #[error("there is no {what}")]
    Absent {
        /// What.
        what: String,
    },
    /// What is written there cannot be understood: another version's, or damaged.
    #[error("the database {database}: {what} cannot be read: {why}")]
    Malformed {
        /// Its name.
        database: String,
        /// Which row.
        what: String,
        /// What is wrong.
        why: String,
    },
}

impl DatabaseError {
    pub(crate) fn cannot_open(database: &str, error: &sqlx::Error) -> Self {
        Self::CannotOpen {
            database: database.to_owned(),
            why: words(error),
        }
    }
}

/// What happened, without connection strings.
pub(crate) fn words(error: &sqlx::Error) -> String {
    match error {
        // Its text can repeat the URL.
        sqlx::Error::Configuration(_) => "the address is not one of a database".to_owned(),
        sqlx::Error::PoolTimedOut => "no connection in time".to_owned(),
        other => other.to_string(),
    }
}
