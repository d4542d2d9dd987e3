//! For tests: a visitor that keeps everything it is shown and told.

use std::collections::BTreeMap;
use std::sync::Mutex;

use leakward_core::Skipped;

use crate::piece::{Origin, Part, Piece};
use crate::visitor::Visitor;

/// Keeps every piece and everything that was skipped.
#[derive(Default)]
pub(crate) struct Recording {
    pieces: Mutex<Vec<(Origin, Vec<u8>)>>,
    parts: Mutex<Vec<(Part, usize)>>,
    skipped: Mutex<Vec<Skipped>>,
}

impl Recording {
    /// All pieces with their bytes; a place that was shown twice fails the test.
    pub(crate) fn pieces(&self) -> BTreeMap<Origin, Vec<u8>> {
        let mut pieces = BTreeMap::new();
        for (origin, bytes) in self.pieces.lock().unwrap().iter() {
            let before = pieces.insert(origin.clone(), bytes.clone());
            assert!(before.is_none(), "{origin:?} was shown twice");
        }
        pieces
    }

    /// All pieces with their bytes, in the order in which they were shown.
    pub(crate) fn all_pieces(&self) -> Vec<(Origin, Vec<u8>)> {
        self.pieces.lock().unwrap().clone()
    }

    /// Which part of a larger whole each piece was, and its length.
    pub(crate) fn all_parts(&self) -> Vec<(Part, usize)> {
        self.parts.lock().unwrap().clone()
    }

    /// The paths of files, working tree files and index entries that were shown.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.pieces()
            .into_keys()
            .filter_map(|origin| match origin {
                Origin::File(path) | Origin::Worktree(path) | Origin::Index(path, _) => Some(path),
                _ => None,
            })
            .collect()
    }

    /// The names of tree entries that were shown.
    pub(crate) fn names(&self) -> Vec<Vec<u8>> {
        let pieces = self.pieces.lock().unwrap();
        let names = pieces
            .iter()
            .filter(|(origin, _)| matches!(origin, Origin::EntryName(_)));
        names.map(|(_, name)| name.clone()).collect()
    }

    /// Whether some piece holds `text`.
    pub(crate) fn saw(&self, text: &str) -> bool {
        self.pieces
            .lock()
            .unwrap()
            .iter()
            .any(|(_, bytes)| memchr::memmem::find(bytes, text.as_bytes()).is_some())
    }

    /// Everything that was skipped.
    pub(crate) fn all_skipped(&self) -> Vec<Skipped> {
        self.skipped.lock().unwrap().clone()
    }
}

impl Visitor for Recording {
    type Worker = ();
    type Note = ();

    fn worker(&self) {}

    fn whole(&self, _worker: &mut (), piece: Piece<'_>) {
        self.parts
            .lock()
            .unwrap()
            .push((piece.part, piece.bytes.len()));
        self.pieces
            .lock()
            .unwrap()
            .push((piece.origin.clone(), piece.bytes.to_vec()));
    }

    fn skipped(&self, skipped: Skipped) {
        self.skipped.lock().unwrap().push(skipped);
    }
}
