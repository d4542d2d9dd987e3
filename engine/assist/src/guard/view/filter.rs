//! What a filter of `jq` and its like shows: names alone, or the values at the ends of some ways.
//!
//! A filter is a pipe. What stands in it behind the ways sees nothing but what is at their ends, whatever it does with that.

use super::json_part::{Field, Way};

/// LIMIT: ways of one filter. Of more of them, all values are taken to be shown.
const MOST_WAYS: usize = 64;

/// LIMIT: bytes of a filter.
const LONGEST: usize = 1_024;

/// Whether a filter shows the names of settings, or how many there are: `keys`, `.a | keys`, `to_entries[].key`.
pub(super) fn has_only_names(filter: &str) -> bool {
    const NAMES: [&str; 10] = [
        "keys",
        "keys[]",
        "keys_unsorted",
        "keys_unsorted[]",
        "length",
        "type",
        "to_entries[].key",
        "to_entries[]|.key",
        "map(keys)",
        "map_values(type)",
    ];
    let filter: String = filter.split_whitespace().collect();
    // What is behind the last `|` is what is shown; with a comma, there is something beside it.
    let is_it = |name: &&str| {
        filter
            .strip_suffix(*name)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('|'))
    };
    let last = filter.rsplit('|').next().unwrap_or_default();
    let asks = last.starts_with("has(") && last.ends_with(')') && !last.contains([';', '|']);
    !filter.contains(',') && (asks || NAMES.iter().any(is_it))
}

/// The ways to the values that a filter shows, in whatever form; nothing when it may show any. `is_yq` takes `-` for a letter of
/// names.
pub(super) fn ways(filter: &str, is_yq: bool) -> Option<Vec<Way>> {
    if filter.len() > LONGEST {
        return None;
    }
    let mut ways = vec![Way::new()];
    let mut is_rewritten = false;
    for piece in split(filter, '|')? {
        match ways_of(piece, is_yq) {
            // Its names are those of something that was made of the values.
            Some(_) if is_rewritten => {}
            Some(further) if ways.len() * further.len() <= MOST_WAYS => {
                let longer = |way: &Way| -> Vec<Way> {
                    let longer = |more: &Way| way.iter().chain(more).cloned().collect();
                    further.iter().map(longer).collect()
                };
                ways = ways.iter().flat_map(longer).collect();
            }
            Some(_) => is_rewritten = true,
            None if is_choice(piece) => {}
            // It may ask for another text, or name something that was kept before.
            None if ["input", "$", "env"]
                .iter()
                .any(|word| piece.contains(word)) =>
            {
                return None;
            }
            None => is_rewritten = true,
        }
    }
    let is_whole = ways.iter().any(Vec::is_empty);
    (!is_whole).then_some(ways)
}

/// `select(.a == "b")`, which leaves a value as it is, or leaves it out.
fn is_choice(piece: &str) -> bool {
    let inner = piece.strip_prefix("select(");
    let inner = inner.and_then(|rest| rest.strip_suffix(')'));
    let is_plain = |letter: char| letter.is_alphanumeric() || "._\" =!<>-".contains(letter);
    inner.is_some_and(|inner| inner.chars().all(is_plain))
}

/// The parts of a text between these letters, but for those in brackets and quotes; nothing when a bracket is open.
fn split(text: &str, between: char) -> Option<Vec<&str>> {
    let (mut parts, mut start, mut open) = (Vec::new(), 0, 0_usize);
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (at, letter) in text.char_indices() {
        match letter {
            '"' if !is_escaped => is_quoted = !is_quoted,
            _ if is_quoted => {}
            '(' | '[' | '{' => open += 1,
            ')' | ']' | '}' => open = open.checked_sub(1)?,
            _ if letter == between && open == 0 => {
                parts.push(text.get(start..at)?.trim());
                start = at + letter.len_utf8();
            }
            _ => {}
        }
        is_escaped = letter == '\\' && !is_escaped;
    }
    parts.push(text.get(start..)?.trim());
    (open == 0 && !is_quoted).then_some(parts)
}

/// The ways of `.a, .b[0]`, `{a, b: .c}`, `.a // "none"`.
fn ways_of(piece: &str, is_yq: bool) -> Option<Vec<Way>> {
    let mut ways = Vec::new();
    for branch in split(piece, ',')? {
        let fields = branch
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'));
        let Some(fields) = fields else {
            ways.extend(way_or_text(branch, is_yq)?);
            continue;
        };
        for field in split(fields, ',')? {
            let value = match field.split_once(':') {
                Some((name, value)) => {
                    // A name in brackets, or with some in it, is a value.
                    let is_plain =
                        |letter: char| letter.is_alphanumeric() || "_-\" ".contains(letter);
                    let is_name = name.chars().all(is_plain);
                    is_name.then(|| value.trim().to_owned())?
                }
                None => format!(".{field}"),
            };
            ways.extend(way_or_text(&value, is_yq)?);
        }
    }
    Some(ways)
}

/// `.a`, and `.a // "none"`.
fn way_or_text(branch: &str, is_yq: bool) -> Option<Vec<Way>> {
    let is_text = |text: &str| {
        let is_word = ["", "empty", "null", "true", "false"].contains(&text);
        quoted(text).is_some() || is_word || text.parse::<i64>().is_ok()
    };
    let (first, rest) = branch.split_once("//").unwrap_or((branch, ""));
    let ways = std::iter::once(way(first.trim(), is_yq)?);
    let rest = rest.trim();
    match is_text(rest) {
        true => Some(ways.collect()),
        false => Some(ways.chain([way(rest, is_yq)?]).collect()),
    }
}

/// `.`, `.a.b`, `.a[].b`, `.["a"]?`
fn way(text: &str, is_yq: bool) -> Option<Way> {
    let mut rest = text.strip_prefix('.')?;
    let mut way = Way::new();
    let mut has_dot = true;
    while !rest.is_empty() {
        let is_of_name = |letter: char| {
            letter.is_ascii_alphanumeric() || letter == '_' || (is_yq && letter == '-')
        };
        if let Some(behind) = rest.strip_prefix('[') {
            let (inner, behind) = behind.split_once(']')?;
            way.push(match quoted(inner) {
                Some(name) => Field::Named(name),
                None if inner
                    .chars()
                    .all(|letter| letter.is_ascii_digit() || "-:".contains(letter)) =>
                {
                    Field::Any
                }
                None => return None,
            });
            rest = behind;
        } else if let Some(behind) = rest.strip_prefix('?') {
            rest = behind;
        } else if let (Some(behind), false) = (rest.strip_prefix('.'), has_dot) {
            (rest, has_dot) = (behind, true);
            continue;
        } else if let (Some(behind), true) = (rest.strip_prefix('"'), has_dot) {
            let (name, behind) = behind.split_once('"')?;
            way.push(Field::Named(quoted(&format!("\"{name}\""))?));
            rest = behind;
        } else if has_dot && rest.starts_with(is_of_name) {
            let length = rest
                .find(|letter| !is_of_name(letter))
                .unwrap_or(rest.len());
            let (name, behind) = rest.split_at(length);
            way.push(Field::Named(name.to_owned()));
            rest = behind;
        } else {
            return None;
        }
        has_dot = false;
    }
    Some(way)
}

/// A text in quotes that stands for itself.
fn quoted(text: &str) -> Option<String> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    (!inner.contains(['"', '\\'])).then(|| inner.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_values_that_a_filter_shows_are_known_where_it_is_sure() {
        for (filter, expected) in [
            (".port", Some("port")),
            (".a.b", Some("a.b")),
            (" .a[].b? ", Some("a.*.b")),
            (".a[0][\"b c\"]", Some("a.*.b c")),
            (".\"a-b\".c", Some("a-b.c")),
            (".[] | .name", Some("*.name")),
            (".a, .b.c", Some("a b.c")),
            (".a | .b, .c", Some("a.b a.c")),
            (".a | keys", Some("a")),
            (".a | to_entries[] | .value", Some("a")),
            (".a | \"x \\(.b)\" | .c", Some("a")),
            (".[] | select(.id == \"a\") | .b", Some("*.b")),
            ("{a, b: .c.d}", Some("a c.d")),
            (".a // \"none\"", Some("a")),
            (".a // .b // empty", None),
            (".a // .b", Some("a b")),
            (".", None),
            ("..", None),
            (".a, .", None),
            ("keys, .a", None),
            ("\"\\(.a)\"", None),
            ("to_entries", None),
            ("{a, (b): .c}", None),
            (". as $x | .a", None),
            (".a | $x", None),
            (".a | input", None),
            (".a + .b", None),
            (".a-b", None),
            (".a[$x]", None),
            (".[.a]", None),
            (".a | (.b", None),
            (".a..b", None),
            ("del(.a)", None),
        ] {
            let shown = ways(filter, false).map(|ways| {
                let ways = ways.iter().map(|way| {
                    let fields = way.iter().map(|field| match field {
                        Field::Named(name) => name.as_str(),
                        Field::Any => "*",
                    });
                    fields.collect::<Vec<_>>().join(".")
                });
                ways.collect::<Vec<_>>().join(" ")
            });
            assert_eq!(shown.as_deref(), expected, "{filter}");
        }
        assert_eq!(
            ways(".a-b", true),
            Some(vec![vec![Field::Named("a-b".to_owned())]])
        );
        assert_eq!(ways(&format!(".a{}", "[]".repeat(1_000)), false), None);
    }
}
