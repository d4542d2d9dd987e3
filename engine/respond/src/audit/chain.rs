//! One line of the chain: `{"version":1,"sequence":7,"previous":SEAL,…,"seal":SEAL}`.

use serde_json::{Map, Value, json};

use super::AuditKey;

/// Version of the format.
const VERSION: u64 = 1;

/// What the next line is chained to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) sequence: u64,
    pub(crate) seal: String,
}

/// A line to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) sequence: u64,
    pub(crate) text: String,
}

/// What a line says of its place. None when it is no line of the log.
pub(crate) fn head(text: &str) -> Option<Head> {
    let value: Value = serde_json::from_str(text).ok()?;
    Some(Head {
        sequence: value.get("sequence")?.as_u64()?,
        seal: value.get("seal")?.as_str()?.to_owned(),
    })
}

/// The line after `last` with this content.
pub(crate) fn link(key: &AuditKey, last: Option<&Head>, content: &Value) -> Line {
    let sequence = last.map_or(0, |head| head.sequence + 1);
    let mut line = Map::new();
    line.insert("version".to_owned(), json!(VERSION));
    line.insert("sequence".to_owned(), json!(sequence));
    line.insert(
        "previous".to_owned(),
        json!(last.map_or("", |head| head.seal.as_str())),
    );
    for (name, value) in content.as_object().into_iter().flatten() {
        if !value.is_null() {
            line.insert(name.clone(), value.clone());
        }
    }
    let seal = key.seal(&Value::Object(line.clone()).to_string());
    line.insert("seal".to_owned(), json!(seal));
    Line {
        sequence,
        text: Value::Object(line).to_string(),
    }
}

/// What is wrong with a line that should follow `last`, in words; none when it is as it was written.
pub(crate) fn wrong(key: &AuditKey, last: Option<&Head>, text: &str) -> Option<String> {
    let Ok(Value::Object(mut line)) = serde_json::from_str(text) else {
        return Some("it is no line of an audit log".to_owned());
    };
    let whole = Value::Object(line.clone()).to_string();
    let seal = line.shift_remove("seal");
    let sealed = key.seal(&Value::Object(line.clone()).to_string());
    if whole != text || seal != Some(json!(sealed)) {
        return Some("it was edited, or sealed with another key".to_owned());
    }
    let sequence = last.map_or(0, |head| head.sequence + 1);
    if line.get("sequence") != Some(&json!(sequence)) {
        let found = line.get("sequence").cloned().unwrap_or_default();
        return Some(format!(
            "line {sequence} should stand here and {found} does: lines are missing, repeated or in another order"
        ));
    }
    let previous = last.map_or("", |head| head.seal.as_str());
    (line.get("previous") != Some(&json!(previous)))
        .then(|| "it does not follow the line before it".to_owned())
}
