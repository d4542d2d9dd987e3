//! How much of a text is seen: `head -5`, `sed -n '10,20p'` and `cut -d= -f1` show less than all of it, and `grep -c`
//! shows nothing; so do several of them behind each other in a pipe.
//!
//! A program is a row of [`Step`]s (`programs`, `search`), a [`View`] is what all steps leave, and [`Lines`] are those of
//! a text that is looked at.
//!
//! INVARIANT: whatever is not surely less is taken for all of it.

#[cfg(all(test, unix))]
mod against_programs;
mod filter;
mod json_part;
mod lines;
mod literal;
mod programs;
mod search;
mod step;

use super::options::Valued;

pub(super) use lines::Lines;
pub(super) use programs::{files, is_in_place, steps, view};
pub(super) use step::{Range, Step, View};

/// Options of `grep` that take a value.
pub(super) const OF_GREP: Valued = search::GREP.valued;
