//! A visitor that opens archives on behalf of another one.
//!
//! It stands between any source and whoever looks at pieces. PERF: all it costs a piece that is no archive is a look at
//! its first bytes.

use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

use leakward_core::{Limits, Skipped, SkippedKind};

use super::budget::Budget;
use super::expansion::Expansion;
use super::format::Format;
use crate::piece::{Origin, Part, Piece};
use crate::visitor::{Edit, Visitor};

/// Whether archives are opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Archives {
    /// Their members are looked at.
    #[default]
    Open,
    /// They are looked at as the bytes that they are.
    LeaveClosed,
}

/// Opens archives on behalf of another visitor.
pub struct Unpacking<'v, V> {
    visitor: &'v V,
    limits: &'v Limits,
    archives: Archives,
}

/// What one thread owns: the visitor's own state, and memory to be used again.
pub struct Opener<W> {
    worker: W,
    buffers: Vec<Vec<u8>>,
}

impl<'v, V: Visitor> Unpacking<'v, V> {
    /// Shows to `visitor` what it is shown itself, and what is in it.
    #[must_use]
    pub fn new(visitor: &'v V, limits: &'v Limits, archives: Archives) -> Self {
        Self {
            visitor,
            limits,
            archives,
        }
    }

    /// The visitor that stands behind this one.
    #[must_use]
    pub fn behind(&self) -> &'v V {
        self.visitor
    }

    fn opens(&self) -> bool {
        self.archives == Archives::Open && self.limits.max_archive_depth > 0
    }

    /// The format of a piece whose members are to be shown.
    fn format(&self, piece: Piece<'_>) -> Option<Format> {
        if !self.opens() || piece.part != Part::WHOLE {
            return None;
        }
        match piece.origin {
            Origin::Commit(_) | Origin::Tag(_) | Origin::RefName(_) => None,
            Origin::EntryName(_) | Origin::PathName(_) | Origin::LayerName(..) => None,
            _ => Format::of_whole(piece.bytes),
        }
    }

    /// Shows the members of the archive. Whether every byte of it has been looked at by that.
    fn open(&self, opener: &mut Opener<V::Worker>, format: Format, piece: Piece<'_>) -> bool {
        let stop = || self.visitor.stop();
        let budget = Budget::new(self.limits, piece.bytes.len() as u64, &stop);
        let faults = self.guarded(opener, piece.origin, &budget, |expansion| {
            expansion.of_bytes(format, piece.bytes)
        });
        faults == 0 && format.is_covered_by_members()
    }

    /// Runs an expansion. A decoder that panics costs its archive only; it counts as a fault.
    fn guarded(
        &self,
        opener: &mut Opener<V::Worker>,
        origin: &Origin,
        budget: &Budget<'_>,
        work: impl FnOnce(Expansion<'_, '_, V>) -> u64,
    ) -> u64 {
        let (worker, buffers) = (&mut opener.worker, &mut opener.buffers);
        let limits = (self.limits, budget);
        let worked = catch_unwind(AssertUnwindSafe(|| {
            work(Expansion::new(
                self.visitor,
                worker,
                limits,
                buffers,
                origin,
            ))
        }));
        worked.unwrap_or_else(|_panic| {
            let reason = "unpacking it failed (a fault of this program; please report it)";
            let kind = SkippedKind::Unreadable;
            self.visitor.not_read(origin, kind, reason.to_owned());
            opener.buffers.clear();
            opener.worker = self.visitor.worker();
            1
        })
    }
}

impl<V: Visitor> Visitor for Unpacking<'_, V> {
    type Worker = Opener<V::Worker>;
    type Note = V::Note;

    fn worker(&self) -> Opener<V::Worker> {
        Opener {
            worker: self.visitor.worker(),
            buffers: Vec::new(),
        }
    }

    fn whole(&self, opener: &mut Opener<V::Worker>, piece: Piece<'_>) -> V::Note {
        if let Some(format) = self.format(piece) {
            // Its own bytes are looked at in any case, for pieces that are stored as changes of it.
            let _covered = self.open(opener, format, piece);
        }
        self.visitor.whole(&mut opener.worker, piece)
    }

    fn alone(&self, opener: &mut Opener<V::Worker>, piece: Piece<'_>) {
        match self.format(piece) {
            Some(format) if self.open(opener, format, piece) => {
                self.visitor.unpacked(&mut opener.worker, piece);
            }
            _ => self.visitor.alone(&mut opener.worker, piece),
        }
    }

    fn changed(
        &self,
        opener: &mut Opener<V::Worker>,
        piece: Piece<'_>,
        base: &V::Note,
        edits: &[Edit],
    ) -> V::Note {
        if let Some(format) = self.format(piece) {
            let _covered = self.open(opener, format, piece);
        }
        self.visitor.changed(&mut opener.worker, piece, base, edits)
    }

    fn stream(
        &self,
        opener: &mut Opener<V::Worker>,
        origin: &Origin,
        content: &mut dyn Read,
    ) -> io::Result<()> {
        if !self.opens() {
            return self.visitor.stream(&mut opener.worker, origin, content);
        }
        let stop = || self.visitor.stop();
        let budget = Budget::new(self.limits, 0, &stop);
        self.guarded(opener, origin, &budget, |expansion| {
            expansion.of_stream(content)
        });
        Ok(())
    }

    fn skipped(&self, skipped: Skipped) {
        self.visitor.skipped(skipped);
    }

    fn not_read(&self, origin: &Origin, kind: SkippedKind, reason: String) {
        self.visitor.not_read(origin, kind, reason);
    }

    fn unsettled(&self, id: &gix::ObjectId) {
        self.visitor.unsettled(id);
    }

    fn stop(&self) -> bool {
        self.visitor.stop()
    }

    fn expect(&self, objects: u64, bytes: u64) {
        self.visitor.expect(objects, bytes);
    }

    fn advance(&self, objects: u64, bytes: u64) {
        self.visitor.advance(objects, bytes);
    }
}
