//! Text with places for values: `/v1/keys/{id}`, `{secret:base64}`.
//!
//! A place is a brace, a name of lower-case letters, digits and dashes, maybe a colon and a word that says what is done
//! with the value, and a brace. Everything else is text, other braces as well: JSON stands in such templates.

/// A part of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'t> {
    /// Stands for itself.
    Text(&'t str),
    /// A place for a value.
    Value {
        /// What belongs here: `secret`, or a companion's name.
        name: &'t str,
        /// What is done with it; empty for nothing.
        change: &'t str,
        /// As written, braces included.
        written: &'t str,
    },
}

/// The parts of a template, in order.
#[must_use]
pub fn parts(template: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let (mut rest, mut text) = (template, 0);
    while let Some(found) = rest.get(text..).and_then(|tail| tail.find('{')) {
        let open = text + found;
        match place(rest.get(open..).unwrap_or_default()) {
            Some((part, length)) => {
                push_text(&mut parts, rest.get(..open));
                parts.push(part);
                rest = rest.get(open + length..).unwrap_or_default();
                text = 0;
            }
            None => text = open + 1,
        }
    }
    push_text(&mut parts, Some(rest));
    parts
}

/// The names of all places in a template.
pub fn names(template: &str) -> impl Iterator<Item = &str> {
    parts(template).into_iter().filter_map(|part| match part {
        Part::Value { name, .. } => Some(name),
        Part::Text(_) => None,
    })
}

fn push_text<'t>(parts: &mut Vec<Part<'t>>, text: Option<&'t str>) {
    parts.extend(text.filter(|text| !text.is_empty()).map(Part::Text));
}

/// The place at the beginning of a text that starts with a brace, and how long it is.
fn place(text: &str) -> Option<(Part<'_>, usize)> {
    let end = text.find('}')?;
    let inner = text.get(1..end)?;
    let (name, change) = inner.split_once(':').unwrap_or((inner, ""));
    let is_word = |word: &str| {
        word.bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let is_place = name.starts_with(|first: char| first.is_ascii_lowercase())
        && is_word(name)
        && is_word(change);
    let written = text.get(..=end)?;
    is_place.then_some((
        Part::Value {
            name,
            change,
            written,
        },
        end + 1,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(template: &str) -> String {
        let show = |part: Part<'_>| match part {
            Part::Text(text) => format!("[{text}]"),
            Part::Value { name, change, .. } => format!("<{name}|{change}>"),
        };
        parts(template).into_iter().map(show).collect()
    }

    #[test]
    fn only_names_in_braces_are_places() {
        for (template, expected) in [
            ("", ""),
            ("/user", "[/user]"),
            ("/v1/{id}/x", "[/v1/]<id|>[/x]"),
            ("{secret:base64}{a-b}", "<secret|base64><a-b|>"),
            (r#"{"q":"{Me}"}"#, r#"[{"q":"{Me}"}]"#),
            (r#"{"k":"{secret}"}"#, r#"[{"k":"]<secret|>["}]"#),
            ("{", "[{]"),
            ("{}{9a}é{", "[{}{9a}é{]"),
        ] {
            assert_eq!(shown(template), expected, "{template}");
        }
    }
}
