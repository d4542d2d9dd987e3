//! The options of a program, read as most programs read them: `-n5`, `-n 5`, `-vn 5`, `--lines=5`, `--lines 5`, and
//! `--`, behind which there are none.
//!
//! What an option means is known by who asks; here is only where its value stands, which takes knowing whether it has one.

use super::command_line::Word;

/// The options of a program that take a value.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Valued {
    pub(super) letters: &'static str,
    /// Those of a whole word, without what stands before.
    pub(super) names: &'static [&'static str],
}

/// Words of a program, told apart.
#[derive(Debug, Default)]
pub(super) struct Options<'w> {
    given: Vec<(&'w str, Option<Word>)>,
    /// The words that are no options.
    pub(super) operands: Vec<&'w Word>,
}

impl<'w> Options<'w> {
    /// Takes these words apart.
    pub(super) fn of(words: &'w [Word], valued: Valued) -> Self {
        Self::until(words, valued, usize::MAX).0
    }

    /// Takes these words apart up to and with so many that are no options. Gives back the rest as well.
    pub(super) fn until(words: &'w [Word], valued: Valued, operands: usize) -> (Self, &'w [Word]) {
        let mut options = Self::default();
        let mut rest = words;
        let mut is_open = true;
        while let Some((word, behind)) = rest.split_first() {
            let text = word.text.as_str();
            if is_open && text == "--" {
                is_open = false;
            } else if let Some(name) = text.strip_prefix("--").filter(|_| is_open) {
                rest = options.long(name, word, behind, valued);
                continue;
            } else if let Some(letters) = text
                .strip_prefix('-')
                .filter(|rest| is_open && !rest.is_empty())
            {
                rest = options.short(letters, word, behind, valued);
                continue;
            } else if options.operands.len() == operands {
                break;
            } else {
                options.operands.push(word);
            }
            rest = behind;
        }
        (options, rest)
    }

    fn long(
        &mut self,
        name: &'w str,
        word: &Word,
        behind: &'w [Word],
        valued: Valued,
    ) -> &'w [Word] {
        if let Some((name, value)) = name.split_once('=') {
            self.given.push((name, Some(part(word, value))));
            return behind;
        }
        match behind.split_first() {
            Some((value, behind)) if valued.names.contains(&name) => {
                self.given.push((name, Some(value.clone())));
                behind
            }
            _ => {
                self.given.push((name, None));
                behind
            }
        }
    }

    fn short(
        &mut self,
        letters: &'w str,
        word: &Word,
        behind: &'w [Word],
        valued: Valued,
    ) -> &'w [Word] {
        let mut rest = letters;
        while let Some(letter) = rest.chars().next() {
            let is_digit = |letter: char| letter.is_ascii_digit();
            let length = match rest.find(|letter| !is_digit(letter)) {
                Some(0) => letter.len_utf8(),
                Some(digits) => digits,
                None => rest.len(),
            };
            let (name, value) = rest.split_at(length);
            rest = value;
            if !valued.letters.contains(letter) || is_digit(letter) {
                self.given.push((name, None));
                continue;
            }
            if !value.is_empty() {
                self.given.push((name, Some(part(word, value))));
                return behind;
            }
            let (value, behind) = match behind.split_first() {
                Some((value, behind)) => (Some(value.clone()), behind),
                None => (None, behind),
            };
            self.given.push((name, value));
            return behind;
        }
        behind
    }

    /// Whether one of these is given: letters, or words.
    pub(super) fn has(&self, names: &[&str]) -> bool {
        self.given.iter().any(|(name, _)| names.contains(name))
    }

    /// The values of these, in their order.
    pub(super) fn values(&self, names: &[&str]) -> impl Iterator<Item = &Word> {
        let of_them = self.given.iter().filter(|(name, _)| names.contains(name));
        of_them.filter_map(|(_, value)| value.as_ref())
    }

    /// The value of one of these, of which the last one counts.
    pub(super) fn value(&self, names: &[&str]) -> Option<&str> {
        self.values(names).last().map(|word| word.text.as_str())
    }

    /// The number that is an option by itself: `-5`.
    pub(super) fn number(&self) -> Option<&str> {
        let mut names = self.given.iter().rev().map(|(name, _)| *name);
        names.find(|name| name.starts_with(|letter: char| letter.is_ascii_digit()))
    }

    /// Whether no other options are given than these letters and words, and numbers.
    pub(super) fn are_only(&self, letters: &str, names: &[&str]) -> bool {
        self.given.iter().all(|(name, _)| {
            let is_letter = name.chars().count() == 1 && letters.contains(name);
            is_letter || names.contains(name) || name.bytes().all(|byte| byte.is_ascii_digit())
        })
    }
}

/// A part of a word.
fn part(word: &Word, text: &str) -> Word {
    Word {
        text: text.to_owned(),
        ..word.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::super::command_line::CommandLine;
    use super::*;

    const VALUED: Valued = Valued {
        letters: "nd",
        names: &["lines"],
    };

    #[test]
    fn a_value_is_read_in_each_way_to_write_it() {
        for (line, value, operands) in [
            ("x -n5 a", Some("5"), vec!["a"]),
            ("x -n 5 a", Some("5"), vec!["a"]),
            ("x -vn 5 a", Some("5"), vec!["a"]),
            ("x -vn5 a", Some("5"), vec!["a"]),
            ("x --lines=5 a", Some("5"), vec!["a"]),
            ("x --lines 5 a", Some("5"), vec!["a"]),
            ("x -n 4 -n 5 a", Some("5"), vec!["a"]),
            ("x -d n5 a", None, vec!["a"]),
            ("x a -- -n5", None, vec!["a", "-n5"]),
            ("x - a", None, vec!["-", "a"]),
            ("x -n", None, vec![]),
            ("x --lines", None, vec![]),
        ] {
            let words = CommandLine::of(line).commands.remove(0).words;
            let options = Options::of(&words[1..], VALUED);
            assert_eq!(options.value(&["n", "lines"]), value, "{line}");
            let texts = options.operands.iter().map(|word| word.text.as_str());
            assert_eq!(texts.collect::<Vec<_>>(), operands, "{line}");
        }
    }

    #[test]
    fn a_number_is_an_option_and_unknown_ones_are_seen() {
        for (line, number, is_known) in [
            ("x -5", Some("5"), true),
            ("x -100f", Some("100"), false),
            ("x -v --quiet", None, true),
            ("x -vz", None, false),
            ("x --verbose", None, false),
        ] {
            let words = CommandLine::of(line).commands.remove(0).words;
            let options = Options::of(&words[1..], VALUED);
            let known = options.are_only("v", &["quiet"]);
            assert_eq!((options.number(), known), (number, is_known), "{line}");
        }
    }
}
