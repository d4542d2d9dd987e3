//! Goes through the letters of a command line: words and commands end here.
//!
//! What stands in quotes, inside of words and behind `<` and `>` is read by `quotes`, `inside` and `redirection`.

use std::collections::HashMap;
use std::iter::Peekable;
use std::str::Chars;

use super::inside::MOST_AHEAD;
use super::line::{CommandLine, Joint, Part, Simple, Taken, Word};
use super::redirection::{Awaited, Place};

/// LIMIT: brackets inside of each other, each of which is a shell of its own. How far a shell is from the outermost one is
/// gone through for some of its commands.
const DEEPEST_BRACKETS: usize = 64;

/// Where reading stops.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    OfText,
    Bracket,
}

pub(super) struct Reader<'t> {
    pub(super) letters: Peekable<Chars<'t>>,
    pub(super) depth: usize,
    pub(super) line: CommandLine,
    pub(super) command: Simple,
    pub(super) word: Option<Word>,
    pub(super) place: Place,
    pub(super) awaited: Vec<Awaited>,
    pub(super) shell: usize,
    /// Shells whose output is put into the command at hand.
    pub(super) inner_shells: Vec<usize>,
    /// Which command gets each text.
    pub(super) owners: HashMap<usize, usize>,
    pub(super) joint: Joint,
    /// The shell of the brackets that have just been closed.
    pub(super) closed: Option<usize>,
    /// Letters that may still be looked at ahead.
    pub(super) ahead: usize,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str, depth: usize) -> Self {
        Self {
            letters: text.chars().peekable(),
            depth,
            line: CommandLine {
                shells: vec![0],
                taken: vec![None],
                ..CommandLine::default()
            },
            command: Simple::default(),
            word: None,
            place: Place::Words,
            awaited: Vec::new(),
            shell: 0,
            inner_shells: Vec::new(),
            owners: HashMap::new(),
            joint: Joint::Next,
            closed: None,
            ahead: MOST_AHEAD,
        }
    }

    pub(super) fn read(&mut self, end: End) {
        // The shells around the open brackets.
        let mut brackets = Vec::new();
        // Open brackets that are too deep to have shells.
        let mut deeper = 0_usize;
        while let Some(letter) = self.letters.next() {
            match letter {
                '\\' => match self.letters.next() {
                    // The line goes on.
                    Some('\n') | None => {}
                    Some(next) => self.push(next),
                },
                '\'' => self.single(),
                '"' => self.double(Some('"')),
                '$' => self.dollar(),
                '`' => self.backtick(),
                '#' if self.word.is_none() => {
                    while self.letters.next_if(|next| *next != '\n').is_some() {}
                }
                '<' => self.input(),
                '>' => self.output(),
                '&' if self.letters.next_if_eq(&'>').is_some() => self.output(),
                '\n' => {
                    self.end_line();
                    self.documents();
                }
                ')' if end == End::Bracket && brackets.is_empty() => break,
                '(' if self.word.is_none() && self.arithmetic() => {}
                '(' if brackets.len() == DEEPEST_BRACKETS => {
                    self.end_line();
                    self.line.is_too_deep = true;
                    deeper += 1;
                }
                '(' => {
                    self.end_line();
                    brackets.push(self.enter(None));
                }
                ')' if deeper > 0 => {
                    self.end_command(Joint::Next);
                    deeper -= 1;
                }
                ')' => {
                    self.end_command(Joint::Next);
                    if let Some(around) = brackets.pop() {
                        self.closed = Some(std::mem::replace(&mut self.shell, around));
                    }
                }
                ';' => self.end_command(Joint::Next),
                '|' if self.letters.next_if_eq(&'|').is_some() => self.end_command(Joint::Or),
                '|' => {
                    self.letters.next_if_eq(&'&');
                    self.end_command(Joint::Pipe);
                }
                '&' if self.letters.next_if_eq(&'&').is_some() => self.end_command(Joint::And),
                '&' => self.end_command(Joint::Aside),
                _ if letter.is_whitespace() => self.end_word(),
                '*' | '?' | '[' | '{' => {
                    self.push(letter);
                    self.word.get_or_insert_default().is_pattern = true;
                }
                _ => self.push(letter),
            }
        }
        // A text that is announced on the last line has no line to begin with.
        self.end_command(Joint::Next);
    }

    pub(super) fn push(&mut self, letter: char) {
        self.word.get_or_insert_default().text.push(letter);
    }

    pub(super) fn end_word(&mut self) {
        let Some(word) = self.word.take() else { return };
        match std::mem::take(&mut self.place) {
            Place::Words => self.command.words.push(word),
            Place::Input => self.command.inputs.push(word),
            Place::Output => self.command.outputs.push(word),
            Place::Log => self.command.logs.push(word),
            Place::Document => self.document(word),
            Place::Nowhere => {}
        }
    }

    fn end_command(&mut self, joint: Joint) {
        self.end_word();
        self.place = Place::Words;
        let mut command = std::mem::take(&mut self.command);
        let before = std::mem::replace(&mut self.joint, joint);
        // What stands behind brackets, and has no words, sends their output on.
        let closed = self.closed.take().filter(|_| command.words.is_empty());
        let is_sent_on = closed.is_some() && joint == Joint::Pipe;
        if command != Simple::default() || is_sent_on {
            command.shell = self.shell;
            command.joints = (before, joint);
            let number = self.line.commands.len();
            if let Some(taken) = closed.and_then(|shell| self.line.taken.get_mut(shell)) {
                *taken = Some(Taken {
                    command: number,
                    part: Part::Group,
                });
            }
            self.command_of_shells(number);
            for document in &command.documents {
                self.owners.insert(*document, number);
            }
            self.line.commands.push(command);
        }
        // In arithmetic that is a command by itself, for which there is none.
        self.inner_shells.clear();
    }

    fn command_of_shells(&mut self, number: usize) {
        for shell in self.inner_shells.drain(..) {
            if let Some(Some(taken)) = self.line.taken.get_mut(shell) {
                taken.command = number;
            }
        }
    }

    /// The command ends, if there is one. Behind `&&` it may stand on the next line, or in brackets.
    fn end_line(&mut self) {
        let joint = self.joint;
        let is_open = self.word.is_none() && self.command == Simple::default();
        self.end_command(if is_open { joint } else { Joint::Next });
    }

    /// Where the word at hand stands.
    pub(super) fn part(&self) -> Part {
        match self.place {
            Place::Words => Part::Word(self.command.words.len()),
            Place::Document => Part::Document,
            Place::Input | Place::Output | Place::Log | Place::Nowhere => Part::Redirection,
        }
    }

    /// A shell inside of this one begins, whose output is put into this part of the command at hand. Gives back this one.
    pub(super) fn enter(&mut self, part: Option<Part>) -> usize {
        self.line.shells.push(self.shell);
        let inside = self.line.taken.len();
        // Which command it is is known when it has ended.
        let taken = part.map(|part| Taken {
            command: usize::MAX,
            part,
        });
        self.line.taken.push(taken);
        if taken.is_some() {
            self.inner_shells.push(inside);
        }
        std::mem::replace(&mut self.shell, inside)
    }
}

#[cfg(test)]
impl CommandLine {
    /// The words of its commands.
    pub(super) fn texts(self) -> Vec<Vec<String>> {
        let words = |command: Simple| command.words.into_iter().map(|word| word.text).collect();
        self.commands.into_iter().map(words).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<Vec<String>> {
        CommandLine::of(text).texts()
    }

    #[test]
    fn words_are_told_apart_as_a_shell_does_it() {
        for (text, expected) in [
            (
                "a 'b c' \"d\\\"e\" f\\ g",
                vec![vec!["a", "b c", "d\"e", "f g"]],
            ),
            (
                "a;b|c&&d\ne",
                vec![vec!["a"], vec!["b"], vec!["c"], vec!["d"], vec!["e"]],
            ),
            ("a \\\n b # c 'd\ne", vec![vec!["a", "b"], vec!["e"]]),
            ("a ''", vec![vec!["a", ""]]),
            ("a $X \"$Y\" $'z'", vec![vec!["a", "$X", "$Y", "z"]]),
            ("a 'open", vec![vec!["a", "open"]]),
            ("", vec![]),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }
}
