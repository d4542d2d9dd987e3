//! `leakward rules test`: a file's rules on their samples, on their near misses, and on files of the user's.

use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use leakward_core::{Finding, Rule};
use leakward_detect::{Detector, Settings};
use leakward_scan::cache::CacheChoice;
use leakward_scan::policy::{NoFiles, Overrides};
use leakward_scan::request::Request;
use leakward_scan::rule_file::RuleFile;
use serde_json::{Value, json};

use crate::args::{RulesFormat, RulesTestArgs};
use crate::lines::Lines;
use crate::messages::Messages;
use crate::rule_trial::{Finder, Trial, trials};
use crate::scan_command::{run_request, targets_request};

/// Places that are shown of a finding.
const PLACES: usize = 3;

/// Status when a rule does not do what its samples say.
const STATUS_FAILED: u8 = 1;

/// Tries the rules of a file.
pub(crate) fn run(args: &RulesTestArgs, messages: Messages) -> anyhow::Result<ExitCode> {
    let file = RuleFile::read(&NoFiles, &args.file)?;
    file.notes.iter().for_each(|note| messages.info(note));
    let rules = selected(file.rules, &args.only_rule)?;
    let ids: Vec<String> = rules.iter().map(|rule| rule.id.to_string()).collect();
    let all = leakward_rules::merge(leakward_rules::built_in(), rules);
    let detector = Detector::new(all, Settings::default())?;
    detector.check()?;
    let tried: Vec<(&Rule, Vec<Trial>)> = ids
        .iter()
        .filter_map(|id| leakward_rules::find(detector.rules(), id))
        .map(|rule| (rule, trials(&detector, rule)))
        .collect();
    let found = if args.targets.is_empty() {
        None
    } else {
        Some(findings(&args.file, &ids, &args.targets, messages)?)
    };
    let failed = tried
        .iter()
        .flat_map(|(_, trials)| trials)
        .filter(|trial| !trial.passed)
        .count();
    let text = match args.format {
        RulesFormat::Json => format!(
            "{}\n",
            serde_json::to_string_pretty(&as_json(&tried, found.as_deref()))?
        ),
        RulesFormat::Text => as_text(&tried, found.as_deref(), failed),
    };
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            return Err(error).context("standard output");
        }
        _ => {}
    }
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(STATUS_FAILED)
    })
}

fn selected(rules: Vec<Rule>, only: &[String]) -> anyhow::Result<Vec<Rule>> {
    if only.is_empty() {
        return Ok(rules);
    }
    let selection = leakward_rules::Selection {
        enable: only.to_vec(),
        disable: Vec::new(),
    };
    Ok(selection.apply(rules)?)
}

/// What the rules find in the targets, whatever policy lies there.
fn findings(
    file: &Path,
    ids: &[String],
    targets: &[String],
    messages: Messages,
) -> anyhow::Result<Vec<Finding>> {
    let request = Request {
        overrides: Overrides {
            rule_files: vec![file.to_owned()],
            only_rules: ids.to_vec(),
            ..Overrides::default()
        },
        cache: CacheChoice::Off,
        ..targets_request(targets)?
    };
    let outcome = run_request(&request, messages)?.outcome;
    for skipped in outcome
        .skipped
        .iter()
        .filter(|skipped| skipped.kind.makes_incomplete())
    {
        messages.warning(&format!("{}: {}", skipped.what, skipped.reason));
    }
    Ok(outcome.findings)
}

fn as_text(tried: &[(&Rule, Vec<Trial>)], found: Option<&[Finding]>, failed: usize) -> String {
    let mut text = Lines::default();
    for (rule, trials) in tried {
        let passed = trials.iter().filter(|trial| trial.passed).count();
        text.add(format_args!(
            "{}  {} of {} pass",
            rule.id,
            passed,
            trials.len()
        ));
        if trials.is_empty() {
            text.add("  it has no samples; give it some, or nobody knows that it works");
        }
        for trial in trials {
            let mark = if trial.passed { "ok    " } else { "FAILED" };
            let (purpose, template) = (trial.purpose.as_str(), &trial.template);
            text.add(format_args!("  {mark} {purpose:<9} {template:?}"));
            if let Some(why) = why(trial) {
                text.add(format_args!("                   {why}"));
            }
        }
        if let Some(found) = found {
            write_findings(&mut text, rule, found);
        }
    }
    text.add(format_args!(
        "{} rules tried, {failed} failures",
        tried.len()
    ));
    text.into_text()
}

/// What the outcome means, where it needs a word.
fn why(trial: &Trial) -> Option<String> {
    match (&trial.finder, trial.passed) {
        (Finder::Another(id), _) => Some(format!("told by {id}, which is as specific or more")),
        (Finder::Itself, false) => Some(format!("it is found (seed {})", trial.seed)),
        (Finder::Nobody(Some(reason)), false) => {
            Some(format!("not found (seed {}): {reason}", trial.seed))
        }
        (Finder::Nobody(None), false) => Some(format!(
            "not found (seed {}): the expression does not match, or no literal stands there",
            trial.seed
        )),
        (Finder::Unusable(problem), _) => Some(problem.clone()),
        (Finder::Nobody(Some(reason)), true) => Some(reason.clone()),
        (Finder::Itself | Finder::Nobody(None), true) => None,
    }
}

fn write_findings(text: &mut Lines, rule: &Rule, found: &[Finding]) {
    let own: Vec<&Finding> = found
        .iter()
        .filter(|finding| finding.rule == rule.id)
        .collect();
    text.add(format_args!("  {} findings in the targets", own.len()));
    for finding in own {
        text.add(format_args!(
            "    {}  {}",
            finding.masked,
            finding.reasons.join(", ")
        ));
        for location in finding.locations.iter().take(PLACES) {
            let start = location.range.start;
            text.add(format_args!(
                "      {}:{}:{}",
                location.path, start.line, start.column
            ));
        }
        let more = finding.locations.len().saturating_sub(PLACES);
        if more > 0 {
            text.add(format_args!("      and {more} more places"));
        }
    }
}

fn as_json(tried: &[(&Rule, Vec<Trial>)], found: Option<&[Finding]>) -> Value {
    let rules: Vec<Value> = tried
        .iter()
        .map(|(rule, trials)| {
            let trials: Vec<Value> = trials
                .iter()
                .map(|trial| {
                    json!({
                        "purpose": trial.purpose.as_str(),
                        "template": trial.template,
                        "passed": trial.passed,
                        "seed": trial.seed,
                        "why": why(trial),
                    })
                })
                .collect();
            let findings = found.map(|found| {
                let own = found.iter().filter(|finding| finding.rule == rule.id);
                own.map(finding_json).collect::<Vec<Value>>()
            });
            json!({ "id": rule.id.as_str(), "trials": trials, "findings": findings })
        })
        .collect();
    json!({ "schema_version": 1, "rules": rules })
}

fn finding_json(finding: &Finding) -> Value {
    let places: Vec<Value> = finding
        .locations
        .iter()
        .map(|location| {
            json!({
                "path": location.path,
                "line": location.range.start.line,
                "column": location.range.start.column,
            })
        })
        .collect();
    json!({ "masked": finding.masked, "reasons": finding.reasons, "locations": places })
}
