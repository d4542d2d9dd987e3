//! The little language of the hand-written texts: `‹filler›` stands for something drawn, `«…»` marks a credential.
//!
//! `‹word›`, `‹hex:40›`, `‹int:1-90›`, `‹pick:a|b›`; `‹word#1›` is the same word each time in one file; `‹snake›`, `‹SNAKE›`, `‹camel›`
//! … write the name that is being planted (or one of an ordinary variable); `‹value›`, `‹raw›` and `‹block›` is where a plant
//! goes; `‹sample:{…}›` is a template of rule files; `‹base64-of:…›` encodes what stands in it; `‹›` is nothing, to take a text
//! apart that must not stand in the repository in one piece. README.md lists them all.

use std::collections::HashMap;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use leakward_rules::sample::{TemplateError, render};

use crate::dice::Dice;
use crate::name::Name;
use crate::passwords::{self, BASE62, DIGITS, HEX, LOWER, UPPER};
use crate::vocabulary::{
    COMPANIES, FAMILY, GIVEN, SENTENCES, SUBDOMAINS, TOP_LEVELS, VERBS, WORDS,
};

/// A hand-written text that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SceneError {
    /// A filler that is not closed.
    #[error("a filler is not closed in {scene:?}")]
    Unclosed {
        /// The text.
        scene: String,
    },
    /// A filler that does not exist.
    #[error("no filler is called {filler:?} in {scene:?}")]
    UnknownFiller {
        /// What was written.
        filler: String,
        /// The text.
        scene: String,
    },
    /// A template of rule files that cannot be read.
    #[error("{0}")]
    Template(#[from] TemplateError),
}

/// What a text is written with.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) dice: Dice,
    /// The name that is being planted.
    pub(crate) name: Option<Name>,
    /// What goes where `‹value›`, `‹raw›` or `‹block›` stands.
    pub(crate) inserted: String,
    remembered: HashMap<String, String>,
    remembered_names: HashMap<String, Name>,
}

/// A text that was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) text: String,
    /// What stands between marks.
    pub(crate) marked: Vec<Range<usize>>,
    /// Where the plant went.
    pub(crate) inserted: Option<Range<usize>>,
}

impl Stage {
    pub(crate) fn new(dice: Dice) -> Stage {
        Stage {
            dice,
            name: None,
            inserted: String::new(),
            remembered: HashMap::new(),
            remembered_names: HashMap::new(),
        }
    }

    /// The same for a plant of that name and text.
    pub(crate) fn with(dice: Dice, name: Option<Name>, inserted: &str) -> Stage {
        Stage {
            name,
            inserted: inserted.to_owned(),
            ..Stage::new(dice)
        }
    }

    /// Writes a text.
    pub(crate) fn write(&mut self, scene: &str) -> Result<Written, SceneError> {
        let mut written = Written::default();
        let mut open = 0;
        let mut rest = scene;
        while let Some(place) = rest.find(['‹', '«', '»']) {
            let (before, from) = rest.split_at(place);
            written.text.push_str(before);
            let sign = from.chars().next().unwrap_or('‹');
            rest = &from[sign.len_utf8()..];
            match sign {
                '«' => open = written.text.len(),
                '»' => written.marked.push(open..written.text.len()),
                _ => {
                    let end = closing(rest).ok_or_else(|| SceneError::Unclosed {
                        scene: scene.to_owned(),
                    })?;
                    let filler = &rest[..end];
                    rest = &rest[end + '›'.len_utf8()..];
                    self.fill(filler, scene, &mut written)?;
                }
            }
        }
        written.text.push_str(rest);
        Ok(written)
    }

    fn fill(&mut self, filler: &str, scene: &str, written: &mut Written) -> Result<(), SceneError> {
        if let "value" | "raw" | "block" = filler {
            let start = written.text.len();
            let text = if filler == "block" {
                indented(&self.inserted, &indentation(&written.text))
            } else {
                self.inserted.clone()
            };
            written.text.push_str(&text);
            written.inserted = Some(start..written.text.len());
            return Ok(());
        }
        let text = self.text_of(filler)?;
        let text = text.ok_or_else(|| SceneError::UnknownFiller {
            filler: filler.to_owned(),
            scene: scene.to_owned(),
        })?;
        written.text.push_str(&text);
        Ok(())
    }

    fn text_of(&mut self, filler: &str) -> Result<Option<String>, SceneError> {
        if let Some((kind, argument)) = filler.split_once(':') {
            return match kind {
                "pick" => {
                    let choices = split(argument);
                    let choice = self.dice.word(&choices);
                    Ok(Some(self.write(choice)?.text))
                }
                "base64-of" => Ok(Some(STANDARD.encode(self.write(argument)?.text))),
                "sample" => Ok(Some(render(argument, self.dice.number())?.text)),
                _ => Ok(drawn(kind, argument, &mut self.dice)),
            };
        }
        let (plain, key) = match filler.split_once('#') {
            Some((plain, key)) => (plain, Some(key)),
            None => (filler, None),
        };
        if let Some(text) = self.styled(plain, key) {
            return Ok(Some(text));
        }
        if let Some(text) = key.and_then(|_| self.remembered.get(filler)) {
            return Ok(Some(text.clone()));
        }
        let text = simple(plain, &mut self.dice);
        if let (Some(text), Some(_)) = (&text, key) {
            self.remembered.insert(filler.to_owned(), text.clone());
        }
        Ok(text)
    }

    /// A name in a style, or a word in one of three cases; those with the same key are the same.
    fn styled(&mut self, filler: &str, key: Option<&str>) -> Option<String> {
        let (style, is_word) = match filler {
            "word" => ("snake", true),
            "Word" => ("Pascal", true),
            "WORD" => ("SNAKE", true),
            other => (other, false),
        };
        Name::of("a").styled(style)?;
        let dice = &mut self.dice;
        let mut fresh = || {
            if is_word {
                Name::of(dice.word(WORDS))
            } else {
                Name::of(&format!("{} {}", dice.word(WORDS), dice.word(WORDS)))
            }
        };
        let name = match (key, &self.name) {
            (Some(key), _) => self
                .remembered_names
                .entry(format!("{key} {is_word}"))
                .or_insert_with(fresh)
                .clone(),
            (None, Some(name)) if !is_word => name.clone(),
            _ => fresh(),
        };
        name.styled(style)
    }
}

/// Where the filler ends that begins at the start of `text`; fillers may hold fillers.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (place, character) in text.char_indices() {
        match character {
            '‹' => depth += 1,
            '›' if depth == 0 => return Some(place),
            '›' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The choices of a `pick`, which may hold fillers.
fn split(text: &str) -> Vec<&str> {
    let (mut depth, mut start) = (0, 0);
    let mut choices = Vec::new();
    for (place, character) in text.char_indices() {
        match character {
            '‹' => depth += 1,
            '›' => depth -= 1,
            '|' if depth == 0 => {
                choices.push(&text[start..place]);
                start = place + 1;
            }
            _ => {}
        }
    }
    choices.push(&text[start..]);
    choices
}

/// What stands before a block on its line, when that is white space or the mark of a comment.
fn indentation(before: &str) -> String {
    let line = before.rsplit('\n').next().unwrap_or_default();
    let mark = line.trim_start();
    if mark.is_empty() || ["# ", "// ", "* ", "> "].contains(&mark) {
        line.to_owned()
    } else {
        String::new()
    }
}

fn indented(text: &str, indentation: &str) -> String {
    text.replace('\n', &format!("\n{indentation}"))
}

/// A filler with an argument: so many characters of an alphabet, a number in a range.
fn drawn(kind: &str, argument: &str, dice: &mut Dice) -> Option<String> {
    let (least, most) = argument.split_once('-').unwrap_or((argument, argument));
    let count = dice.between(least.parse().ok()?, most.parse().ok()?);
    let alphabet = match kind {
        "int" => return Some(count.to_string()),
        "base64-bytes" => {
            let bytes: Vec<u8> = (0..count).map(|_| dice.number().to_le_bytes()[0]).collect();
            return Some(STANDARD.encode(bytes));
        }
        "hex" => HEX.to_owned(),
        "HEX" => HEX.to_ascii_uppercase(),
        "base62" => BASE62.to_owned(),
        "base64" => format!("{BASE62}+/"),
        "base64url" => format!("{BASE62}-_"),
        "base32" => format!("{UPPER}234567"),
        "base36" => format!("{LOWER}{DIGITS}"),
        "digits" => DIGITS.to_owned(),
        "lower" => LOWER.to_owned(),
        "upper" => UPPER.to_owned(),
        "letters" => format!("{LOWER}{UPPER}"),
        _ => return None,
    };
    Some(dice.text(&alphabet, count))
}

/// A filler without argument.
fn simple(kind: &str, dice: &mut Dice) -> Option<String> {
    Some(match kind {
        "" => String::new(),
        "verb" => (dice.word(VERBS)).to_owned(),
        "company" => (dice.word(COMPANIES)).to_owned(),
        "given" => (dice.word(GIVEN)).to_owned(),
        "person" => person(dice),
        "user" => user(dice),
        "email" => format!(
            "{}@{}.{}",
            user(dice),
            dice.word(COMPANIES),
            dice.word(TOP_LEVELS)
        ),
        "domain" => format!("{}.{}", dice.word(COMPANIES), dice.word(TOP_LEVELS)),
        "host" => format!(
            "{}.{}.{}",
            dice.word(SUBDOMAINS),
            dice.word(COMPANIES),
            dice.word(TOP_LEVELS)
        ),
        "sentence" => {
            let noun = dice.word(WORDS);
            dice.word(SENTENCES).replace("{}", noun)
        }
        "port" => dice.between(1024, 49_151).to_string(),
        "ip" => format!(
            "10.{}.{}.{}",
            dice.below(256),
            dice.below(256),
            dice.between(2, 250)
        ),
        "version" => format!("{}.{}.{}", dice.below(9), dice.below(30), dice.below(20)),
        "date" => date(dice),
        "time" => time(dice),
        "timestamp" => format!("{}T{}.{:03}Z", date(dice), time(dice), dice.below(1000)),
        "uuid" => uuid(dice),
        "UUID" => uuid(dice).to_ascii_uppercase(),
        other => return passwords::value(other, dice),
    })
}

fn person(dice: &mut Dice) -> String {
    let name = Name::of(&format!("{} {}", dice.word(GIVEN), dice.word(FAMILY)));
    name.styled("title").unwrap_or_default()
}

fn user(dice: &mut Dice) -> String {
    let (given, family) = (dice.word(GIVEN), dice.word(FAMILY));
    match dice.below(4) {
        0 => format!("{given}.{family}"),
        1 => format!("{}{family}", given.get(..1).unwrap_or(given)),
        2 => format!("{}_app", dice.word(WORDS)),
        _ => format!("svc_{}", dice.word(WORDS)),
    }
}

fn date(dice: &mut Dice) -> String {
    format!(
        "{}-{:02}-{:02}",
        dice.between(2017, 2025),
        dice.between(1, 12),
        dice.between(1, 28)
    )
}

fn time(dice: &mut Dice) -> String {
    format!(
        "{:02}:{:02}:{:02}",
        dice.below(24),
        dice.below(60),
        dice.below(60)
    )
}

fn uuid(dice: &mut Dice) -> String {
    let variant = dice.text("89ab", 1);
    let [a, b, c, d, e] = [8, 4, 3, 3, 12].map(|count| dice.text(HEX, count));
    format!("{a}-{b}-4{c}-{variant}{d}-{e}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(scene: &str) -> Written {
        Stage::new(Dice::new(1)).write(scene).expect(scene)
    }

    #[test]
    fn fillers_are_drawn_and_marks_remembered() {
        let written = write("a «‹hex:8›» b «‹base62:4-6›»");
        assert_eq!(written.marked.len(), 2);
        assert_eq!(written.marked[0], 2..10);
        assert!(!written.text.contains(['«', '»', '‹', '›']));
    }

    #[test]
    fn the_same_key_gives_the_same_text_in_every_style() {
        let text = write("‹word#1› ‹Word#1› ‹WORD#1›").text;
        let words: Vec<&str> = text.split(' ').collect();
        assert_eq!(words[0].to_ascii_uppercase(), words[2]);
        assert_eq!(words[0], words[1].to_ascii_lowercase());
        let text = write("‹host#1› ‹host#1›").text;
        let (first, second) = text.split_once(' ').unwrap();
        assert_eq!(first, second);
    }

    #[test]
    fn fillers_hold_fillers() {
        assert_eq!(write("‹pick:‹›x|‹pick:x|x››").text, "x");
        assert_eq!(write("‹base64-of:us‹›er:x›").text, "dXNlcjp4");
        assert_eq!(write("‹sample:{to-hex:ab}›").text, "6162");
    }

    #[test]
    fn plants_are_inserted_with_their_name() {
        let mut stage = Stage::with(Dice::new(1), Some(Name::of("db password")), "x\ny");
        let written = stage.write("‹camel› = '‹value›';").unwrap();
        assert_eq!(written.text, "dbPassword = 'x\ny';");
        assert_eq!(written.inserted, Some(14..17));
        let written = stage.write("‹snake›: |\n  ‹block›").unwrap();
        assert_eq!(written.text, "db_password: |\n  x\n  y");
        assert_eq!(stage.write("# ‹block›").unwrap().text, "# x\n# y");
    }

    #[test]
    fn mistakes_are_told() {
        let mut stage = Stage::new(Dice::new(1));
        assert!(matches!(
            stage.write("a ‹word"),
            Err(SceneError::Unclosed { .. })
        ));
        assert!(matches!(
            stage.write("‹wort›"),
            Err(SceneError::UnknownFiller { .. })
        ));
        assert!(matches!(
            stage.write("‹hex:many›"),
            Err(SceneError::UnknownFiller { .. })
        ));
        assert!(matches!(
            stage.write("‹sample:{hex}›"),
            Err(SceneError::Template(_))
        ));
    }
}
