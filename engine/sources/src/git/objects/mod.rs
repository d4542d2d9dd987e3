//! Every object of a repository, shown once: packs and loose objects, reachable or not.
//!
//! [`store`] knows where objects are, [`scan`] plans what has to be decoded and drives it over all cores, [`show`]
//! turns a decoded object into what a visitor looks at (blobs as they are, of commits and tags what people wrote), and
//! [`lfs`] follows the pointers that stand in for large files.
#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic
    )
)]

mod gaps;
mod kinds;
mod known;
pub(in crate::git) mod lfs;
pub(crate) mod reader;
pub(crate) mod reports;
mod scan;
pub(crate) mod show;
pub(crate) mod sink;
pub(crate) mod store;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) mod witness;

pub use kinds::ObjectKinds;
pub use known::{Covered, Known, NothingKnown};
pub use store::StoreSize;
