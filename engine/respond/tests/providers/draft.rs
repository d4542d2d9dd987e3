//! Answers that fit what a rule looks for, put together from its conditions.

use leakward_core::verification::{Condition, Place, Test};
use serde_json::{Map, Value};

use crate::played::Reply;

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
