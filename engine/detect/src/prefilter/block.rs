//! The positions of a few hundred that the bitmap lets through.
#![expect(unsafe_code, reason = "what is not written yet is not cleared either")]

use std::mem::MaybeUninit;

/// Positions tested before those that are let through are looked at. Few, so that they are still in the registers' reach
/// and short stretches cost little; many enough that the loop over them is not the cost.
pub(super) const BLOCK: usize = 256;

/// Positions that may be written past those that count.
pub(super) const SLACK: usize = 16;

/// Offsets from the first position that was tested.
///
/// INVARIANT: the first `count` offsets are written. PERF: those behind are not: a stretch of sixty bytes between two
/// copied ones would spend more on clearing them than on looking at it.
pub(super) struct Block {
    offsets: [MaybeUninit<u32>; BLOCK + SLACK],
    count: usize,
}

impl Block {
    /// No position.
    pub(super) fn new() -> Block {
        Block {
            offsets: [const { MaybeUninit::uninit() }; BLOCK + SLACK],
            count: 0,
        }
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.count = 0;
    }

    /// The offsets.
    pub(super) fn offsets(&self) -> &[u32] {
        // SAFETY: the first `count` are written, and there are no more than that.
        unsafe { std::slice::from_raw_parts(self.offsets.as_ptr().cast(), self.count) }
    }

    /// One more offset, unless there is no room: there is for [`BLOCK`].
    pub(super) fn push(&mut self, offset: u32) {
        if let Some(slot) = self.offsets.get_mut(self.count) {
            slot.write(offset);
            self.count += 1;
        }
    }

    /// Where the next offsets are to be written; nothing when there is no room for sixteen.
    pub(super) fn room(&mut self) -> Option<&mut [MaybeUninit<u32>; SLACK]> {
        self.offsets.get_mut(self.count..)?.first_chunk_mut()
    }

    /// Counts `written` offsets more.
    ///
    /// # Safety
    /// So many were written into [`Block::room`].
    pub(super) unsafe fn add(&mut self, written: usize) {
        self.count += written;
    }
}
