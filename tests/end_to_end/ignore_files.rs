//! `.leakwardignore`, and `.gitleaksignore` for those who come from there.

use leakward_tests::{Credential, Place, Repository};

use crate::{findings_of, scan, scan_with};

/// A repository with one leak, its fingerprint, and its commit.
fn leaky(credential: &Credential) -> (Repository, String, String) {
    let repository = Repository::new();
    let commit = repository.commit_file("src/settings.py", credential.file());
    let fingerprint = findings_of(&repository).fingerprint(credential);
    (repository, fingerprint, commit)
}

#[test]
fn a_fingerprint_is_ignored_wherever_it_is_seen() {
    let credential = Credential::named("ignored by fingerprint");
    let (repository, fingerprint, _) = leaky(&credential);
    repository.write(
        ".leakwardignore",
        format!("# leakward-ignore 1\n{fingerprint}  # test key of the sandbox\n"),
    );
    scan(&repository).expect_status(0);
    repository.commit_file("docs/other.md", credential.file());
    scan(&repository).expect_status(0);
    repository.commit_file("new.py", Credential::named("another").file());
    scan(&repository)
        .expect_status(1)
        .report()
        .expect_absent(&credential);
}

#[test]
fn a_path_is_ignored_and_no_other() {
    let (inside, outside) = (
        Credential::named("inside the path"),
        Credential::named("outside the path"),
    );
    let (repository, _, _) = leaky(&inside);
    repository.commit_file("lib/settings.py", outside.file());
    repository.write(".leakwardignore", "path:src/** # generated\n");
    let report = scan(&repository).expect_status(1).report();
    report
        .expect_absent(&inside)
        .expect(&outside, &Place::git("lib/settings.py"));
}

#[test]
fn a_credential_at_an_ignored_and_another_path_is_shown_at_the_other_one() {
    let credential = Credential::named("two paths");
    let (repository, _, _) = leaky(&credential);
    repository.commit_file("lib/settings.py", credential.file());
    repository.write(".leakwardignore", "path:src/**\n");
    let report = scan(&repository).expect_status(1).report();
    report.expect(&credential, &Place::git("lib/settings.py"));
    assert!(
        report
            .location(&credential, &Place::git("src/settings.py"))
            .is_none(),
        "{}",
        report.overview()
    );
}

#[test]
fn an_entry_whose_date_has_passed_suppresses_nothing_and_is_named() {
    let credential = Credential::named("expired");
    let (repository, fingerprint, _) = leaky(&credential);
    repository.write(
        ".leakwardignore",
        format!("\n{fingerprint} until=2001-01-31 # long ago\n"),
    );
    let run = scan(&repository);
    let notes = run.expect_status(1).report().value()["notes"].to_string();
    assert!(notes.contains(".leakwardignore:2"), "{}", run.transcript());
    assert!(run.report().holds(&credential), "{}", run.transcript());
    repository.write(
        ".leakwardignore",
        format!("\n{fingerprint} until=2999-01-31 # for ever\n"),
    );
    scan(&repository).expect_status(0);
}

#[test]
fn a_line_that_is_not_understood_stops_the_scan_and_is_named() {
    let (repository, _, _) = leaky(&Credential::named("bad line"));
    repository.write(".leakwardignore", "# fine\nsrc/settings.py\n");
    scan(&repository)
        .expect_status(2)
        .expect_message(&[".leakwardignore:2", "path:"]);
}

#[test]
fn what_was_suppressed_is_counted() {
    let credential = Credential::named("counted");
    let (repository, fingerprint, _) = leaky(&credential);
    repository.write(".leakwardignore", format!("{fingerprint} # known\n"));
    let run = scan(&repository);
    let suppressed = run.expect_status(0).report().value()["stats"]["suppressed"].as_u64();
    assert!(
        suppressed.is_some_and(|count| count >= 1),
        "{}",
        run.transcript()
    );
}

#[test]
fn the_files_of_gitleaks_are_read() {
    let (by_commit, by_path, new) = (
        Credential::named("by commit"),
        Credential::named("by path"),
        Credential::named("fresh"),
    );
    let repository = Repository::new();
    let commit = repository.commit_file("one.py", by_commit.file());
    repository
        .remove("one.py")
        .commit_file("two.py", by_path.file());
    repository.commit_file("new.py", new.file());
    repository.write(
        ".gitleaksignore",
        format!("# known\n{commit}:one.py:github-pat:2\ntwo.py:github-pat:2\n"),
    );
    let report = scan(&repository).expect_status(1).report();
    report.expect_absent(&by_commit).expect_absent(&by_path);
    assert!(report.holds(&new), "{}", report.overview());
}

#[test]
fn an_excluded_path_is_left_out_and_said() {
    let (inside, outside) = (
        Credential::named("in vendor"),
        Credential::named("not in vendor"),
    );
    let repository = Repository::new();
    repository.commit_file("vendor/a.py", inside.file());
    repository.commit_file("a.py", outside.file());
    let report = scan_with(&repository, &["--exclude", "vendor/**"])
        .expect_status(1)
        .report();
    report
        .expect_absent(&inside)
        .expect(&outside, &Place::git("a.py"));
}
