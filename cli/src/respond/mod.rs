//! `leakward revoke`, `rotate`, `respond`, `policy` and `audit`: what a person types to make a leaked credential dead.

mod act;
mod approve;
mod args;
mod consent;
#[cfg(debug_assertions)]
mod crash;
mod credential;
mod identities;
mod incidents;
mod notify;
mod person;
mod policy;
mod restore;
mod setup;
mod text;
mod together;

pub(crate) use act::{revoke, rotate};
pub(crate) use args::{AuditCommand, PolicyCommand, RespondCommand, RevokeArgs, RotateArgs};
pub(crate) use incidents::{audit, respond};
pub(crate) use policy::policy;

use std::io::{self, Write as _};

use anyhow::Context as _;

/// Status when something waits: for a time, an approval, a person.
const STATUS_WAITS: u8 = 1;

/// Prints to standard output. A closed pipe is no error: the reader has seen enough.
fn print(text: &str) -> anyhow::Result<()> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("standard output")
        }
        _ => Ok(()),
    }
}
