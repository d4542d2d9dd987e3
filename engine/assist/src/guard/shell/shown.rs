//! What is found out about a command line: what it would show, and what it would change.
//!
//! Names only. Whether there is a file with such a name, and what is in it, is looked up in `decide`.

use std::path::PathBuf;

use crate::guard::change::Change;
use crate::guard::environment::Environment;
use crate::guard::pattern::Pattern;
use crate::guard::unique::Unique;
use crate::guard::view::View;

/// LIMIT: words of one call that are taken for names of files. Most are none; each costs a look.
pub(super) const MOST_WORDS: usize = 4_096;

/// LIMIT: patterns of names of files, each of which costs looks into folders.
const MOST_PATTERNS: usize = 256;

/// LIMIT: patterns of files that searches come to.
const MOST_FOUND: usize = 64;

/// LIMIT: names and views of the environment. Each view costs a scan of some kilobytes.
const MOST_OF_ENVIRONMENT: usize = 256;

/// LIMIT: changes. Each costs a look or two.
const MOST_CHANGES: usize = 1_024;

/// LIMIT: folders that the paths of a patch may start from. Behind that the patch is taken to be of the first one.
const MOST_PATCHED: usize = 16;

/// LIMIT: reasons that are told.
const MOST_REASONS: usize = 16;

/// A file that is shown.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::guard) struct Read {
    /// Its path, from the folder of the call.
    pub(in crate::guard) path: String,
    /// How much of it.
    pub(in crate::guard) view: View,
}

impl Read {
    /// All of a file.
    pub(in crate::guard) fn whole(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            view: View::whole(),
        }
    }
}

/// What the command lines of a call would do.
#[derive(Clone, Debug, Default)]
pub(in crate::guard) struct Shown {
    /// Words that may be the paths of files that are printed. Most are none: that is found out by looking.
    pub(in crate::guard) files: Unique<Read, MOST_WORDS>,
    /// Patterns that the shell puts names of files in the place of.
    pub(in crate::guard) patterns: Unique<(Pattern, View), MOST_PATTERNS>,
    /// Patterns of files that a search comes to, of which no more are looked at than are found at once.
    pub(in crate::guard) found: Unique<(Pattern, View), MOST_FOUND>,
    /// What is not looked at, and why.
    pub(in crate::guard) unread: Unique<String, MOST_REASONS>,
    /// A command that prints a credential, by name.
    pub(in crate::guard) secret_printer: Option<String>,
    /// Variables of the environment that it prints.
    pub(in crate::guard) environment: Unique<Environment, MOST_OF_ENVIRONMENT>,
    /// What it changes.
    pub(in crate::guard) changes: Unique<Change, MOST_CHANGES>,
    /// Folders that the paths of a patch may start from, likeliest first; none when no patch is applied.
    pub(in crate::guard) patched: Unique<PathBuf, MOST_PATCHED>,
}

impl Shown {
    /// Puts in what another command line of the same call would do, but for where its patch is applied.
    pub(in crate::guard) fn add(&mut self, other: Self) {
        self.files.add_all(other.files);
        self.patterns.add_all(other.patterns);
        self.found.add_all(other.found);
        self.unread.add_all(other.unread);
        self.secret_printer = self.secret_printer.take().or(other.secret_printer);
        self.environment.add_all(other.environment);
        self.changes.add_all(other.changes);
    }

    /// What is not looked at, and why: what did not fit into the lists as well.
    pub(in crate::guard) fn all_unread(&self) -> Vec<String> {
        let lists = [
            (self.files.is_cut(), MOST_WORDS, "it names", "files"),
            (
                self.patterns.is_cut(),
                MOST_PATTERNS,
                "it has",
                "patterns of names",
            ),
            (
                self.environment.is_cut(),
                MOST_OF_ENVIRONMENT,
                "it prints",
                "variables",
            ),
            (self.changes.is_cut(), MOST_CHANGES, "it changes", "files"),
        ];
        let cut = lists.into_iter().filter(|(is_cut, ..)| *is_cut);
        let told = cut.map(|(_, most, does, what)| {
            format!("the command line: {does} more than {most} {what}")
        });
        self.unread.iter().cloned().chain(told).collect()
    }
}

#[cfg(test)]
impl Shown {
    /// The paths of the files.
    pub(in crate::guard) fn paths(&self) -> Vec<&str> {
        self.files.iter().map(|read| read.path.as_str()).collect()
    }
}
