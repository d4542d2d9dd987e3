//! One finished run of the program: its exit status and what it printed.

use std::process::Output;

use crate::report::Report;

/// A finished run.
#[derive(Clone, Debug)]
pub struct Run {
    /// The exit status; empty when a signal ended it.
    pub status: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    arguments: String,
}

impl Run {
    /// Of a child's output.
    #[must_use]
    pub fn new(arguments: &str, output: &Output) -> Self {
        Self {
            status: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            arguments: arguments.to_owned(),
        }
    }

    /// Asserts the exit status.
    ///
    /// # Panics
    /// When it is another one.
    pub fn expect_status(&self, status: i32) -> &Self {
        assert_eq!(
            self.status,
            Some(status),
            "exit status\n{}",
            self.transcript()
        );
        self
    }

    /// Asserts that standard error holds every one of `words`.
    ///
    /// # Panics
    /// When it lacks one.
    pub fn expect_message(&self, words: &[&str]) -> &Self {
        for word in words {
            assert!(
                self.stderr.contains(word),
                "standard error does not speak of {word:?}\n{}",
                self.transcript()
            );
        }
        self
    }

    /// The JSON report on standard output.
    #[must_use]
    pub fn report(&self) -> Report {
        Report::parse(&self.stdout, &self.transcript())
    }

    /// Everything about the run, for a test's failure.
    #[must_use]
    pub fn transcript(&self) -> String {
        format!(
            "leakward {}\nstatus: {:?}\n--- standard output\n{}\n--- standard error\n{}",
            self.arguments, self.status, self.stdout, self.stderr
        )
    }
}
