//! Answers made from a definition's own conditions: what the provider documents, played back.

use leakward_core::verification::{Condition, Test};
use serde_json::{Map, Value};

use crate::server::Reply;

/// An answer that fits a condition.
pub(crate) fn fitting(condition: &Condition) -> Reply {
    let (mut headers, mut json, mut text) = (Vec::new(), Value::Null, String::new());
    for test in condition.tests.iter() {
        match test {
            Test::Present(pointer) => put(&mut json, pointer, Value::from("present")),
            Test::Equals(pointer, value) => put(&mut json, pointer, typed(value)),
            Test::Contains(part) => text.push_str(part),
            Test::Header(name) => headers.push((name.to_string(), "present".to_owned())),
            Test::HeaderEquals(name, value) => headers.push((name.to_string(), value.to_string())),
        }
    }
    let body = match (&json, text.is_empty()) {
        (Value::Null, true) => String::new(),
        (Value::Null, false) => text,
        (_, true) => json.to_string(),
        (_, false) => {
            put(&mut json, "/played_text", Value::from(text));
            json.to_string()
        }
    };
    headers.push(("content-type".to_owned(), "application/json".to_owned()));
    Reply::Answer(condition.status.0, headers, body.into_bytes())
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

/// Puts a value where a JSON pointer leads; numbers in it are indices of lists.
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
