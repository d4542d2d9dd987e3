//! Text beside the files: messages and identities of commits and annotated tags.

use leakward_tests::{Credential, Place, Repository};

use crate::findings_of;

fn repository() -> Repository {
    let repository = Repository::new();
    repository.commit_file("README.md", "a project\n");
    repository
}

#[test]
fn the_message_of_a_commit() {
    let credential = Credential::named("commit message");
    let repository = repository();
    let commit = repository.commit_staged(&format!(
        "Deploy\n\nwith the token {credential} of staging\n"
    ));
    let place = Place::kind("message")
        .line(3)
        .column(16)
        .commit(&commit)
        .reachable();
    findings_of(&repository).expect(&credential, &place);
}

#[test]
fn the_message_of_a_commit_in_a_pack() {
    let credential = Credential::named("packed commit message");
    let repository = repository();
    let commit = repository.commit_staged(&format!("Deploy with {credential}"));
    repository.pack();
    let place = Place::kind("message")
        .line(1)
        .column(13)
        .commit(&commit)
        .reachable();
    findings_of(&repository).expect(&credential, &place);
}

#[test]
fn the_message_of_an_annotated_tag() {
    let credential = Credential::named("tag message");
    let repository = repository();
    repository.git(&[
        "tag",
        "--annotate",
        "--message",
        &format!("Release\n\nsigned off with {credential}\n"),
        "v1",
    ]);
    let place = Place::kind("message")
        .line(3)
        .column(17)
        .blob(&repository.id("refs/tags/v1"))
        .field("subject", "Release")
        .reachable();
    let report = findings_of(&repository);
    report.expect(&credential, &place);
    // A tag is no commit, and is in none.
    assert_eq!(report.locations(&credential)[0].get("commit"), None);
}

#[test]
fn the_message_of_a_tag_on_a_tag() {
    let credential = Credential::named("inner tag");
    let repository = repository();
    repository.git(&[
        "tag",
        "--annotate",
        "--message",
        &format!("inner {credential}"),
        "inner",
    ]);
    let inner = repository.id("refs/tags/inner");
    repository.git(&["tag", "--annotate", "--message", "outer", "outer", "inner"]);
    repository.git(&["tag", "--delete", "inner"]);
    let place = Place::kind("message")
        .line(1)
        .column(7)
        .blob(&inner)
        .reachable();
    findings_of(&repository).expect(&credential, &place);
}

#[test]
fn the_author_of_a_commit() {
    let credential = Credential::named("author");
    let repository = repository();
    repository.git(&[
        "commit",
        "--quiet",
        "--allow-empty",
        "--message",
        "x",
        "--author",
        &format!("{credential} <a@example.test>"),
    ]);
    let place = Place::kind("message")
        .commit(&repository.id("HEAD"))
        .reachable();
    findings_of(&repository).expect(&credential, &place);
}

#[test]
fn a_blob_that_a_tag_names_directly() {
    let credential = Credential::named("tagged blob");
    let repository = repository();
    let blob = repository.store_blob(credential.file());
    repository.git(&["tag", "public-key", &blob]);
    findings_of(&repository).expect(
        &credential,
        &Place::kind("git").in_settings().blob(&blob).reachable(),
    );
}

#[test]
fn a_tree_that_a_tag_names_directly() {
    let credential = Credential::named("tagged tree");
    let repository = repository();
    let blob = repository.store_blob(credential.file());
    let tree = repository.git_with_input(&["mktree"], format!("100644 blob {blob}\tsettings.py\n"));
    repository.git(&["tag", "only-a-tree", &tree]);
    findings_of(&repository).expect(
        &credential,
        &Place::git("settings.py")
            .in_settings()
            .blob(&blob)
            .reachable(),
    );
}
