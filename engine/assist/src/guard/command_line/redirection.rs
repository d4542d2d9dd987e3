//! What stands behind `<` and `>`: files, streams, and texts that begin with the next line.

use super::line::Word;
use super::reader::Reader;

/// Where the next word goes.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Place {
    #[default]
    Words,
    Input,
    Output,
    /// It is no file: the number of a stream, a text.
    Nowhere,
}

/// The end of a text behind the line.
pub(super) struct Awaited {
    pub(super) end: String,
    /// Tabs before a line do not count.
    pub(super) is_indented: bool,
    /// Commands in the text are run.
    pub(super) expands: bool,
}

impl Reader<'_> {
    /// The number of a stream before a redirection is no word.
    fn end_word_before_redirection(&mut self) {
        let is_number = |word: &Word| word.text.chars().all(|letter| letter.is_ascii_digit());
        if self.word.as_ref().is_some_and(is_number) {
            self.word = None;
        }
        self.end_word();
    }

    /// Behind `<`.
    pub(super) fn input(&mut self) {
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
    pub(super) fn output(&mut self) {
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
    pub(super) fn documents(&mut self) {
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
    use crate::guard::command_line::{CommandLine, Word};

    fn words(text: &str) -> Vec<Vec<String>> {
        CommandLine::of(text).texts()
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
    fn a_text_behind_the_line_is_no_command() {
        let line = CommandLine::of("cat <<-'EOF' >x; b\nit's\n\tEOF\nc\n");
        assert_eq!(line.documents, ["it's\n"]);
        assert_eq!(line.commands.len(), 3);
        assert_eq!(CommandLine::of("cat <<EOF\nopen").documents, ["open\n"]);
    }
}
