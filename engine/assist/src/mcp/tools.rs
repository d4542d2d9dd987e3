//! The tools: what each is called, takes and gives back.

use std::sync::atomic::AtomicBool;

use leakward_core::Rule;
use leakward_core::action::Action;
use leakward_core::rule::Class;
use serde_json::{Value, json};

use super::rpc::Failure;
use super::{McpSettings, scans};
use crate::project::Project;

/// LIMIT: bytes of a text.
const LONGEST_TEXT: usize = 16 << 20;

/// LIMIT: rules that are listed unless it is asked for more.
const RULES: usize = 50;

/// LIMIT: what may be asked for.
const MOST: u64 = 1_000;

/// The tools, as a client lists them.
pub(super) fn list() -> Value {
    json!([
        tool(
            "scan_text",
            "Scan a text for credentials",
            "Look for credentials in a text before it is written into a file, sent, or committed. Give the path that it is \
             meant for, since the project's decisions go by path. Credentials come back masked.",
            &object(
                &json!({
                    "text": {"type": "string", "description": "The text."},
                    "path": {"type": "string", "description": "The file that the text is for, relative to the working folder."},
                }),
                &["text"]
            ),
            &outcome(),
        ),
        tool(
            "scan_path",
            "Scan files, staged changes or history",
            "Look for credentials in a file or folder of the working folder: in the files as they are, in what is staged for \
             the next commit, or in all of git's history.",
            &object(
                &json!({
                    "path": {"type": "string", "description": "File or folder, relative to the working folder. Default: the working folder."},
                    "scope": {"type": "string", "enum": ["files", "staged", "history"], "description": "Default: files."},
                    "limit": {"type": "integer", "minimum": 1, "maximum": MOST, "description": "Findings to return. Default: 50."},
                }),
                &[]
            ),
            &outcome(),
        ),
        tool(
            "explain_finding",
            "Explain a finding",
            "Say what the rule of a finding looks for, why a match counts, what to do about a real one, and how a person can \
             decide that it is none.",
            &object(
                &json!({
                    "rule": {"type": "string", "description": "The finding's rule."},
                    "fingerprint": {"type": "string", "description": "The finding's fingerprint."},
                }),
                &["rule"]
            ),
            &object(
                &json!({
                    "rule": {"type": "string"},
                    "title": {"type": "string"},
                    "explanation": {"type": "string"},
                    "what_to_do": {"type": "array", "items": {"type": "string"}},
                }),
                &["rule", "title", "explanation", "what_to_do"]
            ),
        ),
        tool(
            "list_rules",
            "List rules",
            "List the types of credentials that are looked for in this project, or those that match some words.",
            &object(
                &json!({
                    "query": {"type": "string", "description": "Words that id, title or provider hold."},
                    "limit": {"type": "integer", "minimum": 1, "maximum": MOST, "description": "Rules to return. Default: 50."},
                }),
                &[]
            ),
            &object(
                &json!({
                    "rule_count": {"type": "integer"},
                    "rules": {"type": "array", "items": {"type": "object"}},
                }),
                &["rule_count", "rules"]
            ),
        ),
    ])
}

fn tool(name: &str, title: &str, about: &str, input: &Value, output: &Value) -> Value {
    json!({
        "name": name,
        "title": title,
        "description": about,
        "inputSchema": input,
        "outputSchema": output,
        "annotations": {"title": title, "readOnlyHint": true, "idempotentHint": true, "openWorldHint": false},
    })
}

fn object(properties: &Value, required: &[&str]) -> Value {
    json!({"type": "object", "properties": properties, "required": required})
}

fn outcome() -> Value {
    object(
        &json!({
            "complete": {"type": "boolean", "description": "Whether everything could be looked at."},
            "finding_count": {"type": "integer"},
            "findings": {"type": "array", "items": {"type": "object"}},
            "skipped": {"type": "array", "items": {"type": "object"}},
            "suppressed": {"type": "integer", "description": "Matches that the project decided to let pass."},
        }),
        &[
            "complete",
            "finding_count",
            "findings",
            "skipped",
            "suppressed",
        ],
    )
}

/// Calls a tool. What goes wrong in it is told as its result, so that a model can read it.
///
/// # Errors
/// When there is no such tool, or the request has no shape.
pub(super) fn call(
    params: &Value,
    settings: &McpSettings,
    interrupted: &AtomicBool,
) -> Result<Value, Failure> {
    let name = params.get("name").and_then(Value::as_str);
    let name = name.ok_or_else(|| Failure::params("params.name is missing"))?;
    let none = json!({});
    let arguments = match params.get("arguments") {
        None | Some(Value::Null) => &none,
        Some(arguments) if arguments.is_object() => arguments,
        Some(_) => return Err(Failure::params("params.arguments is no object")),
    };
    let arguments = Arguments(arguments);
    let result = match name {
        "scan_text" => scan_text(&arguments, settings),
        "scan_path" => scan_path(&arguments, settings, interrupted),
        "explain_finding" => explain(&arguments, settings),
        "list_rules" => list_rules(&arguments, settings),
        _ => {
            return Err(Failure::params(
                "there is no such tool; tools/list names them",
            ));
        }
    };
    Ok(match result {
        // Clients that know no structured content read the text.
        Ok(value) => json!({
            "content": [{"type": "text", "text": value.to_string()}],
            "structuredContent": value,
            "isError": false,
        }),
        Err(problem) => json!({
            "content": [{"type": "text", "text": problem}],
            "isError": true,
        }),
    })
}

/// A tool's arguments.
struct Arguments<'v>(&'v Value);

impl<'v> Arguments<'v> {
    fn text(&self, name: &str) -> Result<Option<&'v str>, String> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(format!("{name} is no text")),
        }
    }

    fn needed(&self, name: &str) -> Result<&'v str, String> {
        self.text(name)?
            .ok_or_else(|| format!("the argument {name} is missing"))
    }

    fn limit(&self, default: usize) -> Result<usize, String> {
        match self.0.get("limit") {
            None | Some(Value::Null) => Ok(default),
            Some(limit) => match limit.as_u64() {
                Some(limit @ 1..=MOST) => Ok(usize::try_from(limit).unwrap_or(default)),
                _ => Err(format!("limit is no number from 1 to {MOST}")),
            },
        }
    }
}

fn scan_text(arguments: &Arguments<'_>, settings: &McpSettings) -> Result<Value, String> {
    let text = arguments.needed("text")?;
    if text.len() > LONGEST_TEXT {
        return Err(format!("the text is longer than {LONGEST_TEXT} bytes"));
    }
    scans::text(text, arguments.text("path")?, settings)
}

fn scan_path(
    arguments: &Arguments<'_>,
    settings: &McpSettings,
    interrupted: &AtomicBool,
) -> Result<Value, String> {
    let path = arguments.text("path")?.unwrap_or(".");
    let scope = arguments.text("scope")?.unwrap_or("files");
    if !["files", "staged", "history"].contains(&scope) {
        return Err("scope is none of files, staged, history".to_owned());
    }
    let limit = arguments.limit(scans::FINDINGS)?;
    scans::path(path, scope, limit, settings, interrupted)
}

/// The rules of the project.
pub(super) fn rules(settings: &McpSettings) -> Result<Vec<Rule>, String> {
    let project = Project::around(&settings.folder);
    let scanner = project.scanner(&settings.scan);
    scanner
        .map(|scanner| scanner.rules().to_vec())
        .map_err(|error| error.to_string())
}

fn explain(arguments: &Arguments<'_>, settings: &McpSettings) -> Result<Value, String> {
    let id = arguments.needed("rule")?;
    let rules = rules(settings)?;
    let rule = rules.iter().find(|rule| rule.id.as_str() == id);
    let rule = rule.ok_or("there is no rule with this id; list_rules names them")?;
    let fingerprint = arguments.text("fingerprint")?.unwrap_or("FINGERPRINT");
    Ok(json!({
        "rule": rule.id.as_str(),
        "title": rule.title,
        "explanation": (settings.explain)(rule),
        "what_to_do": what_to_do(rule, fingerprint),
    }))
}

fn what_to_do(rule: &Rule, fingerprint: &str) -> Vec<String> {
    let automatic = |action: &Option<Action>| action.as_ref().is_some_and(Action::is_automatic);
    let mut steps = vec![
        "Take it out of the text; let the program read it from its environment or from a secret store.".to_owned(),
    ];
    if automatic(&rule.rotate) {
        steps.push(format!("If it was committed or shared, a person replaces it: leakward rotate --report REPORT --finding {fingerprint}"));
    } else if automatic(&rule.revoke) {
        steps.push(format!("If it was committed or shared, a person revokes it: leakward revoke --report REPORT --finding {fingerprint}"));
    } else if let Some(url) = &rule.revoke_url {
        steps.push(format!(
            "If it was committed or shared, a person revokes it at {url}"
        ));
    } else {
        steps.push(format!(
            "If it was committed or shared, a person revokes it at {}.",
            rule.provider
        ));
    }
    steps.push(format!(
        "If it is no credential, a person adds a line to .leakwardignore: {fingerprint}  # why"
    ));
    steps
}

fn list_rules(arguments: &Arguments<'_>, settings: &McpSettings) -> Result<Value, String> {
    let query = arguments.text("query")?.unwrap_or_default().to_lowercase();
    let words: Vec<&str> = query.split_whitespace().collect();
    let limit = arguments.limit(RULES)?;
    let rules = rules(settings)?;
    let fits = |rule: &&Rule| {
        let text = format!("{} {} {}", rule.id, rule.title, rule.provider).to_lowercase();
        rule.class == Class::Secret && words.iter().all(|word| text.contains(word))
    };
    let fitting: Vec<&Rule> = rules.iter().filter(fits).collect();
    let shown: Vec<Value> = fitting.iter().take(limit).map(|rule| entry(rule)).collect();
    Ok(json!({"rule_count": fitting.len(), "rules": shown}))
}

/// A rule in a list.
pub(super) fn entry(rule: &Rule) -> Value {
    json!({
        "id": rule.id.as_str(),
        "provider": rule.provider,
        "title": rule.title,
        "severity": rule.severity.as_str(),
        "verifies": rule.verify.is_some(),
        "revokes": rule.revoke.as_ref().is_some_and(Action::is_automatic),
        "rotates": rule.rotate.as_ref().is_some_and(Action::is_automatic),
    })
}
