//! Called as another scanner: its flags, its files, its reports, its exit statuses, our scan.
//!
//! Reached as `leakward compat TOOL …` and by the program's name: a link called `gitleaks` or `trufflehog` is enough to
//! replace the tool in a script.
//!
//! INVARIANT: a flag that would change what is found and that we cannot honour is an error, never passed over.

mod gitleaks;
mod gitleaks_args;
mod trufflehog;
mod trufflehog_args;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;
use clap::{Args, Subcommand};
use leakward_core::Outcome;
use leakward_report::{Format, Report, Settings};
use leakward_scan::run::Scanned;

use crate::scan_command::seconds_now;

/// Status for an error, in both tools.
const STATUS_ERROR: u8 = 1;

/// `leakward compat`
#[derive(Debug, Subcommand)]
pub(crate) enum CompatCommand {
    /// As gitleaks 8: `git`, `dir`, `stdin`, `detect`, `protect`, `version`.
    #[command(disable_help_flag = true)]
    Gitleaks(CompatArgs),
    /// As TruffleHog 3: `git`, `filesystem`, `docker`, `stdin`. Verifies, as TruffleHog does, unless --no-verification is given.
    #[command(disable_help_flag = true)]
    Trufflehog(CompatArgs),
}

/// What the other tool would be called with.
#[derive(Debug, Args)]
pub(crate) struct CompatArgs {
    /// Its arguments.
    #[arg(
        value_name = "ARGUMENT",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    arguments: Vec<OsString>,
}

/// Runs as the tool that the command names.
pub(crate) fn command(command: &CompatCommand) -> ExitCode {
    match command {
        CompatCommand::Gitleaks(args) => gitleaks::main(&args.arguments),
        CompatCommand::Trufflehog(args) => trufflehog::main(&args.arguments),
    }
}

/// Runs as the tool whose name the program was called by; nothing when it was called by its own.
pub(crate) fn by_name() -> Option<ExitCode> {
    let mut arguments = std::env::args_os();
    let name = arguments.next()?;
    let arguments: Vec<OsString> = arguments.collect();
    match Path::new(&name).file_stem()?.to_str()? {
        "gitleaks" => Some(gitleaks::main(&arguments)),
        "trufflehog" => Some(trufflehog::main(&arguments)),
        _ => None,
    }
}

/// Reads the arguments as `T`; the status to end with when they are none, or help.
fn parsed<T: Parser>(name: &str, arguments: &[OsString], unknown_flag: u8) -> Result<T, ExitCode> {
    let words = std::iter::once(OsString::from(name)).chain(arguments.iter().cloned());
    T::try_parse_from(words).map_err(|error| {
        // Nobody is there to be told when standard error is closed.
        drop(error.print());
        match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::SUCCESS,
            ErrorKind::UnknownArgument => ExitCode::from(unknown_flag),
            _ => ExitCode::from(STATUS_ERROR),
        }
    })
}

/// Writes a report to standard output, or to a file.
fn write(
    scanned: &Scanned,
    format: &str,
    hidden_percent: u8,
    file: Option<&Path>,
) -> anyhow::Result<()> {
    let format: Format = format.parse()?;
    let report = Report {
        outcome: &scanned.outcome,
        rules: &scanned.rules,
        tool_version: env!("CARGO_PKG_VERSION"),
    };
    let settings = Settings {
        ended: seconds_now(),
        hidden_percent,
        ..Settings::default()
    };
    match file {
        Some(path) => {
            let named = |error: std::io::Error| anyhow::anyhow!("{}: {error}", path.display());
            let mut file = std::fs::File::create(path).map_err(named)?;
            Ok(leakward_report::write(
                format, &report, &settings, &mut file,
            )?)
        }
        None => {
            let mut out = std::io::stdout().lock();
            Ok(leakward_report::write(
                format, &report, &settings, &mut out,
            )?)
        }
    }
}

/// How many findings the other tool would count: one for each place.
fn places(outcome: &Outcome) -> usize {
    let findings = outcome.findings.iter();
    findings.map(|finding| finding.locations.len()).sum()
}
