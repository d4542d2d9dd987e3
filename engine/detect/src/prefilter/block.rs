//! The positions of a few hundred that the bitmap lets through.

/// Positions tested before those that are let through are looked at. Few, so that they are still in the registers' reach
/// and short stretches cost little; many enough that the loop over them is not the cost.
pub(super) const BLOCK: usize = 256;

/// Positions that may be written past those that count.
const SLACK: usize = 16;

/// Offsets from the first position that was tested.
pub(super) struct Block {
    pub(super) offsets: [u32; BLOCK + SLACK],
    pub(super) count: usize,
}

impl Block {
    /// No position.
    pub(super) fn new() -> Block {
        Block {
            offsets: [0; BLOCK + SLACK],
            count: 0,
        }
    }

    /// The offsets.
    pub(super) fn offsets(&self) -> &[u32] {
        self.offsets.get(..self.count).unwrap_or_default()
    }

    /// One more offset, unless there is no room: there is for [`BLOCK`].
    pub(super) fn push(&mut self, offset: u32) {
        if let Some(slot) = self.offsets.get_mut(self.count) {
            *slot = offset;
            self.count += 1;
        }
    }
}
