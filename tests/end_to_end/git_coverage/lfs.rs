//! Git LFS: a pointer stands for a file that may or may not be on this disk.

use std::fs;

use leakward_tests::{Credential, Place, Repository, lfs_object};

use crate::{scan, scan_with};

/// A repository with a pointer at `data/dump.sql`; returns it and the object's name.
fn with_pointer(content: &str) -> (Repository, String) {
    let repository = Repository::new();
    let (name, pointer) = lfs_object(content.as_bytes());
    repository.write(
        ".gitattributes",
        "*.sql filter=lfs diff=lfs merge=lfs -text\n",
    );
    repository.commit_file("data/dump.sql", pointer);
    (repository, name)
}

#[test]
fn a_pointer_whose_object_is_on_disk() {
    let credential = Credential::named("lfs object");
    let (repository, name) = with_pointer(&credential.file());
    let folder = repository
        .git_dir()
        .join("lfs/objects")
        .join(&name[..2])
        .join(&name[2..4]);
    fs::create_dir_all(&folder).expect("the folder of the object");
    fs::write(folder.join(&name), credential.file()).expect("the object");
    let run = scan(&repository);
    run.expect_status(1).report().expect(
        &credential,
        &Place::kind("lfs").path("data/dump.sql").in_settings(),
    );
}

#[test]
fn a_pointer_without_its_object_is_listed_and_the_scan_is_incomplete() {
    let credential = Credential::named("lfs pointer");
    let (repository, name) = with_pointer(&credential.file());
    let run = scan(&repository);
    let report = run.expect_status(2).report();
    assert!(!report.complete(), "{}", report.overview());
    report.expect_skipped(&["missing", "LFS object", &name[..12], "pointer: blob"]);
    scan_with(&repository, &["--allow-incomplete"]).expect_status(0);
}
