//! Any bytes as an archive: whatever is in it is shown or told, within the limits, and nothing panics.
#![no_main]

use std::sync::Mutex;

use leakward_core::{Limits, Skipped};
use leakward_sources::archive::{Archives, Unpacking};
use leakward_sources::{Origin, Piece, Visitor};
use libfuzzer_sys::fuzz_target;

/// Counts what it is shown.
#[derive(Default)]
struct Counting(Mutex<u64>);

impl Visitor for Counting {
    type Worker = ();
    type Note = ();

    fn worker(&self) {}

    fn whole(&self, _worker: &mut (), piece: Piece<'_>) {
        *self.0.lock().unwrap() += piece.bytes.len() as u64;
    }

    fn skipped(&self, skipped: Skipped) {
        assert!(
            !skipped.reason.contains("a fault of this program"),
            "{skipped:?}"
        );
    }
}

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits {
        max_archive_depth: 4,
        max_archive_entries: 1_000,
        max_unpacked_bytes: 4 << 20,
        max_held_archive_bytes: 1 << 20,
        ..Limits::default()
    };
    let counting = Counting::default();
    let unpacking = Unpacking::new(&counting, &limits, Archives::Open);
    let origin = Origin::Stdin;
    unpacking.whole(&mut unpacking.worker(), Piece::new(&origin, bytes));
    unpacking
        .stream(&mut unpacking.worker(), &origin, &mut &*bytes)
        .unwrap();
    // Twice what may be unpacked, and the bytes themselves.
    let most = 2 * (limits.max_unpacked_bytes + 4 * bytes.len() as u64) + (2 << 20);
    assert!(*counting.0.lock().unwrap() <= most);
});
