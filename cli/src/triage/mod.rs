//! `leakward triage`: a report's findings on a screen. What the screen asks for is done here: files and git are read, the
//! ignore file is written, and what asks a provider is done by the program's own commands, so that it is exactly what they
//! would do.

mod around;
mod decisions;
mod outside;
mod roots;

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use leakward_core::Outcome;
use leakward_triage::{App, Start, Theme, run};

use crate::args::ColorChoice;
use crate::scan_command::today;
use decisions::IgnoreFiles;
use outside::{Commands, Outside};
use roots::Roots;

/// LIMIT: bytes of a report.
const LARGEST_REPORT: u64 = 1 << 30;

/// `leakward triage`
#[derive(Debug, Args)]
pub(crate) struct TriageArgs {
    /// The report (json or jsonl).
    #[arg(value_name = "REPORT")]
    report: PathBuf,
    /// Where the report's findings are, if not where the report says.
    #[arg(value_name = "TARGET")]
    targets: Vec<String>,
    /// Options for `leakward verify` and `leakward rotate`, which are started for one finding each: `-- --endpoint …`.
    #[arg(last = true, value_name = "OPTIONS")]
    options: Vec<String>,
}

/// Shows the findings until the user is done.
pub(crate) fn triage(args: &TriageArgs, color: ColorChoice) -> anyhow::Result<ExitCode> {
    let outcome = read(&args.report)?;
    let roots = if args.targets.is_empty() {
        Roots::reported(&outcome.targets)
    } else {
        Roots::typed(&args.targets, &outcome.targets).map_err(anyhow::Error::msg)?
    };
    let ignore_files = IgnoreFiles::new(roots.clone(), today());
    let mut findings = Vec::new();
    for finding in outcome.findings {
        let known = ignore_files.known(&finding).map_err(anyhow::Error::msg)?;
        findings.push((finding, known));
    }
    let start = Start {
        report: args.report.display().to_string(),
        findings,
    };
    let commands = Commands {
        report: args.report.clone(),
        targets: args.targets.clone(),
        options: args.options.clone(),
    };
    let outside = Outside::new(commands, roots, ignore_files);
    run(App::new(start, Arc::new(outside)), theme(color))?;
    Ok(ExitCode::SUCCESS)
}

fn read(report: &Path) -> anyhow::Result<Outcome> {
    let name = || report.display().to_string();
    let file = std::fs::File::open(report).with_context(name)?;
    let mut text = String::new();
    file.take(LARGEST_REPORT)
        .read_to_string(&mut text)
        .with_context(name)?;
    leakward_report::read(&text).with_context(name)
}

/// Colours where the terminal has them and nobody said no.
fn theme(color: ColorChoice) -> Theme {
    let choice = match color {
        ColorChoice::Auto => anstream::AutoStream::choice(&std::io::stdout()),
        ColorChoice::Always => anstream::ColorChoice::Always,
        ColorChoice::Never => anstream::ColorChoice::Never,
    };
    if choice == anstream::ColorChoice::Never {
        Theme::plain()
    } else {
        Theme::colours()
    }
}
