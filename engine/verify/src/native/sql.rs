//! Questions in SQL after a login: what a login may do, and what a response changes.
//!
//! Text in, text out; one statement at a time, no parameters. Whoever writes a statement quotes its values
//! ([`quoted`], [`quoted_name`]).

use leakward_core::Reach;

use super::Login;
use super::bytes::Reader;
use super::{mysql, postgresql};
use crate::network::NetworkError;

/// Rows of values; none is NULL.
pub type Rows = Vec<Vec<Option<String>>>;

/// LIMIT: rows that are kept of one answer.
const MOST_ROWS: usize = 10_000;

/// LIMIT: messages of one answer.
const MOST_MESSAGES: usize = 100_000;

/// Why a statement has no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SqlError {
    /// The server refused it; nothing was changed by it.
    #[error("the server refuses ({code}): {message}")]
    Refused {
        /// SQLSTATE or error number.
        code: String,
        /// The server's sentence.
        message: String,
    },
    /// The way broke; it may have been carried out or not.
    #[error(transparent)]
    Network(#[from] NetworkError),
}

/// A value as a literal of SQL. Backslashes are doubled where the server reads escapes in literals (MySQL).
#[must_use]
pub fn quoted(text: &str, escapes: Escapes) -> String {
    let text = match escapes {
        Escapes::None => text.to_owned(),
        Escapes::Backslash => text.replace('\\', "\\\\"),
    };
    format!("'{}'", text.replace('\'', "''"))
}

/// A name in PostgreSQL's quotes.
#[must_use]
pub fn quoted_name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Whether a backslash means something in a literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escapes {
    /// It does not: PostgreSQL with its default settings.
    None,
    /// It does: MySQL and MariaDB.
    Backslash,
}

/// PostgreSQL after the login.
pub(crate) struct PostgresqlSession<'l, 'n> {
    login: &'l mut Login<'n>,
}

impl<'l, 'n> PostgresqlSession<'l, 'n> {
    /// A session of which the login is through.
    pub(crate) fn new(login: &'l mut Login<'n>) -> Self {
        Self { login }
    }

    /// Asks.
    pub(crate) fn query(&mut self, text: &str) -> Result<Rows, SqlError> {
        let mut body = zeroize::Zeroizing::new(text.as_bytes().to_vec());
        body.push(0);
        self.login.send(&postgresql::framed(Some(b'Q'), &body))?;
        self.answer()
    }

    /// Reads up to `ReadyForQuery`.
    fn answer(&mut self) -> Result<Rows, SqlError> {
        let mut rows = Vec::new();
        let mut refused = None;
        for _ in 0..MOST_MESSAGES {
            let (kind, body) = match postgresql::message(self.login) {
                Ok(message) => message,
                // A fatal refusal is the last thing that a server says.
                Err(error) => return Err(refused.unwrap_or(SqlError::Network(error))),
            };
            match kind {
                b'D' if rows.len() < MOST_ROWS => {
                    rows.push(row(&body).ok_or_else(|| self.login.protocol())?);
                }
                b'E' => {
                    refused = Some(SqlError::Refused {
                        code: postgresql::error_field(&body, b'C'),
                        message: postgresql::error_field(&body, b'M'),
                    });
                }
                b'Z' => return refused.map_or(Ok(rows), Err),
                _ => {}
            }
        }
        Err(self.login.protocol().into())
    }
}

/// `DataRow`: a count, then a length and so many bytes for each value; a negative length is NULL.
fn row(body: &[u8]) -> Option<Vec<Option<String>>> {
    let mut reader = Reader(body);
    let count = reader.big_u16()?;
    (0..count)
        .map(|_| {
            let length = reader.big_u32()?;
            if length == u32::MAX {
                return Some(None);
            }
            let value = reader.take(usize::try_from(length).ok()?)?;
            Some(Some(String::from_utf8_lossy(value).into_owned()))
        })
        .collect()
}

/// MySQL or MariaDB after the login.
pub(crate) struct MysqlSession<'l, 'n> {
    login: &'l mut Login<'n>,
}

impl<'l, 'n> MysqlSession<'l, 'n> {
    pub(crate) fn new(login: &'l mut Login<'n>) -> Self {
        Self { login }
    }

    /// Asks: `COM_QUERY`.
    pub(crate) fn query(&mut self, text: &str) -> Result<Rows, SqlError> {
        const COM_QUERY: u8 = 3;
        let mut body = zeroize::Zeroizing::new(vec![COM_QUERY]);
        body.extend_from_slice(text.as_bytes());
        mysql::send(self.login, 0, &body)?;
        let (_, first) = mysql::receive(self.login)?;
        match first.first() {
            Some(0) => return Ok(Vec::new()),
            Some(0xff) => return Err(refused(&first)),
            _ => {}
        }
        self.until_end(|_| Some(()))?;
        let mut rows = Vec::new();
        self.until_end(|packet| {
            let row = text_row(packet)?;
            if rows.len() < MOST_ROWS {
                rows.push(row);
            }
            Some(())
        })?;
        Ok(rows)
    }

    /// Packets up to the one that ends a list.
    fn until_end(&mut self, mut each: impl FnMut(&[u8]) -> Option<()>) -> Result<(), SqlError> {
        for _ in 0..MOST_MESSAGES {
            let (_, packet) = mysql::receive(self.login)?;
            match packet.first() {
                Some(0xfe) if packet.len() < 9 => return Ok(()),
                Some(0xff) => return Err(refused(&packet)),
                _ => each(&packet).ok_or_else(|| self.login.protocol())?,
            }
        }
        Err(self.login.protocol().into())
    }
}

fn refused(packet: &[u8]) -> SqlError {
    let mut reader = Reader(packet);
    reader.byte();
    let code = reader.little_u16().unwrap_or_default();
    let text = String::from_utf8_lossy(reader.0).into_owned();
    // After the number a mark and five characters of SQLSTATE.
    let message = text
        .strip_prefix('#')
        .and_then(|text| text.get(5..))
        .map_or(text.clone(), str::to_owned);
    SqlError::Refused {
        code: code.to_string(),
        message,
    }
}

/// Values with their lengths before them; 0xfb is NULL.
fn text_row(packet: &[u8]) -> Option<Vec<Option<String>>> {
    let mut reader = Reader(packet);
    let mut values = Vec::new();
    while !reader.0.is_empty() {
        let length = match reader.byte()? {
            0xfb => {
                values.push(None);
                continue;
            }
            0xfc => usize::from(reader.little_u16()?),
            0xfd => {
                let [a, b, c] = *reader.take(3)?.first_chunk::<3>()?;
                usize::try_from(u32::from_le_bytes([a, b, c, 0])).ok()?
            }
            0xfe => return None,
            short => usize::from(short),
        };
        let value = String::from_utf8_lossy(reader.take(length)?).into_owned();
        values.push(Some(value));
    }
    Some(values)
}

/// One list for each question; one that is refused is told as such.
pub(super) fn reached(
    asked: &[(&str, &str)],
    mut query: impl FnMut(&str) -> Result<Rows, SqlError>,
) -> Vec<Reach> {
    // LIMIT: items of one list that are kept.
    const MOST_ITEMS: usize = 100;
    let mut list = |(name, text): &(&str, &str)| {
        let mut reach = Reach {
            name: (*name).to_owned(),
            ..Reach::default()
        };
        match query(text) {
            Ok(rows) => {
                let count = rows.len();
                reach.items = rows
                    .into_iter()
                    .filter_map(|row| Some(harmless(&row.into_iter().next()??)))
                    .take(MOST_ITEMS)
                    .collect();
                reach.note = (count > MOST_ITEMS).then(|| format!("{} more", count - MOST_ITEMS));
            }
            Err(error) => reach.note = Some(format!("could not be read: {error}")),
        }
        reach
    };
    asked.iter().map(&mut list).collect()
}

/// A grant without the hash of a password, which MariaDB writes into it.
fn harmless(text: &str) -> String {
    let end = [" IDENTIFIED BY", " IDENTIFIED VIA", " IDENTIFIED WITH"]
        .iter()
        .filter_map(|mark| text.find(mark))
        .min();
    text.get(..end.unwrap_or(text.len()))
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stays_a_value() {
        assert_eq!(quoted("a'b\\", Escapes::None), "'a''b\\'");
        assert_eq!(quoted("a'b\\", Escapes::Backslash), "'a''b\\\\'");
        assert_eq!(quoted_name("a\"b"), "\"a\"\"b\"");
    }

    #[test]
    fn a_grant_does_not_tell_the_hash() {
        let grant = "GRANT USAGE ON *.* TO `app`@`%` IDENTIFIED BY PASSWORD '*AB'";
        assert_eq!(harmless(grant), "GRANT USAGE ON *.* TO `app`@`%`");
    }

    #[test]
    fn a_row_that_is_cut_is_none() {
        assert_eq!(
            text_row(&[1, b'a', 0xfb]),
            Some(vec![Some("a".to_owned()), None])
        );
        assert_eq!(text_row(&[5, b'a']), None);
        assert_eq!(row(&[0, 1, 0, 0, 0, 9, b'a']), None);
        assert_eq!(row(&[0, 1, 255, 255, 255, 255]), Some(vec![None]));
    }
}
