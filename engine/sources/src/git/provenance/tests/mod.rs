//! Provenance in real repositories, and checked against a slow twin on histories made by chance.

mod going_on;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use gix::ObjectId;

use super::{Provenance, Question, Traced};
use crate::git::testbed::{Bench, Testbed};
use crate::git::{NothingKnown, ObjectKinds};
use crate::recording::Recording;

fn ask(bench: &Bench, blobs: &[ObjectId]) -> Provenance {
    let question = Question {
        blobs: blobs.to_vec(),
        ..Question::default()
    };
    let repository = bench.open();
    let answer = Provenance::of(&repository, &question, None);
    // The same from what a scan of everything has learned on the way.
    let kinds = ObjectKinds::ALL.and(ObjectKinds::NAMES);
    let seen = Recording::default();
    let mut covered = repository
        .scan_new_objects(kinds, &NothingKnown, &seen, 2)
        .unwrap();
    let learned = covered.index.take();
    assert!(learned.is_some());
    let from_scan = Provenance::of(&repository, &question, learned);
    for blob in blobs {
        assert_eq!(answer.blob(blob), from_scan.blob(blob));
    }
    answer
}

fn places(traced: &Traced) -> Vec<(&str, Option<ObjectId>, bool)> {
    traced
        .places
        .iter()
        .map(|place| (place.path.as_str(), place.commit, place.in_head))
        .collect()
}

#[test]
fn a_blob_has_every_path_with_the_first_commit_that_had_it_there() {
    let bed = Testbed::new();
    let bench = bed.init("r", &[]);
    let first = bench.commit(&[("a", "text"), ("other", "x")], "first\n\nbody");
    let second = bench.commit(&[("d/e/b", "text")], "second");
    bench.git(&["rm", "-q", "a"]);
    bench.commit(&[("other", "y")], "third");
    let blob = bench.id("HEAD:d/e/b");
    let answer = ask(&bench, &[blob]);
    let traced = answer.blob(&blob).unwrap();
    assert_eq!(
        places(traced),
        [("a", Some(first), false), ("d/e/b", Some(second), true)]
    );
    assert!(traced.reachable);
    assert_eq!(traced.refs, ["HEAD", "main"]);
    let authorship = answer.authorship(&first).unwrap();
    assert_eq!(authorship.author.as_deref(), Some("Ada"));
    assert_eq!(authorship.email.as_deref(), Some("ada@example.com"));
    assert_eq!(
        authorship.date.as_deref(),
        Some("2001-02-03T04:05:06+01:00")
    );
    assert_eq!(authorship.subject.as_deref(), Some("first"));
    assert!(answer.skipped().is_empty());
}

#[test]
fn a_question_about_nothing_costs_nothing() {
    let bed = Testbed::new();
    let bench = bed.init("r", &[]);
    bench.commit(&[("a", "text")], "first");
    let answer = ask(&bench, &[]);
    assert!(answer.blob(&bench.id("HEAD:a")).is_none());
}

#[test]
fn text_of_a_merge_commit_alone_comes_from_the_merge() {
    let bed = Testbed::new();
    let bench = bed.init("r", &[]);
    bench.commit(&[("a", "1")], "first");
    bench.commit_beside(&[("b", "2")]);
    bench.commit(&[("c", "3")], "main");
    bench.git(&["merge", "-q", "--no-commit", "side"]);
    let merge = bench.commit(&[("c", "in the merge alone")], "merge");
    let blob = bench.id("HEAD:c");
    assert_eq!(
        places(ask(&bench, &[blob]).blob(&blob).unwrap()),
        [("c", Some(merge), true)]
    );
}

#[test]
fn a_wrong_clock_does_not_make_a_later_commit_the_first() {
    let bed = Testbed::new();
    let bench = bed.init("r", &[]);
    let first = bench.commit_at(1_000_000_000, &[("a", "text")], "first");
    bench.git(&["rm", "-q", "a"]);
    bench.commit_at(1_000_000_100, &[], "gone");
    bench.commit_at(5, &[("a", "text")], "again, in 1970");
    let blob = bench.id("HEAD:a");
    assert_eq!(
        places(ask(&bench, &[blob]).blob(&blob).unwrap()),
        [("a", Some(first), true)]
    );
}

#[test]
fn the_refs_that_reach_a_blob_are_named_shortest_first_and_counted() {
    let bed = Testbed::new();
    let bench = bed.init("r", &[]);
    bench.commit(&[("base", "1")], "first");
    bench.git(&["checkout", "-q", "-b", "topic"]);
    bench.commit(&[("a", "text")], "second");
    for name in ["v1", "release-1.0", "v2", "v3", "v4", "v5"] {
        bench.git(&["tag", "-a", name, "-m", "x"]);
    }
    bench.git(&["update-ref", "refs/pull/7/head", "HEAD"]);
    bench.git(&["checkout", "-q", "main"]);
    let blob = bench.id("topic:a");
    let answer = ask(&bench, &[blob]);
    let traced = answer.blob(&blob).unwrap();
    assert_eq!(traced.refs, ["v1", "v2", "v3", "v4", "v5"]);
    assert_eq!(traced.more_refs, 3);
    assert_eq!(places(traced), [("a", Some(bench.id("topic")), false)]);
}

#[test]
fn what_no_ref_reaches_is_traced_to_the_commit_that_was_left_behind() {
    let bed = Testbed::new();
    let bench = bed.init("r", &[]);
    bench.commit(&[("a", "1")], "first");
    bench.git(&["checkout", "-q", "--detach"]);
    let left = bench.commit(&[("d/secret", "text")], "left behind");
    let blob = bench.id("HEAD:d/secret");
    bench.write("never-committed", "in the database only");
    let loose = ObjectId::from_hex(
        bench
            .git(&["hash-object", "-w", "never-committed"])
            .as_bytes(),
    )
    .unwrap();
    bench.git(&["checkout", "-q", "main"]);
    let answer = ask(&bench, &[blob, loose]);
    let traced = answer.blob(&blob).unwrap();
    assert_eq!(places(traced), [("d/secret", Some(left), false)]);
    assert!(!traced.reachable && traced.refs.is_empty());
    assert_eq!(
        answer.authorship(&left).unwrap().subject.as_deref(),
        Some("left behind")
    );
    assert_eq!(answer.blob(&loose), Some(&Traced::default()));
}

#[test]
fn messages_of_commits_and_tags_are_traced_to_their_refs() {
    let bed = Testbed::new();
    let bench = bed.init("r", &[]);
    let first = bench.commit(&[], "first");
    bench.commit(&[], "second");
    bench.git(&["tag", "-a", "v1", "-m", "the tag's text"]);
    bench.git(&["tag", "-a", "v1-again", "v1", "-m", "a tag of a tag"]);
    bench.git(&["checkout", "-q", "--detach"]);
    let left = bench.commit(&[], "left behind");
    bench.git(&["checkout", "-q", "main"]);
    let tag = bench.id("v1");
    let question = Question {
        commits: vec![first, left, first],
        tags: vec![tag],
        ..Question::default()
    };
    let answer = Provenance::of(&bench.open(), &question, None);
    assert_eq!(
        answer.commit(&first).unwrap().refs,
        ["v1", "HEAD", "main", "v1-again"]
    );
    assert!(!answer.commit(&left).unwrap().reachable);
    assert_eq!(
        answer.authorship(&left).unwrap().subject.as_deref(),
        Some("left behind")
    );
    assert_eq!(answer.tag(&tag).unwrap().refs, ["v1", "v1-again"]);
    assert_eq!(
        answer.authorship(&tag).unwrap().subject.as_deref(),
        Some("the tag's text")
    );
    assert_eq!(
        answer.authorship(&tag).unwrap().author.as_deref(),
        Some("Ada")
    );
}

#[test]
fn names_of_files_and_folders_are_traced_whatever_is_in_them() {
    let bed = Testbed::new();
    let bench = bed.init("r", &[]);
    let first = bench.commit(&[("x/name", "1"), ("folder/a", "2")], "first");
    bench.commit(&[("x/name", "changed"), ("folder/a", "changed")], "second");
    let third = bench.commit(&[("y/name/inner", "3")], "third");
    bench.git(&["rm", "-rq", "x"]);
    bench.commit(&[], "fourth");
    let question = Question {
        names: vec!["name".into(), "folder".into()],
        ..Question::default()
    };
    let answer = Provenance::of(&bench.open(), &question, None);
    let found = answer.name(b"name").unwrap();
    assert_eq!(
        places(found),
        [
            ("x/name", Some(first), false),
            ("y/name", Some(third), true)
        ]
    );
    assert_eq!(
        places(answer.name(b"folder").unwrap()),
        [("folder", Some(first), true)]
    );
}

#[test]
fn blobs_that_refs_name_directly_or_through_a_tree_are_reachable() {
    let bed = Testbed::new();
    let bench = bed.init("r", &[]);
    let commit = bench.commit(&[("d/a", "text")], "first");
    let (blob, tree) = (bench.id("HEAD:d/a"), bench.id("HEAD^{tree}"));
    bench.git(&["tag", "blob", &blob.to_string()]);
    bench.git(&["tag", "-a", "tree", &tree.to_string(), "-m", "x"]);
    bench.git(&["update-ref", "-d", "refs/heads/main"]);
    let answer = ask(&bench, &[blob]);
    let traced = answer.blob(&blob).unwrap();
    assert_eq!(places(traced), [("d/a", Some(commit), false)]);
    assert!(
        traced.reachable,
        "by the tree, although nothing reaches the commit any more"
    );
    let mut refs = traced.refs.clone();
    refs.sort();
    assert_eq!(refs, ["refs/tags/blob", "refs/tags/tree"]);
}

#[test]
fn of_a_shallow_clone_the_boundary_is_the_first_commit() {
    let bed = Testbed::new();
    let bench = bed.init("r", &[]);
    bench.commit(&[("a", "text")], "first");
    let second = bench.commit(&[("b", "1")], "second");
    bench.commit(&[("b", "2")], "third");
    let url = format!("file://{}", bench.root().display());
    bench.git(&["clone", "-q", "--depth=2", &url, "../shallow"]);
    let blob = bench.id("HEAD:a");
    let answer = ask(&bed.at("shallow"), &[blob]);
    assert_eq!(
        places(answer.blob(&blob).unwrap()),
        [("a", Some(second), true)]
    );
    assert!(answer.skipped().is_empty());
}

#[test]
fn a_tree_that_is_gone_is_told_and_the_rest_is_traced() {
    let bed = Testbed::new();
    let bench = bed.init("r", &[]);
    let first = bench.commit(&[("lost/x", "1"), ("kept/y", "text")], "first");
    let blob = bench.id("HEAD:kept/y");
    let lost = bench.id("HEAD:lost");
    std::fs::remove_file(bench.loose_file(&lost)).unwrap();
    let answer = ask(&bench, &[blob]);
    assert_eq!(
        places(answer.blob(&blob).unwrap()),
        [("kept/y", Some(first), true)]
    );
    assert_eq!(answer.skipped().len(), 1);
}

#[test]
fn a_tree_that_holds_itself_many_times_over_does_not_hang() {
    let bed = Testbed::new();
    let bench = bed.init("r", &[]);
    bench.write("leaf", "text");
    let blob = bench.git(&["hash-object", "-w", "leaf"]);
    let mut tree = format!("100644 blob {blob}\tleaf");
    for _ in 0..12 {
        std::fs::write(bed.path().join("listing"), format!("{tree}\n")).unwrap();
        let made = std::process::Command::new("git")
            .args(["mktree"])
            .current_dir(bench.root())
            .stdin(std::fs::File::open(bed.path().join("listing")).unwrap())
            .output()
            .unwrap();
        let id = String::from_utf8(made.stdout).unwrap();
        tree = (0..10)
            .map(|number| format!("040000 tree {}\t{number}", id.trim()))
            .collect::<Vec<_>>()
            .join("\n");
    }
    let top = tree.split([' ', '\t']).nth(2).unwrap().to_owned();
    let commit = bench.git(&["commit-tree", &top, "-m", "bomb"]);
    bench.git(&["update-ref", "refs/heads/main", &commit]);
    let blob = ObjectId::from_hex(blob.as_bytes()).unwrap();
    let answer = ask(&bench, &[blob]);
    let traced = answer.blob(&blob).unwrap();
    assert_eq!(
        traced.places.len(),
        bench.open().limits().max_locations_per_finding
    );
    assert!(traced.more_places > 0);
    assert_eq!(answer.skipped()[0].kind, leakward_core::SkippedKind::Limit);
}

/// The slow twin: every tree of every commit, listed by git.
struct Twin {
    /// Commits with their parents, in an order in which parents come first and corrected dates grow.
    order: Vec<(ObjectId, Vec<ObjectId>)>,
    /// What each commit holds.
    contents: HashMap<ObjectId, BTreeSet<(String, ObjectId)>>,
}

impl Twin {
    fn of(bench: &Bench) -> Self {
        let listed = bench.git(&[
            "rev-list",
            "--all",
            "--topo-order",
            "--reverse",
            "--format=%H %ct %P",
            "--no-commit-header",
        ]);
        let id = |text: &str| ObjectId::from_hex(text.as_bytes()).unwrap();
        let mut corrected: BTreeMap<ObjectId, i64> = BTreeMap::new();
        let mut order = Vec::new();
        let mut contents = HashMap::new();
        for line in listed.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let parents: Vec<ObjectId> = words[2..].iter().map(|text| id(text)).collect();
            let after = parents
                .iter()
                .map(|parent| corrected[parent] + 1)
                .max()
                .unwrap_or(i64::MIN);
            corrected.insert(id(words[0]), after.max(words[1].parse().unwrap()));
            order.push((id(words[0]), parents));
            let tree = bench.git(&["ls-tree", "-r", "--format=%(objectname) %(path)", words[0]]);
            let entries = tree.lines().map(|line| line.split_once(' ').unwrap());
            contents.insert(
                id(words[0]),
                entries
                    .map(|(blob, path)| (path.to_owned(), id(blob)))
                    .collect(),
            );
        }
        order.sort_by_key(|(commit, _)| (corrected[commit], *commit));
        Self { order, contents }
    }

    fn blobs(&self) -> Vec<ObjectId> {
        let all: BTreeSet<ObjectId> = self
            .contents
            .values()
            .flatten()
            .map(|(_, blob)| *blob)
            .collect();
        all.into_iter().collect()
    }

    fn places(&self, wanted: &ObjectId, head: &ObjectId) -> BTreeSet<(String, ObjectId, bool)> {
        let mut first: BTreeMap<&str, ObjectId> = BTreeMap::new();
        for (commit, _) in &self.order {
            for (path, _) in self.contents[commit]
                .iter()
                .filter(|(_, blob)| blob == wanted)
            {
                first.entry(path).or_insert(*commit);
            }
        }
        first
            .into_iter()
            .map(|(path, commit)| {
                let in_head = self.contents[head].contains(&(path.to_owned(), *wanted));
                (path.to_owned(), commit, in_head)
            })
            .collect()
    }
}

#[test]
fn histories_made_by_chance_are_traced_as_the_slow_twin_says() {
    for seed in 0..3 {
        let bed = Testbed::new();
        let bench = bed.init("r", &[]);
        bench.import_by_chance(seed, 70);
        bench.git(&["reset", "-q", "--hard", "b1"]);
        bench.git(&["repack", "-adq"]);
        let twin = Twin::of(&bench);
        let blobs = twin.blobs();
        assert!(blobs.len() > 20);
        let answer = ask(&bench, &blobs);
        for blob in &blobs {
            let traced = answer.blob(blob).unwrap();
            let found: BTreeSet<(String, ObjectId, bool)> = traced
                .places
                .iter()
                .map(|place| (place.path.clone(), place.commit.unwrap(), place.in_head))
                .collect();
            assert_eq!(
                found,
                twin.places(blob, &bench.id("HEAD")),
                "seed {seed}, blob {blob}"
            );
            assert_eq!(found.len(), traced.places.len());
        }
        refs_are_as_git_says(&bench, &answer, &blobs, seed);
    }
}

/// Asks git for each ref on its own whether it reaches each blob.
fn refs_are_as_git_says(bench: &Bench, answer: &Provenance, blobs: &[ObjectId], seed: u64) {
    let mut reaching: HashMap<ObjectId, BTreeSet<String>> = HashMap::new();
    let refs = bench.git(&["for-each-ref", "--format=%(refname)"]);
    for name in refs.lines().chain(["HEAD"]) {
        let objects = bench.git(&["rev-list", "--objects", "--no-object-names", name]);
        for object in objects.lines() {
            let id = ObjectId::from_hex(object.as_bytes()).unwrap();
            let short = name
                .trim_start_matches("refs/heads/")
                .trim_start_matches("refs/");
            reaching.entry(id).or_default().insert(short.to_owned());
        }
    }
    for blob in blobs {
        let traced = answer.blob(blob).unwrap();
        let expected = &reaching[blob];
        assert_eq!(
            traced.refs.len() as u64 + traced.more_refs,
            expected.len() as u64,
            "seed {seed}, blob {blob}"
        );
        assert!(
            traced.refs.iter().all(|name| expected.contains(name)),
            "seed {seed}: {:?}",
            traced.refs
        );
    }
}
