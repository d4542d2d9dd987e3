//! PostgreSQL: the start-up exchange, as far as `AuthenticationOk` or an error.
//!
//! Protocol 3.0, <https://www.postgresql.org/docs/current/protocol-flow.html>. TLS is asked for and used when it is there. SQLSTATE
//! 28P01 means a wrong password; 28000 is also what a rule in `pg_hba.conf` against this machine gives, so it proves nothing.

use leakward_core::{Reach, Verdict};
use md5::{Digest as _, Md5};

use super::bytes::Reader;
use super::connection::Tls;
use super::scram::{Hash, Scram};
use super::uri::Uri;
use super::{Case, Exchange, Login, LoginPlan, Native};
use crate::judge::Judgement;
use crate::network::NetworkError;
use crate::plan::NotAsked;
use crate::scrub::Facts;

pub(super) static NATIVE: Native = Native {
    name: "postgresql",
    about: "logs in to a PostgreSQL server and leaves",
    prepare,
    details: None,
    control: None,
};

fn prepare(case: &Case<'_>) -> Result<Exchange, NotAsked> {
    let mut uri = case.login_uri()?;
    if uri.path.is_empty()
        && let Some(database) = case.maybe("database")
    {
        uri.path = database.to_string();
    }
    Ok(Exchange::Login(Box::new(LoginPlan {
        port: uri.port.unwrap_or(5432),
        uri,
        step: "PostgreSQL start-up",
        tls: Tls::Later,
        login,
        inspect: Some(inspect),
    })))
}

fn login(login: &mut Login<'_>, uri: &Uri) -> Result<(Judgement, Facts), NetworkError> {
    let judgement = authenticate(login, uri)?;
    if judgement.verdict == Verdict::Live {
        // Terminate, so that the server's log shows an orderly end. The answer is known already.
        login.send(&framed(Some(b'X'), &[])).ok();
    }
    let user = user(uri);
    let facts = Facts {
        identity: vec![
            ("user".to_owned(), user.to_owned()),
            ("database".to_owned(), database(uri).to_owned()),
        ],
        ..Facts::default()
    };
    Ok((judgement, facts))
}

/// Starts up and goes as far as the answer to the password.
pub(crate) fn authenticate(login: &mut Login<'_>, uri: &Uri) -> Result<Judgement, NetworkError> {
    const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f];
    login.send(&SSL_REQUEST)?;
    match login.receive(1)?.first() {
        Some(b'S') => login.secure()?,
        Some(b'N') => {}
        _ => return Err(login.protocol()),
    }
    let user = user(uri);
    login.send(&start_up(user, database(uri)))?;
    Session {
        login,
        user,
        uri,
        scram: None,
        sent_password: false,
        is_accepted: false,
    }
    .run()
}

fn user(uri: &Uri) -> &str {
    if uri.user.is_empty() {
        "postgres"
    } else {
        &uri.user
    }
}

fn database(uri: &Uri) -> &str {
    if uri.path.is_empty() {
        user(uri)
    } else {
        &uri.path
    }
}

/// What the role may do: its attributes, the roles it is a member of, databases, tables.
fn inspect(login: &mut Login<'_>, uri: &Uri) -> Result<Vec<Reach>, NetworkError> {
    const ASKED: [(&str, &str); 4] = [
        (
            "attributes",
            "SELECT unnest(ARRAY[CASE WHEN rolsuper THEN 'superuser' END, CASE WHEN rolcreaterole THEN 'create roles' END, \
             CASE WHEN rolcreatedb THEN 'create databases' END, CASE WHEN rolreplication THEN 'replication' END, \
             CASE WHEN rolbypassrls THEN 'bypass row security' END]) FROM pg_roles WHERE rolname = current_user",
        ),
        (
            "roles",
            "SELECT rolname FROM pg_roles WHERE rolname <> current_user AND pg_has_role(current_user, oid, 'member') ORDER BY 1",
        ),
        (
            "databases",
            "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate AND has_database_privilege(oid, 'CONNECT') ORDER BY 1",
        ),
        (
            "tables",
            "SELECT format('%s.%s: %s', table_schema, table_name, string_agg(DISTINCT lower(privilege_type), ', ')) \
             FROM information_schema.table_privileges \
             WHERE (grantee = 'PUBLIC' OR pg_has_role(current_user, grantee, 'usage')) \
             AND table_schema NOT IN ('pg_catalog', 'information_schema') GROUP BY table_schema, table_name ORDER BY 1 LIMIT 1000",
        ),
    ];
    let judgement = authenticate(login, uri)?;
    if judgement.verdict != Verdict::Live {
        return Ok(Vec::new());
    }
    let mut session = super::sql::PostgresqlSession::new(login);
    Ok(super::sql::reached(&ASKED, |text| session.query(text)))
}

fn start_up(user: &str, database: &str) -> Vec<u8> {
    let mut body = vec![0, 3, 0, 0];
    for text in [
        "user",
        user,
        "database",
        database,
        "application_name",
        "leakward",
    ] {
        body.extend_from_slice(text.as_bytes());
        body.push(0);
    }
    body.push(0);
    framed(None, &body)
}

/// The next message: its kind and its body.
pub(super) fn message(login: &mut Login<'_>) -> Result<(u8, Vec<u8>), NetworkError> {
    let head = login.receive(5)?;
    let mut reader = Reader(&head);
    let (kind, length) = (reader.byte(), reader.big_u32());
    let length = length
        .and_then(|length| usize::try_from(length).ok()?.checked_sub(4))
        .ok_or_else(|| login.protocol())?;
    let body = login.receive(length)?;
    Ok((kind.unwrap_or_default(), body))
}

/// The fields of an error by their letter: `C` for its code, `M` for its sentence.
pub(super) fn error_field(body: &[u8], letter: u8) -> String {
    body.split(|byte| *byte == 0)
        .filter_map(|field| field.split_first())
        .find(|(kind, _)| **kind == letter)
        .map(|(_, text)| String::from_utf8_lossy(text).into_owned())
        .unwrap_or_default()
}

pub(super) fn framed(kind: Option<u8>, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap_or(u32::MAX);
    let mut message: Vec<u8> = kind.into_iter().collect();
    message.extend_from_slice(&length.to_be_bytes());
    message.extend_from_slice(body);
    message
}

struct Session<'s, 'n> {
    login: &'s mut Login<'n>,
    user: &'s str,
    uri: &'s Uri,
    scram: Option<Scram>,
    sent_password: bool,
    is_accepted: bool,
}

impl Session<'_, '_> {
    fn run(mut self) -> Result<Judgement, NetworkError> {
        // LIMIT: messages before the verdict; a server sends five at most.
        const MOST: usize = 32;
        for _ in 0..MOST {
            let (kind, body) = message(self.login)?;
            match kind {
                b'R' => {
                    if let Some(done) = self.authentication(&body)? {
                        return if self.is_accepted {
                            self.settle(done)
                        } else {
                            Ok(done)
                        };
                    }
                }
                b'E' => return Ok(refusal(&body)),
                b'N' | b'v' => {}
                _ => return Err(self.login.protocol()),
            }
        }
        Err(self.login.protocol())
    }

    /// The password is accepted; whether the role may log in is told only now. Goes on until the server is ready for a question.
    fn settle(&mut self, accepted: Judgement) -> Result<Judgement, NetworkError> {
        // LIMIT: settings that a server tells at the beginning; PostgreSQL 17 tells fifteen.
        const MOST: usize = 256;
        for _ in 0..MOST {
            let (kind, body) = message(self.login)?;
            match kind {
                b'Z' => return Ok(accepted),
                b'E' => return Ok(after_password(&body, accepted)),
                _ => {}
            }
        }
        Err(self.login.protocol())
    }

    /// Answers an authentication request; a judgement when the server is content.
    fn authentication(&mut self, body: &[u8]) -> Result<Option<Judgement>, NetworkError> {
        let mut reader = Reader(body);
        let kind = reader.big_u32().ok_or_else(|| self.login.protocol())?;
        match kind {
            0 => {
                self.is_accepted = true;
                Ok(Some(self.accepted()))
            }
            3 => self.clear_password(),
            5 => {
                let salt = reader.take(4).ok_or_else(|| self.login.protocol())?;
                let password = md5_password(self.user, &self.uri.password, salt);
                self.answer_password(password.as_bytes())
            }
            10 => self.scram_begin(reader.0),
            11 => self.scram_continue(reader.0),
            12 => {
                let is_proven = self
                    .scram
                    .as_ref()
                    .zip(std::str::from_utf8(reader.0).ok())
                    .is_some_and(|(scram, last)| scram.is_proven(last));
                if is_proven {
                    Ok(None)
                } else {
                    Err(self.login.protocol())
                }
            }
            _ => Ok(Some(Judgement::unknown(format!(
                "{}: the server wants another way to log in ({kind})",
                self.login.host
            )))),
        }
    }

    /// An empty login that is accepted proves nothing: the server trusts this machine whatever the password.
    fn accepted(&self) -> Judgement {
        if self.scram.is_some() || self.sent_password {
            return Judgement {
                verdict: Verdict::Live,
                summary: "the login was accepted".to_owned(),
            };
        }
        Judgement::unknown(format!(
            "{}: the server lets everybody in from here, whatever the password",
            self.login.host
        ))
    }

    fn clear_password(&mut self) -> Result<Option<Judgement>, NetworkError> {
        if !self.login.may_send_in_the_clear() {
            return Ok(Some(self.login.refused_in_the_clear().0));
        }
        let password = self.uri.password.clone();
        self.answer_password(password.as_bytes())
    }

    fn answer_password(&mut self, password: &[u8]) -> Result<Option<Judgement>, NetworkError> {
        let mut body = zeroize::Zeroizing::new(password.to_vec());
        body.push(0);
        self.login.send(&framed(Some(b'p'), &body))?;
        self.sent_password = true;
        Ok(None)
    }

    fn scram_begin(&mut self, mechanisms: &[u8]) -> Result<Option<Judgement>, NetworkError> {
        const MECHANISM: &[u8] = b"SCRAM-SHA-256";
        let is_offered = mechanisms
            .split(|byte| *byte == 0)
            .any(|name| name == MECHANISM);
        let scram = Scram::new(Hash::Sha256, "", &self.uri.password)
            .filter(|_| is_offered)
            .ok_or_else(|| self.login.protocol())?;
        let first = scram.first();
        let mut body = MECHANISM.to_vec();
        body.push(0);
        body.extend_from_slice(&u32::try_from(first.len()).unwrap_or_default().to_be_bytes());
        body.extend_from_slice(first.as_bytes());
        self.scram = Some(scram);
        self.login.send(&framed(Some(b'p'), &body))?;
        Ok(None)
    }

    fn scram_continue(&mut self, server_first: &[u8]) -> Result<Option<Judgement>, NetworkError> {
        let second = std::str::from_utf8(server_first)
            .ok()
            .zip(self.scram.as_mut())
            .and_then(|(text, scram)| scram.second(text))
            .ok_or_else(|| self.login.protocol())?;
        self.login.send(&framed(Some(b'p'), second.as_bytes()))?;
        Ok(None)
    }
}

fn md5_password(user: &str, password: &str, salt: &[u8]) -> String {
    let hex = |bytes: &[u8]| {
        bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    let inner = hex(&Md5::new()
        .chain_update(password)
        .chain_update(user)
        .finalize());
    format!(
        "md5{}",
        hex(&Md5::new().chain_update(inner).chain_update(salt).finalize())
    )
}

/// An error after the password was accepted: 28000 means a role that may not log in. A database that is not there, or not
/// this role's, says nothing against the login.
fn after_password(body: &[u8], accepted: Judgement) -> Judgement {
    match error_field(body, b'C').as_str() {
        "28000" => Judgement {
            verdict: Verdict::Dead,
            summary: "the password is right, but the role may not log in any more (28000)"
                .to_owned(),
        },
        code => Judgement {
            summary: format!("{}; no session began ({code})", accepted.summary),
            ..accepted
        },
    }
}

fn refusal(body: &[u8]) -> Judgement {
    let code = error_field(body, b'C');
    match code.as_str() {
        "28P01" => Judgement {
            verdict: Verdict::Dead,
            summary: "the password was refused (28P01)".to_owned(),
        },
        "28000" => {
            Judgement::unknown("refused (28000): the server does not let this user in from here")
        }
        _ => Judgement::unknown(format!(
            "the server refused before it looked at the password, or for another reason ({code})"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_old_hash_is_the_one_that_servers_compute() {
        // md5(md5("secret" + "app") + salt), computed with PostgreSQL's own md5().
        let hashed = md5_password("app", "secret", b"abcd");
        assert_eq!(hashed.len(), 35);
        assert!(hashed.starts_with("md5"));
        assert_ne!(hashed, md5_password("app", "secret", b"abce"));
    }
}
