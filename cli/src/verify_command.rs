//! `leakward verify`: the findings of a report, or one credential from standard input.

use std::collections::HashSet;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use leakward_core::{
    Fingerprint, FingerprintKey, Rule, RuleId, Secret, Skipped, SkippedKind, Verdict,
};
use leakward_scan::request::Credentials;
use leakward_scan::run::Scanned;
use leakward_verify::{Subject, Verified};
use serde::Deserialize;

use crate::args::{ColorChoice, PolicyArgs, ScopeArgs, VerifyArgs};
use crate::messages::Messages;
use crate::scan_command::{request, run_request, status, tell, write_reports};
use crate::sinks::Sink;
use crate::verification::{Verification, apply, keep_only, print_plan, reported};

/// LIMIT: bytes of a report, and of a credential on standard input.
const LARGEST_REPORT: u64 = 1 << 30;
const LARGEST_CREDENTIAL: u64 = 64 << 10;

/// Status when a verdict is not known.
const STATUS_UNKNOWN: u8 = 2;

/// Verifies, and says how it ended.
pub(crate) fn verify(
    args: &VerifyArgs,
    sinks: &[Sink],
    color: ColorChoice,
    messages: Messages,
) -> anyhow::Result<ExitCode> {
    verify_and_show(args, sinks, color, messages, Reading::Verdict)
}

/// Verifies, reads what live credentials reach, and shows that.
pub(crate) fn inspect(
    args: &VerifyArgs,
    sinks: &[Sink],
    color: ColorChoice,
    messages: Messages,
) -> anyhow::Result<ExitCode> {
    verify_and_show(args, sinks, color, messages, Reading::Reach)
}

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// Whether it works; more only with `--details`.
    Verdict,
    /// What it reaches as well.
    Reach,
}

fn verify_and_show(
    args: &VerifyArgs,
    sinks: &[Sink],
    color: ColorChoice,
    messages: Messages,
    reading: Reading,
) -> anyhow::Result<ExitCode> {
    match (&args.rule, &args.report) {
        (Some(rule), _) => one(args, rule, sinks, messages, reading),
        (None, Some(report)) => of_report(args, report, sinks, color, messages, reading),
        (None, None) => bail!("give --report or --rule"),
    }
}

/// One credential from standard input. Status 1 when it is live, 0 when it is dead, 2 when that is not known.
fn one(
    args: &VerifyArgs,
    rule: &str,
    sinks: &[Sink],
    messages: Messages,
    reading: Reading,
) -> anyhow::Result<ExitCode> {
    let rules = rule_set(&args.policy)?;
    if leakward_rules::find(&rules, rule).is_none() {
        let nearest =
            leakward_rule_format::nearest(rule, rules.iter().map(|rule| rule.id.as_str()));
        let hint = nearest
            .map(|id| format!("; did you mean {id}?"))
            .unwrap_or_default();
        bail!("no rule is called {rule:?}{hint}");
    }
    let secret = secret_from_input()?;
    let rule = RuleId::from(rule);
    let subject = Subject {
        fingerprint: FingerprintKey::default().fingerprint(&rule, &secret),
        rule,
        secret,
        values: Vec::new(),
    };
    let verification = verification(args, reading)?;
    if args.verification.egress_plan {
        print_plan(&verification.plan(&rules, &[subject]), &rules)?;
        return Ok(ExitCode::SUCCESS);
    }
    let verified = verification.verify(&rules, &[subject], messages)?;
    let Some(verified) = verified.first() else {
        bail!("nothing was verified");
    };
    let as_json = sinks
        .iter()
        .any(|sink| sink.format.name().starts_with("json"));
    let text = match (as_json, reading) {
        (true, _) => json(verified),
        (false, Reading::Verdict) => text(verified),
        (false, Reading::Reach) => crate::verdict_tree::tree(verified),
    };
    std::io::stdout()
        .write_all(text.as_bytes())
        .context("standard output")?;
    Ok(match verified.verdict {
        Verdict::Live => ExitCode::from(args.output.exit_code),
        Verdict::Dead => ExitCode::SUCCESS,
        Verdict::Unknown(_) | Verdict::NotChecked => ExitCode::from(STATUS_UNKNOWN),
    })
}

fn text(verified: &Verified) -> String {
    let evidence = &verified.evidence;
    let mut lines = vec![verified.verdict.to_string()];
    if !evidence.summary.is_empty() && !matches!(verified.verdict, Verdict::Unknown(_)) {
        lines.push(format!("  {}", evidence.summary));
    }
    if let Some(asked) = &evidence.asked {
        lines.push(format!(
            "  {} {}{} at {}",
            asked.method, asked.host, asked.path, evidence.checked_at
        ));
    }
    lines.extend(
        evidence
            .identity
            .iter()
            .map(|(name, value)| format!("  {name}: {value}")),
    );
    if !evidence.scopes.is_empty() {
        lines.push(format!("  scopes: {}", evidence.scopes.join(", ")));
    }
    lines.extend(
        evidence
            .expires_at
            .iter()
            .map(|date| format!("  until: {date}")),
    );
    for reach in &evidence.details {
        lines.push(format!("  {} ({})", reach.name, reach.items.len()));
        lines.extend(reach.items.iter().map(|item| format!("    {item}")));
        lines.extend(reach.note.iter().map(|note| format!("    {note}")));
    }
    lines.join("\n") + "\n"
}

fn json(verified: &Verified) -> String {
    leakward_report::verification_json(verified.fingerprint, &verified.verdict, &verified.evidence)
        + "\n"
}

/// What a report says that is needed to find its findings again.
#[derive(Deserialize)]
struct ReportFile {
    #[serde(default)]
    targets: Vec<TargetEntry>,
    #[serde(default)]
    findings: Vec<FindingEntry>,
    /// Of jsonl: the last line.
    summary: Option<Box<ReportFile>>,
    /// Of jsonl: each line but the last.
    fingerprint: Option<String>,
}

#[derive(Deserialize)]
struct TargetEntry {
    name: String,
}

#[derive(Deserialize)]
struct FindingEntry {
    fingerprint: String,
}

/// The fingerprints and targets of a report.
fn read_report(path: &Path) -> anyhow::Result<(HashSet<Fingerprint>, Vec<String>)> {
    let name = || path.display().to_string();
    let file = std::fs::File::open(path).with_context(name)?;
    let mut text = String::new();
    file.take(LARGEST_REPORT)
        .read_to_string(&mut text)
        .with_context(name)?;
    let documents: Vec<ReportFile> = serde_json::Deserializer::from_str(&text)
        .into_iter()
        .collect::<Result<_, _>>()
        .with_context(|| {
            format!(
                "{}: not a report of `leakward scan -f json`",
                path.display()
            )
        })?;
    let mut fingerprints = HashSet::new();
    let mut targets = Vec::new();
    for document in documents {
        let summary = document.summary.map(|summary| summary.targets);
        let named = document
            .targets
            .into_iter()
            .chain(summary.into_iter().flatten());
        targets.extend(named.map(|target| target.name));
        let listed = document
            .findings
            .into_iter()
            .map(|finding| finding.fingerprint);
        for text in listed.chain(document.fingerprint) {
            fingerprints.insert(text.parse().with_context(name)?);
        }
    }
    Ok((fingerprints, targets))
}

/// How providers are asked; whoever inspects reads details without saying so.
fn verification(args: &VerifyArgs, reading: Reading) -> anyhow::Result<Verification> {
    let mut typed = args.verification.clone();
    typed.details |= reading == Reading::Reach;
    Verification::new(&typed)
}

/// Verifies the findings of a report.
fn of_report(
    args: &VerifyArgs,
    report: &Path,
    sinks: &[Sink],
    color: ColorChoice,
    messages: Messages,
    reading: Reading,
) -> anyhow::Result<ExitCode> {
    let mut scanned = read_again(report, &args.finding, &args.targets, &args.policy, messages)?;
    let verification = verification(args, reading)?;
    let subjects = reported(&scanned);
    if args.verification.egress_plan {
        print_plan(
            &verification.plan(&scanned.rules, &subjects),
            &scanned.rules,
        )?;
        return Ok(ExitCode::SUCCESS);
    }
    let verified = verification.verify(&scanned.rules, &subjects, messages)?;
    apply(&mut scanned.outcome, verified);
    keep_only(&mut scanned.outcome, &args.only);
    write_reports(&scanned, sinks, color)?;
    tell(
        &scanned.outcome,
        sinks,
        args.output.allow_incomplete,
        messages,
    );
    Ok(status(
        &scanned.outcome,
        args.output.exit_code,
        args.output.allow_incomplete,
    ))
}

/// The findings of a report, read again from where they were found, with their credentials.
pub(crate) fn read_again(
    report: &Path,
    findings: &[Fingerprint],
    targets: &[String],
    policy: &PolicyArgs,
    messages: Messages,
) -> anyhow::Result<Scanned> {
    let (mut wanted, named) = read_report(report)?;
    if !findings.is_empty() {
        if let Some(missing) = findings.iter().find(|finding| !wanted.contains(*finding)) {
            bail!(
                "{}: no finding has the fingerprint {missing}",
                report.display()
            );
        }
        wanted = findings.iter().copied().collect();
    }
    let targets = if targets.is_empty() { &named } else { targets };
    let mut request = request(targets, None, &ScopeArgs::default(), policy, None)?;
    request.credentials = Credentials::Keep;
    let mut scanned = run_request(&request, messages)?;
    scanned
        .outcome
        .findings
        .retain(|finding| wanted.contains(&finding.fingerprint));
    let found: HashSet<Fingerprint> = scanned
        .outcome
        .findings
        .iter()
        .map(|finding| finding.fingerprint)
        .collect();
    scanned
        .outcome
        .skipped
        .extend(wanted.difference(&found).map(|missing| Skipped {
            kind: SkippedKind::Missing,
            what: format!("finding {missing}"),
            reason: "it was not found again, so that it could not be verified".to_owned(),
        }));
    Ok(scanned)
}

/// The rules that come with the program, and those that the user gave.
pub(crate) fn rule_set(policy: &PolicyArgs) -> anyhow::Result<Vec<Rule>> {
    let mut rules = leakward_rules::built_in().to_vec();
    for file in &policy.rules {
        let name = file.display().to_string();
        let text = std::fs::read_to_string(file).with_context(|| name.clone())?;
        rules = leakward_rules::merge(&rules, leakward_rules::parse(&text, &name)?);
    }
    Ok(rules)
}

/// The credential on standard input.
pub(crate) fn secret_from_input() -> anyhow::Result<Secret> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .take(LARGEST_CREDENTIAL + 1)
        .read_to_end(&mut bytes)
        .context("standard input")?;
    // Half a credential would be called dead.
    if bytes.len() as u64 > LARGEST_CREDENTIAL {
        bail!("standard input holds more than {LARGEST_CREDENTIAL} bytes, which no credential has");
    }
    let secret = Secret::new(bytes.trim_ascii());
    if secret.is_empty() {
        bail!("there is no credential on standard input");
    }
    Ok(secret)
}
