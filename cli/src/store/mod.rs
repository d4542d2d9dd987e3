//! `leakward store`: the connected secret stores, as a person uses them.

mod args;
mod check;
pub(crate) mod connect;
mod difference;
mod entries;
mod index;
mod inventory;
mod table;

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Context as _;

pub(crate) use args::{CommonArgs, StoreCommand, StoreFormat};
pub(crate) use connect::Connections;

use crate::messages::Messages;

/// Runs one of the commands about stores.
pub(crate) fn run(command: &StoreCommand, messages: Messages) -> anyhow::Result<ExitCode> {
    match command {
        StoreCommand::Kinds(args) => check::kinds(args),
        StoreCommand::Check(args) => check::check(args, messages),
        StoreCommand::List(args) => entries::list(args, messages),
        StoreCommand::Get(args) => entries::get(args, messages),
        StoreCommand::Put(args) => entries::put(args, messages),
        StoreCommand::Index(args) => index::index(args, messages),
        StoreCommand::Locate(args) => index::locate(args, messages),
        StoreCommand::Inventory(args) => inventory::inventory(args, messages),
    }
}

/// Prints to standard output. A closed pipe is no error: the reader has seen enough.
fn print(text: &str) -> anyhow::Result<()> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("standard output")
        }
        _ => Ok(()),
    }
}

/// Prints JSON for programs.
fn print_json(value: &serde_json::Value) -> anyhow::Result<()> {
    print(&format!("{}\n", serde_json::to_string_pretty(value)?))
}
