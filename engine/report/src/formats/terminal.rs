//! `terminal`: the report for people, in the manner of compiler messages: what, where, the line, why, what to do;
//! at the end what was scanned, what was not, and one sentence that says how it stands.
//!
//! INVARIANT: everything goes out through [`screen::Screen`], which makes control characters of foreign text visible.
//! INVARIANT: "No leaked credentials found" is said of a complete scan only.

mod excerpt;
mod finding;
mod history;
mod screen;
mod summary;

use std::io;

use crate::error::ReportError;
use crate::format::Definition;
use crate::report::Report;
use crate::settings::Settings;
use screen::Screen;

pub(crate) static FORMAT: Definition = Definition {
    name: "terminal",
    about: "for people: each finding with its line, then a summary",
    extensions: &["txt"],
    write,
};

fn write(
    report: &Report<'_>,
    settings: &Settings,
    out: &mut dyn io::Write,
) -> Result<(), ReportError> {
    let mut screen = Screen::new(out, settings);
    for finding in &report.outcome.findings {
        finding::show(&mut screen, finding)?;
        screen.end_line()?;
    }
    summary::show(&mut screen, report.outcome)?;
    Ok(())
}
