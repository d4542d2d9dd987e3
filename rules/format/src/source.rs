//! The text of a rule file with what is needed to name a place in it.
//!
//! Offsets are bytes in the text; people get lines and columns. A column counts characters, as editors do.

use std::ops::Range;

use crate::error::RuleFileError;
use crate::problem::Problem;

/// A rule file's text and the problems found in it so far.
#[derive(Debug)]
pub(crate) struct Source<'a> {
    name: &'a str,
    text: &'a str,
    problems: Vec<(usize, Problem)>,
}

impl<'a> Source<'a> {
    pub(crate) fn new(name: &'a str, text: &'a str) -> Self {
        Self {
            name,
            text,
            problems: Vec::new(),
        }
    }

    /// Notes a problem at a byte offset.
    pub(crate) fn report(&mut self, offset: usize, problem: Problem) {
        self.problems.push((offset, problem));
    }

    /// Notes a problem inside a string value: `inner` is an offset in the string's own characters.
    pub(crate) fn report_inside(&mut self, value: &Range<usize>, inner: usize, problem: Problem) {
        let offset = self.offset_inside(value, inner);
        self.report(offset, problem);
    }

    /// Line of a byte offset, from 1.
    pub(crate) fn line(&self, offset: usize) -> u32 {
        self.line_and_column(offset).0
    }

    /// The problems as errors, in the order of the text.
    pub(crate) fn into_errors(mut self) -> Vec<RuleFileError> {
        let mut problems = std::mem::take(&mut self.problems);
        problems.sort_by_key(|(offset, _)| *offset);
        problems
            .into_iter()
            .map(|(offset, problem)| {
                let (line, column) = self.line_and_column(offset);
                RuleFileError {
                    file: self.name.to_owned(),
                    line,
                    column,
                    problem,
                }
            })
            .collect()
    }

    /// Where a string's character stands in the file. A basic string with escapes has no simple relation between
    /// the two; then it is the string's start.
    fn offset_inside(&self, value: &Range<usize>, inner: usize) -> usize {
        let raw = self.text.get(value.clone()).unwrap_or_default();
        let is_basic = raw.starts_with('"');
        if is_basic && raw.contains('\\') {
            return value.start;
        }
        let quotes = if raw.starts_with("'''") || raw.starts_with("\"\"\"") {
            3
        } else {
            1
        };
        // A line break right after three opening quotes is not part of the string.
        let rest = raw.get(quotes..).unwrap_or_default();
        let line_break = match (quotes, rest) {
            (3, rest) if rest.starts_with("\r\n") => 2,
            (3, rest) if rest.starts_with('\n') => 1,
            _ => 0,
        };
        value.start + quotes + line_break + inner
    }

    fn line_and_column(&self, offset: usize) -> (u32, u32) {
        let mut end = offset.min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let before = self.text.get(..end).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before
            .rsplit('\n')
            .next()
            .unwrap_or_default()
            .chars()
            .count()
            + 1;
        (saturate(line), saturate(column))
    }
}

fn saturate(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str, offset: usize) -> (u32, u32) {
        Source::new("x", text).line_and_column(offset)
    }

    #[test]
    fn columns_count_characters_and_lines_start_at_one() {
        assert_eq!(place("", 0), (1, 1));
        assert_eq!(place("a\nb", 2), (2, 1));
        assert_eq!(place("é = 1", 3), (1, 3));
        assert_eq!(place("ab", 99), (1, 3));
    }

    #[test]
    fn an_offset_in_a_string_is_found_behind_its_quotes() {
        for (text, inner, expected) in [
            ("'ab(c'", 2, 3),
            ("\"ab(c\"", 2, 3),
            ("'''\nab'''", 1, 5),
            ("\"a\\nb\"", 2, 0),
        ] {
            let source = Source::new("x", text);
            assert_eq!(
                source.offset_inside(&(0..text.len()), inner),
                expected,
                "{text}"
            );
        }
    }
}
