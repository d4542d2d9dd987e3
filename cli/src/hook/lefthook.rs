//! Lefthook writes git's hooks itself, from its configuration; so our commands go there, into `lefthook-local.yml`, which
//! it reads beside the team's file and which is each developer's own.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail};

use crate::hook_args::{HookLimitArgs, HookName, OnFailure};

/// The file.
const NAME: &str = "lefthook-local.yml";

/// The lines around our part.
const BEGIN: &str = "# >>> leakward >>> put here by `leakward hook install`; `leakward hook uninstall` takes it out";
const END: &str = "# <<< leakward <<<";

/// Puts the commands in, and says what was done.
pub(super) fn install(
    folder: &Path,
    hooks: &[HookName],
    limits: HookLimitArgs,
) -> anyhow::Result<Vec<String>> {
    let path = folder.join(NAME);
    let name = || path.display().to_string();
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error).with_context(name),
    };
    let rest = taken_out(&text).unwrap_or(text);
    let commands: Vec<String> = hooks.iter().map(|hook| entry(*hook, limits)).collect();
    for (hook, command) in hooks.iter().zip(&commands) {
        let key = format!("{}:", hook.as_str());
        if rest.lines().any(|line| line.starts_with(&key)) {
            bail!(
                "{}: it has {key} already; put this into it by hand:\n{command}",
                path.display()
            );
        }
    }
    let separator = if rest.is_empty() || rest.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    let block = format!("{BEGIN}\n{}{END}\n", commands.concat());
    fs::write(&path, format!("{rest}{separator}{block}")).with_context(name)?;
    Ok(vec![format!(
        "{}: lefthook runs it; `lefthook install` makes git's hooks",
        path.display()
    )])
}

/// Takes them out, and says what was done.
pub(super) fn uninstall(folder: &Path) -> anyhow::Result<Vec<String>> {
    let path = folder.join(NAME);
    let Some(rest) = fs::read_to_string(&path)
        .ok()
        .and_then(|text| taken_out(&text))
    else {
        return Ok(Vec::new());
    };
    let name = || path.display().to_string();
    if rest.is_empty() {
        fs::remove_file(&path).with_context(name)?;
        return Ok(vec![format!("{}: removed", path.display())]);
    }
    fs::write(&path, rest).with_context(name)?;
    Ok(vec![format!("{}: as it was", path.display())])
}

fn entry(hook: HookName, limits: HookLimitArgs) -> String {
    let arguments = match hook {
        HookName::CommitMsg => " {1}",
        HookName::PrePush => " {1} {2}",
        HookName::PreCommit | HookName::PreReceive | HookName::Update => "",
    };
    let mut options = String::new();
    if let Some(seconds) = limits.time_budget {
        options += &format!(" --time-budget {seconds}");
    }
    if limits.fail == Some(OnFailure::Open) {
        options += " --fail open";
    }
    let input = if hook.reads_input() {
        "      use_stdin: true\n"
    } else {
        ""
    };
    let hook = hook.as_str();
    format!(
        "{hook}:\n  commands:\n    leakward:\n      run: leakward hook run{options} {hook}{arguments}\n{input}"
    )
}

fn taken_out(text: &str) -> Option<String> {
    let start = text.find(BEGIN)?;
    let end = text.get(start..)?.find(END)? + start + END.len();
    let rest = text.get(end..)?;
    let rest = rest.strip_prefix('\n').unwrap_or(rest);
    Some(format!("{}{rest}", text.get(..start)?))
}
