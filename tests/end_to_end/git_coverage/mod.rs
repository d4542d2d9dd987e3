//! One test for every way in which a credential can lie in a git repository. In each a generated credential is
//! planted, and must be found with its kind, path, line, commit and reachability.
//!
//! The table of all of them is `docs/coverage.md`.

mod content;
mod gaps;
mod history;
mod layouts;
mod lfs;
mod messages;
mod names;
mod packs;
mod refs;
mod unreachable;
mod working_tree;
