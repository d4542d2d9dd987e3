//! Text from a repository that a terminal shows and does not obey.
//!
//! Paths, author names, commit subjects and lines of files are written by whoever could push; a name with an escape
//! sequence could clear the screen, hide a finding or change the window's title, and a text-direction mark can make a
//! line read as something else. Each such character is replaced by one visible character, so that positions
//! in the text stay what they were.

use std::borrow::Cow;

/// `text` with every character that a terminal would act on replaced by a visible one.
pub(crate) fn harmless(text: &str) -> Cow<'_, str> {
    if text
        .chars()
        .any(|character| visible(character) != character)
    {
        Cow::Owned(text.chars().map(visible).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// What is shown for `character`.
pub(crate) fn visible(character: char) -> char {
    match character {
        // U+2400 and on are pictures of the control characters, in their order.
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(character)).unwrap_or('\u{fffd}'),
        '\x7f' => '\u{2421}',
        '\u{80}'..='\u{9f}' => '\u{fffd}',
        character if changes_direction_or_line(character) => '\u{fffd}',
        character => character,
    }
}

/// Whether `character` is invisible and changes how its neighbours are laid out.
fn changes_direction_or_line(character: char) -> bool {
    matches!(
        character,
        '\u{61c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_becomes_one_visible_character() {
        for (text, expected) in [
            ("src/main.rs", "src/main.rs"),
            ("é😀", "é😀"),
            ("\x1b[2J\u{9b}2J", "␛[2J\u{fffd}2J"),
            ("a\r\nb\tc\x7f", "a␍␊b␉c␡"),
            ("a\u{202e}b\u{2028}c", "a\u{fffd}b\u{fffd}c"),
        ] {
            assert_eq!(harmless(text), expected);
            assert_eq!(harmless(text).chars().count(), text.chars().count());
        }
    }
}
