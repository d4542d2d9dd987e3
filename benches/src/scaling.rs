//! Synthetic repositories of growing size: cost must grow as they do, memory must not grow with their content.
//!
//! Each commit changes one file of a tree of folders, as people do; one file in a thousand gets a credential-like line that
//! detection has to look at and turn down. Made with `git fast-import`, packed with `git repack`.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};

use crate::memory;
use crate::runs::Runs;

/// Commits of the repositories.
const COMMITS: [u32; 4] = [2_000, 8_000, 32_000, 128_000];

/// Files that each repository has.
const FILES: u32 = 4_000;

/// Counted runs.
const RUNS: usize = 3;

/// Prints, for each size, wall time and peak memory of a scan of all history.
pub(crate) fn table(program: &Path) -> anyhow::Result<()> {
    println!("| commits | objects | pack, MB | seconds | µs an object | anonymous MiB |");
    println!("| --: | --: | --: | --: | --: | --: |");
    for commits in COMMITS {
        let folder = tempfile::tempdir()?;
        make(folder.path(), commits)?;
        let (objects, bytes) = size(folder.path())?;
        let mut scan = crate::scan(program, folder.path(), &["--no-cache"]);
        let seconds = Runs::of(RUNS, &mut scan)?.median_seconds();
        let peak = memory::peak_anonymous(&mut scan)?;
        println!(
            "| {commits} | {objects} | {:.0} | {seconds:.2} | {:.2} | {} |",
            bytes as f64 / 1e6,
            seconds * 1e6 / objects as f64,
            peak >> 20
        );
    }
    Ok(())
}

fn git(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    command
        .arg("-C")
        .arg(folder)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

fn run(mut command: Command) -> anyhow::Result<()> {
    let status = command.status().context("git")?;
    ensure!(status.success(), "{command:?}: {status}");
    Ok(())
}

/// Objects in packs, and bytes of the packs.
fn size(folder: &Path) -> anyhow::Result<(u64, u64)> {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(["count-objects", "-v"])
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|value| value.trim().parse::<u64>().ok())
            .with_context(|| format!("git count-objects has no {name}"))
    };
    Ok((value("in-pack:")?, value("size-pack:")? << 10))
}

fn make(folder: &Path, commits: u32) -> anyhow::Result<()> {
    run(git(folder, &["init", "--quiet", "--bare", "."]))?;
    let mut import = git(folder, &["fast-import", "--quiet"])
        .stdin(Stdio::piped())
        .spawn()?;
    let mut input = std::io::BufWriter::new(import.stdin.take().context("fast-import")?);
    let mut versions = vec![0_u32; FILES as usize];
    let mut random = 0x9E37_79B9_u32;
    for commit in 0..commits {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        // The first commits bring the files, the others change a random one.
        let file = if commit < FILES {
            commit
        } else {
            (random >> 8) % FILES
        };
        let version = versions.get_mut(file as usize).context("a file")?;
        *version += 1;
        let content = content(file, *version);
        write!(
            input,
            "commit refs/heads/main\ncommitter A <a@example.com> {} +0000\ndata 7\nchange\n\nM 100644 inline src/part{}/file{file}.txt\ndata {}\n{content}\n",
            1_700_000_000 + commit,
            file % 40,
            content.len(),
        )?;
    }
    input.flush()?;
    drop(input);
    ensure!(import.wait()?.success(), "git fast-import failed");
    run(git(folder, &["repack", "-a", "-d", "--quiet"]))
}

/// Two hundred lines, of which as many as there are versions were changed.
fn content(file: u32, version: u32) -> String {
    let line = |line: u32| {
        let changed = if line * 7 % 200 < version { version } else { 0 };
        let mixed = (file ^ line)
            .wrapping_mul(2_654_435_761)
            .rotate_left(changed);
        format!("value_{line}_{changed} = compute({file}, \"{mixed:08x}\")\n")
    };
    let mut text: String = (0..200).map(line).collect();
    if file.is_multiple_of(1_000) {
        text += &format!("password = os.environ[\"PASSWORD_{version}\"]\n");
    }
    text
}
