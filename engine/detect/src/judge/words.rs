//! Does this read like words? How surprising a text is to somebody who knows source code and prose.
//!
//! A table of 28³ entries tells how surprising each character is after the two before it. Names, labels, sentences
//! and paths score 2.5 to 5 bits a character, random letters and digits 6.5 to 11. How the table was made is written in
//! `examples/word_table.rs`. Hexadecimal text is too plain for this and is told by other means.

/// Number of symbols: a boundary, 26 letters, a digit.
const SYMBOLS: usize = 28;

/// Sixteenths of a bit, by the two symbols before and the symbol.
static TABLE: &[u8] = include_bytes!("words.table");

fn symbol(byte: u8) -> usize {
    match byte {
        b'a'..=b'z' => usize::from(byte - b'a') + 1,
        b'A'..=b'Z' => usize::from(byte - b'A') + 1,
        b'0'..=b'9' => 27,
        _ => 0,
    }
}

/// Bits of surprise per character: below 5 it reads like words, above 6.5 it does not.
pub(crate) fn surprise(text: &[u8]) -> f32 {
    let (mut a, mut b, mut before, mut sum) = (0, 0, b' ', 0_u32);
    let mut push = |c: usize| {
        let entry = TABLE.get((a * SYMBOLS + b) * SYMBOLS + c);
        (a, b) = (b, c);
        sum += entry.copied().map_or(0, u32::from);
    };
    for &byte in text {
        if before.is_ascii_lowercase() && byte.is_ascii_uppercase() {
            push(0);
        }
        push(symbol(byte));
        before = byte;
    }
    push(0);
    sum as f32 / 16.0 / text.len().max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_an_entry_for_every_three_symbols() {
        assert_eq!(TABLE.len(), SYMBOLS * SYMBOLS * SYMBOLS);
    }

    #[test]
    fn words_and_names_read_like_words_and_random_letters_do_not() {
        for text in [
            "authentication",
            "getUserPassword",
            "MAX_BUFFER_SIZE",
            "the quick brown fox",
            "src/main/resources",
        ] {
            assert!(
                surprise(text.as_bytes()) < 5.0,
                "{text}: {}",
                surprise(text.as_bytes())
            );
        }
        for text in ["xkqzvbntrp", "qW8zK2vPxL7m", "ZJQ7XK2VB9WM", "8fj2kd9slq0x"] {
            assert!(
                surprise(text.as_bytes()) > 6.5,
                "{text}: {}",
                surprise(text.as_bytes())
            );
        }
    }
}
