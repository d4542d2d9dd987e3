//! What a test needs besides git and cargo, and what happens where it is missing.
//!
//! A test that cannot run is printed as skipped on a developer's machine and fails in CI (`CI=true`), so that a gate
//! never turns green because of what was not installed, of an older git, or of missing rights.

use std::path::PathBuf;
use std::process::Command;

/// Something that a test needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// A program that `.ci/run` makes sure of.
    Tool(&'static str),
    /// A package of npm, installed globally by `.ci/run`.
    NpmPackage(&'static str),
    /// A package of Python, installed by `.ci/run`.
    PythonPackage(&'static str),
    /// `git init --ref-format=reftable`: git 2.45.
    Reftable,
    /// The rights of root, to become somebody else.
    Root,
}

/// Whether the requirement is missing; the test should return then.
///
/// # Panics
/// In CI, when it is missing.
#[must_use]
pub fn missing(requirement: Requirement) -> bool {
    let in_ci = std::env::var_os("CI").is_some_and(|value| value == "true");
    let (there, name) = look_for(requirement);
    is_skipped((!there).then_some(name), in_ci)
}

/// Whether a test is skipped for want of what is missing.
fn is_skipped(missing: Option<&str>, in_ci: bool) -> bool {
    let Some(name) = missing else { return false };
    assert!(!in_ci, "this test needs {name}, and CI must not skip it");
    eprintln!("SKIPPED: this test needs {name}");
    true
}

/// Whether it is there, and what it is called.
fn look_for(requirement: Requirement) -> (bool, &'static str) {
    match requirement {
        Requirement::Tool(tool) => (
            ["--version", "version", "i", "-V"]
                .into_iter()
                .any(|question| answers(tool, question)),
            tool,
        ),
        Requirement::NpmPackage(package) => (npm_folder(package).is_dir(), package),
        Requirement::PythonPackage(package) => (
            Command::new("python3")
                .args(["-c", &format!("import {package}")])
                .output()
                .is_ok_and(|output| output.status.success()),
            package,
        ),
        Requirement::Reftable => (git_is_at_least(2, 45), "git 2.45"),
        Requirement::Root => (is_root(), "the rights of root"),
    }
}

/// Where a package is that npm has installed globally; a folder that is not there when it has not.
#[must_use]
pub fn npm_folder(package: &str) -> PathBuf {
    let asked = Command::new("npm").args(["root", "--global"]).output();
    let root = asked.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    match root {
        Ok(root) if !root.is_empty() => PathBuf::from(root).join(package),
        // No npm, so no folder of this name either.
        _ => PathBuf::from("there is no npm"),
    }
}

fn answers(tool: &str, question: &str) -> bool {
    Command::new(tool)
        .arg(question)
        .output()
        .is_ok_and(|output| output.status.success())
}

fn git_is_at_least(major: u32, minor: u32) -> bool {
    let output = Command::new("git")
        .arg("version")
        .output()
        .expect("the git program must be installed");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut numbers = text
        .split_whitespace()
        .nth(2)
        .unwrap_or_default()
        .split('.')
        .map(|number| number.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= (major, minor)
}

fn is_root() -> bool {
    Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_missing_fails_in_ci_and_is_skipped_elsewhere() {
        for requirement in [
            Requirement::Tool("no-such-tool"),
            Requirement::NpmPackage("no-such-package"),
            Requirement::PythonPackage("no_such_package"),
            Requirement::Reftable,
            Requirement::Root,
        ] {
            let (_, name) = look_for(requirement);
            assert!(!is_skipped(None, true), "{requirement:?}");
            assert!(is_skipped(Some(name), false), "{requirement:?}");
            let in_ci = std::panic::catch_unwind(|| is_skipped(Some(name), true));
            assert!(in_ci.is_err(), "{requirement:?}");
        }
        assert!(!look_for(Requirement::Tool("no-such-tool")).0);
    }
}
