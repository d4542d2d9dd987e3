//! Runs cargo, so that what it makes depends on the sources and the compiler, and not on where they lie.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::target::Target;

/// How it is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// To be run here.
    Debug,
    /// To be given out: optimised as a whole, without symbols.
    Dist,
}

/// Builds the program and says where it is.
///
/// # Errors
/// When cargo cannot be run or fails.
pub fn compile(root: &Path, target: Option<Target>, profile: Profile) -> anyhow::Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .current_dir(root)
        .args([
            "build",
            "--locked",
            "--package",
            "leakward",
            "--bin",
            "leakward",
        ])
        .args(["--message-format", "json-render-diagnostics"]);
    if let Some(target) = target {
        command.args(["--target", target.triple]);
    }
    if profile == Profile::Dist {
        command
            .args(["--profile", "dist"])
            .env("CARGO_PROFILE_DIST_STRIP", "symbols")
            .env("CARGO_INCREMENTAL", "0")
            .env("RUSTFLAGS", flags(root)?);
    }
    let output = command.stderr(std::process::Stdio::inherit()).output();
    let output = output.context("cargo cannot be run")?;
    if !output.status.success() {
        bail!("cargo build ended with {}", output.status);
    }
    executable(&output.stdout).context("cargo does not say where the program is")
}

/// What is given to the compiler beside the environment's: paths of this machine are replaced, so that they are not in the program.
fn flags(root: &Path) -> anyhow::Result<String> {
    let root = root.canonicalize().context("the sources")?;
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    let mut flags = std::env::var("RUSTFLAGS").unwrap_or_default();
    for (path, name) in [(Some(root), "leakward"), (home, "cargo")] {
        if let Some(path) = path {
            flags.push_str(&format!(" --remap-path-prefix={}=/{name}", path.display()));
        }
    }
    Ok(flags)
}

/// The path in cargo's messages.
fn executable(messages: &[u8]) -> Option<PathBuf> {
    let messages = messages.split(|byte| *byte == b'\n');
    let mut paths = messages.filter_map(|line| {
        let message: serde_json::Value = serde_json::from_slice(line).ok()?;
        Some(PathBuf::from(message.get("executable")?.as_str()?))
    });
    paths.next_back()
}
