//! Where something is inside a piece of bytes: byte spans for machines, lines and columns for people.
//!
//! Spans are half-open and 0-based; positions are 1-based. Columns count Unicode scalar values, so that an
//! editor's cursor lands on the right character; a byte that is not part of valid UTF-8 counts as one column.

use std::ops::Range;

/// A half-open, 0-based range of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset one past the last byte.
    pub end: usize,
}

impl Span {
    /// A span from `start` to `end`; `end` is raised to `start` when it lies before it.
    #[must_use]
    pub fn new(start: usize, end: usize) -> Self {
        Self {
            start,
            end: end.max(start),
        }
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(self) -> usize {
        self.end - self.start
    }

    /// Whether the span holds no byte.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Whether every byte of `other` lies in this span.
    #[must_use]
    pub fn contains(self, other: Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Whether the two spans share at least one byte.
    #[must_use]
    pub fn overlaps(self, other: Span) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// The span as a range, to index a slice with (`bytes.get(span.range())`).
    #[must_use]
    pub fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

/// A 1-based line and column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in Unicode scalar values, from 1.
    pub column: u32,
}

/// A range of text as people count it; `end` is the position one past the last character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TextRange {
    /// Position of the first character.
    pub start: Position,
    /// Position one past the last character.
    pub end: Position,
}

impl TextRange {
    /// The lines and columns of `span` in `bytes`. Costs one pass over the bytes before the span's end; use a
    /// [`Locator`] for many spans of one piece.
    #[must_use]
    pub fn locate(bytes: &[u8], span: Span) -> Self {
        Locator::new(bytes).locate(span)
    }
}

/// Finds lines and columns of many spans in one pass, so that a file of nothing but credentials costs linear time.
#[derive(Clone, Debug)]
pub struct Locator<'a> {
    bytes: &'a [u8],
    offset: usize,
    position: Position,
}

impl<'a> Locator<'a> {
    /// A locator at the beginning of `bytes`.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            offset: 0,
            position: Position { line: 1, column: 1 },
        }
    }

    /// The lines and columns of `span`. Spans are asked for in the order of their starts; one that starts before
    /// the last one costs a pass from the beginning. A span that reaches past the bytes is cut at their end.
    #[must_use]
    pub fn locate(&mut self, span: Span) -> TextRange {
        if span.start < self.offset {
            *self = Self::new(self.bytes);
        }
        self.advance_to(span.start);
        let start = self.position;
        let mut to_end = self.clone();
        to_end.advance_to(span.end);
        TextRange {
            start,
            end: to_end.position,
        }
    }

    fn advance_to(&mut self, to: usize) {
        let to = to.min(self.bytes.len()).max(self.offset);
        let part = self.bytes.get(self.offset..to).unwrap_or_default();
        self.offset = to;
        let lines = part.iter().filter(|&&byte| byte == b'\n').count();
        let last_line = match part.iter().rposition(|&byte| byte == b'\n') {
            Some(newline) => {
                self.position.column = 1;
                part.get(newline + 1..).unwrap_or_default()
            }
            None => part,
        };
        self.position.line = self
            .position
            .line
            .saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        self.position.column = self
            .position
            .column
            .saturating_add(count_columns(last_line));
    }
}

/// Columns that `text` takes: one for each Unicode scalar value, one for each byte that is not valid UTF-8.
fn count_columns(text: &[u8]) -> u32 {
    let columns: usize = text
        .utf8_chunks()
        .map(|chunk| chunk.valid().chars().count() + chunk.invalid().len())
        .sum();
    u32::try_from(columns).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(bytes: &[u8], start: usize, end: usize) -> (u32, u32, u32, u32) {
        let range = TextRange::locate(bytes, Span::new(start, end));
        (
            range.start.line,
            range.start.column,
            range.end.line,
            range.end.column,
        )
    }

    #[test]
    fn lines_and_columns_start_at_one_and_the_end_is_one_past() {
        assert_eq!(at(b"abc", 0, 3), (1, 1, 1, 4));
        assert_eq!(at(b"a\nbcd\n", 2, 5), (2, 1, 2, 4));
        assert_eq!(at(b"a\nb\nc", 0, 5), (1, 1, 3, 2));
    }

    #[test]
    fn columns_count_characters_and_stray_bytes_one_each() {
        assert_eq!(at("é=x".as_bytes(), 3, 4), (1, 3, 1, 4));
        assert_eq!(at(b"\xff\xfe=x", 3, 4), (1, 4, 1, 5));
    }

    #[test]
    fn a_locator_gives_the_same_in_any_order() {
        let text = "one\ntwo é three\n\nfour".as_bytes();
        let mut locator = Locator::new(text);
        for (start, end) in [(0, 3), (4, 7), (8, 10), (19, 23), (5, 12)] {
            let span = Span::new(start, end);
            assert_eq!(
                locator.locate(span),
                TextRange::locate(text, span),
                "{start}..{end}"
            );
        }
    }

    #[test]
    fn a_span_past_the_end_is_cut() {
        assert_eq!(at(b"ab", 1, 99), (1, 2, 1, 3));
    }
}
