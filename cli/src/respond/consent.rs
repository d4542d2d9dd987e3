//! Whether whoever typed a command says yes to what it would do.
//!
//! Only that: whether a yes is enough is decided by `leakward-respond`, with the policy and the list of approvers.

use std::io::BufRead as _;
use std::process::ExitCode;

use anyhow::Context as _;

use super::args::{ConsentArgs, RestoreArgs};
use super::{STATUS_WAITS, print};

/// What was typed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// It is to be done, as far as it may be.
    Yes,
    /// It is only shown.
    DryRun,
    /// Nothing yet.
    Missing,
}

impl Answer {
    pub(super) fn of(consent: &ConsentArgs) -> Self {
        match consent {
            ConsentArgs { dry_run: true, .. } => Self::DryRun,
            ConsentArgs { yes: true, .. }
            | ConsentArgs {
                unattended: true, ..
            } => Self::Yes,
            _ => Self::Missing,
        }
    }

    /// The same for `leakward respond restore`, which nobody leaves unattended.
    pub(super) fn to_restore(args: &RestoreArgs) -> Self {
        match args {
            RestoreArgs { dry_run: true, .. } => Self::DryRun,
            RestoreArgs { yes: true, .. } => Self::Yes,
            _ => Self::Missing,
        }
    }

    /// Asks where nothing was said. The status where nothing is to be done.
    pub(super) fn or_ask(self, question: &str) -> anyhow::Result<Option<ExitCode>> {
        if self == Self::DryRun {
            print("nothing was changed (--dry-run)\n")?;
            return Ok(Some(ExitCode::SUCCESS));
        }
        if self == Self::Missing && !says_yes(question)? {
            print("nothing was changed\n")?;
            return Ok(Some(ExitCode::from(STATUS_WAITS)));
        }
        Ok(None)
    }
}

/// Asks on the terminal. Standard input may be the credential.
pub(super) fn says_yes(question: &str) -> anyhow::Result<bool> {
    let terminal = std::fs::File::open("/dev/tty").context(
        "there is nobody to ask: give --yes, or --unattended to do only what the policy allows",
    )?;
    eprint!("{question} [y/N] ");
    let mut answer = String::new();
    std::io::BufReader::new(terminal)
        .read_line(&mut answer)
        .context("the terminal")?;
    Ok(matches!(
        answer.trim().to_ascii_lowercase().as_str(),
        "y" | "yes"
    ))
}
