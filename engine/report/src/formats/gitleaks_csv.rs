//! `gitleaks-csv`: the CSV report of gitleaks, for scripts that read it. Without findings it is empty, as there.
//!
//! Control characters become visible ones; formulas are not disarmed, since a script would meet other text than it
//! expects. For spreadsheets there is `csv`.

use std::io;

use crate::error::ReportError;
use crate::format::Definition;
use crate::gitleaks::{Entry, entries};
use crate::harmless::harmless;
use crate::report::Report;
use crate::settings::Settings;

pub(crate) static FORMAT: Definition = Definition {
    name: "gitleaks-csv",
    about: "the CSV report of gitleaks, for scripts that read it",
    extensions: &[],
    write,
};

/// The header line, as gitleaks writes it.
const HEADER: &str = "RuleID,Commit,File,SymlinkFile,Secret,Match,StartLine,EndLine,StartColumn,EndColumn,\
                      Author,Message,Date,Email,Fingerprint,Tags";

fn write(
    report: &Report<'_>,
    settings: &Settings,
    out: &mut dyn io::Write,
) -> Result<(), ReportError> {
    let mut is_first = true;
    for entry in entries(report.outcome, settings) {
        if std::mem::take(&mut is_first) {
            writeln!(out, "{HEADER}")?;
        }
        let cells = cells(entry).map(|cell| quoted(&cell));
        writeln!(out, "{}", cells.join(","))?;
    }
    Ok(())
}

fn cells(entry: Entry) -> [String; 16] {
    [
        entry.rule_id,
        entry.commit,
        entry.file,
        entry.symlink_file,
        entry.secret,
        entry.matched,
        entry.start_line.to_string(),
        entry.end_line.to_string(),
        entry.start_column.to_string(),
        entry.end_column.to_string(),
        entry.author,
        entry.message,
        entry.date,
        entry.email,
        entry.fingerprint,
        entry.tags.join(" "),
    ]
}

fn quoted(cell: &str) -> String {
    let cell = harmless(cell);
    if cell.contains([',', '"']) || cell.starts_with(' ') {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.into_owned()
    }
}
