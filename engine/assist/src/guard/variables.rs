//! What the variables of a command line stand for, as far as the line itself says it: `F=.env; cat "$F"`, and
//! `for f in a b; do cat $f; done`.
//!
//! A variable may have several values, since nothing is run: each is taken for possible. One that is set elsewhere, or to
//! what a command prints, keeps its name.
//!
//! INVARIANT: what all words of a line stand for is no more than [`MOST_LETTERS`]. What is left out is known.

use std::cell::Cell;
use std::collections::HashMap;

use super::command_line::Word;
use super::unique::Unique;
use super::variable::{Form, Variable, setting};

/// LIMIT: values of a variable, and words that one word may stand for.
const MOST: usize = 1_024;

/// LIMIT: letters that are written in the place of the variables of a line. A line may set a variable to a long text and
/// name it a thousand times, or double it with each command.
const MOST_LETTERS: usize = 1 << 22;

/// Values of variables.
#[derive(Clone, Debug, Default)]
pub(super) struct Variables {
    known: HashMap<String, Values>,
    /// Letters that were written in the place of variables.
    written: Cell<usize>,
    is_cut: Cell<bool>,
}

/// What one variable may stand for.
#[derive(Clone, Debug, Default)]
struct Values {
    words: Unique<Word, MOST>,
    /// Whether the line sets it for itself, and not for one command alone.
    is_set: bool,
}

impl Variables {
    /// Takes notice of what a command sets.
    pub(super) fn learn(&mut self, words: &[Word]) {
        const SETTERS: [&str; 5] = ["export", "declare", "local", "readonly", "typeset"];
        let texts = || words.iter().map(|word| word.text.as_str());
        // A word of the shell's own may stand before: `do for f in …`.
        if let Some(at) = texts().take(2).position(|text| text == "for") {
            if let (Some(name), Some("in")) = (texts().nth(at + 1), texts().nth(at + 2)) {
                let values = words.iter().skip(at + 3);
                self.set(name, values, true);
            }
            return;
        }
        let is_setter =
            |word: &&Word| SETTERS.contains(&word.text.as_str()) || word.text.starts_with('-');
        let settings = || words.iter().skip_while(is_setter);
        // Settings before a command are for that command alone.
        let is_set = settings().all(|word| setting(&word.text).is_some());
        for word in settings() {
            let Some((name, value)) = setting(&word.text) else {
                return;
            };
            let value = Word {
                text: value.to_owned(),
                ..word.clone()
            };
            self.set(name, std::iter::once(&value), is_set);
        }
    }

    /// Whether the line sets this variable, so that it has not the value of the environment.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.known.get(name).is_some_and(|values| values.is_set)
    }

    /// Whether values were left out.
    pub(super) fn is_cut(&self) -> bool {
        let mut known = self.known.values();
        self.is_cut.get() || known.any(|values| values.words.is_cut())
    }

    fn set<'w>(&mut self, name: &str, values: impl Iterator<Item = &'w Word>, is_set: bool) {
        let values: Vec<Word> = values.flat_map(|word| self.words(word)).collect();
        let known = self.known.entry(name.to_owned()).or_default();
        known.is_set |= is_set;
        let values = values.into_iter().filter(|value| value.gap.is_none());
        values.for_each(|value| known.words.add(value));
    }

    /// The words that a shell may put in the place of this one. What is not known stays as it is.
    pub(super) fn words(&self, word: &Word) -> Vec<Word> {
        let text = in_known_folder(&word.text);
        // Where something is left out that is told, and the rest need not be written.
        if !word.has_variable || self.is_cut.get() {
            return vec![Word {
                text,
                ..word.clone()
            }];
        }
        let mut done = vec![Word {
            text: String::new(),
            has_variable: false,
            ..word.clone()
        }];
        let mut rest = text.as_str();
        while let Some(at) = rest.find('$') {
            let (before, behind) = rest.split_at(at);
            let variable = Variable::at(behind);
            let (raw, behind) = behind.split_at(variable.length);
            let values = self.values(&variable, raw);
            if !self.may_write(&done, (before, raw), &values) {
                done.iter_mut().for_each(|word| word.has_variable = true);
                break;
            }
            rest = behind;
            done.iter_mut().for_each(|word| word.text.push_str(before));
            done = with_each(done, &values);
        }
        done.iter_mut().for_each(|word| word.text.push_str(rest));
        done
    }

    /// What may stand in the place of a variable: itself, when it may have a value that the line does not say.
    fn values(&self, variable: &Variable<'_>, raw: &str) -> Vec<Word> {
        let word = |text: &str| Word {
            text: text.to_owned(),
            ..Word::default()
        };
        let itself = Word {
            has_variable: raw.len() > 1,
            ..word(raw)
        };
        if variable.name.is_empty()
            || matches!(variable.form, Form::Before(_) | Form::Altered | Form::Other)
        {
            return vec![itself];
        }
        let known = self.known.get(variable.name);
        let words = known.map(|values| values.words.as_slice());
        let mut values = words.unwrap_or_default().to_vec();
        let mut is_sure = !values.is_empty() && self.is_set(variable.name);
        if values.is_empty() {
            let folder = match variable.name {
                "PWD" => Some(".".to_owned()),
                "HOME" => std::env::var("HOME").ok(),
                _ => None,
            };
            is_sure = folder.is_some();
            values.extend(folder.as_deref().map(word));
        }
        if let Form::Or(default) = variable.form {
            values.push(Word {
                has_variable: default.contains('$'),
                ..word(default)
            });
        }
        if !is_sure {
            values.push(itself);
        }
        values
    }

    /// Whether there is room for another text with these values of `raw` behind each of the words.
    fn may_write(&self, done: &[Word], (before, raw): (&str, &str), values: &[Word]) -> bool {
        // One word with one value is written where it stands, and may be no longer than it was.
        let longest = |words: &[Word]| words.iter().map(|word| word.text.len()).max().unwrap_or(0);
        let words = done.len().saturating_mul(values.len()).min(MOST);
        let own = if values.len() > 1 { longest(done) } else { 0 };
        let others = if words > 1 { before.len() } else { 0 };
        let is_no_longer = words == 1 && longest(values) <= raw.len();
        let value = if is_no_longer { 0 } else { longest(values) };
        let cost = words.saturating_mul(own.saturating_add(others).saturating_add(value));
        let written = self.written.get().saturating_add(cost);
        let is_cut = written > MOST_LETTERS || done.len().saturating_mul(values.len()) > MOST;
        if is_cut {
            self.is_cut.set(true);
        } else {
            self.written.set(written);
        }
        !is_cut
    }
}

/// Each of these words with each of these values behind it.
fn with_each(mut done: Vec<Word>, values: &[Word]) -> Vec<Word> {
    let append = |word: &mut Word, value: &Word| {
        word.text.push_str(&value.text);
        word.is_pattern |= value.is_pattern;
        word.has_variable |= value.has_variable;
    };
    if let [value] = values {
        done.iter_mut().for_each(|word| append(word, value));
        return done;
    }
    let with = |(word, value): (&Word, &Word)| {
        let mut word = word.clone();
        append(&mut word, value);
        word
    };
    let pairs = done
        .iter()
        .flat_map(|word| values.iter().map(move |value| (word, value)));
    pairs.map(with).collect()
}

/// With the folders that every shell knows by name.
fn in_known_folder(word: &str) -> String {
    let behind = |names: &[&str]| names.iter().find_map(|name| word.strip_prefix(name));
    if let Some(rest) = behind(&["$PWD/", "${PWD}/"]) {
        return rest.to_owned();
    }
    let home = || std::env::var("HOME").ok();
    match behind(&["~/"]) {
        Some(rest) => home().map_or_else(|| word.to_owned(), |home| format!("{home}/{rest}")),
        None if word == "~" => home().unwrap_or_else(|| word.to_owned()),
        None => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::command_line::CommandLine;
    use super::*;

    /// What the words behind each `cat` of a line stand for.
    fn read(line: &str) -> (Vec<String>, Variables) {
        let mut variables = Variables::default();
        let mut texts = Vec::new();
        for command in CommandLine::of(line).commands {
            variables.learn(&command.words);
            let words = command.words.iter();
            let mut files = words.skip_while(|word| word.text != "cat");
            if files.next().is_some() {
                texts.extend(files.flat_map(|word| variables.words(word)));
            }
        }
        let texts = texts.into_iter().map(|word| word.text).collect();
        (texts, variables)
    }

    #[test]
    fn a_variable_stands_for_what_the_line_says_of_it() {
        for (line, expected) in [
            ("F=.env; cat $F", vec![".env"]),
            ("F=.env; cat \"${F}.local\"", vec![".env.local"]),
            ("export D=a F=b; cat $D/$F", vec!["a/b"]),
            ("for f in a b; do cat x/$f; done", vec!["x/a", "x/b"]),
            ("cat ${F:-.env}", vec![".env", "${F:-.env}"]),
            ("F=a; cat ${F:-.env}", vec!["a", ".env"]),
            ("F=a make; cat $F", vec!["a", "$F"]),
            ("cat $PWD/x", vec!["x"]),
            ("cat $F", vec!["$F"]),
            ("F=$(pwd); cat $F", vec!["$F"]),
            ("F=a; cat '$F' a$", vec!["$F", "a$"]),
            ("F=a; G=$F; cat ${G#x} $G", vec!["${G#x}", "a"]),
            ("cat ${F", vec!["${F"]),
        ] {
            assert_eq!(read(line).0, expected, "{line}");
        }
    }

    #[test]
    fn what_the_line_sets_is_not_what_the_environment_has() {
        for (line, is_set) in [
            ("F=a", true),
            ("export F=a", true),
            ("F=$(a)", true),
            ("for F in $(a); do", true),
            ("F=a make", false),
            ("G=a", false),
        ] {
            assert_eq!(read(line).1.is_set("F"), is_set, "{line}");
        }
    }

    #[test]
    fn what_is_written_for_variables_has_a_limit_and_leaving_out_is_known() {
        let many = format!("for a in {}", "x ".repeat(MOST));
        let few = "F=a; cat ".to_owned() + &"$F".repeat(20_000);
        let open = "cat ".to_owned() + &"${".repeat(100_000);
        for line in [&many, &few, &open] {
            assert!(!read(line).1.is_cut(), "{line:.40}");
        }
        let values: String = (0..=MOST).map(|value| format!("{value} ")).collect();
        let product = "for a in 0 1 2 3; do cat $a$a$a$a$a$a; done";
        let long = format!("a={}; cat {}", "x".repeat(10_000), "$a ".repeat(10_000));
        let doubled = format!("a=xy; {}", "a=$a$a; ".repeat(40));
        let word = format!("a={}; cat {}", "x".repeat(1_000), "$a".repeat(10_000));
        // Of what is not known: it was written for nothing, until there was no memory.
        let named = |number: u32| format!("a{}=$a{number}$a{number}; ", number + 1);
        let unknown: String = (0..24).map(named).chain(["cat $a24".to_owned()]).collect();
        for line in [
            &unknown,
            &format!("for a in {values}"),
            product,
            &long,
            &doubled,
            &word,
        ] {
            let (texts, variables) = read(line);
            assert!(variables.is_cut(), "{line:.40}");
            assert!(variables.written.get() <= MOST_LETTERS, "{line:.40}");
            let length: usize = texts.iter().map(String::len).sum();
            assert!(
                length <= MOST_LETTERS + 2 * line.len(),
                "{line:.40}: {length}"
            );
        }
    }
}
