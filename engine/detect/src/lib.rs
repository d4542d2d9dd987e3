//! Bytes in, credentials out: prefilter → confirm → decode → judge.
//!
//! This crate opens no file and no socket and reads no clock: what it says about some bytes depends on those
//! bytes, the rules and the settings alone. What paths say is asked for separately ([`Detector::judge_path`]), for a git
//! blob is looked at once, before anybody knows its paths.
//!
//! INVARIANT: no input makes it panic or take more than linear time; what a limit cut is said in
//! [`Detection::limited`].
#![deny(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )
)]
#![doc = include_str!("../DESIGN.md")]

mod byte_set;
mod carry;
mod confirm;
mod decode;
mod detection;
mod detector;
mod error;
#[doc(hidden)]
pub mod fuzzing;
mod judge;
#[cfg(test)]
mod linear_time;
mod native;
mod path_rules;
mod prefilter;
mod rule_cost;
mod rule_index;
mod rule_matcher;
mod scratch;
mod search;
mod settings;
mod sweep;
mod word_list;

pub use carry::{Copied, Note};
pub use detection::{Detection, Explained, Match, PathJudgement, PlaceFacts, Rejected};
pub use detector::Detector;
pub use error::DetectorError;
pub use prefilter::Hit;
pub use rule_cost::{Clock, RuleCost};
pub use scratch::Scratch;
pub use settings::{InlineAllow, NotALength, Sensitivity, Settings, ShortestString};
