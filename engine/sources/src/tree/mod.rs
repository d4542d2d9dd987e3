//! A folder or a single file as a source.
//!
//! Hidden files are always visited (`.env` is where the credentials are), `.git` folders never. Links are not
//! followed; their target is looked at as text. What git ignores is left out inside of git worktrees, unless
//! [`IgnoreRules::Disregard`] is asked for. Pipes, sockets and devices are counted and never opened.

mod contents;
mod ignored;
pub(crate) mod mapped;
mod scan;
#[cfg(test)]
mod tests;
mod walker;

pub(crate) use contents::{Contents, ReadError};
pub(crate) use scan::{Looker, tell_excluded};
pub(crate) use walker::{Found, Kind, Sink, Walker};

pub use scan::Tree;
pub use walker::{Excluded, IgnoreRules, Walked};
