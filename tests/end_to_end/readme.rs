//! The examples in README.md run, and end with the status that the comment beside them says.
//!
//! In a fenced block marked `console`, a line that starts with `$ leakward` is an example. A comment at its end may say
//! the status (`# exit 1`); without one it must be 0 or 1. They run one after another in one repository that has what
//! they speak of.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use leakward_tests::{Credential, Repository};

/// The commands of all `console` blocks of a page.
fn examples(page: &str) -> Vec<String> {
    let mut inside = false;
    let mut commands = Vec::new();
    for line in page.lines() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if let Some(command) = line
            .strip_prefix("$ ")
            .filter(|command| inside && command.contains("leakward "))
        {
            commands.push(command.to_owned());
        }
    }
    commands
}

/// A repository in which every example makes sense.
fn repository() -> Repository {
    let repository = Repository::new();
    repository.commit_file("README.md", "a project\n");
    repository.git(&["branch", "origin/main"]);
    repository.git(&["tag", "v1.0"]);
    repository.commit_file("src/settings.py", Credential::named("readme").file());
    repository.write(
        "app.log",
        format!("login with {}\n", Credential::named("log")),
    );
    repository
}

#[test]
fn every_example_of_the_readme_runs() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md"))
        .expect("README.md");
    let examples = examples(&page);
    assert!(
        examples.len() >= 5,
        "the README shows how it is used: {examples:?}"
    );
    let repository = repository();
    let program = Path::new(env!("CARGO_BIN_EXE_leakward"));
    let path = format!(
        "{}:{}",
        program.parent().expect("a folder").display(),
        std::env::var("PATH").unwrap_or_default()
    );
    for example in examples.iter().filter(|example| !example.contains("://")) {
        let (command, comment) = example.split_once(" #").unwrap_or((example, ""));
        let output = repository
            .sandbox()
            .command("sh")
            .args(["-c", command])
            .current_dir(repository.folder())
            .env("PATH", &path)
            .stdin(Stdio::null())
            .output()
            .expect("a shell");
        let said = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        let status = output.status.code();
        match comment
            .split("exit ")
            .nth(1)
            .and_then(|rest| rest.split_whitespace().next())
        {
            Some(expected) => assert_eq!(
                status.map(|status| status.to_string()).as_deref(),
                Some(expected),
                "{example}\n{said}"
            ),
            None => assert!(
                matches!(status, Some(0 | 1)),
                "{example}: {status:?}\n{said}"
            ),
        }
    }
}
