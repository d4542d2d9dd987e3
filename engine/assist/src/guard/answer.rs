//! The answer, in the form that the asking agent documents: JSON on standard output, words on standard error, a status.
//!
//! "Nothing against it" is said as "no opinion" wherever an agent knows the difference: an explicit `allow` of Claude
//! Code or Copilot would skip the question that its user would be asked.

use leakward_core::Finding;
use serde_json::{Value, json};

use super::agent::Agent;
use super::call::{Call, Event, Role};
use super::reason;

/// Status with which an agent that goes by statuses is stopped.
const STATUS_BLOCK: u8 = 2;

/// Status for "there is something", as `leakward scan` has it.
const STATUS_FINDINGS: u8 = 1;

/// Status for "it could not be looked at", as `leakward scan` has it.
const STATUS_ERROR: u8 = 2;

/// What is decided, mildest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Decision {
    /// Nothing against it.
    #[default]
    Allow,
    /// A person decides.
    Ask,
    /// It is stopped.
    Deny,
}

impl Decision {
    fn word(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Ask => "ask",
            Self::Deny => "deny",
        }
    }
}

/// One credential of a call.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// What it was found in.
    pub(super) role: Role,
    /// Whether that has a path.
    pub(super) has_path: bool,
    /// The credential, masked.
    pub(super) finding: Finding,
}

/// All that was found out about a call.
#[derive(Clone, Debug, Default)]
pub(super) struct Decided {
    /// What is decided.
    pub(super) decision: Decision,
    /// What was found.
    pub(super) found: Vec<Found>,
    /// A command that prints a credential, by name.
    pub(super) secret_printer: Option<String>,
    /// The policy file that would be changed.
    pub(super) policy_file: Option<String>,
    /// What could not be looked at, and why.
    pub(super) unread: Vec<String>,
}

impl Decided {
    /// Whether there is something to say about it.
    pub(super) fn has_reason(&self) -> bool {
        !self.found.is_empty() || self.secret_printer.is_some() || self.policy_file.is_some()
    }
}

/// What the program prints, and how it ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// For standard output.
    pub stdout: String,
    /// For standard error.
    pub stderr: String,
    /// The exit status.
    pub status: u8,
}

/// The answer to a call that was decided.
pub(super) fn reply(call: &Call, decided: &Decided) -> Reply {
    let reason = if decided.has_reason() {
        reason::of(decided)
    } else {
        String::new()
    };
    let mut reply = of_agent(call, decided.decision, &reason, &decided.found);
    for unread in &decided.unread {
        reply
            .stderr
            .push_str(&format!("Leakward could not look at {unread}\n"));
    }
    reply
}

/// The answer to a call that could not be decided.
pub(super) fn of_failure(call: &Call, decision: Decision, message: &str) -> Reply {
    let mut reply = of_agent(call, decision, message, &[]);
    if matches!(call.agent, Agent::Json | Agent::Text) && decision != Decision::Allow {
        reply.status = STATUS_ERROR;
    }
    // It is worth knowing in any case, and a log of the agent's has it then.
    if !reply.stderr.contains(message) {
        reply.stderr.push_str(message);
        reply.stderr.push('\n');
    }
    reply
}

fn of_agent(call: &Call, decision: Decision, reason: &str, found: &[Found]) -> Reply {
    match call.agent {
        Agent::Claude => said(&claude(call, decision, reason)),
        Agent::Codex => {
            // It knows no question in a hook's answer.
            let decision = if decision == Decision::Ask {
                Decision::Deny
            } else {
                decision
            };
            said(&claude(call, decision, reason))
        }
        Agent::VsCode => said(&vscode(call, decision, reason)),
        Agent::Gemini => said(&gemini(call, decision, reason)),
        Agent::Cursor => cursor(call, decision, reason),
        Agent::Copilot => copilot(call, decision, reason),
        Agent::Cline => said(&cline(call, decision, reason)),
        Agent::Windsurf => windsurf(call, decision, reason),
        Agent::OpenCode => said(&plain(decision, reason, found)),
        Agent::Json | Agent::Text => Reply {
            status: if decision == Decision::Allow {
                0
            } else {
                STATUS_FINDINGS
            },
            ..said(&plain(decision, reason, found))
        },
    }
}

fn said(value: &Value) -> Reply {
    Reply {
        stdout: format!("{value}\n"),
        ..Reply::default()
    }
}

/// <https://code.claude.com/docs/en/hooks>, <https://developers.openai.com/codex/hooks>
fn claude(call: &Call, decision: Decision, reason: &str) -> Value {
    match (call.event, decision) {
        (_, Decision::Allow) | (Event::Other, _) => json!({}),
        (Event::Before, _) if call.name == "PermissionRequest" => json!({
            "hookSpecificOutput": {
                "hookEventName": "PermissionRequest",
                "decision": {"behavior": "deny", "message": reason},
            }
        }),
        (Event::Before, _) => json!({
            "hookSpecificOutput": {
                "hookEventName": "PreToolUse",
                "permissionDecision": decision.word(),
                "permissionDecisionReason": reason,
            }
        }),
        (Event::After | Event::Prompt, _) => json!({"decision": "block", "reason": reason}),
    }
}

/// <https://code.visualstudio.com/docs/agent-customization/hooks>; Copilot reads the outer fields of the same input.
fn vscode(call: &Call, decision: Decision, reason: &str) -> Value {
    let mut value = claude(call, decision, reason);
    if call.event == Event::Before && decision != Decision::Allow {
        value["permissionDecision"] = decision.word().into();
        value["permissionDecisionReason"] = reason.into();
    }
    value
}

/// <https://geminicli.com/docs/hooks/reference>
fn gemini(call: &Call, decision: Decision, reason: &str) -> Value {
    if decision == Decision::Allow || call.event == Event::Other {
        return json!({});
    }
    json!({"decision": "deny", "reason": reason})
}

/// <https://cursor.com/docs/hooks>
fn cursor(call: &Call, decision: Decision, reason: &str) -> Reply {
    let stops = decision != Decision::Allow;
    let mut value = match call.event {
        Event::Prompt => json!({"continue": !stops}),
        Event::Before => json!({"permission": decision.word()}),
        Event::After | Event::Other => json!({}),
    };
    if !stops {
        return said(&value);
    }
    match call.event {
        Event::Prompt => value["user_message"] = reason.into(),
        Event::Before => {
            value["user_message"] = reason.into();
            value["agent_message"] = reason.into();
        }
        Event::After if call.name == "postToolUse" => value["additional_context"] = reason.into(),
        // Too late, and nobody listens; a person may read the log.
        Event::After | Event::Other => {
            return Reply {
                stderr: format!("{reason}\n"),
                ..said(&value)
            };
        }
    }
    said(&value)
}

/// <https://docs.github.com/en/copilot/reference/hooks-reference>
fn copilot(call: &Call, decision: Decision, reason: &str) -> Reply {
    if decision == Decision::Allow {
        return said(&json!({}));
    }
    match call.event {
        Event::Before => said(&json!({
            "permissionDecision": decision.word(),
            "permissionDecisionReason": reason,
        })),
        Event::After => said(&json!({
            "modifiedResult": {"resultType": "success", "textResultForLlm": reason},
        })),
        // It cannot be stopped there; status 2 shows the words to the person.
        Event::Prompt => Reply {
            stderr: format!("{reason}\n"),
            status: STATUS_BLOCK,
            ..said(&json!({}))
        },
        Event::Other => said(&json!({})),
    }
}

/// <https://docs.cline.bot/customization/hooks>
fn cline(call: &Call, decision: Decision, reason: &str) -> Value {
    match (call.event, decision) {
        (_, Decision::Allow) | (Event::Other, _) => json!({"cancel": false}),
        // The tool has run; cancelling would only end the task.
        (Event::After, _) => json!({"cancel": false, "contextModification": reason}),
        _ => json!({"cancel": true, "errorMessage": reason}),
    }
}

/// <https://docs.windsurf.com/windsurf/cascade/hooks>
fn windsurf(call: &Call, decision: Decision, reason: &str) -> Reply {
    match (call.event, decision) {
        (_, Decision::Allow) | (Event::Other, _) => Reply::default(),
        (Event::After, _) => Reply {
            stdout: format!("{reason}\n"),
            ..Reply::default()
        },
        _ => Reply {
            stderr: format!("{reason}\n"),
            status: STATUS_BLOCK,
            ..Reply::default()
        },
    }
}

/// Our own form: docs/agents.md.
fn plain(decision: Decision, reason: &str, found: &[Found]) -> Value {
    if decision == Decision::Allow && reason.is_empty() {
        return json!({"decision": "allow"});
    }
    let findings: Vec<Value> = found.iter().map(finding).collect();
    json!({"decision": decision.word(), "reason": reason, "findings": findings})
}

fn finding(found: &Found) -> Value {
    let finding = &found.finding;
    let place = finding.locations.first();
    json!({
        "rule": finding.rule.as_str(),
        "title": finding.title,
        "severity": finding.severity.as_str(),
        "masked": finding.masked,
        "fingerprint": finding.fingerprint.to_string(),
        "path": place.filter(|_| found.has_path).map(|place| place.path.clone()),
        "line": place.map(|place| place.range.start.line),
        "column": place.map(|place| place.range.start.column),
    })
}
