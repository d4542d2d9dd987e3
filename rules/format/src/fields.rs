//! Reads one TOML table key by key, notes what is wrong, and in the end complains of the keys nobody asked for.
//!
//! Written over toml's spanned tables and not with serde's derive, because serde stops at the first error, and an
//! author wants all of them, each at its own place.
//!
//! INVARIANT: a key is known exactly when the reader asks for it; there is no second list of keys.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::nearest::nearest;
use crate::problem::Problem;
use crate::source::Source;

/// A text value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Located {
    pub(crate) text: String,
    pub(crate) span: Range<usize>,
}

/// A table that is being read.
pub(crate) struct Fields<'t, 's, 'a> {
    table: &'t DeTable<'a>,
    start: usize,
    place: &'static str,
    asked: Vec<&'static str>,
    /// Keys that exist in this place, but for another kind of rule.
    foreign: Vec<(&'static str, &'static str, &'static str)>,
    pub(crate) source: &'s mut Source<'a>,
}

impl<'t, 's, 'a> Fields<'t, 's, 'a> {
    pub(crate) fn new(
        table: &'t DeTable<'a>,
        start: usize,
        place: &'static str,
        source: &'s mut Source<'a>,
    ) -> Self {
        Self {
            table,
            start,
            place,
            asked: Vec::new(),
            foreign: Vec::new(),
            source,
        }
    }

    /// Where the table starts.
    pub(crate) fn start(&self) -> usize {
        self.start
    }

    /// Whether a key is there, without asking for it.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Declares keys of another kind of rule, for a better message.
    pub(crate) fn foreign(
        &mut self,
        keys: &[&'static str],
        kind: &'static str,
        owner: &'static str,
    ) {
        self.foreign
            .extend(keys.iter().map(|key| (*key, kind, owner)));
    }

    /// Lets keys stand unread, where an error elsewhere already makes them meaningless.
    pub(crate) fn pass_over(&mut self, keys: &[&'static str]) {
        self.asked.extend_from_slice(keys);
    }

    /// A text that is not empty.
    pub(crate) fn text(&mut self, key: &'static str) -> Option<Located> {
        let value = self.ask(key)?;
        self.as_text(key, value)
    }

    /// A text that must be there.
    pub(crate) fn required_text(&mut self, key: &'static str) -> Option<Located> {
        self.require(key);
        self.text(key)
    }

    /// A list of texts; none when the key is missing.
    pub(crate) fn texts(&mut self, key: &'static str) -> Vec<Located> {
        let Some(value) = self.ask(key) else {
            return Vec::new();
        };
        let DeValue::Array(items) = value.get_ref() else {
            self.wrong_type(key, "a list of texts", value);
            return Vec::new();
        };
        items
            .iter()
            .filter_map(|item| self.as_text(key, item))
            .collect()
    }

    /// A list of texts that must have at least one entry.
    pub(crate) fn required_texts(&mut self, key: &'static str) -> Vec<Located> {
        self.require(key);
        let is_empty = self
            .table
            .get(key)
            .and_then(|value| value.get_ref().as_array())
            .is_some_and(|items| items.is_empty());
        if is_empty {
            let offset = self.offset(key);
            self.source.report(offset, Problem::EmptyList { key });
        }
        self.texts(key)
    }

    /// `true` or `false`; false when the key is missing.
    pub(crate) fn flag(&mut self, key: &'static str) -> bool {
        let Some(value) = self.ask(key) else {
            return false;
        };
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.wrong_type(key, "true or false", value);
        }
        flag.unwrap_or(false)
    }

    /// A number within bounds, whole or not.
    pub(crate) fn number(&mut self, key: &'static str, least: f64, most: f64) -> Option<f64> {
        let value = self.ask(key)?;
        let number = match value.get_ref() {
            DeValue::Integer(number) => number.as_str().parse::<f64>().ok(),
            DeValue::Float(number) => number.as_str().parse::<f64>().ok(),
            _ => None,
        };
        let Some(number) = number else {
            self.wrong_type(key, "a number", value);
            return None;
        };
        if !(least..=most).contains(&number) {
            self.source
                .report(value.span().start, Problem::OutOfRange { key, least, most });
            return None;
        }
        Some(number)
    }

    /// A whole number from `least` to what fits the type.
    pub(crate) fn whole<T: TryFrom<u64> + Into<u64>>(
        &mut self,
        key: &'static str,
        least: u64,
        most: T,
    ) -> Option<T> {
        let value = self.ask(key)?;
        let DeValue::Integer(digits) = value.get_ref() else {
            self.wrong_type(key, "a whole number", value);
            return None;
        };
        let most: u64 = most.into();
        let number = u64::from_str_radix(digits.as_str(), digits.radix())
            .ok()
            .filter(|number| (least..=most).contains(number))
            .and_then(|number| T::try_from(number).ok());
        if number.is_none() {
            let problem = Problem::OutOfRange {
                key,
                least: least as f64,
                most: most as f64,
            };
            self.source.report(value.span().start, problem);
        }
        number
    }

    /// One of a closed set of words.
    pub(crate) fn word<T: Copy>(
        &mut self,
        key: &'static str,
        known: &[(&'static str, T)],
    ) -> Option<T> {
        let written = self.text(key)?;
        let found = known.iter().find(|(word, _)| *word == written.text);
        if found.is_none() {
            let words: Vec<_> = known.iter().map(|(word, _)| *word).collect();
            let problem = Problem::UnknownWord {
                key,
                nearest: nearest(&written.text, words.iter().copied()),
                word: written.text,
                known: words,
            };
            self.source.report(written.span.start, problem);
        }
        found.map(|(_, value)| *value)
    }

    /// One of a closed set of words that must be there.
    pub(crate) fn required_word<T: Copy>(
        &mut self,
        key: &'static str,
        known: &[(&'static str, T)],
    ) -> Option<T> {
        self.require(key);
        self.word(key, known)
    }

    /// A table.
    pub(crate) fn table(&mut self, key: &'static str) -> Option<(&'t DeTable<'a>, usize)> {
        let value = self.ask(key)?;
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.wrong_type(key, "a table", value);
        }
        table.map(|table| (table, value.span().start))
    }

    /// A list of tables.
    pub(crate) fn tables(&mut self, key: &'static str) -> Vec<(&'t DeTable<'a>, usize)> {
        let Some(value) = self.ask(key) else {
            return Vec::new();
        };
        let DeValue::Array(items) = value.get_ref() else {
            self.wrong_type(key, "a list of tables, written with double brackets", value);
            return Vec::new();
        };
        let mut tables = Vec::new();
        for item in items.iter() {
            match item.get_ref().as_table() {
                Some(table) => tables.push((table, item.span().start)),
                None => self.wrong_type(key, "a list of tables", item),
            }
        }
        tables
    }

    /// Complains of every key that was not asked for.
    pub(crate) fn finish(self) {
        for key in self.table.keys() {
            let name: &str = key.get_ref();
            if self.asked.contains(&name) {
                continue;
            }
            let problem = match self.foreign.iter().find(|(known, _, _)| *known == name) {
                Some((_, kind, owner)) => Problem::ForeignKey {
                    key: name.to_owned(),
                    kind,
                    owner,
                },
                None => Problem::UnknownKey {
                    key: name.to_owned(),
                    place: self.place,
                    nearest: nearest(name, self.asked.iter().copied()).map(str::to_owned),
                },
            };
            self.source.report(key.span().start, problem);
        }
    }

    fn ask(&mut self, key: &'static str) -> Option<&'t Spanned<DeValue<'a>>> {
        self.asked.push(key);
        self.table.get(key)
    }

    fn require(&mut self, key: &'static str) {
        if !self.has(key) {
            let place = self.place;
            self.source
                .report(self.start, Problem::MissingKey { key, place });
        }
    }

    fn offset(&self, key: &str) -> usize {
        self.table
            .get(key)
            .map_or(self.start, |value| value.span().start)
    }

    fn as_text(&mut self, key: &'static str, value: &Spanned<DeValue<'a>>) -> Option<Located> {
        let Some(text) = value.get_ref().as_str() else {
            self.wrong_type(key, "a text", value);
            return None;
        };
        if text.is_empty() {
            let key = key.to_owned();
            self.source
                .report(value.span().start, Problem::EmptyText { key });
            return None;
        }
        Some(Located {
            text: text.to_owned(),
            span: value.span(),
        })
    }

    fn wrong_type(
        &mut self,
        key: &'static str,
        expected: &'static str,
        value: &Spanned<DeValue<'a>>,
    ) {
        let found = match value.get_ref() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        let problem = Problem::WrongType {
            key: key.to_owned(),
            expected,
            found,
        };
        self.source.report(value.span().start, problem);
    }
}
