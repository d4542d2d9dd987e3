//! The value itself: quoted in the ways of many languages, or bare as in environment files, YAML and command lines.

use leakward_core::Span;

use super::name;
use super::operator::{Operator, skip_blanks};
use crate::byte_set::ByteSet;
use crate::confirm::Runs;

/// LIMIT: longest value. Longer ones are keys and certificates, which have detectors of their own.
pub(super) const LONGEST: usize = 1_024;

/// Longest call around a value: `Buffer.from(`, `new SecureString(`.
const WRAPPER: usize = 32;

/// How far a default after `||` or `??` may stand.
const DEFAULT_WITHIN: usize = 120;

/// LIMIT: what stands behind a scheme without a digit and is shorter is a word of a label.
const LABEL: usize = 16;

/// Calls that hand their argument on.
const WRAPPERS: &[&[u8]] = &[
    b"Some",
    b"Ok",
    b"Just",
    b"String",
    b"new String",
    b"new Buffer",
    b"Buffer.from",
    b"String::from",
    b"SecureString",
    b"new SecureString",
    b"std::string",
    b"string",
    b"str",
    b"bytes",
    b"Secret",
    b"new Secret",
    b"Password",
    b"b64decode",
    b"base64.b64decode",
    b"atob",
    b"Optional.of",
    b"text",
    b"quote",
    b"SecretStr",
    b"Secret.fromString",
    b"[]byte",
    b"QStringLiteral",
    b"QLatin1String",
    b"_T",
    b"TEXT",
    b"Uint8Array.from",
    b"password",
    b"PASSWORD",
];

/// Calls that undo base64 or hexadecimal digits, by the end of their name in lower case.
const DECODERS: &[&[u8]] = &[
    b"decode",
    b"decodestring",
    b"frombase64string",
    b"fromhex",
    b"unhexlify",
    b"hex2bin",
    b"hextobytes",
    b"hexstringtobytearray",
    b"decodebase64",
    b"base64decode",
    b"base64_decode",
    b"b64decode",
    b"decode64",
    b"strict_decode64",
    b"decodehex",
    b"parsehexbinary",
    b"parsebase64binary",
];

/// What a bare value is made of, and the slot for its runs.
const BARE: ByteSet = ByteSet::SPACE.with(b"\"'`<>,;|\0").complement();
const BARE_SLOT: usize = 0;

/// What an element's text is made of, and the slot for its runs.
const ELEMENT: ByteSet = ByteSet::EMPTY.with(b"<\n").complement();
const ELEMENT_SLOT: usize = 1;

/// A value as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Value {
    /// Where it stands, without quotes.
    pub(super) span: Span,
    /// Whether it is in quotes.
    pub(super) quoted: bool,
    /// Where what follows it begins: past the closing quote.
    pub(super) after: usize,
    /// Whether it is what is used when another place has none.
    pub(super) is_default: bool,
}

/// Reads the value whose part begins at `from`.
pub(super) fn read(
    bytes: &[u8],
    from: usize,
    operator: Operator,
    runs: &mut Runs,
) -> Option<Value> {
    let mut at = skip_blanks(bytes, from);
    if matches!(operator, Operator::Element) {
        return element_text(bytes, from, runs);
    }
    at = skip_emphasis(bytes, at);
    // The next line of a list is its next entry.
    if !matches!(operator, Operator::Blank | Operator::Comma) {
        at = skip_line_break(bytes, at);
    }
    let at = skip_prefix(bytes, at);
    if let Some(value) = quoted(bytes, at) {
        return Some(without_scheme(bytes, value));
    }
    if let Some(inner) = unwrap_call(bytes, at) {
        return quoted(bytes, skip_prefix(bytes, inner));
    }
    if matches!(
        operator,
        Operator::Call | Operator::Comma | Operator::Compares
    ) {
        return None;
    }
    if matches!(operator, Operator::Says | Operator::Cell) {
        return bare(bytes, at, runs).map(|value| without_full_stop(bytes, value));
    }
    default_after(bytes, at)
        .or_else(|| bare(bytes, at, runs).map(|value| without_scheme(bytes, value)))
}

/// The value behind the scheme of `"Bearer 0f3a…"`, and behind OpenSSL's `pass:`.
fn without_scheme(bytes: &[u8], value: Value) -> Value {
    const SCHEMES: &[&[u8]] = &[b"bearer ", b"token ", b"pass:"];
    let text = bytes.get(value.span.range()).unwrap_or_default();
    let scheme = SCHEMES.iter().find(|scheme| {
        text.get(..scheme.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(scheme))
    });
    // `Token copied!` is what a page says.
    let is_value = |rest: &[u8]| {
        !rest.contains(&b' ') && (rest.iter().any(u8::is_ascii_digit) || rest.len() >= LABEL)
    };
    match scheme {
        Some(scheme) if text.get(scheme.len()..).is_some_and(is_value) => Value {
            span: Span::new(value.span.start + scheme.len(), value.span.end),
            ..value
        },
        _ => value,
    }
}

/// `**` after the colon of `**Password:** value`.
fn skip_emphasis(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at..).unwrap_or_default() {
        [b'*', b'*', b' ', ..] => skip_blanks(bytes, at + 2),
        [b'*', b'*', b'`', ..] => at + 2,
        _ => at,
    }
}

/// The value without what ends a sentence.
pub(super) fn without_full_stop(bytes: &[u8], value: Value) -> Value {
    let text = bytes.get(value.span.range()).unwrap_or_default();
    let closes = |byte: &u8| match byte {
        b'.' | b':' => true,
        b')' => !text.contains(&b'('),
        b']' => !text.contains(&b'['),
        _ => false,
    };
    let length = text
        .iter()
        .rposition(|byte| !closes(byte))
        .map_or(0, |at| at + 1);
    Value {
        span: Span::new(value.span.start, value.span.start + length),
        ..value
    }
}

/// One line break (with a continuation mark before it) and the next line's indentation, when a quote follows.
fn skip_line_break(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    let skipped = match rest {
        [b'\\' | b'(', b'\n', ..] | [b'\r', b'\n', ..] => 2,
        [b'\n', ..] => 1,
        _ => return at,
    };
    let next = skip_blanks(bytes, at + skipped);
    match bytes.get(next) {
        Some(b'"' | b'\'') => next,
        _ => at,
    }
}

/// Letters and signs before a quote: `b"`, `r"`, `f"`, `L"`, `u8"`, `@"`, `$"`, `N'`, `<<"`.
fn skip_prefix(bytes: &[u8], at: usize) -> usize {
    if let [b'<', b'<', b'"', ..] = bytes.get(at..).unwrap_or_default() {
        return at + 2;
    }
    let end = ByteSet::ALNUM.with(b"@$&").run_end(bytes, at, at + 2);
    match bytes.get(end) {
        Some(b'"' | b'\'') => end,
        _ => at,
    }
}

/// Where the argument after the one at `at`, a text or a name, begins; nothing when none follows.
pub(super) fn behind_comma(bytes: &[u8], at: usize, runs: &mut Runs) -> Option<usize> {
    let first = match quoted(bytes, at) {
        Some(text) => text.after,
        None => runs.run_end(BARE_SLOT, &BARE, bytes, (at, at + LONGEST)),
    };
    let comma = skip_blanks(bytes, first);
    (bytes.get(comma) == Some(&b',')).then(|| skip_blanks(bytes, comma + 1))
}

/// The text between quotes that open at `at`; not over a line's end.
pub(super) fn quoted(bytes: &[u8], at: usize) -> Option<Value> {
    let rest = bytes.get(at..(at + LONGEST + 8).min(bytes.len()))?;
    let (open, close): (usize, &[u8]) = match rest {
        [b'\\', b'"', ..] => (2, b"\\\""),
        [b'\\', b'\'', ..] => (2, b"\\'"),
        [b'"', b'"', b'"', ..] => (3, b"\"\"\""),
        [b'\'', b'\'', b'\'', ..] => (3, b"'''"),
        [b'"', ..] => (1, b"\""),
        [b'\'', ..] => (1, b"'"),
        [b'`', ..] => (1, b"`"),
        [b'q', b'{', ..] => (2, b"}"),
        [b'q', b'q', b'{', ..] => (3, b"}"),
        _ => return None,
    };
    let inner = rest.get(open..)?;
    let mut length = 0;
    loop {
        let tail = inner.get(length..)?;
        if tail.starts_with(close) {
            break;
        }
        length += match tail {
            [b'\n', ..] | [] => return None,
            [b'\\', ..] if close.len() == 1 => 2,
            _ => 1,
        };
    }
    Some(Value {
        span: Span::new(at + open, at + open + length),
        quoted: true,
        after: at + open + length + close.len(),
        is_default: false,
    })
}

/// The start of a call's argument, when the call hands it on.
fn unwrap_call(bytes: &[u8], at: usize) -> Option<usize> {
    let words = ByteSet::WORD.with(b".: []");
    let mut end = words.run_end(bytes, at, at + WRAPPER);
    // Java's `Base64.getDecoder().decode(`.
    if bytes.get(end..)?.starts_with(b"().") {
        end = words.run_end(bytes, end + 2, end + 2 + WRAPPER);
    }
    let name = bytes.get(at..end)?;
    let opens = matches!(bytes.get(end), Some(b'(' | b'{'));
    // `userAndPassword("derek", …)` takes the user first.
    let takes_two = name::words(name).iter().any(|word| word == b"and");
    let lower = name.to_ascii_lowercase();
    let hands_on = WRAPPERS.iter().any(|wrapper| name.ends_with(wrapper))
        || DECODERS.iter().any(|decoder| lower.ends_with(decoder));
    (opens && !takes_two && hands_on).then(|| skip_blanks(bytes, end + 1))
}

/// `lookup() || "default"`: the default.
fn default_after(bytes: &[u8], at: usize) -> Option<Value> {
    let rest = bytes.get(at..(at + DEFAULT_WITHIN).min(bytes.len()))?;
    let line = rest.split(|byte| *byte == b'\n').next()?;
    let marks: [&[u8]; 6] = [b"||", b"??", b" or ", b"?:", b"|_|", b"unwrap_or("];
    let start = marks
        .iter()
        .filter_map(|mark| memchr::memmem::find(line, mark).map(|at| at + mark.len()))
        .min()?;
    let value = quoted(bytes, skip_blanks(bytes, at + start))?;
    Some(Value {
        is_default: true,
        ..value
    })
}

/// The text of an element up to its closing tag.
fn element_text(bytes: &[u8], from: usize, runs: &mut Runs) -> Option<Value> {
    let end = runs.run_end(ELEMENT_SLOT, &ELEMENT, bytes, (from, from + LONGEST));
    let (text, length) = (bytes.get(from..end)?, end - from);
    let closes = bytes.get(end..)?.starts_with(b"</");
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    (closes && !text.trim_ascii().is_empty()).then_some(Value {
        span: Span::new(from, from + text.len()),
        quoted: true,
        after: from + length,
        is_default: false,
    })
}

/// A value without quotes.
fn bare(bytes: &[u8], at: usize, runs: &mut Runs) -> Option<Value> {
    let end = runs.run_end(BARE_SLOT, &BARE, bytes, (at, at + LONGEST));
    let length = end.checked_sub(at)?;
    // A shell's command that goes on in the next line.
    let goes_on = matches!(
        bytes.get(end.checked_sub(1)?..),
        Some([b'\\', b'\r' | b'\n', ..])
    );
    let length = length - usize::from(goes_on);
    (length > 0 && length < LONGEST).then_some(Value {
        span: Span::new(at, at + length),
        quoted: false,
        after: end,
        is_default: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_of_a_header_is_no_part_of_a_value() {
        let value_of = |text: &str| {
            let value = read(text.as_bytes(), 0, Operator::Equals, &mut Runs::default()).unwrap();
            text[value.span.range()].to_owned()
        };
        assert_eq!(value_of("\"Bearer x9k2\""), "x9k2");
        assert_eq!(value_of("'token x9k2'"), "x9k2");
        assert_eq!(value_of("\"Bearer of bad news\""), "Bearer of bad news");
        assert_eq!(value_of("\"Bearerx9k2\""), "Bearerx9k2");
        assert_eq!(value_of("\"Token copied!\""), "Token copied!");
        assert_eq!(value_of("pass:x9k2 -out x"), "x9k2");
    }
}
