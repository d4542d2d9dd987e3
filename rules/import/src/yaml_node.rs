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
    let lines = Lines::of(source.text);
    for event in Parser::new_from_str(source.text) {
        let told = match event {
            Ok((event, span)) => builder.take(event, lines.place(&span.start)),
            Err(error) => Err((lines.place(error.marker()), error.to_string())),
        };
        if let Err((at, problem)) = told {
            source.report_at(at, problem);
            return None;
        }
    }
    Some(builder.documents)
}

/// Where the parser's lines begin in ours. For YAML a carriage return alone ends a line; for editors and for whoever reads a problem it
/// stands in one.
struct Lines {
    /// Line and characters before, for each of the parser's lines; empty where they are ours.
    starts: Vec<(usize, usize)>,
}

impl Lines {
    fn of(text: &str) -> Self {
        let is_alone = |at: usize| text.as_bytes().get(at + 1) != Some(&b'\n');
        if !text.match_indices('\r').any(|(at, _)| is_alone(at)) {
            return Self { starts: Vec::new() };
        }
        let (mut line, mut column) = (1, 0);
        let mut starts = vec![(line, column)];
        for (at, character) in text.char_indices() {
            column += 1;
            if character == '\n' {
                (line, column) = (line + 1, 0);
            }
            if character == '\n' || (character == '\r' && is_alone(at)) {
                starts.push((line, column));
            }
        }
        Self { starts }
    }

    fn place(&self, marker: &Marker) -> At {
        let theirs = self.starts.get(marker.line().saturating_sub(1)).copied();
        let (line, before) = theirs.unwrap_or((marker.line(), 0));
        (saturated(line), saturated(before + marker.col() + 1))
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_carriage_return_alone_ends_no_line_of_ours() {
        let starts = |text: &str| Lines::of(text).starts;
        assert_eq!(starts("a: 1\r\nb: 2\n"), []);
        assert_eq!(
            starts("a: 1\rb: 2\n\r\nc: 3"),
            [(1, 0), (1, 5), (2, 0), (3, 0)]
        );
        let text = "a: 1\rb: [2\nc: }";
        let lines = Lines::of(text);
        let error = Parser::new_from_str(text).find_map(Result::err);
        let (line, _) = lines.place(error.expect("an error").marker());
        assert_eq!(line, 2);
    }
}
