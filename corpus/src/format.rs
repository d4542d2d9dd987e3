//! A file format: believable surroundings, and the ways in which it writes down a name and a value.
//!
//! One TOML file in `formats/` for each; README.md describes it.

use serde::Deserialize;

use crate::document::Category;
use crate::plant::{Content, Plant};

/// Which plants a host takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Accepts {
    /// All.
    #[default]
    Everything,
    /// None that could rightly be held for a sample there: the host is a test or documentation.
    Unmistakable,
}

/// A file to be, in which lines that hold nothing but `‹slot›` are for plants.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Host {
    /// In place of the format's paths.
    #[serde(default)]
    pub(crate) path: Option<String>,
    #[serde(default)]
    pub(crate) accepts: Accepts,
    pub(crate) text: String,
}

impl AsRef<str> for Host {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

/// How plants are written in one kind of slot.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Slot {
    pub(crate) name: String,
    /// With `‹value›` and the name in some style.
    #[serde(default)]
    pub(crate) pairs: Vec<String>,
    /// With `‹raw›`.
    #[serde(default)]
    pub(crate) lines: Vec<String>,
    /// With `‹block›`.
    #[serde(default)]
    pub(crate) blocks: Vec<String>,
}

/// Lines of this format that are a credential (with marks) or look like one (without).
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct OwnLines {
    pub(crate) kind: String,
    pub(crate) slot: String,
    /// Names of pools or names; secret-like ones when left out.
    #[serde(default)]
    pub(crate) names: Vec<String>,
    /// Of those with marks; generic when left out.
    #[serde(default)]
    pub(crate) category: Option<Category>,
    pub(crate) text: Vec<String>,
}

/// A file format.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Format {
    /// Set by the library from the file's name.
    #[serde(skip)]
    pub(crate) name: String,
    pub(crate) paths: Vec<String>,
    /// Characters that no value may hold anywhere.
    #[serde(default)]
    pub(crate) never: String,
    /// Characters that no value may hold in double quotes, because they mean something there.
    #[serde(default)]
    pub(crate) never_in_double_quotes: String,
    /// Signs that a value without quotes may hold.
    #[serde(default = "usual_bare_signs")]
    pub(crate) bare: String,
    pub(crate) host: Vec<Host>,
    pub(crate) slot: Vec<Slot>,
    #[serde(default)]
    pub(crate) line: Vec<OwnLines>,
}

fn usual_bare_signs() -> String {
    "-_.+/=@:~%".to_owned()
}

impl Format {
    pub(crate) fn slot(&self, name: &str) -> Option<&Slot> {
        self.slot.iter().find(|slot| slot.name == name)
    }

    /// Whether some slot can hold the plant.
    pub(crate) fn takes(&self, plant: &Plant) -> bool {
        if let Content::Scene { .. } = plant.content {
            return plant.formats.contains(&self.name);
        }
        (plant.formats.is_empty() || plant.formats.contains(&self.name))
            && self
                .slot
                .iter()
                .any(|slot| !self.ways(slot, plant).is_empty())
    }

    /// The ways in which the slot can write the plant.
    pub(crate) fn ways<'f>(&'f self, slot: &'f Slot, plant: &'f Plant) -> Vec<&'f str> {
        let fitting = |ways: &'f [String], text: &str| -> Vec<&'f str> {
            ways.iter()
                .map(String::as_str)
                .filter(|way| self.can_write(way, text))
                .collect()
        };
        match &plant.content {
            Content::Pair { value, .. } => {
                let mut ways = fitting(&slot.pairs, value);
                if plant.is_generic() {
                    ways.retain(|way| names(way));
                }
                ways
            }
            Content::Line { text, .. } => fitting(&slot.lines, text),
            Content::Block { text, .. } => fitting(&slot.blocks, text),
            Content::Scene {
                slot: wanted,
                scene,
                ..
            } if *wanted == slot.name => vec![scene],
            Content::Scene { .. } | Content::File { .. } => Vec::new(),
        }
    }

    /// Whether the text can stand there without being escaped.
    fn can_write(&self, way: &str, text: &str) -> bool {
        if text.contains(|character: char| self.never.contains(character)) {
            return false;
        }
        if way.contains("‹block›") {
            return !["`", "\"\"\"", "'''", "\"#", "EOF"]
                .iter()
                .any(|delimiter| way.contains(delimiter) && text.contains(delimiter));
        }
        let Some(place) = way.find("‹value›").or_else(|| way.find("‹raw›")) else {
            return true;
        };
        let before = way[..place].chars().next_back();
        let after = way[place..]
            .split_once('›')
            .and_then(|(_, rest)| rest.chars().next());
        let is_free = |signs: &str| !text.contains(|character: char| signs.contains(character));
        match (before, after) {
            (Some('"'), _) => is_free("\"\\\n") && is_free(&self.never_in_double_quotes),
            (Some('\''), _) => is_free("'\\\n"),
            (Some('`'), _) => is_free("`\\\n$"),
            (Some('>'), Some('<')) => is_free("<>&\n"),
            _ if way.contains("‹raw›") => is_free("\n") && !text.contains("*/"),
            _ => self.is_bare(text),
        }
    }

    fn is_bare(&self, text: &str) -> bool {
        let is_plain = |character: char| character.is_ascii_alphanumeric();
        text.starts_with(|first| is_plain(first) || "/_+.".contains(first))
            && text
                .chars()
                .all(|character| is_plain(character) || self.bare.contains(character))
            && !text.ends_with([':', '%'])
    }
}

/// Whether a way to write a pair writes its name.
fn names(way: &str) -> bool {
    const STYLES: [&str; 10] = [
        "‹snake›",
        "‹SNAKE›",
        "‹camel›",
        "‹Pascal›",
        "‹kebab›",
        "‹Kebab›",
        "‹dots›",
        "‹flat›",
        "‹title›",
        "‹words›",
    ];
    STYLES.iter().any(|style| way.contains(style))
}
