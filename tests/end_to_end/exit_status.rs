//! What the exit status says, and that "nothing found" is never said when something could not be read.

use leakward_tests::{Credential, Repository, Sandbox};

use crate::leakward;

/// A sandbox with three folders: `clean`, `leaky`, and `empty`, which has nothing to scan.
fn sandbox() -> (Sandbox, Credential) {
    let credential = Credential::named("status");
    let sandbox = Sandbox::new();
    sandbox.write("clean/main.py", "x = 1\n");
    sandbox.write("leaky/settings.py", credential.file());
    sandbox.folder("empty");
    (sandbox, credential)
}

#[test]
fn the_table_of_exit_statuses() {
    let (sandbox, _) = sandbox();
    for (arguments, status) in [
        (&["clean"][..], 0),
        (&["leaky"], 1),
        (&["clean", "leaky"], 1),
        (&["empty"], 2),
        (&["leaky", "empty"], 2),
        (&["clean", "empty"], 2),
        (&["no-such-folder"], 2),
        (&["leaky", "no-such-folder"], 2),
        (&["--exit-code", "42", "leaky"], 42),
        (&["--exit-code", "42", "clean"], 0),
        (&["--exit-code", "0", "leaky"], 0),
        (&["--exit-code", "42", "leaky", "empty"], 2),
        (&["--allow-incomplete", "empty"], 0),
        (&["--allow-incomplete", "leaky", "empty"], 1),
        (
            &["--allow-incomplete", "--exit-code", "42", "leaky", "empty"],
            42,
        ),
        (&["--no-such-option"], 2),
        (&["--staged", "--worktree", "clean"], 2),
        (&["--as", "git", "clean"], 2),
        (&["--as", "file", "clean"], 2),
        (&["--as", "dir", "clean/main.py"], 2),
        (&["--format", "no-such-format", "clean"], 2),
        (&["--config", "no-such-file.toml", "clean"], 2),
        (&["--baseline", "no-such-file.json", "clean"], 2),
        (&["--rules", "no-such-file.toml", "clean"], 2),
        (&["--output", "no/such/folder/report.json", "clean"], 2),
        (&["--threads", "0", "clean"], 2),
        (&["--exit-code", "300", "clean"], 2),
    ] {
        let run = leakward(&sandbox).arg("scan").args(arguments).run();
        assert_eq!(run.status, Some(status), "{}", run.transcript());
        if status == 2 {
            assert!(
                !run.stdout.is_empty() || !run.stderr.is_empty(),
                "the reason is said\n{}",
                run.transcript()
            );
        }
    }
}

#[test]
fn a_report_that_cannot_be_written_is_an_error_even_when_nothing_was_found() {
    let (sandbox, _) = sandbox();
    let folder = sandbox.folder("report.json");
    let run = leakward(&sandbox)
        .args(["scan", "--format", "json", "--output"])
        .arg(&folder)
        .arg("clean")
        .run();
    run.expect_status(2).expect_message(&["report.json"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let (sandbox, _) = sandbox();
    let run = leakward(&sandbox)
        .args(["scan", "--format", "json", "--output", "/dev/full", "clean"])
        .run();
    run.expect_status(2).expect_message(&["/dev/full"]);
}

#[test]
fn incompleteness_is_said_in_every_format() {
    let (sandbox, _) = sandbox();
    for (format, word) in [
        ("terminal", "incomplete"),
        ("json", "\"complete\":false"),
        ("jsonl", "\"complete\":false"),
        ("sarif", "\"executionSuccessful\":false"),
    ] {
        let run = leakward(&sandbox)
            .args(["scan", "--format", format, "leaky", "empty"])
            .run();
        run.expect_status(2);
        let said = run.stdout.to_lowercase().replace(": ", ":");
        assert!(
            said.contains(&word.to_lowercase()),
            "{word}\n{}",
            run.transcript()
        );
    }
    // A table has no place for it: it is said beside the table.
    let run = leakward(&sandbox)
        .args(["scan", "--format", "csv", "leaky", "empty"])
        .run();
    run.expect_status(2).expect_message(&["empty"]);
}

#[test]
fn an_unreadable_repository_is_not_taken_for_a_clean_folder() {
    let repository = Repository::new();
    repository.commit_file("main.py", "x = 1\n");
    std::fs::write(repository.git_dir().join("HEAD"), "nonsense").expect("a damaged HEAD");
    let run = leakward(repository.sandbox())
        .arg("scan")
        .arg(repository.folder())
        .run();
    assert_eq!(run.status, Some(2), "{}", run.transcript());
}

#[test]
fn an_unknown_repository_format_is_refused_or_said() {
    let repository = Repository::new();
    repository.commit_file("main.py", "x = 1\n");
    repository.git(&["config", "core.repositoryFormatVersion", "1"]);
    repository.git(&["config", "extensions.fromTheFuture", "true"]);
    let run = leakward(repository.sandbox())
        .arg("scan")
        .arg(repository.folder())
        .run();
    run.expect_status(2);
    assert!(
        run.transcript().contains("fromthefuture"),
        "{}",
        run.transcript()
    );
}
