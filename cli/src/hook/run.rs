//! `leakward hook run`: what a hook looks at, for how long, and whether git goes on.
//!
//! Findings always stop git. What happens when the scan cannot be finished is chosen with `--fail`; on a server that may be
//! `open`, so that a broken policy file does not keep a company from pushing.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, bail};
use leakward_core::Outcome;
use leakward_scan::progress::Silent;
use leakward_scan::request::{Request, Scope};
use leakward_scan::run::{self, Scanned};
use leakward_scan::target::Target;

use super::push;
use super::quarantine::Quarantine;
use crate::args::ColorChoice;
use crate::hook_args::{HookName, HookRunArgs, OnFailure};
use crate::messages::Messages;
use crate::scan_command::{STATUS_ERROR, hook_index, policy_request, write_reports};
use crate::sinks;

/// Status that stops git because of findings.
const STATUS_FINDINGS: u8 = 1;

/// How long the scan may take to notice that its time is over.
const GRACE: Duration = Duration::from_secs(2);

/// LIMIT: bytes of a commit's message.
const MAX_MESSAGE: u64 = 16 << 20;

/// Runs the hook. Errors end here, since whether they stop git is the user's choice.
pub(super) fn run(args: &HookRunArgs, color: ColorChoice, messages: Messages) -> ExitCode {
    let on_failure = args.limits.fail.unwrap_or_default();
    let interrupted = Arc::new(AtomicBool::new(false));
    if let Some(seconds) = args.limits.time_budget {
        watch_the_clock(seconds, on_failure, &interrupted, messages);
    }
    let ended = look(args, &interrupted).and_then(|scanned| {
        let Some(scanned) = scanned else {
            return Ok(ExitCode::SUCCESS);
        };
        show(args.hook, &scanned, color)?;
        Ok(status(&scanned.outcome, on_failure, messages))
    });
    ended.unwrap_or_else(|error| failed(&format!("{error:#}"), on_failure, messages))
}

/// Stops the scan when its time is over, and the program when the scan does not stop.
fn watch_the_clock(
    seconds: u64,
    on_failure: OnFailure,
    interrupted: &Arc<AtomicBool>,
    messages: Messages,
) {
    let interrupted = Arc::clone(interrupted);
    if seconds == 0 {
        interrupted.store(true, Ordering::SeqCst);
        return;
    }
    // It ends with the program.
    drop(std::thread::spawn(move || {
        std::thread::sleep(Duration::from_secs(seconds));
        interrupted.store(true, Ordering::SeqCst);
        std::thread::sleep(GRACE);
        let text = format!("not finished after {seconds} seconds");
        match on_failure {
            OnFailure::Open => messages.warning(&format!("{text}; let through all the same")),
            OnFailure::Closed => messages.error(&text),
        }
        std::process::exit(match on_failure {
            OnFailure::Open => 0,
            OnFailure::Closed => i32::from(STATUS_ERROR),
        });
    }));
}

/// Looks at what git tells the hook; nothing when that is nothing.
fn look(args: &HookRunArgs, interrupted: &AtomicBool) -> anyhow::Result<Option<Scanned>> {
    let here = Path::new(".");
    let mut request = Request {
        targets: vec![Target::Git(PathBuf::from(here))],
        ..policy_request(&args.policy)
    };
    request.scope = match args.hook {
        HookName::PreCommit => {
            request.index_file = hook_index();
            Scope::Staged
        }
        HookName::CommitMsg => {
            let [file] = args.arguments.as_slice() else {
                bail!("the hook commit-msg is called with the name of a file");
            };
            Scope::Text("the commit's message".to_owned(), message(Path::new(file))?)
        }
        HookName::PrePush => {
            let remote = args.arguments.first().map_or("", String::as_str);
            Scope::Arriving(push::to_remote(&input()?, remote)?)
        }
        HookName::PreReceive => Scope::Arriving(push::to_server(&input()?)?),
        HookName::Update => Scope::Arriving(push::of_one_ref(&args.arguments)?),
    };
    let on_server = matches!(args.hook, HookName::PreReceive | HookName::Update);
    // Holds its folder until the scan is done.
    let mut pushed = None;
    if let Scope::Arriving(arriving) = &request.scope {
        if arriving.tips.is_empty() {
            return Ok(None);
        }
        if on_server {
            let quarantine = Quarantine::of_this_hook(here, &arriving.tips)?;
            request.targets = vec![Target::Git(quarantine.path().to_owned())];
            pushed = Some(quarantine);
        }
    }
    let mut scanned = run::run(&request, &Silent, interrupted)?;
    drop(pushed);
    for target in &mut scanned.outcome.targets {
        here.to_string_lossy().as_ref().clone_into(&mut target.name);
    }
    Ok(Some(scanned))
}

/// What git writes on a hook's standard input.
fn input() -> anyhow::Result<String> {
    let mut text = String::new();
    std::io::stdin()
        .take(push::MAX_INPUT + 1)
        .read_to_string(&mut text)
        .context("standard input")?;
    if text.len() as u64 > push::MAX_INPUT {
        bail!("standard input: more than {} bytes", push::MAX_INPUT);
    }
    Ok(text)
}

/// The message as it will be committed: without git's own comments, and without the diff that `--verbose` puts below it.
///
/// What begins with another comment character than `#` is looked at as well, which does no harm.
fn message(file: &Path) -> anyhow::Result<Vec<u8>> {
    const SCISSORS: &str = "# ------------------------ >8 ------------------------";
    let name = || file.display().to_string();
    let mut bytes = Vec::new();
    std::fs::File::open(file)
        .with_context(name)?
        .take(MAX_MESSAGE + 1)
        .read_to_end(&mut bytes)
        .with_context(name)?;
    if bytes.len() as u64 > MAX_MESSAGE {
        bail!("{}: longer than {MAX_MESSAGE} bytes", name());
    }
    let text = String::from_utf8_lossy(&bytes);
    let lines = text
        .lines()
        .take_while(|line| *line != SCISSORS)
        // Lines keep their numbers.
        .map(|line| if line.starts_with('#') { "" } else { line });
    Ok(lines.collect::<Vec<_>>().join("\n").into_bytes())
}

/// Shows the report when there is something in it that somebody has to know.
fn show(hook: HookName, scanned: &Scanned, color: ColorChoice) -> anyhow::Result<()> {
    let outcome = &scanned.outcome;
    if outcome.findings.is_empty() && outcome.complete() {
        return Ok(());
    }
    write_reports(scanned, &sinks::pair(Vec::new())?, color)?;
    if !outcome.findings.is_empty() {
        for line in advice(hook) {
            println!("{line}");
        }
    }
    Ok(())
}

/// What to do now.
fn advice(hook: HookName) -> &'static [&'static str] {
    match hook {
        HookName::PreCommit | HookName::CommitMsg => &[
            "Nothing was committed. Take the credential out, or, if it is none, mark its line with leakward:allow or put its",
            "fingerprint into .leakwardignore. `git commit --no-verify` passes this hook by.",
        ],
        HookName::PrePush => &[
            "Nothing was pushed. A credential in a commit has to be taken out of that commit (git rebase), and revoked if anybody",
            "else has seen it. `git push --no-verify` passes this hook by.",
        ],
        HookName::PreReceive | HookName::Update => &[
            "The push is refused. Take the credential out of the commits that bring it (git rebase), and push again.",
        ],
    }
}

fn status(outcome: &Outcome, on_failure: OnFailure, messages: Messages) -> ExitCode {
    if !outcome.findings.is_empty() {
        return ExitCode::from(STATUS_FINDINGS);
    }
    if outcome.complete() {
        return ExitCode::SUCCESS;
    }
    failed("not everything could be looked at", on_failure, messages)
}

/// The scan could not be finished.
fn failed(why: &str, on_failure: OnFailure, messages: Messages) -> ExitCode {
    match on_failure {
        OnFailure::Open => {
            messages.warning(&format!("{why}; let through all the same"));
            ExitCode::SUCCESS
        }
        OnFailure::Closed => {
            messages.error(why);
            ExitCode::from(STATUS_ERROR)
        }
    }
}
