//! Reports in again: our own `json` and `jsonl`, to be converted, merged and compared.
//!
//! What a report does not hold cannot come back: credentials (unless it was made with `--reveal`) and GitHub's hashes of
//! lines. Fields that a later program added are passed over; a later version of the contract is refused.
//!
//! INVARIANT: half a report is an error. A `jsonl` report without its last line was cut off.

mod finding;
mod head;
mod location;

use leakward_core::Outcome;
use serde::Deserialize;

use self::finding::FindingRead;
use self::head::HeadRead;
use crate::document::SCHEMA_VERSION;

/// A report that cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// Not JSON, or not of the report's shape.
    #[error("not a leakward report: {0}")]
    Json(#[from] serde_json::Error),
    /// A line of JSON Lines is not of the report's shape.
    #[error("line {line}: not a leakward report: {source}")]
    Line {
        /// The line, from 1.
        line: usize,
        /// What the reader said.
        source: serde_json::Error,
    },
    /// The summary line is missing.
    #[error("the report ends before its last line, so it was cut off")]
    CutOff,
    /// There are lines after the summary.
    #[error("line {0}: there is something after the summary, which is a report's last line")]
    AfterTheEnd(usize),
    /// The last line counts other findings than there are.
    #[error("the report holds {found} findings and says that it has {expected}")]
    Count {
        /// How many there are.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
    /// A version that this program does not know.
    #[error(
        "version {0} of the report is not known here; this program reads version {SCHEMA_VERSION}"
    )]
    Version(u32),
    /// A field that holds no possible value.
    #[error("finding {finding}: {field}: {text:?} is not possible there")]
    Field {
        /// Which finding, from 1.
        finding: usize,
        /// The field.
        field: &'static str,
        /// What stands there.
        text: String,
    },
    /// An item of another list than the findings.
    #[error("{field}: {text:?} is not possible there")]
    HeadField {
        /// The field.
        field: &'static str,
        /// What stands there.
        text: String,
    },
}

/// A whole report.
#[derive(Deserialize)]
struct DocumentRead {
    #[serde(flatten)]
    head: HeadRead,
    findings: Vec<FindingRead>,
}

/// A line of JSON Lines: a finding, or the summary.
#[derive(Deserialize)]
struct LastRead {
    summary: SummaryRead,
}

#[derive(Deserialize)]
struct SummaryRead {
    #[serde(flatten)]
    head: HeadRead,
    finding_count: usize,
}

/// Reads a report in the format `json` or `jsonl`.
///
/// # Errors
/// When it is neither, was cut off, or is of a later version.
pub fn read(text: &str) -> Result<Outcome, ReadError> {
    let first_line = text.lines().next().unwrap_or_default();
    // A JSON report is written over many lines; a line that is JSON by itself is one of JSON Lines, unless somebody
    // has put a whole report on one line.
    let is_lines = serde_json::from_str::<serde_json::Value>(first_line)
        .is_ok_and(|value| value.get("findings").is_none());
    let (head, findings) = if is_lines {
        lines(text)?
    } else {
        let document: DocumentRead = serde_json::from_str(text)?;
        (document.head, document.findings)
    };
    if head.schema_version != SCHEMA_VERSION {
        return Err(ReadError::Version(head.schema_version));
    }
    let mut outcome = head.into_outcome()?;
    for (index, finding) in findings.into_iter().enumerate() {
        let named = |(field, text)| ReadError::Field {
            finding: index + 1,
            field,
            text,
        };
        outcome
            .findings
            .push(finding.into_finding().map_err(named)?);
    }
    Ok(outcome)
}

fn lines(text: &str) -> Result<(HeadRead, Vec<FindingRead>), ReadError> {
    let mut findings: Vec<FindingRead> = Vec::new();
    let mut last: Option<SummaryRead> = None;
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        if line.trim().is_empty() {
            continue;
        }
        if last.is_some() {
            return Err(ReadError::AfterTheEnd(number));
        }
        let wrong = |source| ReadError::Line {
            line: number,
            source,
        };
        if line.starts_with("{\"summary\":") {
            last = Some(
                serde_json::from_str::<LastRead>(line)
                    .map_err(wrong)?
                    .summary,
            );
        } else {
            findings.push(serde_json::from_str(line).map_err(wrong)?);
        }
    }
    let last = last.ok_or(ReadError::CutOff)?;
    if last.finding_count != findings.len() {
        return Err(ReadError::Count {
            found: findings.len(),
            expected: last.finding_count,
        });
    }
    Ok((last.head, findings))
}

/// A field, and the text in it that is not possible there.
type Wrong = (&'static str, String);

/// The one of `all` that `word` names.
fn word<T: Copy>(
    field: &'static str,
    word: &str,
    all: &[T],
    name: fn(T) -> &'static str,
) -> Result<T, Wrong> {
    all.iter()
        .copied()
        .find(|one| name(*one) == word)
        .ok_or_else(|| (field, word.to_owned()))
}
