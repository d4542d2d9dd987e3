//! A command line, taken apart as a shell does it: into simple commands and their words, those inside of words included.
//!
//! Not a shell: variables keep their names, and nothing is run or looked up. Whatever is put in is taken apart somehow.
//!
//! What a shell would not run is no command here, and the other way round: text behind `<<` begins with the next line, and
//! in arithmetic `<<` shifts.

use std::iter::Peekable;
use std::str::Chars;

/// A word, without its quotes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    /// Whether a shell would put names of files in its place.
    pub(super) is_pattern: bool,
    /// Whether names of variables are in the text, of which a shell takes the values.
    pub(super) has_variable: bool,
    /// Whether something that a command prints, which nobody knows, is left out of the text.
    pub(super) has_gap: bool,
}

impl Word {
    /// The program that it names: without its folder, in lower case.
    pub(super) fn program(&self) -> String {
        let name = self.text.rsplit(['/', '\\']).next();
        let name = name.unwrap_or(&self.text).to_ascii_lowercase();
        name.trim_end_matches(".exe").to_owned()
    }
}

/// What stands between two commands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Joint {
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
pub(super) struct Simple {
    /// The program and its arguments.
    pub(super) words: Vec<Word>,
    /// Files that it gets as its standard input.
    pub(super) inputs: Vec<Word>,
    /// Files that its output goes into.
    pub(super) outputs: Vec<Word>,
    /// The shell that runs it, as a number of [`CommandLine::shells`].
    pub(super) shell: usize,
    /// What stands before it, and behind it.
    pub(super) joints: (Joint, Joint),
}

/// A command line.
#[derive(Debug, Default)]
pub(super) struct CommandLine {
    /// Its simple commands, and those in `$(…)`, backticks and `<(…)`.
    pub(super) commands: Vec<Simple>,
    /// Of each shell, the one that started it: `( … )`, `$( … )` and the like run in one of their own, and what is set in
    /// there ends with it. The first is its own.
    pub(super) shells: Vec<usize>,
    /// Of each shell, whether its output is put into a command line instead of being shown.
    pub(super) is_captured: Vec<bool>,
    /// Texts that stand behind the line, as the input of its commands.
    pub(super) documents: Vec<String>,
    /// Whether commands stand deeper inside of each other than is looked.
    pub(super) is_too_deep: bool,
}

/// LIMIT: commands inside of each other.
const DEEPEST: usize = 16;

/// LIMIT: letters of an arithmetic expression. What is longer is read as commands.
const LONGEST_ARITHMETIC: usize = 1_024;

/// LIMIT: letters of one text that are looked at ahead, to see where arithmetic ends. Without it, a long text of brackets
/// would take its length squared.
const MOST_AHEAD: usize = 1 << 16;

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
    shell: usize,
    joint: Joint,
    /// Letters that may still be looked at ahead.
    ahead: usize,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str, depth: usize) -> Self {
        Self {
            letters: text.chars().peekable(),
            depth,
            line: CommandLine {
                shells: vec![0],
                is_captured: vec![false],
                ..CommandLine::default()
            },
            command: Simple::default(),
            word: None,
            place: Place::Words,
            awaited: Vec::new(),
            shell: 0,
            joint: Joint::Next,
            ahead: MOST_AHEAD,
        }
    }

    fn read(&mut self, end: End) {
        // The shells around the open brackets.
        let mut brackets = Vec::new();
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
                '(' => {
                    self.end_line();
                    let is_captured = self.is_captured();
                    brackets.push(self.enter(is_captured));
                }
                ')' => {
                    self.end_command(Joint::Next);
                    self.shell = brackets.pop().unwrap_or(self.shell);
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

    fn end_command(&mut self, joint: Joint) {
        self.end_word();
        self.place = Place::Words;
        let mut command = std::mem::take(&mut self.command);
        let before = std::mem::replace(&mut self.joint, joint);
        if command != Simple::default() {
            command.shell = self.shell;
            command.joints = (before, joint);
            self.line.commands.push(command);
        }
    }

    /// The command ends, if there is one. Behind `&&` it may stand on the next line, or in brackets.
    fn end_line(&mut self) {
        let joint = self.joint;
        let is_open = self.word.is_none() && self.command == Simple::default();
        self.end_command(if is_open { joint } else { Joint::Next });
    }

    fn is_captured(&self) -> bool {
        let is_captured = self.line.is_captured.get(self.shell);
        is_captured.is_some_and(|is_captured| *is_captured)
    }

    /// A shell inside of this one begins. Gives back this one.
    fn enter(&mut self, is_captured: bool) -> usize {
        self.line.shells.push(self.shell);
        self.line.is_captured.push(is_captured);
        let inside = self.line.shells.len() - 1;
        std::mem::replace(&mut self.shell, inside)
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
                '$' if self.letters.next_if_eq(&'(').is_some() => self.substitution(),
                '$' => self.variable(),
                '`' => self.backtick(),
                _ => self.push(letter),
            }
        }
    }

    fn dollar(&mut self) {
        match self.letters.peek() {
            Some('(') => {
                self.letters.next();
                self.substitution();
            }
            // It is translated.
            Some('"') => {}
            Some('\'') => {
                self.letters.next();
                self.escaped();
            }
            _ => self.variable(),
        }
    }

    /// Behind `$`, where no bracket follows.
    fn variable(&mut self) {
        let is_name = |next: &char| next.is_alphanumeric() || "_{@*#?!-".contains(*next);
        self.push('$');
        if self.letters.peek().is_some_and(is_name) {
            self.word.get_or_insert_default().has_variable = true;
        }
        // The brace of `${a}` makes no pattern of it.
        if self.letters.next_if_eq(&'{').is_some() {
            self.push('{');
        }
    }

    /// Behind `$'`: a quote that a backslash stands before does not end it.
    fn escaped(&mut self) {
        self.word.get_or_insert_default();
        while let Some(letter) = self.letters.next_if(|next| *next != '\'') {
            if letter != '\\' {
                self.push(letter);
                continue;
            }
            match self.letters.next() {
                Some('n') => self.push('\n'),
                Some('t') => self.push('\t'),
                Some('x') => self.number(0, 16, 2),
                Some('u') => self.number(0, 16, 4),
                Some('U') => self.number(0, 16, 8),
                Some(digit @ '0'..='7') => self.number(digit.to_digit(8).unwrap_or(0), 8, 2),
                Some(next) => self.push(next),
                None => {}
            }
        }
        self.letters.next();
    }

    /// The letter with this number, of which up to so many digits follow.
    fn number(&mut self, start: u32, radix: u32, digits: usize) {
        let mut number = start;
        for _ in 0..digits {
            let Some(digit) = self.letters.next_if(|next| next.is_digit(radix)) else {
                break;
            };
            let digit = digit.to_digit(radix).unwrap_or(0);
            number = number.saturating_mul(radix).saturating_add(digit);
        }
        self.push(char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER));
    }

    /// Behind `$(`.
    fn substitution(&mut self) {
        if !self.arithmetic() {
            self.inner();
        }
        self.word.get_or_insert_default().has_gap = true;
    }

    /// Behind a bracket: whether a second one makes it arithmetic. It is read then. As in a shell, it is when the bracket
    /// that closes the second one stands right before another; it is commands in brackets otherwise.
    fn arithmetic(&mut self) -> bool {
        let mut ahead = self.letters.clone();
        if ahead.next_if_eq(&'(').is_none() {
            return false;
        }
        if self.ahead < LONGEST_ARITHMETIC {
            self.line.is_too_deep = true;
            return false;
        }
        let (mut text, mut open, mut is_closed) = (String::new(), 0_usize, false);
        for letter in ahead.by_ref().take(LONGEST_ARITHMETIC) {
            self.ahead -= 1;
            match letter {
                '(' => open += 1,
                ')' if open == 0 => {
                    is_closed = true;
                    break;
                }
                ')' => open -= 1,
                _ => {}
            }
            text.push(letter);
        }
        if !is_closed || ahead.next() != Some(')') {
            return false;
        }
        self.letters = ahead;
        // Commands in `$(…)` are run in there as well.
        self.aside(&text, |reader| reader.double(None));
        true
    }

    fn backtick(&mut self) {
        self.word.get_or_insert_default().has_gap = true;
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
        let joint = std::mem::take(&mut self.joint);
        let shell = self.enter(true);
        self.depth += 1;
        self.read(End::Bracket);
        self.depth -= 1;
        (self.command, self.word, self.awaited, self.place) = (command, word, awaited, place);
        (self.joint, self.shell) = (joint, shell);
    }

    /// Reads another text, whose commands are commands of this line.
    fn aside(&mut self, text: &str, read: impl FnOnce(&mut Reader<'_>)) {
        if self.depth == DEEPEST {
            self.line.is_too_deep = true;
            return;
        }
        let mut reader = Reader::new(text, self.depth + 1);
        read(&mut reader);
        // Its shells are shells inside of this one.
        let first = self.line.shells.len();
        let shells = reader.line.shells.iter().enumerate();
        let parent = |(at, parent): (usize, &usize)| match at {
            0 => self.shell,
            _ => first + parent,
        };
        self.line.shells.extend(shells.map(parent));
        let count = reader.line.shells.len();
        let captured = std::iter::repeat_n(true, count);
        self.line.is_captured.extend(captured);
        for command in &mut reader.line.commands {
            command.shell += first;
        }
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
            self.word.get_or_insert_default().has_gap = true;
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
    fn a_shift_in_arithmetic_announces_no_text() {
        for text in [
            "echo $((1<<2)); b 'c)'; d",
            "((mask=1<<4)); b 'c)'\nd",
            "for ((i=0; i<1<<4; i++)); do b 'c)'; d; done",
            "x=\"$(( (1<<2) ))\"\nb 'c)'\nd",
            "echo $(( $(b 'c)'; d) << 2 ))",
            "((b 'c)'); d)",
            "echo $((b 'c)'); d)",
        ] {
            let words = words(text);
            for command in [vec!["b".to_owned(), "c)".to_owned()], vec!["d".to_owned()]] {
                // `do` may stand before it.
                let is_it = |words: &Vec<String>| words.ends_with(&command);
                assert!(words.iter().any(is_it), "{text}: {words:?}");
            }
        }
        assert!(CommandLine::of(&"((".repeat(100_000)).is_too_deep);
    }

    #[test]
    fn a_text_begins_with_the_next_line() {
        for text in [
            "$(cat <<EOF); b",
            "(cat <<EOF); b\nx\nEOF\n",
            "cat <<EOF; b\nx\nEOF\n",
        ] {
            let words = words(text);
            assert!(words.contains(&vec!["b".to_owned()]), "{text}: {words:?}");
        }
        assert!(CommandLine::of("cat <<EOF; b").documents.is_empty());
    }

    #[test]
    fn a_quote_with_escapes_ends_where_it_ends() {
        for (text, expected) in [
            (r"a $'it\'s'; b", vec![vec!["a", "it's"], vec!["b"]]),
            (
                r"a $'\x2eenv' $'\056env' $'\u002eenv'",
                vec![vec!["a", ".env", ".env", ".env"]],
            ),
            (r"a $'\\' b", vec![vec!["a", "\\", "b"]]),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }

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

    #[test]
    fn a_text_behind_the_line_is_no_command() {
        let line = CommandLine::of("cat <<-'EOF' >x; b\nit's\n\tEOF\nc\n");
        assert_eq!(line.documents, ["it's\n"]);
        assert_eq!(line.commands.len(), 3);
        assert_eq!(CommandLine::of("cat <<EOF\nopen").documents, ["open\n"]);
    }
}
