//! For tests: a visitor that keeps every piece, and checks each change against the content of its base.
//!
//! The note of a piece is its content, so a change can be made again from the edits alone: the slow twin of what
//! a visitor may conclude from them.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use leakward_core::Skipped;

use crate::piece::{Origin, Piece};
use crate::visitor::{Edit, Visitor};

/// Keeps every piece, and checks each change.
#[derive(Default)]
pub(crate) struct Witness {
    pieces: Mutex<Vec<(Origin, Vec<u8>)>>,
    changed: AtomicUsize,
    skipped: Mutex<Vec<Skipped>>,
    advanced: Mutex<(u64, u64)>,
    expected: Mutex<(u64, u64)>,
    /// Says stop after so many pieces.
    patience: Option<usize>,
}

impl Witness {
    /// One that says stop after so many pieces.
    pub(crate) fn with_patience(pieces: usize) -> Self {
        Self {
            patience: Some(pieces),
            ..Self::default()
        }
    }

    /// All pieces; one that was shown twice fails the test.
    pub(crate) fn pieces(&self) -> BTreeMap<Origin, Vec<u8>> {
        let mut pieces = BTreeMap::new();
        for (origin, bytes) in self.pieces.lock().unwrap().iter() {
            let before = pieces.insert(origin.clone(), bytes.clone());
            assert!(before.is_none(), "{origin:?} was shown twice");
        }
        pieces
    }

    /// How many pieces were shown as changes of another one.
    pub(crate) fn changed_pieces(&self) -> usize {
        self.changed.load(Ordering::Relaxed)
    }

    /// What was skipped.
    pub(crate) fn told(&self) -> Vec<Skipped> {
        self.skipped.lock().unwrap().clone()
    }

    /// Objects that were expected, and that were reported as done.
    pub(crate) fn progress(&self) -> (u64, u64) {
        (
            self.expected.lock().unwrap().0,
            self.advanced.lock().unwrap().0,
        )
    }
}

impl Visitor for Witness {
    type Worker = ();
    type Note = Vec<u8>;

    fn worker(&self) {}

    fn whole(&self, (): &mut (), piece: Piece<'_>) -> Vec<u8> {
        let mut pieces = self.pieces.lock().unwrap();
        pieces.push((piece.origin.clone(), piece.bytes.to_vec()));
        piece.bytes.to_vec()
    }

    fn changed(
        &self,
        worker: &mut (),
        piece: Piece<'_>,
        base: &Vec<u8>,
        edits: &[Edit],
    ) -> Vec<u8> {
        let mut made = Vec::new();
        let mut last_was_insert = false;
        for edit in edits {
            let (to, bytes, is_insert) = match *edit {
                Edit::Copy { from, to, len } => (to, &base[from..from + len], false),
                Edit::Insert { to, len } => (to, &piece.bytes[to..to + len], true),
            };
            assert_eq!(to, made.len(), "edits are in order and leave no gap");
            assert!(
                !(is_insert && last_was_insert),
                "neighbouring insertions are merged"
            );
            last_was_insert = is_insert;
            made.extend_from_slice(bytes);
        }
        assert_eq!(
            made, piece.bytes,
            "the edits of {:?} explain it",
            piece.origin
        );
        self.changed.fetch_add(1, Ordering::Relaxed);
        self.whole(worker, piece)
    }

    fn skipped(&self, skipped: Skipped) {
        self.skipped.lock().unwrap().push(skipped);
    }

    fn stop(&self) -> bool {
        self.patience
            .is_some_and(|patience| self.pieces.lock().unwrap().len() >= patience)
    }

    fn expect(&self, objects: u64, bytes: u64) {
        *self.expected.lock().unwrap() = (objects, bytes);
    }

    fn advance(&self, objects: u64, bytes: u64) {
        let mut advanced = self.advanced.lock().unwrap();
        advanced.0 += objects;
        advanced.1 += bytes;
    }
}
