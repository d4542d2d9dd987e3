//! A file of SOPS taken apart: leaves, metadata, and where each stands; for YAML, JSON and dotenv alike.

use std::ops::Range;

use serde_json::{Map, Value, json};

use super::dotenv::assignments;
use super::file_store::FormatError;
use super::leaves::{Leaf, Nature, leaves, quoted};

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Syntax {
    Yaml,
    Json,
    Dotenv,
}

/// A file taken apart.
pub(super) struct Document {
    pub(super) syntax: Syntax,
    /// The values, without SOPS's own.
    pub(super) leaves: Vec<Leaf>,
    /// What stands below `sops`.
    pub(super) metadata: Value,
    /// Where the code of the whole file and the time of the last change stand.
    pub(super) mac: Leaf,
    pub(super) changed: Leaf,
    /// Where SOPS's own part begins: new values go before it.
    pub(super) sops_start: usize,
}

fn malformed(what: &str) -> FormatError {
    FormatError::Malformed(what.to_owned())
}

impl Document {
    pub(super) fn parse(text: &str, syntax: Syntax) -> Result<Self, FormatError> {
        if syntax == Syntax::Dotenv {
            return Self::parse_dotenv(text);
        }
        let (own, leaves): (Vec<Leaf>, Vec<Leaf>) = leaves(text)?
            .into_iter()
            .partition(|leaf| leaf.keys.first().is_some_and(|key| key == "sops"));
        // The texts are read by the same parser as the leaves, so that metadata means what stands there.
        let mut metadata = json!({});
        for leaf in &own {
            let value = match leaf.nature {
                Nature::Null => Value::Null,
                Nature::Bool => json!(leaf.says.eq_ignore_ascii_case("true")),
                Nature::Integer => leaf
                    .says
                    .parse::<i64>()
                    .map_or_else(|_| json!(leaf.says), |number| json!(number)),
                _ => json!(leaf.says),
            };
            set(&mut metadata, &leaf.pointer, value);
        }
        let at = |pointer: &str| {
            own.iter()
                .find(|leaf| leaf.pointer == pointer)
                .cloned()
                .ok_or_else(|| {
                    malformed("it is no file of SOPS: there is no sops.mac or sops.lastmodified")
                })
        };
        Ok(Self {
            syntax,
            mac: at("/sops/mac")?,
            changed: at("/sops/lastmodified")?,
            metadata: metadata
                .get("sops")
                .cloned()
                .ok_or_else(|| malformed("it is no file of SOPS"))?,
            sops_start: sops_start(text, syntax)
                .ok_or_else(|| malformed("the sops part does not stand at the top level"))?,
            leaves,
        })
    }

    /// Flat names: `sops_age__list_0__map_enc` is `age[0].enc`.
    fn parse_dotenv(text: &str) -> Result<Self, FormatError> {
        let mut leaves = Vec::new();
        let mut metadata = json!({});
        let (mut mac, mut changed, mut start) = (None, None, None);
        for assignment in assignments(text)? {
            let raw = text.get(assignment.value.clone()).unwrap_or_default();
            let leaf = Leaf {
                keys: vec![assignment.name.to_owned()],
                pointer: format!("/{}", assignment.name),
                key_start: Some(assignment.line.start),
                span: assignment.value.clone(),
                says: raw.replace("\\n", "\n"),
                nature: Nature::Text,
                is_quoted: false,
                is_flow: false,
            };
            let Some(own) = assignment.name.strip_prefix("sops_") else {
                leaves.push(leaf);
                continue;
            };
            start.get_or_insert(assignment.line.start);
            let pointer = own.replace("__list_", "/").replace("__map_", "/");
            set(&mut metadata, &format!("/{pointer}"), json!(leaf.says));
            match own {
                "mac" => mac = Some(leaf),
                "lastmodified" => changed = Some(leaf),
                _ => {}
            }
        }
        let missing =
            || malformed("it is no file of SOPS: there is no sops_mac or sops_lastmodified");
        Ok(Self {
            syntax: Syntax::Dotenv,
            leaves,
            metadata,
            mac: mac.ok_or_else(missing)?,
            changed: changed.ok_or_else(missing)?,
            sops_start: start.ok_or_else(missing)?,
        })
    }

    /// A text of the metadata.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.metadata
            .get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    }

    /// A yes or no of the metadata.
    pub(super) fn flag(&self, name: &str) -> bool {
        matches!(self.metadata.get(name), Some(Value::Bool(true)))
            || self.text(name) == Some("true")
    }

    /// Where a value is taken away with its line.
    pub(super) fn line_of(&self, leaf: &Leaf, text: &str) -> Result<Range<usize>, FormatError> {
        let unsupported = || {
            FormatError::Unsupported(format!(
                "{} does not stand on a line of its own; take it away by hand",
                leaf.pointer
            ))
        };
        let key = leaf.key_start.ok_or_else(unsupported)?;
        let before = text.get(..key).ok_or_else(unsupported)?;
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let is_first = text
            .get(start..key)
            .is_some_and(|blank| blank.trim().is_empty());
        let rest = text.get(leaf.span.end..).ok_or_else(unsupported)?;
        let end = leaf.span.end + rest.find('\n').map_or(rest.len(), |newline| newline + 1);
        let after = text.get(leaf.span.end..end).unwrap_or_default().trim();
        let is_last = match self.syntax {
            // Something stands behind it: `sops` itself, if nothing else does.
            Syntax::Json => after == ",",
            Syntax::Yaml => after.is_empty() || after.starts_with('#'),
            Syntax::Dotenv => true,
        };
        // Other values of a mapping that would be empty.
        let is_top = leaf.keys.len() == 1;
        if is_first && is_last && is_top && (!leaf.is_flow || self.syntax == Syntax::Json) {
            Ok(start..end)
        } else {
            Err(unsupported())
        }
    }

    /// A new line at the top level. `value` is encrypted or to be quoted.
    pub(super) fn new_line(&self, name: &str, value: &str, text: &str) -> String {
        match self.syntax {
            Syntax::Dotenv => format!("{name}={}\n", value.replace('\n', "\\n")),
            Syntax::Json => {
                let indent = text
                    .get(..self.sops_start)
                    .and_then(|before| before.rfind('\n'))
                    .and_then(|newline| text.get(newline + 1..self.sops_start))
                    .unwrap_or("\t");
                format!("{}: {},\n{indent}", quoted(name), quoted(value))
            }
            Syntax::Yaml => format!("{}: {}\n", yaml_key(name), yaml_value(value)),
        }
    }

    /// A value in the place of another one, written as its neighbours are.
    pub(super) fn in_place(&self, leaf: &Leaf, value: &str) -> String {
        match self.syntax {
            Syntax::Dotenv => value.replace('\n', "\\n"),
            Syntax::Json => quoted(value),
            Syntax::Yaml if leaf.is_quoted || leaf.is_flow => quoted(value),
            Syntax::Yaml => yaml_value(value),
        }
    }
}

/// A name as a key of YAML.
pub(super) fn yaml_key(name: &str) -> String {
    let is_plain = name
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
    let is_word = matches!(
        name.to_ascii_lowercase().as_str(),
        "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "y" | "n"
    );
    if is_plain && !is_word {
        name.to_owned()
    } else {
        quoted(name)
    }
}

/// A value as a scalar of YAML: encrypted ones plain, as SOPS writes them, all others quoted.
fn yaml_value(value: &str) -> String {
    if super::sops_cipher::is_sealed(value) {
        value.to_owned()
    } else {
        quoted(value)
    }
}

/// Where the key `sops` of the top level begins.
fn sops_start(text: &str, syntax: Syntax) -> Option<usize> {
    match syntax {
        Syntax::Yaml => text
            .match_indices("sops:")
            .map(|(at, _)| at)
            .filter(|at| *at == 0 || text.as_bytes().get(at - 1) == Some(&b'\n'))
            .last(),
        _ => text.rfind("\"sops\""),
    }
}

/// Sets a value at a pointer; numbers make lists.
fn set(root: &mut Value, pointer: &str, value: Value) {
    let mut here = root;
    for key in pointer.split('/').skip(1) {
        let key = key.replace("~1", "/").replace("~0", "~");
        let index = key.parse::<usize>().ok().filter(|index| *index < 10_000);
        here = match index {
            Some(index) => {
                if !here.is_array() {
                    *here = Value::Array(Vec::new());
                }
                let Some(items) = here.as_array_mut() else {
                    return;
                };
                while items.len() <= index {
                    items.push(Value::Null);
                }
                let Some(item) = items.get_mut(index) else {
                    return;
                };
                item
            }
            None => {
                if !here.is_object() {
                    *here = Value::Object(Map::new());
                }
                let Some(map) = here.as_object_mut() else {
                    return;
                };
                map.entry(key).or_insert(Value::Null)
            }
        };
    }
    *here = value;
}
