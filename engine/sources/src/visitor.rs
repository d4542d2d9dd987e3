//! What a source calls for each piece, from all of its threads.
//!
//! A pack stores most objects as changes against another object. So that a visitor can profit from what it
//! found in the base, it leaves a note for each object it has seen, and gets the base's note together with the
//! edits when the source comes to the delta. A visitor that has no use for this keeps `Note = ()`.

use std::io::Read;

use leakward_core::{Skipped, SkippedKind};

use crate::archive::windows;
use crate::piece::{Origin, Piece};

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

    /// Looks at a piece that no other piece is stored as a change of.
    fn alone(&self, worker: &mut Self::Worker, piece: Piece<'_>) {
        drop(self.whole(worker, piece));
    }

    /// Is shown an archive that no other piece is stored as a change of, and of which every byte has been looked at
    /// already, as its members.
    fn unpacked(&self, worker: &mut Self::Worker, piece: Piece<'_>) {
        self.alone(worker, piece);
    }

    /// Looks at something of any size that is read from front to back.
    ///
    /// # Errors
    /// What `content` says. What was read until then has been looked at; it is for the caller to tell.
    fn stream(
        &self,
        worker: &mut Self::Worker,
        origin: &Origin,
        content: &mut dyn Read,
    ) -> std::io::Result<()> {
        windows::look_through(self, worker, origin, content, &mut Vec::new())
    }

    /// Is told of something that could not be looked at.
    fn skipped(&self, skipped: Skipped);

    /// Is told of a piece that could not be looked at, or not at all of it.
    fn not_read(&self, origin: &Origin, kind: SkippedKind, reason: String) {
        self.skipped(Skipped {
            kind,
            what: origin.to_string(),
            reason,
        });
    }

    /// Is told of an object that is to be shown again another time, although nothing is to be said of it now: what
    /// belongs to it could not be read.
    fn unsettled(&self, id: &gix::ObjectId) {
        let _unused = id;
    }

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
