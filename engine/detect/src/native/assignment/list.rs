//! Values in brackets: several texts of one name (`tokens = ["…", "…"]`), and keys that are written byte by byte
//! (`byte[] aesKey = {0x1f, 0x83, …}`).
//!
//! Not for what numbers and texts are worth, which is the judge's.

use leakward_core::Span;

use super::operator::{Operator, skip_blanks};
use super::value;
use crate::byte_set::ByteSet;

/// LIMIT: elements that are read, and blanks and line breaks between two of them.
const MOST: usize = 128;
const GAP: usize = 160;

/// Longest type before the bracket: `new byte[]`, `lorawan.AES128Key`, `Arrays.asList`.
const TYPE: usize = 40;

/// What a type is made of.
const TYPE_BYTES: ByteSet = ByteSet::WORD.with(b"[]:<>. &!");

/// What an element that is a number is made of: `0x1f`, `-12`, `(byte)0x9c`, `b'\x1f'` is none.
const NUMBER: ByteSet = ByteSet::ALNUM.with(b"-() _");

/// Calls that make a list of their arguments, by the end of their name in lower case.
const LISTS: &[&[u8]] = &[
    b"list.of",
    b"aslist",
    b"listof",
    b"arrayof",
    b"array",
    b"set.of",
    b"setof",
    b"seq",
    b"list",
    b"vec!",
    b"bytes",
    b"bytearray",
    b"uint8array",
];

/// Fewest bytes that are a key.
const SHORTEST_KEY: usize = 8;

/// What stands in brackets.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum List {
    /// Texts, without their quotes.
    Texts(Vec<Span>),
    /// Numbers, from the first one to the end of the last one.
    Numbers(Span),
}

/// The list that begins at `from`, behind an operator that assigns.
pub(super) fn read(bytes: &[u8], from: usize, operator: Operator) -> Option<List> {
    if !matches!(operator, Operator::Equals | Operator::Colon) {
        return None;
    }
    let mut at = skip_blanks(bytes, from);
    if at == from && bytes.get(at) == Some(&b'\n') {
        at = skip_gap(bytes, at);
    }
    let end = TYPE_BYTES.run_end(bytes, at, at + TYPE);
    let before = bytes.get(at..end)?.trim_ascii_end();
    // `["…"]`: the bracket itself looks like a part of a type; `[]string{` begins with one.
    let bracket = before.iter().rposition(|byte| *byte == b'[');
    let (before, open) = match bracket {
        Some(bracket) if !before.get(bracket..)?.contains(&b']') => {
            (before.get(..bracket)?, at + bracket)
        }
        _ => (before, end),
    };
    let lower = before.to_ascii_lowercase();
    let is_list = LISTS.iter().any(|name| lower.ends_with(name));
    let close = match bytes.get(open)? {
        b'[' if before.is_empty() || is_list => b']',
        b'{' => b'}',
        b'(' if before.is_empty() || is_list => b')',
        _ => return None,
    };
    let first = skip_gap(bytes, open + 1);
    // `bytes([1, 2])`.
    let (first, close) = match bytes.get(first)? {
        b'[' if is_list && close == b')' => (skip_gap(bytes, first + 1), b']'),
        _ => (first, close),
    };
    let needs_two = close == b')' && before.is_empty();
    match bytes.get(first)? {
        b'0'..=b'9' | b'-' | b'(' => numbers(bytes, first, close),
        _ => texts(bytes, first, close)
            .filter(|texts| !needs_two || texts.len() > 1)
            .map(List::Texts),
    }
}

/// The texts from `at` to the bracket that closes.
fn texts(bytes: &[u8], mut at: usize, close: u8) -> Option<Vec<Span>> {
    let mut found = Vec::new();
    loop {
        // Of a long list so much is read as of any value.
        if at >= bytes.len() && !found.is_empty() {
            return Some(found);
        }
        let text = value::quoted(bytes, at)?;
        found.push(text.span);
        let mut next = skip_gap(bytes, text.after);
        let has_comma = bytes.get(next) == Some(&b',');
        if has_comma {
            next = skip_gap(bytes, next + 1);
        }
        if bytes.get(next) == Some(&close) {
            return Some(found);
        }
        if !has_comma {
            return None;
        }
        if found.len() >= MOST {
            return Some(found);
        }
        at = next;
    }
}

/// The numbers from `first` to the bracket that closes.
fn numbers(bytes: &[u8], first: usize, close: u8) -> Option<List> {
    let (mut at, mut count) = (first, 0);
    loop {
        let end = NUMBER.run_end(bytes, at, at + 24);
        let number = bytes.get(at..end)?.trim_ascii_end();
        if !number.iter().any(u8::is_ascii_digit) {
            return None;
        }
        count += 1;
        let last = at + number.len();
        let mut next = skip_gap(bytes, end);
        let has_comma = bytes.get(next) == Some(&b',');
        if has_comma {
            next = skip_gap(bytes, next + 1);
        }
        if bytes.get(next) == Some(&close) {
            return (count >= SHORTEST_KEY).then_some(List::Numbers(Span::new(first, last)));
        }
        // Of a long table nothing is a key.
        if !has_comma || count >= MOST || last - first > value::LONGEST {
            return None;
        }
        at = next;
    }
}

/// Behind blanks and line breaks.
fn skip_gap(bytes: &[u8], at: usize) -> usize {
    ByteSet::SPACE.run_end(bytes, at, at + GAP)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Option<Vec<String>> {
        let of = |span: Span| text[span.range()].to_owned();
        match read(text.as_bytes(), 0, Operator::Equals)? {
            List::Texts(texts) => Some(texts.into_iter().map(of).collect()),
            List::Numbers(numbers) => Some(vec![of(numbers)]),
        }
    }

    #[test]
    fn the_texts_of_a_list_are_read_in_many_languages() {
        for text in [
            " [\"x9k2\", 'm4q7']",
            "[\n  \"x9k2\",\n  \"m4q7\",\n]",
            "[\n  \"x9k2\",\n  \"m4q7\",\n",
            " array('x9k2', 'm4q7');",
            " List.of(\"x9k2\", \"m4q7\");",
            " []string{\"x9k2\", \"m4q7\"}",
            " {\"x9k2\", \"m4q7\"};",
            " ('x9k2', 'm4q7')",
            " vec![\"x9k2\", \"m4q7\"]",
        ] {
            assert_eq!(
                list(text).as_deref(),
                Some(&["x9k2".to_owned(), "m4q7".to_owned()][..]),
                "{text}"
            );
        }
    }

    #[test]
    fn keys_that_are_written_byte_by_byte_are_read() {
        for text in [
            " {31, 8, 7, 6, 5, 4, 3, 2}",
            " new byte[] { 31, 8, 7, 6, 5, 4, 3, 2 };",
            "[31, 8, 7, 6, 5, 4, 3, 2]",
            " lorawan.AES128Key{31, 8, 7, 6, 5, 4, 3, 2}",
            " bytes([31, 8, 7, 6, 5, 4, 3, 2])",
        ] {
            assert_eq!(
                list(text).as_deref(),
                Some(&["31, 8, 7, 6, 5, 4, 3, 2".to_owned()][..]),
                "{text}"
            );
        }
        let text = " {\n (byte)0x1f, (byte) 0x8, -7, 6,\n 5, 4, 3, 2,\n}";
        let found = list(text).unwrap_or_default();
        assert_eq!(found, ["(byte)0x1f, (byte) 0x8, -7, 6,\n 5, 4, 3, 2"]);
    }

    #[test]
    fn what_is_no_list_of_values_is_left_alone() {
        for text in [
            " {\"a\": \"b\"}",
            " [\"a\" => \"b\"]",
            " get(\"a\", \"b\")",
            " (\"a\")",
            " [1, 2, 3]",
            " [a, b]",
            " [\"a\", b]",
            " [\"a\"",
            " {1, 2, 3, 4, 5, 6, 7, x}",
        ] {
            assert_eq!(list(text), None, "{text}");
        }
        assert_eq!(read(b"(\"a\", \"b\")", 0, Operator::Call), None);
    }
}
