//! A command line, taken apart as a shell does it: into simple commands and their words, those inside of words included.
//!
//! Not a shell: variables keep their names, and nothing is run or looked up. Whatever is put in is taken apart somehow.

use std::iter::Peekable;
use std::str::Chars;

/// A word, without its quotes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    /// Whether a shell would put names of files in its place.
    pub(super) is_pattern: bool,
}

/// A simple command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Simple {
    /// The program and its arguments.
    pub(super) words: Vec<Word>,
    /// Files that it gets as its standard input.
    pub(super) inputs: Vec<Word>,
    /// Files that its output goes into.
    pub(super) outputs: Vec<Word>,
}

/// A command line.
#[derive(Debug, Default)]
pub(super) struct CommandLine {
    /// Its simple commands, and those in `$(…)`, backticks and `<(…)`.
    pub(super) commands: Vec<Simple>,
    /// Texts that stand behind the line, as the input of its commands.
    pub(super) documents: Vec<String>,
    /// Whether commands stand deeper inside of each other than is looked.
    pub(super) is_too_deep: bool,
}

/// LIMIT: commands inside of each other.
const DEEPEST: usize = 16;

/// Where the next word goes.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Words,
    Input,
    Output,
    /// It is no file: the number of a stream, a text.
    Nowhere,
}

/// The end of a text behind the line.
struct Awaited {
    end: String,
    /// Tabs before a line do not count.
    is_indented: bool,
    /// Commands in the text are run.
    expands: bool,
}

impl CommandLine {
    /// Takes `text` apart.
    pub(super) fn of(text: &str) -> Self {
        let mut reader = Reader::new(text, 0);
        reader.read(End::OfText);
        reader.line
    }
}

/// Where reading stops.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    OfText,
    Bracket,
}

struct Reader<'t> {
    letters: Peekable<Chars<'t>>,
    depth: usize,
    line: CommandLine,
    command: Simple,
    word: Option<Word>,
    place: Place,
    awaited: Vec<Awaited>,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str, depth: usize) -> Self {
        Self {
            letters: text.chars().peekable(),
            depth,
            line: CommandLine::default(),
            command: Simple::default(),
            word: None,
            place: Place::Words,
            awaited: Vec::new(),
        }
    }

    fn read(&mut self, end: End) {
        let mut brackets = 0_usize;
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
                    self.end_command();
                    self.documents();
                }
                ')' if end == End::Bracket && brackets == 0 => break,
                '(' => {
                    brackets += 1;
                    self.end_command();
                }
                ')' => {
                    brackets = brackets.saturating_sub(1);
                    self.end_command();
                }
                ';' | '|' | '&' => self.end_command(),
                _ if letter.is_whitespace() => self.end_word(),
                '*' | '?' | '[' | '{' => {
                    self.push(letter);
                    self.word.get_or_insert_default().is_pattern = true;
                }
                _ => self.push(letter),
            }
        }
        self.end_command();
        self.documents();
    }

    fn push(&mut self, letter: char) {
        self.word.get_or_insert_default().text.push(letter);
    }

    fn end_word(&mut self) {
        let Some(word) = self.word.take() else { return };
        match std::mem::take(&mut self.place) {
            Place::Words => self.command.words.push(word),
            Place::Input => self.command.inputs.push(word),
            Place::Output => self.command.outputs.push(word),
            Place::Nowhere => {}
        }
    }

    fn end_command(&mut self) {
        self.end_word();
        self.place = Place::Words;
        let command = std::mem::take(&mut self.command);
        if command != Simple::default() {
            self.line.commands.push(command);
        }
    }

    fn single(&mut self) {
        self.word.get_or_insert_default();
        while let Some(letter) = self.letters.next_if(|next| *next != '\'') {
            self.push(letter);
        }
        self.letters.next();
    }

    /// What stands between double quotes; to the end when there is no quote.
    fn double(&mut self, quote: Option<char>) {
        self.word.get_or_insert_default();
        while let Some(letter) = self.letters.next() {
            match letter {
                _ if Some(letter) == quote => return,
                '\\' => match self.letters.next() {
                    Some('\n') | None => {}
                    Some(next @ ('"' | '\\' | '$' | '`')) => self.push(next),
                    Some(next) => {
                        self.push('\\');
                        self.push(next);
                    }
                },
                '$' if self.letters.next_if_eq(&'(').is_some() => self.inner(),
                '`' => self.backtick(),
                _ => self.push(letter),
            }
        }
    }

    fn dollar(&mut self) {
        match self.letters.peek() {
            Some('(') => {
                self.letters.next();
                self.inner();
            }
            // `$"…"` is translated; `$'…'` knows more escapes than are known here.
            Some('"' | '\'') => {}
            _ => self.push('$'),
        }
    }

    fn backtick(&mut self) {
        self.word.get_or_insert_default();
        let mut inner = String::new();
        while let Some(letter) = self.letters.next() {
            match letter {
                '`' => break,
                '\\' => inner.extend(self.letters.next()),
                _ => inner.push(letter),
            }
        }
        self.aside(&inner, |reader| reader.read(End::OfText));
    }

    /// A command line up to the bracket that closes it.
    fn inner(&mut self) {
        self.word.get_or_insert_default();
        if self.depth == DEEPEST {
            self.line.is_too_deep = true;
            return;
        }
        let command = std::mem::take(&mut self.command);
        let (word, awaited) = (self.word.take(), std::mem::take(&mut self.awaited));
        let place = std::mem::take(&mut self.place);
        self.depth += 1;
        self.read(End::Bracket);
        self.depth -= 1;
        (self.command, self.word, self.awaited, self.place) = (command, word, awaited, place);
    }

    /// Reads another text, whose commands are commands of this line.
    fn aside(&mut self, text: &str, read: impl FnOnce(&mut Reader<'_>)) {
        if self.depth == DEEPEST {
            self.line.is_too_deep = true;
            return;
        }
        let mut reader = Reader::new(text, self.depth + 1);
        read(&mut reader);
        self.line.commands.append(&mut reader.line.commands);
        self.line.documents.append(&mut reader.line.documents);
        self.line.is_too_deep |= reader.line.is_too_deep;
    }

    /// The number of a stream before a redirection is no word.
    fn end_word_before_redirection(&mut self) {
        let is_number = |word: &Word| word.text.chars().all(|letter| letter.is_ascii_digit());
        if self.word.as_ref().is_some_and(is_number) {
            self.word = None;
        }
        self.end_word();
    }

    /// Behind `<`.
    fn input(&mut self) {
        self.end_word_before_redirection();
        if self.letters.next_if_eq(&'(').is_some() {
            self.inner();
        } else if self.letters.next_if_eq(&'<').is_some() {
            if self.letters.next_if_eq(&'<').is_some() {
                self.place = Place::Nowhere;
            } else {
                self.document();
            }
        } else if self.letters.next_if_eq(&'&').is_some() {
            self.place = Place::Nowhere;
        } else {
            self.letters.next_if_eq(&'>');
            self.place = Place::Input;
        }
    }

    /// Behind `>`.
    fn output(&mut self) {
        self.end_word_before_redirection();
        self.letters.next_if_eq(&'>');
        self.letters.next_if_eq(&'|');
        if self.letters.next_if_eq(&'(').is_some() {
            self.inner();
            return;
        }
        let is_stream = self.letters.next_if_eq(&'&').is_some()
            && self
                .letters
                .peek()
                .is_some_and(|next| next.is_ascii_digit() || *next == '-');
        self.place = if is_stream {
            Place::Nowhere
        } else {
            Place::Output
        };
    }

    /// Behind `<<`: the word that ends the text.
    fn document(&mut self) {
        let is_indented = self.letters.next_if_eq(&'-').is_some();
        while self
            .letters
            .next_if(|next| matches!(next, ' ' | '\t'))
            .is_some()
        {}
        let (mut end, mut expands) = (String::new(), true);
        let is_end = |next: &char| next.is_whitespace() || ";|&<>()".contains(*next);
        while let Some(letter) = self.letters.next_if(|next| !is_end(next)) {
            match letter {
                '\'' | '"' | '\\' => expands = false,
                _ => end.push(letter),
            }
        }
        self.awaited.push(Awaited {
            end,
            is_indented,
            expands,
        });
    }

    /// The texts that the line before has announced.
    fn documents(&mut self) {
        for awaited in std::mem::take(&mut self.awaited) {
            let mut text = String::new();
            loop {
                let mut line = String::new();
                while let Some(letter) = self.letters.next_if(|next| *next != '\n') {
                    line.push(letter);
                }
                let is_last = self.letters.next().is_none();
                let shown = if awaited.is_indented {
                    line.trim_start_matches('\t')
                } else {
                    &line
                };
                if shown.trim_end_matches('\r') == awaited.end {
                    break;
                }
                text.push_str(&line);
                text.push('\n');
                if is_last {
                    break;
                }
            }
            if awaited.expands {
                self.aside(&text, |reader| reader.double(None));
            }
            self.line.documents.push(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<Vec<String>> {
        let words = |command: Simple| command.words.into_iter().map(|word| word.text).collect();
        CommandLine::of(text)
            .commands
            .into_iter()
            .map(words)
            .collect()
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

    #[test]
    fn redirections_are_no_words() {
        let line = CommandLine::of("a 2>&1 >out <in &> both 2>/dev/null <<<text b >>more");
        let texts = |words: &[Word]| -> Vec<String> {
            words.iter().map(|word| word.text.clone()).collect()
        };
        let command = &line.commands[0];
        assert_eq!(texts(&command.words), ["a", "b"]);
        assert_eq!(texts(&command.inputs), ["in"]);
        assert_eq!(
            texts(&command.outputs),
            ["out", "both", "/dev/null", "more"]
        );
    }

    #[test]
    fn commands_inside_of_words_are_found() {
        for text in [
            "echo $(b 'c)' (d)) e",
            "echo \"x $(b 'c)' (d)) y\" e",
            "echo \"`b 'c)'; d`\" e",
            "diff <(b 'c)'; d) e",
            "echo x`b 'c)'; d`",
            "cat <<EOF\n$(b 'c)'; d)\nEOF\ne",
            "echo \"$(cat <<'EOF'\nit's (\nEOF\n)\" && b 'c)'; d",
            "echo $(b 'c)'; d",
        ] {
            let words = words(text);
            for command in [&["b", "c)"][..], &["d"]] {
                assert!(
                    words.iter().any(|words| words == command),
                    "{text}: {words:?}"
                );
            }
        }
        for text in ["echo '$(b)'", "cat <<'EOF'\n$(b)\nEOF\n", "echo \\$b"] {
            assert_eq!(words(text).len(), 1, "{text}");
        }
        assert_eq!(words("a x$(b)y z").last().map(Vec::len), Some(3));
        let deep = "$(".repeat(100_000);
        assert!(CommandLine::of(&deep).is_too_deep);
        let deep = "\"`\\`".repeat(1_000);
        let _line = CommandLine::of(&deep);
    }

    #[test]
    fn a_text_behind_the_line_is_no_command() {
        let line = CommandLine::of("cat <<-'EOF' >x; b\nit's\n\tEOF\nc\n");
        assert_eq!(line.documents, ["it's\n"]);
        assert_eq!(line.commands.len(), 3);
        assert_eq!(CommandLine::of("cat <<EOF\nopen").documents, ["open\n"]);
    }
}
