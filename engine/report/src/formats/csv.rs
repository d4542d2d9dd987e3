//! `csv`: one row for each location, for spreadsheets; RFC 4180 with a header line, UTF-8, lines ending in CR LF.
//!
//! What made the scan incomplete follows as rows of kind `skipped`, so that an empty table is a clean one.
//!
//! A spreadsheet runs a cell that begins like a formula, and paths, author names and commit subjects are written by
//! whoever could push; so such a cell gets a leading `'` (OWASP, "CSV injection"). Control characters other than
//! tab and line ends become visible ones, since a CSV file is also printed on terminals.

use std::borrow::Cow;
use std::io;

use leakward_core::{Finding, ImagePlace, LayerState, Location, Secret, Skipped, Verdict};

use crate::document::rounded;
use crate::error::ReportError;
use crate::format::Definition;
use crate::harmless::visible;
use crate::place_words;
use crate::report::Report;
use crate::settings::Settings;

pub(crate) static FORMAT: Definition = Definition {
    name: "csv",
    about: "one row for each place, for spreadsheets",
    extensions: &["csv"],
    write,
};

/// A column: its name in the header line, and its cell.
type Column = (
    &'static str,
    for<'a> fn(&'a Finding, &'a Location) -> Cow<'a, str>,
);

/// All columns, in their order. Stable: a column may be added at the end.
const COLUMNS: &[Column] = &[
    ("fingerprint", |finding, _| {
        finding.fingerprint.to_string().into()
    }),
    ("rule", |finding, _| finding.rule.as_str().into()),
    ("title", |finding, _| finding.title.as_str().into()),
    ("provider", |finding, _| finding.provider.as_str().into()),
    ("severity", |finding, _| finding.severity.as_str().into()),
    ("confidence", |finding, _| {
        finding.confidence.as_str().into()
    }),
    ("masked", |finding, _| finding.masked.as_str().into()),
    ("secret", |finding, _| revealed(finding.secret.as_ref())),
    ("entropy", |finding, _| {
        rounded(finding.entropy).to_string().into()
    }),
    ("reasons", |finding, _| finding.reasons.join("; ").into()),
    ("verification", |finding, _| match &finding.verdict {
        Verdict::NotChecked => "".into(),
        verdict => verdict.to_string().into(),
    }),
    ("kind", |_, location| location.kind.as_str().into()),
    ("path", |_, location| location.path.as_str().into()),
    ("line", |_, location| {
        location.range.start.line.to_string().into()
    }),
    ("column", |_, location| {
        location.range.start.column.to_string().into()
    }),
    ("end_line", |_, location| {
        location.range.end.line.to_string().into()
    }),
    ("end_column", |_, location| {
        location.range.end.column.to_string().into()
    }),
    ("commit", |_, location| text(location.commit.as_deref())),
    ("blob", |_, location| text(location.blob.as_deref())),
    ("reachable", |_, location| yes_or_no(location.reachable)),
    ("in_head", |_, location| yes_or_no(location.in_head)),
    ("refs", |_, location| location.refs.join(" ").into()),
    ("author", |_, location| text(location.author.as_deref())),
    ("email", |_, location| text(location.email.as_deref())),
    ("date", |_, location| text(location.date.as_deref())),
    ("subject", |_, location| text(location.subject.as_deref())),
    ("decoded", |_, location| location.decoded.join(" ").into()),
    ("revoke_url", |finding, _| {
        text(finding.revoke_url.as_deref())
    }),
    ("docs_url", |finding, _| text(finding.docs_url.as_deref())),
    ("more_locations", |finding, _| {
        finding.more_locations.to_string().into()
    }),
    ("image", |_, location| {
        image(location, |image| Some(image.image.as_str()))
    }),
    ("platform", |_, location| {
        image(location, |image| image.platform.as_deref())
    }),
    ("layer", |_, location| {
        image(location, |image| image.layer.as_deref())
    }),
    ("layer_index", |_, location| {
        let index = location.image.as_ref().and_then(|image| image.layer_index);
        index
            .map_or_else(String::new, |index| index.to_string())
            .into()
    }),
    ("created_by", |_, location| {
        image(location, |image| image.created_by.as_deref())
    }),
    ("state", |_, location| {
        image(location, |image| image.state.map(LayerState::as_str))
    }),
    ("identity", |finding, _| {
        let evidence = finding.evidence.as_deref();
        let words = evidence.into_iter().flat_map(|evidence| &evidence.identity);
        let words: Vec<String> = words
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        words.join("; ").into()
    }),
    ("scopes", |finding, _| {
        let evidence = finding.evidence.as_deref();
        evidence.map_or("".into(), |evidence| evidence.scopes.join(" ").into())
    }),
    ("checked_at", |finding, _| {
        text(
            finding
                .evidence
                .as_deref()
                .map(|evidence| evidence.checked_at.as_str()),
        )
    }),
    ("companions", |_, location| {
        place_words::companions(location).join("; ").into()
    }),
];

fn image<'a>(
    location: &'a Location,
    field: impl FnOnce(&'a ImagePlace) -> Option<&'a str>,
) -> Cow<'a, str> {
    text(location.image.as_ref().and_then(field))
}

fn write(
    report: &Report<'_>,
    _settings: &Settings,
    out: &mut dyn io::Write,
) -> Result<(), ReportError> {
    write_row(out, COLUMNS.iter().map(|(name, _)| Cow::Borrowed(*name)))?;
    for finding in &report.outcome.findings {
        for location in &finding.locations {
            write_row(out, COLUMNS.iter().map(|(_, cell)| cell(finding, location)))?;
        }
    }
    for skipped in &report.outcome.skipped {
        if skipped.kind.makes_incomplete() {
            write_row(
                out,
                COLUMNS.iter().map(|(name, _)| skipped_cell(name, skipped)),
            )?;
        }
    }
    Ok(())
}

/// The cell of a row that tells of something that was not scanned.
fn skipped_cell<'a>(column: &str, skipped: &'a Skipped) -> Cow<'a, str> {
    match column {
        "kind" => "skipped".into(),
        "path" => skipped.what.as_str().into(),
        "reasons" => format!("{}: {}", skipped.kind.as_str(), skipped.reason).into(),
        _ => "".into(),
    }
}

/// Writes one row.
fn write_row<'a>(
    out: &mut dyn io::Write,
    cells: impl Iterator<Item = Cow<'a, str>>,
) -> io::Result<()> {
    for (index, cell) in cells.enumerate() {
        if index > 0 {
            out.write_all(b",")?;
        }
        let cell = harmless_cell(&cell);
        if cell.contains([',', '"', '\r', '\n']) {
            write!(out, "\"{}\"", cell.replace('"', "\"\""))?;
        } else {
            out.write_all(cell.as_bytes())?;
        }
    }
    out.write_all(b"\r\n")
}

/// The cell as neither a spreadsheet nor a terminal acts on it.
fn harmless_cell(cell: &str) -> String {
    // The last four are the full-width forms, which spreadsheets of some locales take for the plain ones.
    const FORMULA: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];
    let mut safe = String::with_capacity(cell.len() + 1);
    if cell.starts_with(FORMULA) {
        safe.push('\'');
    }
    safe.extend(cell.chars().map(|character| match character {
        '\t' | '\r' | '\n' => character,
        character if character.is_control() => visible(character),
        character => character,
    }));
    safe
}

fn text(text: Option<&str>) -> Cow<'_, str> {
    text.unwrap_or_default().into()
}

fn yes_or_no(flag: Option<bool>) -> Cow<'static, str> {
    flag.map_or("", |flag| if flag { "true" } else { "false" })
        .into()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the secret is present only because the user said --reveal"
)]
fn revealed(secret: Option<&Secret>) -> Cow<'_, str> {
    secret.map_or("".into(), |secret| String::from_utf8_lossy(secret.expose()))
}
