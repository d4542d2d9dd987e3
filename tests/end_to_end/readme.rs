//! The examples in README.md run.
//!
//! A line of a fenced `sh` block that starts with `leakward ` is an example. They run one after another in a repository
//! that has what they speak of; each must end with 0 or 1, for an example that ends with an error teaches nothing.
//! Names of other machines are left out.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use leakward_tests::{Credential, Repository};

use crate::leakward;

/// The commands of all `sh` blocks of a page, without the comments beside them.
fn examples(page: &str) -> Vec<&str> {
    let mut inside = false;
    let mut commands = Vec::new();
    for line in page.lines() {
        if line.starts_with("```") {
            inside = line == "```sh";
        } else if inside && line.starts_with("leakward ") {
            commands.push(
                line.split_once(" # ")
                    .map_or(line, |(command, _)| command)
                    .trim(),
            );
        }
    }
    commands
}

/// Whether an example names another machine.
pub(crate) fn is_elsewhere(example: &str) -> bool {
    example.contains("://") || example.contains("registry.example")
}

/// A repository, a home and a baseline with which every example makes sense.
pub(crate) fn repository() -> Repository {
    let repository = Repository::new();
    repository.commit_file("README.md", "a project\n");
    repository.git(&["tag", "v1.2"]);
    repository.git(&["checkout", "--quiet", "-b", "feature"]);
    repository.commit_file("src/settings.py", Credential::named("readme").file());
    repository.write("notes.txt", "nothing to see\n");
    image_without_layers(&repository);
    repository
        .sandbox()
        .write("home/src/app/main.py", "x = 1\n");
    let run = leakward(repository.sandbox())
        .in_folder(repository.folder())
        .args(["baseline", "create"])
        .run();
    run.expect_status(0);
    repository
}

/// An OCI layout of which `image.tar` is made.
fn image_without_layers(repository: &Repository) {
    let sandbox = repository.sandbox();
    sandbox.write("layout/oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#);
    sandbox.write("layout/index.json", r#"{"schemaVersion":2,"manifests":[]}"#);
    let image = repository.folder().join("image.tar");
    let mut command = sandbox.command("tar");
    let made = command
        .arg("cf")
        .arg(image)
        .args(["-C", "layout", "."])
        .status();
    assert!(made.expect("tar").success());
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
    let folder = program.parent().expect("a folder").display();
    let path = format!("{folder}:{}", std::env::var("PATH").unwrap_or_default());
    for example in examples.iter().filter(|example| !is_elsewhere(example)) {
        let mut child = repository
            .sandbox()
            .command("sh")
            .args(["-c", example])
            .current_dir(repository.folder())
            .env("PATH", &path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a shell");
        let mut stdin = child.stdin.take().expect("a pipe");
        // Most examples do not read it, and may have ended by now.
        let _unread = stdin.write_all(b"a line of a log\n");
        drop(stdin);
        let output = child.wait_with_output().expect("its end");
        let said = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        assert!(
            matches!(output.status.code(), Some(0 | 1)),
            "{example}: {:?}\n{said}",
            output.status
        );
    }
}
