//! Ways in for the tests of `tests/foreign_bytes` and the fuzz targets. No part of the interface.

use crate::guard::fuzzing;

/// What is found out about a command line.
#[derive(Clone, Debug)]
pub struct ShownBy {
    /// Files that it shows all of.
    pub files: Vec<String>,
    /// How many patterns each pattern of its words stands for; nothing when those are too many.
    pub choices: Vec<Option<usize>>,
    /// Whether something is told that is not looked at.
    pub has_unread: bool,
}

/// Goes through a command line that is run in a folder that is not there.
#[must_use]
pub fn shown_by(command: &str) -> ShownBy {
    fuzzing::shown_by(command)
}

/// The same of a command whose words are told apart already.
#[must_use]
pub fn shown_by_words(words: &[&str]) -> ShownBy {
    fuzzing::shown_by_words(words)
}

/// A text that an agent's input brings, with what is said to have stood there before.
#[derive(Clone, Debug)]
pub struct Brought {
    /// The text, and the stretches that stood there before.
    pub texts: Vec<String>,
    /// Of how many lines of it the number in its file is known.
    pub numbered_lines: usize,
}

/// Reads what an agent's hook hands over, for each agent that there is; the last one takes it for a text.
#[must_use]
pub fn read_input(input: &[u8]) -> Vec<Option<Vec<Brought>>> {
    fuzzing::read_input(input)
}
