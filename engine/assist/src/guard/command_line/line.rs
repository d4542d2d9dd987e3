//! A command line that is taken apart: its commands, their words, and the shells that run them.
//!
//! Taken apart by `reader`; nothing in here knows how a shell is written.

use super::reader::{End, Reader};

/// Where in a word something is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::guard) enum Gap {
    /// Somewhere in it.
    Inside,
    /// At its beginning: `$(pwd)/.env`.
    First,
}

/// A word, without its quotes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(in crate::guard) struct Word {
    pub(in crate::guard) text: String,
    /// Whether a shell would put names of files in its place.
    pub(in crate::guard) is_pattern: bool,
    /// Whether names of variables are in the text, of which a shell takes the values.
    pub(in crate::guard) has_variable: bool,
    /// Where something that a command prints, which nobody knows, is left out of the text.
    pub(in crate::guard) gap: Option<Gap>,
}

impl Word {
    /// Whether nothing is put into its text, or left out of it, that a shell would have to tell.
    pub(in crate::guard) fn is_known(&self) -> bool {
        !self.has_variable && self.gap.is_none()
    }

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

/// What takes the output of a shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::guard) struct Taken {
    /// The command that it is put into, as a number of [`CommandLine::commands`].
    pub(in crate::guard) command: usize,
    pub(in crate::guard) part: Part,
}

/// Where in a command something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::guard) enum Part {
    /// In this one of its words.
    Word(usize),
    /// In the place of a file: `<(…)`.
    File,
    /// In a text that is its input.
    Document,
    /// In the name of a file that it is redirected from or to.
    Redirection,
    /// Before it: what is in brackets goes to where the command sends it, which has no words of its own.
    Group,
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
    /// Files that its other streams go into: `2>file`.
    pub(in crate::guard) logs: Vec<Word>,
    /// Whether its output goes where errors go: `>&2`.
    pub(in crate::guard) is_error: bool,
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
    /// Of each shell, what takes its output; nothing where it goes where that of the shell goes which started it.
    pub(in crate::guard) taken: Vec<Option<Taken>>,
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

    /// What the output of a shell, or of those that started it, is put into; nothing when it is seen where the line is run.
    pub(in crate::guard) fn taker_of(&self, mut shell: usize) -> Option<Taken> {
        loop {
            let taken = (*self.taken.get(shell)?).filter(|taken| taken.part != Part::Group);
            if taken.is_some() || shell == 0 {
                return taken;
            }
            shell = *self.shells.get(shell)?;
        }
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
    fn an_output_is_taken_by_the_command_that_it_is_put_into() {
        let line = CommandLine::of(
            "a x$(b | (c)) <(d) `e $(f)` >$(g) <<<$(h) <<E; i $((1+$(j)))\n$(k `l`)\nE\n(m) > >(n)",
        );
        let name = |command: &Simple| command.words[0].text.clone();
        for (inner, outer, part) in [
            ("b", "a", Part::Word(1)),
            ("c", "a", Part::Word(1)),
            ("d", "a", Part::File),
            ("e", "a", Part::Word(3)),
            ("f", "e", Part::Word(1)),
            ("g", "a", Part::Redirection),
            ("h", "a", Part::Document),
            ("j", "i", Part::Word(1)),
            ("k", "a", Part::Document),
            ("l", "k", Part::Word(1)),
        ] {
            let is_it = |command: &&Simple| name(command) == inner;
            let command = line.commands.iter().find(is_it).expect(inner);
            let taken = line.taker_of(command.shell).expect(inner);
            assert_eq!(name(&line.commands[taken.command]), outer, "{inner}");
            assert_eq!(taken.part, part, "{inner}");
        }
        for inner in ["a", "i", "m", "n"] {
            let is_it =
                |command: &&Simple| command.words.first().is_some_and(|word| word.text == inner);
            let command = line.commands.iter().find(is_it).expect(inner);
            assert_eq!(line.taker_of(command.shell), None, "{inner}");
        }
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
                (word.has_variable, word.gap.is_some()),
                (has_variable, has_gap),
                "{text}"
            );
        }
    }
}
