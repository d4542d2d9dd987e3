//! Which files a command line would show, and what it would change: a seat belt, not a sandbox.
//!
//! `cat .env` is what agents really write, also inside of `bash -lc "…"` and `$(…)`, behind `cd`, and with a variable that
//! the line itself sets. Whoever wants to get round this can (a variable from elsewhere, a program of their own); what such
//! a command prints is looked at once more afterwards, where the agent has a hook for that.

mod changes;
#[cfg(test)]
mod drawn;
mod files;
mod git;
mod run;
mod shown;
mod sourced;
mod start;
mod walk;

pub(super) use shown::{Read, Shown};
pub(super) use start::Start;
pub(super) use walk::{files_shown_by, files_shown_by_words};
