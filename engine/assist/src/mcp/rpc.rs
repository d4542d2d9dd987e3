//! JSON-RPC 2.0, one message a line, as the protocol's stdio transport has it.

use std::io::BufRead;

use serde_json::{Value, json};

/// LIMIT: bytes of one message.
const LONGEST: usize = 64 << 20;

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Failure {
    code: i32,
    message: String,
    data: Value,
}

impl Failure {
    const PARSE: i32 = -32_700;
    const INVALID_REQUEST: i32 = -32_600;
    const NO_METHOD: i32 = -32_601;
    const INVALID_PARAMS: i32 = -32_602;
    const BUSY: i32 = -32_000;
    const NO_RESOURCE: i32 = -32_002;
    const UNSUPPORTED_VERSION: i32 = -32_022;

    fn new(code: i32, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            data: Value::Null,
        }
    }

    pub(super) fn busy() -> Self {
        Self::new(Self::BUSY, "too many tools are running; ask again later")
    }

    pub(super) fn no_method(method: &str) -> Self {
        // A name is short; anything else is not repeated.
        let shown: String = method.chars().take(40).collect();
        Self::new(
            Self::NO_METHOD,
            format!("there is no method {shown:?} here"),
        )
    }

    pub(super) fn params(message: impl Into<String>) -> Self {
        Self::new(Self::INVALID_PARAMS, message)
    }

    /// Revisions before 2026-07-28 have a code of its own for it.
    pub(super) fn no_resource(message: &str, is_old: bool) -> Self {
        let code = if is_old {
            Self::NO_RESOURCE
        } else {
            Self::INVALID_PARAMS
        };
        Self::new(code, message)
    }

    pub(super) fn version(requested: &str, supported: &[&str]) -> Self {
        Self {
            data: json!({"supported": supported, "requested": requested}),
            ..Self::new(Self::UNSUPPORTED_VERSION, "Unsupported protocol version")
        }
    }
}

/// What a client sends.
#[derive(Debug)]
pub(super) enum Message {
    /// It wants an answer.
    Request {
        /// To be repeated in the answer.
        id: Value,
        /// What is asked for.
        method: String,
        /// With what; an object, or nothing.
        params: Value,
    },
    /// It wants none.
    Notification {
        /// What has happened.
        method: String,
        /// With what.
        params: Value,
    },
    /// Several at once.
    Batch(Vec<Result<Message, Box<(Value, Failure)>>>),
}

/// Reads one message.
///
/// # Errors
/// The id to answer with, and why it cannot be understood.
pub(super) fn read(line: &[u8]) -> Result<Message, Box<(Value, Failure)>> {
    let value: Value = serde_json::from_slice(line).map_err(|error| {
        let failure = Failure::new(Failure::PARSE, error.to_string());
        Box::new((Value::Null, failure))
    })?;
    match value {
        Value::Array(messages) if !messages.is_empty() => {
            Ok(Message::Batch(messages.into_iter().map(one).collect()))
        }
        other => one(other),
    }
}

fn one(mut value: Value) -> Result<Message, Box<(Value, Failure)>> {
    let id = value.get("id").cloned();
    let refuse = |why: &str| {
        let id = id.clone().unwrap_or_default();
        Err(Box::new((id, Failure::new(Failure::INVALID_REQUEST, why))))
    };
    if value.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return refuse("jsonrpc is not \"2.0\"");
    }
    let Some(method) = value
        .get("method")
        .and_then(Value::as_str)
        .map(str::to_owned)
    else {
        // An answer to something that was never asked.
        return match value.get("result").or_else(|| value.get("error")) {
            Some(_) => Ok(Message::Notification {
                method: String::new(),
                params: Value::Null,
            }),
            None => refuse("there is no method"),
        };
    };
    let params = value.get_mut("params").map(Value::take).unwrap_or_default();
    match id {
        None => Ok(Message::Notification { method, params }),
        Some(id @ (Value::String(_) | Value::Number(_))) => {
            Ok(Message::Request { id, method, params })
        }
        Some(_) => refuse("the id is neither a text nor a number"),
    }
}

/// The answer that refuses.
pub(super) fn error(id: &Value, failure: &Failure) -> Value {
    let mut error = json!({"code": failure.code, "message": failure.message});
    if !failure.data.is_null() {
        error["data"] = failure.data.clone();
    }
    json!({"jsonrpc": "2.0", "id": id, "error": error})
}

/// Lines of a client, none longer than the limit.
pub(super) struct Lines<R> {
    input: R,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input }
    }

    /// The next line that is not empty; nothing at the end.
    pub(super) fn next(&mut self) -> std::io::Result<Option<Vec<u8>>> {
        loop {
            let mut line = Vec::new();
            let read = (&mut self.input).take_line(&mut line, LONGEST)?;
            if read == 0 {
                return Ok(None);
            }
            if !line.trim_ascii().is_empty() {
                return Ok(Some(line));
            }
        }
    }
}

trait TakeLine {
    fn take_line(self, line: &mut Vec<u8>, longest: usize) -> std::io::Result<usize>;
}

impl<R: BufRead> TakeLine for &mut R {
    fn take_line(self, line: &mut Vec<u8>, longest: usize) -> std::io::Result<usize> {
        use std::io::Read as _;
        let read = self.take(longest as u64).read_until(b'\n', line)?;
        if read == longest && line.last() != Some(&b'\n') {
            // What follows would be read as another message.
            return Err(std::io::Error::other(format!(
                "a message of more than {longest} bytes"
            )));
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_told_apart() {
        let kind = |text: &str| match read(text.as_bytes()) {
            Ok(Message::Request { .. }) => "request",
            Ok(Message::Notification { .. }) => "notification",
            Ok(Message::Batch(_)) => "batch",
            Err(_) => "refused",
        };
        for (text, expected) in [
            (r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#, "request"),
            (
                r#"{"jsonrpc":"2.0","id":"a","method":"x","params":{}}"#,
                "request",
            ),
            (
                r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
                "notification",
            ),
            (r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, "notification"),
            (r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, "batch"),
            (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, "refused"),
            (r#"{"id":1,"method":"ping"}"#, "refused"),
            ("[]", "refused"),
            ("{", "refused"),
            ("1", "refused"),
        ] {
            assert_eq!(kind(text), expected, "{text}");
        }
    }
}
