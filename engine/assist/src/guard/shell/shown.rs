//! What is found out about a command line: what it would show, and what it would change.
//!
//! Names only. Whether there is a file with such a name, and what is in it, is looked up in `decide`.

use std::path::PathBuf;

use crate::guard::change::Change;
use crate::guard::environment::Environment;
use crate::guard::pattern::Pattern;
use crate::guard::view::View;

/// LIMIT: words of one command line that are taken for names of files. Most are none; each costs a look.
pub(super) const MOST_WORDS: usize = 4_096;

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
            view: View::Whole,
        }
    }
}

/// What a command line would do.
#[derive(Debug, Default)]
pub(in crate::guard) struct Shown {
    /// Words that may be the paths of files that are printed. Most are none: that is found out by looking.
    pub(in crate::guard) files: Vec<Read>,
    /// Patterns that the shell puts names of files in the place of.
    pub(in crate::guard) patterns: Vec<(Pattern, View)>,
    /// What is not looked at, and why.
    pub(in crate::guard) unread: Vec<String>,
    /// Commands that print a credential, by name.
    pub(in crate::guard) secret_printers: Vec<String>,
    /// Variables of the environment that it prints.
    pub(in crate::guard) environment: Vec<Environment>,
    /// What it changes.
    pub(in crate::guard) changes: Vec<Change>,
    /// Folders that the paths of a patch may start from, likeliest first; none when no patch is applied.
    pub(in crate::guard) patched: Vec<PathBuf>,
}

impl Shown {
    pub(super) fn limited(mut self) -> Self {
        if self.files.len() > MOST_WORDS {
            self.files.truncate(MOST_WORDS);
            self.unread.push(format!(
                "the command line: it names more than {MOST_WORDS} files"
            ));
        }
        self
    }
}

#[cfg(test)]
impl Shown {
    /// The paths of the files.
    pub(in crate::guard) fn paths(&self) -> Vec<&str> {
        self.files.iter().map(|read| read.path.as_str()).collect()
    }
}
