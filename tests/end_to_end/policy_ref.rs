//! `--policy-ref`: a pull request cannot switch its own scan off.

use leakward_tests::{Credential, Place, Repository};

use crate::{leakward, scan, scan_with};

/// A repository whose branch `pull-request` leaks and tries to hide it by `name` with `content`.
fn pull_request(name: &str, content: &str) -> (Repository, Credential) {
    let credential = Credential::named("pull request");
    let repository = Repository::new();
    repository.commit_file("README.md", "a project\n");
    repository.git(&["checkout", "--quiet", "-b", "pull-request"]);
    repository.write("settings.py", credential.file());
    repository.commit_file(name, content);
    (repository, credential)
}

#[test]
fn a_pull_request_cannot_silence_itself() {
    for (name, content) in [
        (".leakwardignore", "path:** # all is well\n"),
        (
            "leakward.toml",
            "version = 1\n[paths]\nexclude = [\"**\"]\n",
        ),
        ("leakward.toml", "version = 1\n[rules]\ndisable = [\"*\"]\n"),
        (
            "leakward.toml",
            "version = 1\n[scan]\nmin-severity = \"critical\"\n[allow]\nvalues = [\".*\"]\n",
        ),
        (".gitleaksignore", "settings.py:any:2\n"),
    ] {
        let (repository, credential) = pull_request(name, content);
        let guarded = scan_with(&repository, &["--policy-ref", "main"]);
        guarded
            .expect_status(1)
            .report()
            .expect(&credential, &Place::git("settings.py").in_settings());
    }
}

#[test]
fn without_it_the_files_of_the_working_tree_count() {
    let (repository, _) = pull_request(".leakwardignore", "path:** # all is well\n");
    scan(&repository).expect_status(0);
}

#[test]
fn the_baseline_is_read_from_the_ref_as_well() {
    let (repository, credential) = pull_request("README.md", "changed\n");
    let own = leakward(repository.sandbox())
        .args(["baseline", "create", "--output"])
        .arg(repository.path("known.json"))
        .arg(repository.folder())
        .run();
    own.expect_status(0);
    repository.commit("a baseline that knows the leak");
    let unguarded = scan_in(&repository, &["--baseline", "known.json"]);
    unguarded.expect_status(0);
    // On main there is no such baseline: an error, or a scan without it, but never the one of the pull request.
    let guarded = scan_in(
        &repository,
        &["--policy-ref", "main", "--baseline", "known.json"],
    );
    assert!(
        matches!(guarded.status, Some(1 | 2)),
        "{}",
        guarded.transcript()
    );
    repository.git(&["checkout", "--quiet", "main"]);
    repository.commit_file("known.json", "{\"version\": 1, \"findings\": []}\n");
    repository.git(&["checkout", "--quiet", "pull-request"]);
    let guarded = scan_in(
        &repository,
        &["--policy-ref", "main", "--baseline", "known.json"],
    );
    assert!(
        guarded.expect_status(1).report().holds(&credential),
        "{}",
        guarded.transcript()
    );
}

#[test]
fn the_configuration_named_on_the_command_line_is_read_from_the_ref_as_well() {
    let (repository, _) = pull_request(
        "ci/leakward.toml",
        "version = 1\n[paths]\nexclude = [\"**\"]\n",
    );
    scan_in(&repository, &["--config", "ci/leakward.toml"]).expect_status(0);
    let guarded = scan_in(
        &repository,
        &["--policy-ref", "main", "--config", "ci/leakward.toml"],
    );
    assert!(
        matches!(guarded.status, Some(1 | 2)),
        "{}",
        guarded.transcript()
    );
}

#[test]
fn the_policy_of_the_ref_is_applied() {
    let (repository, _) = pull_request("README.md", "changed\n");
    repository.git(&["checkout", "--quiet", "main"]);
    repository.commit_file(".leakwardignore", "path:settings.py # decided on main\n");
    repository.git(&["checkout", "--quiet", "pull-request"]);
    scan(&repository).expect_status(1);
    scan_with(&repository, &["--policy-ref", "main"]).expect_status(0);
}

#[test]
fn a_ref_that_is_not_there_is_an_error() {
    let (repository, _) = pull_request("README.md", "changed\n");
    scan_with(&repository, &["--policy-ref", "origin/nowhere"])
        .expect_status(2)
        .expect_message(&["origin/nowhere"]);
}

fn scan_in(repository: &Repository, arguments: &[&str]) -> leakward_tests::Run {
    crate::revealing_scan(repository.sandbox())
        .in_folder(repository.folder())
        .args(arguments)
        .run()
}
