//! A server that speaks as much of MongoDB as managing users takes: OP_MSG, SCRAM-SHA-256, usersInfo, createUser, updateUser,
//! killAllSessions, and a find for which the user needs a role. There is no MongoDB to install here; this keeps the documented
//! contract (<https://www.mongodb.com/docs/manual/reference/command/>), open connections whose rights end with the roles included.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};

use aws_lc_rs::{digest, hmac, pbkdf2};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use leakward_verify::database::{Bson, Document};

const ROUNDS: u32 = 4096;
const SALT: &[u8] = b"salt of the tests";

/// A user: its password and roles.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct User {
    pub(crate) password: String,
    pub(crate) roles: Vec<Bson>,
}

/// What the server knows, and what it was asked.
#[derive(Default)]
pub(crate) struct Known {
    pub(crate) users: BTreeMap<String, User>,
    pub(crate) commands: Vec<String>,
    /// The command whose answer is lost, once.
    pub(crate) lose: Option<&'static str>,
    /// The command that is refused, and with which code.
    pub(crate) refuse: Option<(&'static str, i32)>,
}

/// A running server; it lives as long as the test program.
pub(crate) struct Mongo {
    pub(crate) port: u16,
    pub(crate) known: Arc<Mutex<Known>>,
}

pub(crate) fn role(name: &str) -> Bson {
    Bson::Document(Document::default().text("role", name).text("db", "shop"))
}

impl Mongo {
    pub(crate) fn start(users: &[(&str, &str, &[&str])]) -> Self {
        let known: Arc<Mutex<Known>> = Arc::default();
        for (name, password, roles) in users {
            let user = User {
                password: (*password).to_owned(),
                roles: roles.iter().map(|name| role(name)).collect(),
            };
            known
                .lock()
                .expect("it")
                .users
                .insert((*name).to_owned(), user);
        }
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::clone(&known);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let known = Arc::clone(&shared);
                // A client that hangs up is part of the tests.
                std::thread::spawn(move || {
                    Connection {
                        stream,
                        known,
                        login: None,
                        scram: None,
                    }
                    .serve()
                });
            }
        });
        Self { port, known }
    }

    pub(crate) fn uri(&self, user: &str, password: &str) -> String {
        format!("mongodb://{user}:{password}@127.0.0.1:{}/admin", self.port)
    }
}

struct Connection {
    stream: TcpStream,
    known: Arc<Mutex<Known>>,
    login: Option<String>,
    /// The user, the first messages so far, and the nonce.
    scram: Option<(String, String, String)>,
}

fn sign(key: &[u8], text: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text)
        .as_ref()
        .to_vec()
}

fn field<'t>(text: &'t str, name: &str) -> &'t str {
    let mut fields = text.split(',');
    fields
        .find_map(|field| field.strip_prefix(name)?.strip_prefix('='))
        .unwrap_or_default()
}

fn fails(code: i32) -> Document {
    Document::default()
        .with("ok", Bson::Double(0.0))
        .text("errmsg", "no")
        .int("code", code)
}

fn works() -> Document {
    Document::default().with("ok", Bson::Double(1.0))
}

impl Connection {
    fn serve(mut self) -> Option<()> {
        loop {
            let mut head = [0; 16];
            self.stream.read_exact(&mut head).ok()?;
            let length = u32::from_le_bytes(head[..4].try_into().ok()?) as usize;
            assert_eq!(
                u32::from_le_bytes(head[12..].try_into().ok()?),
                2013,
                "OP_MSG"
            );
            let mut body = vec![0; length - 16];
            self.stream.read_exact(&mut body).ok()?;
            let command = Document::read(&body[5..]).expect("BSON");
            let (name, _) = command.0.first().cloned().expect("a command");
            let (is_lost, refused) = {
                let mut known = self.known.lock().expect("it");
                known.commands.push(name.clone());
                let is_lost = known.lose == Some(name.as_str());
                if is_lost {
                    known.lose = None;
                }
                let refused = known.refuse.filter(|(what, _)| *what == name);
                (is_lost, refused)
            };
            let reply = match refused {
                Some((_, code)) => fails(code),
                None => self.answer(&name, &command),
            };
            if is_lost {
                return None;
            }
            let document = reply.to_bytes();
            let mut message = u32::try_from(21 + document.len())
                .ok()?
                .to_le_bytes()
                .to_vec();
            for word in [2_u32, 1, 2013, 0] {
                message.extend_from_slice(&word.to_le_bytes());
            }
            message.push(0);
            message.extend_from_slice(&document);
            self.stream.write_all(&message).ok()?;
        }
    }

    fn answer(&mut self, name: &str, command: &Document) -> Document {
        if name.starts_with("sasl") {
            return self.sasl(name, command);
        }
        let Some(login) = self.login.clone() else {
            return fails(13);
        };
        let mut known = self.known.lock().expect("it");
        // The rights of a connection are those that its user has now.
        let roles = known
            .users
            .get(&login)
            .map(|user| user.roles.clone())
            .unwrap_or_default();
        let may = |wanted: &str| roles.contains(&role(wanted));
        match name {
            "find" => {
                if may("readWrite") {
                    works()
                } else {
                    fails(13)
                }
            }
            _ if !may("userAdmin") => fails(13),
            "usersInfo" => {
                let Some(Bson::Document(wanted)) = command.get("usersInfo") else {
                    return fails(9);
                };
                let found = wanted.word("user").and_then(|user| known.users.get(user));
                let users = found.map(|user| {
                    let roles = Bson::List(user.roles.clone());
                    Bson::Document(Document::default().with("roles", roles))
                });
                works().with("users", Bson::List(users.into_iter().collect()))
            }
            "createUser" | "updateUser" => {
                let user = command.word(name).unwrap_or_default().to_owned();
                let is_there = known.users.contains_key(&user);
                match (name, is_there) {
                    ("createUser", true) => return fails(51003),
                    ("updateUser", false) => return fails(11),
                    _ => {}
                }
                let roles = match command.get("roles") {
                    Some(Bson::List(roles)) => roles.clone(),
                    _ => return fails(9),
                };
                let password = command.word("pwd").unwrap_or_default().to_owned();
                known.users.insert(user, User { password, roles });
                works()
            }
            "killAllSessions" => works(),
            _ => fails(59),
        }
    }

    fn sasl(&mut self, name: &str, command: &Document) -> Document {
        let Some(Bson::Binary(payload)) = command.get("payload") else {
            return fails(9);
        };
        let payload = String::from_utf8_lossy(payload).into_owned();
        let going_on = |payload: String, is_done: bool| {
            works()
                .int("conversationId", 1)
                .with("done", Bson::Flag(is_done))
                .with("payload", Bson::Binary(payload.into_bytes()))
        };
        if name == "saslStart" {
            if command.word("mechanism") != Some("SCRAM-SHA-256") {
                return fails(334);
            }
            let bare = payload.trim_start_matches("n,,").to_owned();
            let nonce = format!("{}theirs", field(&bare, "r"));
            let first = format!("r={nonce},s={},i={ROUNDS}", STANDARD.encode(SALT));
            self.scram = Some((
                field(&bare, "n").to_owned(),
                format!("{bare},{first}"),
                nonce,
            ));
            return going_on(first, false);
        }
        let Some((user, first, nonce)) = self.scram.take() else {
            return fails(17);
        };
        let known = self.known.lock().expect("it");
        let Some(known) = known.users.get(&user) else {
            return fails(18);
        };
        let mut salted = [0; 32];
        let rounds = NonZeroU32::new(ROUNDS).expect("some");
        pbkdf2::derive(
            pbkdf2::PBKDF2_HMAC_SHA256,
            rounds,
            SALT,
            known.password.as_bytes(),
            &mut salted,
        );
        let client = sign(&salted, b"Client Key");
        let stored = digest::digest(&digest::SHA256, &client);
        let message = format!("{first},c=biws,r={nonce}");
        let signature = sign(stored.as_ref(), message.as_bytes());
        let proof: Vec<u8> = client
            .iter()
            .zip(&signature)
            .map(|(one, other)| one ^ other)
            .collect();
        if field(&payload, "p") != STANDARD.encode(proof) {
            return fails(18);
        }
        self.login = Some(user);
        let server = sign(&sign(&salted, b"Server Key"), message.as_bytes());
        going_on(format!("v={}", STANDARD.encode(server)), true)
    }
}
