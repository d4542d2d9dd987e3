//! Where bytes come from: git repositories, folders, files, streams, container images; and the archives in all of them.
//!
//! A source knows how to reach every piece of content once and what to call the place it came from. It knows
//! nothing of rules: what is looked for is the [`Visitor`]'s business, which a source calls from all cores.
//!
//! INVARIANT: a piece that cannot be read is told to [`Visitor::skipped`]; it never just goes missing.

pub mod archive;
#[doc(hidden)]
pub mod fuzzing;
pub mod git;
pub mod image;
pub mod memory;
pub mod piece;
#[cfg(test)]
mod recording;
pub mod stream;
pub mod tree;
pub mod visitor;
mod workers;

pub use archive::Unpacking;
pub use piece::{Origin, Part, Piece};
pub use visitor::{Edit, Visitor};
