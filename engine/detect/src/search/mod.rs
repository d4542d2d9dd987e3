//! One look at one piece of bytes: confirm its hits, judge what they bring, decode what is encoded and look there too.
//!
//! What is found in decoded bytes is mapped back level by level, so that at the end all matches lie in the original
//! bytes; only then overlaps are settled, comments obeyed and low confidence left out.

mod decoding;
mod judging;
mod reporting;
#[expect(
    clippy::module_inception,
    reason = "the look itself is what the folder is about"
)]
mod search;
mod trying;

pub(crate) use search::Search;
