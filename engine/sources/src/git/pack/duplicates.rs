//! Which objects several packs hold, so that each is shown once.
//!
//! The ids of an index are sorted, so all indexes are merged, in 256 parts by the first byte. The copy in the first pack
//! stays (packs are ordered by size, and large packs hold the longest chains); the other copies are then decoded
//! only where they are the base of something.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::file::Pack;

/// The copies that are not to be shown, as pack and position in its index.
#[derive(Debug, Default)]
pub(crate) struct Duplicates {
    /// For each pack a bit for each position; no bits at all where nothing is a duplicate.
    bits: Vec<Vec<u64>>,
}

impl Duplicates {
    /// Finds the duplicates among `packs`.
    pub(crate) fn among(packs: &[&Pack]) -> Self {
        let found: Vec<Vec<(usize, u32)>> = (0_u8..=255)
            .into_par_iter()
            .map(|byte| merge(packs, byte))
            .collect();
        let mut duplicates = Self {
            bits: vec![Vec::new(); packs.len()],
        };
        for (pack, position) in found.into_iter().flatten() {
            let objects = packs.get(pack).map_or(0, |pack| pack.objects());
            if let Some(bits) = duplicates.bits.get_mut(pack) {
                bits.resize((objects as usize).div_ceil(64), 0);
                if let Some(word) = bits.get_mut(position as usize / 64) {
                    *word |= 1 << (position % 64);
                }
            }
        }
        duplicates
    }

    /// Whether another copy is shown instead.
    pub(crate) fn contains(&self, pack: usize, position: u32) -> bool {
        self.bits
            .get(pack)
            .and_then(|bits| bits.get(position as usize / 64))
            .is_some_and(|word| word >> (position % 64) & 1 == 1)
    }
}

/// The duplicates among all ids that begin with `byte`.
fn merge(packs: &[&Pack], byte: u8) -> Vec<(usize, u32)> {
    let mut heap = BinaryHeap::new();
    for (number, pack) in packs.iter().enumerate() {
        let start = first_position(pack, byte);
        let end = byte
            .checked_add(1)
            .map_or(pack.objects(), |next| first_position(pack, next));
        if start < end {
            heap.extend(pack.id(start).map(|id| Reverse((id, number, start, end))));
        }
    }
    let mut duplicates = Vec::new();
    let mut last = None;
    while let Some(mut top) = heap.peek_mut() {
        let Reverse((id, number, position, end)) = *top;
        if last == Some(id) {
            duplicates.push((number, position));
        }
        last = Some(id);
        let next = position + 1;
        match packs.get(number).and_then(|pack| pack.id(next)) {
            Some(id) if next < end => *top = Reverse((id, number, next, end)),
            _ => drop(std::collections::binary_heap::PeekMut::pop(top)),
        }
    }
    duplicates
}

/// The first position with an id that begins with `byte` or a larger one.
fn first_position(pack: &Pack, byte: u8) -> u32 {
    let (mut low, mut high) = (0, pack.objects());
    while low < high {
        let middle = low + (high - low) / 2;
        if pack
            .id(middle)
            .is_some_and(|id| id.as_bytes().first() < Some(&byte))
        {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}
