//! Refs that are stored as reftable: binary tables in a folder `reftable`, one stack for the repository and one for each
//! linked worktree. The format is described in git's `Documentation/technical/reftable`.
//!
//! A stack is a list of tables, oldest first; what a later one says of a name counts. Of a table the blocks with refs are
//! read from front to back and those with logs only for the older entries of the stash; indexes are for looking up a
//! single name, and are passed over.
//!
//! INVARIANT: what of a table cannot be read is told, and what can be read of it is used all the same.
#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic
    )
)]

mod block;
mod cursor;
mod fault;
mod layout;
mod stack;
mod stacks;
mod table;
#[cfg(test)]
mod tests;

pub(crate) use stacks::Reftables;
pub(crate) use table::{Allowance, Table};
