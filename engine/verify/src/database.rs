//! Sessions with databases, for whoever acts on their users: log in with a connection URI and ask, statement by statement.

use std::time::Instant;

use leakward_core::{Secret, Verdict};
use zeroize::Zeroizing;

use crate::fill::value;
use crate::native::Login;
pub use crate::native::bson::{Bson, Document};
use crate::native::connection::Tls;
pub use crate::native::sql::{Escapes, Rows, SqlError, quoted, quoted_name};
use crate::native::sql::{MysqlSession, PostgresqlSession};
use crate::native::uri::Uri;
use crate::native::{mongodb, mysql, postgresql, redis};
use crate::network::{Network, NetworkError};
use crate::settings::Limits;
use crate::subject::Subject;

/// A connection URI. No `Debug`: it holds a password.
#[derive(Clone)]
pub struct ConnectionUri(Uri);

impl ConnectionUri {
    /// Reads `scheme://user:password@host:port/path?name=value`.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "the identity is taken apart to log in with it"
    )]
    pub fn parse(text: &Secret) -> Option<Self> {
        Uri::parse(std::str::from_utf8(text.expose()).ok()?).map(Self)
    }

    /// The one that a credential is the password of: given as `uri`, or around it in the text, with its user and password.
    #[must_use]
    pub fn of(subject: &Subject) -> Option<Self> {
        let secret = value("secret", subject)?;
        if let Some(given) = value("uri", subject) {
            return Uri::parse(&given).map(|uri| Self(uri.with_password(&secret)));
        }
        let (before, after) = (value("before", subject), value("after", subject));
        let around = before
            .zip(after)
            .and_then(|(before, after)| Uri::around(&before, &secret, &after));
        around.or_else(|| Uri::parse(&secret)).map(Self)
    }

    /// The same server and database with another user and password.
    #[must_use]
    pub fn with_login(&self, user: &str, password: &str) -> Self {
        Self(
            self.0
                .clone()
                .with_user(Some(user))
                .with_plain_password(password),
        )
    }

    /// The database that knows a MongoDB user.
    #[must_use]
    pub fn auth_source(&self) -> &str {
        mongodb::source(&self.0)
    }

    /// The same login at another server.
    #[must_use]
    pub fn at(&self, host: &str, port: Option<u16>) -> Self {
        let mut uri = self.0.clone();
        host.clone_into(&mut uri.host);
        uri.port = port;
        Self(uri)
    }

    /// Scheme.
    #[must_use]
    pub fn scheme(&self) -> &str {
        &self.0.scheme
    }

    /// User, empty where there is none.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.0.user
    }

    /// Password, decoded.
    #[must_use]
    pub fn password(&self) -> &str {
        &self.0.password
    }

    /// Host.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.0.host
    }

    /// Port, where one is written.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.0.port
    }

    /// What follows the host, without the slash: the database.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// The whole, for an application to read.
    #[must_use]
    pub fn text(&self) -> Secret {
        Secret::new(self.0.text().as_bytes())
    }
}

/// Why there is no session.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// The server refuses the login.
    #[error("{host} refuses the login of {user}: {why}")]
    LoggedOut {
        /// The server.
        host: String,
        /// The user.
        user: String,
        /// What it said.
        why: String,
    },
    /// The way there failed; nothing was asked.
    #[error(transparent)]
    Network(#[from] NetworkError),
}

/// Which SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// PostgreSQL.
    Postgresql,
    /// MySQL and MariaDB.
    Mysql,
}

/// A session that takes SQL.
pub struct SqlSession<'n> {
    login: Login<'n>,
    dialect: Dialect,
}

impl<'n> SqlSession<'n> {
    /// Logs in.
    ///
    /// # Errors
    /// No connection, or no login.
    pub fn open(
        network: &'n Network,
        limits: &Limits,
        dialect: Dialect,
        uri: &ConnectionUri,
    ) -> Result<Self, SessionError> {
        let uri = &uri.0;
        let default = match dialect {
            Dialect::Postgresql => 5432,
            Dialect::Mysql => 3306,
        };
        let deadline = Instant::now() + limits.call;
        let port = uri.port.unwrap_or(default);
        let mut login = Login::open(network, &uri.host, port, Tls::Later, deadline)?;
        let judgement = match dialect {
            Dialect::Postgresql => postgresql::authenticate(&mut login, uri)?,
            Dialect::Mysql => mysql::authenticate(&mut login, uri)?.0,
        };
        // A server that lets everybody in lets us in too.
        let is_in =
            judgement.verdict == Verdict::Live || judgement.summary.contains("lets everybody in");
        if !is_in {
            return Err(SessionError::LoggedOut {
                host: uri.host.clone(),
                user: uri.user.clone(),
                why: judgement.summary,
            });
        }
        Ok(Self { login, dialect })
    }

    /// Asks one statement.
    ///
    /// # Errors
    /// [`SqlError::Refused`] when the server refused it, so that nothing was changed; else it may have been carried out.
    pub fn query(&mut self, text: &str) -> Result<Rows, SqlError> {
        match self.dialect {
            Dialect::Mysql => MysqlSession::new(&mut self.login).query(text),
            Dialect::Postgresql => PostgresqlSession::new(&mut self.login).query(text),
        }
    }
}

/// A session with Redis.
pub struct RedisSession<'n> {
    login: Login<'n>,
}

/// What Redis answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// A word or a text; none for nothing.
    Text(Option<String>),
    /// A number.
    Number(i64),
    /// A list.
    List(Vec<Reply>),
    /// It refuses: its own words.
    Refused(String),
}

impl<'n> RedisSession<'n> {
    /// Logs in.
    ///
    /// # Errors
    /// No connection, or no login.
    pub fn open(
        network: &'n Network,
        limits: &Limits,
        uri: &ConnectionUri,
    ) -> Result<Self, SessionError> {
        let uri = &uri.0;
        let deadline = Instant::now() + limits.call;
        let tls = if uri.scheme == "rediss" {
            Tls::AtOnce
        } else {
            Tls::Later
        };
        let port = uri.port.unwrap_or(6379);
        let mut session = Self {
            login: Login::open(network, &uri.host, port, tls, deadline)?,
        };
        let refused = |why: String| SessionError::LoggedOut {
            host: uri.host.clone(),
            user: uri.user.clone(),
            why,
        };
        if !session.login.may_send_in_the_clear() {
            return Err(refused(
                "the server offers no TLS, and the password would be sent in the clear; --allow-private allows that"
                    .to_owned(),
            ));
        }
        let mut words = vec!["AUTH"];
        if !uri.user.is_empty() {
            words.push(&uri.user);
        }
        words.push(&uri.password);
        match session.ask(&words)? {
            Reply::Refused(why) => Err(refused(why)),
            _ => Ok(session),
        }
    }

    /// Asks one command.
    ///
    /// # Errors
    /// The way broke; it may have been carried out or not.
    pub fn ask(&mut self, words: &[&str]) -> Result<Reply, NetworkError> {
        self.login.send(&redis::command(words))?;
        redis::reply(&mut self.login, 0)
    }
}

/// A session with MongoDB.
pub struct MongoSession<'n> {
    login: Login<'n>,
}

/// What went wrong with a command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MongoError {
    /// The server refused it, and has changed nothing. Its words can repeat what was sent and are not kept.
    #[error("the server refused it (code {0})")]
    Refused(i32),
    /// The way broke; it may have been carried out or not.
    #[error(transparent)]
    Network(#[from] NetworkError),
}

impl<'n> MongoSession<'n> {
    /// Logs in.
    ///
    /// # Errors
    /// No connection, or no login.
    pub fn open(
        network: &'n Network,
        limits: &Limits,
        uri: &ConnectionUri,
    ) -> Result<Self, SessionError> {
        let uri = &uri.0;
        let refused = |why: String| SessionError::LoggedOut {
            host: uri.host.clone(),
            user: uri.user.clone(),
            why,
        };
        if uri.scheme == "mongodb+srv" {
            return Err(refused(
                "mongodb+srv names servers by SRV records, which are not looked up; name one server".to_owned(),
            ));
        }
        let deadline = Instant::now() + limits.call;
        let is_secure = ["tls", "ssl"]
            .iter()
            .any(|name| uri.parameter(name) == Some("true"));
        let tls = if is_secure { Tls::AtOnce } else { Tls::Later };
        let port = uri.port.unwrap_or(27017);
        let mut session = Self {
            login: Login::open(network, &uri.host, port, tls, deadline)?,
        };
        match mongodb::log_in(&mut session.login, uri)? {
            mongodb::Outcome::Accepted => Ok(session),
            mongodb::Outcome::Code(code) => Err(refused(format!("code {code}"))),
        }
    }

    /// Asks one command.
    ///
    /// # Errors
    /// It was refused, or the way broke.
    pub fn ask(&mut self, command: &Document) -> Result<Document, MongoError> {
        let reply = mongodb::call(&mut self.login, command)?;
        match mongodb::failure(&reply) {
            Some(code) => Err(MongoError::Refused(code)),
            None => Ok(reply),
        }
    }
}

/// A password that nobody guesses: 32 characters that need no escaping anywhere.
#[must_use]
pub fn new_password() -> Option<Zeroizing<String>> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut bytes = Zeroizing::new([0u8; 32]);
    aws_lc_rs::rand::fill(&mut bytes[..]).ok()?;
    let text: String = bytes
        .iter()
        .filter_map(|byte| ALPHABET.get(usize::from(byte & 63)))
        .map(|byte| char::from(*byte))
        .collect();
    Some(Zeroizing::new(text))
}
