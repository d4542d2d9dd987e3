//! `leakward guard`: standard input to the guard, its reply to standard output, standard error and the exit status.

use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use leakward_assist::guard::{self, Agent, GuardSettings, MAX_INPUT, Reply, Stance};
use leakward_assist::project::ScanSettings;

use crate::args::PolicyArgs;
use crate::guard_args::GuardArgs;
use crate::scan_command::{overrides, today};

/// Decides about what stands on standard input.
pub(crate) fn run(args: &GuardArgs) -> anyhow::Result<ExitCode> {
    if let Some(agent) = args.settings {
        return print_settings(agent.0);
    }
    answer(&GuardSettings {
        agent: args.agent.map(|agent| agent.0),
        on_error: args.on_error.into(),
        on_read: args.on_read.into(),
        on_policy_edit: args.on_policy_edit.into(),
        folder: current_folder(),
        scan: scan_settings(&args.policy),
    })
}

/// `leakward scan --stdin-json`: the guard with nothing but the options of a scan.
pub(crate) fn of_scan(policy: &PolicyArgs) -> anyhow::Result<ExitCode> {
    answer(&GuardSettings {
        agent: None,
        on_error: Stance::Deny,
        on_read: Stance::Deny,
        on_policy_edit: Stance::Ask,
        folder: current_folder(),
        scan: scan_settings(policy),
    })
}

/// What was typed about rules and decisions, for scans of texts.
pub(crate) fn scan_settings(policy: &PolicyArgs) -> ScanSettings {
    ScanSettings {
        overrides: overrides(policy),
        policy_ref: policy.policy_ref.clone(),
        today: today(),
    }
}

fn current_folder() -> PathBuf {
    // A folder that was removed has no name; paths then start from whatever the call says.
    std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."))
}

fn answer(settings: &GuardSettings) -> anyhow::Result<ExitCode> {
    let mut input = Vec::new();
    std::io::stdin()
        .lock()
        // One byte more than is taken, so that a longer input is seen to be one.
        .take(MAX_INPUT as u64 + 1)
        .read_to_end(&mut input)
        .context("standard input")?;
    let Reply {
        stdout,
        stderr,
        status,
    } = guard::guard(&input, settings);
    std::io::stdout()
        .write_all(stdout.as_bytes())
        .context("standard output")?;
    std::io::stderr()
        .write_all(stderr.as_bytes())
        .context("standard error")?;
    Ok(ExitCode::from(status))
}

fn print_settings(agent: Agent) -> anyhow::Result<ExitCode> {
    let known = guard::SETTINGS
        .into_iter()
        .find(|(known, ..)| *known == agent);
    let Some((_, place, text)) = known else {
        bail!(
            "--settings {}: there is no agent's settings file for it",
            agent.as_str()
        );
    };
    print!("{text}");
    eprintln!("leakward: this goes into {place}");
    Ok(ExitCode::SUCCESS)
}
