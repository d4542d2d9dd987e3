//! `leakward hook install` and `uninstall`.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use super::block::{self, Call};
use super::place::Place;
use super::{global, lefthook};
use crate::hook_args::{HookInstallArgs, HookName, HookUninstallArgs};

/// Puts hooks in.
pub(super) fn install(args: &HookInstallArgs) -> anyhow::Result<ExitCode> {
    let hooks = args.hooks();
    let mut call = Call {
        program: std::env::current_exe().ok(),
        limits: args.limits,
    };
    if args.global {
        return tell(&global::install(&hooks, &call)?);
    }
    let folder = args.repository.as_deref().unwrap_or(Path::new("."));
    let told = match Place::of(folder)? {
        Place::Git { folder, shared } => {
            if shared {
                call.program = None;
            }
            put_all(&folder, &hooks, &call)?
        }
        Place::Husky(folder) => {
            // Everybody who has the repository gets these files.
            call.program = None;
            put_all(&folder, &hooks, &call)?
        }
        Place::Lefthook(folder) => lefthook::install(&folder, &hooks, args.limits)?,
    };
    tell(&told)
}

fn put_all(folder: &Path, hooks: &[HookName], call: &Call) -> anyhow::Result<Vec<String>> {
    hooks
        .iter()
        .map(|hook| block::put(folder, *hook, call))
        .collect()
}

/// Takes them out.
pub(super) fn uninstall(args: &HookUninstallArgs) -> anyhow::Result<ExitCode> {
    let mut told = if args.global {
        global::uninstall()?
    } else {
        let folder = args.repository.as_deref().unwrap_or(Path::new("."));
        match Place::of(folder)? {
            Place::Git { folder, .. } | Place::Husky(folder) => take_all(&folder)?,
            Place::Lefthook(folder) => lefthook::uninstall(&folder)?,
        }
    };
    if told.is_empty() {
        told.push("there are no hooks of leakward here".to_owned());
    }
    tell(&told)
}

fn take_all(folder: &Path) -> anyhow::Result<Vec<String>> {
    let mut told = Vec::new();
    for hook in HookName::ALL {
        told.extend(block::take(folder, hook.as_str())?);
    }
    Ok(told)
}

fn tell(lines: &[String]) -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    for line in lines {
        writeln!(out, "{line}")?;
    }
    Ok(ExitCode::SUCCESS)
}
