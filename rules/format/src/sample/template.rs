//! The template language: text, generators in braces, and the marks `«…»` around the credential.
//!
//! A template is read once and rendered for as many seeds as wanted. Reading finds every error; rendering has none.

use std::ops::Range;

use super::argument::{Argument, Takes, read_length};
use super::characters::alphabet;
use super::draft::{Checks, Draft};
use super::generator::{Generator, generator, nearest_name};
use super::plausible::is_plausible;
use super::random::Random;
use super::template_error::{TemplateError, TemplateProblem};

/// So many draws are made to get a plausible one; the last is taken as it is, since a template may want the implausible.
const MOST_ATTEMPTS: u64 = 64;

/// A text with a credential in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The text.
    pub text: String,
    /// Where the credential is in it, in bytes.
    pub secret: Range<usize>,
}

impl Rendered {
    /// The credential's characters. It was made just now and opens nothing.
    #[must_use]
    pub fn credential(&self) -> &str {
        self.text.get(self.secret.clone()).unwrap_or_default()
    }
}

/// A template that was read.
#[derive(Clone, Debug)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
enum Part {
    Text(String),
    Open,
    Close,
    Characters {
        alphabet: Vec<u8>,
        least: usize,
        most: usize,
    },
    Generate(&'static Generator, Argument),
}

/// Reads and renders a template.
///
/// # Errors
///
/// What is wrong with the template, and at which column.
pub fn render(template: &str, seed: u64) -> Result<Rendered, TemplateError> {
    Ok(Template::parse(template)?.render(seed))
}

/// Reads a template and renders it with every checksum and structure test wrong in a small way. Nothing when the template has
/// none that could be wrong.
///
/// # Errors
///
/// What is wrong with the template, and at which column.
pub fn render_broken(template: &str, seed: u64) -> Result<Option<Rendered>, TemplateError> {
    Ok(Template::parse(template)?.render_broken(seed))
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    ///
    /// What is wrong, and at which column.
    pub fn parse(template: &str) -> Result<Self, TemplateError> {
        let mut reader = Reader {
            template,
            position: 0,
        };
        let parts = reader.parts(OUTER)?;
        let marks: Vec<bool> = parts
            .iter()
            .filter_map(|part| match part {
                Part::Open => Some(true),
                Part::Close => Some(false),
                _ => None,
            })
            .collect();
        match marks.as_slice() {
            [] | [true, false] => Ok(Self { parts }),
            _ => {
                let offset = template.find(['«', '»']).unwrap_or(0);
                Err(TemplateError::new(template, offset, TemplateProblem::Marks))
            }
        }
    }

    /// The text that belongs to a seed.
    #[must_use]
    pub fn render(&self, seed: u64) -> Rendered {
        self.plausible(seed, Checks::Valid).0
    }

    /// As [`Template::render`], with every checksum and structure test wrong; nothing when there is none.
    #[must_use]
    pub fn render_broken(&self, seed: u64) -> Option<Rendered> {
        let (rendered, has_checks) = self.plausible(seed, Checks::Broken);
        has_checks.then_some(rendered)
    }

    fn plausible(&self, seed: u64, checks: Checks) -> (Rendered, bool) {
        let mut attempt = 0;
        loop {
            let mut draft = Draft::new(Random::new(seed, attempt), checks);
            self.write(&mut draft);
            let has_checks = draft.has_checks();
            let (text, secret, drawn) = draft.finish();
            attempt += 1;
            if attempt == MOST_ATTEMPTS || is_plausible(&text, &secret, &drawn) {
                return (Rendered { text, secret }, has_checks);
            }
        }
    }

    /// Writes all parts.
    pub(super) fn write(&self, draft: &mut Draft) {
        for part in &self.parts {
            match part {
                Part::Text(text) => draft.push(text),
                Part::Open => draft.open(),
                Part::Close => draft.close(),
                Part::Characters {
                    alphabet,
                    least,
                    most,
                } => {
                    let length = draft.random.between(*least, *most);
                    let text = draft.random.text(alphabet, length);
                    draft.push_drawn(&text, alphabet.len());
                }
                Part::Generate(generator, argument) => (generator.make)(draft, argument),
            }
        }
    }
}

/// How many generators stand around the part that is read. Inside one, a brace ends it.
type Depth = usize;

const OUTER: Depth = 0;

/// Each level of encoding may double the text.
const DEEPEST: Depth = 4;

struct Reader<'t> {
    template: &'t str,
    position: usize,
}

impl<'t> Reader<'t> {
    fn parts(&mut self, depth: Depth) -> Result<Vec<Part>, TemplateError> {
        let mut parts = Vec::new();
        let mut text = String::new();
        while let Some(next) = self.rest().chars().next() {
            let start = self.position;
            let is_double = self.rest().starts_with("{{") || self.rest().starts_with("}}");
            self.position += next.len_utf8() * if is_double { 2 } else { 1 };
            let part = match next {
                '{' | '}' if is_double => {
                    text.push(next);
                    continue;
                }
                '{' => self.generator(start, depth)?,
                '}' if depth > OUTER => {
                    self.position = start;
                    break;
                }
                '}' => return Err(self.error(start, TemplateProblem::StrayBrace)),
                '«' | '»' if depth > OUTER => {
                    return Err(self.error(start, TemplateProblem::Marks));
                }
                '«' => Part::Open,
                '»' => Part::Close,
                other => {
                    text.push(other);
                    continue;
                }
            };
            flush(&mut text, &mut parts);
            parts.push(part);
        }
        flush(&mut text, &mut parts);
        Ok(parts)
    }

    /// What stands behind an opening brace, up to and with its closing one.
    fn generator(&mut self, start: usize, depth: Depth) -> Result<Part, TemplateError> {
        let name = self.name();
        let wrong = |problem| TemplateError::new(self.template, start, problem);
        if let Some(alphabet) = alphabet(name).map_err(wrong)? {
            let written = self.argument(start)?.unwrap_or_default();
            let (least, most) =
                read_length(written).map_err(|problem| self.error(start, problem))?;
            return Ok(Part::Characters {
                alphabet,
                least,
                most,
            });
        }
        let Some(generator) = generator(name) else {
            let problem = TemplateProblem::UnknownGenerator {
                name: name.to_owned(),
                nearest: nearest_name(name),
            };
            return Err(self.error(start, problem));
        };
        let takes_template = matches!(generator.takes, Takes::Template | Takes::TemplateOrUsual);
        let argument = if takes_template && self.eat(':') {
            if depth == DEEPEST {
                return Err(self.error(start, TemplateProblem::TooDeep));
            }
            let parts = self.parts(depth + 1)?;
            self.close(start)?;
            Argument::Template(Template { parts })
        } else {
            let written = self.argument(start)?;
            Argument::read(generator, written).map_err(|problem| self.error(start, problem))?
        };
        Ok(Part::Generate(generator, argument))
    }

    /// A class, or everything up to the colon or the brace.
    fn name(&mut self) -> &'t str {
        let rest = self.rest();
        let end = match class_end(rest) {
            Some(end) => end,
            None => rest.find([':', '}', '{']).unwrap_or(rest.len()),
        };
        self.position += end;
        rest.get(..end).unwrap_or(rest)
    }

    fn argument(&mut self, start: usize) -> Result<Option<&'t str>, TemplateError> {
        let has_argument = self.eat(':');
        let rest = self.rest();
        let end = rest
            .find('}')
            .ok_or_else(|| self.error(start, TemplateProblem::Unclosed))?;
        self.position += end;
        self.close(start)?;
        Ok(has_argument.then(|| rest.get(..end).unwrap_or(rest)))
    }

    fn close(&mut self, start: usize) -> Result<(), TemplateError> {
        if self.eat('}') {
            Ok(())
        } else {
            Err(self.error(start, TemplateProblem::Unclosed))
        }
    }

    fn eat(&mut self, expected: char) -> bool {
        let is_there = self.rest().starts_with(expected);
        if is_there {
            self.position += expected.len_utf8();
        }
        is_there
    }

    fn rest(&self) -> &'t str {
        self.template.get(self.position..).unwrap_or_default()
    }

    fn error(&self, offset: usize, problem: TemplateProblem) -> TemplateError {
        TemplateError::new(self.template, offset, problem)
    }
}

/// Where a class such as `[A-Z\]]` ends.
fn class_end(text: &str) -> Option<usize> {
    let mut characters = text.strip_prefix('[')?.char_indices();
    while let Some((place, character)) = characters.next() {
        match character {
            '\\' => {
                characters.next();
            }
            ']' => return Some(place + 2),
            _ => {}
        }
    }
    None
}

fn flush(text: &mut String, parts: &mut Vec<Part>) {
    if !text.is_empty() {
        parts.push(Part::Text(std::mem::take(text)));
    }
}
