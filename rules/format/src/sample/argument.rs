//! What stands behind the colon of a generator, checked when the template is read.

use super::generator::Generator;
use super::template::Template;
use super::template_error::TemplateProblem;

/// Longest text that a generator makes.
const LONGEST: usize = 65_536;

/// What a generator takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Nothing.
    Nothing,
    /// A length or a range of lengths, which may be left out when there is a usual one.
    Length(Option<(usize, usize)>),
    /// Nothing, or the number of characters that it has anyway.
    OwnLength(usize),
    /// One of these words; the first when left out.
    Choice(&'static [&'static str]),
    /// A word of lower-case or capital letters, digits and dashes.
    Word,
    /// A template.
    Template,
    /// A template, or nothing for a usual text.
    TemplateOrUsual,
}

/// An argument that was read.
#[derive(Clone, Debug)]
pub(super) enum Argument {
    Nothing,
    Length(usize, usize),
    Word(String),
    Template(Template),
}

impl Argument {
    /// Reads what a generator takes, except a template, which the template's own reader reads.
    pub(super) fn read(
        generator: &'static Generator,
        written: Option<&str>,
    ) -> Result<Self, TemplateProblem> {
        let wrong = || TemplateProblem::Argument {
            name: generator.name,
            expected: generator.takes.describe(),
        };
        match (generator.takes, written) {
            (Takes::Nothing | Takes::OwnLength(_) | Takes::TemplateOrUsual, None) => {
                Ok(Self::Nothing)
            }
            (Takes::OwnLength(own), Some(written)) => match read_length(written)? {
                (least, most) if least == own && most == own => Ok(Self::Nothing),
                _ => Err(wrong()),
            },
            (Takes::Length(_), Some(written)) => {
                read_length(written).map(|(least, most)| Self::Length(least, most))
            }
            (Takes::Length(Some((least, most))), None) => Ok(Self::Length(least, most)),
            (Takes::Choice(words), written) => {
                let chosen = written.or(words.first().copied()).unwrap_or_default();
                let known = words.contains(&chosen);
                known
                    .then(|| Self::Word(chosen.to_owned()))
                    .ok_or_else(wrong)
            }
            (Takes::Word, Some(word)) if is_word(word) => Ok(Self::Word(word.to_owned())),
            _ => Err(wrong()),
        }
    }

    /// The word of a choice; empty for other arguments.
    pub(super) fn word(&self) -> &str {
        match self {
            Self::Word(word) => word,
            _ => "",
        }
    }

    /// The lengths to draw from.
    pub(super) fn length(&self) -> (usize, usize) {
        match self {
            Self::Length(least, most) => (*least, *most),
            _ => (0, 0),
        }
    }
}

impl Takes {
    fn describe(self) -> String {
        match self {
            Self::Nothing => "no argument".to_owned(),
            Self::Length(_) => "a length such as 30 or 20-40".to_owned(),
            Self::OwnLength(own) => format!("no argument, or its own length {own}"),
            Self::Choice(words) => format!("one of {}", words.join(", ")),
            Self::Word => "a word of letters, digits and dashes".to_owned(),
            Self::Template | Self::TemplateOrUsual => "a template".to_owned(),
        }
    }
}

/// A number or a range of numbers.
pub(super) fn read_length(written: &str) -> Result<(usize, usize), TemplateProblem> {
    let number = |digits: &str| {
        digits
            .parse::<usize>()
            .ok()
            .filter(|number| (1..=LONGEST).contains(number))
            .ok_or(TemplateProblem::Length)
    };
    let (least, most) = match written.split_once('-') {
        Some((least, most)) => (number(least)?, number(most)?),
        None => (number(written)?, number(written)?),
    };
    if least > most {
        return Err(TemplateProblem::Length);
    }
    Ok((least, most))
}

fn is_word(word: &str) -> bool {
    !word.is_empty()
        && word
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
