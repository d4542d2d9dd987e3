//! Findings out: one [`Outcome`](leakward_core::Outcome) in, bytes of a chosen [`Format`] out.
//!
//! A report sees what a scan found and what it could not look at; it never sees a source, and it never sees a
//! credential unless the user asked for it with `--reveal`
//! ([`Finding::secret`](leakward_core::Finding::secret) is empty otherwise).
//!
//! INVARIANT: an incomplete scan looks incomplete in every format, and a credential is masked in every format.
//!
//! A format is one file in `formats/`; `formats/mod.rs` is the registry that finds it. The fields of the machine-readable
//! formats, their units and what may change about them are in `docs/report-format.md`.
#![forbid(unsafe_code)]

mod came_in;
mod difference;
mod document;
mod error;
mod format;
mod formats;
mod gitleaks;
mod harmless;
mod json_text;
mod markup;
mod merge;
mod numbers;
mod place_words;
mod read;
mod report;
mod settings;
mod standing;
mod timestamp;
mod verdict;

pub use difference::{Difference, DifferenceFormat};
pub use error::ReportError;
pub use format::{Format, UnknownFormat, write};
pub use merge::{Part, merge};
pub use read::{ReadError, read};
pub use report::Report;
pub use settings::{Colour, Settings};
pub use verdict::verification_json;
