//! A command line that is taken apart: its commands, their words, and the shells that run them.
//!
//! Taken apart by `reader`; nothing in here knows how a shell is written.

use super::reader::{End, Reader};

/// A word, without its quotes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(in crate::guard) struct Word {
    pub(in crate::guard) text: String,
    /// Whether a shell would put names of files in its place.
    pub(in crate::guard) is_pattern: bool,
    /// Whether names of variables are in the text, of which a shell takes the values.
    pub(in crate::guard) has_variable: bool,
    /// Whether something that a command prints, which nobody knows, is left out of the text.
    pub(in crate::guard) has_gap: bool,
}

impl Word {
    /// The program that it names: without its folder, in lower case.
    pub(in crate::guard) fn program(&self) -> String {
        let name = self.text.rsplit(['/', '\\']).next();
        let name = name.unwrap_or(&self.text).to_ascii_lowercase();
        name.trim_end_matches(".exe").to_owned()
    }
}

/// What stands between two commands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::guard) enum Joint {
    /// `;`, a new line, the beginning, the end.
    #[default]
    Next,
    /// `&&`
    And,
    /// `||`
    Or,
    /// `|`
    Pipe,
    /// `&`
    Aside,
}

/// A simple command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::guard) struct Simple {
    /// The program and its arguments.
    pub(in crate::guard) words: Vec<Word>,
    /// Files that it gets as its standard input.
    pub(in crate::guard) inputs: Vec<Word>,
    /// Files that its output goes into.
    pub(in crate::guard) outputs: Vec<Word>,
    /// Texts that it gets as its standard input, as numbers of [`CommandLine::documents`].
    pub(in crate::guard) documents: Vec<usize>,
    /// The shell that runs it, as a number of [`CommandLine::shells`].
    pub(in crate::guard) shell: usize,
    /// What stands before it, and behind it.
    pub(in crate::guard) joints: (Joint, Joint),
}

/// A command line.
#[derive(Debug, Default)]
pub(in crate::guard) struct CommandLine {
    /// Its simple commands, and those in `$(…)`, backticks and `<(…)`.
    pub(in crate::guard) commands: Vec<Simple>,
    /// Of each shell, the one that started it: `( … )`, `$( … )` and the like run in one of their own, and what is set in
    /// there ends with it. The first is its own.
    pub(in crate::guard) shells: Vec<usize>,
    /// Of each shell, whether its output is put into a command line instead of being shown.
    pub(in crate::guard) is_captured: Vec<bool>,
    /// Texts that are the input of its commands: behind `<<` and `<<<`.
    pub(in crate::guard) documents: Vec<Word>,
    /// Whether commands stand deeper inside of each other than is looked.
    pub(in crate::guard) is_too_deep: bool,
}

impl CommandLine {
    /// Takes `text` apart.
    pub(in crate::guard) fn of(text: &str) -> Self {
        let mut reader = Reader::new(text, 0);
        reader.read(End::OfText);
        reader.line
    }

    /// The texts that a command of it gets as its standard input.
    pub(in crate::guard) fn documents_of(&self, command: &Simple) -> impl Iterator<Item = &Word> {
        let numbers = command.documents.iter();
        numbers.filter_map(|number| self.documents.get(*number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_knows_its_shell_and_what_stands_around_it() {
        let line = CommandLine::of("a && (b; c $(d)) || e `f` |\n g & h");
        let parent = |shell: usize| line.shells[shell];
        let of = |name: &str| {
            let has_name = |command: &&Simple| command.words[0].text == name;
            let command = line.commands.iter().find(has_name).expect(name);
            (command.shell, command.joints)
        };
        for (name, joints) in [
            ("a", (Joint::Next, Joint::And)),
            ("b", (Joint::And, Joint::Next)),
            ("c", (Joint::Next, Joint::Next)),
            ("d", (Joint::Next, Joint::Next)),
            ("e", (Joint::Or, Joint::Pipe)),
            ("g", (Joint::Pipe, Joint::Aside)),
            ("h", (Joint::Aside, Joint::Next)),
        ] {
            assert_eq!(of(name).1, joints, "{name}");
        }
        for name in ["a", "e", "g", "h"] {
            assert_eq!(of(name).0, 0, "{name}");
        }
        assert_eq!(of("b").0, of("c").0);
        assert_eq!(parent(of("b").0), 0);
        assert_eq!(parent(of("d").0), of("c").0);
        assert_eq!(parent(of("f").0), 0);
        assert_ne!(of("f").0, of("b").0);
    }

    #[test]
    fn a_word_says_what_is_not_known_of_it() {
        for (text, has_variable, has_gap) in [
            ("a", false, false),
            ("'$a'", false, false),
            ("a$", false, false),
            ("$a", true, false),
            ("\"${a}b\"", true, false),
            ("$(a)", false, true),
            ("\"x`a`\"", false, true),
            ("$((1+2))", false, true),
        ] {
            let line = CommandLine::of(text);
            let command = line.commands.last().expect("a command");
            let word = &command.words[0];
            assert_eq!(
                (word.has_variable, word.has_gap),
                (has_variable, has_gap),
                "{text}"
            );
        }
    }
}
