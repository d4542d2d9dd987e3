//! `leakward report`: what can be typed.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::args::report_formats;

/// `leakward report`
#[derive(Debug, Subcommand)]
pub(crate) enum ReportCommand {
    /// Write a report (json or jsonl) in other formats.
    Convert(ConvertArgs),
    /// Make one report of several. A credential that several hold is one finding with all its places.
    Merge(MergeArgs),
    /// Say what changed between two reports: what is new, what is gone. Status 1 when there is something new, 2 when the
    /// later report is incomplete.
    Diff(DiffArgs),
}

/// Where the reports go.
#[derive(Debug, Args)]
pub(crate) struct WrittenArgs {
    /// Format of the report; may be given several times, each with its --output. Default: terminal.
    #[arg(short, long, value_name = "FORMAT", value_parser = report_formats())]
    pub(crate) format: Vec<String>,
    /// Write the report to this file; its format is that of the --format before it, or its extension's.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Vec<PathBuf>,
}

/// `leakward report convert`
#[derive(Debug, Args)]
pub(crate) struct ConvertArgs {
    /// A report in the format json or jsonl; `-` for standard input.
    #[arg(value_name = "REPORT")]
    pub(crate) report: PathBuf,
    /// Where it goes.
    #[command(flatten)]
    pub(crate) written: WrittenArgs,
}

/// `leakward report merge`
#[derive(Debug, Args)]
pub(crate) struct MergeArgs {
    /// Reports in the formats json or jsonl. `NAME=FILE` puts `NAME/` before the report's paths; without, the name of its
    /// target stands there where the reports are of different ones.
    #[arg(value_name = "[NAME=]REPORT", required = true)]
    pub(crate) reports: Vec<String>,
    /// Where it goes.
    #[command(flatten)]
    pub(crate) written: WrittenArgs,
}

/// `leakward report diff`
#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// The earlier report.
    #[arg(value_name = "EARLIER")]
    pub(crate) earlier: PathBuf,
    /// The later report; `-` for standard input.
    #[arg(value_name = "LATER")]
    pub(crate) later: PathBuf,
    /// How the difference is written.
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: DiffFormat,
    /// Exit status when something is new.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) exit_code: u8,
    /// Do not end with status 2 when the later report is incomplete.
    #[arg(long)]
    pub(crate) allow_incomplete: bool,
}

/// How a difference is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DiffFormat {
    /// For people, on a terminal.
    Text,
    /// For people, on a code host.
    Markdown,
    /// For programs.
    Json,
}
