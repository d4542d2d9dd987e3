//! How often each bit of the bitmap is asked for in source text, so that each literal is known by its rarest four bytes.
//!
//! The table was counted over public source code with the very hash of the bitmap. So a gram that is rare itself but shares
//! its bit with a common one is avoided as well. It only chooses, it never decides: a wrong entry costs time, no hit.
//! How it was made is written in `examples/bucket_table.rs`.

use super::gram::Gram;

/// Half a byte for each bit: how rare it is, 15 for the rarest; one more for each time that it is half as often.
static TABLE: &[u8] = include_bytes!("buckets.table");

/// How often the gram's bit is asked for, in two-millionths of all positions.
pub(super) fn cost(gram: Gram) -> u32 {
    let hash = gram.hash();
    let pair = TABLE.get((hash >> 1) as usize).copied().unwrap_or_default();
    let level = if hash & 1 == 0 { pair & 15 } else { pair >> 4 };
    1 << (15 - level)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prefilter::gram::HASH_BITS;

    #[test]
    fn the_table_has_an_entry_for_every_bit() {
        assert_eq!(TABLE.len(), 1 << (HASH_BITS - 1));
    }

    #[test]
    fn common_text_costs_more_than_rare_text() {
        let cost_of = |text: &[u8; 4]| cost(Gram::of(*text));
        assert!(cost_of(b"tion") > cost_of(b"ghp_"));
        assert!(cost_of(b"    ") > cost_of(b"tion"));
        assert!(cost_of(b"retu") > cost_of(b"qzxj"));
    }
}
