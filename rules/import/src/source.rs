//! A file's text, and what was found wrong in it so far.

use std::cell::RefCell;

use crate::error::{ImportError, ImportErrors};

/// A place in a file: line and column, from 1.
pub(crate) type At = (u32, u32);

/// A file's text, and what was found wrong in it so far.
pub(crate) struct Source<'a> {
    name: &'a str,
    pub(crate) text: &'a str,
    /// Offsets at which lines start.
    lines: Vec<usize>,
    errors: RefCell<Vec<ImportError>>,
    notes: RefCell<Vec<String>>,
}

impl<'a> Source<'a> {
    pub(crate) fn new(name: &'a str, text: &'a str) -> Self {
        let breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            name,
            text,
            lines: std::iter::once(0).chain(breaks).collect(),
            errors: RefCell::default(),
            notes: RefCell::default(),
        }
    }

    /// The place of a byte offset.
    pub(crate) fn place(&self, offset: usize) -> At {
        let line = self.lines.partition_point(|start| *start <= offset).max(1);
        let start = self.lines.get(line - 1).copied().unwrap_or(0);
        let mut end = offset.min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let before = self.text.get(start..end).unwrap_or_default();
        (saturated(line), saturated(before.chars().count() + 1))
    }

    /// Notes an error.
    pub(crate) fn report_at(&self, (line, column): At, problem: impl Into<String>) {
        self.errors.borrow_mut().push(ImportError {
            file: self.name.to_owned(),
            line,
            column,
            problem: problem.into(),
        });
    }

    /// Notes something that is worth telling and changes no finding.
    pub(crate) fn note_at(&self, (line, _): At, note: &str) {
        self.notes
            .borrow_mut()
            .push(format!("{}:{line}: {note}", self.name));
    }

    /// The notes so far.
    pub(crate) fn take_notes(&self) -> Vec<String> {
        std::mem::take(&mut self.notes.borrow_mut())
    }

    /// `good` when nothing is wrong.
    pub(crate) fn finish<T>(self, good: T) -> Result<T, ImportErrors> {
        let mut errors = self.errors.into_inner();
        if errors.is_empty() {
            return Ok(good);
        }
        errors.sort();
        errors.dedup();
        Err(ImportErrors(errors))
    }
}

pub(crate) fn saturated(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
