//! What git no longer shows and still stores: a leak is a leak until the object is gone everywhere.

use leakward_tests::{Credential, Place, Repository};

use crate::findings_of;

fn repository() -> Repository {
    let repository = Repository::new();
    repository.commit_file("README.md", "a project\n");
    repository
}

#[test]
fn a_dangling_loose_blob() {
    let credential = Credential::named("dangling, loose");
    let repository = repository();
    let blob = repository.store_blob(credential.file());
    assert!(repository.loose_object(&blob).exists(), "a loose object");
    findings_of(&repository).expect(
        &credential,
        &Place::kind("git").in_settings().blob(&blob).unreachable(),
    );
}

#[test]
fn a_dangling_blob_in_a_pack() {
    let credential = Credential::named("dangling, packed");
    let repository = repository();
    let blob = repository.store_blob(credential.file());
    repository.pack_objects(&[&blob]);
    assert!(
        !repository.loose_object(&blob).exists(),
        "not a loose object"
    );
    findings_of(&repository).expect(
        &credential,
        &Place::kind("git").in_settings().blob(&blob).unreachable(),
    );
}

#[test]
fn unreachable_objects_in_a_cruft_pack() {
    let credential = Credential::named("cruft");
    let repository = repository();
    let blob = repository.store_blob(credential.file());
    repository.git(&["reflog", "expire", "--expire=now", "--all"]);
    repository.git(&["repack", "--cruft", "-d", "--quiet"]);
    assert!(
        !repository.loose_object(&blob).exists(),
        "git must have moved it into a cruft pack"
    );
    findings_of(&repository).expect(
        &credential,
        &Place::kind("git").in_settings().blob(&blob).unreachable(),
    );
}

#[test]
fn a_commit_that_was_amended_away() {
    let credential = Credential::named("amended");
    let repository = repository();
    let dropped = repository.commit_file("settings.py", credential.file());
    repository.write("settings.py", "clean\n");
    repository.git(&[
        "commit",
        "--quiet",
        "--all",
        "--amend",
        "--message",
        "clean",
    ]);
    let place = Place::git("settings.py")
        .in_settings()
        .commit(&dropped)
        .unreachable();
    findings_of(&repository).expect(&credential, &place);
}

#[test]
fn a_commit_that_was_reset_away_without_a_trace_in_the_reflog() {
    let credential = Credential::named("reset");
    let repository = repository();
    let dropped = repository.commit_file("deep/in/a/folder/settings.py", credential.file());
    repository.commit_file("later.txt", "on top of it\n");
    repository.git(&["reset", "--quiet", "--hard", "HEAD~2"]);
    repository.git(&["update-ref", "-d", "ORIG_HEAD"]);
    repository.git(&["reflog", "expire", "--expire=now", "--all"]);
    let place = Place::git("deep/in/a/folder/settings.py")
        .in_settings()
        .commit(&dropped)
        .unreachable();
    findings_of(&repository).expect(&credential, &place);
}

#[test]
fn a_branch_that_was_deleted() {
    let credential = Credential::named("deleted branch");
    let repository = repository();
    repository.git(&["checkout", "--quiet", "-b", "feature"]);
    let dropped = repository.commit_file("settings.py", credential.file());
    repository.git(&["checkout", "--quiet", "main"]);
    repository.git(&["branch", "--quiet", "-D", "feature"]);
    let place = Place::git("settings.py")
        .in_settings()
        .commit(&dropped)
        .unreachable();
    findings_of(&repository).expect(&credential, &place);
}

#[test]
fn what_was_staged_once_and_never_committed() {
    let credential = Credential::named("staged once");
    let repository = repository();
    repository.write("settings.py", credential.file());
    repository.git(&["add", "settings.py"]);
    let blob = repository.git(&["rev-parse", ":settings.py"]);
    repository.write("settings.py", "clean\n").commit("clean");
    findings_of(&repository).expect(
        &credential,
        &Place::kind("git").in_settings().blob(&blob).unreachable(),
    );
}

#[test]
fn the_message_of_a_commit_that_no_ref_reaches() {
    let credential = Credential::named("dropped message");
    let repository = repository();
    let dropped = repository.commit_staged(&format!("deploy with {credential}"));
    repository.git(&[
        "commit",
        "--quiet",
        "--amend",
        "--allow-empty",
        "--message",
        "deploy",
    ]);
    let place = Place::kind("message")
        .line(1)
        .column(13)
        .commit(&dropped)
        .unreachable();
    findings_of(&repository).expect(&credential, &place);
}

#[test]
fn the_message_of_a_tag_that_was_deleted() {
    let credential = Credential::named("deleted tag");
    let repository = repository();
    repository.git(&[
        "tag",
        "--annotate",
        "--message",
        &format!("built with {credential}"),
        "v1",
    ]);
    let tag = repository.id("refs/tags/v1");
    repository.git(&["tag", "--delete", "v1"]);
    let place = Place::kind("message")
        .line(1)
        .column(12)
        .blob(&tag)
        .unreachable();
    findings_of(&repository).expect(&credential, &place);
}

#[test]
fn a_file_of_a_tree_that_no_commit_has() {
    let credential = Credential::named("lone tree");
    let repository = repository();
    let blob = repository.store_blob(credential.file());
    repository.git_with_input(&["mktree"], format!("100644 blob {blob}\tsettings.py\n"));
    findings_of(&repository).expect(
        &credential,
        &Place::kind("git").in_settings().blob(&blob).unreachable(),
    );
}
