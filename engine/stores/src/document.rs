//! JSON as fields, and fields as JSON, without touching what nobody changed.
//!
//! A field of the top level has its own name; one that lies deeper (or whose name begins with a slash) is named by its JSON pointer, such as
//! `/database/password`. A payload that is no JSON object is one field with an empty name.
//!
//! INVARIANT: a field whose text did not change keeps its JSON type: rotating a password must not turn a port into a text.

use leakward_core::Secret;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::exposed::{Json, bytes, text};
use crate::store::Fields;

/// LIMIT: how deep documents are taken apart; below that a field is a piece of JSON.
const DEPTH: usize = 16;

/// Fields that cannot be written into a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unwritable {
    /// Bytes that are no text.
    #[error("the field {0:?} is no text, which JSON cannot hold")]
    NoText(String),
    /// A pointer through something that has no parts.
    #[error("the field {0:?} lies in something that has no parts")]
    NoPlace(String),
    /// The whole payload beside parts of it.
    #[error("an entry is one value or named fields, not both")]
    Mixed,
}

/// The fields of a JSON object.
pub(crate) fn fields_of(object: &Value) -> Fields {
    let mut fields = Fields::new();
    collect(object, "", 0, &mut fields);
    fields
}

fn collect(value: &Value, pointer: &str, depth: usize, fields: &mut Fields) {
    let mut inner = |key: &str, value: &Value| {
        collect(
            value,
            &format!("{pointer}/{}", escaped(key)),
            depth + 1,
            fields,
        );
    };
    match value {
        Value::Object(map) if depth == 0 || (!map.is_empty() && depth < DEPTH) => {
            map.iter().for_each(|(key, value)| inner(key, value));
        }
        Value::Array(items) if !items.is_empty() && depth < DEPTH => items
            .iter()
            .enumerate()
            .for_each(|(index, value)| inner(&index.to_string(), value)),
        leaf => {
            let rendered = rendered(leaf);
            fields.insert(name_of(pointer), Secret::new(rendered.as_bytes()));
        }
    }
}

/// The name of the field at a pointer.
pub(crate) fn name_of(pointer: &str) -> String {
    match pointer.strip_prefix('/') {
        Some(top) if !top.contains('/') && !top.starts_with("~1") => {
            top.replace("~1", "/").replace("~0", "~")
        }
        _ => pointer.to_owned(),
    }
}

/// The pointer of the field with a name.
fn pointer_of(name: &str) -> String {
    if name.starts_with('/') {
        name.to_owned()
    } else {
        format!("/{}", escaped(name))
    }
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn rendered(leaf: &Value) -> Zeroizing<String> {
    Zeroizing::new(match leaf {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    })
}

/// The object with exactly these fields; what is as it was keeps its type and its place.
pub(crate) fn with_fields(original: &Value, fields: &Fields) -> Result<Json, Unwritable> {
    let old = fields_of(original);
    let mut made = Json(match original {
        Value::Object(_) => original.clone(),
        _ => Value::Object(Map::new()),
    });
    for (name, value) in fields {
        if old.get(name) != Some(value) {
            let text = text(value).ok_or_else(|| Unwritable::NoText(name.clone()))?;
            let place = place(&mut made.0, &pointer_of(name))
                .ok_or_else(|| Unwritable::NoPlace(name.clone()))?;
            *place = typed_as(place, text);
        }
    }
    // From the back, so that the places of list items before it stay what they are.
    let mut gone: Vec<String> = old
        .keys()
        .filter(|name| !fields.contains_key(*name))
        .map(|name| pointer_of(name))
        .collect();
    gone.sort_by_key(|pointer| order(pointer));
    for pointer in gone.iter().rev() {
        remove(&mut made.0, pointer);
    }
    Ok(made)
}

/// A text as the type that stood there, where it is one of that type; else as a text.
fn typed_as(before: &Value, text: &str) -> Value {
    let is_alike = |now: &Value| match before {
        Value::Number(_) => now.is_number(),
        Value::Bool(_) => now.is_boolean(),
        _ => false,
    };
    serde_json::from_str::<Value>(text)
        .ok()
        .filter(is_alike)
        .unwrap_or_else(|| Value::String(text.to_owned()))
}

/// Sorts pointers as they stand in the document: items of a list by number.
fn order(pointer: &str) -> Vec<(Option<usize>, String)> {
    pointer
        .split('/')
        .map(|key| (key.parse().ok(), key.to_owned()))
        .collect()
}

fn remove(document: &mut Value, pointer: &str) {
    let Some((parent, key)) = pointer.rsplit_once('/') else {
        return;
    };
    let key = key.replace("~1", "/").replace("~0", "~");
    match document.pointer_mut(parent) {
        Some(Value::Object(map)) => {
            map.shift_remove(&key);
        }
        Some(Value::Array(items)) => {
            if let Some(index) = key.parse().ok().filter(|index| *index < items.len()) {
                items.remove(index);
            }
        }
        _ => {}
    }
}

/// The value at a pointer, made where it is missing.
fn place<'d>(document: &'d mut Value, pointer: &str) -> Option<&'d mut Value> {
    let mut here = document;
    for key in pointer.split('/').skip(1) {
        let key = key.replace("~1", "/").replace("~0", "~");
        if here.is_null() {
            *here = Value::Object(Map::new());
        }
        here = match here {
            Value::Object(map) => map.entry(key).or_insert(Value::Null),
            Value::Array(items) => {
                let index: usize = key.parse().ok()?;
                if index == items.len() {
                    items.push(Value::Null);
                }
                items.get_mut(index)?
            }
            _ => return None,
        };
    }
    Some(here)
}

/// The fields of a payload: those of a JSON object, or one without a name.
pub(crate) fn fields_of_payload(payload: &[u8]) -> Fields {
    match object(payload) {
        Some(json) => fields_of(&json.0),
        None => Fields::from([(String::new(), Secret::new(payload))]),
    }
}

/// The payload with exactly these fields.
pub(crate) fn payload_with(
    original: Option<&[u8]>,
    fields: &Fields,
) -> Result<Zeroizing<Vec<u8>>, Unwritable> {
    if let Some(whole) = fields.get("") {
        if fields.len() > 1 {
            return Err(Unwritable::Mixed);
        }
        return Ok(Zeroizing::new(bytes(whole).to_vec()));
    }
    let original = original.and_then(object);
    let empty = Value::Object(Map::new());
    let before = original.as_ref().map_or(&empty, |json| &json.0);
    let made = with_fields(before, fields)?;
    Ok(Zeroizing::new(made.0.to_string().into_bytes()))
}

fn object(payload: &[u8]) -> Option<Json> {
    let parsed = serde_json::from_slice(payload).ok().map(Json)?;
    // An object without fields would come back as none.
    matches!(&parsed.0, Value::Object(map) if !map.is_empty()).then_some(parsed)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> Fields {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Secret::new(value.as_bytes())))
            .collect()
    }

    #[test]
    fn a_document_is_taken_apart_by_names_and_pointers() {
        let document = json!({"user": "a", "port": 5432, "db": {"password": "p", "hosts": ["x", "y"]}, "/odd": "o", "a/b": null, "none": {}});
        assert_eq!(
            fields_of(&document),
            fields(&[
                ("user", "a"),
                ("port", "5432"),
                ("/db/password", "p"),
                ("/db/hosts/0", "x"),
                ("/db/hosts/1", "y"),
                ("/~1odd", "o"),
                ("a/b", "null"),
                ("none", "{}"),
            ])
        );
    }

    #[test]
    fn what_did_not_change_keeps_type_and_place() {
        let document = json!({"user": "a", "port": 5432, "tls": true, "db": {"password": "p", "hosts": ["x", "y"]}});
        let mut changed = fields_of(&document);
        changed.insert("/db/password".to_owned(), Secret::new(b"new"));
        changed.insert("port".to_owned(), Secret::new(b"5433"));
        changed.insert("added".to_owned(), Secret::new(b"7"));
        changed.remove("/db/hosts/0");
        let made = with_fields(&document, &changed).expect("written");
        assert_eq!(
            made.0.to_string(),
            json!({"user": "a", "port": 5433, "tls": true, "db": {"password": "new", "hosts": ["y"]}, "added": "7"})
                .to_string()
        );
    }

    #[test]
    fn every_document_comes_back_from_its_own_fields() {
        for document in [
            json!({"a": 1, "b": [1, [2, {"c": null}]], "d": {}}),
            json!({"~/": {"/": "x"}}),
        ] {
            let made = with_fields(&document, &fields_of(&document)).expect("written");
            assert_eq!(made.0, document);
        }
    }

    #[test]
    fn a_payload_is_one_value_or_fields() {
        let plain = fields_of_payload(b"hunter");
        assert_eq!(plain, fields(&[("", "hunter")]));
        assert_eq!(
            payload_with(Some(b"old"), &plain)
                .expect("written")
                .as_slice(),
            b"hunter"
        );
        let json = fields_of_payload(br#"{"a":"b"}"#);
        assert_eq!(
            payload_with(None, &json).expect("written").as_slice(),
            br#"{"a":"b"}"#
        );
        let mut mixed = json;
        mixed.insert(String::new(), Secret::new(b"x"));
        assert_eq!(
            payload_with(None, &mixed).expect_err("mixed"),
            Unwritable::Mixed
        );
    }
}
