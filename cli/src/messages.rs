//! What is said on standard error: errors, warnings, notes; as text for people or as JSON lines for machines.
//!
//! INVARIANT: messages name objects (paths, ids, rules), never a credential. They are written to standard error
//! only, so that standard output holds the report and nothing else.

use std::io::Write as _;

use crate::args::{LogFormat, MessageArgs};

/// How important a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// The program cannot do what was asked.
    Error,
    /// It can, but something deserves a look.
    Warning,
    /// Worth knowing.
    Info,
    /// Worth knowing to somebody who wants to know it all.
    Debug,
}

impl Level {
    fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

/// Where messages go, and which are said.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Messages {
    lowest: Level,
    format: LogFormat,
}

impl Messages {
    pub(crate) fn new(args: &MessageArgs) -> Self {
        let lowest = match (args.quiet, args.verbose) {
            (true, _) => Level::Error,
            (false, 0) => Level::Warning,
            (false, 1) => Level::Info,
            (false, _) => Level::Debug,
        };
        Self {
            lowest,
            format: args.log_format,
        }
    }

    /// Whether messages of this level are said.
    pub(crate) fn says(self, level: Level) -> bool {
        level <= self.lowest
    }

    /// Says it, if it is to be said.
    pub(crate) fn say(self, level: Level, text: &str) {
        if !self.says(level) {
            return;
        }
        let line = match self.format {
            LogFormat::Text => format!("leakward: {}{}", prefix(level), printable(text)),
            LogFormat::Json => {
                serde_json::json!({ "level": level.word(), "message": text }).to_string()
            }
        };
        // Standard error may be closed; then there is nobody to tell.
        drop(writeln!(std::io::stderr().lock(), "{line}"));
    }

    pub(crate) fn error(self, text: &str) {
        self.say(Level::Error, text);
    }

    pub(crate) fn warning(self, text: &str) {
        self.say(Level::Warning, text);
    }

    pub(crate) fn info(self, text: &str) {
        self.say(Level::Info, text);
    }
}

fn prefix(level: Level) -> &'static str {
    match level {
        Level::Error => "error: ",
        Level::Warning => "warning: ",
        Level::Info | Level::Debug => "",
    }
}

/// Without control characters: paths come from foreign repositories and could carry escape sequences.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() && c != '\n' {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_leaves_errors_and_verbose_adds_information() {
        let at = |quiet, verbose| {
            let color = crate::args::ColorChoice::Auto;
            Messages::new(&MessageArgs {
                quiet,
                verbose,
                log_format: LogFormat::Text,
                color,
            })
        };
        assert!(at(true, 2).says(Level::Error) && !at(true, 2).says(Level::Warning));
        assert!(at(false, 0).says(Level::Warning) && !at(false, 0).says(Level::Info));
        assert!(at(false, 1).says(Level::Info) && !at(false, 1).says(Level::Debug));
        assert!(at(false, 2).says(Level::Debug));
    }

    #[test]
    fn escape_sequences_in_a_path_are_made_harmless() {
        assert_eq!(printable("a\u{1b}[31mb"), "a\u{fffd}[31mb");
    }
}
