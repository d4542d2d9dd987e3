//! Keeps credentials out of what is kept of an answer: a server may repeat what it was sent.

use leakward_core::Secret;
use leakward_core::verification::{HttpQuestion, Place};
use serde_json::Value;

use crate::answer::Answer;
use crate::subject::Subject;

/// LIMIT: characters of a value from an answer that are kept.
const LONGEST: usize = 200;

/// LIMIT: scopes that are kept.
const MOST_SCOPES: usize = 100;

/// What an answer says about the credential.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) identity: Vec<(String, String)>,
    pub(crate) scopes: Vec<String>,
    pub(crate) expires_at: Option<String>,
}

/// What `answer` says where the question looks for it.
pub(crate) fn facts(question: &HttpQuestion, answer: &Answer, subject: &Subject) -> Facts {
    let json = answer.json();
    let texts = |place: &Place| -> Vec<String> {
        let found = match place {
            Place::Header(name) => answer.header(name).map(list).unwrap_or_default(),
            Place::Json(pointer) => json
                .as_ref()
                .and_then(|json| json.pointer(pointer))
                .map(words)
                .unwrap_or_default(),
        };
        found
            .iter()
            .filter_map(|text| harmless(text, subject))
            .collect()
    };
    Facts {
        identity: question
            .identity
            .iter()
            .filter_map(|(name, place)| {
                let value = texts(place).join(", ");
                (!value.is_empty()).then(|| (name.to_string(), value))
            })
            .collect(),
        scopes: question
            .scopes
            .as_ref()
            .map(|place| {
                let words = texts(place).into_iter().flat_map(|text| list(&text));
                words.take(MOST_SCOPES).collect()
            })
            .unwrap_or_default(),
        expires_at: question
            .expires
            .as_ref()
            .and_then(|place| texts(place).into_iter().next()),
    }
}

/// Words of a list in one text: `repo, gist` or `read write`.
fn list(text: &str) -> Vec<String> {
    text.split([',', ' '])
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

fn words(value: &Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::Bool(value) => vec![value.to_string()],
        Value::Number(value) => vec![value.to_string()],
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(words).collect(),
        Value::Object(fields) => fields.keys().cloned().collect(),
    }
}

/// The text in one line, cut, and only if nothing secret is in it.
#[must_use]
pub fn harmless(text: &str, subject: &Subject) -> Option<String> {
    let line: String = text
        .chars()
        .map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .take(LONGEST)
        .collect();
    let line = line.trim();
    let is_secret = repeats(text, &subject.secret)
        || subject
            .values
            .iter()
            .any(|value| value.name.contains("secret") && repeats(text, &value.secret));
    (!line.is_empty() && !is_secret).then(|| line.to_owned())
}

/// Whether a text holds the credential, or so long a part of it that the rest can be guessed.
#[expect(
    clippy::disallowed_methods,
    reason = "what is kept is searched for the credential"
)]
fn repeats(text: &str, secret: &Secret) -> bool {
    let (text, secret) = (text.as_bytes(), secret.expose());
    let part = secret.len().min(12);
    part > 0
        && secret
            .windows(part)
            .any(|window| text.windows(part).any(|other| other == window))
}
