//! How all trees of a repository hang together, noted while they are walked.
//!
//! [`indexing`] is told of every tree and notes what it has and its delta base has not ([`difference`], [`records`]);
//! objects and names are numbers ([`numbers`], [`names`]). Of the [`index`] that comes of it [`leads`] tells which trees lead
//! to a few wanted blobs or names, without that any tree is decoded again.
#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic
    )
)]

mod alike;
mod bits;
pub(crate) mod difference;
mod fan;
mod index;
pub(crate) mod indexing;
pub(crate) mod leads;
pub(crate) mod names;
mod numbers;
mod reached;
mod records;

pub use index::HistoryIndex;
