//! What is wrong with a rule file, and where.
//!
//! INVARIANT: [`RuleFileErrors`] is never empty, and its errors stand in the order of the files and of the lines in
//! them, so that a person can work through them from top to bottom.

use std::fmt;

use crate::problem::Problem;

/// One thing that is wrong in a rule file.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{file}:{line}:{column}: {problem}")]
pub struct RuleFileError {
    /// The file's name, as the caller gave it.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// What is wrong.
    pub problem: Problem,
}

/// Everything that is wrong in a set of rule files.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleFileErrors(Vec<RuleFileError>);

impl RuleFileErrors {
    /// `rules` when there is nothing wrong, the errors otherwise.
    pub(crate) fn unless_empty<T>(errors: Vec<RuleFileError>, rules: T) -> Result<T, Self> {
        if errors.is_empty() {
            Ok(rules)
        } else {
            Err(Self(errors))
        }
    }

    /// The errors, at least one.
    #[must_use]
    pub fn as_slice(&self) -> &[RuleFileError] {
        &self.0
    }
}

impl fmt::Display for RuleFileErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for RuleFileErrors {}
