//! `gitleaks-junit`: the JUnit report of gitleaks: one suite, one failed test for each finding, with the finding as JSON
//! in it. For test reports that people look at there is `junit`.

use std::io;

use crate::error::ReportError;
use crate::format::Definition;
use crate::gitleaks::{Entry, entries};
use crate::json_text;
use crate::markup::xml;
use crate::report::Report;
use crate::settings::Settings;

pub(crate) static FORMAT: Definition = Definition {
    name: "gitleaks-junit",
    about: "the JUnit report of gitleaks, for scripts that read it",
    extensions: &[],
    write,
};

fn write(
    report: &Report<'_>,
    settings: &Settings,
    out: &mut dyn io::Write,
) -> Result<(), ReportError> {
    let entries: Vec<Entry> = entries(report.outcome, settings).collect();
    let count = entries.len();
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(out, "<testsuites>")?;
    writeln!(
        out,
        "  <testsuite failures=\"{count}\" name=\"gitleaks\" tests=\"{count}\" time=\"\">"
    )?;
    for entry in &entries {
        write_entry(out, entry)?;
    }
    writeln!(out, "  </testsuite>")?;
    writeln!(out, "</testsuites>")?;
    Ok(())
}

fn write_entry(out: &mut dyn io::Write, entry: &Entry) -> Result<(), ReportError> {
    let mut message = format!(
        "{} has detected a secret in file {}, line {}",
        entry.rule_id, entry.file, entry.start_line
    );
    if !entry.commit.is_empty() {
        message += &format!(", at commit {}", entry.commit);
    }
    message.push('.');
    let mut json = Vec::new();
    json_text::write_pretty(&mut json, entry)?;
    let json = String::from_utf8_lossy(&json).into_owned();
    let lines: Vec<String> = json.lines().map(xml).collect();
    let (class, message) = (xml(&entry.description), xml(&message));
    writeln!(
        out,
        "    <testcase classname=\"{class}\" file=\"{}\" name=\"{message}\" time=\"\">",
        xml(&entry.file)
    )?;
    writeln!(
        out,
        "      <failure message=\"{message}\" type=\"{class}\">{}</failure>",
        lines.join("\n")
    )?;
    Ok(writeln!(out, "    </testcase>")?)
}
