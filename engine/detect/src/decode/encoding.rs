//! A decoded run: its bytes, and for each of them where it came from.

use std::ops::Range;

use leakward_core::{Limits, Span};

use super::sources::Sources;
use super::{base64, concatenation, entity, escaped, hex, inflate, quoted_printable, run, text};
use crate::byte_set::ByteSet;

/// Farthest from the end of a line of digits that is read to find the next one: a line break and indentation.
const LINE_GAP: usize = 43;

/// Hexadecimal digits that are decoded to tell whether the rest is worth it; shorter rows are not.
const HEX_SAMPLE: usize = 32;

/// LIMIT: how far to each side of an escape text is looked at.
pub(crate) const ESCAPES_REACH: usize = 2_048;

/// LIMIT: by so many digits of a run it is told whether the whole is worth decoding. Every line of a wrapped run is the
/// beginning of a run, so that the price of a vain try counts for each line.
const SAMPLE: usize = 1 << 10;

/// Decoded bytes with their way back.
#[derive(Clone, Debug)]
pub(crate) struct Decoded {
    /// The decoded bytes.
    pub(crate) bytes: Vec<u8>,
    sources: Sources,
    /// All source bytes.
    whole: Span,
    /// The names of the encodings, outermost first.
    pub(crate) encodings: Vec<&'static str>,
    /// Whether a limit cut it.
    pub(crate) is_cut: bool,
}

impl Decoded {
    pub(super) fn new(encodings: &[&'static str]) -> Decoded {
        Decoded {
            bytes: Vec::new(),
            sources: Sources::Each(Vec::new()),
            whole: Span::new(0, 0),
            encodings: encodings.to_vec(),
            is_cut: false,
        }
    }

    pub(super) fn push(&mut self, byte: u8, start: usize, end: usize) {
        self.reach(start, end);
        self.bytes.push(byte);
        self.sources.push(start, end);
    }

    /// Decoded characters of units of so many bytes.
    pub(super) fn of_units(encoding: &'static str, size: usize) -> Decoded {
        let marks = Vec::new();
        Decoded {
            sources: Sources::Units { size, marks },
            ..Decoded::new(&[encoding])
        }
    }

    /// Adds a character that stands at `start..end`: as many units as [`Decoded::of_units`] takes it for.
    pub(super) fn push_character(&mut self, character: char, start: usize, end: usize) {
        self.reach(start, end);
        self.sources.push_character(self.bytes.len(), start);
        let mut buffer = [0; 4];
        self.bytes
            .extend_from_slice(character.encode_utf8(&mut buffer).as_bytes());
    }

    fn reach(&mut self, start: usize, end: usize) {
        let first = if self.bytes.is_empty() {
            start
        } else {
            self.whole.start
        };
        self.whole = Span::new(first, end);
    }

    /// The source bytes of a span of decoded ones.
    pub(crate) fn original(&self, span: Span) -> Span {
        let first = self.sources.of(&self.bytes, span.start);
        let last = span
            .end
            .checked_sub(1)
            .and_then(|last| self.sources.of(&self.bytes, last));
        match (first, last) {
            (Some(first), Some(last)) => Span::new(first.start, last.end),
            _ => self.whole,
        }
    }

    /// The source bytes of everything.
    pub(crate) fn whole(&self) -> Span {
        self.whole
    }
}

/// What stands in the run of base64 digits that starts at `start`, when it decodes to text.
///
/// # Errors
/// It does not; which bytes say so.
pub(crate) fn decode_run(
    bytes: &[u8],
    start: usize,
    limits: &Limits,
) -> Result<Decoded, Range<usize>> {
    let read_head = start..start.saturating_add(run::SHORTEST);
    let Some(head) = bytes.get(read_head.clone()) else {
        return Err(read_head);
    };
    if head.iter().all(u8::is_ascii_hexdigit) {
        return decode_hex(bytes, start, limits);
    }
    // Most runs are identifiers and paths, and end here.
    if !may_be_text(head) {
        return Err(read_head);
    }
    let Some(kind) = base64::decode(head).and_then(|sample| kind_of(&sample)) else {
        return Err(read_head);
    };
    let most = limits.max_decoded_bytes / 3 * 4;
    let (sample, read) = decode_digits(bytes, start, most.min(SAMPLE));
    let goes_on = match kind {
        Kind::Text => text::looks_like_text(&sample.bytes),
        Kind::Utf16 => super::wide::decode(&sample.bytes).is_some(),
        Kind::Packed => inflate::inflate(&sample.bytes, SAMPLE).is_some(),
    };
    if !goes_on {
        return Err(read);
    }
    let (decoded, read) = decode_digits(bytes, start, most);
    decode_further(decoded, kind, limits).ok_or(read)
}

/// What the decoded bytes of a run are, as their beginning promises.
fn decode_further(decoded: Decoded, kind: Kind, limits: &Limits) -> Option<Decoded> {
    match kind {
        Kind::Text => Some(decoded),
        Kind::Utf16 => {
            let inner = super::wide::decode(&decoded.bytes)?;
            Some(compose(&decoded, &inner))
        }
        Kind::Packed => {
            let (text, name, is_cut) = inflate::inflate(&decoded.bytes, limits.max_decoded_bytes)?;
            Some(Decoded {
                bytes: text,
                sources: Sources::Unknown,
                whole: decoded.whole,
                encodings: vec!["base64", name],
                is_cut,
            })
        }
    }
}

/// The base64 digits from `start` on, over lines, up to so many bytes; and which bytes were read.
fn decode_digits(bytes: &[u8], start: usize, most: usize) -> (Decoded, Range<usize>) {
    let lines = lines_of(bytes, start, most);
    let end = lines.last().map_or(start, |line| line.end);
    let mut decoded = Decoded::new(&["base64"]);
    decode_lines(bytes, &lines, &mut decoded);
    decoded.is_cut = end - start >= most;
    (decoded, start..end + LINE_GAP)
}

/// Whether the first four digits decode to what texts, wide texts and packed data begin with.
fn may_be_text(head: &[u8]) -> bool {
    let Some(&[a, b, c, d]) = head.first_chunk::<4>() else {
        return false;
    };
    let bits = [a, b, c, d].iter().fold(0, |bits, byte| {
        bits << 6 | u32::from(base64::digit(*byte).unwrap_or_default())
    });
    let [_, first, second, third] = bits.to_be_bytes();
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r' | 0);
    match (first, second) {
        (0x1F, 0x8B)
        | (0x78, 0x01 | 0x5E | 0x9C | 0xDA)
        | (0xEF, 0xBB)
        | (0xFF, 0xFE)
        | (0xFE, 0xFF) => true,
        _ => is_plain(first) && is_plain(second) && is_plain(third),
    }
}

/// What the first bytes of a run decode to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Utf16,
    Packed,
}

fn kind_of(sample: &[u8]) -> Option<Kind> {
    if text::looks_like_text(sample) {
        Some(Kind::Text)
    } else if text::looks_like_utf16(sample) {
        Some(Kind::Utf16)
    } else if matches!(
        sample,
        [0x1F, 0x8B, 8, ..] | [0x78, 0x01 | 0x5E | 0x9C | 0xDA, ..]
    ) {
        Some(Kind::Packed)
    } else {
        None
    }
}

/// The parts of a run that is wrapped over lines: lines of equal length, a line break (or its escape) and indentation between.
fn lines_of(bytes: &[u8], start: usize, most: usize) -> Vec<Span> {
    let limit = start.saturating_add(most);
    let mut lines = Vec::new();
    let mut at = start;
    loop {
        let end = run::DIGITS.run_end(bytes, at, limit);
        lines.push(Span::new(at, end));
        let length = end - at;
        let is_wrapped = (60..=80).contains(&length)
            && length.is_multiple_of(4)
            && lines
                .first()
                .is_some_and(|first: &Span| first.len() == length);
        let skipped = match bytes.get(end..).unwrap_or_default() {
            [b'\r', b'\n', ..] | [b'\\', b'n', ..] => 2,
            [b'\n', ..] => 1,
            _ => return lines,
        };
        let next = ByteSet::BLANK.run_end(bytes, end + skipped, end + LINE_GAP - 1);
        if !is_wrapped
            || !bytes
                .get(next)
                .is_some_and(|byte| run::DIGITS.contains(*byte))
        {
            return lines;
        }
        at = next;
    }
}

fn decode_lines(bytes: &[u8], lines: &[Span], decoded: &mut Decoded) {
    let (mut bits, mut count) = (0_u32, 0);
    let mut before = 0;
    for line in lines {
        for (at, byte) in (line.start..).zip(bytes.get(line.range()).unwrap_or_default()) {
            let Some(digit) = base64::digit(*byte) else {
                return;
            };
            bits = (bits << 6 | u32::from(digit)) & 0xFFFF;
            count += 6;
            if count >= 8 {
                count -= 8;
                decoded.push((bits >> count & 0xFF) as u8, before, at + 1);
            }
            before = at;
            if count == 0 {
                before = at + 1;
            }
        }
    }
}

fn decode_hex(bytes: &[u8], start: usize, limits: &Limits) -> Result<Decoded, Range<usize>> {
    let read_head = start..start.saturating_add(HEX_SAMPLE);
    let Some(head) = bytes
        .get(read_head.clone())
        .filter(|head| head.iter().all(u8::is_ascii_hexdigit))
    else {
        return Err(read_head);
    };
    let mut sample = Vec::new();
    hex::decode(head, |byte, _, _| sample.push(byte));
    if !text::looks_like_text(&sample) {
        return Err(read_head);
    }
    let limit = start.saturating_add(limits.max_decoded_bytes.saturating_mul(2));
    let end = ByteSet::HEX.run_end(bytes, start, limit);
    let row = bytes.get(start..end).unwrap_or_default();
    let mut decoded = Decoded::new(&["hex"]);
    hex::decode(row, |byte, from, to| {
        decoded.push(byte, start + from, start + to);
    });
    decoded.is_cut = end == limit;
    Ok(decoded)
}

/// What stands around the mark of an encoding at `at`, when undoing it changes something.
///
/// # Errors
/// It does not; which bytes say so.
pub(crate) fn decode_at(bytes: &[u8], at: usize) -> Result<Decoded, Range<usize>> {
    match bytes.get(at) {
        Some(b'%') => decode_around(
            bytes,
            at,
            ("percent", escaped::PERCENT_RUN),
            |text, emit| {
                escaped::decode_percent(text, emit);
            },
        ),
        Some(b'\\') => decode_around(bytes, at, ("escapes", LINE), |text, emit| {
            escaped::decode_backslash(text, emit);
        }),
        Some(b'&') => decode_around(bytes, at, ("entities", LINE), |text, emit| {
            entity::decode(text, emit);
        }),
        // Whoever encodes writes `=3D`; `token=3d68…` is a value.
        Some(b'=') if bytes.get(at + 2) != Some(&b'D') => Err(at..at + 3),
        Some(b'=') => decode_around(bytes, at, ("quoted-printable", LINES), |text, emit| {
            quoted_printable::decode(text, emit);
        }),
        Some(b'"' | b'\'') => concatenation::decode(bytes, at),
        _ => quoted_printable::decode_body(bytes, at),
    }
}

/// What a line of text is made of, and several of them.
const LINE: ByteSet = ByteSet::EMPTY.with_range(b' ', b'~').with_range(0x80, 0xFF);
pub(super) const LINES: ByteSet = LINE.with(b"\t\r\n");

/// Undoes an encoding in the run of bytes of a set around `at`.
fn decode_around(
    bytes: &[u8],
    at: usize,
    (name, set): (&'static str, ByteSet),
    decode: impl FnOnce(&[u8], &mut dyn FnMut(u8, usize, usize)),
) -> Result<Decoded, Range<usize>> {
    let start = set.run_start(bytes, at, at.saturating_sub(ESCAPES_REACH));
    let end = set.run_end(bytes, at, at.saturating_add(ESCAPES_REACH));
    let run = bytes.get(start..end).unwrap_or_default();
    let mut decoded = Decoded::new(&[name]);
    decode(run, &mut |byte, from, to| {
        decoded.push(byte, start + from, start + to);
    });
    if decoded.bytes.len() < run.len() {
        Ok(decoded)
    } else {
        Err(start.saturating_sub(1)..end + 1)
    }
}

/// The inner decoding with the outer one's way back.
fn compose(outer: &Decoded, inner: &Decoded) -> Decoded {
    let mut composed = Decoded::new(&[]);
    composed.encodings = outer
        .encodings
        .iter()
        .chain(&inner.encodings)
        .copied()
        .collect();
    composed.is_cut = outer.is_cut || inner.is_cut;
    inner.sources.for_each(&inner.bytes, |byte, span| {
        let span = outer.original(span);
        composed.push(byte, span.start, span.end);
    });
    composed
}

#[cfg(test)]
mod tests {
    use ::base64::Engine as _;
    use ::base64::engine::general_purpose::STANDARD_NO_PAD;

    use super::*;

    const TEXT: &str = "the password of the day is swordfish, said nobody ever";

    fn decoded(text: &str) -> Option<(String, Decoded)> {
        let decoded = decode_run(text.as_bytes(), 0, &Limits::default()).ok()?;
        Some((
            String::from_utf8_lossy(&decoded.bytes).into_owned(),
            decoded,
        ))
    }

    /// The base64 of `bytes`, without padding.
    fn encode(bytes: &[u8]) -> String {
        STANDARD_NO_PAD.encode(bytes)
    }

    #[test]
    fn a_span_of_decoded_bytes_maps_back_to_the_digits_that_hold_it() {
        let (text, run) = decoded(&encode(TEXT.as_bytes())).expect("text");
        assert_eq!(text, TEXT);
        // Bytes 0..3 are the first four digits, byte 4 is in digits 5 and 6, byte 5 in digits 6 and 7.
        assert_eq!(run.original(Span::new(0, 3)), Span::new(0, 4));
        assert_eq!(run.original(Span::new(4, 5)), Span::new(5, 7));
        assert_eq!(run.original(Span::new(5, 6)), Span::new(6, 8));
        assert_eq!(run.whole(), Span::new(0, encode(TEXT.as_bytes()).len()));
    }

    #[test]
    fn a_run_wrapped_over_lines_is_one_text() {
        let long = TEXT.repeat(4);
        let flat = encode(long.as_bytes());
        let wrapped: Vec<String> = flat
            .as_bytes()
            .chunks(64)
            .map(|line| String::from_utf8_lossy(line).into_owned())
            .collect();
        for separator in ["\n", "\r\n", "\n    ", "\\n"] {
            let joined = wrapped.join(separator);
            let (text, run) = decoded(&joined).expect("text");
            assert_eq!(text, long, "{separator:?}");
            assert_eq!(
                run.original(Span::new(48, 51)),
                Span::new(64 + separator.len(), 68 + separator.len())
            );
        }
    }

    #[test]
    fn hex_utf16_and_gzip_are_read() {
        let hex: String = TEXT.bytes().map(|byte| format!("{byte:02x}")).collect();
        let (text, run) = decoded(&hex).expect("hex");
        assert_eq!(
            (text.as_str(), run.original(Span::new(1, 2))),
            (TEXT, Span::new(2, 4))
        );
        let wide: Vec<u8> = TEXT.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let (text, run) = decoded(&encode(&wide)).expect("wide");
        assert_eq!(
            (text.as_str(), &run.encodings[..]),
            (TEXT, &["base64", "utf-16le"][..])
        );
        let mut packed = Vec::new();
        std::io::Read::read_to_end(
            &mut flate2::read::GzEncoder::new(TEXT.as_bytes(), flate2::Compression::best()),
            &mut packed,
        )
        .expect("packed");
        let flat = encode(&packed);
        let (text, run) = decoded(&flat).expect("gzip");
        assert_eq!(
            (text.as_str(), run.original(Span::new(4, 5))),
            (TEXT, Span::new(0, flat.len()))
        );
    }

    #[test]
    fn identifiers_digests_and_images_are_left_alone() {
        for text in [
            "a_rather_long_identifier_in_a_program",
            "da39a3ee5e6b4b0d3255bfef95601890afd80709",
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAf",
            "------------------------------------",
            "SomeVeryLongClassNameForATestOfThings",
        ] {
            assert!(decoded(text).is_none(), "{text}");
        }
    }

    #[test]
    fn only_an_equals_sign_in_upper_case_is_quoted_printable() {
        assert!(decode_at(b"key=3Dabc", 3).is_ok());
        assert!(decode_at(b"token=3d68ccad", 5).is_err());
    }

    #[test]
    fn escapes_are_undone_around_them() {
        let text = "x = 'postgres%3A%2F%2Fu%3Ahunter2%40db' # y";
        let at = text.find('%').expect("a sign");
        let run = decode_at(text.as_bytes(), at).expect("escapes");
        assert!(String::from_utf8_lossy(&run.bytes).contains("postgres://u:hunter2@db"));
        let run = decode_at(b"a\nkey\\u003d\\\"x\\\"\nb", 5).expect("escapes");
        assert_eq!(run.bytes, b"key=\"x\"");
        assert_eq!(run.original(Span::new(3, 4)), Span::new(5, 11));
    }
}
