//! The format of rule files: its reader, its checks, and the templates that samples are written in.
//!
//! A rule file is TOML; `docs/rule-format.md` is its reference. [`parse_files`] turns the text of one or more files
//! into [`leakward_core::Rule`]s, or into every error that could be found, each with file, line and column. There is no
//! partial load. This crate opens no file, and it does not match anything: detection does.
//!
//! It stands apart from `leakward-rules` because that crate's build script needs it too: the embedded rule pack
//! and a user's file go through the same reader.
#![forbid(unsafe_code)]

mod action_table;
mod error;
mod fields;
mod finder;
mod hash;
mod nearest;
mod parse;
mod problem;
mod regex_check;
mod regex_size;
mod required_literal;
mod rule_table;
pub mod sample;
mod source;
mod verify_table;

pub use error::{RuleFileError, RuleFileErrors};
pub use hash::{RuleSetHash, rule_set_hash};
pub use nearest::nearest;
pub use parse::{RuleFile, parse_files};
pub use problem::{Problem, VerifyProblem};
pub use regex_check::{RegexFault, check_expression};
pub use regex_size::{REGEX_SIZE_LIMIT, estimated_regex_bytes};
pub use required_literal::every_match_holds_one_in_any_case;
