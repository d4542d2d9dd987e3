//! Commands inside of words: `$(…)`, backticks, and arithmetic, which is none but may have some in it.
//!
//! INVARIANT: what a text costs grows with its length. What is looked at twice has a limit, and what is deeper than another
//! limit is told.

use super::line::{Gap, Part, Taken};
use super::reader::{End, Reader};

/// LIMIT: commands inside of each other.
const DEEPEST: usize = 16;

/// LIMIT: letters of an arithmetic expression. What is longer is read as commands.
const LONGEST_ARITHMETIC: usize = 1_024;

/// LIMIT: letters of one line that are looked at ahead, to see where arithmetic ends, those in texts inside of it counted.
/// Without it, a long text of brackets would take its length squared.
pub(super) const MOST_AHEAD: usize = 1 << 16;

impl Reader<'_> {
    /// Behind `$(`.
    pub(super) fn substitution(&mut self) {
        if !self.arithmetic() {
            let part = self.part();
            self.inner(Some(part));
        }
        self.gap();
    }

    /// What a command prints is left out here.
    fn gap(&mut self) {
        let word = self.word.get_or_insert_default();
        let gap = if word.text.is_empty() {
            Gap::First
        } else {
            Gap::Inside
        };
        word.gap = word.gap.max(Some(gap));
    }

    /// Behind a bracket: whether a second one makes it arithmetic. It is read then. As in a shell, it is when the bracket
    /// that closes the second one stands right before another; it is commands in brackets otherwise.
    pub(super) fn arithmetic(&mut self) -> bool {
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
        self.aside(&text, None, |reader| reader.double(None));
        true
    }

    pub(super) fn backtick(&mut self) {
        self.gap();
        let mut inner = String::new();
        while let Some(letter) = self.letters.next() {
            match letter {
                '`' => break,
                '\\' => inner.extend(self.letters.next()),
                _ => inner.push(letter),
            }
        }
        self.aside(&inner, None, |reader| reader.read(End::OfText));
    }

    /// A command line up to the bracket that closes it, whose output is put into this part of the command at hand.
    pub(super) fn inner(&mut self, part: Option<Part>) {
        self.word.get_or_insert_default();
        if self.depth == DEEPEST {
            self.line.is_too_deep = true;
            return;
        }
        let command = std::mem::take(&mut self.command);
        let (word, awaited) = (self.word.take(), std::mem::take(&mut self.awaited));
        let place = std::mem::take(&mut self.place);
        let (joint, closed) = (std::mem::take(&mut self.joint), self.closed.take());
        let shell = self.enter(part);
        let shells = std::mem::take(&mut self.inner_shells);
        self.depth += 1;
        self.read(End::Bracket);
        self.depth -= 1;
        self.inner_shells = shells;
        (self.command, self.word, self.awaited, self.place) = (command, word, awaited, place);
        (self.joint, self.shell, self.closed) = (joint, shell, closed);
    }

    /// Reads another text, whose commands are commands of this line. Their output is put into the command at hand when
    /// nothing else is said.
    pub(super) fn aside(
        &mut self,
        text: &str,
        taken: Option<Taken>,
        read: impl FnOnce(&mut Reader<'_>),
    ) {
        if self.depth == DEEPEST {
            self.line.is_too_deep = true;
            return;
        }
        let mut reader = Reader::new(text, self.depth + 1);
        reader.ahead = self.ahead;
        read(&mut reader);
        self.ahead = reader.ahead;
        // Those in a text that is no command are taken with all of it.
        for shell in reader.inner_shells.drain(..) {
            reader.line.taken.get_mut(shell).map(Option::take);
        }
        // Its shells are shells inside of this one.
        let (first, commands) = (self.line.shells.len(), self.line.commands.len());
        let part = self.part();
        let around = self.enter(Some(part));
        self.shell = around;
        if let Some(taken) = taken {
            self.inner_shells.pop();
            self.line.taken.truncate(first);
            self.line.taken.push(Some(taken));
        }
        let parents = reader.line.shells.iter().skip(1);
        self.line
            .shells
            .extend(parents.map(|parent| first + parent));
        let all = reader.line.taken.iter().skip(1);
        self.line.taken.extend(all.map(|taken| {
            taken.map(|taken| Taken {
                command: commands.saturating_add(taken.command),
                ..taken
            })
        }));
        let documents = self.line.documents.len();
        for command in &mut reader.line.commands {
            command.shell += first;
            let numbers = command.documents.iter_mut();
            numbers.for_each(|number| *number += documents);
        }
        self.line.commands.append(&mut reader.line.commands);
        self.line.documents.append(&mut reader.line.documents);
        self.line.is_too_deep |= reader.line.is_too_deep;
    }
}

#[cfg(test)]
mod tests {
    use crate::guard::command_line::CommandLine;

    fn words(text: &str) -> Vec<Vec<String>> {
        CommandLine::of(text).texts()
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
        let deep = CommandLine::of(&"\"`\\`".repeat(1_000));
        assert!(deep.commands.len() <= 1_001, "{}", deep.commands.len());
        let deep = CommandLine::of(&"(a ".repeat(10_000));
        assert!(deep.is_too_deep && deep.shells.len() <= 100);
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
        // Texts inside of a line have no more of it than the line.
        let texts = format!("cat <<E\n{}\nE\n", "$((".repeat(300)).repeat(100);
        assert!(CommandLine::of(&texts).is_too_deep);
    }
}
