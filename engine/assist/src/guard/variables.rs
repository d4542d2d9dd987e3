//! What the variables of a command line stand for, as far as the line itself says it: `F=.env; cat "$F"`, and
//! `for f in a b; do cat $f; done`.
//!
//! A variable may have several values, since nothing is run: each is taken for possible. One that is set elsewhere, or to
//! what a command prints, keeps its name.

use std::collections::HashMap;

use super::command_line::Word;

/// LIMIT: words that one word may stand for.
const MOST: usize = 64;

/// Values of variables.
#[derive(Clone, Debug, Default)]
pub(super) struct Variables(HashMap<String, Vec<Word>>);

impl Variables {
    /// Takes notice of what a command sets.
    pub(super) fn learn(&mut self, words: &[Word]) {
        const SETTERS: [&str; 5] = ["export", "declare", "local", "readonly", "typeset"];
        let texts = || words.iter().map(|word| word.text.as_str());
        // A word of the shell's own may stand before: `do for f in …`.
        if let Some(at) = texts().take(2).position(|text| text == "for") {
            if let (Some(name), Some("in")) = (texts().nth(at + 1), texts().nth(at + 2)) {
                let values = words.iter().skip(at + 3);
                self.set(name.to_owned(), values);
            }
            return;
        }
        let settings = words
            .iter()
            .skip_while(|word| SETTERS.contains(&word.text.as_str()) || word.text.starts_with('-'));
        for word in settings {
            let Some((name, value)) = setting(&word.text) else {
                // Behind settings stands a command that they are for.
                return;
            };
            let value = Word {
                text: value.to_owned(),
                ..word.clone()
            };
            self.set(name.to_owned(), std::iter::once(&value));
        }
    }

    fn set<'w>(&mut self, name: String, values: impl Iterator<Item = &'w Word>) {
        let values: Vec<Word> = values.flat_map(|word| self.words(word)).collect();
        let known = self.0.entry(name).or_default();
        for value in values {
            if known.len() < MOST && !value.has_gap && !known.contains(&value) {
                known.push(value);
            }
        }
    }

    /// The words that a shell may put in the place of this one. What is not known stays as it is.
    pub(super) fn words(&self, word: &Word) -> Vec<Word> {
        let rest = in_known_folder(&word.text);
        let mut done = vec![Word {
            text: String::new(),
            has_variable: false,
            ..word.clone()
        }];
        if !word.has_variable {
            done[0].text = rest;
            return done;
        }
        let mut rest = rest.as_str();
        while let Some(at) = rest.find('$') {
            let (before, behind) = rest.split_at(at);
            let variable = Variable::at(behind);
            rest = behind.get(variable.length..).unwrap_or_default();
            let raw = behind.get(..variable.length).unwrap_or_default();
            done.iter_mut().for_each(|word| word.text.push_str(before));
            let values = self.values(&variable);
            if values.is_empty() {
                for word in &mut done {
                    word.text.push_str(raw);
                    word.has_variable |= variable.length > 1;
                }
                continue;
            }
            let with = |word: &Word| -> Vec<Word> {
                let with = |value: &Word| Word {
                    text: format!("{}{}", word.text, value.text),
                    is_pattern: word.is_pattern || value.is_pattern,
                    has_variable: word.has_variable || value.has_variable,
                    has_gap: word.has_gap,
                };
                values.iter().map(with).collect()
            };
            done = done.iter().flat_map(with).take(MOST).collect();
        }
        done.iter_mut().for_each(|word| word.text.push_str(rest));
        done
    }

    fn values(&self, variable: &Variable<'_>) -> Vec<Word> {
        let word = |text: String| Word {
            text,
            ..Word::default()
        };
        let mut values = self.0.get(variable.name).cloned().unwrap_or_default();
        if values.is_empty() {
            match variable.name {
                "PWD" => values.push(word(".".to_owned())),
                "HOME" => values.extend(std::env::var("HOME").ok().map(word)),
                _ => {}
            }
        }
        values.extend(variable.default.map(|text| word(text.to_owned())));
        values
    }
}

/// A variable at the beginning of a text.
struct Variable<'t> {
    name: &'t str,
    /// What is taken when it is not set.
    default: Option<&'t str>,
    /// Bytes of it.
    length: usize,
}

impl<'t> Variable<'t> {
    /// `text` begins with `$`.
    fn at(text: &'t str) -> Self {
        let end_of_name = |text: &str| {
            text.find(|letter| !is_of_name(letter))
                .unwrap_or(text.len())
        };
        let behind = text.get(1..).unwrap_or_default();
        let nothing = Self {
            name: "",
            default: None,
            length: 1,
        };
        let Some(inner) = behind.strip_prefix('{') else {
            let (name, _) = behind.split_at(end_of_name(behind));
            return Self {
                name,
                default: None,
                length: 1 + name.len(),
            };
        };
        let Some((inner, _)) = inner.split_once('}') else {
            return nothing;
        };
        let (name, rest) = inner.split_at(end_of_name(inner));
        let default = rest.strip_prefix(":-").or_else(|| rest.strip_prefix('-'));
        let is_whole = rest.is_empty() || default.is_some();
        Self {
            name: if is_whole { name } else { "" },
            default,
            length: inner.len() + "${}".len(),
        }
    }
}

fn is_of_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// `NAME=value`
pub(super) fn setting(word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.split_once('=')?;
    let is_name = !name.is_empty() && name.chars().all(is_of_name);
    is_name.then_some((name, value))
}

/// With the folders that every shell knows by name.
fn in_known_folder(word: &str) -> String {
    let behind = |names: &[&str]| names.iter().find_map(|name| word.strip_prefix(name));
    if let Some(rest) = behind(&["$PWD/", "${PWD}/"]) {
        return rest.to_owned();
    }
    let home = || std::env::var("HOME").ok();
    match behind(&["~/", "$HOME/", "${HOME}/"]) {
        Some(rest) => home().map_or_else(|| word.to_owned(), |home| format!("{home}/{rest}")),
        None if word == "~" => home().unwrap_or_else(|| word.to_owned()),
        None => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::command_line::CommandLine;
    use super::*;

    #[test]
    fn a_variable_stands_for_what_the_line_says_of_it() {
        for (line, expected) in [
            ("F=.env; cat $F", vec![".env"]),
            ("F=.env; cat \"${F}.local\"", vec![".env.local"]),
            ("export D=a F=b; cat $D/$F", vec!["a/b"]),
            ("for f in a b; do cat x/$f; done", vec!["x/a", "x/b"]),
            ("cat ${F:-.env}", vec![".env"]),
            ("cat $PWD/x", vec!["x"]),
            ("cat $F", vec!["$F"]),
            ("F=$(pwd); cat $F", vec!["$F"]),
            ("F=a; cat '$F' a$", vec!["$F", "a$"]),
            ("F=a; G=$F; cat ${G#x} $G", vec!["${G#x}", "a"]),
            ("cat ${F", vec!["${F"]),
        ] {
            let mut variables = Variables::default();
            let mut texts = Vec::new();
            for command in CommandLine::of(line).commands {
                variables.learn(&command.words);
                let cat = command.words.iter().position(|word| word.text == "cat");
                let files = command
                    .words
                    .iter()
                    .skip(cat.map_or(usize::MAX, |at| at + 1));
                texts.extend(files.flat_map(|word| variables.words(word)));
            }
            let texts: Vec<_> = texts.into_iter().map(|word| word.text).collect();
            assert_eq!(texts, expected, "{line}");
        }
        let mut variables = Variables::default();
        let many: Vec<Word> = CommandLine::of(&format!("for a in {}", "x y z ".repeat(9)))
            .commands
            .remove(0)
            .words;
        variables.learn(&many);
        let product = CommandLine::of("$a$a$a$a$a$a$a").commands.remove(0).words;
        assert!(variables.words(&product[0]).len() <= MOST);
    }
}
