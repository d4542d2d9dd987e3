//! A small HTTP server that plays providers: a function decides what is answered, or that nothing is.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use leakward_core::verification::{Condition, Place, Test};
use serde_json::{Map, Value};

/// What arrived.
#[derive(Clone, Debug, Default)]
pub(crate) struct Received {
    pub(crate) verb: String,
    pub(crate) path: String,
    pub(crate) headers: String,
    pub(crate) body: String,
}

impl Received {
    pub(crate) fn all(&self) -> String {
        format!(
            "{} {}\n{}\n{}",
            self.verb, self.path, self.headers, self.body
        )
    }
}

/// What is answered.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// Status, headers, body.
    Answer(u16, Vec<(String, String)>, String),
    /// The connection is closed after the request has arrived.
    Nothing,
}

/// Builds an answer in JSON.
pub(crate) fn json(status: u16, body: &Value) -> Reply {
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    Reply::Answer(status, headers, body.to_string())
}

/// A running server; it lives as long as the test program.
pub(crate) struct Server {
    pub(crate) port: u16,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Server {
    pub(crate) fn start(reply: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let received = Arc::new(Mutex::new(Vec::new()));
        let (reply, log) = (Arc::new(reply), Arc::clone(&received));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (reply, log) = (Arc::clone(&reply), Arc::clone(&log));
                // A client that hangs up in the middle is part of the tests.
                thread::spawn(move || serve(stream, &*reply, &log).ok());
            }
        });
        Self { port, received }
    }

    pub(crate) fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().expect("the log").clone()
    }
}

fn serve(
    mut stream: TcpStream,
    reply: &(impl Fn(&Received) -> Reply + ?Sized),
    log: &Mutex<Vec<Received>>,
) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let received = read(&mut stream)?;
    log.lock().expect("the log").push(received.clone());
    let Reply::Answer(status, headers, body) = reply(&received) else {
        return Ok(());
    };
    let headers: String = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let head = format!(
        "HTTP/1.1 {status} Played\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes())
}

fn read(stream: &mut impl Read) -> std::io::Result<Received> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        bytes.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let (line, headers) = head.split_once("\r\n").unwrap_or((head, ""));
        let length = headers
            .lines()
            .find_map(|line| {
                line.to_ascii_lowercase()
                    .strip_prefix("content-length: ")?
                    .parse()
                    .ok()
            })
            .unwrap_or(0);
        if body.len() >= length {
            let mut words = line.split(' ');
            return Ok(Received {
                verb: words.next().unwrap_or_default().to_owned(),
                path: words.next().unwrap_or_default().to_owned(),
                headers: headers.to_owned(),
                body: body.to_owned(),
            });
        }
    }
}

/// An answer that fits a condition, as it is being made.
pub(crate) struct Draft {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) json: Value,
    text: String,
}

impl Draft {
    pub(crate) fn of(condition: &Condition) -> Self {
        let mut draft = Self {
            status: condition.status.0,
            headers: Vec::new(),
            json: Value::Null,
            text: String::new(),
        };
        for test in condition.tests.iter() {
            match test {
                Test::Present(pointer) => put(&mut draft.json, pointer, Value::from("present")),
                Test::Equals(pointer, value) => put(&mut draft.json, pointer, typed(value)),
                Test::Contains(part) => draft.text.push_str(part),
                Test::Header(name) => draft.header(name, "present"),
                Test::HeaderEquals(name, value) => draft.header(name, value),
            }
        }
        draft
    }

    fn header(&mut self, name: &str, value: &str) {
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    pub(crate) fn say(&mut self, place: &Place, value: Value) {
        match place {
            Place::Json(pointer) => put(&mut self.json, pointer, value),
            Place::Header(name) => self.header(name, value.as_str().unwrap_or_default()),
        }
    }

    pub(crate) fn reply(mut self) -> Reply {
        if !self.text.is_empty() && !self.json.is_null() {
            put(
                &mut self.json,
                "/played_text",
                Value::from(self.text.clone()),
            );
        }
        let body = if self.json.is_null() {
            self.text.clone()
        } else {
            self.json.to_string()
        };
        self.header("content-type", "application/json");
        Reply::Answer(self.status, self.headers, body)
    }
}

fn typed(value: &str) -> Value {
    match value {
        "null" => Value::Null,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        number if number.parse::<i64>().is_ok() => {
            Value::from(number.parse::<i64>().unwrap_or_default())
        }
        text => Value::from(text),
    }
}

/// Puts a value where a JSON pointer leads; numbers in it are indices of lists. The empty pointer is the whole.
pub(crate) fn put(json: &mut Value, pointer: &str, value: Value) {
    let mut place = json;
    for part in pointer.split('/').skip(1) {
        place = match part.parse::<usize>() {
            Ok(index) => {
                if !place.is_array() {
                    *place = Value::Array(Vec::new());
                }
                let items = place.as_array_mut().expect("a list");
                while items.len() <= index {
                    items.push(Value::Null);
                }
                &mut items[index]
            }
            Err(_) => {
                if !place.is_object() {
                    *place = Value::Object(Map::new());
                }
                place
                    .as_object_mut()
                    .expect("an object")
                    .entry(part.to_owned())
                    .or_insert(Value::Null)
            }
        };
    }
    *place = value;
}
