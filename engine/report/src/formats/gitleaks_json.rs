//! `gitleaks-json`: the JSON report of gitleaks, for scripts that read it. What differs is told in [`crate::gitleaks`].

use std::io;

use crate::error::ReportError;
use crate::format::Definition;
use crate::gitleaks::{Entry, entries};
use crate::json_text;
use crate::report::Report;
use crate::settings::Settings;

pub(crate) static FORMAT: Definition = Definition {
    name: "gitleaks-json",
    about: "the JSON report of gitleaks, for scripts that read it",
    extensions: &[],
    write,
};

fn write(
    report: &Report<'_>,
    settings: &Settings,
    out: &mut dyn io::Write,
) -> Result<(), ReportError> {
    let entries: Vec<Entry> = entries(report.outcome, settings).collect();
    json_text::write_pretty(out, &entries)?;
    Ok(out.write_all(b"\n")?)
}
