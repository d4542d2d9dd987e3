//! What a tool's arguments bring in and what they would read, by the names that agents give to such things.
//!
//! Tools differ between agents and come with every MCP server, so names of *fields* decide and not a list of tools: a
//! field that holds new text of a file is looked at as that file, a command as a command, and all other fields
//! together as what they are, JSON, in which a name stands beside each value.

mod fields;
mod output;
mod tool;

pub(super) use fields::path;
pub(super) use output::{Owner, of_output};
pub(super) use tool::{Brought, of_tool};
