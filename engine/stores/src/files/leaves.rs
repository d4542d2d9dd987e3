//! The leaves of a YAML or JSON text, with the places where they stand: so that one value can be replaced, and everything else,
//! comments and order included, stays as it is.
//!
//! JSON is read as the YAML that it is. LIMIT: one document, no anchors and aliases.

use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle};

use super::file_store::FormatError;

/// LIMIT: how deep a text is nested.
const DEPTH: usize = 64;

/// What a leaf is without looking at its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nature {
    Text,
    Integer,
    Float,
    Bool,
    Null,
}

/// One value.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    /// Keys on the way to it, without the places in lists.
    pub(super) keys: Vec<String>,
    /// The way to it as a JSON pointer, places in lists included.
    pub(super) pointer: String,
    /// Where its own key begins, for values of mappings.
    pub(super) key_start: Option<usize>,
    /// Where the value stands, with its quotes.
    pub(super) span: Range<usize>,
    /// What it says.
    pub(super) says: String,
    pub(super) nature: Nature,
    pub(super) is_quoted: bool,
    /// Whether it stands in `{…}` or `[…]`.
    pub(super) is_flow: bool,
}

enum Level {
    /// A mapping: the key whose value comes next, and where it began.
    Mapping {
        key: Option<(String, usize)>,
        is_flow: bool,
    },
    /// A list: the number of the next item.
    List { next: usize, is_flow: bool },
}

/// The leaves in the order in which they stand.
pub(super) fn leaves(text: &str) -> Result<Vec<Leaf>, FormatError> {
    let wrong = |what: &str| FormatError::Malformed(what.to_owned());
    let mut levels: Vec<Level> = Vec::new();
    let mut found = Vec::new();
    let mut documents = 0;
    for event in Parser::new_from_str(text) {
        // The parser's own words could repeat a piece of the text.
        let (event, span) = event.map_err(|error| {
            FormatError::Malformed(format!("line {} is no YAML", error.marker().line()))
        })?;
        match event {
            Event::DocumentStart(..) => {
                documents += 1;
                if documents > 1 {
                    return Err(wrong("several documents in one file"));
                }
            }
            Event::MappingStart(style, ..) => {
                begin(&mut levels)?;
                levels.push(Level::Mapping {
                    key: None,
                    is_flow: style == granit_parser::StructureStyle::Flow,
                });
            }
            Event::SequenceStart(style, ..) => {
                begin(&mut levels)?;
                levels.push(Level::List {
                    next: 0,
                    is_flow: style == granit_parser::StructureStyle::Flow,
                });
            }
            Event::MappingEnd | Event::SequenceEnd => {
                levels.pop();
                end(&mut levels);
            }
            Event::Scalar(says, style, anchor, tag) => {
                if anchor != 0 {
                    return Err(wrong("anchors are not understood"));
                }
                let range = span
                    .byte_range()
                    .ok_or_else(|| wrong("a value without a place"))?;
                let is_key = matches!(levels.last(), Some(Level::Mapping { key: None, .. }));
                if is_key {
                    if let Some(Level::Mapping { key, .. }) = levels.last_mut() {
                        *key = Some((says.into_owned(), range.start));
                    }
                    continue;
                }
                let nature = match (style, tag.is_some()) {
                    (ScalarStyle::Plain, false) => nature(&says),
                    _ => Nature::Text,
                };
                found.push(leaf(&levels, &says, nature, style, range));
                end(&mut levels);
            }
            Event::Alias(_) => return Err(wrong("aliases are not understood")),
            _ => {}
        }
        if levels.len() > DEPTH {
            return Err(wrong("it is nested too deep"));
        }
    }
    Ok(found)
}

/// A mapping or list begins as a value; as a key it would have no name.
fn begin(levels: &mut [Level]) -> Result<(), FormatError> {
    match levels.last() {
        Some(Level::Mapping { key: None, .. }) => {
            Err(FormatError::Malformed("a key that is no text".to_owned()))
        }
        _ => Ok(()),
    }
}

/// A value has ended.
fn end(levels: &mut [Level]) {
    match levels.last_mut() {
        Some(Level::Mapping { key, .. }) => *key = None,
        Some(Level::List { next, .. }) => *next += 1,
        None => {}
    }
}

fn leaf(
    levels: &[Level],
    says: &str,
    nature: Nature,
    style: ScalarStyle,
    span: Range<usize>,
) -> Leaf {
    let mut keys = Vec::new();
    let mut pointer = String::new();
    let mut key_start = None;
    let mut is_flow = false;
    for level in levels {
        match level {
            Level::Mapping {
                key,
                is_flow: inside,
            } => {
                let (name, start) = key.clone().unwrap_or_default();
                pointer.push('/');
                pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
                keys.push(name);
                key_start = Some(start);
                is_flow |= inside;
            }
            Level::List {
                next,
                is_flow: inside,
            } => {
                pointer.push_str(&format!("/{next}"));
                key_start = None;
                is_flow |= inside;
            }
        }
    }
    Leaf {
        keys,
        pointer,
        key_start,
        span,
        says: says.to_owned(),
        nature,
        is_quoted: style != ScalarStyle::Plain,
        is_flow,
    }
}

/// What a plain scalar is, by the core schema of YAML.
fn nature(says: &str) -> Nature {
    let digits = says.strip_prefix(['-', '+']).unwrap_or(says);
    let is_integer = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    match says {
        "" | "~" | "null" | "Null" | "NULL" => Nature::Null,
        "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => Nature::Bool,
        // A leading zero makes it an octal number for some readers and a text for others.
        _ if is_integer && (digits.len() == 1 || !digits.starts_with('0')) => Nature::Integer,
        _ if digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
            && says.bytes().any(|byte| byte.is_ascii_digit())
            && says.contains(['.', 'e', 'E'])
            && says
                .bytes()
                .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte))
            && says.parse::<f64>().is_ok() =>
        {
            Nature::Float
        }
        _ => Nature::Text,
    }
}

/// A text in double quotes, as JSON and YAML both read it.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_have_their_ways_natures_and_places() {
        let text = "# c\na: x # d\nb:\n    - 1\n    - c: \"y\"\n      'd/e': true\nf: 1.5\ng: {h: [z]}\nn: ~\nz: 007\n";
        let found = leaves(text).expect("leaves");
        let seen: Vec<(&str, &str, Nature)> = found
            .iter()
            .map(|leaf| {
                (
                    leaf.pointer.as_str(),
                    text.get(leaf.span.clone()).expect("a place"),
                    leaf.nature,
                )
            })
            .collect();
        assert_eq!(
            seen,
            [
                ("/a", "x", Nature::Text),
                ("/b/0", "1", Nature::Integer),
                ("/b/1/c", "\"y\"", Nature::Text),
                ("/b/1/d~1e", "true", Nature::Bool),
                ("/f", "1.5", Nature::Float),
                ("/g/h/0", "z", Nature::Text),
                ("/n", "~", Nature::Null),
                ("/z", "007", Nature::Text),
            ]
        );
        assert_eq!(found[2].keys, ["b", "c"]);
        assert!(found[5].is_flow && !found[0].is_flow);
    }

    #[test]
    fn json_is_read_alike() {
        let text = "{\n\t\"a\": \"x\\n\",\n\t\"b\": {\"c\": [1, null]}\n}\n";
        let found = leaves(text).expect("leaves");
        assert_eq!(found[0].says, "x\n");
        assert_eq!(text.get(found[0].span.clone()), Some("\"x\\n\""));
        assert_eq!(found[1].pointer, "/b/c/0");
    }

    #[test]
    fn what_cannot_be_kept_is_refused() {
        for text in [
            "a: &x 1\nb: *x\n",
            "a: 1\n---\nb: 2\n",
            "? [a]\n: b\n",
            "a: [\n",
        ] {
            assert!(leaves(text).is_err(), "{text}");
        }
    }
}
