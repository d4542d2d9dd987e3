//! `leakward rules`: what would be looked for, and whether a rule file is right.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use leakward_core::action::{Action, Means};
use leakward_core::rule::{Class, Find};
use leakward_core::verification::Question;
use leakward_core::{Rule, Verification};
use leakward_detect::{Detector, Settings};
use leakward_scan::policy::NoFiles;
use leakward_scan::rule_file::RuleFile;

use crate::args::{RulesCommand, RulesFormat, RulesListArgs};
use crate::messages::Messages;
use crate::rule_trial::{Finder, Purpose, Trial, trials};
use crate::{rules_explain_command, rules_lint_command, rules_test_command};

/// Runs one of the commands about rules.
pub(crate) fn run(command: &RulesCommand, messages: Messages) -> anyhow::Result<ExitCode> {
    match command {
        RulesCommand::Test(args) => rules_test_command::run(args, messages),
        RulesCommand::Explain(args) => rules_explain_command::run(args),
        RulesCommand::Lint(args) => rules_lint_command::run(args, messages),
        RulesCommand::List(args) => list(args),
        RulesCommand::Show { id, rules } => show(id, rules),
        RulesCommand::Check { files } => check(files),
    }
}

pub(crate) fn load(files: &[PathBuf]) -> anyhow::Result<Vec<Rule>> {
    let mut rules = leakward_rules::built_in().to_vec();
    for file in files {
        rules = leakward_rules::merge(&rules, read(file)?);
    }
    Ok(rules)
}

/// The rules of a file, in our format or another tool's.
fn read(file: &Path) -> anyhow::Result<Vec<Rule>> {
    Ok(RuleFile::read(&NoFiles, file)?.rules)
}

/// The rule with this id.
pub(crate) fn find<'r>(rules: &'r [Rule], id: &str) -> anyhow::Result<&'r Rule> {
    if let Some(rule) = leakward_rules::find(rules, id) {
        return Ok(rule);
    }
    let nearest = leakward_rule_format::nearest(id, rules.iter().map(|rule| rule.id.as_str()));
    let hint = nearest
        .map(|id| format!("; did you mean {id}?"))
        .unwrap_or_default();
    bail!("no rule is called {id:?}{hint}");
}

fn list(args: &RulesListArgs) -> anyhow::Result<ExitCode> {
    let rules = load(&args.rules)?;
    let reported = rules.iter().filter(|rule| rule.class == Class::Secret);
    let mut out = io::stdout().lock();
    let written = match args.format {
        RulesFormat::Json => {
            let entries: Vec<_> = reported.map(json_entry).collect();
            writeln!(out, "{}", serde_json::to_string_pretty(&entries)?)
        }
        RulesFormat::Text => reported.into_iter().try_for_each(|rule| {
            writeln!(
                out,
                "{:<45} {:<9} {}: {}",
                rule.id, rule.severity, rule.provider, rule.title
            )
        }),
    };
    finish(written)
}

fn json_entry(rule: &Rule) -> serde_json::Value {
    serde_json::json!({
        "id": rule.id.as_str(),
        "provider": rule.provider,
        "title": rule.title,
        "severity": rule.severity.as_str(),
        "verifies": rule.verify.is_some(),
        // What a person does by hand is no interface.
        "revokes": rule.revoke.as_ref().is_some_and(Action::is_automatic),
        "rotates": rule.rotate.as_ref().is_some_and(Action::is_automatic),
    })
}

fn show(id: &str, files: &[PathBuf]) -> anyhow::Result<ExitCode> {
    let rules = load(files)?;
    let rule = find(&rules, id)?;
    let mut out = io::stdout().lock();
    finish(
        describe(rule)
            .into_iter()
            .try_for_each(|(key, value)| writeln!(out, "{key:<12} {value}")),
    )
}

/// What a rule says, as a list for people.
fn describe(rule: &Rule) -> Vec<(&'static str, String)> {
    let mut lines = vec![
        ("id", rule.id.to_string()),
        ("provider", rule.provider.to_string()),
        ("title", rule.title.to_string()),
        ("severity", rule.severity.to_string()),
    ];
    match &rule.find {
        Find::Pattern(pattern) => {
            lines.push(("literals", pattern.literals.join(", ")));
            lines.push(("pattern", pattern.regex.to_string()));
        }
        Find::Keyword(keyword) => {
            lines.push(("near", keyword.keywords.join(", ")));
            lines.push(("value", keyword.value.to_string()));
            lines.push(("within", format!("{} bytes", keyword.within)));
        }
        Find::Native(native) => {
            lines.push(("detector", native.detector.to_string()));
            lines.push(("names", native.names.join(", ")));
        }
        Find::Sweep(sweep) => {
            lines.push(("keywords", sweep.keywords.join(", ")));
            lines.push(("expression", sweep.regex.to_string()));
        }
        Find::Path(path) => lines.push(("path", path.regex.to_string())),
    }
    if rule.min_entropy > 0.0 {
        lines.push((
            "entropy",
            format!("at least {} bits a byte", rule.min_entropy),
        ));
    }
    lines.extend(
        rule.checksum
            .map(|checksum| ("checksum", checksum.as_str().to_owned())),
    );
    for companion in rule.companions.iter() {
        let need = if companion.required {
            "needs"
        } else {
            "goes with"
        };
        lines.push((
            "companion",
            format!(
                "{need} {} within {} lines",
                companion.rule, companion.within_lines
            ),
        ));
    }
    lines.extend(
        rule.verify
            .iter()
            .map(|verify| ("verified by", question(verify))),
    );
    let acts = [
        ("revoked by", rule.revoke.as_ref()),
        ("rotated by", rule.rotate.as_ref()),
    ];
    for (name, action) in acts {
        lines.extend(action.map(|action| (name, means(rule, action))));
    }
    lines.extend(rule.docs_url.iter().map(|url| ("docs", url.to_string())));
    lines.extend(
        rule.revoke_url
            .iter()
            .map(|url| ("revoke at", url.to_string())),
    );
    lines.extend(
        rule.samples
            .iter()
            .map(|sample| ("sample", sample.to_string())),
    );
    lines
}

/// What is asked to verify a credential, in one line.
pub(crate) fn question(verify: &Verification) -> String {
    let server = verify
        .endpoint
        .as_deref()
        .unwrap_or("the server that you name");
    match &verify.question {
        Question::Http(question) => {
            format!("{} {server}{}", question.method.as_str(), question.path)
        }
        Question::Native(name) => format!("{name} ({server})"),
    }
}

/// Who does it, and as whom, in one line.
fn means(rule: &Rule, action: &Action) -> String {
    match &action.means {
        Means::ByHand => "a person, by the instructions of the rule".to_owned(),
        Means::Native(name) => name.to_string(),
        Means::Http(http) => {
            let verify = rule.verify.as_ref();
            let server = http
                .endpoint
                .as_deref()
                .or_else(|| verify.and_then(|verify| verify.endpoint.as_deref()))
                .unwrap_or("the server that you name");
            let whom = match http.identities.first() {
                Some(identity) => format!("as {identity}"),
                None => "by the credential itself".to_owned(),
            };
            let call = &http.call;
            format!("{} {server}{} {whom}", call.verb.as_str(), call.path)
        }
    }
}

/// Checks rule files, or the built-in rules: each rule must find its own samples and none of its near misses.
fn check(files: &[PathBuf]) -> anyhow::Result<ExitCode> {
    let checked: Vec<Rule> = match files {
        [] => leakward_rules::built_in().to_vec(),
        _ => files
            .iter()
            .map(|file| read(file))
            .collect::<anyhow::Result<Vec<_>>>()?
            .concat(),
    };
    let count = checked.len();
    let ids: Vec<String> = checked.iter().map(|rule| rule.id.to_string()).collect();
    let all = leakward_rules::merge(leakward_rules::built_in(), checked);
    let detector = Detector::new(all, Settings::default())?;
    let problems: Vec<String> = ids
        .iter()
        .filter_map(|id| leakward_rules::find(detector.rules(), id))
        .flat_map(|rule| {
            let failed = trials(&detector, rule)
                .into_iter()
                .filter(|trial| !trial.passed);
            failed.map(|trial| problem(rule, &trial))
        })
        .collect();
    let mut out = io::stdout().lock();
    let written = problems
        .iter()
        .try_for_each(|problem| writeln!(out, "{problem}"));
    let summary =
        written.and_then(|()| writeln!(out, "{count} rules checked, {} problems", problems.len()));
    finish(summary)?;
    Ok(if problems.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(2)
    })
}

fn problem(rule: &Rule, trial: &Trial) -> String {
    let (id, template, seed) = (&rule.id, &trial.template, trial.seed);
    match (&trial.finder, trial.purpose) {
        (Finder::Unusable(problem), _) => format!("{id}: {template:?}: {problem}"),
        (Finder::Nobody(Some(reason)), _) => {
            format!("{id}: does not find its sample {template:?} (seed {seed}): {reason}")
        }
        (_, Purpose::Sample) => {
            format!("{id}: does not find its sample {template:?} (seed {seed})")
        }
        (_, Purpose::NearMiss) => format!("{id}: finds its near miss {template:?} (seed {seed})"),
    }
}

/// A closed pipe is no error: the reader has seen enough.
fn finish(written: io::Result<()>) -> anyhow::Result<ExitCode> {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("standard output")
        }
        _ => Ok(ExitCode::SUCCESS),
    }
}
