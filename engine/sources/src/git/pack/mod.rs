//! Packs: what their entries are, how they hang together, and how all of them are decoded once.
//!
//! A pack stores most objects as changes of another object. `survey` reads the header of every entry and
//! grows a `forest` from them: for each object that is wanted, the way from a whole object down to it, without
//! anything else. `walk` then goes through the trees of that forest, base before delta, on all cores.
//!
//! [`design`] says why this order, what it costs, and what was tried instead.
#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic
    )
)]

pub mod delta;
pub mod entry;

pub(crate) mod buffer;
#[cfg(test)]
mod builder;
pub(crate) mod chains;
pub(crate) mod duplicates;
pub(crate) mod fault;
pub(crate) mod file;
pub(crate) mod forest;
pub(crate) mod inflate;
mod order;
mod position;
mod rank;
pub(crate) mod survey;
#[cfg(test)]
mod tests;
pub(crate) mod walk;

#[cfg(doc)]
#[doc = include_str!("../../../DESIGN.md")]
pub mod design {}

pub use delta::{Delta, DeltaError};
pub use entry::{EntryError, EntryHeader, Stored};
