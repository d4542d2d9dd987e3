//! `json`: the whole report as one object, for programs. The fields are in [`crate::document`].

use std::io;

use crate::document::Document;
use crate::error::ReportError;
use crate::format::Definition;
use crate::json_text;
use crate::report::Report;
use crate::settings::Settings;

pub(crate) static FORMAT: Definition = Definition {
    name: "json",
    about: "one object with everything, for programs (schema in docs/report.schema.json)",
    extensions: &["json"],
    write,
};

fn write(
    report: &Report<'_>,
    _settings: &Settings,
    out: &mut dyn io::Write,
) -> Result<(), ReportError> {
    json_text::write_pretty(out, &Document::new(report))?;
    Ok(out.write_all(b"\n")?)
}
