//! The rule pack: every credential type that Leakward knows without being told, and the sets that are made of it
//! and of users' own rules.
//!
//! The rules themselves are data in `providers/*.toml`, one file for each provider; `docs/rule-format.md` is the
//! reference of the format. The build script turns them into constants, so that [`built_in`] costs nothing.
//! A user's file is read by [`parse`] and laid over them by [`merge`]; a [`Selection`] switches rules on and off.
//!
//! This crate matches nothing and opens no file.
#![forbid(unsafe_code)]

mod built_in;
mod rule_set;
mod selection;

pub use built_in::{built_in, built_in_hash};
pub use leakward_rule_format::{
    Problem, REGEX_SIZE_LIMIT, RuleFile, RuleFileError, RuleFileErrors, RuleSetHash,
    estimated_regex_bytes, rule_set_hash, sample,
};
pub use rule_set::{find, merge, parse, parse_all};
pub use selection::{Selection, UnknownRule};
