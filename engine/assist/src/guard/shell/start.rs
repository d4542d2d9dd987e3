//! Where a command line is run: in which folder, and by which shell.
//!
//! Where it goes from there, behind `cd`, is known by `folders`.

use std::path::{Path, PathBuf};

use crate::guard::pattern::Stars;

/// Where a command line is run.
#[derive(Clone, Debug)]
pub(in crate::guard) struct Start {
    /// The folder that the call is made in, which all paths start from.
    pub(in crate::guard) call: PathBuf,
    /// The folder that the command is run in.
    pub(in crate::guard) folder: PathBuf,
    /// What `**` means to the shell.
    pub(in crate::guard) stars: Stars,
}

impl Start {
    /// In the folder of the call, by the user's shell: that is what agents run commands with.
    pub(in crate::guard) fn at(call: &Path) -> Self {
        let shell = std::env::var("SHELL").unwrap_or_default();
        Self {
            call: call.to_owned(),
            folder: PathBuf::new(),
            stars: stars_of(shell.rsplit('/').next().unwrap_or_default()),
        }
    }
}

/// `**` crosses folders by itself in these.
pub(super) fn stars_of(shell: &str) -> Stars {
    match shell {
        "zsh" | "fish" => Stars::Deep,
        _ => Stars::Shallow,
    }
}

impl Start {
    /// In a folder that is not there: for tests, here and in `tests/foreign_bytes`.
    pub(in crate::guard) fn nowhere() -> Self {
        Self {
            call: PathBuf::from("/no/such/folder"),
            folder: PathBuf::new(),
            stars: Stars::Shallow,
        }
    }
}
