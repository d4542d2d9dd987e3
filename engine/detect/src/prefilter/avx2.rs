//! The pass over the bytes, sixty-four positions at a time, for processors with AVX2.
//!
//! Of sixty-four positions first those are told at which three bytes of text stand: where every literal is text, no other can hold
//! one. Where they are few, each of them is tested by itself. Else all are: eight grams are cut from two overlapping loads by a byte
//! shuffle and hashed by one multiplication, and their words of the bitmap are read one by one. The scalar version is the twin.
//!
//! PERF: programs are mostly numbers and zeros, in which three bytes of text in a row are rare. Against gathers at every position, in processor
//! seconds of whole scans: an image of 1 GB 6.0 to 4.8, all history of redis 10.8 to 9.3 (an AMD EPYC without AVX-512).
#![expect(unsafe_code, reason = "vector loads have no safe form")]

use std::arch::x86_64::{
    __m256i, _mm_loadu_si128, _mm256_and_si256, _mm256_cmpgt_epi8, _mm256_loadu_si256,
    _mm256_movemask_epi8, _mm256_mullo_epi32, _mm256_or_si256, _mm256_set_epi8, _mm256_set_m128i,
    _mm256_set1_epi8, _mm256_set1_epi32, _mm256_shuffle_epi8, _mm256_srli_epi32,
    _mm256_storeu_si256,
};

use super::block::{BLOCK, Block};
use super::gram::{FOLD, Gram, HASH_BITS, HASH_MULTIPLIER};
use super::gram_table::{Bitmap, GramTable};

/// Positions of a group.
pub(super) const GROUP: usize = 64;

/// Bytes that are read of a group from its first position on: as many as its last round reads.
pub(super) const GROUP_READS: usize = GROUP - STEP + READS;

/// Positions tested by one round.
const STEP: usize = 16;

/// Bytes that one round may read from its first position on: 16 positions, the last load starting at 12.
const READS: usize = 28;

/// Bytes of one load.
const LOAD: usize = 32;

/// So many positions of a group are tested one by one; for more, vectors are faster.
const FEW: u32 = 16;

/// Whether this processor can run [`scan`].
pub(super) fn is_available() -> bool {
    std::arch::is_x86_feature_detected!("avx2")
}

/// Tests positions from `from` on, at most a block of them, as long as whole rounds fit before `to`; appends those whose
/// gram's hash is in the bitmap and gives back the first position not tested. Tests nothing without AVX2.
pub(super) fn scan(
    table: &GramTable,
    bytes: &[u8],
    from: usize,
    to: usize,
    block: &mut Block,
) -> usize {
    if is_available() {
        // SAFETY: AVX2 is there.
        unsafe {
            let next = groups(table, bytes, from, to, block);
            rounds(table.bitmap(), bytes, (from, next), to, block)
        }
    } else {
        from
    }
}

/// Tests whole groups, as long as they fit.
#[target_feature(enable = "avx2")]
fn groups(table: &GramTable, bytes: &[u8], from: usize, to: usize, block: &mut Block) -> usize {
    let mut position = from;
    let last = to.min(bytes.len()).min(from.saturating_add(BLOCK));
    while position + GROUP <= last
        && let Some(group) = bytes
            .get(position..)
            .and_then(<[u8]>::first_chunk::<GROUP_READS>)
    {
        let possible = if table.is_text() {
            starts_of_text(group)
        } else {
            u64::MAX
        };
        let set = if possible.count_ones() <= FEW {
            one_by_one(table, group, possible)
        } else {
            possible & all_of(table.bitmap(), group)
        };
        push(block, position - from, set);
        position += GROUP;
    }
    position
}

/// Tests the rest of a block that begins at `begin`, from `from` on.
#[target_feature(enable = "avx2")]
fn rounds(
    bitmap: &Bitmap,
    bytes: &[u8],
    (begin, from): (usize, usize),
    to: usize,
    block: &mut Block,
) -> usize {
    let mut position = from;
    let last = to.min(bytes.len()).min(begin.saturating_add(BLOCK));
    // PERF: the last round may test more than is asked for: between two edits there are often a few dozen bytes only, and a
    // dozen positions one by one would cost more than the rounds before.
    while position < last && position + READS <= bytes.len() {
        // SAFETY: positions up to `position + READS` are inside of `bytes`.
        let mut set = unsafe { sixteen_positions(bitmap, bytes.as_ptr().add(position)) };
        let tested = STEP.min(last - position);
        set &= u64::MAX >> (64 - tested);
        push(block, position - begin, set);
        position += tested;
    }
    position
}

/// Appends the positions whose bit is set.
#[inline]
pub(super) fn push(block: &mut Block, first: usize, mut set: u64) {
    while set != 0 {
        #[expect(clippy::cast_possible_truncation, reason = "a block is 256 positions")]
        block.push(first as u32 + set.trailing_zeros());
        set &= set - 1;
    }
}

/// One bit for each position of the group: whether three bytes of text stand there. What follows the group counts as text.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn starts_of_text(group: &[u8; GROUP_READS]) -> u64 {
    let (loads, _) = group.as_chunks::<LOAD>();
    let [low, high, ..] = loads else {
        return u64::MAX;
    };
    let text = u64::from(text_bytes(low)) | u64::from(text_bytes(high)) << LOAD;
    text & (text >> 1 | 1 << 63) & (text >> 2 | 3 << 62)
}

/// One bit for each byte: whether it is printable ASCII or one of 0x09 to 0x0d (or DEL, which is no text and does no harm).
#[inline]
#[target_feature(enable = "avx2")]
fn text_bytes(part: &[u8; LOAD]) -> u32 {
    // SAFETY: there are as many bytes as are loaded.
    let bytes = unsafe { _mm256_loadu_si256(part.as_ptr().cast()) };
    // As signed numbers, bytes beyond ASCII are below zero.
    let printable = _mm256_cmpgt_epi8(bytes, _mm256_set1_epi8(0x1f));
    let between = _mm256_and_si256(
        _mm256_cmpgt_epi8(bytes, _mm256_set1_epi8(0x08)),
        _mm256_cmpgt_epi8(_mm256_set1_epi8(0x0e), bytes),
    );
    _mm256_movemask_epi8(_mm256_or_si256(printable, between)).cast_unsigned()
}

/// Those of the possible positions whose gram's hash is in the bitmap.
#[inline]
pub(super) fn one_by_one(table: &GramTable, group: &[u8; GROUP_READS], mut possible: u64) -> u64 {
    let mut set = 0;
    while possible != 0 {
        let offset = possible.trailing_zeros();
        possible &= possible - 1;
        let start = offset as usize;
        if let Some(&[a, b, c, d]) = group.get(start..start + 4) {
            set |= u64::from(table.may_hold(Gram::of([a, b, c, d]))) << offset;
        }
    }
    set
}

/// One bit for each position of the group: whether its gram's hash is in the bitmap.
#[inline]
#[target_feature(enable = "avx2")]
fn all_of(bitmap: &Bitmap, group: &[u8; GROUP_READS]) -> u64 {
    let mut set = 0;
    for first in [0, STEP, 2 * STEP, 3 * STEP] {
        // SAFETY: the last round reads `READS` bytes from the last position of these on, where the group ends.
        set |= unsafe { sixteen_positions(bitmap, group.as_ptr().add(first)) } << first;
    }
    set
}

/// One bit for each of the sixteen positions from `start` on: whether its gram's hash is in the bitmap.
///
/// # Safety
/// The processor must have AVX2, and [`READS`] bytes must be readable from `start`.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn sixteen_positions(bitmap: &Bitmap, start: *const u8) -> u64 {
    let mut hashes = [0_u32; STEP];
    let room = hashes.as_mut_ptr();
    // SAFETY: 20 bytes are readable from both, and there is room for sixteen hashes.
    unsafe {
        _mm256_storeu_si256(room.cast(), eight_hashes(start));
        _mm256_storeu_si256(room.add(STEP / 2).cast(), eight_hashes(start.add(STEP / 2)));
    }
    let mut set = 0;
    for (offset, hash) in hashes.into_iter().enumerate() {
        // SAFETY: a hash has `HASH_BITS` bits, so its word is inside of the bitmap.
        let word = unsafe { bitmap.get_unchecked((hash >> 5) as usize) };
        set |= u64::from(word >> (hash & 31) & 1) << offset;
    }
    set
}

/// The hashes of the eight grams from `start` on.
///
/// # Safety
/// The processor must have AVX2, and 20 bytes must be readable from `start`.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn eight_hashes(start: *const u8) -> __m256i {
    // SAFETY: both loads lie inside of the 20 readable bytes.
    let text = unsafe {
        _mm256_set_m128i(
            _mm_loadu_si128(start.add(4).cast()),
            _mm_loadu_si128(start.cast()),
        )
    };
    let grams: __m256i = _mm256_shuffle_epi8(
        text,
        _mm256_set_epi8(
            6, 5, 4, 3, 5, 4, 3, 2, 4, 3, 2, 1, 3, 2, 1, 0, 6, 5, 4, 3, 5, 4, 3, 2, 4, 3, 2, 1, 3,
            2, 1, 0,
        ),
    );
    let folded = _mm256_or_si256(grams, _mm256_set1_epi32(FOLD.cast_signed()));
    let product = _mm256_mullo_epi32(folded, _mm256_set1_epi32(HASH_MULTIPLIER.cast_signed()));
    _mm256_srli_epi32::<{ (32 - HASH_BITS).cast_signed() }>(product)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(bytes: impl Iterator<Item = u8>) -> [u8; GROUP_READS] {
        let mut group = [0; GROUP_READS];
        group
            .iter_mut()
            .zip(bytes)
            .for_each(|(to, byte)| *to = byte);
        group
    }

    #[test]
    fn programs_are_tested_one_by_one_and_text_is_not() {
        if !is_available() {
            return;
        }
        // SAFETY: AVX2 is there.
        let possible = |bytes: &[u8; GROUP_READS]| unsafe { starts_of_text(bytes) };
        let numbers = group((0..20_u32).flat_map(u32::to_le_bytes));
        let text = group(b"let key = \"value\";\n\t".repeat(5).into_iter());
        let call = group(b"\x48\x8b\x05ABCD\x00\xff".iter().copied());
        assert_eq!(possible(&[0; GROUP_READS]), 0);
        assert!(possible(&numbers).count_ones() <= FEW);
        assert_eq!(possible(&text), u64::MAX);
        assert_eq!(possible(&call), 0b1_1000);
    }
}
