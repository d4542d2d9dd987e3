//! YAML as a document, from the parser's events.
//!
//! Aliases are written out, within the limit of values, so that a few lines cannot ask for gigabytes.

use std::collections::HashMap;

use serde_saphyr::granit_parser::{Event, Marker, Parser, ScalarStyle};

use crate::node::{DEEPEST, Entry, MOST_NODES, Node, Value};
use crate::source::{At, Source, saturated};

/// The documents of the stream; nothing when it is not YAML, which is then noted.
pub(crate) fn read(source: &Source<'_>) -> Option<Vec<Node>> {
    let mut builder = Builder::default();
    for event in Parser::new_from_str(source.text) {
        let told = match event {
            Ok((event, span)) => builder.take(event, place(&span.start)),
            Err(error) => Err((place(error.marker()), error.to_string())),
        };
        if let Err((at, problem)) = told {
            source.report_at(at, problem);
            return None;
        }
    }
    Some(builder.documents)
}

fn place(marker: &Marker) -> At {
    (saturated(marker.line()), saturated(marker.col() + 1))
}

/// A collection that is not closed yet.
struct Open {
    at: At,
    anchor: usize,
    items: Vec<Node>,
    is_map: bool,
}

#[derive(Default)]
struct Builder {
    documents: Vec<Node>,
    open: Vec<Open>,
    anchors: HashMap<usize, (Node, usize)>,
    nodes: usize,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, at: At) -> Result<(), (At, String)> {
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let value = match style {
                    ScalarStyle::Plain if matches!(&*text, "" | "~" | "null") => Value::Nothing,
                    ScalarStyle::Plain => Value::Bare(text.into_owned()),
                    _ => Value::Text {
                        text: text.into_owned(),
                        start: None,
                    },
                };
                self.add(Node { at, value }, anchor, 1)
            }
            Event::SequenceStart(_, anchor, _) => self.enter(at, anchor, false),
            Event::MappingStart(_, anchor, _) => self.enter(at, anchor, true),
            Event::SequenceEnd | Event::MappingEnd => self.leave(),
            Event::Alias(anchor) => match self.anchors.get(&anchor).cloned() {
                Some((node, size)) => self.add(node, 0, size),
                None => Err((at, "an alias stands inside of what it names".to_owned())),
            },
            _ => Ok(()),
        }
    }

    fn enter(&mut self, at: At, anchor: usize, is_map: bool) -> Result<(), (At, String)> {
        if self.open.len() >= DEEPEST {
            return Err((at, format!("nested more than {DEEPEST} levels deep")));
        }
        self.open.push(Open {
            at,
            anchor,
            items: Vec::new(),
            is_map,
        });
        Ok(())
    }

    fn leave(&mut self) -> Result<(), (At, String)> {
        let Some(closed) = self.open.pop() else {
            return Ok(());
        };
        let value = if closed.is_map {
            Value::Map(entries(closed.items)?)
        } else {
            Value::List(closed.items)
        };
        let node = Node {
            at: closed.at,
            value,
        };
        self.add(node, closed.anchor, 1)
    }

    fn add(&mut self, node: Node, anchor: usize, size: usize) -> Result<(), (At, String)> {
        self.nodes = self.nodes.saturating_add(size);
        if self.nodes > MOST_NODES {
            return Err((node.at, format!("more than {MOST_NODES} values")));
        }
        if anchor > 0 {
            let whole = count(&node);
            // What is kept for aliases counts as well.
            self.nodes = self.nodes.saturating_add(whole);
            self.anchors.insert(anchor, (node.clone(), whole));
        }
        match self.open.last_mut() {
            Some(open) => open.items.push(node),
            None => self.documents.push(node),
        }
        Ok(())
    }
}

fn count(node: &Node) -> usize {
    1 + match &node.value {
        Value::List(items) => items.iter().map(count).sum(),
        Value::Map(entries) => entries.iter().map(|entry| count(&entry.node)).sum(),
        _ => 0,
    }
}

fn entries(items: Vec<Node>) -> Result<Vec<Entry>, (At, String)> {
    let mut entries = Vec::with_capacity(items.len() / 2);
    let mut items = items.into_iter();
    while let (Some(key), Some(node)) = (items.next(), items.next()) {
        let text = match key.value {
            Value::Text { text, .. } | Value::Bare(text) => text,
            other => return Err((key.at, format!("a key is {}", other.kind()))),
        };
        entries.push(Entry {
            key: text,
            at: key.at,
            node,
        });
    }
    Ok(entries)
}
