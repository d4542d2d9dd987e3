//! What is planted besides the rules' own samples: kinds of credentials and of look-alikes, from `materials/`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::document::Category;

/// Values that are assigned to names.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Values {
    pub(crate) kind: String,
    /// Names; one with `@` before it is a pool of names.
    pub(crate) names: Vec<String>,
    pub(crate) values: Vec<String>,
    /// The formats they belong to; any, when there are none.
    #[serde(default)]
    pub(crate) formats: Vec<String>,
    /// How often they are drawn, compared with others.
    #[serde(default = "one")]
    pub(crate) weight: usize,
}

/// Lines that bring their own context: a credential with marks, a look-alike without.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Lines {
    pub(crate) kind: String,
    /// Of those with marks; connection when left out.
    #[serde(default)]
    pub(crate) category: Option<Category>,
    pub(crate) text: Vec<String>,
    #[serde(default)]
    pub(crate) names: Vec<String>,
    #[serde(default)]
    pub(crate) formats: Vec<String>,
    #[serde(default = "one")]
    pub(crate) weight: usize,
}

/// A whole file: a credential where there are marks, a look-alike all over when there are none.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct WholeFile {
    pub(crate) kind: String,
    /// What it is called in the table of file types.
    pub(crate) format: String,
    pub(crate) path: String,
    pub(crate) text: String,
    /// Lines of which so many are drawn where `‹rows›` stands on a line of its own.
    #[serde(default)]
    pub(crate) rows: Vec<String>,
}

/// One file of `materials/`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Material {
    /// Pools of names.
    #[serde(default)]
    pub(crate) names: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub(crate) credential: Vec<Values>,
    #[serde(default)]
    pub(crate) look_alike: Vec<Values>,
    #[serde(default)]
    pub(crate) line: Vec<Lines>,
    #[serde(default)]
    pub(crate) file: Vec<WholeFile>,
}

fn one() -> usize {
    1
}

impl Material {
    /// Adds another file's.
    pub(crate) fn extend(&mut self, other: Material) {
        self.names.extend(other.names);
        self.credential.extend(other.credential);
        self.look_alike.extend(other.look_alike);
        self.line.extend(other.line);
        self.file.extend(other.file);
    }

    /// Names with pools put in their place; of `usual` when there are none.
    pub(crate) fn resolved<'m>(&'m self, names: &'m [String], usual: &str) -> Vec<&'m str> {
        let pool = |name: &str| self.names.get(name).map_or(&[][..], Vec::as_slice);
        if names.is_empty() {
            return pool(usual).iter().map(String::as_str).collect();
        }
        names
            .iter()
            .flat_map(|name| match name.strip_prefix('@') {
                Some(name) => pool(name).iter().map(String::as_str).collect(),
                None => vec![name.as_str()],
            })
            .collect()
    }
}
