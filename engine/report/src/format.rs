//! The formats a report can have, by name and by file name.
//!
//! The list itself is in `formats/mod.rs`; this file only knows what every format has.

use std::fmt;
use std::io::{self, Write as _};
use std::path::Path;
use std::str::FromStr;

use crate::error::ReportError;
use crate::formats;
use crate::report::Report;
use crate::settings::Settings;

/// What a file in `formats/` tells about its format.
pub(crate) struct Definition {
    /// The word after `-f`.
    pub(crate) name: &'static str,
    /// One line for the help text.
    pub(crate) about: &'static str,
    /// Ends of file names from which the format is guessed, without the dot; the longest that fits wins.
    pub(crate) extensions: &'static [&'static str],
    /// Writes a report.
    pub(crate) write: fn(&Report<'_>, &Settings, &mut dyn io::Write) -> Result<(), ReportError>,
}

/// A format a report can have.
#[derive(Clone, Copy)]
pub struct Format(&'static Definition);

/// A word that names no format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{word:?} is no report format; there are {}", known())]
pub struct UnknownFormat {
    /// What was written.
    pub word: String,
}

impl Format {
    /// Every format, in the order in which the help text lists them.
    pub fn all() -> impl ExactSizeIterator<Item = Format> {
        formats::ALL.iter().map(|definition| Format(definition))
    }

    /// The word after `-f`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// What it is for, in one line.
    #[must_use]
    pub fn about(self) -> &'static str {
        self.0.about
    }

    /// The format that a file of this name is expected to have: `report.sarif`, `findings.csv`.
    #[must_use]
    pub fn for_path(path: &Path) -> Option<Format> {
        let name = path.file_name()?.to_str()?.to_ascii_lowercase();
        Self::all()
            .flat_map(|format| format.0.extensions.iter().map(move |end| (format, *end)))
            .filter(|(_, end)| {
                name.strip_suffix(end).is_some_and(|rest| {
                    // An end with a dot in it can be a whole name: CI servers look for such.
                    rest.ends_with('.')
                        || (end.contains('.') && (rest.is_empty() || rest.ends_with('-')))
                })
            })
            .max_by_key(|(_, end)| end.len())
            .map(|(format, _)| format)
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(word: &str) -> Result<Self, UnknownFormat> {
        Self::all()
            .find(|format| format.name() == word)
            .ok_or_else(|| UnknownFormat {
                word: word.to_owned(),
            })
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Debug for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Format({})", self.name())
    }
}

impl PartialEq for Format {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Format {}

/// The names of all formats, for a message.
fn known() -> String {
    Format::all()
        .map(Format::name)
        .collect::<Vec<_>>()
        .join(", ")
}

/// Writes `report` as `format` to `out`, buffered, and flushes it.
///
/// # Errors
///
/// When `out` refuses bytes; part of the report may have been written then.
pub fn write(
    format: Format,
    report: &Report<'_>,
    settings: &Settings,
    out: &mut dyn io::Write,
) -> Result<(), ReportError> {
    let mut out = io::BufWriter::with_capacity(64 << 10, out);
    (format.0.write)(report, settings, &mut out)?;
    Ok(out.flush()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_found_by_its_name_and_nothing_else() {
        for format in Format::all() {
            assert_eq!(format.to_string().parse(), Ok(format));
        }
        let error = "xml".parse::<Format>().expect_err("not a format");
        assert!(error.to_string().contains("sarif"), "{error}");
    }

    #[test]
    fn a_format_is_guessed_from_the_end_of_a_file_name() {
        for (name, expected) in [
            ("out/report.json", Some("json")),
            ("REPORT.JSONL", Some("jsonl")),
            ("a.sarif", Some("sarif")),
            ("a.sarif.json", Some("sarif")),
            ("a.csv", Some("csv")),
            ("a.html", Some("html")),
            ("gl-secret-detection-report.json", Some("gitlab")),
            ("gl-code-quality-report.json", Some("codequality")),
            ("leakward.junit.xml", Some("junit")),
            ("summary.md", Some("markdown")),
            ("json", None),
            ("a.unknown", None),
        ] {
            assert_eq!(
                Format::for_path(Path::new(name)).map(Format::name),
                expected,
                "{name}"
            );
        }
    }

    #[test]
    fn every_file_in_the_formats_folder_is_registered() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/formats");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .expect("the folder is in the source tree")
            .filter_map(|entry| {
                let name = entry.expect("readable").file_name().into_string().ok()?;
                Some(name.strip_suffix(".rs")?.replace('_', "-"))
            })
            .filter(|name| name != "mod")
            .collect();
        files.sort_unstable();
        let mut names: Vec<_> = Format::all().map(Format::name).collect();
        names.sort_unstable();
        assert_eq!(names, files);
    }
}
