//! `leakward completions` and `leakward man`: files for shells and for `man`, made from the same definitions as the help.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::args::Cli;

/// Writes the completions of a shell to standard output.
pub(crate) fn completions(shell: Shell) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "leakward", &mut script);
    std::io::stdout()
        .write_all(&script)
        .context("standard output")?;
    Ok(ExitCode::SUCCESS)
}

/// Writes a manual page for the program and for each of its commands into a folder.
pub(crate) fn manual(folder: &Path) -> anyhow::Result<ExitCode> {
    let name = || folder.display().to_string();
    std::fs::create_dir_all(folder).with_context(name)?;
    clap_mangen::generate_to(Cli::command(), folder).with_context(name)?;
    Ok(ExitCode::SUCCESS)
}
