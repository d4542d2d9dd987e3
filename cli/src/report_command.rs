//! `leakward report`: reports that were written before, in other formats, together, and compared.
//!
//! Nothing is scanned and nobody is asked.

use std::io::{self, Read as _};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use leakward_core::Outcome;
use leakward_report::{Difference, DifferenceFormat, Part, ReportError};
use leakward_scan::run::Scanned;

use crate::args::ColorChoice;
use crate::report_args::{ConvertArgs, DiffArgs, DiffFormat, MergeArgs, ReportCommand};
use crate::scan_command::{STATUS_ERROR, write_reports};
use crate::sinks::{self, Sink};

/// LIMIT: bytes of a report.
const LARGEST_REPORT: u64 = 1 << 30;

/// Runs one of the commands.
pub(crate) fn run(
    command: &ReportCommand,
    matches: Option<&clap::ArgMatches>,
    color: ColorChoice,
) -> anyhow::Result<ExitCode> {
    let typed = |name: &str| {
        let matches = matches.and_then(|matches| matches.subcommand_matches(name));
        matches.map(sinks::Typed::from_matches).unwrap_or_default()
    };
    match command {
        ReportCommand::Convert(args) => convert(args, &sinks::pair(typed("convert"))?, color),
        ReportCommand::Merge(args) => merge(args, &sinks::pair(typed("merge"))?, color),
        ReportCommand::Diff(args) => diff(args),
    }
}

fn convert(args: &ConvertArgs, sinks: &[Sink], color: ColorChoice) -> anyhow::Result<ExitCode> {
    write(read(&args.report)?, sinks, color)
}

fn merge(args: &MergeArgs, sinks: &[Sink], color: ColorChoice) -> anyhow::Result<ExitCode> {
    let mut parts = args
        .reports
        .iter()
        .map(|typed| part(typed))
        .collect::<anyhow::Result<Vec<Part>>>()?;
    let names = parts.iter().flat_map(|part| &part.outcome.targets);
    let mut names: Vec<&str> = names.map(|target| target.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    if names.len() > 1 {
        for part in &mut parts {
            // Of several targets, the paths say already which one they are in.
            if let (None, [only]) = (&part.name, part.outcome.targets.as_slice()) {
                part.name = Some(only.name.clone());
            }
        }
    }
    write(leakward_report::merge(parts), sinks, color)
}

/// `NAME=FILE`, or a file, also one with an `=` in its name.
fn part(typed: &str) -> anyhow::Result<Part> {
    let (name, file) = match typed.split_once('=') {
        Some((name, file)) if !name.is_empty() && !Path::new(typed).exists() => {
            (Some(name.to_owned()), file)
        }
        _ => (None, typed),
    };
    let outcome = read(Path::new(file))?;
    Ok(Part { name, outcome })
}

fn diff(args: &DiffArgs) -> anyhow::Result<ExitCode> {
    let (earlier, later) = (read(&args.earlier)?, read(&args.later)?);
    let difference = Difference::between(&earlier, &later);
    let format = match args.format {
        DiffFormat::Text => DifferenceFormat::Text,
        DiffFormat::Markdown => DifferenceFormat::Markdown,
        DiffFormat::Json => DifferenceFormat::Json,
    };
    match difference.write(format, &mut io::stdout().lock()) {
        Err(ReportError::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => {}
        other => other.context("standard output")?,
    }
    Ok(if !difference.complete && !args.allow_incomplete {
        ExitCode::from(STATUS_ERROR)
    } else if difference.new.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(args.exit_code)
    })
}

fn read(path: &Path) -> anyhow::Result<Outcome> {
    let name = || match path.to_str() {
        Some("-") => "standard input".to_owned(),
        _ => path.display().to_string(),
    };
    let source: Box<dyn io::Read> = if path == Path::new("-") {
        Box::new(io::stdin())
    } else {
        Box::new(std::fs::File::open(path).with_context(name)?)
    };
    let mut text = String::new();
    source
        .take(LARGEST_REPORT + 1)
        .read_to_string(&mut text)
        .with_context(name)?;
    if text.len() as u64 > LARGEST_REPORT {
        bail!("{}: larger than {LARGEST_REPORT} bytes", name());
    }
    leakward_report::read(&text).with_context(name)
}

fn write(outcome: Outcome, sinks: &[Sink], color: ColorChoice) -> anyhow::Result<ExitCode> {
    let scanned = Scanned {
        outcome,
        rules: leakward_rules::built_in().into(),
        ..Scanned::default()
    };
    write_reports(&scanned, sinks, color)?;
    Ok(ExitCode::SUCCESS)
}
