//! What the screen asks for.
//!
//! Verifying and planning start this very program for one finding. So they do exactly what the commands do, with their
//! limits, their audit log and their messages, and nothing that they print can get onto the screen.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use leakward_assist::project::{Project, ScanSettings};
use leakward_core::{Finding, Fingerprint, Location};
use leakward_scan::text_scanner::TextScanner;
use leakward_triage::{Context, Decision, Known, World};
use serde_json::Value;

use super::around;
use super::decisions::IgnoreFiles;
use super::roots::Roots;
use crate::scan_command::today;

/// What the program's own commands are called with.
pub(super) struct Commands {
    pub(super) report: PathBuf,
    pub(super) targets: Vec<String>,
    pub(super) options: Vec<String>,
}

/// Files, git, the ignore file and the program's own commands.
pub(super) struct Outside {
    commands: Commands,
    roots: Roots,
    ignore_files: IgnoreFiles,
    scanner: OnceLock<Result<TextScanner, String>>,
}

impl Outside {
    pub(super) fn new(commands: Commands, roots: Roots, ignore_files: IgnoreFiles) -> Self {
        Self {
            commands,
            roots,
            ignore_files,
            scanner: OnceLock::new(),
        }
    }

    /// Knows what is a credential in the text around a place.
    fn scanner(&self) -> Result<&TextScanner, String> {
        let make = || {
            let folder = self.roots.first().map(|root| root.folder.clone());
            let project = Project::around(&folder.unwrap_or_else(|| PathBuf::from(".")));
            let settings = ScanSettings {
                today: today(),
                ..ScanSettings::default()
            };
            project
                .scanner(&settings)
                .map_err(|error| error.to_string())
        };
        self.scanner
            .get_or_init(make)
            .as_ref()
            .map_err(Clone::clone)
    }

    /// Runs a command of this program about one finding.
    fn run(
        &self,
        command: &str,
        fingerprint: Fingerprint,
        arguments: &[&str],
    ) -> Result<Output, String> {
        let program = std::env::current_exe().map_err(|error| format!("this program: {error}"))?;
        Command::new(program)
            .arg(command)
            .arg("--report")
            .arg(&self.commands.report)
            .args(["--finding", &fingerprint.to_string()])
            .args(arguments)
            .args(&self.commands.options)
            .arg("--")
            .args(&self.commands.targets)
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("leakward {command}: {error}"))
    }
}

/// What a command printed, when it did what it was asked.
fn printed(output: &Output) -> Result<String, String> {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.trim();
    match text.trim() {
        "" if said.is_empty() => Err(format!("it ended without a word ({})", output.status)),
        "" => Err(said.trim_start_matches("leakward: ").to_owned()),
        _ if said.is_empty() => Ok(text),
        _ => Ok(format!("{text}\n{said}\n")),
    }
}

impl World for Outside {
    fn context(&self, finding: &Finding, place: &Location) -> Result<Context, String> {
        around::context(&self.roots, self.scanner()?, finding.fingerprint, place)
    }

    fn decide(&self, finding: &Finding, decision: &Decision) -> Result<Known, String> {
        self.ignore_files.add(finding, decision)
    }

    fn take_back(&self, known: &Known) -> Result<(), String> {
        self.ignore_files.remove(known)
    }

    fn verification_plan(&self, fingerprint: Fingerprint) -> Result<String, String> {
        printed(&self.run("verify", fingerprint, &["--egress-plan"])?)
    }

    fn verify(&self, fingerprint: Fingerprint) -> Result<(String, String), String> {
        let output = self.run("verify", fingerprint, &["--format", "json"])?;
        let parsed = serde_json::from_slice::<Value>(&output.stdout);
        let Ok(report) = parsed else {
            return Err(printed(&output)
                .err()
                .unwrap_or_else(|| "no report came back".to_owned()));
        };
        let finding = report.get("findings").and_then(|findings| findings.get(0));
        let finding =
            finding.ok_or("the credential was not found again, so it could not be asked about")?;
        let verification = finding.get("verification").unwrap_or(&Value::Null);
        let verdict = verification.get("verdict").and_then(Value::as_str);
        Ok((
            verdict.unwrap_or("not-checked").to_owned(),
            verdict_words(verification),
        ))
    }

    fn rotation_plan(&self, fingerprint: Fingerprint) -> Result<String, String> {
        let rotation = printed(&self.run("rotate", fingerprint, &["--dry-run"])?);
        match rotation {
            // A successor needs a place where applications read it; without one, the leaked one can still be taken away.
            Err(problem) if problem.contains("--store") => {
                let revocation = printed(&self.run("revoke", fingerprint, &["--dry-run"])?)?;
                Ok(format!(
                    "{problem}\n(or let `leakward store index` find it)\n\nWithout a successor:\n\n{revocation}"
                ))
            }
            other => other,
        }
    }
}

/// What a verification says, one fact a line.
fn verdict_words(verification: &Value) -> String {
    let text = |name: &str| verification.get(name).and_then(Value::as_str);
    let mut lines = Vec::new();
    for (name, words) in [
        ("verdict", ""),
        ("reason", "because "),
        ("summary", ""),
        ("checked_at", "asked at "),
        ("expires_at", "until "),
    ] {
        lines.extend(text(name).map(|value| format!("{words}{value}")));
    }
    if let (Some(host), Some(path)) = (text("host"), text("path")) {
        lines.push(format!("at {host}{path}"));
    }
    let identity = verification.get("identity").and_then(Value::as_array);
    for fact in identity.into_iter().flatten() {
        let of = |name: &str| fact.get(name).and_then(Value::as_str).unwrap_or_default();
        lines.push(format!("{}: {}", of("name"), of("value")));
    }
    let scopes = verification.get("scopes").and_then(Value::as_array);
    let scopes: Vec<&str> = scopes
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if !scopes.is_empty() {
        lines.push(format!("scopes: {}", scopes.join(", ")));
    }
    lines.join("\n")
}
