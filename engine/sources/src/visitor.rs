//! What a source calls for each piece, from all of its threads.
//!
//! A pack stores most objects as changes against another object. So that a visitor can profit from what it
//! found in the base, it leaves a note for each object it has seen, and gets the base's note together with the
//! edits when the source comes to the delta. A visitor that has no use for this keeps `Note = ()`.

use leakward_core::Skipped;

use crate::piece::Piece;

/// One instruction of a delta, in the order of the result's bytes. Neighbouring instructions that continue each
/// other are merged already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edit {
    /// `len` bytes of the base from offset `from` stand in the result from offset `to`.
    Copy {
        /// Offset in the base.
        from: usize,
        /// Offset in the result.
        to: usize,
        /// Number of bytes.
        len: usize,
    },
    /// `len` new bytes stand in the result from offset `to`.
    Insert {
        /// Offset in the result.
        to: usize,
        /// Number of bytes.
        len: usize,
    },
}

/// What a source calls for each piece.
pub trait Visitor: Sync {
    /// State that one thread owns: buffers, caches.
    type Worker: Send;
    /// What is kept of a piece for the pieces that are stored as changes of it.
    type Note: Send + Sync;

    /// State for one more thread.
    fn worker(&self) -> Self::Worker;

    /// Looks at a piece that stands on its own.
    fn whole(&self, worker: &mut Self::Worker, piece: Piece<'_>) -> Self::Note;

    /// Looks at a piece that is stored as `edits` of another one, of which `base` was noted.
    ///
    /// Must find exactly what [`Visitor::whole`] would find in the same piece.
    fn changed(
        &self,
        worker: &mut Self::Worker,
        piece: Piece<'_>,
        base: &Self::Note,
        edits: &[Edit],
    ) -> Self::Note {
        let _unused = (base, edits);
        self.whole(worker, piece)
    }

    /// Is told of something that could not be looked at.
    fn skipped(&self, skipped: Skipped);

    /// Whether to stop as soon as possible (Ctrl-C). The source then returns early, having told nothing more.
    fn stop(&self) -> bool {
        false
    }

    /// Is told how much is coming, once known: objects and compressed bytes. For progress bars only.
    fn expect(&self, objects: u64, bytes: u64) {
        let _unused = (objects, bytes);
    }

    /// Is told that so many more objects and compressed bytes are done, looked at or not. For progress bars only.
    fn advance(&self, objects: u64, bytes: u64) {
        let _unused = (objects, bytes);
    }
}
