//! Names, dots and brackets in a text that is not parsed. Not for what any of them means.

use std::collections::HashMap;

/// LIMIT: bytes of a name with dots, before something that it is a part of.
const LONGEST_WORD: usize = 64;

pub(super) type Span = std::ops::Range<usize>;

/// Whether this place is in one of these stretches, which stand one behind the other.
pub(super) fn is_in(spans: &[Span], at: usize) -> bool {
    let behind = spans.partition_point(|span| span.start <= at);
    let span = behind.checked_sub(1).and_then(|number| spans.get(number));
    span.is_some_and(|span| span.contains(&at))
}

/// A text without the name that it ends with.
pub(super) fn without_name(text: &str) -> &str {
    let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"._".contains(byte);
    let near = text.bytes().rev().take(LONGEST_WORD);
    let length = near.take_while(is_of_name).count();
    text.get(..text.len() - length).unwrap_or(text)
}

/// Where each bracket is closed.
pub(super) fn ends_of_brackets(text: &str) -> HashMap<usize, usize> {
    let (mut ends, mut open) = (HashMap::new(), Vec::new());
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => open.push(at),
            b')' => {
                if let Some(start) = open.pop() {
                    ends.insert(start, at);
                }
            }
            _ => {}
        }
    }
    ends
}

/// Names in a text, with dots between their parts.
pub(super) fn dotted(text: &str) -> impl Iterator<Item = (Span, &str)> {
    words(text, |letter| {
        letter.is_alphanumeric() || "_.-".contains(letter)
    })
}

/// Names in a text.
pub(super) fn identifiers(text: &str) -> impl Iterator<Item = (Span, &str)> {
    words(text, |letter| letter.is_alphanumeric() || letter == '_')
}

pub(super) fn words(
    text: &str,
    is_of_word: impl Fn(char) -> bool + Copy,
) -> impl Iterator<Item = (Span, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = text.get(at..)?;
        let start = at + rest.find(is_of_word)?;
        let rest = text.get(start..)?;
        let length = rest
            .find(|letter| !is_of_word(letter))
            .unwrap_or(rest.len());
        at = start + length;
        Some((start..at, rest.get(..length)?))
    })
}
