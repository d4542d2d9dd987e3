//! Resources: each rule in words, and what this project lets pass.

use leakward_core::rule::Class;
use serde_json::{Value, json};

use super::protocol::Way;
use super::rpc::Failure;
use super::{McpSettings, tools};
use crate::project::Project;

const RULES: &str = "leakward://rules";
const POLICY: &str = "leakward://policy";

/// The resources that are there by name.
pub(super) fn list() -> Value {
    json!({"resources": [
        {
            "uri": RULES,
            "name": "rules",
            "title": "Types of credentials that are looked for",
            "mimeType": "application/json",
        },
        {
            "uri": POLICY,
            "name": "policy",
            "title": "What this project lets pass: its configuration and ignore files",
            "mimeType": "text/plain",
        },
    ]})
}

/// Those that are there by pattern.
pub(super) fn templates() -> Value {
    json!({"resourceTemplates": [{
        "uriTemplate": "leakward://rules/{id}",
        "name": "rule",
        "title": "A rule in words",
        "mimeType": "text/plain",
    }]})
}

/// Reads one.
///
/// # Errors
/// When there is none of that name.
pub(super) fn read(params: &Value, settings: &McpSettings, way: Way) -> Result<Value, Failure> {
    let uri = params.get("uri").and_then(Value::as_str);
    let uri = uri.ok_or_else(|| Failure::params("params.uri is missing"))?;
    let none = || Failure::no_resource("there is no such resource", way == Way::Handshake);
    let (kind, text) = if uri == RULES {
        ("application/json", all_rules(settings)?)
    } else if uri == POLICY {
        ("text/plain", policy(settings)?)
    } else {
        let id = uri
            .strip_prefix(RULES)
            .and_then(|rest| rest.strip_prefix('/'));
        let rules = tools::rules(settings).map_err(Failure::params)?;
        let rule = rules.iter().find(|rule| Some(rule.id.as_str()) == id);
        ("text/plain", (settings.explain)(rule.ok_or_else(none)?))
    };
    Ok(json!({"contents": [{"uri": uri, "mimeType": kind, "text": text}]}))
}

fn all_rules(settings: &McpSettings) -> Result<String, Failure> {
    let rules = tools::rules(settings).map_err(Failure::params)?;
    let reported = rules.iter().filter(|rule| rule.class == Class::Secret);
    let entries: Vec<Value> = reported.map(tools::entry).collect();
    Ok(Value::Array(entries).to_string())
}

/// The policy files, each under its name. They name fingerprints and paths, never a credential; what looks like one is
/// masked all the same.
fn policy(settings: &McpSettings) -> Result<String, Failure> {
    let project = Project::around(&settings.folder);
    let scanner = project
        .scanner(&settings.scan)
        .map_err(|error| Failure::params(error.to_string()))?;
    let mut text = String::new();
    for name in scanner.policy_files() {
        // One that is not there says nothing; one that cannot be read has stopped the scanner.
        if let Ok(content) = std::fs::read_to_string(project.root().join(name)) {
            text.push_str(&format!("== {name}\n{}\n", scanner.masked(&content)));
        }
    }
    if text.is_empty() {
        text.push_str("This project has neither leakward.toml nor .leakwardignore: everything that is found is told.\n");
    }
    Ok(text)
}
