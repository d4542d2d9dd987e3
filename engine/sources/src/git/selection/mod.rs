//! What a scan of only a part of a repository looks at: what refs reach, a range of commits, what is new since a
//! revision.
//!
//! A range's blobs are those in the trees of its commits and in none of the trees of those commits' parents outside of
//! it. They come from comparing each commit's tree with all of its parents' trees at once, entering only what differs
//! from every one of them; so text that stands in a merge commit alone is found.

mod newcomers;
mod painted;
mod reachable;
mod scope;
mod select;
#[cfg(test)]
mod tests;

pub(crate) use newcomers::Newcomers;
pub use scope::{Arriving, Scope, ScopeError};
pub(crate) use select::revision;
pub use select::{Selection, resolve};
