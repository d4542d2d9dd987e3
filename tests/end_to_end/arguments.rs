//! What is typed: help, versions, mistakes, and what goes to which stream.

use leakward_tests::{Credential, Repository, Sandbox};

use crate::leakward;

#[test]
fn help_and_version_are_printed_on_standard_output() {
    let sandbox = Sandbox::new();
    for arguments in [
        &["--help"][..],
        &["--version"],
        &["scan", "--help"],
        &["rules", "--help"],
        &["baseline", "create", "--help"],
    ] {
        let run = leakward(&sandbox).args(arguments).run();
        run.expect_status(0);
        assert!(
            !run.stdout.is_empty() && run.stderr.is_empty(),
            "{}",
            run.transcript()
        );
    }
}

#[test]
fn the_help_names_every_exit_status_and_format() {
    let sandbox = Sandbox::new();
    let help = leakward(&sandbox).args(["scan", "--help"]).run().stdout;
    for word in [
        "--staged",
        "--range",
        "--since",
        "--reveal",
        "--allow-incomplete",
        "--exit-code",
        "--policy-ref",
        "sarif",
        "jsonl",
        "csv",
    ] {
        assert!(help.contains(word), "{word} is not in the help:\n{help}");
    }
}

#[test]
fn a_misspelt_option_is_told_with_the_right_one() {
    let sandbox = Sandbox::new();
    leakward(&sandbox)
        .args(["scan", "--stagged"])
        .run()
        .expect_status(2)
        .expect_message(&["--stagged", "--staged"]);
}

#[test]
fn quiet_leaves_the_report_and_nothing_else() {
    let credential = Credential::named("quiet");
    let sandbox = Sandbox::new();
    sandbox.write("folder/settings.py", credential.file());
    let run = leakward(&sandbox)
        .args(["scan", "--quiet", "--format", "json", "folder"])
        .run();
    assert_eq!(
        run.expect_status(1).report().findings().len(),
        1,
        "{}",
        run.transcript()
    );
    assert!(run.stderr.is_empty(), "{}", run.transcript());
}

#[test]
fn messages_as_json_are_one_object_a_line() {
    let sandbox = Sandbox::new();
    sandbox.write("folder/main.py", "x = 1\n");
    let run = leakward(&sandbox)
        .args([
            "scan",
            "-vv",
            "--log-format",
            "json",
            "--format",
            "json",
            "folder",
            "no-such-folder",
        ])
        .run();
    run.expect_status(2).expect_message(&["no-such-folder"]);
    for line in run.stderr.lines() {
        let message: serde_json::Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(
            message["level"].is_string() && message["message"].is_string(),
            "{line}"
        );
    }
}

#[test]
fn no_progress_bar_is_drawn_into_a_pipe() {
    let repository = Repository::new();
    repository
        .write("large.txt", "a line of text\n".repeat(200_000))
        .commit("large");
    let run = leakward(repository.sandbox())
        .arg("scan")
        .arg(repository.folder())
        .run();
    run.expect_status(0);
    assert!(
        !run.stderr.contains('\r') && !run.stderr.contains('\u{1b}'),
        "{}",
        run.transcript()
    );
}

#[test]
fn colours_are_off_in_a_pipe_and_with_no_color_even_where_they_are_forced() {
    let sandbox = Sandbox::new();
    sandbox.write("folder/settings.py", Credential::named("colours").file());
    let scan = || leakward(&sandbox).args(["scan", "folder"]);
    assert!(!scan().run().stdout.contains('\u{1b}'));
    assert!(
        scan()
            .env("CLICOLOR_FORCE", "1")
            .run()
            .stdout
            .contains('\u{1b}'),
        "colours can be forced"
    );
    assert!(!scan().env("NO_COLOR", "1").run().stdout.contains('\u{1b}'));
    assert!(
        scan()
            .args(["--color", "always"])
            .run()
            .stdout
            .contains('\u{1b}'),
        "colours can be asked for"
    );
    assert!(
        !scan()
            .args(["--color", "never"])
            .env("CLICOLOR_FORCE", "1")
            .run()
            .stdout
            .contains('\u{1b}')
    );
}

#[test]
fn a_reader_that_stops_early_is_no_error() {
    let sandbox = Sandbox::new();
    let many: String = (0..3_000)
        .map(|number| format!("{}\n", Credential::named(&format!("many {number}"))))
        .collect();
    sandbox.write("folder/many.txt", many);
    let mut child = leakward(&sandbox).args(["scan", "folder"]).spawn();
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("its end");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !said.contains("panicked") && matches!(output.status.code(), Some(0..=2)),
        "{:?} {said}",
        output.status
    );
}

#[test]
fn a_target_that_looks_like_an_option_can_be_named() {
    let sandbox = Sandbox::new();
    sandbox.write("--odd/settings.py", Credential::named("odd name").file());
    leakward(&sandbox)
        .args(["scan", "--", "--odd"])
        .run()
        .expect_status(1);
}

#[test]
fn completions_and_manual_pages_know_every_command() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = leakward(&sandbox).args(["completions", shell]).run();
        run.expect_status(0);
        for word in ["scan", "hook", "policy-ref"] {
            assert!(run.stdout.contains(word), "{shell}: {word}");
        }
    }
    leakward(&sandbox)
        .args(["man", "pages"])
        .run()
        .expect_status(0);
    let page = sandbox.path("pages/leakward-scan.1");
    let page = std::fs::read_to_string(page).expect("the page of scan");
    assert!(page.contains("policy\\-ref"), "{page}");
}
