//! Provenance in real repositories, and checked against a slow twin on histories made by chance.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use gix::ObjectId;

use super::{Chronicle, News, Provenance, Question, Traced};
use crate::git::testbed::{Bench, Testbed};
use crate::git::{Known, NothingKnown, ObjectKinds};
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
    bench.git(&["checkout", "-q", "-b", "side"]);
    bench.commit(&[("b", "2")], "side");
    bench.git(&["checkout", "-q", "main"]);
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
    let lost = bench.id("HEAD:lost").to_string();
    std::fs::remove_file(
        bench
            .root()
            .join(".git/objects")
            .join(&lost[..2])
            .join(&lost[2..]),
    )
    .unwrap();
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

/// Goes on with the chronicle of an earlier state, and compares with an answer that knows nothing. Gives back the next chronicle, and whether it
/// was gone on with.
fn next_state(
    bench: &Bench,
    before: Option<(Chronicle, Vec<ObjectId>)>,
    known: &mut BTreeSet<ObjectId>,
) -> (Option<(Chronicle, Vec<ObjectId>)>, bool) {
    let repository = bench.open();
    let kinds = ObjectKinds::ALL.and(ObjectKinds::NAMES);
    let seen = Recording::default();
    let covered = repository
        .scan_new_objects(kinds, &KnownIds(known.clone()), &seen, 2)
        .unwrap();
    let listed = bench.git(&["cat-file", "--batch-all-objects", "--batch-check"]);
    let all: Vec<(ObjectId, &str)> = listed
        .lines()
        .map(|line| {
            let mut words = line.split(' ');
            let id = ObjectId::from_hex(words.next().unwrap().as_bytes()).unwrap();
            (id, words.next().unwrap())
        })
        .collect();
    let blobs: Vec<ObjectId> = all
        .iter()
        .filter(|(_, kind)| *kind == "blob")
        .map(|(id, _)| *id)
        .collect();
    // Every second one is asked for, as if the others held nothing.
    let blobs: Vec<ObjectId> = blobs
        .into_iter()
        .filter(|id| id.as_bytes()[0] % 2 == 0)
        .collect();
    let question = Question {
        blobs: blobs.clone(),
        ..Question::default()
    };
    let (cold, fresh) = Provenance::with_chronicle(&repository, &question, None);
    let was_known = known.clone();
    known.extend(all.iter().map(|(id, _)| *id));
    let gone_on = before.and_then(|(chronicle, _)| {
        chronicle.is_held_by(&repository).then_some(())?;
        let news = News {
            covered: &covered,
            is_new: &|id| !was_known.contains(id),
        };
        Provenance::going_on(&repository, &question, chronicle, &news)
    });
    let Some((mut warm, mut chronicle)) = gone_on else {
        return (fresh.map(|fresh| (fresh, blobs)), false);
    };
    warm.read_authorship(&repository, |_| true);
    for blob in &blobs {
        let (warm_one, cold_one) = (warm.blob(blob).unwrap(), cold.blob(blob).unwrap());
        let without_order = |traced: &Traced| {
            let mut traced = traced.clone();
            traced
                .places
                .iter_mut()
                .for_each(|place| place.order = None);
            traced
        };
        assert_eq!(
            without_order(warm_one),
            without_order(cold_one),
            "blob {blob}"
        );
        let commits = cold_one.places.iter().filter_map(|place| place.commit);
        for commit in commits {
            assert_eq!(warm.authorship(&commit), cold.authorship(&commit));
        }
    }
    // As it comes back from where it was written down.
    let mut whole = chronicle.clone();
    whole.forget_parts();
    let written = whole.part();
    let read =
        Chronicle::from_parts([written.as_slice()].into_iter(), repository.object_hash()).unwrap();
    assert!(chronicle.part().len() <= written.len());
    (Some((read, blobs)), true)
}

/// These ids are known.
struct KnownIds(BTreeSet<ObjectId>);

impl Known for KnownIds {
    fn has_pack(&self, _checksum: &gix::oid) -> bool {
        false
    }

    fn has(&self, id: &gix::oid) -> bool {
        self.0.contains(id)
    }
}

#[test]
fn going_on_says_the_same_as_beginning_anew_whatever_happened_between() {
    for seed in 0..4_u64 {
        let bed = Testbed::new();
        let bench = bed.init("r", &[]);
        bench.import_by_chance(seed, 30);
        bench.git(&["reset", "-q", "--hard", "b1"]);
        let mut known = BTreeSet::new();
        let (mut state, _) = next_state(&bench, None, &mut known);
        assert!(state.is_some());
        let mut times_gone_on = 0;
        for step in 0..10 {
            change(&bench, (seed * 7 + step) % 10, step);
            let (next, gone_on) = next_state(&bench, state, &mut known);
            times_gone_on += usize::from(gone_on);
            state = next;
        }
        assert!(times_gone_on >= 7, "seed {seed}: {times_gone_on} of 10");
    }
}

/// One thing that happens to repositories.
fn change(bench: &Bench, what: u64, step: u64) {
    let text = format!("text {step}\n");
    match what {
        0 => drop(bench.commit(&[("a-new", &text), ("d2/e/f", &text)], "a commit")),
        1 => {
            bench.git(&["checkout", "-q", "-b", &format!("topic{step}"), "b2"]);
            bench.commit(&[("z2", &text)], "on a branch");
            bench.commit(&[("z2", "text 3\n"), ("y", &text)], "on a branch again");
        }
        // Rewritten history: what was there before stays, and nothing reaches it.
        2 => {
            bench.git(&["update-ref", "-d", "refs/heads/b3"]);
            bench.git(&["commit", "-q", "--amend", "--allow-empty", "-m", "amended"]);
        }
        3 => {
            bench.git_may_fail(&["merge", "-q", "--no-edit", "-s", "ours", "b0"]);
        }
        4 => drop(bench.git(&["repack", "-adkq"])),
        5 => {
            bench.git(&["update-ref", "-d", "refs/keep/7"]);
            bench.git(&["update-ref", "-d", "refs/keep/9"]);
        }
        6 => drop(bench.git(&[
            "tag",
            "-a",
            &format!("v{step}"),
            "-m",
            "a tag",
            "refs/keep/5",
        ])),
        7 => drop(bench.git(&[
            "tag",
            "-a",
            &format!("t{step}"),
            "-m",
            "of a tree",
            "refs/keep/4^{tree}",
        ])),
        // What nothing reaches goes: no chronicle that tells of it may be gone on with.
        8 => drop(bench.git(&["-c", "gc.reflogExpire=now", "gc", "-q", "--prune=now"])),
        _ => {
            bench.git(&["checkout", "-q", "--orphan", &format!("orphan{step}")]);
            bench.commit(&[("other/root", &text)], "another root");
        }
    }
}

#[test]
fn a_chronicle_that_was_cut_off_or_changed_is_none() {
    let bed = Testbed::new();
    let bench = bed.init("r", &[]);
    bench.import_by_chance(1, 12);
    let (state, _) = next_state(&bench, None, &mut BTreeSet::new());
    let (mut chronicle, _) = state.unwrap();
    let written = chronicle.part();
    let hash = bench.open().object_hash();
    let read = |bytes: &[u8]| Chronicle::from_parts([bytes].into_iter(), hash);
    assert!(read(&written).is_some());
    for length in 0..written.len() {
        assert!(read(&written[..length]).is_none(), "{length} bytes");
    }
    // Whatever stands in it, reading it ends and nothing outside of it is named.
    for at in 0..written.len() {
        let mut changed = written.clone();
        changed[at] ^= 0xff;
        drop(read(&changed));
    }
}

#[test]
fn a_blob_that_was_referred_to_before_it_came_is_traced_to_who_referred_to_it() {
    let bed = Testbed::new();
    let bench = bed.init("r", &[]);
    let first = bench.commit(&[("a", "comes later\n"), ("b", "text 2\n")], "first");
    let late = bench.id("HEAD:a");
    let hex = late.to_string();
    let file = bench
        .root()
        .join(".git/objects")
        .join(&hex[..2])
        .join(&hex[2..]);
    let kept = std::fs::read(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    let repository = bench.open();
    let question = |blobs: &[ObjectId]| Question {
        blobs: blobs.to_vec(),
        ..Question::default()
    };
    let asked = bench.id("HEAD:b");
    let (_, chronicle) = Provenance::with_chronicle(&repository, &question(&[asked]), None);
    std::fs::write(&file, kept).unwrap();
    let covered = Default::default();
    let news = News {
        covered: &covered,
        is_new: &|id| *id == late,
    };
    let (warm, _) = Provenance::going_on(
        &repository,
        &question(&[asked, late]),
        chronicle.unwrap(),
        &news,
    )
    .unwrap();
    assert_eq!(
        places(warm.blob(&late).unwrap()),
        [("a", Some(first), true)]
    );
}

#[test]
fn a_blob_of_a_new_commit_that_is_not_here_yet_keeps_the_commit_from_being_gone_on_with() {
    let bed = Testbed::new();
    let bench = bed.init("r", &[]);
    bench.commit(&[("a", "text 1\n")], "first");
    let question = Question {
        blobs: vec![bench.id("HEAD:a")],
        ..Question::default()
    };
    let (_, chronicle) = Provenance::with_chronicle(&bench.open(), &question, None);
    let chronicle = chronicle.unwrap();
    let known = KnownIds(BTreeSet::from([
        bench.id("HEAD"),
        bench.id("HEAD^{tree}"),
        bench.id("HEAD:a"),
    ]));
    bench.commit(&[("a", "text 1\n"), ("c", "comes later\n")], "second");
    let hex = bench.id("HEAD:c").to_string();
    let folder = bench.root().join(".git/objects").join(&hex[..2]);
    let kept = std::fs::read(folder.join(&hex[2..])).unwrap();
    std::fs::remove_file(folder.join(&hex[2..])).unwrap();
    let gone_on = || {
        let repository = bench.open();
        let kinds = ObjectKinds::ALL.and(ObjectKinds::NAMES);
        let covered = repository.scan_new_objects(kinds, &known, &Recording::default(), 2);
        let covered = covered.unwrap();
        assert_eq!(covered.commits.len(), 1);
        let news = News {
            covered: &covered,
            is_new: &|_| true,
        };
        Provenance::going_on(&repository, &question, chronicle.clone(), &news).is_some()
    };
    assert!(!gone_on(), "its place would be lost");
    std::fs::write(folder.join(&hex[2..]), kept).unwrap();
    assert!(gone_on());
}

#[test]
fn paths_that_read_the_same_are_told_where_they_are_after_going_on_as_well() {
    let bed = Testbed::new();
    let bench = bed.init("r", &[]);
    // `a/b` as one name, and as a file `b` in a folder `a`.
    let store = |sort: &str, content: &[u8]| {
        let file = bench.root().join("content");
        std::fs::write(&file, content).unwrap();
        let file = file.to_string_lossy().into_owned();
        bench.git(&["hash-object", "-w", "--literally", "-t", sort, &file])
    };
    let write = |content: &str| store("blob", content.as_bytes());
    let (one, two, three) = (write("1\n"), write("2\n"), write("3\n"));
    let tree = |entries: &[(&str, &str, &str)]| {
        let mut bytes = Vec::new();
        for (mode, name, id) in entries {
            bytes.extend_from_slice(format!("{mode} {name}\0").as_bytes());
            let id = ObjectId::from_hex(id.trim().as_bytes()).unwrap();
            bytes.extend_from_slice(id.as_bytes());
        }
        store("tree", &bytes)
    };
    let folder = tree(&[("100644", "b", &two)]);
    let root = tree(&[
        ("40000", "a", &folder),
        ("100644", "a/b", &one),
        ("100644", "z", &three),
    ]);
    let commit = bench.git(&["commit-tree", "-m", "x", root.trim()]);
    bench.git(&["update-ref", "HEAD", commit.trim()]);
    let mut blobs: Vec<ObjectId> = [&one, &two, &three]
        .map(|id| ObjectId::from_hex(id.trim().as_bytes()).unwrap())
        .to_vec();
    blobs.sort_unstable();
    let question = Question {
        blobs: blobs.clone(),
        ..Question::default()
    };
    let repository = bench.open();
    let (cold, chronicle) = Provenance::with_chronicle(&repository, &question, None);
    let mut chronicle = chronicle.unwrap();
    let written = chronicle.part();
    let parts = [written.as_slice()].into_iter();
    let read = Chronicle::from_parts(parts, repository.object_hash()).expect("it can be read");
    let covered = Default::default();
    let news = News {
        covered: &covered,
        is_new: &|_| false,
    };
    let (warm, _) = Provenance::going_on(&repository, &question, read, &news).unwrap();
    for blob in &blobs {
        let path = |answer: &Provenance| answer.blob(blob).unwrap().places[0].path.clone();
        assert_eq!(path(&warm), path(&cold));
    }
}
