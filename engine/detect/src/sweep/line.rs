//! The lines that a match touches.

use leakward_core::Span;
use memchr::{memchr, memrchr};

/// LIMIT: how much of a line is looked at to each side of a match. Lines of people are shorter; those of machines have no end.
const LINE_REACH: usize = 16 << 10;

/// The lines that `span` touches, without the break at their end.
pub(crate) fn line_around(bytes: &[u8], span: Span) -> &[u8] {
    let head_from = span.start.saturating_sub(LINE_REACH);
    let head = bytes.get(head_from..span.start).unwrap_or_default();
    let from = memrchr(b'\n', head).map_or(head_from, |at| head_from + at + 1);
    let tail_to = span.end.saturating_add(LINE_REACH).min(bytes.len());
    let tail = bytes.get(span.end..tail_to).unwrap_or_default();
    let to = span.end + memchr(b'\n', tail).unwrap_or(tail.len());
    bytes.get(from..to).unwrap_or_default()
}

/// How far two places are apart, in lines and in columns.
pub(super) fn distance(bytes: &[u8], one: usize, other: usize) -> (usize, usize) {
    let (first, second) = (one.min(other), one.max(other));
    let between = bytes.get(first..second).unwrap_or_default();
    let lines = memchr::memchr_iter(b'\n', between).count();
    let column = |place: usize| {
        let before = bytes.get(..place).unwrap_or_default();
        place - memrchr(b'\n', before).map_or(0, |at| at + 1)
    };
    (lines, column(first).abs_diff(column(second)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_match_has_the_lines_that_it_touches() {
        let text = b"one\ntwo KEY\nthree";
        assert_eq!(line_around(text, Span::new(8, 11)), b"two KEY");
        assert_eq!(line_around(text, Span::new(1, 9)), b"one\ntwo KEY");
        assert_eq!(line_around(text, Span::new(12, 17)), b"three");
    }

    #[test]
    fn places_are_apart_in_lines_and_columns() {
        let text = b"ab\ncdef\ng";
        assert_eq!(distance(text, 1, 6), (1, 2));
        assert_eq!(distance(text, 8, 0), (2, 0));
    }
}
