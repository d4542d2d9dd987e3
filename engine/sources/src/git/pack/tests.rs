//! Packs in ways that git never writes: bases in other packs and behind their deltas, circles, lies, damage; and
//! random packs, of which it is known what they hold.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use gix::ObjectId;
use gix::objs::Kind;
use leakward_core::{Limits, SkippedKind};
use proptest::prelude::*;

use super::builder::{PackBuilder, delta_between, id_of};
use super::chains::chains;
use super::fault::Fault;
use super::file::Pack;
use super::forest::Forest;
use super::survey::{Surroundings, survey};
use crate::git::objects::witness::Witness;
use crate::git::{ObjectKinds, OpenOptions, Repository};
use crate::piece::Origin;

/// A folder that git would take for a bare repository.
struct Bare(tempfile::TempDir);

impl Bare {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("objects/pack")).unwrap();
        std::fs::create_dir_all(folder.path().join("refs")).unwrap();
        std::fs::write(folder.path().join("HEAD"), "ref: refs/heads/main\n").unwrap();
        Self(folder)
    }

    fn packs(&self) -> std::path::PathBuf {
        self.0.path().join("objects/pack")
    }

    fn add(&self, name: &str, pack: PackBuilder) {
        pack.write(&self.packs(), name);
    }

    fn walk(&self, limits: Limits, threads: usize) -> Witness {
        let witness = Witness::default();
        let options = OpenOptions {
            limits,
            ..OpenOptions::default()
        };
        let repository = Repository::open(self.0.path(), options).unwrap();
        repository
            .scan_objects(ObjectKinds::ALL, &witness, threads)
            .unwrap();
        witness
    }
}

/// The contents of the blobs that were shown.
fn shown(witness: &Witness) -> BTreeSet<Vec<u8>> {
    let pieces = witness.pieces();
    for (origin, bytes) in &pieces {
        assert_eq!(*origin, Origin::Blob(id_of(Kind::Blob, bytes)));
    }
    pieces.into_values().collect()
}

fn set(contents: &[&[u8]]) -> BTreeSet<Vec<u8>> {
    contents.iter().map(|content| content.to_vec()).collect()
}

/// The kinds and objects that were told, without the reasons.
fn told(witness: &Witness) -> BTreeMap<String, SkippedKind> {
    let told = witness.told().into_iter();
    told.map(|told| (told.what, told.kind)).collect()
}

fn object(id: ObjectId, pack: &str) -> String {
    format!("object {id} in pack-{pack}.pack")
}

const A: &[u8] = b"the first text, long enough to be worth a delta";
const B: &[u8] = b"the second text, long enough to be worth a delta";
const C: &[u8] = b"the third text, long enough to be worth a delta";

#[test]
fn a_base_may_stand_behind_its_delta() {
    let bare = Bare::new();
    let mut pack = PackBuilder::new();
    pack.id_delta(B, C);
    pack.id_delta(A, B);
    pack.whole(Kind::Blob, A);
    bare.add("a", pack);
    let witness = bare.walk(Limits::default(), 1);
    assert_eq!(shown(&witness), set(&[A, B, C]));
    assert_eq!(witness.changed_pieces(), 2);
    assert_eq!(witness.told(), []);
}

#[test]
fn a_base_may_be_in_another_pack_or_loose() {
    let bare = Bare::new();
    let mut pack = PackBuilder::new();
    pack.id_delta(B, C);
    bare.add("c", pack);
    let mut pack = PackBuilder::new();
    pack.id_delta(A, B);
    pack.whole(Kind::Blob, b"other");
    bare.add("b", pack);
    write_loose(bare.0.path(), A);
    let witness = bare.walk(Limits::default(), 2);
    assert_eq!(shown(&witness), set(&[A, B, C, b"other"]));
    assert_eq!(witness.told(), []);
}

fn write_loose(repository: &Path, content: &[u8]) {
    use std::io::Write;
    let id = id_of(Kind::Blob, content).to_string();
    let folder = repository.join("objects").join(&id[..2]);
    std::fs::create_dir_all(&folder).unwrap();
    let file = std::fs::File::create(folder.join(&id[2..])).unwrap();
    let mut encoder = flate2::write::ZlibEncoder::new(file, flate2::Compression::fast());
    write!(encoder, "blob {}\0", content.len()).unwrap();
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap();
}

#[test]
fn a_missing_base_is_told_with_everything_that_is_based_on_it() {
    let bare = Bare::new();
    let mut pack = PackBuilder::new();
    let b = pack.id_delta(A, B);
    let c = pack.id_delta(B, C);
    pack.whole(Kind::Blob, b"other");
    bare.add("a", pack);
    let witness = bare.walk(Limits::default(), 1);
    assert_eq!(shown(&witness), set(&[b"other"]));
    let expected = [b, c].map(|id| (object(id, "a"), SkippedKind::Missing));
    assert_eq!(told(&witness), BTreeMap::from(expected));
    let names_the_base =
        |told: leakward_core::Skipped| told.reason.contains(&id_of(Kind::Blob, A).to_string());
    assert!(witness.told().into_iter().all(names_the_base));
}

/// A pack in which each text is stored as changes of the one before; gives back the texts and their ids.
fn chain(length: usize, bare: &Bare) -> Vec<(ObjectId, Vec<u8>)> {
    let mut pack = PackBuilder::new();
    let mut offset = pack.next_offset();
    let mut text = A.to_vec();
    let mut chain = vec![(pack.whole(Kind::Blob, &text), text.clone())];
    for number in 1..length {
        let next = [A, number.to_string().as_bytes()].concat();
        let at = pack.next_offset();
        chain.push((pack.offset_delta(offset, &text, &next), next.clone()));
        (offset, text) = (at, next);
    }
    bare.add("a", pack);
    chain
}

#[test]
fn the_longest_chains_that_git_writes_are_walked() {
    let bare = Bare::new();
    let chain = chain(4_096, &bare);
    let witness = bare.walk(Limits::default(), 1);
    assert_eq!(witness.told(), []);
    assert_eq!(witness.changed_pieces(), 4_095);
    assert_eq!(
        shown(&witness),
        chain.into_iter().map(|(_, text)| text).collect()
    );
}

#[test]
fn a_chain_over_the_limit_of_depth_is_told_and_the_rest_is_shown() {
    let bare = Bare::new();
    let chain = chain(20, &bare);
    let limits = Limits {
        max_delta_depth: 10,
        ..Limits::default()
    };
    let witness = bare.walk(limits, 1);
    let (short, long) = chain.split_at(11);
    assert_eq!(
        shown(&witness),
        short.iter().map(|(_, text)| text.clone()).collect()
    );
    let expected = long
        .iter()
        .map(|(id, _)| (object(*id, "a"), SkippedKind::Limit));
    assert_eq!(told(&witness), expected.collect());
}

#[test]
fn bases_that_may_not_be_held_are_decoded_again() {
    let bare = Bare::new();
    let mut pack = PackBuilder::new();
    let root = pack.next_offset();
    pack.whole(Kind::Blob, A);
    let mut expected = set(&[A]);
    for child in 0..3 {
        let text = [A, &[b'0' + child]].concat();
        let at = pack.next_offset();
        pack.offset_delta(root, A, &text);
        let below = [A, b"below", &[b'0' + child]].concat();
        pack.offset_delta(at, &text, &below);
        expected.extend([text, below]);
    }
    bare.add("a", pack);
    let holding = bare.walk(Limits::default(), 1);
    assert_eq!(
        (shown(&holding), holding.changed_pieces()),
        (expected.clone(), 6)
    );
    let limits = Limits {
        max_live_base_bytes: 0,
        ..Limits::default()
    };
    // The root's note goes with it after the first child, so the other two are looked at as a whole.
    let letting_go = bare.walk(limits, 1);
    assert_eq!(
        (shown(&letting_go), letting_go.changed_pieces()),
        (expected, 4)
    );
}

#[test]
fn circles_are_told() {
    let bare = Bare::new();
    let mut pack = PackBuilder::new();
    let in_circle = [
        pack.id_delta(C, A),
        pack.id_delta(A, B),
        pack.id_delta(B, C),
    ];
    let on_circle = pack.id_delta(A, b"based on a circle");
    let itself = id_of(Kind::Blob, b"itself");
    pack.entry(
        itself,
        7,
        itself.as_bytes(),
        &delta_between(b"itself", b"itself"),
    );
    pack.whole(Kind::Blob, b"other");
    bare.add("a", pack);
    // A circle over two packs.
    let mut pack = PackBuilder::new();
    let one = pack.id_delta(b"pack y", b"pack x");
    bare.add("x", pack);
    let mut pack = PackBuilder::new();
    let two = pack.id_delta(b"pack x", b"pack y");
    bare.add("y", pack);
    let witness = bare.walk(Limits::default(), 2);
    assert_eq!(shown(&witness), set(&[b"other"]));
    let mut expected: BTreeMap<_, _> = in_circle
        .into_iter()
        .chain([on_circle, itself])
        .map(|id| (object(id, "a"), SkippedKind::Corrupt))
        .collect();
    expected.insert(object(one, "x"), SkippedKind::Corrupt);
    expected.insert(object(two, "y"), SkippedKind::Corrupt);
    assert_eq!(told(&witness), expected);
}

#[test]
fn sizes_that_lie_are_told() {
    let bare = Bare::new();
    let mut pack = PackBuilder::new();
    let offset = pack.next_offset();
    pack.whole(Kind::Blob, A);
    let lies = [
        pack.lying_entry(id_of(Kind::Blob, b"1"), 3, &[], b"more than it says", 4),
        pack.lying_entry(id_of(Kind::Blob, b"2"), 3, &[], b"less", 40),
        pack.lying_entry(id_of(Kind::Blob, b"3"), 3, &[], b"a bomb", 1 << 40),
        pack.entry(
            id_of(Kind::Blob, b"4"),
            7,
            id_of(Kind::Blob, A).as_bytes(),
            &delta_between(B, C),
        ),
        pack.entry(id_of(Kind::Blob, b"5"), 5, &[], b"no such kind"),
        pack.entry(
            id_of(Kind::Blob, b"6"),
            6,
            &[0x7f],
            b"no entry starts there",
        ),
        pack.entry(id_of(Kind::Blob, b"7"), 6, &[0], b"its own base"),
        pack.entry(
            id_of(Kind::Blob, b"8"),
            7,
            id_of(Kind::Blob, A).as_bytes(),
            b"",
        ),
    ];
    pack.offset_delta(offset, A, B);
    let mut outside = [
        id_of(Kind::Blob, b"9"),
        id_of(Kind::Blob, b"0"),
        id_of(Kind::Blob, b"header"),
    ];
    pack.entries.extend(
        outside
            .iter()
            .zip([1 << 30, 0xffff, 3])
            .map(|(id, at)| (*id, at)),
    );
    // Of two ids for one place the one that comes first in the index is believed.
    let shared = [id_of(Kind::Blob, b"one"), id_of(Kind::Blob, b"two")];
    let place = pack.next_offset();
    pack.entry(shared[0], 3, &[], b"shared");
    pack.entries.push((shared[1], place));
    outside.sort_unstable();
    bare.add("a", pack);
    let limits = Limits {
        max_object_bytes: 1 << 50,
        ..Limits::default()
    };
    let witness = bare.walk(limits, 1);
    assert_eq!(witness.pieces().len(), 3);
    let second = shared.iter().max().unwrap();
    let expected = lies.iter().chain(&outside).chain([second]);
    let expected: BTreeMap<_, _> = expected
        .map(|id| (object(*id, "a"), SkippedKind::Corrupt))
        .collect();
    assert_eq!(told(&witness), expected);
}

#[test]
fn an_empty_blob_is_neither_shown_nor_told() {
    let bare = Bare::new();
    let mut pack = PackBuilder::new();
    let offset = pack.next_offset();
    pack.whole(Kind::Blob, b"");
    pack.offset_delta(offset, b"", b"made from nothing");
    bare.add("a", pack);
    let witness = bare.walk(Limits::default(), 1);
    assert_eq!(shown(&witness), set(&[b"made from nothing"]));
    assert_eq!(witness.told(), []);
}

#[test]
fn an_object_that_is_damaged_in_one_of_two_packs_is_shown_once() {
    // Packs are looked at from the largest on: the damaged copy comes first, and then last.
    for damaged_pack_is_larger in [true, false] {
        let bare = Bare::new();
        let (mut damaged, mut intact) = (PackBuilder::new(), PackBuilder::new());
        damaged.entry(id_of(Kind::Blob, A), 5, &[], A);
        damaged.lying_entry(id_of(Kind::Blob, B), 3, &[], B, 4);
        intact.whole(Kind::Blob, A);
        intact.whole(Kind::Blob, B);
        let larger = if damaged_pack_is_larger {
            &mut damaged
        } else {
            &mut intact
        };
        larger.whole(Kind::Blob, C);
        bare.add("damaged", damaged);
        bare.add("intact", intact);
        let witness = bare.walk(Limits::default(), 1);
        assert_eq!(shown(&witness), set(&[A, B, C]));
        assert_eq!(witness.told(), []);
    }
}

#[test]
fn an_object_twice_in_one_pack_is_shown_once() {
    let bare = Bare::new();
    let mut pack = PackBuilder::new();
    pack.whole(Kind::Blob, A);
    let offset = pack.next_offset();
    pack.whole(Kind::Blob, B);
    pack.offset_delta(offset, B, A);
    bare.add("a", pack);
    assert_eq!(shown(&bare.walk(Limits::default(), 1)), set(&[A, B]));
}

#[test]
fn a_pack_that_does_not_match_its_index_is_told() {
    let bare = Bare::new();
    let mut pack = PackBuilder::new();
    pack.whole(Kind::Blob, A);
    bare.add("a", pack);
    let mut pack = PackBuilder::new();
    pack.whole(Kind::Blob, A);
    pack.whole(Kind::Blob, B);
    bare.add("b", pack);
    std::fs::rename(
        bare.packs().join("pack-b.pack"),
        bare.packs().join("pack-a.pack"),
    )
    .unwrap();
    std::fs::remove_file(bare.packs().join("pack-b.idx")).unwrap();
    let witness = bare.walk(Limits::default(), 1);
    let expected = [("objects/pack/pack-a.pack".to_owned(), SkippedKind::Corrupt)];
    assert_eq!(told(&witness), BTreeMap::from(expected));
    assert_eq!(shown(&witness), set(&[A]));
}

/// Wants every blob of a pack that stands alone.
struct AllBlobs;

impl Surroundings for AllBlobs {
    fn wants(&self, kind: Kind, _position: u32) -> bool {
        kind == Kind::Blob
    }

    fn kind_of(&self, id: &ObjectId) -> Result<Kind, Fault> {
        Err(Fault::BaseMissing(*id))
    }
}

/// Every path from a root down, as offsets.
fn paths(forest: &Forest) -> BTreeSet<Vec<u64>> {
    let mut paths = BTreeSet::new();
    let mut pending: Vec<(u32, Vec<u64>)> = forest.roots().map(|root| (root, Vec::new())).collect();
    while let Some((number, mut path)) = pending.pop() {
        let node = forest.node(number).unwrap();
        path.push(node.offset);
        let weights: Vec<_> = forest
            .children(number)
            .map(|child| forest.node(child).unwrap().weight)
            .collect();
        assert!(weights.is_sorted(), "the heaviest child is the last");
        pending.extend(forest.children(number).map(|child| (child, path.clone())));
        assert!(paths.insert(path), "each node is reached once");
    }
    paths
}

/// How a random pack stores its next object.
#[derive(Clone, Debug)]
enum Step {
    Whole,
    OnEarlier(prop::sample::Index),
    ById(prop::sample::Index),
    Again(prop::sample::Index),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => Just(Step::Whole),
        5 => any::<prop::sample::Index>().prop_map(Step::OnEarlier),
        3 => any::<prop::sample::Index>().prop_map(Step::ById),
        1 => any::<prop::sample::Index>().prop_map(Step::Again),
    ]
}

/// Texts of which each is like some others.
fn texts(count: usize) -> Vec<Vec<u8>> {
    let line = |number: usize, line: usize| match line % 9 {
        0 => format!("line {line} in version {number}\n"),
        _ => format!("line {line} of an unchanged text\n"),
    };
    let text = |number: usize| {
        (number % 5..40 + number % 3)
            .map(|at| line(number, at + number / 4))
            .collect::<String>()
    };
    (0..count).map(|number| text(number).into_bytes()).collect()
}

/// Builds packs by the steps, which store the texts in turn; returns what they hold.
fn build(steps: &[Vec<Step>], bare: &Bare) -> BTreeSet<Vec<u8>> {
    let texts = texts(steps.iter().map(Vec::len).sum());
    let mut unused = texts.iter();
    let mut all: Vec<Vec<u8>> = Vec::new();
    for (name, steps) in steps.iter().enumerate() {
        let mut pack = PackBuilder::new();
        let mut here: Vec<(u64, Vec<u8>)> = Vec::new();
        for step in steps {
            let text = unused.next().unwrap().clone();
            let at = pack.next_offset();
            let text = match step {
                Step::OnEarlier(index) if !here.is_empty() => {
                    let (offset, base) = &here[index.index(here.len())];
                    pack.offset_delta(*offset, base, &text);
                    text
                }
                Step::ById(index) if !all.is_empty() => {
                    pack.id_delta(&all[index.index(all.len())], &text);
                    text
                }
                // The same object once more: in this pack or in another one.
                Step::Again(index) if !all.is_empty() => {
                    let again = all[index.index(all.len())].clone();
                    pack.whole(Kind::Blob, &again);
                    again
                }
                _ => {
                    pack.whole(Kind::Blob, &text);
                    text
                }
            };
            here.push((at, text.clone()));
            all.push(text);
        }
        bare.add(&name.to_string(), pack);
    }
    all.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn random_packs_show_all_they_hold(
        steps in prop::collection::vec(prop::collection::vec(step(), 1..40), 1..4),
        threads in 1_usize..4,
        max_live_base_bytes in prop_oneof![Just(0_u64), Just(3_000), Just(1 << 30)],
    ) {
        let bare = Bare::new();
        let expected = build(&steps, &bare);
        let limits = Limits { max_live_base_bytes, ..Limits::default() };
        let witness = bare.walk(limits, threads);
        prop_assert_eq!(witness.told(), []);
        prop_assert!(shown(&witness) == expected);
    }

    #[test]
    fn the_survey_grows_the_same_trees_as_following_each_chain(steps in prop::collection::vec(step(), 1..60)) {
        let bare = Bare::new();
        build(&[steps], &bare);
        let pack = Pack::open(&bare.packs().join("pack-0.idx"), gix::hash::Kind::Sha1).unwrap();
        let (surveyed, lost) = survey(&pack, &AllBlobs).unwrap();
        prop_assert_eq!(lost, []);
        let (followed, lost) = chains(&pack, 0..pack.objects()).unwrap();
        prop_assert_eq!(lost, []);
        prop_assert_eq!(paths(&surveyed), paths(&followed));
    }

    #[test]
    fn damage_of_any_kind_never_shows_what_is_not_there(
        steps in prop::collection::vec(prop::collection::vec(step(), 1..20), 1..3),
        damage in prop::collection::vec((any::<bool>(), any::<prop::sample::Index>(), any::<u8>()), 1..6),
        threads in 1_usize..3,
    ) {
        let bare = Bare::new();
        build(&steps, &bare);
        let index_is_intact = damage.iter().all(|(in_pack, ..)| *in_pack);
        for (in_pack, at, byte) in damage {
            let path = bare.packs().join(if in_pack { "pack-0.pack" } else { "pack-0.idx" });
            let mut bytes = std::fs::read(&path).unwrap();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            std::fs::write(&path, bytes).unwrap();
        }
        // What it shows and tells depends on the damage; it must come to an end, without a panic, and edits that do not
        // explain their piece fail the witness.
        let witness = bare.walk(Limits::default(), threads);
        if index_is_intact {
            // Fails when something is shown twice.
            witness.pieces();
        }
    }
}
