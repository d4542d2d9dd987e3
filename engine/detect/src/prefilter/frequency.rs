//! How rare four bytes are in source text, so that each literal is known by its rarest four.
//!
//! A gram's rarity is that of its first pair plus what each further byte adds, from a table of pairs that was
//! counted over public source code. It need not be exact: it only chooses, it never decides.

use super::frequency_table::{PAIR, SINGLE};
use super::gram::Gram;

/// Number of classes that folded bytes fall into.
const CLASSES: usize = 64;

/// The class of a folded byte: 0x20–0x3f and 0x60–0x7f have one each, everything else shares the last one.
fn class(folded: u8) -> usize {
    usize::from(match folded {
        0x20..=0x3f => folded - 0x20,
        0x60..=0x7f => folded - 0x40,
        _ => 63,
    })
}

fn single(a: u8) -> u32 {
    SINGLE.get(class(a)).copied().map_or(255, u32::from)
}

fn pair(a: u8, b: u8) -> u32 {
    PAIR.get(class(a) * CLASSES + class(b))
        .copied()
        .map_or(255, u32::from)
}

/// How rare a gram is, in eighths of a bit: 8 more means half as often.
pub(super) fn rarity(gram: Gram) -> u32 {
    let [a, b, c, d] = gram.bytes();
    (pair(a, b) + pair(b, c) + pair(c, d)).saturating_sub(single(b) + single(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_text_is_commoner_than_rare_text() {
        let rarity_of = |text: &[u8; 4]| rarity(Gram::of(*text));
        assert!(rarity_of(b"tion") < rarity_of(b"ghp_"));
        assert!(rarity_of(b"    ") < rarity_of(b"tion"));
        assert!(rarity_of(b"retu") < rarity_of(b"qzxj"));
    }
}
