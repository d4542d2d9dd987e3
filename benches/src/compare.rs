//! The table: this program beside git and beside other scanners, in alternating runs over the same repositories.
//!
//! Other scanners run without asking the network. One that stops early would look fast, so what each of them printed on
//! standard error in its last run is kept for whoever doubts a number.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::runs::{Runs, in_turn};

/// Counted runs of each program; others take minutes where this one takes seconds.
const RUNS: usize = 3;

/// A program of the table: its heading and how it is run over a target.
struct Contestant {
    name: &'static str,
    command: fn(&Path, &Path) -> Command,
    program: PathBuf,
}

fn leakward(program: &Path, target: &Path) -> Command {
    crate::scan(program, target, &["--allow-incomplete", "--no-cache"])
}

fn one_thread(program: &Path, target: &Path) -> Command {
    crate::scan(
        program,
        target,
        &["--allow-incomplete", "--no-cache", "--threads", "1"],
    )
}

fn as_folder(program: &Path, target: &Path) -> Command {
    crate::scan(program, target, &["--as", "dir", "--allow-incomplete"])
}

fn cat_file(program: &Path, target: &Path) -> Command {
    let mut command = Command::new(program);
    command.arg("-C").arg(target).args([
        "cat-file",
        "--batch-all-objects",
        "--batch",
        "--unordered",
    ]);
    command
}

fn kingfisher(program: &Path, target: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .args(["scan", "--no-validate", "--no-update-check", "-f", "json"])
        .arg(target);
    command
}

fn kingfisher_turbo(program: &Path, target: &Path) -> Command {
    let mut command = kingfisher(program, target);
    command.arg("--turbo");
    command
}

fn gitleaks(program: &Path, target: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .args(["git", "--no-banner", "--redact", "-f", "json", "-r", "-"])
        .arg(target);
    command
}

fn rg(program: &Path, target: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .args(["--hidden", "-c", "-e", "zqxj_not_in_any_file"])
        .arg(target);
    command
}

/// Prints the table for histories.
pub(crate) fn histories(leakward_program: &Path, targets: &[&Path]) -> anyhow::Result<()> {
    let own = |name, command| Contestant {
        name,
        command,
        program: leakward_program.to_owned(),
    };
    table(
        vec![
            own("leakward", leakward),
            own("1 thread", one_thread),
            other("git cat-file", cat_file, "git"),
            other("kingfisher", kingfisher, "kingfisher"),
            other("--turbo", kingfisher_turbo, "kingfisher"),
            other("gitleaks", gitleaks, "gitleaks"),
        ],
        targets,
    )
}

/// Prints the table for folders.
pub(crate) fn trees(leakward_program: &Path, targets: &[&Path]) -> anyhow::Result<()> {
    table(
        vec![
            Contestant {
                name: "leakward",
                command: as_folder,
                program: leakward_program.to_owned(),
            },
            other("rg", rg, "rg"),
            other("kingfisher", kingfisher, "kingfisher"),
            other("--turbo", kingfisher_turbo, "kingfisher"),
        ],
        targets,
    )
}

/// Another program: what the environment variable of its name says (`KINGFISHER=…`), or what is found by its name.
fn other(
    name: &'static str,
    command: fn(&Path, &Path) -> Command,
    program: &'static str,
) -> Contestant {
    Contestant {
        name,
        command,
        program: std::env::var_os(program.to_uppercase())
            .map_or_else(|| PathBuf::from(program), PathBuf::from),
    }
}

fn table(mut contestants: Vec<Contestant>, targets: &[&Path]) -> anyhow::Result<()> {
    contestants.retain(|contestant| {
        let is_there = Command::new(&contestant.program)
            .arg("--version")
            .output()
            .is_ok();
        if !is_there {
            println!(
                "{} is left out: {} cannot be run",
                contestant.name,
                contestant.program.display()
            );
        }
        is_there
    });
    let names: Vec<&str> = contestants.iter().map(|one| one.name).collect();
    println!("| median seconds of {RUNS} | {} |", names.join(" | "));
    println!("| --- |{}", " --: |".repeat(names.len()));
    let mut ratios = vec![Vec::new(); contestants.len()];
    for target in targets {
        let mut commands: Vec<Command> = contestants
            .iter()
            .map(|one| (one.command)(&one.program, target))
            .collect();
        let runs = in_turn(RUNS, &mut commands)?;
        let seconds: Vec<f64> = runs.iter().map(Runs::median_seconds).collect();
        let cells: Vec<String> = seconds.iter().map(|time| format!("{time:.2}")).collect();
        println!("| {} | {} |", target.display(), cells.join(" | "));
        let own = seconds.first().copied().unwrap_or(f64::NAN);
        for (ratios, time) in ratios.iter_mut().zip(&seconds) {
            ratios.push(time / own);
        }
    }
    let means: Vec<String> = ratios
        .iter()
        .map(|ratios| format!("{:.2} ×", geometric_mean(ratios)))
        .collect();
    println!("| geometric mean, leakward = 1 | {} |", means.join(" | "));
    Ok(())
}

fn geometric_mean(values: &[f64]) -> f64 {
    let sum: f64 = values.iter().map(|value| value.ln()).sum();
    (sum / values.len() as f64).exp()
}
