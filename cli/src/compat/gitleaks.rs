//! `leakward compat gitleaks`: gitleaks' command line on our scan.
//!
//! What is the same: flags, `.gitleaksignore`, `gitleaks:allow`, baselines, report formats and fields, exit statuses (0, the
//! one of `--exit-code`, 1 for errors and for what could not be scanned, 126 for an unknown flag). What differs: the rules and
//! their ids are ours unless a configuration brings others; docs/migrate-from-gitleaks.md has the list.
//!
//! As with gitleaks, secrets stand in reports unless `--redact` is given.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::bail;
use leakward_core::SkippedKind;
use leakward_detect::InlineAllow;
use leakward_scan::grouping::Reveal;
use leakward_scan::policy::Overrides;
use leakward_scan::progress::Silent;
use leakward_scan::request::{Request, Scope};
use leakward_scan::run::{self, Scanned};
use leakward_scan::target::{Target, TargetKind};
use leakward_sources::archive::Archives;
use leakward_sources::tree::IgnoreRules;

use super::gitleaks_args::{
    DetectArgs, DirArgs, GitArgs, GitleaksCli, GitleaksCommand, GlobalArgs, LogLevel, ProtectArgs,
    ReportFormat,
};
use super::{STATUS_ERROR, parsed, places, write};
use crate::scan_command::bare_request;

/// gitleaks' status for a flag that it does not know.
const STATUS_UNKNOWN_FLAG: u8 = 126;

/// The version whose interface this is.
const VERSION: &str = "8.30.1";

/// Runs as gitleaks.
pub(super) fn main(arguments: &[OsString]) -> ExitCode {
    let cli: GitleaksCli = match parsed("gitleaks", arguments, STATUS_UNKNOWN_FLAG) {
        Ok(cli) => cli,
        Err(status) => return status,
    };
    let log = Log(cli.global.log_level);
    run(&cli, log).unwrap_or_else(|error| {
        log.say(LogLevel::Fatal, &format!("{error:#}"));
        ExitCode::from(STATUS_ERROR)
    })
}

/// gitleaks' messages, on standard error.
#[derive(Clone, Copy)]
struct Log(LogLevel);

impl Log {
    fn say(self, level: LogLevel, text: &str) {
        let word = match level {
            LogLevel::Trace => "TRC",
            LogLevel::Debug => "DBG",
            LogLevel::Info => "INF",
            LogLevel::Warn => "WRN",
            LogLevel::Error => "ERR",
            LogLevel::Fatal => "FTL",
        };
        if level >= self.0 {
            let text: String = text
                .chars()
                .map(|c| if c.is_control() { '\u{fffd}' } else { c })
                .collect();
            eprintln!("{word} {text}");
        }
    }
}

fn run(cli: &GitleaksCli, log: Log) -> anyhow::Result<ExitCode> {
    let (targets, scope) = match &cli.command {
        GitleaksCommand::Version => {
            println!("{VERSION} (leakward {})", env!("CARGO_PKG_VERSION"));
            return Ok(ExitCode::SUCCESS);
        }
        GitleaksCommand::Git(args) => git(args, log)?,
        GitleaksCommand::Dir(args) => dir(args)?,
        GitleaksCommand::Stdin => (vec![Target::Stdin], Scope::Everything),
        GitleaksCommand::Detect(args) => detect(args, log)?,
        GitleaksCommand::Protect(args) => protect(args, log)?,
    };
    let global = &cli.global;
    refuse_unsupported(global)?;
    let request = Request {
        overrides: overrides(global),
        targets,
        scope,
        ignore_rules: IgnoreRules::Disregard,
        archives: if global.max_archive_depth == 0 {
            Archives::LeaveClosed
        } else {
            Archives::Open
        },
        reveal: if global.redact == 100 {
            Reveal::Masked
        } else {
            Reveal::Secrets
        },
        ..bare_request()
    };
    let scanned = scan(&request, global)?;
    report(&scanned, global)?;
    Ok(tell(&scanned, global, log))
}

/// What would change what is found, or what the caller reads, and cannot be honoured.
fn refuse_unsupported(global: &GlobalArgs) -> anyhow::Result<()> {
    if global.report_format == Some(ReportFormat::Template) || global.report_template.is_some() {
        bail!(
            "reports from templates are not supported; `leakward report convert` has other formats"
        );
    }
    if global.diagnostics.is_some() || global.diagnostics_dir.is_some() {
        bail!("--diagnostics is not supported");
    }
    Ok(())
}

type What = (Vec<Target>, Scope);

fn git(args: &GitArgs, log: Log) -> anyhow::Result<What> {
    let targets = vec![Target::resolve(&args.repository, Some(TargetKind::Git))?];
    let scope = match (args.staged, args.pre_commit) {
        (true, _) => Scope::Staged,
        (false, true) => Scope::Worktree,
        (false, false) => log_options(args.log_opts.as_deref(), log)?,
    };
    Ok((targets, scope))
}

fn dir(args: &DirArgs) -> anyhow::Result<What> {
    if args.follow_symlinks {
        bail!(
            "--follow-symlinks is not supported: links are read where they point to inside of the folder only"
        );
    }
    let here = [".".to_owned()];
    let paths = if args.paths.is_empty() {
        &here
    } else {
        args.paths.as_slice()
    };
    let targets = paths
        .iter()
        .map(|path| folder_or_file(path))
        .collect::<anyhow::Result<_>>()?;
    Ok((targets, Scope::Everything))
}

fn folder_or_file(path: &str) -> anyhow::Result<Target> {
    let kind = if Path::new(path).is_file() {
        TargetKind::File
    } else {
        TargetKind::Folder
    };
    Ok(Target::resolve(path, Some(kind))?)
}

fn detect(args: &DetectArgs, log: Log) -> anyhow::Result<What> {
    if args.pipe {
        return Ok((vec![Target::Stdin], Scope::Everything));
    }
    if args.follow_symlinks {
        bail!("--follow-symlinks is not supported");
    }
    if args.no_git {
        return Ok((vec![folder_or_file(&args.source)?], Scope::Everything));
    }
    let targets = vec![Target::resolve(&args.source, Some(TargetKind::Git))?];
    Ok((targets, log_options(args.log_opts.as_deref(), log)?))
}

fn protect(args: &ProtectArgs, log: Log) -> anyhow::Result<What> {
    let targets = vec![Target::resolve(&args.source, Some(TargetKind::Git))?];
    let scope = match (&args.log_opts, args.staged) {
        (Some(options), _) => log_options(Some(options), log)?,
        (None, true) => Scope::Staged,
        (None, false) => Scope::Worktree,
    };
    Ok((targets, scope))
}

/// The part of history that options of `git log` name: a range, a number of commits, a start. Options that leave commits
/// out are passed over with a message, since more is looked at then, not less; anything else is an error.
fn log_options(options: Option<&str>, log: Log) -> anyhow::Result<Scope> {
    const WIDER: [&str; 8] = [
        "--all",
        "--full-history",
        "--no-merges",
        "--merges",
        "--first-parent",
        "-m",
        "--diff-merges=first-parent",
        "--reverse",
    ];
    let mut scope = Scope::History;
    let words: Vec<&str> = options.unwrap_or_default().split_whitespace().collect();
    let mut words = words.into_iter().peekable();
    while let Some(word) = words.next() {
        let count = word
            .strip_prefix("--max-count=")
            .or_else(|| word.strip_prefix("-n"))
            .or_else(|| word.strip_prefix('-'))
            .map(|digits| {
                if digits.is_empty() && word == "-n" {
                    words
                        .next_if(|next| next.parse::<u32>().is_ok())
                        .unwrap_or("")
                } else {
                    digits
                }
            })
            .and_then(|digits| digits.parse::<u32>().ok());
        let found = if let Some(count) = count {
            Scope::Newest(count)
        } else if WIDER.contains(&word) {
            log.say(
                LogLevel::Debug,
                &format!("--log-opts: {word} leaves nothing out here"),
            );
            continue;
        } else if word.contains("..") {
            Scope::Range(word.to_owned())
        } else if !word.starts_with('-') {
            Scope::From(word.to_owned())
        } else {
            bail!(
                "--log-opts: {word} is not supported: write a range A..B, a revision, or a number of commits"
            );
        };
        if scope != Scope::History {
            bail!("--log-opts: only one range, revision or number of commits can be given");
        }
        scope = found;
    }
    Ok(scope)
}

/// What was typed. Without --config, a configuration of gitleaks is found as gitleaks finds it.
fn overrides(global: &GlobalArgs) -> Overrides {
    let ignore = &global.gitleaks_ignore_path;
    let ignore = if ignore.is_dir() {
        ignore.join(".gitleaksignore")
    } else {
        ignore.clone()
    };
    Overrides {
        config: global.config.clone(),
        only_rules: global.enable_rule.iter().flat_map(|id| ours(id)).collect(),
        baseline: global.baseline_path.clone(),
        gitleaks_ignore: ignore.is_file().then_some(ignore),
        max_decode_depth: global.max_decode_depth,
        max_archive_depth: (global.max_archive_depth > 0).then_some(global.max_archive_depth),
        max_object_bytes: global
            .max_target_megabytes
            .map(|megabytes| megabytes * 1_000_000),
        inline_allow: global.ignore_gitleaks_allow.then_some(InlineAllow::Ignore),
        ..Overrides::default()
    }
}

/// The rules of ours that stand for a built-in one of gitleaks; the id as it is where there are none.
fn ours(id: &str) -> Vec<String> {
    match leakward_rule_import::of_gitleaks(id) {
        [] => vec![id.to_owned()],
        ours => ours.iter().map(|id| (*id).to_owned()).collect(),
    }
}

fn scan(request: &Request, global: &GlobalArgs) -> anyhow::Result<Scanned> {
    let interrupted = Arc::new(AtomicBool::new(false));
    if global.timeout > 0 {
        let (stop, seconds) = (Arc::clone(&interrupted), global.timeout);
        // It ends with the program.
        drop(std::thread::spawn(move || {
            std::thread::sleep(Duration::from_secs(seconds));
            stop.store(true, Ordering::SeqCst);
        }));
    }
    let mut scanned = run::run(request, &Silent, &interrupted)?;
    let skipped = &mut scanned.outcome.skipped;
    // What gitleaks passes over without a word: files over the size that was given, and an empty input.
    let wanted = |kind: SkippedKind| match kind {
        SkippedKind::Limit => global.max_target_megabytes.is_none(),
        SkippedKind::Nothing => false,
        _ => true,
    };
    skipped.retain(|item| wanted(item.kind));
    Ok(scanned)
}

fn report(scanned: &Scanned, global: &GlobalArgs) -> anyhow::Result<()> {
    if global.verbose {
        write(scanned, "terminal", 100, None)?;
    }
    let Some(path) = &global.report_path else {
        return Ok(());
    };
    let extension = path.extension().and_then(std::ffi::OsStr::to_str);
    let format = match (global.report_format, extension) {
        (Some(ReportFormat::Csv), _) | (None, Some("csv")) => "gitleaks-csv",
        (Some(ReportFormat::Junit), _) | (None, Some("xml")) => "gitleaks-junit",
        (Some(ReportFormat::Sarif), _) | (None, Some("sarif")) => "gitleaks-sarif",
        _ => "gitleaks-json",
    };
    let file = (path != Path::new("-")).then_some(path.as_path());
    write(scanned, format, global.redact, file)
}

/// Says how it ended, as gitleaks does.
fn tell(scanned: &Scanned, global: &GlobalArgs, log: Log) -> ExitCode {
    let outcome = &scanned.outcome;
    let stats = &outcome.stats;
    log.say(
        LogLevel::Info,
        &format!(
            "scanned ~{} bytes in {} ms; {} commits",
            stats.bytes, stats.duration_ms, stats.commits
        ),
    );
    for item in outcome
        .skipped
        .iter()
        .filter(|item| item.kind.makes_incomplete())
    {
        let text = format!("not scanned: {}: {}", item.what, item.reason);
        log.say(LogLevel::Error, &text);
    }
    let leaks = places(outcome);
    match leaks {
        0 if outcome.complete() => log.say(LogLevel::Info, "no leaks found"),
        0 => log.say(LogLevel::Warn, "no leaks found in partial scan"),
        leaks => log.say(LogLevel::Warn, &format!("leaks found: {leaks}")),
    }
    if !outcome.complete() {
        ExitCode::from(STATUS_ERROR)
    } else if leaks > 0 {
        ExitCode::from(global.exit_code)
    } else {
        ExitCode::SUCCESS
    }
}
