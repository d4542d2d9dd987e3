//! Runs of base64 digits, 64 bytes at a time.
//!
//! A byte is a digit when the row of its upper half has a bit in common with the column of its lower half: two
//! shuffles and one comparison for 32 bytes. The portable version beside it is its twin.
#![expect(unsafe_code, reason = "vector loads have no safe form")]

use std::arch::x86_64::{
    _mm_setr_epi8, _mm256_and_si256, _mm256_broadcastsi128_si256, _mm256_cmpeq_epi8,
    _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_set1_epi8, _mm256_setzero_si256,
    _mm256_shuffle_epi8, _mm256_srli_epi16,
};

use super::run::{DIGITS, SHORTEST};

/// Bytes of one block.
const BLOCK: usize = 64;

/// Bytes of a vector.
const VECTOR: usize = 32;

/// Bits for the rows of the upper half: `+-/`, digits, the two rows of letters without their last, and the last ones.
const SIGNS: i8 = 1;
const NUMBERS: i8 = 2;
const LETTERS: i8 = 4;
const UPPER_END: i8 = 8;
const LOWER_END: i8 = 16;

/// Whether this processor can run [`find`].
pub(super) fn is_available() -> bool {
    std::arch::is_x86_feature_detected!("avx2")
}

/// Calls `found` with the start of every run of at least [`SHORTEST`] digits that starts in `from..to`; no run reaches
/// over `from` from before. The processor must have AVX2, or nothing is found.
pub(super) fn find(bytes: &[u8], from: usize, to: usize, found: impl FnMut(usize)) {
    if is_available() {
        // SAFETY: AVX2 is there.
        unsafe { find_blocks(bytes, from, to, found) }
    }
}

/// The run that reaches to the end of what was looked at.
#[derive(Clone, Copy, Debug, Default)]
struct Open {
    length: usize,
    told: bool,
}

#[target_feature(enable = "avx2")]
fn find_blocks(bytes: &[u8], from: usize, to: usize, mut found: impl FnMut(usize)) {
    let mut at = from;
    let mut open = Open::default();
    while at < to || open.length > 0 {
        let Some(block) = bytes.get(at..).filter(|rest| !rest.is_empty()) else {
            return;
        };
        let mask = match block.first_chunk::<BLOCK>() {
            Some(block) => digits_of(block),
            None => digits_one_by_one(block),
        };
        look_at_mask(mask, at, &mut open, &mut |start| {
            if start < to {
                found(start);
            }
        });
        at += BLOCK;
    }
}

/// Finds the long rows of ones in `mask`, of which the first may go on from the block before.
#[inline]
fn look_at_mask(mask: u64, at: usize, open: &mut Open, found: &mut impl FnMut(usize)) {
    let head = mask.trailing_ones() as usize;
    if open.length > 0 && !open.told && open.length + head >= SHORTEST {
        found(at - open.length);
        open.told = true;
    }
    if head == BLOCK {
        if open.length == 0 {
            found(at);
            open.told = true;
        }
        open.length += BLOCK;
        return;
    }
    // Rows of 24 ones inside of the block: after the shifts a bit is left for each.
    let mut rows = mask & (mask >> 1);
    rows &= rows >> 2;
    rows &= rows >> 4;
    rows &= rows >> 8;
    rows &= rows >> 8;
    // The first bit of each row of bits is a run's start.
    let mut starts = rows & !(rows << 1);
    while starts != 0 {
        let start = starts.trailing_zeros() as usize;
        if start > 0 || open.length == 0 {
            found(at + start);
        }
        starts &= starts - 1;
    }
    let tail = mask.leading_ones() as usize;
    *open = Open {
        length: tail,
        told: tail >= SHORTEST,
    };
}

/// One bit for each of the block's bytes: whether it is a digit.
#[inline]
#[target_feature(enable = "avx2")]
fn digits_of(block: &[u8; BLOCK]) -> u64 {
    let (halves, _) = block.as_chunks::<VECTOR>();
    halves.iter().rev().fold(0, |mask, half| {
        mask << VECTOR | u64::from(digits_of_vector(half))
    })
}

/// The same for one vector.
#[inline]
#[target_feature(enable = "avx2")]
fn digits_of_vector(block: &[u8; VECTOR]) -> u32 {
    let columns = _mm_setr_epi8(
        NUMBERS | UPPER_END | LOWER_END,
        NUMBERS | LETTERS | UPPER_END | LOWER_END,
        NUMBERS | LETTERS | UPPER_END | LOWER_END,
        NUMBERS | LETTERS | UPPER_END | LOWER_END,
        NUMBERS | LETTERS | UPPER_END | LOWER_END,
        NUMBERS | LETTERS | UPPER_END | LOWER_END,
        NUMBERS | LETTERS | UPPER_END | LOWER_END,
        NUMBERS | LETTERS | UPPER_END | LOWER_END,
        NUMBERS | LETTERS | UPPER_END | LOWER_END,
        NUMBERS | LETTERS | UPPER_END | LOWER_END,
        LETTERS | UPPER_END | LOWER_END,
        LETTERS | SIGNS,
        LETTERS,
        LETTERS | SIGNS,
        LETTERS,
        LETTERS | SIGNS | UPPER_END,
    );
    let rows = _mm_setr_epi8(
        0, 0, SIGNS, NUMBERS, LETTERS, UPPER_END, LETTERS, LOWER_END, 0, 0, 0, 0, 0, 0, 0, 0,
    );
    // SAFETY: there are 32 bytes.
    let text = unsafe { _mm256_loadu_si256(block.as_ptr().cast()) };
    // A byte from 0x80 on asks for no column.
    let column = _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(columns), text);
    let upper = _mm256_and_si256(_mm256_srli_epi16::<4>(text), _mm256_set1_epi8(0x0F));
    let row = _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(rows), upper);
    let strangers = _mm256_cmpeq_epi8(_mm256_and_si256(column, row), _mm256_setzero_si256());
    !_mm256_movemask_epi8(strangers).cast_unsigned()
}

/// The same for the last bytes, fewer than a block.
fn digits_one_by_one(rest: &[u8]) -> u64 {
    rest.iter()
        .take(BLOCK)
        .enumerate()
        .filter(|(_, byte)| DIGITS.contains(**byte))
        .fold(0, |mask, (place, _)| mask | 1 << place)
}
