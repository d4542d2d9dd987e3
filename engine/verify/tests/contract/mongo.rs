//! MongoDB's login against a server of ours that speaks OP_MSG and the server's side of SCRAM, which is computed here once more and from
//! the RFCs. (No MongoDB can be installed where the tests run.)

use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::num::NonZeroU32;

use aws_lc_rs::{digest, hmac, pbkdf2};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use leakward_core::Secret;
use leakward_verify::{Endpoint, Settings, Value, ValueSource};
use md5::{Digest as _, Md5};

use crate::logins::local;
use crate::setup::{plain, quick, rule};

const RULE: &str = "mongodb-connection-uri";
const ROUNDS: u32 = 4_096;
const SALT: &[u8] = b"sixteen bytes it";

fn right() -> String {
    ["correct", "horse", "7"].join("-")
}

/// What the server is like.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// Its users have credentials of both kinds.
    Usual,
    /// Its users have only the older credentials.
    OlderCredentials,
    /// It is not ready for logins, and says so with this code.
    NotReady(i32),
    /// It lets everybody in and knows no password.
    Pretending,
}

/// An element of a document.
#[derive(Clone, Debug)]
enum Element {
    Int(i32),
    Double(f64),
    Text(String),
    Binary(Vec<u8>),
}

type Document = Vec<(String, Element)>;

fn field<'d>(document: &'d Document, name: &str) -> Option<&'d Element> {
    document
        .iter()
        .find(|(found, _)| found == name)
        .map(|(_, element)| element)
}

fn bytes_at(document: &Document, name: &str) -> Vec<u8> {
    match field(document, name) {
        Some(Element::Binary(bytes)) => bytes.clone(),
        other => panic!("{name}: {other:?}"),
    }
}

/// BSON, as far as drivers use it in a login.
fn parse(mut rest: &[u8]) -> Document {
    let mut document = Vec::new();
    let take = |rest: &mut &[u8], count: usize| {
        let (taken, left) = rest.split_at(count);
        *rest = left;
        taken.to_vec()
    };
    let int = |bytes: &[u8]| i32::from_le_bytes(bytes.try_into().expect("four bytes"));
    take(&mut rest, 4);
    while rest[0] != 0 {
        let kind = take(&mut rest, 1)[0];
        let end = rest.iter().position(|byte| *byte == 0).expect("a name");
        let name = String::from_utf8(take(&mut rest, end)).expect("a name");
        take(&mut rest, 1);
        let element = match kind {
            0x10 => Element::Int(int(&take(&mut rest, 4))),
            0x02 => {
                let length = int(&take(&mut rest, 4));
                let mut text = take(&mut rest, usize::try_from(length).expect("a length"));
                text.pop();
                Element::Text(String::from_utf8(text).expect("text"))
            }
            0x05 => {
                let length = int(&take(&mut rest, 4));
                take(&mut rest, 1);
                Element::Binary(take(&mut rest, usize::try_from(length).expect("a length")))
            }
            kind => panic!("an element of kind {kind}"),
        };
        document.push((name, element));
    }
    document
}

fn written(document: &Document) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, element) in document {
        let length = |length: usize| u32::try_from(length).expect("short").to_le_bytes();
        let (kind, value) = match element {
            Element::Int(number) => (0x10, number.to_le_bytes().to_vec()),
            Element::Double(number) => (0x01, number.to_le_bytes().to_vec()),
            Element::Text(text) => (
                0x02,
                [&length(text.len() + 1)[..], text.as_bytes(), &[0]].concat(),
            ),
            Element::Binary(bytes) => (0x05, [&length(bytes.len())[..], &[0], bytes].concat()),
        };
        body.push(kind);
        body.extend_from_slice(name.as_bytes());
        body.push(0);
        body.extend(value);
    }
    let total = u32::try_from(body.len() + 5).expect("short").to_le_bytes();
    [&total[..], &body, &[0]].concat()
}

fn receive(stream: &mut TcpStream) -> io::Result<Document> {
    let mut head = [0; 16];
    stream.read_exact(&mut head)?;
    let total = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
    assert_eq!(&head[12..], &2013_u32.to_le_bytes(), "OP_MSG");
    let mut body = vec![0; total - 16];
    stream.read_exact(&mut body)?;
    assert_eq!(body[4], 0, "a section of one document");
    Ok(parse(&body[5..]))
}

fn send(stream: &mut TcpStream, document: &Document) -> io::Result<()> {
    let document = written(document);
    let total = u32::try_from(16 + 5 + document.len()).expect("short");
    let mut message = Vec::new();
    for word in [total, 2, 1, 2013, 0] {
        message.extend(word.to_le_bytes());
    }
    message.push(0);
    message.extend(document);
    stream.write_all(&message)
}

fn element(name: &str, element: Element) -> (String, Element) {
    (name.to_owned(), element)
}

fn refusal(code: i32) -> Document {
    vec![
        element("ok", Element::Double(0.0)),
        element("errmsg", Element::Text("Authentication failed.".to_owned())),
        element("code", Element::Int(code)),
    ]
}

fn step(payload: &str) -> Document {
    vec![
        element("conversationId", Element::Int(1)),
        element("payload", Element::Binary(payload.as_bytes().to_vec())),
        element("ok", Element::Double(1.0)),
    ]
}

/// The server's side of one exchange.
struct Exchange {
    mac: hmac::Algorithm,
    hash: &'static digest::Algorithm,
    salted: Vec<u8>,
    first_bare: String,
    server_first: String,
}

impl Exchange {
    fn new(mechanism: &str, client_first: &str) -> Self {
        let first_bare = client_first
            .strip_prefix("n,,")
            .expect("no binding")
            .to_owned();
        let nonce = first_bare.split("r=").nth(1).expect("a nonce");
        let server_first = format!(
            "r={nonce}servers-own,s={},i={ROUNDS}",
            STANDARD.encode(SALT)
        );
        let (mac, derive, hash, password) = match mechanism {
            "SCRAM-SHA-256" => (
                hmac::HMAC_SHA256,
                pbkdf2::PBKDF2_HMAC_SHA256,
                &digest::SHA256,
                right(),
            ),
            "SCRAM-SHA-1" => {
                let hashed = Md5::digest(format!("app:mongo:{}", right()));
                let hashed = hashed.iter().map(|byte| format!("{byte:02x}")).collect();
                (
                    hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
                    pbkdf2::PBKDF2_HMAC_SHA1,
                    &digest::SHA1_FOR_LEGACY_USE_ONLY,
                    hashed,
                )
            }
            other => panic!("{other} is no mechanism"),
        };
        let mut salted = vec![0; hash.output_len()];
        let rounds = NonZeroU32::new(ROUNDS).expect("rounds");
        pbkdf2::derive(derive, rounds, SALT, password.as_bytes(), &mut salted);
        Self {
            mac,
            hash,
            salted,
            first_bare,
            server_first,
        }
    }

    fn sign(&self, key: &[u8], text: &[u8]) -> Vec<u8> {
        let key = hmac::Key::new(self.mac, key);
        hmac::sign(&key, text).as_ref().to_vec()
    }

    /// The last message of the server, when the client knows the password.
    fn last(&self, client_last: &str) -> Option<String> {
        let (without_proof, proof) = client_last.rsplit_once(",p=")?;
        let message = format!("{},{},{without_proof}", self.first_bare, self.server_first);
        let client_key = self.sign(&self.salted, b"Client Key");
        let stored = digest::digest(self.hash, &client_key);
        let signature = self.sign(stored.as_ref(), message.as_bytes());
        let proof = STANDARD.decode(proof).ok()?;
        let told: Vec<u8> = proof.iter().zip(&signature).map(|(a, b)| a ^ b).collect();
        let server_key = self.sign(&self.salted, b"Server Key");
        let proven = STANDARD.encode(self.sign(&server_key, message.as_bytes()));
        (told == client_key).then(|| format!("v={proven}"))
    }
}

fn serve(mut stream: TcpStream, manner: Manner) -> io::Result<()> {
    let mut exchange: Option<Exchange> = None;
    loop {
        let asked = receive(&mut stream)?;
        let payload = String::from_utf8(bytes_at(&asked, "payload")).expect("text");
        let answer = match (field(&asked, "mechanism"), &exchange, manner) {
            (_, _, Manner::NotReady(code)) => refusal(code),
            (Some(Element::Text(mechanism)), ..) => {
                let is_there = manner != Manner::OlderCredentials || mechanism == "SCRAM-SHA-1";
                let is_known = payload.contains("n=app,");
                if is_there && is_known {
                    let begun = Exchange::new(mechanism, &payload);
                    let answer = step(&begun.server_first);
                    exchange = Some(begun);
                    answer
                } else {
                    refusal(18)
                }
            }
            (_, Some(_), Manner::Pretending) => step("v=AAAA"),
            (_, Some(begun), _) => match begun.last(&payload) {
                Some(last) => step(&last),
                None => refusal(18),
            },
            (_, None, _) => refusal(17),
        };
        send(&mut stream, &answer)?;
    }
}

fn server(manner: Manner) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // It ends when the client hangs up.
            std::thread::spawn(move || serve(stream, manner).ok());
        }
    });
    port
}

fn verdict(port: u16, user: &str, password: &str) -> String {
    let settings = Settings {
        endpoints: vec![Endpoint {
            of: RULE.to_owned(),
            base: format!("mongodb://127.0.0.1:{port}"),
        }],
        limits: quick(),
        ..Settings::default()
    };
    let mut subject = plain(RULE, password);
    let before = format!("DB=mongodb://{user}:");
    subject.values = [("before", before.as_str()), ("after", "@db.corp/shop\n")]
        .map(|(name, text)| Value {
            name: name.to_owned(),
            secret: Secret::new(text.as_bytes()),
            source: ValueSource::Found,
        })
        .to_vec();
    local(&[rule(RULE)], &settings, subject).verdict.to_string()
}

#[test]
fn a_password_of_mongodb_is_live_where_it_is_proven_and_dead_where_it_is_refused() {
    for manner in [Manner::Usual, Manner::OlderCredentials] {
        let port = server(manner);
        assert_eq!(verdict(port, "app", &right()), "live");
        assert_eq!(verdict(port, "app", "wrong-horse-7"), "dead");
        assert_eq!(verdict(port, "nobody", &right()), "dead");
    }
}

#[test]
fn a_mongodb_that_is_not_ready_or_only_pretends_proves_nothing() {
    // NotPrimaryOrSecondary, ShutdownInProgress, Unauthorized.
    for code in [13_436, 91, 13] {
        let told = verdict(server(Manner::NotReady(code)), "app", &right());
        assert!(told.starts_with("unknown"), "{code}: {told}");
    }
    let told = verdict(server(Manner::Pretending), "app", &right());
    assert!(told.starts_with("unknown"), "{told}");
}
