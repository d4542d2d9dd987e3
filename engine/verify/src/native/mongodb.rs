//! MongoDB: SASL with SCRAM-SHA-256, and with SCRAM-SHA-1 for users that have no other.
//!
//! OP_MSG with BSON, <https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/>. Code 18 is AuthenticationFailed.

use leakward_core::Verdict;
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
    name: "mongodb",
    about: "logs in to a MongoDB server and leaves",
    prepare,
    details: None,
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

fn login(login: &mut Login<'_>, uri: &Uri) -> Result<(Judgement, Facts), NetworkError> {
    let database = uri
        .parameter("authSource")
        .or(Some(uri.path.as_str()).filter(|path| !path.is_empty()))
        .unwrap_or("admin");
    let facts = Facts {
        identity: vec![
            ("user".to_owned(), uri.user.clone()),
            ("database".to_owned(), database.to_owned()),
        ],
        ..Facts::default()
    };
    let first = attempt(login, uri, database, Hash::Sha256)?;
    let outcome = match first {
        // The user may have the older credentials only.
        Outcome::Code(_) => attempt(login, uri, database, Hash::Sha1)?,
        done => done,
    };
    Ok((judged(&outcome), facts))
}

enum Outcome {
    Accepted,
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
    let start = Document::default()
        .int("saslStart", 1)
        .text("mechanism", mechanism)
        .binary("payload", scram.first().as_bytes())
        .text("$db", database);
    let reply = call(login, start)?;
    if let Some(code) = reply.failure() {
        return Ok(Outcome::Code(code));
    }
    let second = reply
        .payload()
        .and_then(|payload| scram.second(&payload))
        .ok_or_else(|| login.protocol())?;
    let next = Document::default()
        .int("saslContinue", 1)
        .int("conversationId", reply.conversation().unwrap_or(1))
        .binary("payload", second.as_bytes())
        .text("$db", database);
    let reply = call(login, next)?;
    if let Some(code) = reply.failure() {
        return Ok(Outcome::Code(code));
    }
    let is_proven = reply
        .payload()
        .is_some_and(|payload| scram.is_proven(&payload));
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

/// A BSON document in the making.
#[derive(Default)]
struct Document(Vec<u8>);

impl Document {
    fn element(mut self, kind: u8, name: &str, value: &[u8]) -> Self {
        self.0.push(kind);
        self.0.extend_from_slice(name.as_bytes());
        self.0.push(0);
        self.0.extend_from_slice(value);
        self
    }

    fn int(self, name: &str, value: i32) -> Self {
        self.element(0x10, name, &value.to_le_bytes())
    }

    fn text(self, name: &str, value: &str) -> Self {
        let mut bytes = length(value.len() + 1);
        bytes.extend_from_slice(value.as_bytes());
        bytes.push(0);
        self.element(0x02, name, &bytes)
    }

    fn binary(self, name: &str, value: &[u8]) -> Self {
        let mut bytes = length(value.len());
        bytes.push(0);
        bytes.extend_from_slice(value);
        self.element(0x05, name, &bytes)
    }

    fn finish(self) -> Vec<u8> {
        let mut bytes = length(self.0.len() + 5);
        bytes.extend_from_slice(&self.0);
        bytes.push(0);
        bytes
    }
}

fn length(length: usize) -> Vec<u8> {
    u32::try_from(length)
        .unwrap_or_default()
        .to_le_bytes()
        .to_vec()
}

fn call(login: &mut Login<'_>, document: Document) -> Result<Reply, NetworkError> {
    const OP_MSG: u32 = 2013;
    let document = document.finish();
    let mut message = length(16 + 5 + document.len());
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
    let document = body.get(9..).ok_or_else(|| login.protocol())?;
    Ok(Reply(document.to_vec()))
}

/// The elements of a reply's document, behind its length.
struct Reply(Vec<u8>);

impl Reply {
    /// The value of a first-level element, and its kind.
    fn element(&self, wanted: &str) -> Option<(u8, &[u8])> {
        let mut reader = Reader(&self.0);
        loop {
            let kind = reader.byte().filter(|kind| *kind != 0)?;
            let name = reader.c_text()?;
            let size = match kind {
                0x01 | 0x09 | 0x11 | 0x12 => 8,
                0x08 => 1,
                0x0a => 0,
                0x10 => 4,
                0x07 => 12,
                0x02..=0x05 => {
                    let length = usize::try_from(Reader(reader.0).little_u32()?).ok()?;
                    match kind {
                        0x02 => length.checked_add(4)?,
                        0x05 => length.checked_add(5)?,
                        _ => length,
                    }
                }
                _ => return None,
            };
            let value = reader.take(size)?;
            if name == wanted.as_bytes() {
                return Some((kind, value));
            }
        }
    }

    fn number(&self, name: &str) -> Option<i32> {
        let (kind, value) = self.element(name)?;
        match kind {
            0x10 => Some(i32::from_le_bytes(value.try_into().ok()?)),
            #[expect(
                clippy::cast_possible_truncation,
                reason = "small whole numbers, written as doubles"
            )]
            0x01 => Some(f64::from_le_bytes(value.try_into().ok()?) as i32),
            _ => None,
        }
    }

    /// The error's code, when it is an error.
    fn failure(&self) -> Option<i32> {
        (self.number("ok") != Some(1)).then(|| self.number("code").unwrap_or(-1))
    }

    fn conversation(&self) -> Option<i32> {
        self.number("conversationId")
    }

    fn payload(&self) -> Option<String> {
        let (kind, value) = self.element("payload")?;
        let bytes = value.get(5..).filter(|_| kind == 0x05)?;
        String::from_utf8(bytes.to_vec()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read_as_it_was_written() {
        let document = Document::default()
            .text("$db", "admin")
            .binary("payload", b"r=1")
            .int("code", 18)
            .element(0x01, "ok", &0f64.to_le_bytes())
            .finish();
        let reply = Reply(document.get(4..).map(<[u8]>::to_vec).unwrap_or_default());
        assert_eq!(reply.payload().as_deref(), Some("r=1"));
        assert_eq!(reply.failure(), Some(18));
        assert_eq!(Reply(vec![0x02, b'a']).failure(), Some(-1));
    }
}
