//! `jsonl`: one finding a line, for pipes and log collectors; the last line is the summary.
//!
//! The findings are the same objects as in `json`. A reader that never sees the summary line knows that the report
//! was cut off.

use std::io;

use serde::Serialize;

use crate::document::{FindingEntry, Head};
use crate::error::ReportError;
use crate::format::Definition;
use crate::json_text;
use crate::report::Report;
use crate::settings::Settings;

pub(crate) static FORMAT: Definition = Definition {
    name: "jsonl",
    about: "one finding a line, then a summary line, for pipes and log collectors",
    extensions: &["jsonl", "ndjson"],
    write,
};

/// The last line.
#[derive(Serialize)]
struct Last<'a> {
    summary: Summary<'a>,
}

/// Everything but the findings, and how many there were.
#[derive(Serialize)]
struct Summary<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    finding_count: usize,
}

fn write(
    report: &Report<'_>,
    _settings: &Settings,
    out: &mut dyn io::Write,
) -> Result<(), ReportError> {
    for finding in &report.outcome.findings {
        json_text::write_compact(out, &FindingEntry::new(finding))?;
        out.write_all(b"\n")?;
    }
    let summary = Summary {
        head: Head::new(report),
        finding_count: report.outcome.findings.len(),
    };
    json_text::write_compact(out, &Last { summary })?;
    Ok(out.write_all(b"\n")?)
}
