//! Going on with what an earlier answer has left, against an answer that knows nothing: the same, whatever happened between.
//!
//! Not for what an answer says (`mod.rs`).

use std::collections::BTreeSet;

use gix::ObjectId;

use super::places;
use crate::git::provenance::{Chronicle, News, Provenance, Question, Traced};
use crate::git::testbed::{Bench, Testbed};
use crate::git::{Known, ObjectKinds};
use crate::recording::Recording;

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
    let file = bench.loose_file(&late);
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
