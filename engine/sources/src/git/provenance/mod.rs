//! Where a finding comes from: which commit brought a blob to which path, who made it and when, which refs still reach
//! it, and whether `HEAD` still has it.
//!
//! Asked once, for everything with findings together. Costs one pass over all trees and commits, however many blobs are
//! asked for, and nothing at all when none is.
//!
//! The first commit is the one that comes first in an order in which every parent stands before its children and
//! dates are corrected accordingly; raw committer dates put the work of wrong clocks first.

mod authorship;
mod chronicle;
mod column;
mod introduced;
mod origins;
mod reach;
mod since;
#[cfg(test)]
mod tests;
mod trace;

pub use authorship::Authorship;
pub use chronicle::Chronicle;
pub use trace::{News, Place, Provenance, Question, Traced};
