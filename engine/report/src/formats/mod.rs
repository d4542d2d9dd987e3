//! The registry of report formats: a format is one file here, which exports its `FORMAT`, and its line below.
//!
//! A format that grows has a folder of the same name for its parts.

use crate::format::Definition;

mod csv;
mod json;
mod jsonl;
mod sarif;
mod terminal;

/// Every format, in the order in which the help text lists them.
pub(crate) static ALL: &[&Definition] = &[
    &terminal::FORMAT,
    &json::FORMAT,
    &jsonl::FORMAT,
    &sarif::FORMAT,
    &csv::FORMAT,
];
