//! A second scan after ten new commits, beside the first one and one without anything new.
//!
//! The repository is copied by hard links; each run starts from the cache that the first scan left.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::runs::Runs;

/// Commits that are made between the scans.
const COMMITS: usize = 10;

/// Prints the times for one repository (a bare one, or the `.git` folder of another).
pub(crate) fn table(program: &Path, repository: &Path, runs: usize) -> anyhow::Result<()> {
    let folder = tempfile::tempdir_in(repository.parent().context("a folder beside it")?)?;
    let copy = folder.path().join("copy.git");
    link_all(repository, &copy)?;
    let (kept, cache) = (folder.path().join("kept"), folder.path().join("cache"));
    let scan = || {
        let mut command = Command::new(program);
        command
            .arg("scan")
            .arg(&copy)
            .args(["-f", "json", "-q", "--allow-incomplete"]);
        command.arg("--cache").arg(&cache);
        command
    };
    let first = Runs::prepared(1, &mut scan(), || Ok(()))?;
    std::fs::copy(&cache, &kept)?;
    let again = || {
        std::fs::copy(&kept, &cache)?;
        Ok(())
    };
    let unchanged = Runs::prepared(runs, &mut scan(), again)?;
    (0..COMMITS).try_for_each(|number| commit(&copy, number))?;
    let second = Runs::prepared(runs, &mut scan(), again)?;
    println!(
        "{}: first scan {first}; nothing new {unchanged}; {COMMITS} new commits {second}",
        repository.display()
    );
    Ok(())
}

/// Files as hard links, but for refs and the like, which will change.
fn link_all(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            link_all(&path, &target)?;
        } else if path.components().any(|part| part.as_os_str() == "pack") {
            std::fs::hard_link(&path, &target)?;
        } else {
            std::fs::copy(&path, &target)?;
        }
    }
    Ok(())
}

/// One commit more on `HEAD`, with a new file in a new folder, as loose objects.
fn commit(repository: &Path, number: usize) -> anyhow::Result<()> {
    let stream = format!(
        "commit refs/heads/leakward-bench\ncommitter B <b@example.invalid> {} +0000\ndata 3\nnew\n{}M 100644 inline new/{number}/file\ndata 5\ntext\n",
        2_000_000_000 + number,
        if number == 0 {
            "from HEAD\n"
        } else {
            "from refs/heads/leakward-bench^0\n"
        },
    );
    let input = repository.join(format!("stream-{number}"));
    std::fs::write(&input, stream)?;
    let status = Command::new("git")
        .arg("-C")
        .arg(repository)
        .args([
            "-c",
            "fastimport.unpackLimit=1000",
            "fast-import",
            "--quiet",
        ])
        .stdin(std::fs::File::open(&input)?)
        .status()
        .context("git")?;
    if !status.success() {
        bail!("git fast-import failed");
    }
    Ok(std::fs::remove_file(input)?)
}
