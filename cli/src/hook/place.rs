//! Where a repository's hooks are: asked of git, since its configuration may put them anywhere, and of the tools that
//! manage hooks.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

/// Who manages the hooks of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Git, in this folder.
    Git {
        folder: PathBuf,
        /// Whether the folder belongs to the working tree, so that other machines get it too.
        shared: bool,
    },
    /// Husky: its scripts are in this folder of the working tree.
    Husky(PathBuf),
    /// Lefthook, whose configuration is in this folder.
    Lefthook(PathBuf),
}

/// Names of lefthook's configuration.
const LEFTHOOK: [&str; 10] = [
    "lefthook.yml",
    "lefthook.yaml",
    "lefthook.toml",
    "lefthook.json",
    "lefthook.jsonc",
    ".lefthook.yml",
    ".lefthook.yaml",
    ".lefthook.toml",
    ".lefthook.json",
    ".config/lefthook.yml",
];

impl Place {
    /// Finds out where the hooks of the repository at `folder` are.
    pub(super) fn of(folder: &Path) -> anyhow::Result<Self> {
        let hooks = ask(folder, &["rev-parse", "--git-path", "hooks"])?
            .with_context(|| format!("{}: not a git repository", folder.display()))?;
        let hooks = absolute(folder, &hooks)?;
        let top = ask(folder, &["rev-parse", "--show-toplevel"])?
            .filter(|top| !top.is_empty())
            .map(PathBuf::from);
        if let Some(top) = &top {
            if let Some(husky) = husky(&hooks) {
                return Ok(Self::Husky(husky));
            }
            if LEFTHOOK.iter().any(|name| top.join(name).is_file()) {
                return Ok(Self::Lefthook(top.clone()));
            }
        }
        let scope = ask(
            folder,
            &["config", "--show-scope", "--get", "core.hooksPath"],
        )?;
        if let Some(scope) = &scope
            && (scope.starts_with("global") || scope.starts_with("system"))
        {
            bail!(
                "core.hooksPath sends the hooks of all repositories to {}; install there with --global",
                hooks.display()
            );
        }
        let git = ask(folder, &["rev-parse", "--absolute-git-dir"])?.unwrap_or_default();
        let common = ask(folder, &["rev-parse", "--git-common-dir"])?.unwrap_or_default();
        let common = absolute(folder, &common)?;
        let shared = top.is_some_and(|top| {
            hooks.starts_with(&top) && !hooks.starts_with(&git) && !hooks.starts_with(&common)
        });
        Ok(Self::Git {
            folder: hooks,
            shared,
        })
    }
}

/// Husky 9 lets git look into `.husky/_`, which it writes itself, and calls the scripts in `.husky`; before, git looked
/// into `.husky`.
fn husky(hooks: &Path) -> Option<PathBuf> {
    let name = |path: &Path| path.file_name().map(std::ffi::OsStr::to_owned);
    match name(hooks)?.to_str()? {
        "_" => {
            let above = hooks.parent()?;
            (name(above)? == ".husky").then(|| above.to_owned())
        }
        ".husky" => Some(hooks.to_owned()),
        _ => None,
    }
}

fn absolute(folder: &Path, path: &str) -> anyhow::Result<PathBuf> {
    let path = std::path::absolute(folder.join(path)).with_context(|| path.to_owned())?;
    // As git names the folders that this one is compared with.
    Ok(path.canonicalize().unwrap_or(path))
}

/// What git prints; nothing when it ends with an error.
pub(super) fn ask(folder: &Path, arguments: &[&str]) -> anyhow::Result<Option<String>> {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(arguments)
        .output()
        .context("git cannot be started, and it knows where hooks are")?;
    Ok(output.status.success().then(|| {
        let text = String::from_utf8_lossy(&output.stdout);
        text.trim_end_matches(['\n', '\r']).to_owned()
    }))
}
