//! Names that are credentials themselves: of branches, tags, files and folders.

use leakward_tests::{Credential, Place, Repository, Sandbox};

use crate::{findings_of, leakward};

fn repository() -> Repository {
    let repository = Repository::new();
    repository.commit_file("README.md", "a project\n");
    repository
}

#[test]
fn the_name_of_a_branch() {
    let credential = Credential::named("branch name");
    let repository = repository();
    let name = format!("deploy/{credential}");
    repository.git(&["branch", &name]);
    findings_of(&repository).expect(
        &credential,
        &Place::kind("ref")
            .path(&format!("refs/heads/{name}"))
            .line(1),
    );
}

#[test]
fn the_name_of_a_tag() {
    let credential = Credential::named("tag name");
    let repository = repository();
    repository.git(&["tag", credential.text()]);
    findings_of(&repository).expect(
        &credential,
        &Place::kind("ref")
            .path(&format!("refs/tags/{credential}"))
            .line(1),
    );
}

#[test]
fn the_name_of_a_packed_ref() {
    let credential = Credential::named("packed ref name");
    let repository = repository();
    repository.git(&["branch", credential.text()]);
    repository.git(&["pack-refs", "--all"]);
    findings_of(&repository).expect(
        &credential,
        &Place::kind("ref").path(&format!("refs/heads/{credential}")),
    );
}

#[test]
fn the_name_of_a_file() {
    let credential = Credential::named("file name");
    let repository = repository();
    let name = format!("exports/backup-{credential}.json");
    let commit = repository.commit_file(&name, "{}\n");
    repository.remove(&name).commit("remove it");
    findings_of(&repository).expect(
        &credential,
        &Place::kind("path")
            .path(&name)
            .line(1)
            .column(8)
            .commit(&commit)
            .field("in_head", false)
            .reachable(),
    );
}

#[test]
fn the_name_of_a_folder() {
    let credential = Credential::named("folder name");
    let repository = repository();
    let commit = repository.commit_file(&format!("old/{credential}/export.json"), "{}\n");
    findings_of(&repository).expect(
        &credential,
        &Place::kind("path")
            .path(&format!("old/{credential}"))
            .commit(&commit)
            .reachable(),
    );
}

#[test]
fn a_name_in_many_trees_is_one_place() {
    let credential = Credential::named("name in many trees");
    let repository = repository();
    let name = format!("{credential}.txt");
    let commit = repository.commit_file(&name, "1\n");
    for round in 2..5 {
        repository.commit_file(&name, format!("{round}\n"));
    }
    let report = findings_of(&repository);
    report.expect(
        &credential,
        &Place::kind("path").path(&name).commit(&commit),
    );
    assert_eq!(
        report.locations(&credential).len(),
        1,
        "{}",
        report.overview()
    );
}

#[test]
fn the_name_of_a_file_in_a_tree_that_no_commit_has() {
    let credential = Credential::named("lost name");
    let repository = repository();
    let name = format!("{credential}.txt");
    repository.write(&name, "x\n");
    repository.git(&["add", "."]);
    repository.git(&["write-tree"]);
    repository.git(&["rm", "--quiet", "--cached", &name]);
    std::fs::remove_file(repository.path(&name)).expect("the file");
    findings_of(&repository).expect(&credential, &Place::kind("path").path(&name).unreachable());
}

#[test]
fn the_name_of_an_untracked_file() {
    let credential = Credential::named("untracked name");
    let repository = repository();
    let name = format!("new/{credential}.txt");
    repository.write(&name, "x\n");
    findings_of(&repository).expect(&credential, &Place::kind("path").path(&name).column(1));
}

#[test]
fn the_name_of_a_staged_file() {
    let credential = Credential::named("staged name");
    let repository = repository();
    let name = format!("{credential}/x.txt");
    repository.write(&name, "x\n");
    repository.git(&["add", "."]);
    let report = leakward(repository.sandbox())
        .args(["scan", "--staged", "--reveal", "--format", "json"])
        .arg(repository.folder())
        .run();
    let report = report.expect_status(1).report();
    report.expect(&credential, &Place::kind("path").path(credential.text()));
}

#[test]
fn a_name_that_only_a_range_of_commits_brings() {
    let credential = Credential::named("name in a range");
    let repository = repository();
    let name = format!("{credential}.txt");
    let commit = repository.commit_file(&name, "x\n");
    repository.commit_file("other.txt", "y\n");
    let scan = |range: &str| {
        leakward(repository.sandbox())
            .args(["scan", "--range", range, "--reveal", "--format", "json"])
            .arg(repository.folder())
            .run()
    };
    let report = scan("HEAD~2..HEAD~1").expect_status(1).report();
    report.expect(
        &credential,
        &Place::kind("path").path(&name).commit(&commit),
    );
}

#[test]
fn the_name_of_a_file_in_a_plain_folder() {
    let credential = Credential::named("name in a folder");
    let sandbox = Sandbox::new();
    sandbox.write(&format!("folder/sub/{credential}.txt"), "x\n");
    let report = leakward(&sandbox)
        .args(["scan", "--reveal", "--format", "json", "folder"])
        .run();
    let report = report.expect_status(1).report();
    let path = format!("sub/{credential}.txt");
    report.expect(&credential, &Place::kind("path").path(&path));
}
