//! `leakward hook`: git hooks, put in, taken out, and run.
//!
//! Putting in and taking out asks the git program where hooks are ([`place`]); what hooks run asks nobody (docs/decisions/0005).

mod block;
mod global;
mod install;
mod lefthook;
mod place;
mod push;
mod quarantine;
mod run;

use std::process::ExitCode;

use crate::args::ColorChoice;
use crate::hook_args::HookCommand;
use crate::messages::Messages;

/// Runs one of the commands.
pub(crate) fn command(
    command: &HookCommand,
    color: ColorChoice,
    messages: Messages,
) -> anyhow::Result<ExitCode> {
    match command {
        HookCommand::Install(args) => install::install(args),
        HookCommand::Uninstall(args) => install::uninstall(args),
        HookCommand::Run(args) => Ok(run::run(args, color, messages)),
    }
}
