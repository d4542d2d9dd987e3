//! Reads one table of a document key by key, notes what is wrong, and in the end tells of the keys nobody asked for.
//!
//! INVARIANT: a key is known exactly when the reader asks for it; there is no second list of keys.

use std::cell::RefCell;

use leakward_rule_format::nearest;

use crate::node::{Entry, Node, Value};
use crate::source::{At, Source};

/// What a file's own tool makes of a key that it does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnknownKeys {
    /// It passes over it: an error where a known key was probably meant, else a note.
    PassedOver,
    /// It refuses it.
    Refused,
}

/// A text and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Located {
    pub(crate) text: String,
    pub(crate) at: At,
    /// Offset of its first character in the file, when its characters stand there as they are.
    pub(crate) start: Option<usize>,
}

/// A table that is being read.
pub(crate) struct Table<'n> {
    entries: &'n [Entry],
    pub(crate) at: At,
    place: &'static str,
    unknown: UnknownKeys,
    asked: RefCell<Vec<&'static str>>,
    pub(crate) source: &'n Source<'n>,
}

impl<'n> Table<'n> {
    /// The table that a node is; something else is noted.
    pub(crate) fn of(
        node: &'n Node,
        place: &'static str,
        unknown: UnknownKeys,
        source: &'n Source<'n>,
    ) -> Option<Self> {
        match &node.value {
            Value::Map(entries) => Some(Self {
                entries,
                at: node.at,
                place,
                unknown,
                asked: RefCell::default(),
                source,
            }),
            other => {
                source.report_at(
                    node.at,
                    format!("{place} must be a table, not {}", other.kind()),
                );
                None
            }
        }
    }

    /// Whether a key is there, without asking for it.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.entry(key).is_some()
    }

    /// Where a key stands; the table's place when it is missing.
    pub(crate) fn at_key(&self, key: &str) -> At {
        self.entry(key).map_or(self.at, |entry| entry.at)
    }

    /// The value of a key, in whatever case it is written.
    pub(crate) fn get(&self, key: &'static str) -> Option<&'n Node> {
        self.asked.borrow_mut().push(key);
        self.entry(key)
            .map(|entry| &entry.node)
            .filter(|node| !matches!(node.value, Value::Nothing))
    }

    fn entry(&self, key: &str) -> Option<&'n Entry> {
        self.entries
            .iter()
            .find(|entry| entry.key.eq_ignore_ascii_case(key))
    }

    /// All keys with their values, for tables whose keys are names.
    pub(crate) fn named(&self) -> impl Iterator<Item = (&'n str, &'n Node)> {
        self.entries
            .iter()
            .map(|entry| (entry.key.as_str(), &entry.node))
    }

    /// A text.
    pub(crate) fn text(&self, key: &'static str) -> Option<Located> {
        let node = self.get(key)?;
        self.as_text(key, node)
    }

    /// A text that must be there and must not be empty.
    pub(crate) fn required_text(&self, key: &'static str) -> Option<Located> {
        let text = self.text(key);
        match &text {
            None if !self.has(key) => self
                .source
                .report_at(self.at, format!("`{key}` is missing in {}", self.place)),
            Some(empty) if empty.text.trim().is_empty() => {
                self.source.report_at(empty.at, format!("`{key}` is empty"));
            }
            _ => {}
        }
        text
    }

    /// A list of texts; one text stands for a list of one.
    pub(crate) fn texts(&self, key: &'static str) -> Vec<Located> {
        match self.get(key) {
            None => Vec::new(),
            Some(node) => match &node.value {
                Value::List(items) => items
                    .iter()
                    .filter_map(|item| self.as_text(key, item))
                    .collect(),
                _ => self.as_text(key, node).into_iter().collect(),
            },
        }
    }

    /// A number that is not negative.
    pub(crate) fn number(&self, key: &'static str) -> Option<f64> {
        let node = self.get(key)?;
        let number = match &node.value {
            Value::Number(number) => Some(*number),
            Value::Bare(text) => text.parse().ok(),
            _ => None,
        };
        match number {
            Some(number) if number.is_finite() && number >= 0.0 => Some(number),
            Some(_) => {
                self.source
                    .report_at(node.at, format!("`{key}` must not be negative"));
                None
            }
            None => {
                self.wrong_type(key, "a number", node);
                None
            }
        }
    }

    /// A whole number.
    pub(crate) fn whole(&self, key: &'static str) -> Option<u32> {
        let number = self.number(key)?;
        if number.fract() != 0.0 || number > f64::from(u32::MAX) {
            self.source
                .report_at(self.at_key(key), format!("`{key}` must be a whole number"));
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole, not negative and within bounds, as just tested"
        )]
        Some(number as u32)
    }

    /// True or false; false when it is missing.
    pub(crate) fn flag(&self, key: &'static str) -> bool {
        self.optional_flag(key).unwrap_or(false)
    }

    /// True or false.
    pub(crate) fn optional_flag(&self, key: &'static str) -> Option<bool> {
        let node = self.get(key)?;
        match &node.value {
            Value::Flag(flag) => Some(*flag),
            Value::Bare(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Value::Bare(text) if text.eq_ignore_ascii_case("false") => Some(false),
            _ => {
                self.wrong_type(key, "true or false", node);
                None
            }
        }
    }

    /// A table.
    pub(crate) fn table(&self, key: &'static str, place: &'static str) -> Option<Table<'n>> {
        Table::of(self.get(key)?, place, self.unknown, self.source)
    }

    /// A list of tables; one table stands for a list of one.
    pub(crate) fn tables(&self, key: &'static str, place: &'static str) -> Vec<Table<'n>> {
        let Some(node) = self.get(key) else {
            return Vec::new();
        };
        let nodes = match &node.value {
            Value::List(items) => items.iter().collect(),
            _ => vec![node],
        };
        nodes
            .into_iter()
            .filter_map(|node| Table::of(node, place, self.unknown, self.source))
            .collect()
    }

    /// Asks for keys that mean nothing here, so that they are no unknown ones.
    pub(crate) fn pass_over(&self, keys: &[&'static str]) {
        self.asked.borrow_mut().extend_from_slice(keys);
    }

    /// Tells of every key that was not asked for.
    pub(crate) fn finish(self) {
        let asked = self.asked.borrow();
        for entry in self.entries {
            let key = entry.key.as_str();
            if asked.iter().any(|known| known.eq_ignore_ascii_case(key)) {
                continue;
            }
            match (nearest(key, asked.iter().copied()), self.unknown) {
                (Some(meant), _) => self.source.report_at(
                    entry.at,
                    format!(
                        "unknown key `{key}` in {}; did you mean `{meant}`?",
                        self.place
                    ),
                ),
                (None, UnknownKeys::Refused) => self
                    .source
                    .report_at(entry.at, format!("unknown key `{key}` in {}", self.place)),
                (None, UnknownKeys::PassedOver) => self.source.note_at(
                    entry.at,
                    &format!("`{key}` is no key of {} and has no effect", self.place),
                ),
            }
        }
    }

    fn as_text(&self, key: &'static str, node: &Node) -> Option<Located> {
        let (text, start) = match &node.value {
            Value::Text { text, start } => (text.clone(), *start),
            Value::Bare(text) => (text.clone(), None),
            _ => {
                self.wrong_type(key, "a text", node);
                return None;
            }
        };
        Some(Located {
            text,
            at: node.at,
            start,
        })
    }

    fn wrong_type(&self, key: &str, expected: &str, node: &Node) {
        self.source.report_at(
            node.at,
            format!("`{key}` must be {expected}, not {}", node.value.kind()),
        );
    }
}
