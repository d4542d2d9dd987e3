//! Where bytes come from: git repositories, folders, files, streams.
//!
//! A source knows how to reach every piece of content once and what to call the place it came from. It knows
//! nothing of rules: what is looked for is the [`Visitor`]'s business, which a source calls from all cores.
//!
//! INVARIANT: a piece that cannot be read is told to [`Visitor::skipped`]; it never just goes missing.

#[doc(hidden)]
pub mod fuzzing;
pub mod git;
pub mod piece;
#[cfg(test)]
mod recording;
pub mod stream;
pub mod tree;
pub mod visitor;
mod workers;

pub use piece::{Origin, Piece};
pub use visitor::{Edit, Visitor};
