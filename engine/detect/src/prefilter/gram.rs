//! Four bytes, folded: what a literal is known by.
//!
//! Folding is `| 0x20` on every byte. It makes upper and lower case alike and lets a few other bytes fall
//! together (`@` and a back-tick, `_` and DEL), which only costs a comparison.

/// Four folded bytes, the first one in the lowest bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Gram(pub(super) u32);

/// What folds four bytes at once.
pub(super) const FOLD: u32 = 0x2020_2020;

/// Bits of the bitmap's index: 2¹⁷ bits are 16 KiB, which leaves room in a first-level cache of 32 KiB.
///
/// PERF: 2¹⁶ makes more collisions, 2¹⁸ more cache misses; see DESIGN.md.
pub(super) const HASH_BITS: u32 = 17;

/// Multiplier of the hash: odd, from the golden ratio.
pub(super) const HASH_MULTIPLIER: u32 = 0x9E37_79B1;

/// Bits of the second bitmap's index: 8 KiB. It is asked about two positions in a hundred only.
pub(super) const SECOND_BITS: u32 = 16;

/// Multiplier of the second hash: odd, with other bits than the first, so that grams that fall together there do not here.
const SECOND_MULTIPLIER: u32 = 0xC2B2_AE3D;

impl Gram {
    /// The gram of four bytes as they stand in the text.
    #[inline]
    pub(super) fn of(bytes: [u8; 4]) -> Gram {
        Gram(u32::from_le_bytes(bytes) | FOLD)
    }

    /// The gram's bit in the second bitmap.
    #[inline]
    pub(super) fn second_hash(self) -> u32 {
        self.0.wrapping_mul(SECOND_MULTIPLIER) >> (32 - SECOND_BITS)
    }

    /// The gram's bit in the bitmap.
    #[inline]
    pub(super) fn hash(self) -> u32 {
        self.0.wrapping_mul(HASH_MULTIPLIER) >> (32 - HASH_BITS)
    }
}
