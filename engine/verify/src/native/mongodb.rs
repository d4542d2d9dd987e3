//! MongoDB: SASL with SCRAM-SHA-256, and with SCRAM-SHA-1 for users that have no other.
//!
//! OP_MSG with BSON, <https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/>. Code 18 is AuthenticationFailed.

use leakward_core::Verdict;
use md5::{Digest as _, Md5};

use super::bson::{Bson, Document};
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
    name: "mongodb",
    about: "logs in to a MongoDB server and leaves",
    prepare,
    details: None,
    control: None,
};

fn prepare(case: &Case<'_>) -> Result<Exchange, NotAsked> {
    let uri = case.login_uri()?;
    if uri.scheme == "mongodb+srv" {
        let reason = "mongodb+srv names servers by SRV records, which this version does not look up; name one with --endpoint";
        return Err(NotAsked::Unusable(reason.to_owned()));
    }
    let is_secure = ["tls", "ssl"]
        .iter()
        .any(|name| uri.parameter(name) == Some("true"));
    Ok(Exchange::Login(Box::new(LoginPlan {
        port: uri.port.unwrap_or(27017),
        tls: if is_secure { Tls::AtOnce } else { Tls::Later },
        uri,
        step: "MongoDB saslStart",
        login,
        inspect: None,
    })))
}

/// The database that knows the user.
pub(crate) fn source(uri: &Uri) -> &str {
    uri.parameter("authSource")
        .or(Some(uri.path.as_str()).filter(|path| !path.is_empty()))
        .unwrap_or("admin")
}

fn login(login: &mut Login<'_>, uri: &Uri) -> Result<(Judgement, Facts), NetworkError> {
    let database = source(uri);
    let facts = Facts {
        identity: vec![
            ("user".to_owned(), uri.user.clone()),
            ("database".to_owned(), database.to_owned()),
        ],
        ..Facts::default()
    };
    Ok((judged(&log_in(login, uri)?), facts))
}

/// Logs in, with SHA-256 or, for users that have no other, with SHA-1.
pub(crate) fn log_in(login: &mut Login<'_>, uri: &Uri) -> Result<Outcome, NetworkError> {
    let database = source(uri);
    /// MechanismUnavailable: the user has no credentials of that kind.
    const NO_SUCH_KIND: i32 = 334;
    match attempt(login, uri, database, Hash::Sha256)? {
        // The user may have the older credentials only.
        Outcome::Code(first) => match attempt(login, uri, database, Hash::Sha1)? {
            Outcome::Code(NO_SUCH_KIND) => Ok(Outcome::Code(first)),
            second => Ok(second),
        },
        Outcome::Accepted => Ok(Outcome::Accepted),
    }
}

/// What became of a login.
pub(crate) enum Outcome {
    /// It was accepted.
    Accepted,
    /// It was refused; 18 is AuthenticationFailed.
    Code(i32),
}

fn judged(outcome: &Outcome) -> Judgement {
    match outcome {
        Outcome::Accepted => Judgement {
            verdict: Verdict::Live,
            summary: "the login was accepted".to_owned(),
        },
        Outcome::Code(18) => Judgement {
            verdict: Verdict::Dead,
            summary: "the login was refused (18, AuthenticationFailed)".to_owned(),
        },
        Outcome::Code(code) => {
            Judgement::unknown(format!("the server refused for another reason ({code})"))
        }
    }
}

fn attempt(
    login: &mut Login<'_>,
    uri: &Uri,
    database: &str,
    hash: Hash,
) -> Result<Outcome, NetworkError> {
    let (mechanism, password) = match hash {
        Hash::Sha256 => ("SCRAM-SHA-256", uri.password.to_string()),
        Hash::Sha1 => ("SCRAM-SHA-1", digested(&uri.user, &uri.password)),
    };
    let password = zeroize::Zeroizing::new(password);
    let mut scram = Scram::new(hash, &uri.user, &password).ok_or_else(|| login.protocol())?;
    let bytes = |text: &str| Bson::Binary(text.as_bytes().to_vec());
    let start = Document::default()
        .int("saslStart", 1)
        .text("mechanism", mechanism)
        .with("payload", bytes(&scram.first()))
        .text("$db", database);
    let reply = call(login, &start)?;
    if let Some(code) = failure(&reply) {
        return Ok(Outcome::Code(code));
    }
    let second = payload(&reply)
        .and_then(|payload| scram.second(&payload))
        .ok_or_else(|| login.protocol())?;
    let next = Document::default()
        .int("saslContinue", 1)
        .int(
            "conversationId",
            reply.number("conversationId").unwrap_or(1),
        )
        .with("payload", bytes(&second))
        .text("$db", database);
    let reply = call(login, &next)?;
    if let Some(code) = failure(&reply) {
        return Ok(Outcome::Code(code));
    }
    let is_proven = payload(&reply).is_some_and(|payload| scram.is_proven(&payload));
    if is_proven {
        Ok(Outcome::Accepted)
    } else {
        Err(login.protocol())
    }
}

/// SCRAM-SHA-1 takes MongoDB's older hash in the password's place.
fn digested(user: &str, password: &str) -> String {
    let digest = Md5::new()
        .chain_update(format!("{user}:mongo:"))
        .chain_update(password)
        .finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Sends a command, and reads what is answered.
pub(crate) fn call(login: &mut Login<'_>, document: &Document) -> Result<Document, NetworkError> {
    const OP_MSG: u32 = 2013;
    let document = zeroize::Zeroizing::new(document.to_bytes());
    let length = u32::try_from(16 + 5 + document.len()).unwrap_or_default();
    let mut message = zeroize::Zeroizing::new(length.to_le_bytes().to_vec());
    for word in [1, 0, OP_MSG, 0] {
        message.extend_from_slice(&u32::to_le_bytes(word));
    }
    message.push(0);
    message.extend_from_slice(&document);
    login.send(&message)?;
    let head = login.receive(16)?;
    let total = Reader(&head)
        .little_u32()
        .and_then(|length| usize::try_from(length).ok());
    let rest = total
        .and_then(|total| total.checked_sub(16))
        .ok_or_else(|| login.protocol())?;
    let body = login.receive(rest)?;
    // Behind the flags and the kind of section.
    body.get(5..)
        .and_then(Document::read)
        .ok_or_else(|| login.protocol())
}

/// The error's code, when it is an error.
pub(crate) fn failure(reply: &Document) -> Option<i32> {
    (reply.number("ok") != Some(1)).then(|| reply.number("code").unwrap_or(-1))
}

fn payload(reply: &Document) -> Option<String> {
    match reply.get("payload")? {
        Bson::Binary(bytes) => String::from_utf8(bytes.clone()).ok(),
        _ => None,
    }
}
