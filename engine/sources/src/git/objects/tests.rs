//! The walk over real repositories, made by git in every shape it knows, against `git cat-file`.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::Stdio;

use gix::ObjectId;
use leakward_core::{Limits, SkippedKind};

use super::ObjectKinds;
use super::witness::Witness;
use crate::git::testbed::{Bench, Testbed};
use crate::git::{OpenOptions, Repository, trees};
use crate::piece::Origin;

type Pieces = BTreeMap<Origin, Vec<u8>>;

/// The slow twin: what git itself says is in the object database.
fn by_git(bench: &Bench) -> Pieces {
    let all = bench.bytes(&["cat-file", "--batch-all-objects", "--batch", "--unordered"]);
    let mut pieces = Pieces::new();
    let mut rest = all.as_slice();
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| *byte == b'\n').unwrap();
        let header = std::str::from_utf8(&rest[..end]).unwrap();
        let mut words = header.split(' ');
        let id = ObjectId::from_hex(words.next().unwrap().as_bytes()).unwrap();
        let (kind, size) = (words.next().unwrap(), words.next().unwrap());
        let content_end = end + 1 + size.parse::<usize>().unwrap();
        let content = &rest[end + 1..content_end];
        rest = &rest[content_end + 1..];
        let (origin, hidden): (_, &[&str]) = match kind {
            "blob" if !content.is_empty() => (Origin::Blob(id), &[]),
            "commit" => (Origin::Commit(id), &["tree ", "parent "]),
            "tag" => (Origin::Tag(id), &["object ", "type "]),
            "tree" => {
                trees::for_each(content, id.kind(), |entry| {
                    pieces.insert(
                        Origin::EntryName(entry.name.to_owned()),
                        entry.name.to_vec(),
                    );
                })
                .unwrap();
                continue;
            }
            _ => continue,
        };
        pieces.insert(origin, without_headers(content, hidden));
    }
    pieces
}

/// The message, and then the headers without those that begin with one of these words.
fn without_headers(content: &[u8], hidden: &[&str]) -> Vec<u8> {
    if hidden.is_empty() {
        return content.to_vec();
    }
    let text = std::str::from_utf8(content).unwrap();
    let (headers, message) = text.split_once("\n\n").unwrap();
    let shown = |line: &&str| !hidden.iter().any(|start| line.starts_with(start));
    let headers: Vec<&str> = headers.lines().filter(shown).collect();
    format!("{message}\n\n{}\n", headers.join("\n")).into_bytes()
}

fn open(bench: &Bench, limits: Limits) -> Repository {
    let options = OpenOptions {
        limits,
        ..OpenOptions::default()
    };
    Repository::open(bench.root(), options).unwrap()
}

fn walked(repository: &Repository, threads: usize) -> Witness {
    let witness = Witness::default();
    let kinds = ObjectKinds::ALL.and(ObjectKinds::NAMES);
    repository.scan_objects(kinds, &witness, threads).unwrap();
    witness
}

/// Walks it in every way and compares each with what git says; gives back the last walk.
fn agrees_with_git(bench: &Bench) -> Witness {
    let expected = by_git(bench);
    assert!(!expected.is_empty());
    let holding_nothing = Limits {
        max_live_base_bytes: 0,
        ..Limits::default()
    };
    let mut last = None;
    for (threads, limits) in [
        (1, holding_nothing),
        (4, Limits::default()),
        (1, Limits::default()),
    ] {
        let repository = open(bench, limits);
        let witness = walked(&repository, threads);
        assert_eq!(witness.told(), []);
        assert!(
            witness.pieces() == expected,
            "{threads} threads show other pieces than git"
        );
        let (expected, done) = witness.progress();
        assert_eq!(done, expected, "progress ends where it should");
        let blobs_alone = Witness::default();
        let ids: Vec<_> = witness.pieces().keys().filter_map(blob_id).collect();
        repository.scan_blobs(&ids, &blobs_alone, threads).unwrap();
        assert!(blobs_alone.pieces() == only_blobs(witness.pieces()));
        last = Some(witness);
    }
    last.unwrap()
}

fn blob_id(origin: &Origin) -> Option<ObjectId> {
    match origin {
        Origin::Blob(id) => Some(*id),
        _ => None,
    }
}

fn only_blobs(mut pieces: Pieces) -> Pieces {
    pieces.retain(|origin, _| matches!(origin, Origin::Blob(_)));
    pieces
}

/// Text that changes a little with each version.
fn version(number: usize) -> String {
    let line = |line: usize| {
        let touched = if line % 40 == number % 40 { number } else { 0 };
        format!("line {line} of a file, touched in {touched}\n")
    };
    (0..200 + number % 7).map(line).collect()
}

/// A history with long chains of deltas, a merge, notes, tags of tags, and a side branch.
fn with_history(testbed: &Testbed, name: &str, options: &[&str]) -> Bench {
    let bench = testbed.init(name, options);
    for number in 0..60 {
        bench.commit(
            &[
                ("a.txt", &version(number)),
                ("b/c.txt", &version(number / 3 + 100)),
            ],
            &format!("change {number}"),
        );
    }
    bench.git(&["checkout", "-q", "-b", "side", "HEAD~5"]);
    bench.commit(&[("d.txt", "on the side"), ("empty", "")], "side");
    bench.git(&["checkout", "-q", "main"]);
    bench.git(&[
        "merge",
        "-q",
        "--no-ff",
        "-m",
        "merged with a remark",
        "side",
    ]);
    bench.git(&["tag", "-a", "-m", "first tag", "v1"]);
    bench.git(&["tag", "-a", "-m", "tag of a tag", "v2", "v1"]);
    bench.git(&["notes", "add", "-m", "a note", "HEAD"]);
    bench
}

fn pack_files(bench: &Bench, extension: &str) -> Vec<PathBuf> {
    let packs = std::fs::read_dir(bench.root().join(".git/objects/pack")).unwrap();
    let paths = packs.map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect()
}

/// Git writes packs that nobody may write to.
fn overwrite(path: &PathBuf, bytes: &[u8]) {
    std::fs::remove_file(path).unwrap();
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn loose_objects_are_all_shown() {
    let testbed = Testbed::new();
    let bench = with_history(&testbed, "loose", &[]);
    assert_eq!(pack_files(&bench, "pack").len(), 0);
    agrees_with_git(&bench);
}

#[test]
fn packed_objects_are_all_shown_and_deltas_as_changes() {
    let testbed = Testbed::new();
    let bench = with_history(&testbed, "packed", &[]);
    bench.git(&["repack", "-qadf"]);
    assert!(agrees_with_git(&bench).changed_pieces() > 40);
}

#[test]
fn very_deep_chains_are_walked() {
    let testbed = Testbed::new();
    let bench = with_history(&testbed, "deep", &[]);
    bench.git(&["repack", "-qadf", "--depth=250", "--window=250"]);
    assert!(agrees_with_git(&bench).changed_pieces() > 60);
}

#[test]
fn deltas_that_name_their_base_by_its_id_are_walked() {
    let testbed = Testbed::new();
    let bench = with_history(&testbed, "by-id", &[]);
    bench.git(&["-c", "repack.useDeltaBaseOffset=false", "repack", "-qadf"]);
    assert!(agrees_with_git(&bench).changed_pieces() > 40);
}

#[test]
fn an_object_in_several_packs_and_loose_is_shown_once() {
    let testbed = Testbed::new();
    let bench = with_history(&testbed, "several", &[]);
    bench.git(&["repack", "-qadf"]);
    // The first pack is kept, so the second one holds everything once more, and so does the loose storage.
    let kept = pack_files(&bench, "pack")[0].with_extension("keep");
    std::fs::write(&kept, "").unwrap();
    for number in 60..80 {
        bench.commit(&[("a.txt", &version(number))], "later");
    }
    let ids = bench.git(&["rev-list", "--objects", "--all", "--no-object-names"]);
    let base = bench.root().join(".git/objects/pack/pack");
    bench.git_reading(
        &["pack-objects", "-q", base.to_str().unwrap()],
        ids.as_bytes(),
    );
    assert_eq!(pack_files(&bench, "pack").len(), 2);
    let copy = std::fs::read(&pack_files(&bench, "pack")[0]).unwrap();
    let other = testbed.init("unpacked", &[]);
    other.git_reading(&["unpack-objects", "-q"], &copy);
    assert!(agrees_with_git(&bench).changed_pieces() > 20);
}

#[test]
fn a_multi_pack_index_changes_nothing() {
    let testbed = Testbed::new();
    let bench = with_history(&testbed, "midx", &[]);
    bench.git(&["repack", "-qd"]);
    bench.commit(&[("a.txt", &version(99))], "later");
    bench.git(&["repack", "-qd"]);
    bench.git(&["multi-pack-index", "write"]);
    assert_eq!(pack_files(&bench, "pack").len(), 2);
    agrees_with_git(&bench);
}

#[test]
fn a_repository_named_by_sha_256_is_walked() {
    let testbed = Testbed::new();
    let bench = with_history(&testbed, "sha256", &["--object-format=sha256"]);
    agrees_with_git(&bench);
    bench.git(&["repack", "-qadf"]);
    assert!(agrees_with_git(&bench).changed_pieces() > 40);
}

#[test]
fn unreachable_objects_are_shown_packed_or_not() {
    let testbed = Testbed::new();
    let bench = with_history(&testbed, "dangling", &[]);
    bench.git(&["reset", "-q", "--hard", "HEAD~30"]);
    bench.git(&["reflog", "expire", "--expire=now", "--all"]);
    bench.git(&["repack", "-qAd", "--unpack-unreachable=now"]);
    bench.git_reading(&["hash-object", "-w", "--stdin"], b"never committed");
    let witness = agrees_with_git(&bench);
    assert!(
        witness
            .pieces()
            .values()
            .any(|bytes| bytes == b"never committed")
    );
    bench.git(&["repack", "-qd", "--cruft"]);
    agrees_with_git(&bench);
}

#[test]
fn histories_made_by_chance_are_walked() {
    for seed in 0..4 {
        let testbed = Testbed::new();
        let bench = testbed.init("chance", &[]);
        bench.import_by_chance(seed, 80);
        bench.git(&["repack", "-qadf", "--window=50", "--depth=20"]);
        agrees_with_git(&bench);
    }
}

#[test]
fn only_the_kinds_that_are_wanted_are_shown() {
    let testbed = Testbed::new();
    let bench = with_history(&testbed, "kinds", &[]);
    for packed in [false, true] {
        if packed {
            bench.git(&["repack", "-qadf"]);
        }
        let witness = Witness::default();
        let repository = open(&bench, Limits::default());
        repository
            .scan_objects(ObjectKinds::TAGS, &witness, 2)
            .unwrap();
        let pieces = witness.pieces();
        assert_eq!(pieces.len(), 2);
        assert!(pieces.keys().all(|origin| matches!(origin, Origin::Tag(_))));
    }
}

#[test]
fn an_empty_repository_has_nothing_to_show() {
    let testbed = Testbed::new();
    let bench = testbed.init("empty", &[]);
    let witness = walked(&open(&bench, Limits::default()), 2);
    assert!(witness.pieces().is_empty());
    assert_eq!(witness.told(), []);
}

#[test]
fn blobs_that_are_asked_for_and_missing_are_told() {
    let testbed = Testbed::new();
    let bench = with_history(&testbed, "missing", &[]);
    bench.git(&["repack", "-qadf"]);
    let gone = ObjectId::from_hex(&[b'7'; 40]).unwrap();
    let here = bench.id("HEAD:a.txt");
    let witness = Witness::default();
    let repository = open(&bench, Limits::default());
    repository
        .scan_blobs(&[gone, here, gone, here], &witness, 1)
        .unwrap();
    assert_eq!(
        witness.pieces().into_keys().collect::<Vec<_>>(),
        [Origin::Blob(here)]
    );
    let told = witness.told();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].kind, SkippedKind::Missing);
    assert!(told[0].what.contains(&gone.to_string()));
}

#[test]
fn an_object_over_the_limit_is_told_and_the_rest_is_shown() {
    let testbed = Testbed::new();
    let bench = with_history(&testbed, "large", &[]);
    bench.commit(
        &[
            ("large", &"x".repeat(50_000)),
            ("larger", &"y".repeat(50_001)),
        ],
        "large",
    );
    let limits = Limits {
        max_object_bytes: 50_000,
        ..Limits::default()
    };
    for packed in [false, true] {
        if packed {
            bench.git(&["repack", "-qadf"]);
        }
        let witness = walked(&open(&bench, limits.clone()), 2);
        let mut expected = by_git(&bench);
        let larger = bench.id("HEAD:larger");
        expected.remove(&Origin::Blob(larger));
        assert!(witness.pieces() == expected);
        let told = witness.told();
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].kind, SkippedKind::Limit);
        assert!(told[0].what.contains(&larger.to_string()), "{told:?}");
    }
}

#[test]
fn a_truncated_pack_is_told_and_what_is_left_of_it_is_shown() {
    let testbed = Testbed::new();
    let bench = with_history(&testbed, "truncated", &[]);
    let expected = {
        bench.git(&["repack", "-qadf"]);
        by_git(&bench)
    };
    let pack = &pack_files(&bench, "pack")[0];
    let bytes = std::fs::read(pack).unwrap();
    for length in [bytes.len() - 1, bytes.len() / 2, 40, 12, 3, 0] {
        overwrite(pack, &bytes[..length]);
        let witness = walked(&open(&bench, Limits::default()), 2);
        for (origin, bytes) in witness.pieces() {
            assert_eq!(expected.get(&origin), Some(&bytes));
        }
        let told = witness.told();
        assert!(
            told.iter().any(|told| told.kind == SkippedKind::Corrupt),
            "{length}: {told:?}"
        );
        let name = pack.file_stem().unwrap().to_str().unwrap();
        assert!(told[0].what.contains(name), "{told:?}");
        if length > 1_000 {
            assert!(!witness.pieces().is_empty());
        }
    }
}

#[test]
fn a_damaged_copy_does_not_hide_an_intact_one() {
    let testbed = Testbed::new();
    let bench = with_history(&testbed, "copies", &[]);
    bench.git(&["repack", "-qadf"]);
    let expected = by_git(&bench);
    let pack = pack_files(&bench, "pack")[0].clone();
    let bytes = std::fs::read(&pack).unwrap();
    let spare = testbed.init("spare", &[]);
    spare.git_reading(&["unpack-objects", "-q"], &bytes);
    let mut damaged = bytes;
    let middle = damaged.len() / 3;
    damaged[middle..middle + 200].fill(0xa5);
    overwrite(&pack, &damaged);
    assert!(
        !walked(&open(&bench, Limits::default()), 2)
            .told()
            .is_empty()
    );
    let alternate = bench.root().join(".git/objects/info/alternates");
    std::fs::rename(
        spare.root().join(".git/objects"),
        bench.root().join(".git/spare"),
    )
    .unwrap();
    std::fs::write(alternate, "../spare\n").unwrap();
    let witness = walked(&open(&bench, Limits::default()), 2);
    assert!(witness.pieces() == expected);
}

#[test]
fn alternates_inside_are_walked_and_those_outside_only_serve_what_is_asked_for() {
    let testbed = Testbed::new();
    let other = testbed.init("other", &[]);
    other.commit(&[("secret", "of somebody else")], "private");
    let borrowed = other.id("HEAD:secret");
    let bench = testbed.init("borrower", &[]);
    bench.commit(&[("own", "own text")], "own");
    let info = bench.root().join(".git/objects/info");
    std::fs::create_dir_all(&info).unwrap();
    for line in [
        other.root().join(".git/objects").display().to_string(),
        "../../../other/.git/objects".to_owned(),
    ] {
        std::fs::write(info.join("alternates"), line + "\n").unwrap();
        let repository = open(&bench, Limits::default());
        assert_eq!(repository.outside_alternates().len(), 1);
        let witness = walked(&repository, 1);
        assert_eq!(witness.pieces().len(), 3, "its own blob, commit and name");
        assert!(
            repository
                .shortcomings()
                .iter()
                .any(|told| told.kind == SkippedKind::Excluded)
        );
        let asked = Witness::default();
        repository.scan_blobs(&[borrowed], &asked, 1).unwrap();
        assert_eq!(asked.pieces().len(), 1);
    }
}

#[cfg(unix)]
#[test]
fn symbolic_links_out_of_the_repository_are_not_followed() {
    let testbed = Testbed::new();
    let other = with_history(&testbed, "other", &[]);
    other.git(&["repack", "-qadf"]);
    let bench = testbed.init("linked", &[]);
    bench.commit(&[("own", "own text")], "own");
    for path in pack_files(&other, "pack")
        .into_iter()
        .chain(pack_files(&other, "idx"))
    {
        let link = bench
            .root()
            .join(".git/objects/pack")
            .join(path.file_name().unwrap());
        std::os::unix::fs::symlink(path, link).unwrap();
    }
    let witness = walked(&open(&bench, Limits::default()), 1);
    assert_eq!(witness.pieces().len(), 3);
    assert!(
        witness
            .told()
            .iter()
            .any(|told| told.reason.contains("symbolic link"))
    );
    let whole = testbed.init("whole-link", &[]);
    std::fs::remove_dir_all(whole.root().join(".git/objects")).unwrap();
    std::os::unix::fs::symlink(
        other.root().join(".git/objects"),
        whole.root().join(".git/objects"),
    )
    .unwrap();
    let repository = open(&whole, Limits::default());
    assert_eq!(walked(&repository, 1).pieces().len(), 0);
    assert_eq!(repository.outside_alternates().len(), 1);
}

#[test]
fn a_pack_without_an_index_and_an_index_without_a_pack_are_told() {
    let testbed = Testbed::new();
    let bench = with_history(&testbed, "halves", &[]);
    bench.git(&["repack", "-qadf"]);
    let index = pack_files(&bench, "idx")[0].clone();
    let bytes = std::fs::read(&index).unwrap();
    std::fs::remove_file(&index).unwrap();
    let told = walked(&open(&bench, Limits::default()), 1).told();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].kind, SkippedKind::Unsupported);
    std::fs::write(&index, &bytes).unwrap();
    std::fs::remove_file(index.with_extension("pack")).unwrap();
    let told = walked(&open(&bench, Limits::default()), 1).told();
    assert_eq!(told[0].kind, SkippedKind::Missing);
    overwrite(&index, &bytes[..bytes.len() / 2]);
    std::fs::write(index.with_extension("pack"), "PACK").unwrap();
    let told = walked(&open(&bench, Limits::default()), 1).told();
    assert_eq!(told[0].kind, SkippedKind::Corrupt);
}

#[test]
fn a_pack_that_is_being_written_and_garbage_are_passed_over() {
    let testbed = Testbed::new();
    let bench = with_history(&testbed, "garbage", &[]);
    let objects = bench.root().join(".git/objects");
    std::fs::create_dir_all(objects.join("ab")).unwrap();
    std::fs::create_dir_all(objects.join("pack")).unwrap();
    for name in ["pack/tmp_pack_x1", "ab/tmp_obj_x1", "ab/README", "info.txt"] {
        std::fs::write(objects.join(name), "half").unwrap();
    }
    assert_eq!(walked(&open(&bench, Limits::default()), 1).told(), []);
    let fake = objects.join("ab").join("0".repeat(38));
    std::fs::write(fake, "looks like an object").unwrap();
    let told = walked(&open(&bench, Limits::default()), 1).told();
    assert_eq!(told.len(), 1);
    assert!(told[0].what.contains("ab0000"), "{told:?}");
}

#[test]
fn a_visitor_that_says_stop_is_told_nothing_more() {
    let testbed = Testbed::new();
    let bench = with_history(&testbed, "stopped", &[]);
    bench.git(&["repack", "-qadf"]);
    let witness = Witness::with_patience(5);
    open(&bench, Limits::default())
        .scan_objects(ObjectKinds::ALL, &witness, 1)
        .unwrap();
    assert_eq!(witness.pieces().len(), 5);
    assert_eq!(witness.told(), []);
}

#[test]
fn an_lfs_object_on_disk_is_shown_and_a_missing_one_is_told() {
    let testbed = Testbed::new();
    let bench = testbed.init("lfs", &[]);
    let (here, gone) = ("ab".repeat(32), "cd".repeat(32));
    let pointer = |oid: &str| {
        format!("version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 7\n")
    };
    bench.commit(
        &[("here", &pointer(&here)), ("gone", &pointer(&gone))],
        "pointers",
    );
    let folder = bench.root().join(".git/lfs/objects/ab/ab");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(&here), "content").unwrap();
    for packed in [false, true] {
        if packed {
            bench.git(&["repack", "-qadf"]);
        }
        let witness = walked(&open(&bench, Limits::default()), 1);
        let shown = Origin::Lfs(here.clone(), bench.id("HEAD:here"));
        assert_eq!(
            witness.pieces().get(&shown).map(Vec::as_slice),
            Some(&b"content"[..])
        );
        let told = witness.told();
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].kind, SkippedKind::Missing);
        assert!(told[0].what.contains(&gone));
    }
}

impl Bench {
    /// Runs git and gives back the bytes it printed.
    fn bytes(&self, arguments: &[&str]) -> Vec<u8> {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "git {arguments:?}");
        output.stdout
    }

    /// Runs git with something to read.
    fn git_reading(&self, arguments: &[&str], input: &[u8]) {
        let mut command = self.command(arguments);
        let mut git = command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        git.stdin.take().unwrap().write_all(input).unwrap();
        assert!(git.wait().unwrap().success(), "git {arguments:?}");
    }
}
