//! What changed between two reports: which credentials are new, which are gone, which have another verdict.
//!
//! Credentials are compared by fingerprint, so that a file that was moved or a line that shifted is no change.
//!
//! "Gone" means that the later scan did not see it any more. It does not mean that it was revoked: only a verdict says
//! that.

use std::collections::HashMap;
use std::io;

use leakward_core::{Finding, Fingerprint, Outcome};
use serde::Serialize;

use crate::document::{FindingEntry, SCHEMA_VERSION};
use crate::error::ReportError;
use crate::harmless::harmless;
use crate::json_text;
use crate::markup::{markdown, markdown_code};
use crate::numbers::counted;
use crate::place_words;

/// What changed between two reports.
#[derive(Debug)]
pub struct Difference<'a> {
    /// In the later report only.
    pub new: Vec<&'a Finding>,
    /// In the earlier report only.
    pub gone: Vec<&'a Finding>,
    /// In both, with another verdict: before and after.
    pub changed: Vec<(&'a Finding, &'a Finding)>,
    /// How many are in both, those with another verdict included.
    pub still: usize,
    /// Whether the later report is complete; otherwise nothing can be called gone.
    pub complete: bool,
}

/// How a difference is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DifferenceFormat {
    /// For people, on a terminal.
    Text,
    /// For people, on a code host.
    Markdown,
    /// For programs.
    Json,
}

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    complete: bool,
    new: Vec<FindingEntry<'a>>,
    gone: Vec<FindingEntry<'a>>,
    changed: Vec<Changed<'a>>,
    still: usize,
}

#[derive(Serialize)]
struct Changed<'a> {
    before: &'static str,
    after: &'static str,
    finding: FindingEntry<'a>,
}

/// One part of a difference: its sign, its name, and its findings with what is to be said of each.
type Part<'a> = (char, &'static str, Vec<(&'a Finding, String)>);

impl<'a> Difference<'a> {
    /// What changed from `earlier` to `later`.
    #[must_use]
    pub fn between(earlier: &'a Outcome, later: &'a Outcome) -> Self {
        let by_fingerprint = |outcome: &'a Outcome| -> HashMap<Fingerprint, &'a Finding> {
            let findings = outcome.findings.iter();
            findings
                .map(|finding| (finding.fingerprint, finding))
                .collect()
        };
        let (before, after) = (by_fingerprint(earlier), by_fingerprint(later));
        let mut made = Self {
            new: Vec::new(),
            gone: Vec::new(),
            changed: Vec::new(),
            still: 0,
            complete: later.complete(),
        };
        for finding in &later.findings {
            match before.get(&finding.fingerprint) {
                None => made.new.push(finding),
                Some(old) => {
                    made.still += 1;
                    if old.verdict.as_str() != finding.verdict.as_str() {
                        made.changed.push((old, finding));
                    }
                }
            }
        }
        let gone = earlier.findings.iter();
        made.gone = gone
            .filter(|finding| !after.contains_key(&finding.fingerprint))
            .collect();
        made
    }

    /// Writes it.
    ///
    /// # Errors
    /// When `out` refuses bytes.
    pub fn write(
        &self,
        format: DifferenceFormat,
        out: &mut dyn io::Write,
    ) -> Result<(), ReportError> {
        match format {
            DifferenceFormat::Json => {
                json_text::write_pretty(out, &self.document())?;
                Ok(out.write_all(b"\n")?)
            }
            DifferenceFormat::Text => Ok(self.write_text(out)?),
            DifferenceFormat::Markdown => Ok(self.write_markdown(out)?),
        }
    }

    fn document(&self) -> Document<'a> {
        let entries = |findings: &[&'a Finding]| {
            findings
                .iter()
                .map(|finding| FindingEntry::new(finding))
                .collect()
        };
        let changed = |(old, new): &(&'a Finding, &'a Finding)| Changed {
            before: old.verdict.as_str(),
            after: new.verdict.as_str(),
            finding: FindingEntry::new(new),
        };
        Document {
            schema_version: SCHEMA_VERSION,
            complete: self.complete,
            new: entries(&self.new),
            gone: entries(&self.gone),
            changed: self.changed.iter().map(changed).collect(),
            still: self.still,
        }
    }

    /// The parts, in the order in which they are written.
    fn parts(&self) -> [Part<'a>; 3] {
        let plain = |findings: &[&'a Finding]| {
            let lines = findings.iter();
            lines.map(|finding| (*finding, String::new())).collect()
        };
        let changed = self.changed.iter();
        let changed = changed
            .map(|(old, new)| {
                let words = format!("was {}, is {}", old.verdict.as_str(), new.verdict.as_str());
                (*new, words)
            })
            .collect();
        [
            ('+', "new", plain(&self.new)),
            ('-', "gone", plain(&self.gone)),
            ('!', "with another verdict", changed),
        ]
    }

    fn write_text(&self, out: &mut dyn io::Write) -> io::Result<()> {
        for (sign, _, findings) in self.parts() {
            for (finding, words) in findings {
                let place = finding.locations.first().map(place_words::words);
                let line = format!(
                    "{sign} {}[{}] {} at {} {} {words}",
                    finding.severity,
                    finding.rule,
                    finding.masked,
                    place.unwrap_or_default(),
                    finding.fingerprint
                );
                writeln!(out, "{}", harmless(line.trim_end()))?;
            }
        }
        writeln!(out, "{}", self.sentence())
    }

    fn write_markdown(&self, out: &mut dyn io::Write) -> io::Result<()> {
        writeln!(
            out,
            "## Leaked credentials: what changed\n\n**{}**\n",
            self.sentence()
        )?;
        for (_, name, findings) in self.parts() {
            if findings.is_empty() {
                continue;
            }
            writeln!(out, "### {} {name}\n", findings.len())?;
            for (finding, words) in findings {
                let place = finding.locations.first().map(place_words::words);
                writeln!(
                    out,
                    "- {} {}: {} {} {words}",
                    finding.severity,
                    markdown(&finding.title),
                    markdown_code(&finding.masked),
                    markdown_code(&place.unwrap_or_default()),
                )?;
            }
            writeln!(out)?;
        }
        Ok(())
    }

    fn sentence(&self) -> String {
        let mut text = format!(
            "{} new, {} gone, {} still there",
            self.new.len(),
            self.gone.len(),
            counted(self.still as u64, "credential", "credentials")
        );
        if !self.changed.is_empty() {
            text += &format!(", {} with another verdict", self.changed.len());
        }
        text.push('.');
        if !self.complete {
            text += " The later scan is incomplete: what is gone may only not have been looked at.";
        }
        text
    }
}
