//! A small HTTP server that keeps a provider's contract: what it answers is decided by a function over its state.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::lossy::read_request;

/// One request.
pub(crate) struct Request {
    pub(crate) method: String,
    /// Without the query, percent signs undone.
    pub(crate) path: String,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Request {
    fn parse(raw: &[u8]) -> Self {
        let text = String::from_utf8_lossy(raw);
        let (head, body) = text.split_once("\r\n\r\n").expect("a request");
        let mut lines = head.lines();
        let mut first = lines.next().expect("a first line").split(' ');
        let method = first.next().expect("a method").to_owned();
        let target = first.next().expect("a target");
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self {
            method,
            path: decoded(path),
            query: pairs(query),
            headers: lines
                .filter_map(|line| line.split_once(": "))
                .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
                .collect(),
            body: body.to_owned(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The bearer token.
    pub(crate) fn bearer(&self) -> &str {
        self.header("authorization")
            .strip_prefix("Bearer ")
            .unwrap_or_default()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }

    /// A form's field.
    pub(crate) fn form(&self, name: &str) -> String {
        pairs(&self.body).remove(name).unwrap_or_default()
    }
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text)
        .decode_utf8_lossy()
        .into_owned()
}

fn pairs(query: &str) -> BTreeMap<String, String> {
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect()
}

/// Starts a server on a free port; it ends with the test's process.
pub(crate) fn serve<S: Send + 'static>(
    state: S,
    answer: fn(&mut S, &Request) -> (u16, Value),
) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let state = Arc::new(Mutex::new(state));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let state = Arc::clone(&state);
            std::thread::spawn(move || talk(stream, &state, answer));
        }
    });
    port
}

fn talk<S>(mut stream: TcpStream, state: &Mutex<S>, answer: fn(&mut S, &Request) -> (u16, Value)) {
    // A client that has gone asks no more.
    while let Ok(raw) = read_request(&mut stream) {
        let request = Request::parse(&raw);
        let is_last = request.header("connection") == "close";
        let (status, body) = answer(&mut state.lock().expect("the state"), &request);
        let body = match body {
            Value::Null => String::new(),
            body => body.to_string(),
        };
        let end = if is_last { "close" } else { "keep-alive" };
        let text = format!(
            "HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\nconnection: {end}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        if stream.write_all(text.as_bytes()).is_err() || is_last {
            return;
        }
    }
}

/// Whether a request changes something, for a way on which answers get lost.
pub(crate) fn changes(request: &str) -> bool {
    ["POST", "PUT", "PATCH"]
        .iter()
        .any(|method| request.starts_with(method))
        && !request.contains("/token")
}
