//! Hooks for all repositories of a user, by git's `core.hooksPath`.
//!
//! With that setting git no longer looks at a repository's own hooks. So our folder has a script for each hook, which runs
//! the repository's own one of that name. Hooks that run many times in a command (`reference-transaction`,
//! `post-index-change`) are left out, since a script for each would cost every git command; docs/hooks.md says so.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::block::{self, Call};
use super::place::ask;
use crate::hook_args::HookName;
use crate::user_folders;

/// Says that a script is ours.
const MARK: &str = "# leakward: runs the repository's own hook, which core.hooksPath would hide";

/// Hooks that a repository may have.
const HOOKS: [&str; 20] = [
    "applypatch-msg",
    "commit-msg",
    "post-applypatch",
    "post-checkout",
    "post-commit",
    "post-merge",
    "post-receive",
    "post-rewrite",
    "post-update",
    "pre-applypatch",
    "pre-auto-gc",
    "pre-commit",
    "pre-merge-commit",
    "pre-push",
    "pre-rebase",
    "pre-receive",
    "prepare-commit-msg",
    "push-to-checkout",
    "sendemail-validate",
    "update",
];

/// Puts the hooks in, and says what was done.
pub(super) fn install(hooks: &[HookName], call: &Call) -> anyhow::Result<Vec<String>> {
    let (folder, is_ours) = match configured()? {
        Some(folder) => {
            let ours = Some(&folder) == ours().as_ref();
            (folder, ours)
        }
        None => {
            let folder = ours().context("there is no home folder to put hooks into")?;
            let text = folder
                .to_str()
                .context("the home folder's name is not UTF-8")?;
            set(&["config", "--global", "core.hooksPath", text])?;
            (folder, true)
        }
    };
    if is_ours {
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        for hook in HOOKS {
            write_passing_on(&folder, hook)?;
        }
    }
    let mut told = vec![format!("core.hooksPath: {}", folder.display())];
    for hook in hooks {
        told.push(block::put(&folder, *hook, call)?);
    }
    Ok(told)
}

/// Takes them out, and says what was done.
pub(super) fn uninstall() -> anyhow::Result<Vec<String>> {
    let Some(folder) = configured()? else {
        return Ok(Vec::new());
    };
    let mut told = Vec::new();
    for hook in HookName::ALL {
        told.extend(block::take(&folder, hook.as_str())?);
    }
    if Some(&folder) == ours().as_ref() {
        for hook in HOOKS {
            let path = folder.join(hook);
            if fs::read_to_string(&path).is_ok_and(|text| text.contains(MARK)) {
                fs::remove_file(&path).with_context(|| path.display().to_string())?;
            }
        }
        // Somebody's own hooks may be in it; then it stays, and so does the setting.
        if fs::remove_dir(&folder).is_ok() {
            set(&["config", "--global", "--unset", "core.hooksPath"])?;
            told.push("core.hooksPath: unset".to_owned());
        }
    }
    Ok(told)
}

/// The folder that is ours.
fn ours() -> Option<PathBuf> {
    Some(user_folders::configuration()?.join("hooks"))
}

/// The folder that git looks into now.
fn configured() -> anyhow::Result<Option<PathBuf>> {
    let here = Path::new(".");
    let typed = [
        "config",
        "--global",
        "--type=path",
        "--get",
        "core.hooksPath",
    ];
    Ok(ask(here, &typed)?.map(PathBuf::from))
}

fn set(arguments: &[&str]) -> anyhow::Result<()> {
    if ask(Path::new("."), arguments)?.is_none() {
        bail!("git {} failed", arguments.join(" "));
    }
    Ok(())
}

fn write_passing_on(folder: &Path, hook: &str) -> anyhow::Result<()> {
    let path = folder.join(hook);
    if path.exists() {
        return Ok(());
    }
    let text = format!(
        "#!/bin/sh\n{MARK}\nhook=\"$(git rev-parse --git-common-dir)/hooks/{hook}\"\n\
         [ -x \"$hook\" ] || exit 0\nexec \"$hook\" \"$@\"\n"
    );
    let name = || path.display().to_string();
    fs::write(&path, text).with_context(name)?;
    block::make_executable(&path).with_context(name)
}
