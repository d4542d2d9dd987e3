//! `leakward compat trufflehog`: TruffleHog's `git`, `filesystem`, `docker` and `stdin` on our scan.
//!
//! What is the same: flags, JSON lines, 183 with `--fail`, and that results are verified unless `--no-verification` is given:
//! who calls us by that name has asked for it. What differs is in docs/migrate-from-trufflehog.md; above all, a scan that
//! could not read everything ends with status 1.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

use anyhow::{Context as _, bail};
use leakward_core::{Location, Outcome, Verdict};
use leakward_scan::grouping::Reveal;
use leakward_scan::progress::Silent;
use leakward_scan::request::{Credentials, Request, Scope};
use leakward_scan::run::{self, Scanned};
use leakward_scan::target::{ImageTarget, Target, TargetKind};
use leakward_sources::archive::Archives;
use leakward_sources::tree::IgnoreRules;
use regex_automata::meta::Regex;

use super::trufflehog_args::{
    DockerArgs, FilesystemArgs, GitArgs, GlobalArgs, PathArgs, ResultKind, TrufflehogCli,
    TrufflehogCommand,
};
use super::{STATUS_ERROR, parsed, places, write};
use crate::args::{ColorChoice, LogFormat, MessageArgs};
use crate::messages::Messages;
use crate::scan_command::bare_request;
use crate::verification::{Verification, apply, reported};

/// TruffleHog's status for results, with `--fail`.
const STATUS_RESULTS: u8 = 183;

/// Runs as TruffleHog.
pub(super) fn main(arguments: &[OsString]) -> ExitCode {
    let cli: TrufflehogCli = match parsed("trufflehog", arguments, STATUS_ERROR) {
        Ok(cli) => cli,
        Err(status) => return status,
    };
    let messages = Messages::new(&MessageArgs {
        quiet: false,
        verbose: 0,
        log_format: LogFormat::Text,
        color: ColorChoice::Never,
    });
    run(&cli, messages).unwrap_or_else(|error| {
        messages.error(&format!("{error:#}"));
        ExitCode::from(STATUS_ERROR)
    })
}

/// What is scanned, and which of its paths count.
struct What<'a> {
    targets: Vec<Target>,
    scope: Scope,
    paths: Option<&'a PathArgs>,
    exclude_globs: &'a [String],
}

fn run(cli: &TrufflehogCli, messages: Messages) -> anyhow::Result<ExitCode> {
    let global = &cli.global;
    refuse_unsupported(global)?;
    let what = match &cli.command {
        TrufflehogCommand::Git(args) => git(args)?,
        TrufflehogCommand::Filesystem(args) => filesystem(args)?,
        TrufflehogCommand::Docker(args) => docker(args)?,
        TrufflehogCommand::Stdin => What {
            targets: vec![Target::Stdin],
            scope: Scope::Everything,
            paths: None,
            exclude_globs: &[],
        },
    };
    let verification = (!global.no_verification)
        .then(|| Verification::new(&global.verification))
        .transpose()?;
    let request = request(&what, global, verification.is_some());
    let mut scanned = run::run(&request, &Silent, &AtomicBool::new(false))?;
    keep_paths(&mut scanned.outcome, what.paths)?;
    if let Some(verification) = verification {
        let verified = verification.verify(&scanned.rules, &reported(&scanned), messages)?;
        apply(&mut scanned.outcome, verified);
    }
    keep_results(&mut scanned.outcome, global);
    report(&scanned, global)?;
    Ok(tell(&scanned.outcome, global, messages))
}

/// What would change what is found, and cannot be honoured.
fn refuse_unsupported(global: &GlobalArgs) -> anyhow::Result<()> {
    for (name, given) in [
        ("--config", global.config.is_some()),
        ("--include-detectors", global.include_detectors.is_some()),
        ("--exclude-detectors", global.exclude_detectors.is_some()),
        ("--json-legacy", global.json_legacy),
    ] {
        if given {
            bail!(
                "{name} is not supported; `leakward scan` has --rules, --only-rule and --disable-rule"
            );
        }
    }
    Ok(())
}

fn git(args: &GitArgs) -> anyhow::Result<What<'_>> {
    let target = Target::resolve(&args.uri, Some(TargetKind::Git))?;
    let given = [
        args.since_commit.is_some(),
        args.branch.is_some() && args.since_commit.is_none(),
        args.max_depth.is_some(),
    ];
    if given.iter().filter(|given| **given).count() > 1 {
        bail!("--max-depth cannot be combined with --since-commit or --branch");
    }
    let scope = match (&args.since_commit, &args.branch, args.max_depth) {
        (Some(since), None, _) if since == "HEAD" => Scope::Staged,
        (Some(since), branch, _) => {
            let to = branch.as_deref().unwrap_or("HEAD");
            Scope::Range(format!("{since}..{to}"))
        }
        (None, Some(branch), _) => Scope::From(branch.clone()),
        (None, None, Some(depth)) => Scope::Newest(depth),
        (None, None, None) => Scope::History,
    };
    Ok(What {
        targets: vec![target],
        scope,
        paths: Some(&args.paths),
        exclude_globs: &args.exclude_globs,
    })
}

fn filesystem(args: &FilesystemArgs) -> anyhow::Result<What<'_>> {
    let targets = args.targets.iter().chain(&args.directory);
    let targets = targets
        .map(|path| {
            let kind = if Path::new(path).is_dir() {
                TargetKind::Folder
            } else {
                TargetKind::File
            };
            Ok(Target::resolve(path, Some(kind))?)
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    if targets.is_empty() {
        bail!("name a folder or a file");
    }
    Ok(What {
        targets,
        scope: Scope::Everything,
        paths: Some(&args.paths),
        exclude_globs: &[],
    })
}

fn docker(args: &DockerArgs) -> anyhow::Result<What<'_>> {
    let image = |image: &String| {
        let name = image.strip_prefix("file://").unwrap_or(image);
        Ok(Target::Image(ImageTarget::resolve(name)?))
    };
    Ok(What {
        targets: args
            .image
            .iter()
            .map(image)
            .collect::<anyhow::Result<_>>()?,
        scope: Scope::Everything,
        paths: None,
        exclude_globs: &[],
    })
}

fn request(what: &What<'_>, global: &GlobalArgs, verifies: bool) -> Request {
    let mut request = bare_request();
    request.targets.clone_from(&what.targets);
    request.scope.clone_from(&what.scope);
    request.ignore_rules = IgnoreRules::Disregard;
    request.overrides.exclude = what.exclude_globs.to_vec();
    request.reveal = Reveal::Secrets;
    if global.force_skip_archives {
        request.archives = Archives::LeaveClosed;
    }
    if verifies {
        request.credentials = Credentials::Keep;
    }
    if let Some(threads) = global.concurrency {
        request.threads = threads.get();
    }
    request
}

/// Leaves out places whose path is not wanted, and findings without a place.
fn keep_paths(outcome: &mut Outcome, paths: Option<&PathArgs>) -> anyhow::Result<()> {
    let Some(paths) = paths else {
        return Ok(());
    };
    let include = paths
        .include_paths
        .as_deref()
        .map(expressions)
        .transpose()?;
    let exclude = paths
        .exclude_paths
        .as_deref()
        .map(expressions)
        .transpose()?;
    let wanted = |place: &Location| {
        include
            .as_ref()
            .is_none_or(|regex| regex.is_match(place.path.as_bytes()))
            && exclude
                .as_ref()
                .is_none_or(|regex| !regex.is_match(place.path.as_bytes()))
    };
    for finding in &mut outcome.findings {
        finding.locations.retain(wanted);
    }
    outcome
        .findings
        .retain(|finding| !finding.locations.is_empty());
    Ok(())
}

/// The regular expressions of a file, one a line; lines that begin with `#` are comments.
fn expressions(file: &Path) -> anyhow::Result<Regex> {
    let name = || file.display().to_string();
    let text = std::fs::read_to_string(file).with_context(name)?;
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    Regex::new_many(&lines).map_err(|error| {
        let line = error
            .pattern()
            .and_then(|pattern| lines.get(pattern.as_usize()));
        anyhow::anyhow!("{}: {}: {error}", name(), line.unwrap_or(&""))
    })
}

/// Leaves out results of kinds that are not wanted.
fn keep_results(outcome: &mut Outcome, global: &GlobalArgs) {
    let wanted = |kind: ResultKind| {
        if global.only_verified {
            kind == ResultKind::Verified
        } else {
            global.results.is_empty() || global.results.contains(&kind)
        }
    };
    outcome.findings.retain(|finding| {
        wanted(match finding.verdict {
            Verdict::Live => ResultKind::Verified,
            Verdict::Unknown(_) => ResultKind::Unknown,
            Verdict::Dead | Verdict::NotChecked => ResultKind::Unverified,
        })
    });
}

fn report(scanned: &Scanned, global: &GlobalArgs) -> anyhow::Result<()> {
    let format = if global.json {
        "trufflehog-json"
    } else if global.github_actions {
        "github"
    } else {
        "terminal"
    };
    write(scanned, format, 0, None)
}

fn tell(outcome: &Outcome, global: &GlobalArgs, messages: Messages) -> ExitCode {
    for item in outcome
        .skipped
        .iter()
        .filter(|item| item.kind.makes_incomplete())
    {
        messages.error(&format!("not scanned: {}: {}", item.what, item.reason));
    }
    if !outcome.complete() {
        ExitCode::from(STATUS_ERROR)
    } else if global.fail && places(outcome) > 0 {
        ExitCode::from(STATUS_RESULTS)
    } else {
        ExitCode::SUCCESS
    }
}
