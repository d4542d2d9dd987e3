//! Columns of tables: a header says `Password`, and the rows below it hold one each.
//!
//! Tables of Markdown, whose header is followed by a row of dashes, and files of separated values, whose header is the first
//! line.

use leakward_core::Span;

/// LIMIT: how far below its header a row is read, and how long a header is.
const WITHIN: usize = 1_800;
const HEADER: usize = 240;

/// LIMIT: rows that are read.
const ROWS: usize = 32;

/// Whether the line of `name` begins as a header does. Only then [`below`] finds something.
pub(super) fn may_be_header(bytes: &[u8], name: Span) -> bool {
    line_start(bytes, name).is_some_and(|start| {
        let line = bytes.get(start..name.start).unwrap_or_default();
        start == 0 || line.trim_ascii_start().starts_with(b"|")
    })
}

/// Where the line of `name` begins, if that is not too far away.
fn line_start(bytes: &[u8], name: Span) -> Option<usize> {
    let from = name.start.saturating_sub(HEADER);
    let before = bytes.get(from..name.start)?;
    memchr::memrchr(b'\n', before)
        .map(|at| from + at + 1)
        .or_else(|| (from == 0).then_some(0))
}

/// The cells below the header cell `name`, without the blanks and marks around them.
pub(super) fn below(bytes: &[u8], name: Span) -> Vec<Span> {
    let Some(line_start) = line_start(bytes, name) else {
        return Vec::new();
    };
    let rest = bytes
        .get(line_start..(line_start + HEADER + WITHIN).min(bytes.len()))
        .unwrap_or_default();
    let mut lines = Lines {
        text: rest,
        at: line_start,
    };
    let Some(header) = lines.next() else {
        return Vec::new();
    };
    let Some((separator, column)) = column_of(bytes, header, name) else {
        return Vec::new();
    };
    if separator == b'|' {
        let dashes = lines.next().and_then(|line| bytes.get(line.range()));
        if !dashes.is_some_and(is_rule) {
            return Vec::new();
        }
    }
    lines
        .take(ROWS)
        .map_while(|line| {
            let is_row = bytes
                .get(line.range())
                .is_some_and(|text| text.contains(&separator));
            is_row.then(|| cell(bytes, line, (separator, column)))
        })
        .flatten()
        .collect()
}

/// Lines, without those that the text cuts.
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
}

impl Iterator for Lines<'_> {
    type Item = Span;

    fn next(&mut self) -> Option<Span> {
        let length = memchr::memchr(b'\n', self.text)?;
        let line = Span::new(self.at, self.at + length);
        self.text = self.text.get(length + 1..)?;
        self.at += length + 1;
        Some(line)
    }
}

/// What separates the cells of the header, and the number of the cell that `name` is the whole of.
fn column_of(bytes: &[u8], header: Span, name: Span) -> Option<(u8, usize)> {
    let text = bytes.get(header.range())?;
    let separator = if text.trim_ascii_start().starts_with(b"|") {
        b'|'
    } else if header.start == 0 {
        *b",;\t".iter().find(|separator| text.contains(separator))?
    } else {
        return None;
    };
    let cells = cells(bytes, header, separator);
    let column = cells.iter().position(|cell| {
        cell.start <= name.start && name.end <= cell.end && cell.len() <= name.len() + 4
    })?;
    // A header has names alone.
    let are_names = cells.len() >= 2
        && cells.iter().all(|cell| {
            let text = bytes.get(cell.range()).unwrap_or_default();
            cell.len() <= 40 && !text.iter().any(|byte| b"=:(){}".contains(byte))
        });
    (are_names && (separator == b'|' || column < cells.len())).then_some((separator, column))
}

/// `|---|:---:|`.
fn is_rule(line: &[u8]) -> bool {
    line.contains(&b'-') && line.iter().all(|byte| b"|-: \t\r".contains(byte))
}

/// The cells of a line, without the blanks, quotes and marks around them.
fn cells(bytes: &[u8], line: Span, separator: u8) -> Vec<Span> {
    let text = bytes.get(line.range()).unwrap_or_default();
    let mut cells = Vec::new();
    let mut start = 0;
    let ends = memchr::memchr_iter(separator, text).chain([text.len()]);
    for end in ends {
        cells.push(trimmed(text, start, end, line.start));
        start = end + 1;
    }
    if separator == b'|' && text.trim_ascii_start().starts_with(b"|") {
        cells.remove(0);
    }
    cells
}

fn trimmed(text: &[u8], start: usize, end: usize, offset: usize) -> Span {
    let cell = text.get(start..end).unwrap_or_default();
    let is_mark = |byte: &u8| byte.is_ascii_whitespace() || b"`\"'*".contains(byte);
    let first = cell
        .iter()
        .position(|byte| !is_mark(byte))
        .unwrap_or(cell.len());
    let last = cell
        .iter()
        .rposition(|byte| !is_mark(byte))
        .map_or(first, |at| at + 1);
    Span::new(offset + start + first, offset + start + last)
}

fn cell(bytes: &[u8], line: Span, (separator, column): (u8, usize)) -> Option<Span> {
    let cell = *cells(bytes, line, separator).get(column)?;
    (!cell.is_empty()).then_some(cell)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn below_header<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
        let start = text.find(name).expect("the name");
        below(text.as_bytes(), Span::new(start, start + name.len()))
            .into_iter()
            .map(|cell| &text[cell.range()])
            .collect()
    }

    #[test]
    fn cells_below_a_header_are_found() {
        let markdown =
            "x\n| Host | Password |\n|---|:--|\n| a | `one1` |\n| b | two2 |\n\n| c | no |\n";
        assert_eq!(below_header(markdown, "Password"), ["one1", "two2"]);
        let csv = "name,password,role\nann,\"one1\",x\nbob,two2,y\n";
        assert_eq!(below_header(csv, "password"), ["one1", "two2"]);
    }

    #[test]
    fn other_lines_are_no_headers() {
        for text in [
            "| password | the password |\n| b | c |\n",
            "x\nname,password\nann,one\n",
            "f(name, password)\nann,one\n",
            "password\nann,one\n",
        ] {
            assert!(below_header(text, "password").is_empty(), "{text}");
        }
    }
}
