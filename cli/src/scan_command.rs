//! `leakward scan`: from what was typed to a request, from the outcome to reports and an exit status.

use std::io::{self, IsTerminal as _, Read as _};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use leakward_core::{Outcome, Secret, Skipped, SkippedKind};
use leakward_detect::{InlineAllow, Sensitivity};
use leakward_report::{Colour, Format, Report, ReportError, Settings};
use leakward_scan::cache::CacheChoice;
use leakward_scan::date::Date;
use leakward_scan::grouping::Reveal;
use leakward_scan::policy::Overrides;
use leakward_scan::progress::{Progress, Silent};
use leakward_scan::request::{
    ContainerdOptions, Credentials, ImageOptions, LineHashes, Measure, Request, Scope, Tags,
};
use leakward_scan::run::{self, Scanned};
use leakward_scan::target::{ImageTarget, Target, TargetError, TargetKind};
use leakward_sources::archive::Archives;
use leakward_sources::image::registry::{Login, RegistryOptions, Transport};
use leakward_sources::tree::IgnoreRules;

use crate::args::{
    ColorChoice, ImageArgs, PolicyArgs, ScanArgs, ScopeArgs, SensitivityArg, TargetKindArg,
};
use crate::guard_command;
use crate::messages::{Level, Messages};
use crate::progress::Bar;
use crate::rule_stats;
use crate::sinks::{Destination, Sink};
use crate::user_folders;
use crate::verification::{Verification, apply, keep_only, print_plan, reported};

/// Status for an error and for an incomplete scan.
pub(crate) const STATUS_ERROR: u8 = 2;

/// Runs the scan, writes its reports, and says how it ended.
pub(crate) fn scan(
    args: &ScanArgs,
    sinks: &[Sink],
    color: ColorChoice,
    messages: Messages,
) -> anyhow::Result<ExitCode> {
    if args.stdin_json {
        return guard_command::of_scan(&args.policy);
    }
    let mut request = request(
        &args.targets,
        args.kind,
        &args.scope,
        &args.policy,
        args.threads,
    )?;
    request.cache = cache(args);
    request.ignore_rules = if args.no_ignore {
        IgnoreRules::Disregard
    } else {
        IgnoreRules::Respect
    };
    request.images = image_options(&args.images)?;
    request.archives = if args.no_archives {
        Archives::LeaveClosed
    } else {
        Archives::Open
    };
    request.reveal = if args.output.reveal {
        Reveal::Secrets
    } else {
        Reveal::Masked
    };
    request.explain = args.explain;
    request.overrides.binary_strings = args.binary_strings;
    if args.rule_stats.is_some() {
        request.measure = Measure::Rules;
    }
    if sinks.iter().any(|sink| sink.format.name() == "sarif") {
        request.line_hashes = LineHashes::Compute;
    }
    let wants_verdicts = args.verify || args.verification.egress_plan || !args.only.is_empty();
    // What was typed is checked before the scan, which can take long.
    let verification = wants_verdicts
        .then(|| Verification::new(&args.verification))
        .transpose()?;
    if verification.is_some() {
        request.credentials = Credentials::Keep;
    }
    let mut scanned = run_request(&request, messages)?;
    // Who stops the scan does not want anybody to be asked.
    if let Some(verification) = verification.filter(|_| !was_interrupted(&scanned)) {
        if args.verification.egress_plan {
            return show_plan(&verification, &scanned);
        }
        let verified = verification.verify(&scanned.rules, &reported(&scanned), messages)?;
        apply(&mut scanned.outcome, verified);
        keep_only(&mut scanned.outcome, &args.only);
    }
    write_reports(&scanned, sinks, color)?;
    if let Some(file) = &args.rule_stats {
        rule_stats::tell(&scanned, file.as_deref())?;
    }
    let outcome = &scanned.outcome;
    tell(outcome, sinks, args.output.allow_incomplete, messages);
    Ok(status(
        outcome,
        args.output.exit_code,
        args.output.allow_incomplete,
    ))
}

fn was_interrupted(scanned: &Scanned) -> bool {
    scanned
        .outcome
        .skipped
        .iter()
        .any(|skipped| skipped.kind == SkippedKind::Interrupted)
}

/// Says what would be asked about the findings, in the place of a report.
fn show_plan(verification: &Verification, scanned: &Scanned) -> anyhow::Result<ExitCode> {
    let plan = verification.plan(&scanned.rules, &reported(scanned));
    print_plan(&plan, &scanned.rules)?;
    Ok(if scanned.outcome.complete() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(STATUS_ERROR)
    })
}

/// A request for targets as they were typed, with nothing else asked.
pub(crate) fn targets_request(targets: &[String]) -> anyhow::Result<Request> {
    let (targets, unusable) = resolve_targets(targets, None)?;
    Ok(Request {
        targets,
        unusable,
        threads: processors(),
        today: today(),
        ..Request::default()
    })
}

/// What was typed, resolved.
pub(crate) fn request(
    targets: &[String],
    kind: Option<TargetKindArg>,
    scope: &ScopeArgs,
    policy: &PolicyArgs,
    threads: Option<NonZeroUsize>,
) -> anyhow::Result<Request> {
    let kind = kind.map(|kind| match kind {
        TargetKindArg::Git => TargetKind::Git,
        TargetKindArg::Dir => TargetKind::Folder,
        TargetKindArg::File => TargetKind::File,
        TargetKindArg::Stdin => TargetKind::Stdin,
        TargetKindArg::Image => TargetKind::Image,
    });
    let scope = resolve_scope(scope);
    // A scope is a part of a repository, so a folder in one stands for the repository around it.
    let kind = kind.or((scope != Scope::Everything).then_some(TargetKind::Git));
    let (targets, unusable) = match targets {
        [] if kind == Some(TargetKind::Stdin) => (vec![Target::Stdin], Vec::new()),
        [] if kind == Some(TargetKind::Folder) => {
            (vec![Target::Folder(PathBuf::from("."))], Vec::new())
        }
        [] if kind == Some(TargetKind::Git) => (vec![Target::resolve(".", kind)?], Vec::new()),
        [] => (vec![Target::default_here()], Vec::new()),
        _ => resolve_targets(targets, kind)?,
    };
    let request = policy_request(policy);
    Ok(Request {
        targets,
        unusable,
        index_file: (scope == Scope::Staged).then(hook_index).flatten(),
        scope,
        threads: threads.map_or(request.threads, NonZeroUsize::get),
        ..request
    })
}

/// A request for nothing yet, held to what was typed.
pub(crate) fn policy_request(policy: &PolicyArgs) -> Request {
    Request {
        overrides: overrides(policy),
        policy_ref: policy.policy_ref.clone(),
        ..bare_request()
    }
}

/// A request for nothing yet: today, on all processors.
pub(crate) fn bare_request() -> Request {
    Request {
        threads: processors(),
        today: today(),
        ..Request::default()
    }
}

fn image_options(args: &ImageArgs) -> anyhow::Result<ImageOptions> {
    let base = |text: &String| {
        Ok(ImageTarget::resolve(
            text.strip_prefix("image:").unwrap_or(text),
        )?)
    };
    Ok(ImageOptions {
        platform: args.platform.clone(),
        tags: if args.all_tags {
            Tags::All
        } else {
            Tags::Named
        },
        registry: RegistryOptions {
            login: args.registry_user.as_deref().map(login).transpose()?,
            login_files: login_files(),
            mirrors: args.registry_mirror.clone(),
            transport: if args.insecure {
                Transport::InsecureAllowed
            } else {
                Transport::Secure
            },
        },
        containerd: ContainerdOptions {
            folder: args
                .containerd_root
                .clone()
                .unwrap_or_else(|| ContainerdOptions::default().folder),
            namespace: args.containerd_namespace.clone(),
        },
        skip_base: args
            .skip_base
            .iter()
            .map(base)
            .collect::<anyhow::Result<_>>()?,
        cache: (!args.no_layer_cache)
            .then(user_folders::cache)
            .flatten()
            .map(|folder| folder.join("layers")),
    })
}

/// A login with the password that stands on standard input: on the command line, everybody could see it.
fn login(user: &str) -> anyhow::Result<Login> {
    const LONGEST: u64 = 64 << 10;
    let mut password = Vec::new();
    io::stdin()
        .lock()
        .take(LONGEST)
        .read_to_end(&mut password)
        .context("the password on standard input")?;
    let end = password
        .iter()
        .rposition(|byte| !matches!(byte, b'\n' | b'\r'));
    let Some(password) = end.and_then(|end| password.get(..=end)) else {
        anyhow::bail!("--registry-user: there is no password on standard input");
    };
    Ok(Login {
        user: user.to_owned(),
        password: Secret::new(password),
    })
}

/// Where docker and podman write down who has logged in.
fn login_files() -> Vec<PathBuf> {
    let named = |name| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    [
        named("REGISTRY_AUTH_FILE"),
        named("DOCKER_CONFIG").map(|folder| folder.join("config.json")),
        named("XDG_RUNTIME_DIR").map(|folder| folder.join("containers/auth.json")),
        named("HOME").map(|folder| folder.join(".docker/config.json")),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The targets that can be scanned, and those that cannot; an error when there are none of the first.
fn resolve_targets(
    texts: &[String],
    kind: Option<TargetKind>,
) -> anyhow::Result<(Vec<Target>, Vec<Skipped>)> {
    let (mut targets, mut unusable) = (Vec::new(), Vec::new());
    let mut first_error = None;
    for text in texts {
        match Target::resolve(text, kind) {
            Ok(target) => targets.push(target),
            // An address can hold a token: its error names it without, and is not repeated here.
            Err(error @ TargetError::Url(_)) => return Err(error.into()),
            Err(error) => {
                let kind = if matches!(error, TargetError::Missing(_)) {
                    SkippedKind::Missing
                } else {
                    SkippedKind::Unreadable
                };
                let told = error.to_string();
                let reason = told
                    .strip_prefix(&format!("{text}: "))
                    .unwrap_or(&told)
                    .to_owned();
                unusable.push(Skipped {
                    kind,
                    what: text.clone(),
                    reason,
                });
                first_error.get_or_insert(error);
            }
        }
    }
    match first_error {
        Some(error) if targets.is_empty() => Err(error.into()),
        _ => Ok((targets, unusable)),
    }
}

/// The index that git prepared for the hook we run as: `git commit --all` and `git commit FILE` make one of their own.
/// Nothing else of git's environment counts.
pub(crate) fn hook_index() -> Option<PathBuf> {
    let file = std::env::var_os("GIT_INDEX_FILE").filter(|file| !file.is_empty())?;
    // Hooks run at the root of the working tree, which is what git's relative paths start from.
    std::path::absolute(file).ok()
}

fn resolve_scope(args: &ScopeArgs) -> Scope {
    match (&args.range, &args.since) {
        (Some(range), _) => Scope::Range(range.clone()),
        (_, Some(revision)) => Scope::Since(revision.clone()),
        _ if args.staged => Scope::Staged,
        _ if args.worktree => Scope::Worktree,
        _ if args.reachable_only => Scope::ReachableOnly,
        _ => Scope::Everything,
    }
}

pub(crate) fn overrides(args: &PolicyArgs) -> Overrides {
    Overrides {
        config: args.config.clone(),
        rule_files: args.rules.clone(),
        only_rules: args.only_rule.clone(),
        disabled_rules: args.disable_rule.clone(),
        baseline: args.baseline.clone(),
        sensitivity: args.sensitivity.map(|level| match level {
            SensitivityArg::Default => Sensitivity::Default,
            SensitivityArg::High => Sensitivity::High,
        }),
        min_severity: args.min_severity,
        exclude: args.exclude.clone(),
        inline_allow: args.no_inline_allow.then_some(InlineAllow::Ignore),
        ..Overrides::default()
    }
}

pub(crate) fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

pub(crate) fn today() -> Date {
    const SECONDS_PER_DAY: u64 = 86_400;
    // A clock before 1970 is not set; decisions with a date then hold.
    Date::from_unix_days(seconds_now().unsigned_abs() / SECONDS_PER_DAY)
}

/// Seconds after 1970; none of them when the clock is not set.
pub(crate) fn seconds_now() -> i64 {
    let since_1970 = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since_1970.as_secs()).unwrap_or(0)
}

/// Runs the scan with a bar where somebody watches, and stops it on Ctrl-C.
pub(crate) fn run_request(request: &Request, messages: Messages) -> anyhow::Result<Scanned> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let on_signal = Arc::clone(&interrupted);
    // The second Ctrl-C ends the program at once, for somebody who does not want to wait.
    let handler = move || {
        if on_signal.swap(true, Ordering::SeqCst) {
            std::process::exit(i32::from(STATUS_ERROR));
        }
    };
    ctrlc::set_handler(handler).context("cannot listen for Ctrl-C")?;
    let bar = (io::stderr().is_terminal() && messages.says(Level::Warning)).then(Bar::new);
    let progress: &dyn Progress = bar.as_ref().map_or(&Silent, |bar| bar);
    let scanned = run::run(request, progress, &interrupted);
    if let Some(bar) = &bar {
        bar.finish();
    }
    Ok(scanned?)
}

pub(crate) fn write_reports(
    scanned: &Scanned,
    sinks: &[Sink],
    color: ColorChoice,
) -> anyhow::Result<()> {
    let report = Report {
        outcome: &scanned.outcome,
        rules: &scanned.rules,
        tool_version: env!("CARGO_PKG_VERSION"),
    };
    for sink in sinks {
        match &sink.destination {
            Destination::Standard => write_standard(&report, sink.format, color)?,
            Destination::File(path) => write_file(&report, sink.format, path)?,
        }
    }
    Ok(())
}

fn write_standard(report: &Report<'_>, format: Format, color: ColorChoice) -> anyhow::Result<()> {
    let choice = match color {
        ColorChoice::Auto => anstream::AutoStream::choice(&io::stdout()),
        ColorChoice::Always => anstream::ColorChoice::Always,
        ColorChoice::Never => anstream::ColorChoice::Never,
    };
    let colour = if choice == anstream::ColorChoice::Never {
        Colour::Off
    } else {
        Colour::On
    };
    let settings = Settings {
        colour,
        width: width(),
        ended: seconds_now(),
        ..Settings::default()
    };
    match leakward_report::write(format, report, &settings, &mut io::stdout().lock()) {
        // The reader (head, a pager) has seen enough.
        Err(ReportError::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("standard output"),
    }
}

fn write_file(report: &Report<'_>, format: Format, path: &Path) -> anyhow::Result<()> {
    let name = || path.display().to_string();
    let mut file = std::fs::File::create(path).with_context(name)?;
    let settings = Settings {
        ended: seconds_now(),
        ..Settings::default()
    };
    leakward_report::write(format, report, &settings, &mut file).with_context(name)
}

/// Columns of the terminal, where `COLUMNS` or the terminal tells; a readable width otherwise.
fn width() -> usize {
    std::env::var("COLUMNS")
        .ok()
        .and_then(|columns| columns.parse().ok())
        .unwrap_or(100)
}

/// Says on standard error what the report itself did not show to whoever started the program.
pub(crate) fn tell(outcome: &Outcome, sinks: &[Sink], allow_incomplete: bool, messages: Messages) {
    for target in &outcome.targets {
        messages.info(&format!(
            "{}: scanned as {} ({})",
            target.name, target.kind, target.scope
        ));
    }
    let shown = sinks
        .iter()
        .any(|sink| sink.destination == Destination::Standard && sink.format.name() == "terminal");
    if shown {
        return;
    }
    outcome.notes.iter().for_each(|note| messages.info(note));
    for skipped in &outcome.skipped {
        let text = format!("{}: {}", skipped.what, skipped.reason);
        match (skipped.kind.makes_incomplete(), allow_incomplete) {
            (false, _) => messages.info(&text),
            (true, true) => messages.warning(&text),
            (true, false) => messages.error(&text),
        }
    }
}

pub(crate) fn status(outcome: &Outcome, with_findings: u8, allow_incomplete: bool) -> ExitCode {
    if !outcome.complete() && !allow_incomplete {
        ExitCode::from(STATUS_ERROR)
    } else if outcome.findings.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(with_findings)
    }
}

/// Where the scan remembers what it has looked at: the user's cache folder, unless something else was typed.
fn cache(args: &ScanArgs) -> CacheChoice {
    if args.cache.no_cache {
        return CacheChoice::Off;
    }
    if let Some(file) = &args.cache.file {
        return CacheChoice::File(file.clone());
    }
    user_folders::cache().map_or(CacheChoice::Off, CacheChoice::Folder)
}
