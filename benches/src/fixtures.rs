//! What is scanned in the measurements that need no repository from outside.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};
use tempfile::TempDir;

/// A folder with one small file of program text.
pub(crate) fn one_file() -> anyhow::Result<TempDir> {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("main.py"), program_text(0))?;
    Ok(folder)
}

/// A repository with `files` committed files, of which the first `staged` are changed and staged.
pub(crate) fn staged(files: usize, staged: usize) -> anyhow::Result<TempDir> {
    let folder = tempfile::tempdir()?;
    git(folder.path(), &["init", "--quiet"])?;
    let write = |file: usize, version: usize| -> anyhow::Result<()> {
        let path = folder
            .path()
            .join(format!("package-{}/module-{file}.py", file % 40));
        std::fs::create_dir_all(path.parent().context("a folder")?)?;
        Ok(std::fs::write(path, program_text(file + version))?)
    };
    (0..files).try_for_each(|file| write(file, 0))?;
    git(folder.path(), &["add", "."])?;
    git(
        folder.path(),
        &["commit", "--quiet", "--message", "all files"],
    )?;
    (0..staged).try_for_each(|file| write(file, 1))?;
    git(folder.path(), &["add", "."])?;
    Ok(folder)
}

/// Fifty lines that look like a module of a program.
fn program_text(number: usize) -> String {
    let line = |line: usize| {
        format!(
            "def function_{line}(value):\n    return value + {}\n",
            number * 31 + line
        )
    };
    (0..25).map(line).collect()
}

fn git(folder: &Path, arguments: &[&str]) -> anyhow::Result<()> {
    let status = Command::new("git")
        .args([
            "-c",
            "user.name=Bench",
            "-c",
            "user.email=bench@example.invalid",
            "-C",
        ])
        .arg(folder)
        .args(arguments)
        .stdout(Stdio::null())
        .status()
        .context("git")?;
    if !status.success() {
        bail!("git {} failed", arguments.join(" "));
    }
    Ok(())
}
