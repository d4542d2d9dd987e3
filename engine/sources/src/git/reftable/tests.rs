//! Repositories that git made with a reftable, compared with what git itself says of their refs.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

use gix::hash::Kind;
use leakward_core::SkippedKind;

use super::fault::TableFault;
use super::table::Value;
use super::*;
use crate::git::testbed::{Bench, Testbed};
use crate::git::{Head, ObjectId, Refs, Scope, Selection};

/// A repository with a reftable; nothing where git is older than 2.45, which is said, and fails in CI.
fn init(bed: &Testbed, name: &str, options: &[&str]) -> Option<Bench> {
    let bench = bed.at(name);
    std::fs::create_dir_all(bench.root()).unwrap();
    let arguments = [
        &["init", "-q", "-b", "main", "--ref-format=reftable"],
        options,
    ]
    .concat();
    let output = bench
        .command(&arguments)
        .env("LC_ALL", "C")
        .output()
        .unwrap();
    if output.status.success() {
        return Some(bench);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(is_of_an_older_git(&said), "git {arguments:?}: {said}");
    let in_ci = std::env::var_os("CI").is_some_and(|value| value == "true");
    assert!(!in_ci, "this test needs git 2.45, and CI must not skip it");
    eprintln!("SKIPPED: this test needs git 2.45");
    None
}

/// Whether git says that it has no reftables, or, before 2.44, no such option.
fn is_of_an_older_git(said: &str) -> bool {
    said.contains("unknown ref storage format") || said.contains("unknown option `ref-format")
}

#[test]
#[should_panic(expected = "no-such-format")]
fn a_repository_that_cannot_be_made_is_no_older_git() {
    let bed = Testbed::new();
    init(&bed, "r", &["--object-format=no-such-format"]);
}

#[test]
fn an_older_git_is_known_by_what_it_says() {
    for (said, is_older) in [
        ("fatal: unknown ref storage format 'reftable'\n", true),
        ("error: unknown option `ref-format=reftable'\n", true),
        ("fatal: cannot mkdir r: No space left on device\n", false),
        ("", false),
    ] {
        assert_eq!(is_of_an_older_git(said), is_older, "{said}");
    }
}

/// Names and objects as git lists them, `HEAD` included.
fn as_git_says(bench: &Bench) -> BTreeSet<(String, ObjectId)> {
    let listed = bench.git(&["for-each-ref", "--format=%(refname) %(objectname)"]);
    let head = format!("HEAD {}", bench.id("HEAD"));
    let lines = listed.lines().chain([head.as_str()]);
    lines
        .map(|line| {
            let (name, id) = line.split_once(' ').unwrap();
            (name.to_owned(), ObjectId::from_hex(id.as_bytes()).unwrap())
        })
        .collect()
}

/// Names and objects as we list them, but for what git lists nowhere.
fn as_we_say(bench: &Bench) -> BTreeSet<(String, ObjectId)> {
    let refs = Refs::of(&bench.open());
    assert_eq!(refs.skipped(), []);
    refs.all()
        .iter()
        .filter(|one| one.name == "HEAD" || one.name.starts_with("refs/"))
        .map(|one| (one.name.clone(), one.target))
        .collect()
}

fn update_refs(bench: &Bench, instructions: &str) {
    let mut child = bench
        .command(&["update-ref", "--stdin"])
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(instructions.as_bytes()).unwrap();
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

/// Adds so many refs that they take several blocks and an index.
fn add_many(bench: &Bench, count: usize) {
    let commit = bench.id("HEAD");
    let mut instructions = String::new();
    for number in 0..count {
        writeln!(instructions, "create refs/pull/{number}/head {commit}").unwrap();
    }
    update_refs(bench, &instructions);
}

fn tables(bench: &Bench) -> Vec<PathBuf> {
    let folder = bench.root().join(".git/reftable");
    let list = std::fs::read_to_string(folder.join("tables.list")).unwrap();
    list.lines().map(|name| folder.join(name)).collect()
}

#[test]
fn refs_of_every_kind_are_listed_as_git_lists_them() {
    for options in [&[][..], &["--object-format=sha256"]] {
        let bed = Testbed::new();
        let Some(bench) = init(&bed, "r", options) else {
            return;
        };
        bench.commit(&[("a", "1")], "first");
        bench.commit(&[("a", "2")], "second");
        bench.git(&["tag", "-a", "heavy", "-m", "text"]);
        bench.git(&["tag", "light", "HEAD~1"]);
        bench.git(&["notes", "add", "-m", "note"]);
        bench.git(&[
            "symbolic-ref",
            "refs/remotes/origin/HEAD",
            "refs/heads/main",
        ]);
        bench.git(&["branch", &"a-long-name-".repeat(15)]);
        assert_eq!(as_we_say(&bench), as_git_says(&bench));
        assert_eq!(bench.open().head(), Head::Commit(bench.id("HEAD")));
        assert_eq!(bench.open().shortcomings(), []);
    }
}

#[test]
fn what_a_later_table_says_counts() {
    let bed = Testbed::new();
    let Some(bench) = init(&bed, "r", &[]) else {
        return;
    };
    bench.commit(&[("a", "1")], "first");
    add_many(&bench, 3_000);
    bench.git(&["pack-refs", "--all"]);
    let second = bench.commit(&[("a", "2")], "second");
    bench.git(&["update-ref", "-d", "refs/pull/7/head"]);
    bench.git(&["update-ref", "refs/pull/8/head", &second.to_string()]);
    assert!(tables(&bench).len() > 1, "several tables");
    let ours = as_we_say(&bench);
    assert_eq!(ours, as_git_says(&bench));
    assert!(ours.contains(&("refs/pull/8/head".to_owned(), second)));
    assert!(!ours.iter().any(|(name, _)| name == "refs/pull/7/head"));
}

#[test]
fn blocks_of_every_size_are_read() {
    for size in ["256", "1000", "65536"] {
        let bed = Testbed::new();
        let Some(bench) = init(&bed, "r", &[]) else {
            return;
        };
        bench.git(&["config", "reftable.blockSize", size]);
        bench.commit(&[("a", "1")], "first");
        add_many(&bench, 1_000);
        bench.git(&["pack-refs", "--all"]);
        assert_eq!(as_we_say(&bench), as_git_says(&bench), "{size}");
    }
}

#[test]
fn older_entries_of_the_stash_are_listed_and_dropped_ones_are_not() {
    let bed = Testbed::new();
    let Some(bench) = init(&bed, "r", &[]) else {
        return;
    };
    bench.commit(&[("a", "1")], "first");
    for text in ["2", "3", "4"] {
        bench.write("a", text);
        bench.git(&["stash", "push", "-q"]);
    }
    bench.git(&["stash", "drop", "-q", "stash@{1}"]);
    let (newest, oldest) = (bench.id("stash@{0}"), bench.id("stash@{1}"));
    let refs = Refs::of(&bench.open());
    let stash: Vec<(&str, ObjectId)> = refs
        .all()
        .iter()
        .filter(|one| one.name.contains("stash"))
        .map(|one| (one.name.as_str(), one.target))
        .collect();
    assert_eq!(
        stash,
        [
            ("refs/stash", newest),
            ("stash@{0}", newest),
            ("stash@{1}", oldest)
        ]
    );
}

#[test]
fn each_worktree_has_its_own_head_and_refs() {
    let bed = Testbed::new();
    let Some(bench) = init(&bed, "r", &[]) else {
        return;
    };
    bench.commit(&[("a", "1")], "first");
    bench.git(&["worktree", "add", "-q", "--detach", "../linked"]);
    let linked = bed.at("linked");
    let there = linked.commit(&[("b", "2")], "only there");
    linked.git(&["update-ref", "refs/worktree/mine", "HEAD"]);
    bench.git(&["checkout", "-q", "--detach"]);
    let here = bench.commit(&[("c", "3")], "only here");
    let names = |bench: &Bench, id: ObjectId| -> Vec<String> {
        let refs = Refs::of(&bench.open());
        assert_eq!(refs.skipped(), []);
        let named = refs.all().iter().filter(|one| one.target == id);
        named.map(|one| one.name.clone()).collect()
    };
    assert_eq!(
        names(&bench, there),
        [
            "worktrees/linked/HEAD",
            "worktrees/linked/refs/worktree/mine"
        ]
    );
    assert_eq!(names(&bench, here), ["HEAD"]);
    assert_eq!(names(&linked, there), ["HEAD", "refs/worktree/mine"]);
    assert_eq!(names(&linked, here), ["main-worktree/HEAD"]);
    assert_eq!(linked.open().head(), Head::Commit(there));
    assert_eq!(bench.open().head(), Head::Commit(here));
}

#[test]
fn revisions_by_name_mean_what_git_means() {
    let bed = Testbed::new();
    let Some(bench) = init(&bed, "r", &[]) else {
        return;
    };
    let first = bench.commit(&[("a", "1")], "first");
    bench.git(&["tag", "-a", "v1", "-m", "text"]);
    let second = bench.commit(&[("a", "2")], "second");
    bench.git(&["branch", "topic/x"]);
    bench.git(&["update-ref", "refs/remotes/origin/main", "v1^{commit}"]);
    bench.git(&[
        "symbolic-ref",
        "refs/remotes/origin/HEAD",
        "refs/remotes/origin/main",
    ]);
    let repository = bench.open();
    for (revision, id) in [
        ("HEAD", second),
        ("@", second),
        ("@~1", first),
        ("HEAD^", first),
        ("main", second),
        ("heads/main", second),
        ("refs/heads/topic/x", second),
        ("topic/x~", first),
        ("v1^{commit}", first),
        ("v1", bench.id("v1")),
        ("origin/main", first),
        ("origin", first),
        (second.to_string().as_str(), second),
        (&second.to_string()[..10], second),
    ] {
        let found = crate::git::selection::revision(&repository, revision).unwrap();
        assert_eq!(found, id, "{revision}");
        assert_eq!(bench.id(revision), id, "git says the same of {revision}");
    }
    assert!(crate::git::selection::revision(&repository, "nowhere").is_err());
    let range = Scope::range("v1..topic/x").unwrap();
    assert_eq!(
        Selection::of(&repository, &range).unwrap().commits,
        [second]
    );
    let reachable = Selection::of(&repository, &Scope::Reachable).unwrap();
    assert_eq!(reachable.commits.len(), 2);
}

#[test]
fn a_repository_without_a_commit_has_a_branch_to_come() {
    let bed = Testbed::new();
    let Some(bench) = init(&bed, "r", &[]) else {
        return;
    };
    let repository = bench.open();
    assert_eq!(
        repository.head(),
        Head::Unborn("refs/heads/main".to_owned())
    );
    let refs = Refs::of(&repository);
    assert!(refs.all().is_empty() && refs.skipped().is_empty());
}

#[test]
fn a_damaged_table_is_told_and_what_can_be_read_is_used() {
    let bed = Testbed::new();
    let Some(bench) = init(&bed, "r", &[]) else {
        return;
    };
    bench.commit(&[("a", "1")], "first");
    add_many(&bench, 1_000);
    bench.git(&["pack-refs", "--all"]);
    let table = tables(&bench).remove(0);
    let bytes = std::fs::read(&table).unwrap();
    for length in [0, 10, 30, bytes.len() / 4, bytes.len() - 1] {
        std::fs::write(&table, &bytes[..length]).unwrap();
        let refs = Refs::of(&bench.open());
        assert_eq!(refs.skipped().len(), 1, "{length}");
        assert_eq!(refs.skipped()[0].kind, SkippedKind::Corrupt);
        assert!(refs.skipped()[0].what.starts_with("reftable/0x"));
        assert_eq!(refs.all().is_empty(), length <= 30, "{length}");
    }
    std::fs::remove_file(&table).unwrap();
    let repository = bench.open();
    assert_eq!(repository.head(), Head::Unknown);
    assert_eq!(repository.shortcomings()[0].what, "HEAD");
    assert_eq!(
        Refs::of(&repository).skipped()[0].kind,
        SkippedKind::Unreadable
    );
}

#[test]
fn nothing_outside_of_the_git_folder_is_read() {
    let bed = Testbed::new();
    let (Some(victim), Some(bench)) = (init(&bed, "victim", &[]), init(&bed, "r", &[])) else {
        return;
    };
    let theirs = victim.commit(&[("a", "theirs")], "first");
    bench.commit(&[("a", "ours")], "first");
    let table = tables(&victim).remove(0);
    let folder = bench.root().join(".git/reftable");
    let list = folder.join("tables.list");
    let original = std::fs::read_to_string(&list).unwrap();
    let refused = || {
        let refs = Refs::of(&bench.open());
        assert!(!refs.targets().contains(&theirs));
        assert_eq!(refs.skipped().len(), 1, "{:?}", refs.skipped());
    };
    let relative = format!(
        "../../../victim/.git/reftable/{}",
        table.file_name().unwrap().display()
    );
    assert!(folder.join(&relative).exists());
    for name in [table.display().to_string(), relative] {
        std::fs::write(&list, format!("{original}{name}\n")).unwrap();
        refused();
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&table, folder.join("link.ref")).unwrap();
        std::fs::write(&list, format!("{original}link.ref\n")).unwrap();
        refused();
        std::fs::rename(&folder, bench.root().join(".git/aside")).unwrap();
        std::os::unix::fs::symlink(table.parent().unwrap(), &folder).unwrap();
        refused();
    }
}

#[test]
fn names_that_repeat_each_other_without_end_are_given_up() {
    let bed = Testbed::new();
    let Some(bench) = init(&bed, "r", &[]) else {
        return;
    };
    bench.commit(&[("a", "1")], "first");
    let bytes = std::fs::read(tables(&bench).remove(0)).unwrap();
    let mut little = Allowance::default();
    assert_eq!(Table::read(&bytes, Kind::Sha1, &mut little).fault, None);
    little.spend((1 << 30) - 1_000).unwrap();
    for _ in 0..100 {
        drop(Table::read(&bytes, Kind::Sha1, &mut little));
    }
    let given_up = Table::read(&bytes, Kind::Sha1, &mut little);
    assert_eq!(given_up.fault, Some(TableFault::TooLarge));
}

#[test]
fn a_table_of_another_hash_is_refused() {
    let bed = Testbed::new();
    let Some(bench) = init(&bed, "r", &["--object-format=sha256"]) else {
        return;
    };
    bench.commit(&[("a", "1")], "first");
    let bytes = std::fs::read(tables(&bench).remove(0)).unwrap();
    let read = |hash| Table::read(&bytes, hash, &mut Allowance::default());
    assert_eq!(read(Kind::Sha1).fault, Some(TableFault::OtherHash));
    let refs = read(Kind::Sha256).refs;
    assert!(refs.contains(&("HEAD".into(), Value::Symbolic("refs/heads/main".into()))));
}
