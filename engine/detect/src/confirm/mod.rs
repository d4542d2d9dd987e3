//! Confirm: at each hit, the rules whose literal it is look at the bytes around it, and no others.
//!
//! A rule's expression is read when its literal is hit for the first time. From its syntax tree come the
//! places where a literal can stand in a match, the longest match, and, for nearly all rules, a small program that does
//! without a regex engine. What is left runs on regex-automata, anchored, on a bounded window.
//!
//! INVARIANT: what is decided at a hit depends on the bytes within [`Detector::reach`](crate::Detector::reach) alone.

mod boundary;
mod candidate;
mod expression;
mod keyword;
mod memory;
mod outline;
mod pattern;
mod program;
mod runs;

pub(crate) use candidate::Candidate;
pub(crate) use keyword::KeywordMatcher;
pub(crate) use memory::{Moment, RuleMemory};
pub(crate) use pattern::PatternMatcher;
pub(crate) use runs::Runs;
