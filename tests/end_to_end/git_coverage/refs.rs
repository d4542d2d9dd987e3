//! Every kind of ref that can hold a commit which no branch at hand has.

use leakward_tests::{Credential, ObjectFormat, Place, Repository, Requirement, missing};

use crate::findings_of;

/// A repository with one innocent commit on `main`.
fn repository() -> Repository {
    let repository = Repository::new();
    repository.commit_file("README.md", "a project\n");
    repository
}

/// Commits the credential on top of `main`, leaves `main` as it was, and returns the commit's id.
fn commit_aside(repository: &Repository, credential: &Credential) -> String {
    repository.git(&["checkout", "--quiet", "--detach"]);
    let commit = repository.commit_file("settings.py", credential.file());
    repository.git(&["checkout", "--quiet", "main"]);
    commit
}

/// Plants a credential that only `reference` reaches and expects it to be found.
fn expect_found_in(reference: &str) {
    let credential = Credential::named(reference);
    let repository = repository();
    let commit = commit_aside(&repository, &credential);
    repository.git(&["update-ref", reference, &commit]);
    let place = Place::git("settings.py")
        .in_settings()
        .commit(&commit)
        .reachable();
    findings_of(&repository).expect(&credential, &place);
}

#[test]
fn a_branch_that_is_not_checked_out() {
    expect_found_in("refs/heads/feature/login");
}

#[test]
fn a_tag_that_no_branch_reaches() {
    expect_found_in("refs/tags/v1.0");
}

#[test]
fn an_annotated_tag_that_no_branch_reaches() {
    let credential = Credential::named("annotated tag");
    let repository = repository();
    let commit = commit_aside(&repository, &credential);
    repository.git(&["tag", "--annotate", "--message", "release", "v1.0", &commit]);
    let place = Place::git("settings.py")
        .in_settings()
        .commit(&commit)
        .reachable();
    findings_of(&repository).expect(&credential, &place);
}

#[test]
fn a_remote_tracking_branch() {
    expect_found_in("refs/remotes/origin/topic");
}

#[test]
fn a_github_pull_request_ref() {
    expect_found_in("refs/pull/7/head");
}

#[test]
fn a_gitlab_merge_request_ref() {
    expect_found_in("refs/merge-requests/7/head");
}

#[test]
fn what_filter_branch_keeps_of_the_old_history() {
    expect_found_in("refs/original/refs/heads/main");
}

#[test]
fn a_ref_of_a_namespace_that_nobody_has_heard_of() {
    expect_found_in("refs/reviews/12/patch-set/3");
}

#[test]
fn refs_that_are_packed() {
    let credential = Credential::named("packed refs");
    let repository = repository();
    let commit = commit_aside(&repository, &credential);
    repository.git(&["update-ref", "refs/heads/feature", &commit]);
    repository.git(&["pack-refs", "--all", "--prune"]);
    assert!(
        !repository.git_dir().join("refs/heads/feature").exists(),
        "the ref must be packed"
    );
    let place = Place::git("settings.py")
        .in_settings()
        .commit(&commit)
        .reachable();
    findings_of(&repository).expect(&credential, &place);
}

#[test]
fn a_detached_head() {
    let credential = Credential::named("detached head");
    let repository = repository();
    repository.git(&["checkout", "--quiet", "--detach"]);
    let commit = repository.commit_file("settings.py", credential.file());
    let place = Place::git("settings.py")
        .in_settings()
        .commit(&commit)
        .reachable();
    findings_of(&repository).expect(&credential, &place);
}

#[test]
fn a_changed_file_in_the_stash() {
    let credential = Credential::named("stash");
    let repository = repository();
    repository.commit_file("settings.py", "nothing yet\n");
    repository.write("settings.py", credential.file());
    repository.git(&["stash"]);
    let place = Place::git("settings.py")
        .in_settings()
        .commit(&repository.id("refs/stash"))
        .reachable();
    findings_of(&repository).expect(&credential, &place);
}

#[test]
fn an_untracked_file_in_the_stash() {
    let credential = Credential::named("stash, untracked");
    let repository = repository();
    repository
        .write("README.md", "changed\n")
        .write("scratch/settings.py", credential.file());
    repository.git(&["stash", "--include-untracked"]);
    let third_parent = repository.id("refs/stash^3");
    let place = Place::git("scratch/settings.py")
        .in_settings()
        .commit(&third_parent)
        .reachable();
    findings_of(&repository).expect(&credential, &place);
}

#[test]
fn what_was_staged_when_the_stash_was_made() {
    let credential = Credential::named("stash, staged");
    let repository = repository();
    repository.write("settings.py", credential.file());
    repository.git(&["add", "settings.py"]);
    repository.write("settings.py", "removed again\n");
    repository.git(&["stash"]);
    let second_parent = repository.id("refs/stash^2");
    let place = Place::git("settings.py")
        .in_settings()
        .commit(&second_parent)
        .reachable();
    findings_of(&repository).expect(&credential, &place);
}

#[test]
fn an_older_entry_of_the_stash() {
    let credential = Credential::named("older stash");
    let repository = repository();
    repository.write("README.md", credential.file());
    repository.git(&["stash"]);
    let older = repository.id("refs/stash");
    repository.write("README.md", "something else\n");
    repository.git(&["stash"]);
    findings_of(&repository).expect(
        &credential,
        &Place::git("README.md").in_settings().commit(&older),
    );
}

#[test]
fn a_note() {
    let credential = Credential::named("note");
    let repository = repository();
    let head = repository.id("HEAD");
    repository.git(&[
        "notes",
        "add",
        "--message",
        &format!("deployed with {credential}"),
        "HEAD",
    ]);
    let notes = repository.id("refs/notes/commits");
    let place = Place::git(&head)
        .line(1)
        .column(15)
        .commit(&notes)
        .reachable();
    findings_of(&repository).expect(&credential, &place);
}

#[test]
fn what_a_replace_ref_hides() {
    let credential = Credential::named("replaced");
    let repository = repository();
    let leak = repository.commit_file("settings.py", credential.file());
    repository.remove("settings.py");
    repository.commit("remove the settings");
    repository.git(&[
        "replace",
        "--force",
        &repository.blob(&leak, "settings.py"),
        &repository.blob("HEAD", "README.md"),
    ]);
    let place = Place::git("settings.py").in_settings().reachable();
    findings_of(&repository).expect(&credential, &place);
}

#[test]
fn refs_in_a_reftable() {
    if missing(Requirement::Reftable) {
        return;
    }
    let credential = Credential::named("reftable");
    let repository = Repository::with_options(&["--ref-format=reftable"]);
    repository.commit_file("README.md", "a project\n");
    let commit = commit_aside(&repository, &credential);
    repository.git(&["update-ref", "refs/heads/feature", &commit]);
    let place = Place::git("settings.py")
        .in_settings()
        .commit(&commit)
        .reachable();
    findings_of(&repository).expect(&credential, &place);
}

#[test]
fn a_repository_named_by_sha_256() {
    let credential = Credential::named("sha-256");
    let repository = Repository::with_format(ObjectFormat::Sha256);
    let commit = repository.commit_file("settings.py", credential.file());
    repository.commit_file("settings.py", "clean again\n");
    assert_eq!(commit.len(), 64, "a SHA-256 repository");
    let place = Place::git("settings.py")
        .in_settings()
        .commit(&commit)
        .reachable();
    findings_of(&repository).expect(&credential, &place);
    repository.pack();
    findings_of(&repository).expect(&credential, &place);
}
