//! What stands behind `<` and `>`: files, streams, and texts that begin with the next line.

use super::line::{Gap, Part, Taken, Word};
use super::reader::Reader;

/// Where the next word goes.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Place {
    #[default]
    Words,
    Input,
    Output,
    /// It takes another stream than the output.
    Log,
    /// It is the input itself.
    Document,
    /// It is no file: the number of a stream.
    Nowhere,
}

/// The end of a text behind the line.
pub(super) struct Awaited {
    /// Its place among the texts of the line.
    number: usize,
    pub(super) end: String,
    /// Tabs before a line do not count.
    pub(super) is_indented: bool,
    /// Commands in the text are run.
    pub(super) expands: bool,
}

impl Reader<'_> {
    /// The number of a stream before a redirection is no word. Gives it back.
    fn end_word_before_redirection(&mut self) -> Option<String> {
        let is_number = |word: &Word| {
            !word.text.is_empty() && word.text.chars().all(|letter| letter.is_ascii_digit())
        };
        if self.word.as_ref().is_some_and(is_number) {
            return self.word.take().map(|word| word.text);
        }
        self.end_word();
        None
    }

    /// Behind `<`.
    pub(super) fn input(&mut self) {
        self.end_word_before_redirection();
        if self.letters.next_if_eq(&'(').is_some() {
            self.inner(Some(Part::File));
            self.word.get_or_insert_default().gap = Some(Gap::First);
        } else if self.letters.next_if_eq(&'<').is_some() {
            if self.letters.next_if_eq(&'<').is_some() {
                self.place = Place::Document;
            } else {
                self.announced();
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
        let stream = self.end_word_before_redirection();
        let is_output = stream.is_none_or(|stream| stream == "1");
        self.letters.next_if_eq(&'>');
        self.letters.next_if_eq(&'|');
        if self.letters.next_if_eq(&'(').is_some() {
            self.inner(None);
            return;
        }
        let is_stream = self.letters.next_if_eq(&'&').is_some()
            && self
                .letters
                .peek()
                .is_some_and(|next| next.is_ascii_digit() || *next == '-');
        self.command.is_error |=
            is_stream && is_output && self.letters.peek().is_some_and(|next| *next == '2');
        self.place = match (is_stream, is_output) {
            (true, _) => Place::Nowhere,
            (false, true) => Place::Output,
            (false, false) => Place::Log,
        };
    }

    /// Behind `<<`: the word that ends the text.
    fn announced(&mut self) {
        let is_indented = self.letters.next_if_eq(&'-').is_some();
        let is_blank = |next: &char| matches!(next, ' ' | '\t');
        while self.letters.next_if(is_blank).is_some() {}
        let (end, expands) = self.end_of_document();
        self.awaited.push(Awaited {
            number: self.line.documents.len(),
            end,
            is_indented,
            expands,
        });
        self.document(Word::default());
    }

    /// The command at hand gets this text.
    pub(super) fn document(&mut self, text: Word) {
        self.command.documents.push(self.line.documents.len());
        self.line.documents.push(text);
    }

    /// The line that ends a text, and whether commands in the text are run: not when any of it is in quotes.
    fn end_of_document(&mut self) -> (String, bool) {
        let (mut end, mut expands) = (String::new(), true);
        let is_end = |next: &char| next.is_whitespace() || ";|&<>()".contains(*next);
        while let Some(letter) = self.letters.next_if(|next| !is_end(next)) {
            match letter {
                '\'' | '"' => {
                    expands = false;
                    let is_inside = |next: &char| *next != letter && *next != '\n';
                    while let Some(inside) = self.letters.next_if(is_inside) {
                        end.push(inside);
                    }
                    self.letters.next_if_eq(&letter);
                }
                '\\' => {
                    expands = false;
                    end.extend(self.letters.next_if(|next| *next != '\n'));
                }
                _ => end.push(letter),
            }
        }
        (end, expands)
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
                let command = self.owners.get(&awaited.number).copied();
                let part = Part::Document;
                let taken = command.map(|command| Taken { command, part });
                self.aside(&text, taken, |reader| reader.double(None));
            }
            if let Some(document) = self.line.documents.get_mut(awaited.number) {
                document.has_variable = awaited.expands && text.contains('$');
                let has_gap = awaited.expands && (text.contains("$(") || text.contains('`'));
                document.gap = has_gap.then_some(Gap::Inside);
                document.text = text;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::guard::command_line::{CommandLine, Simple, Word};

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
        assert_eq!(texts(&command.outputs), ["out", "both", "more"]);
        assert_eq!(texts(&command.logs), ["/dev/null"]);
        for (text, is_error) in [
            ("a >&2", true),
            ("a 1>&2", true),
            ("a 2>&1", false),
            ("a 2>&2", false),
            ("a >&3", false),
        ] {
            let line = CommandLine::of(text);
            assert_eq!(line.commands[0].is_error, is_error, "{text}");
        }
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
    }

    #[test]
    fn a_text_behind_the_line_is_no_command() {
        for (text, commands, expected) in [
            ("cat <<-'EOF' >x; b\nit's\n\tEOF\nc\n", 3, "it's\n"),
            ("cat <<EOF\nopen", 1, "open\n"),
            ("cat <<EOF; b", 2, ""),
            ("cat <<'A B'\nit's\nA B\nc", 2, "it's\n"),
            ("cat <<A\\ B\nit's\nA B\nc", 2, "it's\n"),
            ("cat <<\"A\"B\nit's\nAB\nc", 2, "it's\n"),
            ("cat <<'open\nit's\nopen\nc", 2, "it's\n"),
            ("cat <<<'it''s' x; c", 2, "its"),
        ] {
            let line = CommandLine::of(text);
            let texts: Vec<&str> = line
                .documents
                .iter()
                .map(|word| word.text.as_str())
                .collect();
            assert_eq!(texts, [expected], "{text}");
            assert_eq!(line.commands.len(), commands, "{text}");
        }
    }

    #[test]
    fn a_text_is_of_the_command_that_announces_it() {
        let line = CommandLine::of(
            "a <<X | b <<Y $(c <<Z\nz\nZ\n) <<<w; d\n$(e <<<v)x\nX\ny\nY\nf <<<`g <<<u`\n",
        );
        let texts = |name: &str| -> Vec<&str> {
            let is_it = |command: &&Simple| command.words[0].text == name;
            let command = line.commands.iter().find(is_it).expect(name);
            let texts = line.documents_of(command);
            texts.map(|word| word.text.as_str()).collect()
        };
        for (name, expected) in [
            ("a", vec!["$(e <<<v)x\n"]),
            ("b", vec!["y\n", "w"]),
            ("c", vec!["z\n"]),
            ("d", vec![]),
            ("e", vec!["v"]),
            ("f", vec![""]),
            ("g", vec!["u"]),
        ] {
            assert_eq!(texts(name), expected, "{name}");
        }
    }
}
