//! JSON that is safe to print: besides what JSON demands, the characters that a terminal acts on are written as
//! `\u` escapes (delete, the C1 controls, text-direction marks, line separators).
//!
//! Nothing is lost by it: a reader gets the same strings back.

use std::io;

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};

use crate::harmless::visible;

/// Writes `value` on one line.
pub(crate) fn write_compact(
    out: &mut dyn io::Write,
    value: &impl Serialize,
) -> Result<(), serde_json::Error> {
    value.serialize(&mut Serializer::with_formatter(out, Safe(CompactFormatter)))
}

/// Writes `value` indented by two blanks.
pub(crate) fn write_pretty(
    out: &mut dyn io::Write,
    value: &impl Serialize,
) -> Result<(), serde_json::Error> {
    let formatter = Safe(PrettyFormatter::new());
    value.serialize(&mut Serializer::with_formatter(out, formatter))
}

/// A formatter that lays out as its inner one does, with safe strings.
struct Safe<F>(F);

impl<F: Formatter> Formatter for Safe<F> {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, character)) = rest
            .char_indices()
            .find(|&(_, character)| visible(character) != character)
        {
            let (before, from) = rest.split_at(at);
            self.0.write_string_fragment(out, before)?;
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
            rest = from.get(character.len_utf8()..).unwrap_or_default();
        }
        self.0.write_string_fragment(out, rest)
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_array(out)
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array(out)
    }

    fn begin_array_value<W: ?Sized + io::Write>(
        &mut self,
        out: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.0.begin_array_value(out, first)
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array_value(out)
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object(out)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object(out)
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        out: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.0.begin_object_key(out, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object_value(out)
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object_value(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_acts_on_is_escaped_and_reads_back_as_it_was() {
        let text = "a\u{9b}2J\u{202e}\x1b\x7f\"é😀\u{feff}\u{2028}";
        let mut written = Vec::new();
        write_compact(&mut written, &text).expect("a vector takes all bytes");
        let written = String::from_utf8(written).expect("JSON is UTF-8");
        assert!(
            written
                .chars()
                .all(|character| visible(character) == character)
        );
        assert_eq!(
            serde_json::from_str::<String>(&written).expect("valid JSON"),
            text
        );
    }

    #[test]
    fn pretty_and_compact_text_mean_the_same() {
        let value = serde_json::json!({"a": [1, {"b": []}], "c": {}});
        let (mut pretty, mut compact) = (Vec::new(), Vec::new());
        write_pretty(&mut pretty, &value).expect("a vector takes all bytes");
        write_compact(&mut compact, &value).expect("a vector takes all bytes");
        assert_eq!(
            pretty,
            serde_json::to_vec_pretty(&value).expect("serializes")
        );
        assert_eq!(compact, serde_json::to_vec(&value).expect("serializes"));
    }
}
