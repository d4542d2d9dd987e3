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
    /// Where its lines begin.
    lines: Vec<usize>,
    problems: Vec<(usize, Problem)>,
}

impl<'a> Source<'a> {
    pub(crate) fn new(name: &'a str, text: &'a str) -> Self {
        let breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            name,
            text,
            lines: std::iter::once(0).chain(breaks).collect(),
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
        saturate(self.lines.partition_point(|start| *start <= offset))
    }

    /// The problems as errors, in the order of the text.
    pub(crate) fn into_errors(mut self) -> Vec<RuleFileError> {
        let mut problems = std::mem::take(&mut self.problems);
        problems.sort_by_key(|(offset, _)| *offset);
        let mut place = Place::default();
        problems
            .into_iter()
            .map(|(offset, problem)| {
                place = self.place(offset, &place);
                RuleFileError {
                    file: self.name.to_owned(),
                    line: place.line,
                    column: saturate(place.column),
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

    /// Where an offset is. What stands before `known`, a place before it, is not counted again: a line may have any number of
    /// problems.
    fn place(&self, offset: usize, known: &Place) -> Place {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.line(offset);
        let (from, before) = if line == known.line {
            (known.offset, known.column)
        } else {
            let start = self.lines.get(line as usize - 1);
            (start.copied().unwrap_or_default(), 1)
        };
        let between = self.text.get(from..offset).unwrap_or_default();
        Place {
            offset,
            line,
            column: before + between.chars().count(),
        }
    }
}

/// An offset as people are told it.
#[derive(Default)]
struct Place {
    offset: usize,
    /// From 1.
    line: u32,
    column: usize,
}

fn saturate(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str, offset: usize) -> (u32, u32) {
        let place = Source::new("x", text).place(offset, &Place::default());
        (place.line, saturate(place.column))
    }

    /// For each of them the text before it was counted: minutes for these.
    #[test]
    fn any_number_of_problems_is_told_with_their_places() {
        let text = ["-\n".repeat(1 << 17), "é".repeat(1 << 17)].concat();
        let mut source = Source::new("x", &text);
        let offsets = (0..text.len()).step_by(2);
        offsets.for_each(|offset| source.report(offset, Problem::Version));
        let errors = source.into_errors();
        let last = errors.last().expect("problems");
        assert_eq!((last.line, last.column), ((1 << 17) + 1, 1 << 17));
        assert_eq!((errors[5].line, errors[5].column), (6, 1));
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
