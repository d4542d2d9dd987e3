//! The scan cache: the next scan looks at new objects only, and says the same as one that looks at everything.

use std::fs;
use std::path::PathBuf;

use leakward_tests::{Credential, Report, Repository};

use crate::scan_with;

/// A packed repository of thirty commits, one of which leaks the credential.
fn repository_with(credential: &Credential) -> Repository {
    let repository = Repository::new();
    for number in 0..30 {
        repository.commit_file(
            &format!("file{number}.txt"),
            format!("text number {number}\n"),
        );
    }
    repository.commit_file("settings.py", credential.file());
    repository.commit_file("settings.py", "# cleaned up\n");
    repository.pack();
    repository
}

fn report(repository: &Repository, arguments: &[&str], status: i32) -> Report {
    let run = scan_with(repository, arguments);
    run.expect_status(status);
    run.report()
}

fn count(report: &Report, name: &str) -> u64 {
    report.value()["stats"][name].as_u64().expect("a number")
}

/// The findings without the order of the run's own numbers.
fn findings(report: &Report) -> String {
    format!("{:?}", report.findings())
}

fn caches(repository: &Repository) -> Vec<PathBuf> {
    let folder = repository.sandbox().cache().join("leakward");
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

#[test]
fn a_second_scan_looks_at_what_is_new_and_says_the_same_as_one_without_a_cache() {
    let (old, new) = (Credential::named("old"), Credential::named("new"));
    let repository = repository_with(&old);
    let first = report(&repository, &[], 1);
    assert_eq!(count(&first, "known"), 0);

    let second = report(&repository, &[], 1);
    assert_eq!(findings(&second), findings(&first));
    assert_eq!(count(&second, "commits"), 0);
    assert_eq!(count(&second, "blobs"), 1, "the one with the finding");
    assert!(count(&second, "known") > 60);

    repository.commit_file("more.py", new.file());
    let third = report(&repository, &[], 1);
    assert_eq!(count(&third, "commits"), 1);
    assert!(third.holds(&old) && third.holds(&new));
    let without = report(&repository, &["--no-cache"], 1);
    assert_eq!(findings(&third), findings(&without));
    assert_eq!(count(&without, "known"), 0);
}

#[test]
fn the_same_objects_in_another_pack_are_known() {
    let repository = repository_with(&Credential::named("repacked"));
    let first = report(&repository, &[], 1);
    // Reading what is known is worth it only from some thousands of objects on.
    for number in 0..2_000 {
        let _id = repository.store_blob(format!("a lost text, number {number}"));
    }
    let _loose_ones = report(&repository, &[], 1);
    repository.git(&["repack", "-a", "-d", "--keep-unreachable"]);
    repository.git(&["prune-packed"]);
    let repacked = report(&repository, &[], 1);
    assert_eq!(findings(&repacked), findings(&first));
    assert_eq!(count(&repacked, "blobs"), 1, "the one with the finding");
}

#[test]
fn other_rules_and_settings_begin_anew() {
    let credential = Credential::named("other rules");
    let repository = repository_with(&credential);
    let first = report(&repository, &[], 1);
    let rule = first.finding(&credential)["rule"]
        .as_str()
        .expect("a rule")
        .to_owned();
    // A rule for tokens of any kind still finds it.
    let without = report(&repository, &["--disable-rule", &rule], 1);
    assert_eq!(count(&without, "known"), 0);
    let sensitive = report(&repository, &["--sensitivity", "high"], 1);
    assert_eq!(count(&sensitive, "known"), 0);
    assert!(count(&report(&repository, &[], 1), "known") > 60);
}

#[test]
fn a_cache_holds_no_byte_of_what_was_scanned() {
    let credential = Credential::named("not in the cache");
    let repository = repository_with(&credential);
    report(&repository, &[], 1);
    let caches = caches(&repository);
    assert_eq!(caches.len(), 1);
    let bytes = fs::read(&caches[0]).expect("the cache");
    for text in [credential.text(), "settings.py", "text number"] {
        assert!(
            !bytes
                .windows(text.len())
                .any(|window| window == text.as_bytes()),
            "{text}"
        );
    }
}

#[test]
fn a_damaged_cache_costs_time_and_nothing_else() {
    let repository = repository_with(&Credential::named("damaged cache"));
    let first = report(&repository, &[], 1);
    for damage in [b"no database at all".to_vec(), Vec::new()] {
        fs::write(&caches(&repository)[0], damage).expect("the cache");
        let next = report(&repository, &[], 1);
        assert_eq!(findings(&next), findings(&first));
        assert_eq!(count(&next, "known"), 0);
        assert!(count(&report(&repository, &[], 1), "known") > 60);
    }
}

#[test]
fn one_file_serves_every_clone() {
    let credential = Credential::named("shared cache");
    let repository = repository_with(&credential);
    let file = repository.sandbox().path("shared.redb");
    let arguments = ["--cache", file.to_str().expect("a path")];
    let first = report(&repository, &arguments, 1);
    let clone = repository.neighbour("clone");
    clone.git(&["pull", "--quiet", &repository.folder().to_string_lossy()]);
    clone.git(&["repack", "-a", "-d"]);
    let _begun = report(&clone, &arguments, 1);
    let again = report(&clone, &arguments, 1);
    assert!(count(&again, "known") > 60);
    assert!(again.holds(&credential) && first.holds(&credential));
}

#[test]
fn what_cannot_be_read_is_told_every_time() {
    let repository = repository_with(&Credential::named("damaged object"));
    let id = repository.store_blob("a text that will be damaged");
    let path = repository.loose_object(&id);
    let mut permissions = fs::metadata(&path).expect("the object").permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o644);
    fs::set_permissions(&path, permissions).expect("the object");
    fs::write(&path, "damage").expect("the object");
    for _ in 0..2 {
        report(&repository, &[], 2).expect_skipped(&[&id]);
    }
}

#[test]
fn a_suppressed_finding_is_counted_every_time() {
    let repository = Repository::new();
    let credential = Credential::named("allowed by a comment");
    let text = format!("token = \"{credential}\"  # leakward:allow\n");
    repository.commit_file("settings.py", text);
    repository.pack();
    let counts = [0, 1].map(|_| count(&report(&repository, &[], 0), "suppressed"));
    assert!(counts[0] > 0);
    assert_eq!(counts[0], counts[1]);
}
