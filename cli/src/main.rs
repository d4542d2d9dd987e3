//! The program `leakward`: parses what was typed, resolves it, calls the engine, prints, and sets the exit status.
//!
//! No logic of scanning lives here. Errors end with status 2 and one line that names what was wrong.
#![forbid(unsafe_code)]

mod args;
mod baseline_command;
mod checksum_words;
mod compat;
mod guard_args;
mod guard_command;
mod hook;
mod hook_args;
mod incidents_command;
mod lines;
mod messages;
mod progress;
mod reference;
mod report_args;
mod report_command;
mod respond;
mod rule_stats;
mod rule_trial;
mod rules_args;
mod rules_command;
mod rules_explain_command;
mod rules_lint_command;
mod rules_test_command;
mod scan_command;
mod serve_args;
mod serve_command;
mod serving_args;
mod serving_command;
mod shell_files;
mod sinks;
mod store;
mod triage;
mod user_folders;
mod verdict_tree;
mod verification;
mod verify_command;

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};

use args::{BaselineCommand, Cli, Command};
use messages::Messages;

fn main() -> ExitCode {
    if let Some(status) = compat::by_name() {
        return status;
    }
    let matches = match Cli::command().try_get_matches() {
        Ok(matches) => matches,
        // clap prints help and version to standard output with status 0, errors to standard error with status 2.
        Err(error) => error.exit(),
    };
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let messages = Messages::new(&cli.messages);
    match run(&cli, &matches, messages) {
        Ok(status) => status,
        Err(error) => {
            messages.error(&format!("{error:#}"));
            ExitCode::from(2)
        }
    }
}

fn run(cli: &Cli, matches: &clap::ArgMatches, messages: Messages) -> anyhow::Result<ExitCode> {
    match &cli.command {
        Command::Scan(args) => {
            let typed = matches
                .subcommand_matches("scan")
                .map(sinks::Typed::from_matches)
                .unwrap_or_default();
            scan_command::scan(args, &sinks::pair(typed)?, cli.messages.color, messages)
        }
        Command::Baseline(BaselineCommand::Create(args)) => {
            baseline_command::create(args, messages)
        }
        Command::Verify(args) => {
            let typed = matches
                .subcommand_matches("verify")
                .map(sinks::Typed::from_matches)
                .unwrap_or_default();
            verify_command::verify(args, &sinks::pair(typed)?, cli.messages.color, messages)
        }
        Command::Inspect(args) => {
            let typed = matches
                .subcommand_matches("inspect")
                .map(sinks::Typed::from_matches)
                .unwrap_or_default();
            verify_command::inspect(args, &sinks::pair(typed)?, cli.messages.color, messages)
        }
        Command::Revoke(args) => respond::revoke(args, messages),
        Command::Rotate(args) => respond::rotate(args, messages),
        Command::Respond(command) => respond::respond(command, messages),
        Command::Policy(command) => respond::policy(command),
        Command::Audit(command) => respond::audit(command),
        Command::Rules(command) => rules_command::run(command, messages),
        Command::Store(command) => store::run(command, messages),
        Command::Serve(args) => serve_command::serve(args, messages),
        Command::Incidents(command) => incidents_command::run(command),
        Command::Compat(command) => Ok(compat::command(command)),
        Command::Completions { shell } => shell_files::completions(*shell),
        Command::Man { folder } => shell_files::manual(folder),
        Command::Guard(args) => guard_command::run(args),
        Command::Mcp(args) => serving_command::mcp(args),
        Command::Lsp(args) => serving_command::lsp(args),
        Command::Reference { page } => reference::print(*page),
        Command::Hook(command) => hook::command(command, cli.messages.color, messages),
        Command::Triage(args) => triage::triage(args, cli.messages.color),
        Command::Report(command) => {
            let matches = matches.subcommand_matches("report");
            report_command::run(command, matches, cli.messages.color)
        }
    }
}
