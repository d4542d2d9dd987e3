//! The pass over the bytes, eight positions at a time, for processors with AVX2.
//!
//! Eight grams are cut from two overlapping loads by a byte shuffle, hashed by one multiplication, and their
//! words of the bitmap gathered. The scalar version is its twin.
#![expect(unsafe_code, reason = "vector loads and gathers have no safe form")]

use std::arch::x86_64::{
    __m256i, _mm_loadu_si128, _mm256_and_si256, _mm256_castsi256_ps, _mm256_i32gather_epi32,
    _mm256_movemask_ps, _mm256_mullo_epi32, _mm256_or_si256, _mm256_set_epi8, _mm256_set_m128i,
    _mm256_set1_epi32, _mm256_shuffle_epi8, _mm256_sllv_epi32, _mm256_srli_epi32, _mm256_sub_epi32,
};

use super::block::{BLOCK, Block};
use super::gram::{FOLD, HASH_BITS, HASH_MULTIPLIER};
use super::gram_table::{Bitmap, GramTable};

/// Positions tested by one round of the loop.
const STEP: usize = 16;

/// Bytes that one round may read from its first position on: 16 positions, the last load starting at 12.
const READS: usize = 28;

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
        unsafe { rounds(table.bitmap(), bytes, from, to, block) }
    } else {
        from
    }
}

#[target_feature(enable = "avx2")]
fn rounds(bitmap: &Bitmap, bytes: &[u8], from: usize, to: usize, block: &mut Block) -> usize {
    let mut position = from;
    let last = to.min(bytes.len()).min(from.saturating_add(BLOCK));
    // PERF: the last round may test more than is asked for: between two edits there are often a few dozen bytes only, and a
    // dozen positions one by one would cost more than the rounds before.
    while position < last && position + READS <= bytes.len() {
        // SAFETY: positions up to `position + READS` are inside of `bytes`, and a bitmap has 2^`HASH_BITS` bits.
        let mut set = unsafe {
            let start = bytes.as_ptr().add(position);
            let low = eight_positions(bitmap.as_ptr(), start);
            let high = eight_positions(bitmap.as_ptr(), start.add(8));
            low | high << 8
        };
        let tested = STEP.min(last - position);
        set &= u32::MAX >> (32 - tested);
        while set != 0 {
            #[expect(clippy::cast_possible_truncation, reason = "a block is 256 positions")]
            block.push((position - from) as u32 + set.trailing_zeros());
            set &= set - 1;
        }
        position += tested;
    }
    position
}

/// One bit for each of the eight positions from `start` on: whether its gram's hash is in the bitmap.
///
/// # Safety
/// The processor must have AVX2, 20 bytes must be readable from `start`, and `bitmap` must have 2^`HASH_BITS` bits.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn eight_positions(bitmap: *const u32, start: *const u8) -> u32 {
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
    let hash = _mm256_srli_epi32::<{ (32 - HASH_BITS).cast_signed() }>(product);
    // SAFETY: a hash has HASH_BITS bits, so its word is inside of the bitmap.
    let words = unsafe { _mm256_i32gather_epi32::<4>(bitmap.cast(), _mm256_srli_epi32::<5>(hash)) };
    // The wanted bit is moved to the sign bit: shifted left by 31 − (hash mod 32).
    let bit = _mm256_and_si256(hash, _mm256_set1_epi32(31));
    let shifted = _mm256_sllv_epi32(words, _mm256_sub_epi32(_mm256_set1_epi32(31), bit));
    _mm256_movemask_ps(_mm256_castsi256_ps(shifted)).cast_unsigned()
}
