//! An open document: its text, and the ways in which places in it are counted.
//!
//! Editors count lines from 0 and, unless they agreed to bytes, columns in UTF-16 units; findings count lines from 1 and
//! columns in characters; both become byte offsets here. A line ends with `\n`, `\r\n` or `\r` for an editor, and with
//! `\n` for a finding.
//!
//! INVARIANT: an offset that is given out lies on the border of a character. A place that does not exist becomes the
//! nearest one before it.

use leakward_core::TextRange;
use lsp_types::{Position, Range, TextDocumentContentChangeEvent};

/// How an editor counts columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Columns {
    /// UTF-16 code units: what the protocol began with.
    Utf16,
    /// Bytes.
    Utf8,
}

/// An open document.
#[derive(Clone, Debug)]
pub(super) struct Document {
    text: String,
    /// The language, as the editor names it.
    pub(super) language: String,
    /// Counts up with each change.
    pub(super) version: i32,
    /// Offsets of the starts of an editor's lines.
    lines: Vec<usize>,
    columns: Columns,
}

impl Document {
    /// A document that was just opened.
    pub(super) fn new(text: String, language: String, version: i32, columns: Columns) -> Self {
        let lines = starts(&text);
        Self {
            text,
            language,
            version,
            lines,
            columns,
        }
    }

    /// The text.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Changes it, in the order in which the changes were made.
    pub(super) fn change(&mut self, changes: Vec<TextDocumentContentChangeEvent>, version: i32) {
        for change in changes {
            match change.range {
                None => self.text = change.text,
                Some(range) => {
                    let start = self.offset(range.start);
                    let end = self.offset(range.end).max(start);
                    self.text.replace_range(start..end, &change.text);
                }
            }
            // PERF: one pass over the text for each change; a millisecond for ten megabytes.
            self.lines = starts(&self.text);
        }
        self.version = version;
    }

    /// The offset of an editor's position.
    pub(super) fn offset(&self, position: Position) -> usize {
        let line = usize::try_from(position.line).unwrap_or(usize::MAX);
        let Some(&start) = self.lines.get(line) else {
            return self.text.len();
        };
        let wanted = usize::try_from(position.character).unwrap_or(usize::MAX);
        let mut column = 0;
        let text = self.line(line);
        for (offset, letter) in text.char_indices() {
            if column >= wanted {
                return start + offset;
            }
            column += self.width(letter);
            if column > wanted {
                // In the middle of a character.
                return start + offset;
            }
        }
        start + text.len()
    }

    /// An editor's position of an offset.
    pub(super) fn position(&self, offset: usize) -> Position {
        let offset = self.border(offset);
        let line = self
            .lines
            .partition_point(|start| *start <= offset)
            .saturating_sub(1);
        let start = self.lines.get(line).copied().unwrap_or(0);
        let before = self.text.get(start..offset).unwrap_or_default();
        let column: usize = before.chars().map(|letter| self.width(letter)).sum();
        let narrow = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Position::new(narrow(line), narrow(column))
    }

    /// An editor's range of a span.
    pub(super) fn range(&self, span: std::ops::Range<usize>) -> Range {
        Range::new(self.position(span.start), self.position(span.end))
    }

    /// The text of a line, from 0, without its end.
    pub(super) fn line(&self, line: usize) -> &str {
        let start = self.lines.get(line).copied().unwrap_or(self.text.len());
        let end = self.lines.get(line + 1).copied().unwrap_or(self.text.len());
        let text = self.text.get(start..end).unwrap_or_default();
        text.trim_end_matches(['\n', '\r'])
    }

    /// Where a line ends, before what ends it.
    pub(super) fn end_of_line(&self, line: usize) -> usize {
        let start = self.lines.get(line).copied().unwrap_or(self.text.len());
        start + self.line(line).len()
    }

    /// The spans of findings, whose lines end with `\n` and whose columns count characters.
    pub(super) fn spans(&self, ranges: &[TextRange]) -> Vec<std::ops::Range<usize>> {
        let feeds: Vec<usize> = std::iter::once(0)
            .chain(self.text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        let offset = |position: leakward_core::Position| {
            let line = usize::try_from(position.line).unwrap_or(usize::MAX);
            let start = feeds.get(line.saturating_sub(1)).copied();
            let start = start.unwrap_or(self.text.len());
            let before = usize::try_from(position.column.saturating_sub(1)).unwrap_or(usize::MAX);
            let rest = self.text.get(start..).unwrap_or_default();
            let ends = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
            start + ends.take(before.saturating_add(1)).last().unwrap_or(0)
        };
        let span = |range: &TextRange| offset(range.start)..offset(range.end);
        ranges.iter().map(span).collect()
    }

    fn width(&self, letter: char) -> usize {
        match self.columns {
            Columns::Utf16 => letter.len_utf16(),
            Columns::Utf8 => letter.len_utf8(),
        }
    }

    fn border(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }
}

/// Offsets of the starts of an editor's lines.
fn starts(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let ends = bytes.iter().enumerate().filter(|(at, byte)| {
        **byte == b'\n' || (**byte == b'\r' && bytes.get(at + 1) != Some(&b'\n'))
    });
    std::iter::once(0)
        .chain(ends.map(|(at, _)| at + 1))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Document {
        Document::new(text.to_owned(), String::new(), 1, Columns::Utf16)
    }

    fn edit(from: (u32, u32), to: (u32, u32), text: &str) -> TextDocumentContentChangeEvent {
        TextDocumentContentChangeEvent {
            range: Some(Range::new(
                Position::new(from.0, from.1),
                Position::new(to.0, to.1),
            )),
            range_length: None,
            text: text.to_owned(),
        }
    }

    #[test]
    fn columns_are_counted_as_the_editor_counts_them() {
        let text = "a😀é=x\r\nb\rc\n";
        let utf16 = document(text);
        let at = |line, column| utf16.offset(Position::new(line, column));
        assert_eq!((at(0, 1), at(0, 3), at(0, 4), at(0, 5)), (1, 5, 7, 8));
        assert_eq!(at(0, 2), 1, "the middle of a pair is before it");
        assert_eq!(at(0, 99), 9, "no farther than the line");
        assert_eq!((at(1, 0), at(2, 0), at(3, 0), at(9, 9)), (11, 13, 15, 15));
        for offset in [0, 1, 5, 7, 8, 9, 11, 13, 15] {
            assert_eq!(utf16.offset(utf16.position(offset)), offset);
        }
        let utf8 = Document::new(text.to_owned(), String::new(), 1, Columns::Utf8);
        assert_eq!(utf8.position(8), Position::new(0, 8));
    }

    #[test]
    fn changes_are_made_one_after_another() {
        let mut document = document("one\nzwei 😀\n");
        document.change(
            vec![
                edit((1, 5), (1, 7), "ü"),
                edit((0, 0), (1, 0), ""),
                edit((0, 6), (0, 6), "!\n"),
            ],
            2,
        );
        assert_eq!((document.text(), document.version), ("zwei ü!\n\n", 2));
        document.change(
            vec![TextDocumentContentChangeEvent {
                range: None,
                range_length: None,
                text: "new".to_owned(),
            }],
            3,
        );
        assert_eq!(document.text(), "new");
        document.change(vec![edit((7, 7), (3, 3), "x")], 4);
        assert_eq!(
            document.text(),
            "newx",
            "a place that is not there is the end"
        );
    }

    #[test]
    fn findings_are_found_again_in_the_text() {
        let text = "é = 'KEY'\nx\r = KEY\n";
        let document = document(text);
        let place = |line, column, end| TextRange {
            start: leakward_core::Position { line, column },
            end: leakward_core::Position { line, column: end },
        };
        let spans = document.spans(&[place(1, 6, 9), place(2, 6, 9), place(9, 1, 2)]);
        assert_eq!(&text[spans[0].clone()], "KEY");
        assert_eq!(&text[spans[1].clone()], "KEY");
        assert_eq!(spans[2], text.len()..text.len());
    }
}
