//! Runs one text of SQL on either backend: parameters `$1`, `$2` … and rows of texts and numbers.

use sqlx::postgres::{PgArguments, PgPool, PgRow};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqlitePool, SqliteRow};
use sqlx::{Postgres, Row as _, Sqlite};

use super::error::words;
use super::{Database, DatabaseError};

/// The connections.
#[derive(Clone, Debug)]
pub enum Backend {
    /// A file.
    Sqlite(SqlitePool),
    /// A server.
    Postgresql(PgPool),
}

/// A parameter of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A text.
    Text(String),
    /// A text, or nothing.
    MaybeText(Option<String>),
    /// A number.
    Number(i64),
    /// A number, or nothing.
    MaybeNumber(Option<i64>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<u64> for Value {
    /// Times and counts; beyond what the column holds it is the largest.
    fn from(number: u64) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<Option<u64>> for Value {
    fn from(number: Option<u64>) -> Self {
        Self::MaybeNumber(number.map(|number| i64::try_from(number).unwrap_or(i64::MAX)))
    }
}

/// A row that was read.
#[derive(Debug)]
pub enum Row {
    /// Of a file.
    Sqlite(SqliteRow),
    /// Of a server.
    Postgresql(PgRow),
}

impl Row {
    /// The text in column `index`.
    ///
    /// # Errors
    /// There is none.
    pub fn text(&self, index: usize) -> Result<String, sqlx::Error> {
        match self {
            Self::Sqlite(row) => row.try_get(index),
            Self::Postgresql(row) => row.try_get(index),
        }
    }

    /// The text in column `index`, which can be empty.
    ///
    /// # Errors
    /// It is no text.
    pub fn maybe_text(&self, index: usize) -> Result<Option<String>, sqlx::Error> {
        match self {
            Self::Sqlite(row) => row.try_get(index),
            Self::Postgresql(row) => row.try_get(index),
        }
    }

    /// The number in column `index`.
    ///
    /// # Errors
    /// There is none, or it is negative.
    pub fn number(&self, index: usize) -> Result<u64, sqlx::Error> {
        Ok(self.maybe_number(index)?.unwrap_or(0))
    }

    /// The number in column `index`, which can be empty.
    ///
    /// # Errors
    /// It is no number.
    pub fn maybe_number(&self, index: usize) -> Result<Option<u64>, sqlx::Error> {
        let number: Option<i64> = match self {
            Self::Sqlite(row) => row.try_get(index)?,
            Self::Postgresql(row) => row.try_get(index)?,
        };
        Ok(number.map(|number| u64::try_from(number).unwrap_or(0)))
    }
}

/// A statement with its parameters.
pub(crate) type Statement = (&'static str, Vec<Value>);

impl Database {
    /// Runs one statement; how many rows it changed.
    ///
    /// # Errors
    /// The database cannot do it.
    pub async fn execute(
        &self,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<u64, DatabaseError> {
        let done = match &self.backend {
            Backend::Sqlite(pool) => sqlite(sql, values)
                .execute(pool)
                .await
                .map(|done| done.rows_affected()),
            Backend::Postgresql(pool) => postgresql(sql, values)
                .execute(pool)
                .await
                .map(|done| done.rows_affected()),
        };
        done.map_err(|error| self.failed(&error))
    }

    /// All rows of a question.
    ///
    /// # Errors
    /// The database cannot answer it.
    pub async fn rows(
        &self,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, DatabaseError> {
        let rows = match &self.backend {
            Backend::Sqlite(pool) => sqlite(sql, values)
                .fetch_all(pool)
                .await
                .map(|rows| rows.into_iter().map(Row::Sqlite).collect()),
            Backend::Postgresql(pool) => postgresql(sql, values)
                .fetch_all(pool)
                .await
                .map(|rows| rows.into_iter().map(Row::Postgresql).collect()),
        };
        rows.map_err(|error| self.failed(&error))
    }

    /// Runs all statements or none. The first one must change a row; whether it did.
    pub(crate) async fn together(&self, statements: Vec<Statement>) -> Result<bool, DatabaseError> {
        let done = match &self.backend {
            Backend::Sqlite(pool) => together_sqlite(pool, statements).await,
            Backend::Postgresql(pool) => together_postgresql(pool, statements).await,
        };
        done.map_err(|error| self.failed(&error))
    }

    /// A document as it is kept.
    pub(crate) fn text_of<T: serde::Serialize>(
        &self,
        document: &T,
        what: &str,
    ) -> Result<String, DatabaseError> {
        serde_json::to_string(document).map_err(|error| self.malformed(what, &error))
    }

    /// A document as it was kept.
    pub(crate) fn parsed<T: serde::de::DeserializeOwned>(
        &self,
        text: &str,
        what: &str,
    ) -> Result<T, DatabaseError> {
        serde_json::from_str(text).map_err(|error| self.malformed(what, &error))
    }

    pub(crate) fn malformed(&self, what: &str, error: &dyn std::fmt::Display) -> DatabaseError {
        DatabaseError::Malformed {
            database: self.name().to_owned(),
            what: what.to_owned(),
            why: error.to_string(),
        }
    }

    /// What went wrong, with the database's name.
    pub(crate) fn failed(&self, error: &sqlx::Error) -> DatabaseError {
        DatabaseError::Failed {
            database: self.name().to_owned(),
            why: words(error),
        }
    }
}

async fn together_sqlite(
    pool: &SqlitePool,
    statements: Vec<Statement>,
) -> Result<bool, sqlx::Error> {
    // A transaction that writes from its beginning waits for other writers instead of failing when it upgrades.
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    for (index, (sql, values)) in statements.into_iter().enumerate() {
        let done = sqlite(sql, values).execute(&mut *transaction).await?;
        if index == 0 && done.rows_affected() == 0 {
            return Ok(false);
        }
    }
    transaction.commit().await?;
    Ok(true)
}

async fn together_postgresql(
    pool: &PgPool,
    statements: Vec<Statement>,
) -> Result<bool, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    for (index, (sql, values)) in statements.into_iter().enumerate() {
        let done = postgresql(sql, values).execute(&mut *transaction).await?;
        if index == 0 && done.rows_affected() == 0 {
            return Ok(false);
        }
    }
    transaction.commit().await?;
    Ok(true)
}

fn sqlite(sql: &'static str, values: Vec<Value>) -> Query<'static, Sqlite, SqliteArguments> {
    values
        .into_iter()
        .fold(sqlx::query(sql), |query, value| match value {
            Value::Text(text) => query.bind(text),
            Value::MaybeText(text) => query.bind(text),
            Value::Number(number) => query.bind(number),
            Value::MaybeNumber(number) => query.bind(number),
        })
}

fn postgresql(sql: &'static str, values: Vec<Value>) -> Query<'static, Postgres, PgArguments> {
    values
        .into_iter()
        .fold(sqlx::query(sql), |query, value| match value {
            Value::Text(text) => query.bind(text),
            Value::MaybeText(text) => query.bind(text),
            Value::Number(number) => query.bind(number),
            Value::MaybeNumber(number) => query.bind(number),
        })
}
