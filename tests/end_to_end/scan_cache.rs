//! The scan cache: the next scan looks at new objects only, and says the same as one that looks at everything.

use std::collections::HashSet;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::{Duration, Instant};
use std::{fs, thread};

use leakward_tests::{Credential, Report, Repository};

use crate::{revealing_scan, scan_with};

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
    repository.store_blobs((0..2_000).map(|number| format!("a lost text, number {number}")));
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
    // Of names it holds only the paths of files with findings.
    for text in [credential.text(), "file7.txt", "text number", "cleaned up"] {
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

/// A file that keeps a credential through many versions, and moves.
fn repository_with_versions(credential: &Credential) -> Repository {
    let repository = repository_with(&Credential::named("another one"));
    for number in 0..20 {
        let text = format!("# version {number}\n{}", credential.file());
        repository.commit_file("app/config.py", text);
    }
    repository.git(&["mv", "app/config.py", "app/moved.py"]);
    repository.commit("moved");
    repository.pack();
    repository
}

#[test]
fn of_many_versions_that_hold_the_same_few_are_looked_at_again() {
    let credential = Credential::named("in many versions");
    let repository = repository_with_versions(&credential);
    let first = report(&repository, &[], 1);
    let second = report(&repository, &[], 1);
    assert_eq!(findings(&second), findings(&first));
    let looked_at = count(&second, "blobs");
    assert!(looked_at <= 4, "{looked_at} of more than twenty versions");

    repository.commit_file(
        "app/moved.py",
        format!("# once more\n{}", credential.file()),
    );
    let third = report(&repository, &[], 1);
    assert_eq!(
        findings(&third),
        findings(&report(&repository, &["--no-cache"], 1))
    );
    assert!(count(&third, "blobs") <= 5);
}

#[test]
fn whatever_happens_to_a_repository_the_next_scan_says_what_one_without_a_cache_says() {
    let credential = Credential::named("here and there");
    let repository = repository_with_versions(&credential);
    let file = credential.file();
    let git = |arguments: &[&str]| drop(repository.git(arguments));
    let steps: [(&str, &dyn Fn()); 10] = [
        ("nothing", &|| ()),
        ("a push", &|| drop(repository.commit_file("more.py", &file))),
        ("a branch with an older version", &|| {
            git(&["checkout", "--quiet", "-b", "side", "HEAD~12"]);
            repository.commit_file("app/side.py", format!("# side\n{file}"));
        }),
        ("a merge", &|| {
            git(&["checkout", "--quiet", "-"]);
            git(&["merge", "--quiet", "--no-edit", "side"]);
        }),
        ("a forced push", &|| {
            git(&["reset", "--quiet", "--hard", "HEAD~2"]);
            repository.commit_file("more.py", "# clean\n");
        }),
        ("a deleted branch", &|| {
            git(&["branch", "--quiet", "-D", "side"]);
        }),
        ("another packing", &|| {
            git(&["repack", "-a", "-d", "-q", "--keep-unreachable"]);
        }),
        ("what nothing reaches goes", &|| {
            git(&["reflog", "expire", "--expire=now", "--all"]);
            git(&["gc", "--quiet", "--prune=now"]);
        }),
        ("a tag, and a change to the working tree", &|| {
            git(&["tag", "-a", "v1", "-m", "a tag", "HEAD~3"]);
            repository.write("app/moved.py", format!("# by hand\n{file}"));
        }),
        ("an old version is staged", &|| {
            git(&["checkout", "--quiet", "HEAD~6", "--", "app"]);
        }),
    ];
    report(&repository, &[], 1);
    for (what, step) in steps {
        step();
        let warm = report(&repository, &[], 1);
        let cold = report(&repository, &["--no-cache"], 1);
        assert_eq!(findings(&warm), findings(&cold), "{what}");
        assert_eq!(warm.value()["skipped"], cold.value()["skipped"], "{what}");
        let looked_at = (count(&warm, "blobs"), count(&cold, "blobs"));
        // What was lost may have been all that told where something came in, so that everything is looked at again.
        let is_sure = !what.starts_with("what nothing reaches");
        assert!(
            looked_at.0 < looked_at.1 || !is_sure,
            "{what}: {looked_at:?}"
        );
    }
}

#[test]
fn a_file_that_is_no_cache_is_left_as_it_is() {
    let credential = Credential::named("beside a document");
    let repository = repository_with(&credential);
    let file = repository.sandbox().path("notes.txt");
    fs::write(&file, "not to be lost").expect("the file");
    let run = report(&repository, &["--cache", file.to_str().expect("a path")], 1);
    assert!(run.holds(&credential));
    assert_eq!(fs::read(&file).expect("the file"), b"not to be lost");
    let notes = run.value()["notes"].to_string();
    assert!(
        notes.contains("notes.txt") && notes.contains("no scan cache"),
        "{notes}"
    );
}

#[test]
fn a_cache_that_was_cut_off_is_begun_anew_and_that_is_said() {
    let repository = repository_with(&Credential::named("cut off"));
    let file = repository.sandbox().path("cache.redb");
    let arguments = ["--cache", file.to_str().expect("a path")];
    let first = report(&repository, &arguments, 1);
    let whole = fs::read(&file).expect("the cache");
    fs::write(&file, &whole[..whole.len() / 3]).expect("the cache");
    let next = report(&repository, &arguments, 1);
    assert_eq!(findings(&next), findings(&first));
    assert_eq!(count(&next, "known"), 0);
    assert!(next.value()["notes"].to_string().contains("begun anew"));
    assert!(count(&report(&repository, &arguments, 1), "known") > 60);
}

/// Stores blobs that take a while to be looked at, as one pack; their ids.
fn store_slow_blobs(repository: &Repository, count: usize) -> HashSet<Vec<u8>> {
    let mut stream = String::new();
    for number in 0..count {
        let line = |at: usize| format!("password = \"changeme {number}\" # {at}\n");
        let text: String = (0..80).map(line).collect();
        stream.push_str(&format!("blob\ndata {}\n{text}\n", text.len()));
    }
    repository.git_with_input(&["fast-import", "--quiet", "--depth=0"], stream);
    let listed = repository.git(&["cat-file", "--batch-all-objects", "--batch-check"]);
    let ids = listed
        .lines()
        .filter_map(|line| line.split_once(" blob ")?.0.into());
    let bytes = |id: &str| -> Vec<u8> {
        let pairs = (0..id.len()).step_by(2);
        let byte = |at| u8::from_str_radix(&id[at..at + 2], 16).expect("an id");
        pairs.map(byte).collect()
    };
    ids.map(bytes).collect()
}

/// Lets a process run, or holds it.
fn send(signal: &str, process: &Child) {
    let sent = Command::new("kill")
        .args([signal, &process.id().to_string()])
        .status();
    assert!(sent.is_ok_and(|status| status.success()));
}

#[test]
fn a_scan_that_was_killed_goes_on_where_it_was() {
    let credential = Credential::named("before the kill");
    let repository = Repository::new();
    repository.commit_file("settings.py", credential.file());
    let ids = store_slow_blobs(&repository, 400);
    let started = Instant::now();
    let without = report(&repository, &["--no-cache"], 1);
    // It runs a sixtieth of its time and is held for longer than that, again and again: so the seconds after which something is
    // written down pass before it has ended, whatever machine and build this is.
    let turn = started.elapsed() / 60;
    let file = repository.sandbox().path("cache.redb");
    let cache = ["--cache", file.to_str().expect("a path")];
    let mut scan = revealing_scan(repository.sandbox())
        .args(cache)
        .arg(repository.folder())
        .spawn();
    let mut looked = Vec::new();
    loop {
        thread::sleep(turn);
        send("-STOP", &scan);
        let ended = scan.try_wait().expect("its state");
        assert!(ended.is_none(), "it ended before anything was written down");
        let bytes = fs::read(&file).unwrap_or_default();
        if bytes != looked && bytes.windows(20).any(|id| ids.contains(id)) {
            break;
        }
        looked = bytes;
        thread::sleep(Duration::from_millis(150));
        send("-CONT", &scan);
    }
    scan.kill().expect("its end");
    scan.wait().expect("its end");

    let next = report(&repository, &cache, 1);
    let (known, all) = (count(&next, "known"), count(&without, "blobs"));
    assert!(known > 0 && count(&next, "blobs") < all, "{known} known");
    assert_eq!(findings(&next), findings(&without));
    assert_eq!(next.value()["skipped"], without.value()["skipped"]);
    let last = report(&repository, &cache, 1);
    assert_eq!(count(&last, "blobs"), 1, "the one with the finding");
}
