//! What code hosts and others send: whether it is theirs, what it says, and whether it is for us.
//!
//! Each sender is one file that takes headers and a raw body and gives a [`Verdict`]: nothing here knows of HTTP servers or
//! of the database.
//!
//! INVARIANT: a body is not looked into before its signature (or token) is found right.

mod delivery;
pub(crate) mod gitea;
pub(crate) mod github;
pub(crate) mod gitlab;
pub(crate) mod leaks;
pub(crate) mod pre_receive;

pub(crate) use delivery::{Headers, Refused, Verdict};
