//! A document, whatever it was written in, with the place of each of its parts.

use crate::source::At;

/// LIMIT: how deep a document may be nested.
pub(crate) const DEEPEST: usize = 64;

/// LIMIT: how many values a document may have, with those that aliases repeat.
pub(crate) const MOST_NODES: usize = 1 << 18;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) at: At,
    pub(crate) value: Value,
}

#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// A text. When its characters stand in the file as they are, `start` is the offset of the first.
    Text {
        text: String,
        start: Option<usize>,
    },
    /// A text without quotes, which may be meant as a number or as true or false (YAML).
    Bare(String),
    Number(f64),
    Flag(bool),
    List(Vec<Node>),
    Map(Vec<Entry>),
    Nothing,
}

/// A key and its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) at: At,
    pub(crate) node: Node,
}

impl Value {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Text { .. } | Self::Bare(_) => "a text",
            Self::Number(_) => "a number",
            Self::Flag(_) => "true or false",
            Self::List(_) => "a list",
            Self::Map(_) => "a table",
            Self::Nothing => "nothing",
        }
    }
}
