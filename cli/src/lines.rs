//! Text for people, written line by line.

use std::fmt::Display;

/// Text for people, written line by line.
#[derive(Debug, Default)]
pub(crate) struct Lines(String);

impl Lines {
    /// Adds a line.
    pub(crate) fn add(&mut self, line: impl Display) {
        self.0.push_str(&line.to_string());
        self.0.push('\n');
    }

    /// All of it.
    pub(crate) fn into_text(self) -> String {
        self.0
    }
}
