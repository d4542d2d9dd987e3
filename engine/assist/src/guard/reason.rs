//! The reason, in words: what was found where, and what to do instead. An agent reads it and acts on it; a person reads it
//! over its shoulder.

use super::answer::{Decided, Decision, Found};
use super::call::Role;

/// Findings that are named; the rest is counted.
const NAMED: usize = 5;

/// Why a call is stopped, asked about, or worth a word.
pub(super) fn of(decided: &Decided) -> String {
    if decided.found.is_empty() {
        let printer = decided.secret_printer.as_deref().map(secret_printer);
        let file = decided.policy_file.as_ref();
        let policy = || file.map(|file| policy(decided.decision, file));
        if let Some(text) = printer.or_else(policy) {
            return text;
        }
    }
    let role = decided.found.first().map_or(Role::Alone, |one| one.role);
    let mut text = format!("Leakward: {}", opening(role));
    for one in decided.found.iter().take(NAMED) {
        text.push_str(&format!("\n- {}", line(one)));
    }
    if decided.found.len() > NAMED {
        text.push_str(&format!("\n- and {} more", decided.found.len() - NAMED));
    }
    text.push('\n');
    text.push_str(advice(role));
    if let Some(first) = decided.found.first()
        && !matches!(role, Role::Prompt | Role::Output | Role::Environment)
    {
        text.push_str(&format!(
            " If this is no credential, a person can say so: `{}  # why` in .leakwardignore.",
            first.finding.fingerprint
        ));
    }
    text
}

fn policy(decision: Decision, file: &str) -> String {
    let what = match decision {
        Decision::Deny => "that is a person's decision, so it is stopped",
        Decision::Ask | Decision::Allow => "that is a person's decision",
    };
    format!("Leakward: {file} says what its scans let pass; {what}.")
}

fn secret_printer(name: &str) -> String {
    format!(
        "Leakward: `{name}` prints a credential, which is not to be read into a conversation. Hand it to the program that \
         needs it, in `$(…)`, through a pipe or in a file, without printing it; or ask the person."
    )
}

fn opening(role: Role) -> &'static str {
    match role {
        Role::Content => "this would write a credential into a file:",
        Role::Command => "this command line holds a credential:",
        Role::Arguments => "the arguments of this tool hold a credential:",
        Role::Output => "what this tool returned holds a credential:",
        Role::Prompt => "this message holds a credential:",
        Role::FileContent => {
            "this file holds credentials, which are not to be read into a conversation:"
        }
        Role::Environment => {
            "the environment holds credentials, which are not to be read into a conversation:"
        }
        Role::Alone => "this holds a credential:",
    }
}

fn advice(role: Role) -> &'static str {
    match role {
        Role::Content | Role::Alone => {
            "Do not write it down. Let the program read it from its environment or from a secret store, and name the variable."
        }
        Role::Command | Role::Arguments => {
            "Do not pass it in clear. Use a variable of the environment that a person has set, or a file that only the program reads."
        }
        Role::Output => {
            "Do not repeat it, store it or send it anywhere. Tell the person that it was shown and should be replaced."
        }
        Role::Prompt => {
            "Take it out and name the variable that holds it instead. If it was sent anywhere before, replace it."
        }
        Role::FileContent => {
            "Work with the names of its settings: `cut -d= -f1 FILE` or `jq keys FILE` shows them. Or ask the person for a \
             copy without values."
        }
        Role::Environment => {
            "Work with the names of its variables: `env | cut -d= -f1` shows them. A program reads their values by itself."
        }
    }
}

fn line(found: &Found) -> String {
    let finding = &found.finding;
    let place = finding.locations.first().map(|location| {
        let line = location.range.start.line;
        if found.has_path {
            format!("{}:{line}: ", location.path)
        } else {
            format!("line {line}: ")
        }
    });
    format!(
        "{}{} {} ({})",
        place.unwrap_or_default(),
        finding.title,
        finding.masked,
        finding.rule
    )
}
