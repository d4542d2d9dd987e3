//! What rules of other tools say beyond the format of our own: conditions under which a match is no leak.
//!
//! Allow lists and filter expressions of other tools come to the same: a match is dropped when all conditions of one
//! [`Exception`] hold. Some are about the match's own text and are decided where it is detected; others are about its
//! place (path, commit, author), which is known later. This module only gives the shapes.

use std::sync::Arc;

use crate::finding::Confidence;
use crate::rule::Text;

/// What a test looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// The credential.
    Secret,
    /// Everything that the rule's expression matched.
    Match,
    /// The lines that the match touches.
    Line,
    /// The path of the file.
    Path,
    /// The id of the commit.
    Commit,
    /// The name of the commit's author.
    AuthorName,
    /// The address of the commit's author.
    AuthorEmail,
}

impl Part {
    /// Whether it belongs to the place of a match, not to its text.
    #[must_use]
    pub fn is_of_place(self) -> bool {
        matches!(
            self,
            Self::Path | Self::Commit | Self::AuthorName | Self::AuthorEmail
        )
    }
}

/// A test over one part of a match.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// One of these expressions matches somewhere in it.
    Matches(Part, Vec<Text>),
    /// One of these texts stands in it, in any case.
    Contains(Part, Vec<Text>),
    /// It is one of these texts.
    Equals(Part, Vec<Text>),
    /// Shannon entropy in bits per character is at most this.
    EntropyAtMost(Part, f64),
}

impl Test {
    /// What it looks at.
    #[must_use]
    pub fn part(&self) -> Part {
        match self {
            Self::Matches(part, _)
            | Self::Contains(part, _)
            | Self::Equals(part, _)
            | Self::EntropyAtMost(part, _) => *part,
        }
    }
}

/// Whether a test must hold or must not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sense {
    /// It must hold.
    Holds,
    /// It must not.
    Fails,
}

/// A test and what is asked of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// Whether it must hold.
    pub sense: Sense,
    /// The test.
    pub test: Test,
}

impl Condition {
    /// A test that must hold.
    #[must_use]
    pub fn holds(test: Test) -> Self {
        Self {
            sense: Sense::Holds,
            test,
        }
    }

    /// The opposite.
    #[must_use]
    pub fn negated(mut self) -> Self {
        self.sense = match self.sense {
            Sense::Holds => Sense::Fails,
            Sense::Fails => Sense::Holds,
        };
        self
    }
}

/// A match is no leak when all of these hold. Without any it never applies.
#[derive(Clone, Debug, PartialEq)]
pub struct Exception {
    /// All of them must hold.
    pub all: Vec<Condition>,
}

/// Another rule that must match near by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// Its id.
    pub rule: Text,
    /// Farthest distance in lines; anywhere in the file when nothing is said.
    pub within_lines: Option<u32>,
    /// Farthest distance in columns.
    pub within_columns: Option<u32>,
}

/// What a rule has that came from another tool's file.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Foreign {
    /// The tool whose format it was written in; empty for a built-in rule that another tool's file changes.
    pub tool: &'static str,
    /// How sure a match is; high when nothing is said.
    pub confidence: Option<Confidence>,
    /// The credential's entropy must be above this.
    pub entropy_above: Option<f64>,
    /// The rule looks only at files whose path this expression matches.
    pub path: Option<Text>,
    /// When a match is no leak.
    pub exceptions: Vec<Exception>,
    /// The same, shared by all rules of a file.
    pub shared: Option<Arc<Vec<Exception>>>,
    /// Rules that must match near by, all of them.
    pub requires: Vec<Requirement>,
}

impl Foreign {
    /// Every exception, the rule's own first.
    pub fn all_exceptions(&self) -> impl Iterator<Item = &Exception> {
        self.exceptions
            .iter()
            .chain(self.shared.iter().flat_map(|shared| shared.iter()))
    }
}
