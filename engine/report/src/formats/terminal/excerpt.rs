//! The line of a finding with the credential underlined, cut to the width of the terminal.
//!
//! The text is masked already when it comes here; this file only lays it out. Columns are those of the terminal: a tab
//! takes four, a wide character two, a combining mark none.

use std::io;

use leakward_core::{Excerpt, Severity};
use unicode_width::UnicodeWidthChar;

use super::screen::{Look, Screen};
use crate::harmless::visible;

/// Columns for a tab.
const TAB: &str = "    ";

/// What stands where the line was cut.
const CUT: &str = "...";

/// A character of the line as it is shown.
struct Cell {
    text: String,
    width: usize,
    marked: bool,
}

/// A cut of the line.
struct Window<'a> {
    cells: &'a [Cell],
    cut_before: bool,
    cut_after: bool,
}

/// Shows the line numbered `line` between two empty ones; `gutter` is the width of the numbers' column.
pub(super) fn show(
    screen: &mut Screen<'_>,
    excerpt: &Excerpt,
    line: u32,
    gutter: usize,
    severity: Severity,
) -> io::Result<()> {
    let cells = cells(excerpt);
    let room = screen.width().saturating_sub(gutter + 3);
    let window = fit(&cells, room);
    edge(screen, gutter)?;
    screen.put(Look::Frame, &format!("{line:>gutter$} | "))?;
    screen.put(Look::Plain, &window.text())?;
    screen.end_line()?;
    if let (before, carets @ 1..) = window.underline() {
        screen.put(Look::Frame, &format!("{:gutter$} | ", ""))?;
        screen.put(Look::Plain, &" ".repeat(before))?;
        screen.put(Look::Severity(severity), &"^".repeat(carets))?;
        screen.end_line()?;
    }
    edge(screen, gutter)
}

/// An empty line with the bar.
fn edge(screen: &mut Screen<'_>, gutter: usize) -> io::Result<()> {
    screen.put(Look::Frame, &format!("{:gutter$} |", ""))?;
    screen.end_line()
}

fn cells(excerpt: &Excerpt) -> Vec<Cell> {
    let cells = excerpt.text.chars().enumerate().map(|(index, character)| {
        let text = match character {
            '\t' => TAB.to_owned(),
            other => visible(other).to_string(),
        };
        let width = text.chars().filter_map(UnicodeWidthChar::width).sum();
        let marked = excerpt.marked.contains(&index);
        Cell {
            text,
            width,
            marked,
        }
    });
    cells.collect()
}

/// The part of the line that fits into `room` columns, with as much of the mark as possible and both sides alike.
fn fit(cells: &[Cell], room: usize) -> Window<'_> {
    let all: usize = cells.iter().map(|cell| cell.width).sum();
    if all <= room {
        return Window {
            cells,
            cut_before: false,
            cut_after: false,
        };
    }
    let mut room = room.saturating_sub(2 * CUT.len());
    let mut from = cells.iter().position(|cell| cell.marked).unwrap_or(0);
    let mut to = from;
    let width = |index: usize| cells.get(index).map(|cell| cell.width);
    while let Some(wide) = width(to).filter(|&wide| wide <= room)
        && cells.get(to).is_some_and(|cell| cell.marked)
    {
        to += 1;
        room -= wide;
    }
    let mut left = room / 2;
    let mut right = room - left;
    while let Some(wide) = from
        .checked_sub(1)
        .and_then(width)
        .filter(|&wide| wide <= left)
    {
        from -= 1;
        left -= wide;
    }
    right += left;
    while let Some(wide) = width(to).filter(|&wide| wide <= right) {
        to += 1;
        right -= wide;
    }
    while let Some(wide) = from
        .checked_sub(1)
        .and_then(width)
        .filter(|&wide| wide <= right)
    {
        from -= 1;
        right -= wide;
    }
    Window {
        cells: cells.get(from..to).unwrap_or_default(),
        cut_before: from > 0,
        cut_after: to < cells.len(),
    }
}

impl Window<'_> {
    fn text(&self) -> String {
        let mut text = String::new();
        if self.cut_before {
            text.push_str(CUT);
        }
        text.extend(self.cells.iter().map(|cell| cell.text.as_str()));
        if self.cut_after {
            text.push_str(CUT);
        }
        text
    }

    /// Columns before the mark, and columns of the mark.
    fn underline(&self) -> (usize, usize) {
        let first = self.cells.iter().position(|cell| cell.marked).unwrap_or(0);
        let (before, from) = self.cells.split_at(first);
        let cut = if self.cut_before { CUT.len() } else { 0 };
        let before: usize = before.iter().map(|cell| cell.width).sum();
        let carets: usize = from
            .iter()
            .filter(|cell| cell.marked)
            .map(|cell| cell.width)
            .sum();
        (cut + before, carets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laid_out(text: &str, marked: std::ops::Range<usize>, room: usize) -> String {
        let excerpt = Excerpt {
            text: text.to_owned(),
            marked,
        };
        let cells = cells(&excerpt);
        let window = fit(&cells, room);
        let (before, carets) = window.underline();
        format!(
            "{}\n{}{}",
            window.text(),
            " ".repeat(before),
            "^".repeat(carets)
        )
    }

    #[test]
    fn the_credential_is_underlined_where_the_terminal_shows_it() {
        for (text, marked, expected) in [
            ("k = ****", 4..8, "k = ****\n    ^^^^"),
            ("\tk=****", 3..7, "    k=****\n      ^^^^"),
            ("日本=****", 3..7, "日本=****\n     ^^^^"),
            ("e\u{301}=****", 3..7, "e\u{301}=****\n  ^^^^"),
            ("\x1b=****", 2..6, "␛=****\n  ^^^^"),
        ] {
            assert_eq!(laid_out(text, marked, 80), expected);
        }
    }

    #[test]
    fn a_long_line_is_cut_around_the_credential() {
        let line = format!("{}****{}", "a".repeat(50), "b".repeat(50));
        assert_eq!(
            laid_out(&line, 50..54, 20),
            "...aaaaa****bbbbb...\n        ^^^^"
        );
        assert_eq!(laid_out(&line, 0..4, 20), "aaaaaaaaaaaaaa...\n^^^^");
        assert_eq!(
            laid_out(&line, 100..104, 20),
            "...bbbbbbbbbbbbbb\n             ^^^^"
        );
    }

    #[test]
    fn a_credential_longer_than_the_line_fills_it() {
        assert_eq!(
            laid_out(&"*".repeat(60), 0..60, 20),
            "**************...\n^^^^^^^^^^^^^^"
        );
    }

    #[test]
    fn a_mark_outside_of_the_line_underlines_nothing() {
        assert_eq!(laid_out("abc", 7..9, 20), "abc\n");
    }
}
