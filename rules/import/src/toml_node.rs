//! TOML as a document.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::node::{DEEPEST, Entry, Node, Value};
use crate::source::Source;

/// The document; nothing when it is not TOML, which is then noted.
pub(crate) fn read(source: &Source<'_>) -> Option<Node> {
    let (document, errors) = DeTable::parse_recoverable(source.text);
    for error in &errors {
        let offset = error.span().map_or(0, |span| span.start);
        source.report_at(source.place(offset), error.message().trim_end());
    }
    errors.is_empty().then(|| Node {
        at: (1, 1),
        value: table(source, document.get_ref(), 0),
    })
}

fn table(source: &Source<'_>, table: &DeTable<'_>, depth: usize) -> Value {
    let entries = table.iter().map(|(key, value)| Entry {
        key: key.get_ref().to_string(),
        at: source.place(key.span().start),
        node: node(source, value, depth + 1),
    });
    let mut entries: Vec<Entry> = entries.collect();
    entries.sort_by_key(|entry| entry.at);
    Value::Map(entries)
}

fn node(source: &Source<'_>, value: &Spanned<DeValue<'_>>, depth: usize) -> Node {
    let span = value.span();
    let at = source.place(span.start);
    if depth > DEEPEST {
        source.report_at(at, format!("nested more than {DEEPEST} levels deep"));
        return Node {
            at,
            value: Value::Nothing,
        };
    }
    let value = match value.get_ref() {
        DeValue::String(text) => Value::Text {
            start: start_of(source.text.get(span.clone()).unwrap_or_default())
                .map(|inner| span.start + inner),
            text: text.to_string(),
        },
        DeValue::Integer(number) => number
            .as_str()
            .replace('_', "")
            .parse()
            .map_or(Value::Nothing, Value::Number),
        DeValue::Float(number) => number
            .as_str()
            .replace('_', "")
            .parse()
            .map_or(Value::Nothing, Value::Number),
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Datetime(date) => Value::Text {
            text: date.to_string(),
            start: None,
        },
        DeValue::Array(items) => Value::List(
            items
                .iter()
                .map(|item| node(source, item, depth + 1))
                .collect(),
        ),
        DeValue::Table(inner) => table(source, inner, depth),
    };
    Node { at, value }
}

/// Where in a string as it is written its first character stands, when all of them stand there as they are.
fn start_of(written: &str) -> Option<usize> {
    if written.starts_with('"') && written.contains('\\') {
        return None;
    }
    let quotes = if written.starts_with("'''") || written.starts_with("\"\"\"") {
        3
    } else {
        1
    };
    let rest = written.get(quotes..)?;
    // A line break right after three opening quotes is not part of the string.
    let line_break = match (quotes, rest) {
        (3, rest) if rest.starts_with("\r\n") => 2,
        (3, rest) if rest.starts_with('\n') => 1,
        _ => 0,
    };
    Some(quotes + line_break)
}
