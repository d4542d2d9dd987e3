//! Why a report could not be written. Making one cannot fail; only its way out can.

use std::io;

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The writer refused. A closed pipe is told by [`io::ErrorKind::BrokenPipe`].
    #[error("cannot write the report: {0}")]
    Write(#[from] io::Error),
}

impl From<serde_json::Error> for ReportError {
    /// Our documents always serialize (string keys, no failing implementations), so what is left is the writer.
    fn from(error: serde_json::Error) -> Self {
        Self::Write(error.into())
    }
}
