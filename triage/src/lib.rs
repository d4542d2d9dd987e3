//! Walks through the findings of a report in a terminal: look, decide, ask, plan.
//!
//! This crate draws and reads keys. What it shows beside the report, and what becomes of a decision, is the [`World`]'s:
//! files, git, the ignore file and providers are reached through it alone, so that all of this can be tested without
//! them.
//!
//! INVARIANT: a credential is drawn in clear only while the user has asked for it, and never outside of the context of
//! the finding that it belongs to.
#![forbid(unsafe_code)]

mod app;
mod draw;
mod form;
mod shown;
mod terminal;
mod theme;
mod world;

pub use app::{App, Start};
pub use draw::draw;
pub use terminal::{TriageError, run};
pub use theme::Theme;
pub use world::{Context, ContextLine, Decision, Kind, Known, Piece, World};
