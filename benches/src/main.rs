//! Measures the finished program from outside, as its users meet it: wall time of whole processes in alternating runs,
//! and the peak of anonymous memory.
//!
//! ```text
//! cargo build --release -p leakward && cargo run --release -p leakward-benches -- [--leakward PROGRAM] WHAT
//!   startup              a folder with one file
//!   staged               repositories of 1,000 and of 100,000 files, 10 of them staged
//!   history REPOSITORY…  all history, beside `git cat-file --batch-all-objects --batch --unordered`
//!   tree FOLDER…         all files, beside `rg` with one rare literal, where it is installed
//!   compare REPOSITORY…  the table: all history, beside git and other scanners (KINGFISHER=…, GITLEAKS=… name them)
//!   compare-trees FOLDER… the same for all files, beside `rg`
//!   second REPOSITORY…   a second scan after ten new commits
//!   scaling              synthetic repositories of growing size
//!   images LAYOUT…       container images (OCI layouts), beside the decompression of their layers; without one, 1 GB of this machine's files
//!   serve                the service: deliveries a second, latency, crashes under load
//!   memory REPOSITORY…   peak anonymous memory of a scan of all history
//! ```
//!
//! Not for: a verdict. Machines are noisy; quote medians and the ratios of neighbouring runs.
#![forbid(unsafe_code)]

mod compare;
mod fixtures;
mod images;
mod memory;
mod runs;
mod scaling;
mod second;
mod serve;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use runs::{Pair, Runs};

/// Counted runs of each command.
const RUNS: usize = 7;

fn main() -> anyhow::Result<()> {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    let program = match words.iter().position(|word| word == "--leakward") {
        Some(at) if at + 1 < words.len() => {
            PathBuf::from(words.drain(at..at + 2).next_back().unwrap_or_default())
        }
        Some(_) => bail!("--leakward needs a program"),
        None => default_program()?,
    };
    let mut words = words.iter().map(String::as_str);
    match words.next() {
        Some("startup") => startup(&program),
        Some("staged") => staged(&program),
        Some("history") => {
            words.try_for_each(|repository| history(&program, Path::new(repository)))
        }
        Some("tree") => words.try_for_each(|folder| tree(&program, Path::new(folder))),
        Some("compare") => compare::histories(&program, &words.map(Path::new).collect::<Vec<_>>()),
        Some("compare-trees") => {
            compare::trees(&program, &words.map(Path::new).collect::<Vec<_>>())
        }
        Some("second") => {
            words.try_for_each(|repository| second::table(&program, Path::new(repository), RUNS))
        }
        Some("scaling") => scaling::table(&program),
        Some("images") => images::all(&program, &words.map(Path::new).collect::<Vec<_>>()),
        Some("decompress") => words.try_for_each(|layout| images::decompress(Path::new(layout))),
        Some("serve") => serve::all(&program),
        Some("memory") => words.try_for_each(|repository| memory(&program, Path::new(repository))),
        _ => bail!(
            "say what to measure: startup, staged, history REPOSITORY…, tree FOLDER…, compare REPOSITORY…, compare-trees FOLDER…, second REPOSITORY…, scaling, images LAYOUT…, serve, memory REPOSITORY…"
        ),
    }
}

/// The release build beside this program.
fn default_program() -> anyhow::Result<PathBuf> {
    let beside = std::env::current_exe()?.with_file_name("leakward");
    if !beside.exists() {
        bail!(
            "{}: not there; run `cargo build --release -p leakward` first",
            beside.display()
        );
    }
    Ok(beside)
}

fn scan(program: &Path, target: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command
        .arg("scan")
        .args(arguments)
        .arg(target)
        .args(["-f", "json", "-q"]);
    command
}

fn startup(program: &Path) -> anyhow::Result<()> {
    let folder = fixtures::one_file()?;
    println!(
        "start-up, a folder with one file: {}",
        Runs::of(RUNS * 3, &mut scan(program, folder.path(), &[]))?
    );
    Ok(())
}

/// Files of the repositories of which ten are staged.
const STAGED: [usize; 2] = [1_000, 100_000];

fn staged(program: &Path) -> anyhow::Result<()> {
    STAGED
        .iter()
        .try_for_each(|files| staged_of(program, *files))
}

fn staged_of(program: &Path, files: usize) -> anyhow::Result<()> {
    let repository = fixtures::staged(files, 10)?;
    let mut git = Command::new("git");
    git.arg("-C")
        .arg(repository.path())
        .args(["diff", "--cached", "--quiet"]);
    let pair = Pair::of(
        RUNS * 3,
        &mut scan(program, repository.path(), &["--staged"]),
        &mut git,
    )?;
    println!("{files} files, 10 staged; beside `git diff --cached --quiet`: {pair}");
    Ok(())
}

fn history(program: &Path, repository: &Path) -> anyhow::Result<()> {
    let mut git = Command::new("git");
    git.arg("-C").arg(repository).args([
        "cat-file",
        "--batch-all-objects",
        "--batch",
        "--unordered",
    ]);
    let pair = Pair::of(
        RUNS,
        &mut scan(program, repository, &["--allow-incomplete", "--no-cache"]),
        &mut git,
    )?;
    println!(
        "{}, all history; beside `git cat-file`: {pair}",
        repository.display()
    );
    Ok(())
}

fn tree(program: &Path, folder: &Path) -> anyhow::Result<()> {
    let mut scan = scan(program, folder, &["--as", "dir", "--allow-incomplete"]);
    let mut rg = Command::new("rg");
    rg.args(["--hidden", "-c", "-e", "zqxj_not_in_any_file"])
        .arg(folder);
    if rg.output().is_err() {
        println!(
            "{}, all files: {} (rg is not installed)",
            folder.display(),
            Runs::of(RUNS, &mut scan)?
        );
        return Ok(());
    }
    println!(
        "{}, all files; beside `rg`: {}",
        folder.display(),
        Pair::of(RUNS, &mut scan, &mut rg)?
    );
    Ok(())
}

fn memory(program: &Path, repository: &Path) -> anyhow::Result<()> {
    let peak = memory::peak_anonymous(&mut scan(
        program,
        repository,
        &["--allow-incomplete", "--no-cache"],
    ))
    .context("memory")?;
    println!(
        "{}, all history: {} MiB of anonymous memory at the peak",
        repository.display(),
        peak >> 20
    );
    Ok(())
}
