//! What a tool gave back.
//!
//! It has happened already: what it read and changed is no matter here.

use serde_json::Value;

use super::fields::{OLD, PATHS};
use crate::guard::call::{Role, Text, text};

/// Whose tool it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::guard) enum Owner {
    /// The agent's own: what its fields mean is known.
    Agent,
    /// An MCP server's: a field may mean anything.
    Server,
}

impl Owner {
    /// By the names that agents give to tools of servers, and to the events that are about them.
    pub(in crate::guard) fn of(tool: &str, event: &str) -> Self {
        let is_server = tool.starts_with("mcp")
            || tool.contains("__")
            || event.to_ascii_lowercase().contains("mcp");
        if is_server { Self::Server } else { Self::Agent }
    }
}

/// LIMIT: a text of an output that is longer, or has several lines, is looked at by itself, so that its lines keep their
/// numbers.
const LONG: usize = 200;

/// What a tool gave back.
pub(in crate::guard) fn of_output(owner: Owner, output: &Value, path: Option<&str>) -> Vec<Text> {
    let mut texts = Vec::new();
    let own = text(output, PATHS).or(path);
    // What an edit of the agent's own replaced is gone.
    let gone = match (owner, own) {
        (Owner::Agent, Some(_)) => OLD,
        _ => &[],
    };
    let rest = without_long(output, own, gone, &mut texts);
    if has_text(&rest) {
        let shown = match &rest {
            Value::String(text) => text.clone(),
            other => pretty(other),
        };
        texts.push(Text::new(Role::Output, own, &shown));
    }
    texts
}

/// Takes long texts out of a value, and fields that are `gone`.
fn without_long(value: &Value, path: Option<&str>, gone: &[&str], texts: &mut Vec<Text>) -> Value {
    match value {
        Value::String(text) if text.len() > LONG || text.contains('\n') => {
            // An MCP server's answer may be JSON in a text; its own escapes would hide what is in it.
            let inner = serde_json::from_str::<Value>(text).ok();
            match inner.filter(|inner| inner.is_object() || inner.is_array()) {
                Some(inner) => {
                    let rest = without_long(&inner, path, gone, texts);
                    if has_text(&rest) {
                        texts.push(Text::new(Role::Output, path, &pretty(&rest)));
                    }
                }
                None => texts.push(Text::new(Role::Output, path, text)),
            }
            Value::Null
        }
        Value::Array(items) => items
            .iter()
            .map(|item| without_long(item, path, gone, texts))
            .collect(),
        Value::Object(fields) => {
            let kept = fields
                .iter()
                .filter(|(name, _)| !gone.contains(&name.as_str()));
            kept.map(|(name, field)| (name.clone(), without_long(field, path, gone, texts)))
                .collect()
        }
        other => other.clone(),
    }
}

pub(super) fn has_text(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => items.iter().any(has_text),
        Value::Object(fields) => fields.values().any(has_text),
        _ => false,
    }
}

pub(super) fn pretty(value: &Value) -> String {
    // A value of strings and numbers can always be written.
    serde_json::to_string_pretty(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_output_is_looked_at_with_its_lines_and_without_what_is_gone() {
        let output = json!({"stdout": "a\nb\n", "exit": "0", "old_string": "gone"});
        let all = of_output(Owner::Agent, &output, Some("f"));
        assert_eq!(all[0].text, "a\nb\n");
        let says_gone = |text: &Text| text.text.contains("gone");
        assert!(!all.iter().any(says_gone));
        for (owner, path) in [(Owner::Agent, None), (Owner::Server, Some("f"))] {
            let all = of_output(owner, &output, path);
            assert!(all.iter().any(says_gone), "{owner:?} {path:?}");
        }
        let inner = json!([{"type": "text", "text": "{\"token\":\n \"t\"}"}]);
        assert!(
            of_output(Owner::Server, &inner, None)[0]
                .text
                .contains("\"token\": \"t\"")
        );
        for (tool, event, owner) in [
            ("mcp__files__edit", "PostToolUse", Owner::Server),
            ("query", "afterMCPExecution", Owner::Server),
            ("Edit", "PostToolUse", Owner::Agent),
        ] {
            assert_eq!(Owner::of(tool, event), owner, "{tool}");
        }
    }
}
