//! Our lines in a hook: a block between two marks at the top of a shell script, which can be taken out again to the byte.
//!
//! At the top, because many hooks end with `exec`. A hook that is no shell script, or a link to a script that belongs to
//! somebody else, is moved aside and called from ours.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::hook_args::{HookLimitArgs, HookName, OnFailure};

/// The lines around our part. Whoever reads the hook learns where it is from.
const BEGIN: &str = "# >>> leakward >>> put here by `leakward hook install`; `leakward hook uninstall` takes it out";
const END: &str = "# <<< leakward <<<";

/// What is added to the name of a hook that is moved aside.
const ASIDE: &str = ".before-leakward";

/// The first line of a hook that is ours alone.
const SHEBANG: &str = "#!/bin/sh\n";

/// How the hook calls the program.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// The program's own path; none where the hook is shared with other machines.
    pub(super) program: Option<PathBuf>,
    /// Limits to be given on.
    pub(super) limits: HookLimitArgs,
}

impl Call {
    /// The block for a hook, with a line break at its end.
    fn block(&self, hook: HookName) -> String {
        let mut lines = vec![BEGIN.to_owned()];
        match &self.program {
            Some(program) => {
                lines.push(format!("leakward={}", quoted(&program.to_string_lossy())));
                lines.push("[ -x \"$leakward\" ] || leakward=leakward".to_owned());
            }
            None => lines.push("leakward=leakward".to_owned()),
        }
        lines.push(
            "command -v \"$leakward\" >/dev/null || { echo 'leakward: not found, so nothing was looked at' >&2; exit 1; }"
                .to_owned(),
        );
        let call = format!(
            "\"$leakward\" hook run{} {} \"$@\" || exit $?",
            self.options(),
            hook.as_str()
        );
        if hook.reads_input() {
            // The lines that git gives are for the rest of the hook as well.
            lines.push("leakward_input=$(cat)".to_owned());
            lines.push(format!("printf '%s\\n' \"$leakward_input\" | {call}"));
            lines.push("exec 0<<LEAKWARD_INPUT\n$leakward_input\nLEAKWARD_INPUT".to_owned());
        } else {
            lines.push(call);
        }
        lines.push(END.to_owned());
        lines.join("\n") + "\n"
    }

    fn options(&self) -> String {
        let mut text = String::new();
        if let Some(seconds) = self.limits.time_budget {
            text += &format!(" --time-budget {seconds}");
        }
        match self.limits.fail {
            Some(OnFailure::Open) => text += " --fail open",
            Some(OnFailure::Closed) => text += " --fail closed",
            None => {}
        }
        text
    }
}

/// Text as one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Puts the block into the hook in this folder, and says what was done.
pub(super) fn put(folder: &Path, hook: HookName, call: &Call) -> anyhow::Result<String> {
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let path = folder.join(hook.as_str());
    let name = || path.display().to_string();
    let block = call.block(hook);
    let metadata = match fs::symlink_metadata(&path) {
        Ok(metadata) => Some(metadata),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(error).with_context(name),
    };
    let Some(metadata) = metadata else {
        write(&path, &format!("{SHEBANG}{block}"))?;
        return Ok(format!("{}: made", path.display()));
    };
    let script = metadata
        .is_file()
        .then(|| fs::read_to_string(&path))
        // What is not UTF-8 is no script of a shell that we could change.
        .and_then(Result::ok)
        .filter(|text| is_shell(text));
    if let Some(text) = script {
        let without = taken_out(&text).unwrap_or(text);
        write(&path, &put_in(&without, &block))?;
        return Ok(format!(
            "{}: what it did before, it still does",
            path.display()
        ));
    }
    let aside = aside(&path);
    if aside.exists() {
        bail!("{}: there is one moved aside already", aside.display());
    }
    fs::rename(&path, &aside).with_context(name)?;
    let rest = format!(
        "exec \"$(dirname \"$0\")/{}{ASIDE}\" \"$@\"\n",
        hook.as_str()
    );
    write(&path, &format!("{SHEBANG}{block}{rest}"))?;
    Ok(format!(
        "{}: what was there is called from it, as {}",
        path.display(),
        aside.display()
    ))
}

/// Takes the block out of the hook; says what was done, if anything was.
pub(super) fn take(folder: &Path, hook: &str) -> anyhow::Result<Option<String>> {
    let path = folder.join(hook);
    let name = || path.display().to_string();
    let Ok(text) = fs::read_to_string(&path) else {
        // Not there, or no text: it is not ours.
        return Ok(None);
    };
    let Some(rest) = taken_out(&text) else {
        return Ok(None);
    };
    let aside = aside(&path);
    if aside.symlink_metadata().is_ok() && rest.starts_with(SHEBANG) {
        fs::rename(&aside, &path).with_context(name)?;
        return Ok(Some(format!("{}: as it was", path.display())));
    }
    if rest == SHEBANG || rest.trim().is_empty() {
        fs::remove_file(&path).with_context(name)?;
        return Ok(Some(format!("{}: removed", path.display())));
    }
    write(&path, &rest)?;
    Ok(Some(format!("{}: as it was", path.display())))
}

fn aside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ASIDE);
    PathBuf::from(name)
}

/// Whether it is a script of a shell that understands our block. Husky's scripts have no first line that says so.
fn is_shell(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    match first.strip_prefix("#!") {
        Some(program) => {
            let mut words = program
                .split([' ', '/', '\t'])
                .filter(|word| !word.is_empty());
            words.any(|word| matches!(word, "sh" | "bash" | "dash" | "ksh" | "zsh" | "ash"))
        }
        None => !text.contains('\0'),
    }
}

fn put_in(text: &str, block: &str) -> String {
    let after = if text.starts_with("#!") {
        text.find('\n').map_or(text.len(), |newline| newline + 1)
    } else {
        0
    };
    let (head, rest) = text.split_at(after);
    let separator = if head.is_empty() || head.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    format!("{head}{separator}{block}{rest}")
}

/// The text without our block; nothing when there is none.
fn taken_out(text: &str) -> Option<String> {
    let start = text.find(BEGIN)?;
    let end = text.get(start..)?.find(END)? + start + END.len();
    let rest = text.get(end..)?;
    let rest = rest.strip_prefix('\n').unwrap_or(rest);
    Some(format!("{}{rest}", text.get(..start)?))
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let name = || path.display().to_string();
    fs::write(path, text).with_context(name)?;
    make_executable(path).with_context(name)
}

#[cfg(unix)]
pub(super) fn make_executable(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut permissions = fs::metadata(path)?.permissions();
    permissions.set_mode(permissions.mode() | 0o755);
    fs::set_permissions(path, permissions)
}

#[cfg(not(unix))]
#[expect(
    clippy::unnecessary_wraps,
    reason = "elsewhere there is something that can fail"
)]
pub(super) fn make_executable(_path: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call() -> Call {
        Call {
            program: Some(PathBuf::from("/o'neil/leakward")),
            limits: HookLimitArgs {
                time_budget: Some(5),
                fail: Some(OnFailure::Open),
            },
        }
    }

    #[test]
    fn what_was_put_in_comes_out_to_the_byte() {
        for text in [
            "#!/bin/sh\nexec make check\n",
            "#!/usr/bin/env bash\n",
            "npx lint-staged\n",
            "#!/bin/sh\r\nx\r\n",
        ] {
            for hook in HookName::ALL {
                let changed = put_in(text, &call().block(hook));
                assert_ne!(changed, text);
                assert_eq!(taken_out(&changed).as_deref(), Some(text));
            }
        }
    }

    #[test]
    fn a_block_calls_the_program_with_its_limits() {
        let block = call().block(HookName::Update);
        assert!(
            block.contains("leakward='/o'\\''neil/leakward'\n"),
            "{block}"
        );
        assert!(
            block.contains("hook run --time-budget 5 --fail open update \"$@\" || exit $?"),
            "{block}"
        );
    }

    #[test]
    fn only_scripts_of_a_shell_are_changed() {
        for (text, expected) in [
            ("#!/bin/sh\n", true),
            ("#!/usr/bin/env bash\n", true),
            ("npm test\n", true),
            ("#!/usr/bin/env python3\n", false),
            ("\u{7f}ELF\0", false),
        ] {
            assert_eq!(is_shell(text), expected, "{text:?}");
        }
    }
}
