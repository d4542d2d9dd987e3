//! The entries of a pack in the order in which they stand in it, each with its position in the index.
//!
//! Offset and position share one 64-bit number, the offset on top, so that sorting the numbers sorts the entries, and
//! eight bytes for each entry are all there is to hold: with eleven million objects (linux.git) every byte counts.

use rayon::slice::ParallelSliceMut;

use super::file::Pack;

/// Offsets and positions, sorted by offset.
#[derive(Debug)]
pub(crate) struct Order {
    packed: Vec<u64>,
    /// Bits of a position.
    shift: u32,
}

impl Order {
    /// An order for the entries of `pack`; none when its sizes together need more than 64 bits.
    pub(crate) fn for_pack(pack: &Pack) -> Option<Self> {
        // One more than there are positions: the largest stands for "no position".
        let shift = u64::from(pack.objects()).checked_add(1)?.ilog2() + 1;
        let offset_bits = pack.size().max(1).ilog2() + 1;
        (shift + offset_bits <= u64::BITS).then(|| Self {
            packed: Vec::new(),
            shift,
        })
    }

    /// An order without entries, to stand in for another one.
    pub(crate) fn empty() -> Self {
        Self {
            packed: Vec::new(),
            shift: 1,
        }
    }

    pub(crate) fn reserve(&mut self, entries: usize) {
        self.packed.reserve_exact(entries);
    }

    /// Adds an entry; `position` is none when only its offset is known.
    pub(crate) fn push(&mut self, offset: u64, position: Option<u32>) {
        let position = position.map_or(self.nowhere(), u64::from);
        self.packed.push(offset << self.shift | position);
    }

    pub(crate) fn sort(&mut self) {
        self.packed.par_sort_unstable();
    }

    /// Of several positions with the same offset keeps the first, and returns the others.
    pub(crate) fn remove_shared(&mut self) -> Vec<u32> {
        let (shift, nowhere) = (self.shift, self.nowhere());
        let mut removed = Vec::new();
        self.packed.dedup_by(|next, kept| {
            let shared = *next >> shift == *kept >> shift;
            if shared {
                removed.extend(u32::try_from(*next & nowhere));
            }
            shared
        });
        removed
    }

    pub(crate) fn len(&self) -> usize {
        self.packed.len()
    }

    pub(crate) fn offset(&self, entry: usize) -> Option<u64> {
        self.packed.get(entry).map(|packed| packed >> self.shift)
    }

    /// The position in the index.
    pub(crate) fn position(&self, entry: usize) -> Option<u32> {
        let position = self.packed.get(entry)? & self.nowhere();
        u32::try_from(position)
            .ok()
            .filter(|_| position != self.nowhere())
    }

    /// The entry that starts at `offset`, given that it is likely to stand shortly before `near`.
    ///
    /// PERF: writers put a base close before its deltas, so doubling steps backwards touch far fewer cache lines than a
    /// search over the whole pack.
    pub(crate) fn find_before(&self, near: usize, offset: u64) -> Option<usize> {
        let mut high = near;
        let mut step = 1;
        let low = loop {
            let low = high.saturating_sub(step);
            if low == 0 || self.offset(low)? <= offset {
                break low;
            }
            high = low;
            step *= 2;
        };
        self.find_in(low, near, offset)
    }

    /// The entry that starts at `offset`.
    pub(crate) fn find(&self, offset: u64) -> Option<usize> {
        self.find_in(0, self.packed.len(), offset)
    }

    fn find_in(&self, low: usize, high: usize, offset: u64) -> Option<usize> {
        let part = self.packed.get(low..high)?;
        let entry = low + part.partition_point(|packed| packed >> self.shift < offset);
        (self.offset(entry) == Some(offset)).then_some(entry)
    }

    /// Keeps those entries for which `keep` says so, in their order.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(usize) -> bool) {
        let mut entry = 0;
        self.packed.retain(|_| {
            entry += 1;
            keep(entry - 1)
        });
        self.packed.shrink_to_fit();
    }

    fn nowhere(&self) -> u64 {
        (1 << self.shift) - 1
    }
}
