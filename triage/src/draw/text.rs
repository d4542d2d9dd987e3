//! Texts that fit into columns.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// The text without what a terminal would obey: it comes from repositories.
pub(super) fn printable(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            '\t' => ' ',
            letter if letter.is_control() => '\u{fffd}',
            letter => letter,
        })
        .collect()
}

/// The text, cut at the end to so many columns.
pub(super) fn cut(text: &str, columns: usize) -> String {
    let text = printable(text);
    if text.width() <= columns {
        return text;
    }
    let mut kept = String::new();
    let mut room = columns.saturating_sub(1);
    for letter in text.chars() {
        let width = letter.width().unwrap_or(0);
        if width > room {
            break;
        }
        room -= width;
        kept.push(letter);
    }
    if columns > 0 {
        kept.push('…');
    }
    kept
}

/// The text, cut at its beginning: of a path the end says most.
pub(super) fn cut_front(text: &str, columns: usize) -> String {
    let text = printable(text);
    if text.width() <= columns {
        return text;
    }
    let mut kept = Vec::new();
    let mut room = columns.saturating_sub(1);
    for letter in text.chars().rev() {
        let width = letter.width().unwrap_or(0);
        if width > room {
            break;
        }
        room -= width;
        kept.push(letter);
    }
    let kept: String = kept.into_iter().rev().collect();
    if columns > 0 {
        format!("…{kept}")
    } else {
        kept
    }
}

/// The text in exactly so many columns.
pub(super) fn padded(text: &str, columns: usize) -> String {
    let mut text = cut(text, columns);
    let width = text.width();
    text.extend(std::iter::repeat_n(' ', columns.saturating_sub(width)));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_by_columns_and_not_by_letters() {
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("日本語", 5), "日本…");
        assert_eq!(cut_front("src/日本.py", 6), "…本.py");
        assert_eq!(padded("é", 3), "é  ");
        assert_eq!(cut("abc", 0), "");
        assert_eq!(cut("a\u{1b}[31mb", 9), "a\u{fffd}[31mb");
    }
}
