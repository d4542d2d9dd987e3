//! A whole repository with one pack and one index of any bytes: the walk comes to an end without a panic.
//!
//! The input is the index, after two bytes that say how long it is, and the pack. A good seed is a small
//! pack made by git with its index: `python3 -c` … `len(idx).to_bytes(2, "little") + idx + pack`.
#![no_main]

use leakward_core::{Limits, Skipped};
use leakward_sources::git::{Discovery, ObjectKinds, OpenOptions, Repository};
use leakward_sources::{Edit, Piece, Visitor};
use libfuzzer_sys::fuzz_target;

/// Makes sure that edits explain their piece.
struct Strict;

impl Visitor for Strict {
    type Worker = ();
    type Note = Vec<u8>;

    fn worker(&self) {}

    fn whole(&self, (): &mut (), piece: Piece<'_>) -> Vec<u8> {
        piece.bytes.to_vec()
    }

    fn changed(&self, (): &mut (), piece: Piece<'_>, base: &Vec<u8>, edits: &[Edit]) -> Vec<u8> {
        for edit in edits {
            if let Edit::Copy { from, to, len } = *edit {
                assert_eq!(base[from..from + len], piece.bytes[to..to + len]);
            }
        }
        piece.bytes.to_vec()
    }

    fn skipped(&self, _skipped: Skipped) {}
}

fuzz_target!(|input: &[u8]| {
    let Some((length, rest)) = input.split_first_chunk::<2>() else {
        return;
    };
    let Some((index, pack)) = rest.split_at_checked(usize::from(u16::from_le_bytes(*length))) else {
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let packs = folder.path().join("objects/pack");
    std::fs::create_dir_all(&packs).expect("folders");
    std::fs::create_dir_all(folder.path().join("refs")).expect("folders");
    std::fs::write(folder.path().join("HEAD"), "ref: refs/heads/main\n").expect("HEAD");
    std::fs::write(packs.join("pack-a.idx"), index).expect("an index");
    std::fs::write(packs.join("pack-a.pack"), pack).expect("a pack");
    let options = OpenOptions {
        discovery: Discovery::Exact,
        limits: Limits {
            max_object_bytes: 1 << 20,
            max_live_base_bytes: 1 << 16,
            ..Limits::default()
        },
    };
    let repository = Repository::open(folder.path(), options).expect("a repository");
    repository.scan_objects(ObjectKinds::ALL, &Strict, 1).expect("a thread");
});
