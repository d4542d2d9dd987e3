//! The pass over the bytes, sixteen positions at a time, for processors with AVX-512 (F and BW).
//!
//! Sixteen grams are cut from one load by two shuffles, hashed by one multiplication, and their words of the bitmap gathered.
//! The positions whose bit is set are packed together and appended without a branch, for whether a round has one is
//! hard to foresee. Of sixty-four positions in which hardly any text stands, as in programs, only those are looked up at which it does
//! (see `avx2.rs`). The scalar version is its twin.
#![expect(
    unsafe_code,
    reason = "vector loads, stores and gathers have no safe form"
)]

use std::arch::x86_64::{
    _mm_setr_epi8, _mm256_loadu_si256, _mm512_add_epi32, _mm512_broadcast_i32x4,
    _mm512_castsi256_si512, _mm512_i32gather_epi32, _mm512_maskz_compress_epi32,
    _mm512_mullo_epi32, _mm512_or_si512, _mm512_permutexvar_epi32, _mm512_rorv_epi32,
    _mm512_set1_epi32, _mm512_setr_epi32, _mm512_shuffle_epi8, _mm512_srli_epi32,
    _mm512_storeu_si512, _mm512_test_epi32_mask,
};

use super::avx2::{GROUP, GROUP_READS, one_by_one, push, starts_of_text};
use super::block::{BLOCK, Block};
use super::gram::{FOLD, HASH_BITS, HASH_MULTIPLIER};
use super::gram_table::GramTable;

/// Positions tested by one round of the loop.
const STEP: usize = 16;

/// So many positions of a group are tested one by one; for more, vectors are faster.
const FEW: u32 = 8;

/// Bytes that one round reads from its first position on.
const READS: usize = 32;

/// Whether this processor can run [`scan`].
pub(super) fn is_available() -> bool {
    std::arch::is_x86_feature_detected!("avx512f")
        && std::arch::is_x86_feature_detected!("avx512bw")
}

/// Tests positions from `from` on, at most a block of them, as long as whole rounds fit before `to`; appends those whose
/// gram's hash is in the bitmap and gives back the first position not tested. Tests nothing without AVX-512.
pub(super) fn scan(
    table: &GramTable,
    bytes: &[u8],
    from: usize,
    to: usize,
    block: &mut Block,
) -> usize {
    if is_available() {
        // SAFETY: AVX-512 is there.
        unsafe { rounds(table, bytes, from, to, block) }
    } else {
        from
    }
}

#[target_feature(enable = "avx512f,avx512bw")]
fn rounds(table: &GramTable, bytes: &[u8], from: usize, to: usize, block: &mut Block) -> usize {
    let bitmap = table.bitmap();
    // Lane i of four holds double words i and i + 1, from which the shuffle cuts four grams.
    let lanes = _mm512_setr_epi32(0, 1, 0, 0, 1, 2, 0, 0, 2, 3, 0, 0, 3, 4, 0, 0);
    let windows = _mm512_broadcast_i32x4(_mm_setr_epi8(
        0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 6,
    ));
    let fold = _mm512_set1_epi32(FOLD.cast_signed());
    let multiplier = _mm512_set1_epi32(HASH_MULTIPLIER.cast_signed());
    let one = _mm512_set1_epi32(1);
    let steps = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    let last = to.min(bytes.len()).min(from.saturating_add(BLOCK));
    let mut position = from;
    // Up to here enough text stands.
    let mut text_to = from;
    while position + STEP <= last && position + READS <= bytes.len() {
        if table.is_text()
            && position >= text_to
            && position + GROUP <= last
            && let Some(group) = bytes
                .get(position..)
                .and_then(<[u8]>::first_chunk::<GROUP_READS>)
        {
            let possible = starts_of_text(group);
            if possible.count_ones() <= FEW {
                push(block, position - from, one_by_one(table, group, possible));
                position += GROUP;
                continue;
            }
            text_to = position + GROUP;
        }
        // SAFETY: `READS` bytes are readable from `position`.
        let text = unsafe { _mm256_loadu_si256(bytes.as_ptr().add(position).cast()) };
        let spread = _mm512_permutexvar_epi32(lanes, _mm512_castsi256_si512(text));
        let grams = _mm512_or_si512(_mm512_shuffle_epi8(spread, windows), fold);
        let product = _mm512_mullo_epi32(grams, multiplier);
        let hash = _mm512_srli_epi32::<{ 32 - HASH_BITS }>(product);
        let word = _mm512_srli_epi32::<{ 32 - HASH_BITS + 5 }>(product);
        // SAFETY: a hash has HASH_BITS bits, so its word is inside of the bitmap.
        let words = unsafe { _mm512_i32gather_epi32::<4>(word, bitmap.as_ptr().cast()) };
        // Rotation counts are taken modulo 32, which is the bit's number in its word.
        let set = _mm512_test_epi32_mask(_mm512_rorv_epi32(words, hash), one);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_possible_wrap,
            reason = "a block is 256 positions"
        )]
        let first = _mm512_set1_epi32((position - from) as i32);
        let packed = _mm512_maskz_compress_epi32(set, _mm512_add_epi32(steps, first));
        let Some(room) = block.room() else { break };
        // SAFETY: there is room for sixteen offsets, and as many as there are bits are written to its front.
        unsafe {
            _mm512_storeu_si512(room.as_mut_ptr().cast(), packed);
            block.add(set.count_ones() as usize);
        }
        position += STEP;
    }
    position
}
