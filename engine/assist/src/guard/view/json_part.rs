//! Where in a text of JSON values stand, so that what `jq .port` leaves out of a file can be left out of what is looked at.
//!
//! The text is gone through once and nothing is built of it. What is no JSON has no parts.

use std::ops::Range;

/// LIMIT: values inside of each other. Deeper ones have no parts.
const DEEPEST: usize = 128;

/// A part of the way to a value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::guard) enum Field {
    /// The value with this name.
    Named(String),
    /// Any value in an object or a list.
    Any,
}

/// The way to a value.
pub(in crate::guard) type Way = Vec<Field>;

/// The text with nothing but the values at the ends of these ways, and the names on them; blanks stand for all other letters.
pub(super) fn part(text: &str, ways: &[Way]) -> Option<String> {
    let mut reader = Reader {
        text,
        at: 0,
        spans: Vec::new(),
    };
    let ways: Vec<&[Field]> = ways.iter().map(Vec::as_slice).collect();
    reader.all(&ways)?;
    let mut spans = reader.spans;
    spans.sort_by_key(|span| span.start);
    let mut part = String::with_capacity(text.len());
    let mut at = 0;
    for span in spans {
        let start = span.start.max(at);
        blank(text.get(at..start)?, &mut part);
        at = span.end.max(start);
        part.push_str(text.get(start..at)?);
    }
    blank(text.get(at..)?, &mut part);
    Some(part)
}

fn blank(text: &str, part: &mut String) {
    part.extend(text.chars().map(|letter| match letter {
        '\n' => '\n',
        _ => ' ',
    }));
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    /// What is kept.
    spans: Vec<Range<usize>>,
}

impl<'t> Reader<'t> {
    /// All values of the text: there may be several, one behind the other.
    fn all(&mut self, ways: &[&[Field]]) -> Option<()> {
        while self.next().is_some() {
            self.value(ways, 0)?;
        }
        Some(())
    }

    /// The next letter that is no blank.
    fn next(&mut self) -> Option<u8> {
        let rest = self.text.get(self.at..)?;
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, letter: u8) -> Option<()> {
        (self.next() == Some(letter)).then(|| self.at += 1)
    }

    /// A value, to which these are the rests of the ways that lead to it.
    fn value(&mut self, ways: &[&[Field]], depth: usize) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        let first = self.next()?;
        let start = self.at;
        let is_plain = match first {
            b'{' => {
                self.object(ways, depth)?;
                false
            }
            b'[' => {
                self.list(ways, depth)?;
                false
            }
            b'"' => {
                self.string()?;
                true
            }
            _ => {
                self.word()?;
                true
            }
        };
        // Where the way goes on behind a text, there is an error, which may tell of it.
        if ways.iter().any(|way| way.is_empty() || is_plain) {
            self.spans.push(start..self.at);
        }
        Some(())
    }

    fn object(&mut self, ways: &[&[Field]], depth: usize) -> Option<()> {
        self.take(b'{')?;
        if self.take(b'}').is_some() {
            return Some(());
        }
        loop {
            self.next()?;
            let start = self.at;
            let name = self.string()?;
            self.take(b':')?;
            let inner = ways.iter().filter_map(|way| match way.split_first()? {
                (Field::Named(wanted), rest) => is_called(name, wanted).then_some(rest),
                (Field::Any, rest) => Some(rest),
            });
            let inner: Vec<&[Field]> = inner.collect();
            if !inner.is_empty() {
                self.spans.push(start..self.at);
            }
            self.value(&inner, depth + 1)?;
            if self.take(b'}').is_some() {
                return Some(());
            }
            self.take(b',')?;
        }
    }

    fn list(&mut self, ways: &[&[Field]], depth: usize) -> Option<()> {
        let inner = ways.iter().filter_map(|way| match way.split_first()? {
            (Field::Any, rest) => Some(rest),
            (Field::Named(_), _) => None,
        });
        let inner: Vec<&[Field]> = inner.collect();
        self.take(b'[')?;
        if self.take(b']').is_some() {
            return Some(());
        }
        loop {
            self.value(&inner, depth + 1)?;
            if self.take(b']').is_some() {
                return Some(());
            }
            self.take(b',')?;
        }
    }

    /// A text in quotes; what stands between them, as it is written.
    fn string(&mut self) -> Option<&'t str> {
        self.take(b'"')?;
        let start = self.at;
        let mut is_escaped = false;
        let bytes = self.text.as_bytes().get(start..)?;
        let length = bytes.iter().position(|byte| {
            let ends = *byte == b'"' && !is_escaped;
            is_escaped = *byte == b'\\' && !is_escaped;
            ends
        })?;
        self.at = start + length + 1;
        self.text.get(start..start + length)
    }

    /// A number, `true`, `null`.
    fn word(&mut self) -> Option<()> {
        let rest = self.text.get(self.at..)?;
        let is_of_word = |letter: char| letter.is_ascii_alphanumeric() || "+-.".contains(letter);
        let length = rest.find(|letter| !is_of_word(letter));
        let length = length.unwrap_or(rest.len());
        let is_word = match rest.get(..length)? {
            "true" | "false" | "null" => true,
            number => serde_json::from_str::<serde_json::Number>(number).is_ok(),
        };
        self.at += length;
        is_word.then_some(())
    }
}

/// Whether a name that may have escapes in it is this one.
fn is_called(written: &str, wanted: &str) -> bool {
    if !written.contains('\\') {
        return written == wanted;
    }
    let read = serde_json::from_str::<String>(&format!("\"{written}\""));
    // What is no name may be any.
    read.map_or(true, |name| name == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(parts: &[&str]) -> Way {
        let parts = parts.iter().map(|part| match *part {
            "*" => Field::Any,
            name => Field::Named(name.to_owned()),
        });
        parts.collect()
    }

    #[test]
    fn values_and_the_names_on_the_way_to_them_are_left() {
        for (text, ways, expected) in [
            (
                r#"{"a": 1, "b": "x"}"#,
                vec![vec!["a"]],
                r#" "a": 1           "#,
            ),
            (
                "{\"é\": \"x\",\n \"a\": {\"b\": [1, {\"c\": 2}]}}",
                vec![vec!["a", "b", "*", "c"]],
                "          \n \"a\":  \"b\":  1   \"c\": 2    ",
            ),
            (
                r#"{"a": 1, "a": 2, "\u0061": 3}"#,
                vec![vec!["a"]],
                r#" "a": 1  "a": 2  "\u0061": 3 "#,
            ),
            (
                r#"{"a": 1, "b": 2, "c": 3}"#,
                vec![vec!["c"], vec!["a"]],
                r#" "a": 1          "c": 3 "#,
            ),
            (
                r#"{"a": {"b": 1}}"#,
                vec![vec!["a", "b"], vec!["a"]],
                r#" "a": {"b": 1} "#,
            ),
            (r#"{"a": [1, 2]}"#, vec![vec!["a", "b"]], r#" "a":        "#),
            (r#"{"a": "x"}"#, vec![vec!["a", "*"]], r#" "a": "x" "#),
            (
                "[] {} \"a\\\"\" -1.5e3 null",
                vec![vec![]],
                "[] {} \"a\\\"\" -1.5e3 null",
            ),
        ] {
            let ways: Vec<Way> = ways.iter().map(|parts| way(parts)).collect();
            assert_eq!(part(text, &ways).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_json_has_no_parts() {
        for text in [
            "{",
            "{\"a\"}",
            "{\"a\": 1,}",
            "[1 2]",
            "[1,]",
            "\"a",
            "a: 1",
            "{'a': 1}",
            "1.2.3",
            "{\"a\": 1} // b",
            &"[".repeat(100_000),
            &format!("{}{}", "[".repeat(200), "]".repeat(200)),
        ] {
            assert_eq!(part(text, &[way(&["a"])]), None, "{text:.40}");
        }
    }
}
