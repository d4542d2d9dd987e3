//! The only way to the terminal: text in a style, made harmless, and wrapped where it is prose.

use std::io;

use anstyle::{AnsiColor, Color, Style};
use leakward_core::Severity;
use unicode_width::UnicodeWidthStr;

use crate::harmless::harmless;
use crate::settings::{Colour, Settings};

/// Columns below which nothing readable fits.
const MIN_WIDTH: usize = 40;

/// What a piece of text is, which decides how it looks.
#[derive(Clone, Copy)]
pub(super) enum Look {
    Plain,
    Strong,
    /// Line numbers, bars and arrows around the line of code.
    Frame,
    /// What matters least.
    Quiet,
    Good,
    Bad,
    Warning,
    Severity(Severity),
}

impl Look {
    fn style(self) -> Style {
        let bold = |colour: AnsiColor| Style::new().bold().fg_color(Some(Color::Ansi(colour)));
        match self {
            Self::Plain => Style::new(),
            Self::Strong => Style::new().bold(),
            Self::Frame => bold(AnsiColor::BrightBlue),
            Self::Quiet => Style::new().dimmed(),
            Self::Good => bold(AnsiColor::Green),
            Self::Bad => bold(AnsiColor::Red),
            Self::Warning => bold(AnsiColor::Yellow),
            Self::Severity(Severity::Critical) => bold(AnsiColor::BrightRed),
            Self::Severity(Severity::High) => bold(AnsiColor::Red),
            Self::Severity(Severity::Medium) => bold(AnsiColor::Yellow),
            Self::Severity(Severity::Low) => bold(AnsiColor::Cyan),
        }
    }
}

/// A terminal of some width, with colours or without.
pub(super) struct Screen<'a> {
    out: &'a mut dyn io::Write,
    colour: Colour,
    width: usize,
}

impl<'a> Screen<'a> {
    pub(super) fn new(out: &'a mut dyn io::Write, settings: &Settings) -> Self {
        Self {
            out,
            colour: settings.colour,
            width: settings.width.max(MIN_WIDTH),
        }
    }

    /// Columns there are.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Writes `text` on the current line.
    pub(super) fn put(&mut self, look: Look, text: &str) -> io::Result<()> {
        let text = harmless(text);
        let style = look.style();
        if self.colour == Colour::Off || style.is_plain() || text.trim().is_empty() {
            write!(self.out, "{text}")
        } else {
            write!(self.out, "{style}{text}{style:#}")
        }
    }

    /// Ends the current line.
    pub(super) fn end_line(&mut self) -> io::Result<()> {
        self.out.write_all(b"\n")
    }

    /// Writes `text` at the current column `indent`, wrapped at blanks, further lines indented as far.
    pub(super) fn put_wrapped(&mut self, look: Look, indent: usize, text: &str) -> io::Result<()> {
        let room = self.width.saturating_sub(indent);
        let text = harmless(text);
        for (number, line) in wrap(&text, room).into_iter().enumerate() {
            if number > 0 {
                write!(self.out, "{:indent$}", "")?;
            }
            self.put(look, line)?;
            self.end_line()?;
        }
        Ok(())
    }
}

/// `text` cut at blanks into lines of at most `room` columns. A longer word has a line of its own: a path or an address
/// that is cut cannot be clicked.
fn wrap(text: &str, room: usize) -> Vec<&str> {
    let mut lines = Vec::new();
    let (mut line_start, mut line_end, mut line_width) = (0, 0, 0);
    let mut at = 0;
    for word in text.split(' ') {
        let (start, end) = (at, at + word.len());
        at = end + 1;
        if word.is_empty() {
            continue;
        }
        // Between the words there are blanks only, each of one byte and one column.
        let with_word = line_width + (start - line_end) + word.width();
        if with_word > room && line_end > line_start {
            lines.push(text.get(line_start..line_end).unwrap_or_default());
            line_start = start;
            line_width = word.width();
        } else {
            line_width = with_word;
        }
        line_end = end;
    }
    lines.push(text.get(line_start..line_end).unwrap_or_default());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_is_wrapped_at_blanks_and_long_words_stay_whole() {
        for (text, room, lines) in [
            ("one two three", 20, vec!["one two three"]),
            ("one two three", 7, vec!["one two", "three"]),
            (
                "see https://example.org/a/b now",
                8,
                vec!["see", "https://example.org/a/b", "now"],
            ),
            ("日本 日本", 5, vec!["日本", "日本"]),
            ("  indented", 5, vec!["  indented"]),
            ("", 5, vec![""]),
        ] {
            assert_eq!(wrap(text, room), lines);
        }
    }

    #[test]
    fn foreign_escape_sequences_do_not_reach_the_terminal() {
        let mut out = Vec::new();
        let settings = Settings {
            colour: Colour::On,
            ..Settings::default()
        };
        Screen::new(&mut out, &settings)
            .put(Look::Strong, "a\x1b[2Jb")
            .expect("a vector takes all bytes");
        assert_eq!(out, "\x1b[1ma␛[2Jb\x1b[0m".as_bytes());
    }
}
