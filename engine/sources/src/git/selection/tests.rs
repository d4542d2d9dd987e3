//! Selections from real repositories, checked against what git says is in them.

use std::collections::BTreeSet;

use gix::ObjectId;
use leakward_core::SkippedKind;

use super::painted::{self, Sides};
use super::select::{all_new_trees, compare};
use super::{Scope, ScopeError, Selection};
use crate::git::lookup::Lookup;
use crate::git::testbed::{Bench, Testbed};

fn range(bench: &Bench, written: &str) -> Selection {
    Selection::of(&bench.open(), &Scope::range(written).unwrap()).unwrap()
}

fn ids(printed: &str) -> BTreeSet<ObjectId> {
    printed
        .lines()
        .filter_map(|line| ObjectId::from_hex(line.split(' ').next()?.as_bytes()).ok())
        .collect()
}

fn set(ids: &[ObjectId]) -> BTreeSet<ObjectId> {
    ids.iter().copied().collect()
}

/// The blobs in the trees of some commits, one `git ls-tree` each.
fn blobs_of(bench: &Bench, commits: &BTreeSet<ObjectId>) -> BTreeSet<ObjectId> {
    commits
        .iter()
        .flat_map(|commit| {
            ids(&bench.git(&[
                "ls-tree",
                "-r",
                "--format=%(objectname)",
                &commit.to_string(),
            ]))
        })
        .collect()
}

#[test]
fn a_range_has_the_commits_and_the_new_blobs_of_its_one_side() {
    let bed = Testbed::new();
    let bench = bed.init("r", &[]);
    bench.commit(&[("old", "old"), ("d/old", "also old")], "first");
    bench.git(&["branch", "base"]);
    let second = bench.commit(&[("d/new", "new")], "second");
    let third = bench.commit(&[("d/new", "newer")], "third");
    let selection = range(&bench, "base..main");
    assert_eq!(set(&selection.commits), [second, third].into());
    assert_eq!(
        set(&selection.blobs),
        [bench.id("main~1:d/new"), bench.id("main:d/new")].into()
    );
    assert_eq!(range(&bench, "base..").blobs, selection.blobs);
    assert_eq!(range(&bench, "main..base"), Selection::default());
    assert!(selection.skipped.is_empty());
}

#[test]
fn text_that_stands_in_a_merge_commit_alone_is_selected() {
    let bed = Testbed::new();
    let bench = bed.init("r", &[]);
    bench.commit(&[("a", "1")], "first");
    bench.commit_beside(&[("b", "2")]);
    bench.commit(&[("c", "3")], "main");
    bench.git(&["merge", "-q", "--no-commit", "side"]);
    let merge = bench.commit(&[("c", "only in the merge")], "merge");
    let selection = range(&bench, "main~1..main");
    assert!(selection.commits.contains(&merge));
    assert!(selection.blobs.contains(&bench.id("main:c")));
    assert!(!selection.blobs.contains(&bench.id("main~1:c")));
}

#[test]
fn a_rename_brings_nothing_and_a_rename_with_an_edit_does() {
    let bed = Testbed::new();
    let bench = bed.init("r", &[]);
    bench.commit(
        &[
            ("a", "text"),
            ("folder/x", "1"),
            ("folder/y", "2"),
            ("b", "3"),
        ],
        "first",
    );
    for (from, to) in [("a", "moved"), ("folder", "elsewhere"), ("b", "edited")] {
        bench.git(&["mv", from, to]);
    }
    bench.commit(&[("edited", "3 and more")], "second");
    assert_eq!(range(&bench, "main~1..").blobs, [bench.id("HEAD:edited")]);
}

#[test]
fn a_symmetric_range_has_both_sides() {
    let bed = Testbed::new();
    let bench = bed.init("r", &[]);
    bench.commit(&[("a", "1")], "first");
    let side = bench.commit_beside(&[("b", "2")]);
    let main = bench.commit(&[("c", "3")], "main");
    assert_eq!(
        set(&range(&bench, "main...side").commits),
        [side, main].into()
    );
    assert_eq!(set(&range(&bench, "main..side").commits), [side].into());
}

#[test]
fn since_a_revision_has_what_all_refs_reach_beyond_it() {
    let bed = Testbed::new();
    let bench = bed.init("r", &[]);
    let first = bench.commit(&[("a", "1")], "first");
    bench.git(&["tag", "-a", "old", "-m", "old"]);
    bench.git(&["checkout", "-q", "-b", "side"]);
    let side = bench.commit(&[("b", "2")], "side");
    bench.git(&["tag", "-a", "new", "-m", "new"]);
    bench.git(&["checkout", "-q", "main"]);
    bench.write("a", "stashed");
    bench.git(&["stash", "push", "-q"]);
    let selection = Selection::of(&bench.open(), &Scope::Since(first.to_string())).unwrap();
    assert!(selection.commits.contains(&side));
    assert!(selection.blobs.contains(&bench.id("stash:a")));
    assert_eq!(selection.tags, [bench.id("new")]);
    assert!(!selection.commits.contains(&first));
}

#[test]
fn reachable_is_what_git_reaches_from_all_refs_and_the_index() {
    let bed = Testbed::new();
    let bench = bed.init("r", &[]);
    bench.import_by_chance(1, 40);
    bench.git(&["reset", "-q", "--hard", "b0"]);
    bench.git(&["notes", "add", "-m", "note"]);
    bench.git(&["tag", "-a", "t", "-m", "t"]);
    bench.git(&["tag", "blob", "HEAD:z"]);
    bench.write("staged", "only staged");
    bench.git(&["add", "staged"]);
    bench.git(&["repack", "-adq"]);
    let selection = Selection::of(&bench.open(), &Scope::Reachable).unwrap();
    let of_kind = |kind: &str| {
        let listed = bench.git(&[
            "rev-list",
            "--all",
            "--objects",
            "--indexed-objects",
            "--no-object-names",
            &format!("--filter=object:type={kind}"),
            "--filter-provided-objects",
        ]);
        ids(&listed)
    };
    assert_eq!(set(&selection.blobs), of_kind("blob"));
    assert_eq!(set(&selection.trees), of_kind("tree"));
    assert_eq!(set(&selection.commits), of_kind("commit"));
    assert_eq!(set(&selection.tags), of_kind("tag"));
    assert!(selection.skipped.is_empty());
}

#[test]
fn ranges_of_histories_made_by_chance_are_what_git_says() {
    for seed in 0..6 {
        let bed = Testbed::new();
        let bench = bed.init("r", &[]);
        bench.import_by_chance(seed, 60);
        let repository = bench.open();
        let lookup = Lookup::new(&repository);
        for (from, to) in [
            ("b0", "b1"),
            ("b2", "b3"),
            ("keep/20", "b0"),
            ("b1", "keep/50"),
        ] {
            let (from, to) = (
                bench.id(&format!("refs/{}", full(from))),
                bench.id(&format!("refs/{}", full(to))),
            );
            let wanted = ids(&bench.git(&["rev-list", &format!("{from}..{to}")]));
            let painted = painted::paint(&repository, &lookup, &[to], &[from], Sides::WantedOnly);
            let commits: BTreeSet<ObjectId> = painted.wanted.iter().map(|(id, _)| *id).collect();
            assert_eq!(commits, wanted, "seed {seed}, {from}..{to}");

            let boundary = ids(&bench
                .git(&["rev-list", "--parents", &format!("{from}..{to}")])
                .replace(' ', "\n"));
            let outside: BTreeSet<ObjectId> = boundary.difference(&wanted).copied().collect();
            let mut new = blobs_of(&bench, &wanted);
            for old in blobs_of(&bench, &outside) {
                new.remove(&old);
            }
            assert_eq!(
                set(&all_new_trees(&repository, &painted).blobs),
                new,
                "seed {seed}"
            );

            // Comparing with parents may add what came back from further away; it never leaves anything out.
            let compared = set(&compare(&repository, &painted).blobs);
            assert!(compared.is_superset(&new), "seed {seed}");
            assert!(compared.is_subset(&blobs_of(&bench, &wanted)));
        }
    }
}

fn full(name: &str) -> String {
    if name.contains('/') {
        name.to_owned()
    } else {
        format!("heads/{name}")
    }
}

#[test]
fn an_unknown_revision_is_named_and_a_shallow_clone_says_how_to_get_it() {
    let bed = Testbed::new();
    let bench = bed.init("r", &[]);
    bench.commit(&[("a", "1")], "first");
    bench.commit(&[("a", "2")], "second");
    let error = Selection::of(&bench.open(), &Scope::range("nowhere..main").unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "there is no revision \"nowhere\" here");
    let url = format!("file://{}", bench.root().display());
    bench.git(&["clone", "-q", "--depth=1", &url, "../shallow"]);
    let error = Selection::of(
        &bed.at("shallow").open(),
        &Scope::Since("main~1".to_owned()),
    )
    .unwrap_err();
    assert!(
        error.to_string().contains("git fetch --unshallow"),
        "{error}"
    );
    let error = Selection::of(&bench.open(), &Scope::Since("main:a".to_owned())).unwrap_err();
    assert!(matches!(error, ScopeError::NotACommit { .. }));
}

#[test]
fn of_a_shallow_clone_the_boundary_commits_are_selected_whole() {
    let bed = Testbed::new();
    let bench = bed.init("r", &[]);
    bench.commit(&[("old", "old")], "first");
    bench.commit(&[("a", "1")], "second");
    bench.git(&["tag", "-a", "here", "-m", "x"]);
    let url = format!("file://{}", bench.root().display());
    bench.git(&["clone", "-q", "--depth=1", &url, "../shallow"]);
    let selection = Selection::of(&bed.at("shallow").open(), &Scope::Reachable).unwrap();
    assert_eq!(
        set(&selection.blobs),
        [bench.id("main:old"), bench.id("main:a")].into()
    );
    assert!(selection.skipped.is_empty());
}

#[test]
fn a_tree_that_is_gone_is_told_and_the_rest_is_selected() {
    let bed = Testbed::new();
    let bench = bed.init("r", &[]);
    bench.commit(&[("lost/x", "1"), ("kept/y", "2")], "first");
    let lost = bench.id("main:lost").to_string();
    std::fs::remove_file(
        bench
            .root()
            .join(".git/objects")
            .join(&lost[..2])
            .join(&lost[2..]),
    )
    .unwrap();
    std::fs::remove_file(bench.root().join(".git/index")).unwrap();
    let selection = Selection::of(&bench.open(), &Scope::Reachable).unwrap();
    assert_eq!(selection.blobs, [bench.id("main:kept/y")]);
    assert_eq!(selection.skipped.len(), 1);
    assert_eq!(selection.skipped[0].kind, SkippedKind::Missing);
    assert!(selection.skipped[0].what.contains(&lost));
}

#[test]
fn a_sha_256_repository_is_selected_from() {
    let bed = Testbed::new();
    let bench = bed.init("r", &["--object-format=sha256"]);
    bench.commit(&[("a", "1")], "first");
    bench.commit(&[("b", "2")], "second");
    assert_eq!(range(&bench, "main~1..").blobs, [bench.id("main:b")]);
}
