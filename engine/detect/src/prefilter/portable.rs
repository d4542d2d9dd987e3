//! The pass over the bytes, sixteen positions at a time, for every other processor.
//!
//! The hashes of sixteen neighbouring grams are computed in one loop without a branch, which the compiler turns into vector
//! instructions where there are some (NEON on every 64-bit ARM); only the look into the bitmap is done one by one. It
//! agrees with the scalar version by construction: both hash by [`Gram`]. It is tested on every processor.

use super::block::{BLOCK, Block};
use super::gram::Gram;
use super::gram_table::GramTable;

/// Positions tested by one round of the loop.
const STEP: usize = 16;

/// Bytes that one round reads from its first position on.
const READS: usize = STEP + 3;

/// Tests positions from `from` on, at most a block of them, before `to`; appends those whose gram's hash is in the bitmap
/// and gives back the first position not tested.
pub(super) fn scan(
    table: &GramTable,
    bytes: &[u8],
    from: usize,
    to: usize,
    block: &mut Block,
) -> usize {
    let last = to.min(bytes.len()).min(from.saturating_add(BLOCK));
    let mut position = from;
    while position < last {
        let text = bytes.get(position..).and_then(<[u8]>::first_chunk::<READS>);
        let Some(text) = text else { break };
        let mut hashes = [0_u32; STEP];
        for (hash, window) in hashes.iter_mut().zip(text.windows(4)) {
            if let &[a, b, c, d] = window {
                *hash = Gram::of([a, b, c, d]).hash();
            }
        }
        let tested = STEP.min(last - position);
        let first = u32::try_from(position - from).unwrap_or(u32::MAX);
        for (offset, hash) in (first..).zip(hashes.iter().take(tested)) {
            if table.has(*hash) {
                block.push(offset);
            }
        }
        position += tested;
    }
    position
}
