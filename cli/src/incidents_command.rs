//! `leakward incidents`: asks a running service, and shows what it says.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use leakward_core::{Fingerprint, Secret};
use serde_json::{Value, json};

use crate::serve_args::{IncidentsCommand, IncidentsFormat, ServerArgs};

/// LIMIT: bytes of an answer.
const LARGEST_ANSWER: u64 = 64 << 20;

/// Does what was typed.
pub(crate) fn run(command: &IncidentsCommand) -> anyhow::Result<ExitCode> {
    match command {
        IncidentsCommand::List {
            state,
            severity,
            provider,
            server,
        } => list(
            server,
            [
                ("state", state),
                ("severity", severity),
                ("provider", provider),
            ],
        ),
        IncidentsCommand::Show { incident, server } => {
            let answer = ask(server, &format!("/v1/incidents/{incident}"), None)?;
            show(server, &answer, &whole(&answer))
        }
        IncidentsCommand::Approve {
            incident,
            reason,
            server,
        } => decide(server, *incident, "approve", reason),
        IncidentsCommand::Reject {
            incident,
            reason,
            server,
        } => decide(server, *incident, "reject", reason),
        IncidentsCommand::Close {
            incident,
            reason,
            server,
        } => decide(server, *incident, "close", reason),
    }
}

fn list(server: &ServerArgs, filters: [(&str, &Option<String>); 3]) -> anyhow::Result<ExitCode> {
    let query: Vec<String> = filters
        .iter()
        .filter_map(|(name, value)| {
            let value = value.as_ref()?;
            Some(format!("{name}={}", percent_encoded(value)))
        })
        .collect();
    let answer = ask(server, &format!("/v1/incidents?{}", query.join("&")), None)?;
    let incidents = answer["incidents"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    let mut lines: Vec<String> = incidents.iter().map(line).collect();
    lines.push(format!(
        "{} of {} incidents",
        incidents.len(),
        answer["total"]
    ));
    show(server, &answer, &(lines.join("\n") + "\n"))
}

fn decide(
    server: &ServerArgs,
    incident: Fingerprint,
    decision: &str,
    reason: &str,
) -> anyhow::Result<ExitCode> {
    let body = json!({ "reason": reason });
    let answer = ask(
        server,
        &format!("/v1/incidents/{incident}/{decision}"),
        Some(&body),
    )?;
    let text = format!("{}: {}\n", text(&answer["state"]), text(&answer["because"]));
    show(server, &answer, &text)
}

/// One incident in one line.
fn line(incident: &Value) -> String {
    format!(
        "{}  {:8}  {:20}  {:11}  {}",
        text(&incident["fingerprint"]),
        text(&incident["severity"]),
        text(&incident["state"]),
        text(&incident["verdict"]),
        text(&incident["title"]),
    )
}

/// One incident with everything about it.
fn whole(answer: &Value) -> String {
    let incident = &answer["incident"];
    let mut lines = vec![
        format!(
            "{} ({})",
            text(&incident["title"]),
            text(&incident["masked"])
        ),
        format!(
            "  {}, {}, {}: {}",
            text(&incident["severity"]),
            text(&incident["state"]),
            text(&incident["verdict"]),
            text(&incident["because"])
        ),
    ];
    for place in incident["places"].as_array().into_iter().flatten() {
        lines.push(format!(
            "  in {} {}:{}",
            text(&place["target"]),
            text(&place["path"]),
            place["line"]
        ));
    }
    for moment in incident["timeline"].as_array().into_iter().flatten() {
        lines.push(format!(
            "  {}  {}",
            text(&moment["at"]),
            text(&moment["what"])
        ));
    }
    let plan = &answer["plan"];
    if plan.is_object() {
        lines.push(format!(
            "plan: {} ({})",
            text(&plan["goal"]),
            text(&plan["decision"])
        ));
        for step in plan["steps"].as_array().into_iter().flatten() {
            lines.push(format!(
                "  {}: {}",
                text(&step["step"]),
                text(&step["text"])
            ));
        }
    }
    lines.push("what happened:".to_owned());
    for event in answer["events"].as_array().into_iter().flatten() {
        lines.push(format!(
            "  {}  {}: {} ({})",
            text(&event["at"]),
            text(&event["kind"]),
            text(&event["text"]),
            text(&event["actor"])
        ));
    }
    lines.join("\n") + "\n"
}

/// A text without what could move a terminal's cursor: it comes from another machine.
fn text(value: &Value) -> String {
    let text = value.as_str().unwrap_or_default();
    text.chars()
        .map(|letter| {
            if letter.is_control() {
                '\u{fffd}'
            } else {
                letter
            }
        })
        .collect()
}

fn percent_encoded(value: &str) -> String {
    let encode = |byte: u8| {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    value.bytes().map(encode).collect()
}

fn show(server: &ServerArgs, answer: &Value, as_text: &str) -> anyhow::Result<ExitCode> {
    let shown = match server.format {
        IncidentsFormat::Text => as_text.to_owned(),
        IncidentsFormat::Json => serde_json::to_string_pretty(answer)? + "\n",
    };
    match std::io::stdout().write_all(shown.as_bytes()) {
        // The reader (head, a pager) has seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        written => written
            .map(|()| ExitCode::SUCCESS)
            .context("standard output"),
    }
}

/// Asks the service; with a body, tells it something.
fn ask(server: &ServerArgs, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
    let base = server.server.trim_end_matches('/');
    let is_here = ["http://127.0.0.1", "http://localhost", "http://[::1]"]
        .iter()
        .any(|here| base.starts_with(here));
    if !base.starts_with("https://") && !is_here {
        bail!(
            "{base}: the token would be sent in clear text; use https:// (http:// is only for this machine)"
        );
    }
    let client = reqwest::blocking::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .context("HTTP")?;
    let url = format!("{base}{path}");
    let request = match body {
        Some(body) => client
            .post(&url)
            .header("content-type", "application/json")
            .body(body.to_string()),
        None => client.get(&url),
    };
    let token = token(server.token_file.as_deref())?;
    #[expect(
        clippy::disallowed_methods,
        reason = "the user's own token, sent to the service that the user named"
    )]
    let request = request.bearer_auth(String::from_utf8_lossy(token.expose()));
    let answer = request
        .send()
        .with_context(|| format!("{base} cannot be reached"))?;
    let status = answer.status();
    let mut text = String::new();
    std::io::Read::read_to_string(&mut std::io::Read::take(answer, LARGEST_ANSWER), &mut text)
        .with_context(|| format!("{base}: the answer"))?;
    let value: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
    if !status.is_success() {
        let detail = value["detail"].as_str().unwrap_or_default();
        bail!("{base}: {status} {detail}");
    }
    Ok(value)
}

fn token(file: Option<&Path>) -> anyhow::Result<Secret> {
    let text = match file {
        Some(file) => std::fs::read_to_string(file).with_context(|| file.display().to_string())?,
        None => std::env::var("LEAKWARD_TOKEN")
            .context("say who asks: --token-file, or LEAKWARD_TOKEN")?,
    };
    Ok(Secret::new(text.trim().as_bytes()))
}
