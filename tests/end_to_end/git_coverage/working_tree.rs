//! What is not committed yet: the index, changed, untracked and ignored files.

use leakward_tests::{Credential, Place, Repository};

use crate::{findings_of, scan, scan_with};

fn repository() -> Repository {
    let repository = Repository::new();
    repository.commit_file("README.md", "a project\n");
    repository
}

#[test]
fn a_file_that_is_only_staged() {
    let credential = Credential::named("staged");
    let repository = repository();
    repository.write("src/settings.py", credential.file());
    repository.git(&["add", "--all"]);
    repository.remove("src/settings.py");
    findings_of(&repository).expect(&credential, &Place::index("src/settings.py").in_settings());
}

#[test]
fn what_is_staged_differs_from_what_is_in_the_folder() {
    let (staged, present) = (
        Credential::named("staged version"),
        Credential::named("present version"),
    );
    let repository = repository();
    repository.write("settings.py", staged.file());
    repository.git(&["add", "--all"]);
    repository.write("settings.py", present.file());
    let report = findings_of(&repository);
    report.expect(&staged, &Place::index("settings.py").in_settings());
    report.expect(&present, &Place::worktree("settings.py").in_settings());
}

#[test]
fn a_changed_file() {
    let credential = Credential::named("changed");
    let repository = repository();
    repository.write("README.md", credential.file());
    findings_of(&repository).expect(&credential, &Place::worktree("README.md").in_settings());
}

#[test]
fn an_untracked_file() {
    let credential = Credential::named("untracked");
    let repository = repository();
    repository.write("src/new/settings.py", credential.file());
    findings_of(&repository).expect(
        &credential,
        &Place::worktree("src/new/settings.py").in_settings(),
    );
}

#[test]
fn an_untracked_hidden_file() {
    let credential = Credential::named("hidden");
    let repository = repository();
    repository.write("deploy/.env", credential.file());
    findings_of(&repository).expect(&credential, &Place::worktree("deploy/.env").in_settings());
}

#[test]
fn an_ignored_file_only_when_asked_for() {
    let credential = Credential::named("ignored");
    let repository = repository();
    repository.commit_file(".gitignore", "*.local\n");
    repository.write("settings.local", credential.file());
    let without = scan(&repository);
    without.expect_status(0).report().expect_absent(&credential);
    let with = scan_with(&repository, &["--no-ignore"]);
    with.expect_status(1).report().expect(
        &credential,
        &Place::worktree("settings.local").in_settings(),
    );
}

#[test]
fn a_file_in_an_ignored_folder_only_when_asked_for() {
    let credential = Credential::named("ignored folder");
    let repository = repository();
    repository.commit_file(".gitignore", "/build/\n");
    repository.write("build/out/settings.py", credential.file());
    scan(&repository)
        .expect_status(0)
        .report()
        .expect_absent(&credential);
    let with = scan_with(&repository, &["--no-ignore"]);
    with.expect_status(1).report().expect(
        &credential,
        &Place::worktree("build/out/settings.py").in_settings(),
    );
}

#[test]
fn a_tracked_file_that_gitignore_names_is_scanned_all_the_same() {
    let credential = Credential::named("tracked and ignored");
    let repository = repository();
    repository
        .write(".gitignore", "settings.local\n")
        .write("settings.local", "clean\n");
    repository.git(&["add", "--force", "--all"]);
    repository.commit_staged("track it");
    repository.write("settings.local", credential.file());
    findings_of(&repository).expect(
        &credential,
        &Place::worktree("settings.local").in_settings(),
    );
}

#[test]
fn a_file_that_only_ripgreps_ignore_file_names_is_scanned() {
    let credential = Credential::named("rgignore");
    let repository = repository();
    repository
        .write(".ignore", "*.py\n")
        .write(".rgignore", "*.py\n")
        .write("settings.py", credential.file());
    findings_of(&repository).expect(&credential, &Place::worktree("settings.py").in_settings());
}

#[test]
fn a_file_left_out_by_a_sparse_checkout() {
    let credential = Credential::named("sparse");
    let repository = repository();
    let commit = repository.commit_file("far/away/settings.py", credential.file());
    repository.git(&["sparse-checkout", "set", "--no-cone", "/README.md"]);
    assert!(
        !repository.path("far/away/settings.py").exists(),
        "not checked out"
    );
    let place = Place::git("far/away/settings.py")
        .in_settings()
        .commit(&commit)
        .reachable();
    findings_of(&repository).expect(&credential, &place);
}

#[test]
fn the_sides_of_a_merge_conflict_in_the_index() {
    let (ours, theirs) = (
        Credential::named("our side"),
        Credential::named("their side"),
    );
    let repository = repository();
    repository.commit_file("settings.py", "token = None\n");
    repository.git(&["checkout", "--quiet", "-b", "feature"]);
    let their_commit = repository.commit_file("settings.py", theirs.file());
    repository.git(&["checkout", "--quiet", "main"]);
    let our_commit = repository.commit_file("settings.py", ours.file());
    let conflict = repository.try_git(&["merge", "--quiet", "feature"], "");
    assert!(
        !conflict.status.success(),
        "the merge must stop with a conflict"
    );
    let report = findings_of(&repository);
    report.expect(
        &ours,
        &Place::git("settings.py").in_settings().commit(&our_commit),
    );
    report.expect(
        &theirs,
        &Place::git("settings.py")
            .in_settings()
            .commit(&their_commit),
    );
}

#[cfg(unix)]
#[test]
fn the_target_of_an_untracked_symbolic_link() {
    let credential = Credential::named("untracked link");
    let repository = repository();
    repository.link("current", format!("nowhere/{credential}"));
    findings_of(&repository).expect(&credential, &Place::worktree("current").line(1).column(9));
}

#[test]
fn a_file_that_is_the_same_in_history_and_folder_is_one_finding_with_both_places() {
    let credential = Credential::named("everywhere");
    let repository = repository();
    let commit = repository.commit_file("settings.py", credential.file());
    let report = findings_of(&repository);
    report.expect(
        &credential,
        &Place::git("settings.py")
            .in_settings()
            .commit(&commit)
            .field("in_head", true),
    );
    assert_eq!(report.findings().len(), 1, "{}", report.overview());
}
