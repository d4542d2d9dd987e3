//! What an image says of itself, as pieces: one for each part in which people put credentials, as a person would write it,
//! and the document's own bytes for the rest.
//!
//! A variable set by ENV, a value given as ARG, a command with a token in it, a label: none of them is in a layer, and all
//! of them are in the image for whoever pulls it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::digest::Digest;
use super::document::ConfigDocument;
use crate::piece::{Origin, Piece};
use crate::visitor::Visitor;

/// A build step, and what it is known to have brought into the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigStep {
    /// The part of the configuration.
    pub part: String,
    /// The line in that part, from 1.
    pub line: u32,
    /// The step, as the history tells it.
    pub created_by: String,
}

/// The parts of a configuration, and their texts.
pub(super) struct ConfigParts {
    digest: Arc<str>,
    parts: Vec<(String, String)>,
}

impl ConfigParts {
    /// Of the configuration `bytes`.
    pub(super) fn of_config(digest: &Digest, bytes: &[u8]) -> Self {
        let mut made = Self {
            digest: digest.shared(),
            parts: Vec::new(),
        };
        // What is no JSON is looked at as the bytes that it is.
        let Ok(document) = serde_json::from_slice::<Value>(bytes) else {
            return made;
        };
        for (name, config) in [
            ("config", document.get("config")),
            ("container_config", document.get("container_config")),
        ] {
            if let Some(config) = config {
                made.add_config(name, config);
            }
        }
        let history = document.get("history").and_then(Value::as_array);
        for (index, step) in history.into_iter().flatten().enumerate() {
            for field in ["created_by", "comment", "author"] {
                made.add(format!("history[{index}].{field}"), text(step.get(field)));
            }
        }
        made
    }

    fn add_config(&mut self, name: &str, config: &Value) {
        let field = |field: &str| config.get(field);
        self.add(format!("{name}.Env"), lines(field("Env"), "\n"));
        self.add(format!("{name}.Labels"), pairs(field("Labels")));
        self.add(format!("{name}.OnBuild"), lines(field("OnBuild"), "\n"));
        for command in ["Cmd", "Entrypoint", "Shell"] {
            self.add(format!("{name}.{command}"), lines(field(command), " "));
        }
        let test = field("Healthcheck").and_then(|check| check.get("Test"));
        self.add(format!("{name}.Healthcheck"), lines(test, " "));
    }

    /// Of the annotations of a manifest or an index.
    pub(super) fn of_annotations(
        digest: &Digest,
        annotations: Option<&BTreeMap<String, String>>,
    ) -> Self {
        let written = annotations.into_iter().flatten();
        let text = written
            .map(|(key, value)| format!("{key}={value}"))
            .collect::<Vec<_>>()
            .join("\n");
        let mut made = Self {
            digest: digest.shared(),
            parts: Vec::new(),
        };
        made.add("annotations".to_owned(), text);
        made
    }

    fn add(&mut self, part: String, text: String) {
        if !text.is_empty() {
            self.parts.push((part, text));
        }
    }

    /// Which build step says which line of which part, as far as the history tells.
    pub(super) fn steps(&self, config: &ConfigDocument) -> Vec<ConfigStep> {
        let history = config.history.as_deref().unwrap_or_default();
        let says = |words: &str| {
            history.iter().rev().find_map(|step| {
                let created_by = step.created_by.as_deref().or(step.comment.as_deref())?;
                created_by.contains(words).then(|| created_by.to_owned())
            })
        };
        let mut steps = Vec::new();
        for (part, text) in &self.parts {
            let own = part
                .strip_prefix("history[")
                .and_then(|rest| rest.split(']').next());
            let own = own.and_then(|index| history.get(index.parse::<usize>().ok()?));
            for (index, line) in text.lines().enumerate() {
                let key = line.split_once('=').map(|(key, _)| key);
                let created_by = match own {
                    Some(step) => step.created_by.clone(),
                    // An ARG of the same name is often there as well; the instruction itself is the better answer.
                    None => key.and_then(|key| {
                        let instructions = ["ENV", "LABEL"].map(|word| format!("{word} {key}"));
                        let known = instructions.iter().find_map(|words| says(words));
                        known.or_else(|| says(&format!("{key}=")))
                    }),
                };
                steps.extend(created_by.map(|created_by| ConfigStep {
                    part: part.clone(),
                    line: u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1),
                    created_by,
                }));
            }
        }
        steps
    }

    /// Shows each part, and the document's own bytes.
    pub(super) fn show<V: Visitor>(&self, visitor: &V, worker: &mut V::Worker, bytes: &[u8]) {
        let mut show = |part: &str, bytes: &[u8]| {
            let origin = Origin::ImageConfig(Arc::clone(&self.digest), part.to_owned());
            visitor.alone(worker, Piece::new(&origin, bytes));
        };
        for (part, text) in &self.parts {
            show(part, text.as_bytes());
        }
        show("", bytes);
    }
}

fn text(value: Option<&Value>) -> String {
    value.and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The texts of a list, or the text itself.
fn lines(value: Option<&Value>, between: &str) -> String {
    match value {
        Some(Value::Array(list)) => {
            let texts: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
            texts.join(between)
        }
        other => text(other),
    }
}

/// `key=value`, one a line.
fn pairs(value: Option<&Value>) -> String {
    let fields = value.and_then(Value::as_object).into_iter().flatten();
    let lines: Vec<String> = fields
        .filter_map(|(key, value)| Some(format!("{key}={}", value.as_str()?)))
        .collect();
    lines.join("\n")
}
