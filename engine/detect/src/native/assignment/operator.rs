//! What stands between a name and its value: `=`, `": "`, `=>`, `(`, `>`, a type, another attribute.

use crate::byte_set::ByteSet;

/// How a name and its value are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    /// `=`, `:=`, `=>`, `?=`, `<-` …
    Equals,
    /// `:`.
    Colon,
    /// `==`, `!=`.
    Compares,
    /// `(`, or `{` before a quote: the value is the first argument.
    Call,
    /// `,` after a quoted name: the value is the next argument.
    Comma,
    /// `>`: the value is an element's text.
    Element,
    /// `is`, as in "the password is …".
    Says,
    /// `|`: the value is the next cell of a table's row.
    Cell,
    /// Blanks alone.
    Blank,
}

/// Longest run of blanks that is passed (aligned columns).
const BLANKS: usize = 40;

/// Longest type between a colon and an equals sign.
const TYPE: usize = 40;

/// Longest name of a second result.
const SECOND_NAME: usize = 12;

/// What a type may be made of.
const TYPE_BYTES: ByteSet = ByteSet::WORD.with(b"<>?[].&*' |:");

/// What may stand between a name and its operator: closing quotes and brackets of the name.
pub(super) fn name_close(bytes: &[u8], from: usize) -> (usize, bool) {
    let mut at = from;
    let mut quoted = false;
    for _ in 0..4 {
        match bytes.get(at..).unwrap_or_default() {
            [b'\\', b'"' | b'\'', ..] => {
                at += 2;
                quoted = true;
            }
            [b'"' | b'\'' | b'`', ..] => {
                at += 1;
                quoted = true;
            }
            [b']' | b')', ..] if quoted => at += 1,
            // Perl's `$ENV{NAME} = `.
            [b'}', b' ', b'=', b' ', ..] if !quoted => at += 1,
            [b'*', b'*', ..] => at += 2,
            _ => break,
        }
    }
    (at, quoted)
}

/// The end of the blanks from `at` on.
pub(super) fn skip_blanks(bytes: &[u8], at: usize) -> usize {
    ByteSet::BLANK.run_end(bytes, at, at + BLANKS)
}

/// The operator after a name that ends at `from`, and where the value's part begins.
pub(super) fn read(bytes: &[u8], from: usize) -> Option<(Operator, usize)> {
    let (closed, quoted) = name_close(bytes, from);
    let at = skip_blanks(bytes, closed);
    let at = skip_array_size(bytes, at);
    match bytes.get(at..)? {
        [b':', b'=', ..] => Some((Operator::Equals, at + 2)),
        [b':', b':', ..] => None,
        // `'password'" :icon="faEye"`: the name was a text, and an attribute follows.
        [b':', next, ..]
            if quoted && next.is_ascii_alphabetic() && after_type(bytes, at + 1).is_some() =>
        {
            None
        }
        [b':', ..] => Some(
            after_type(bytes, at + 1)
                .map_or((Operator::Colon, at + 1), |end| (Operator::Equals, end)),
        ),
        [b'=', b'=', b'=', ..] | [b'!', b'=', b'=', ..] => Some((Operator::Compares, at + 3)),
        [b'=', b'=', ..] | [b'!', b'=', ..] => Some((Operator::Compares, at + 2)),
        [b'=', b'>', ..] => Some((Operator::Equals, at + 2)),
        [b'=', b'~', ..] => None,
        [b'<', b'-', ..] => Some((Operator::Equals, at + 2)),
        [b'=', ..] => Some((Operator::Equals, at + 1)),
        [b'?' | b'+' | b'|' | b'.', b'=', ..] => Some((Operator::Equals, at + 2)),
        [b'|', b'|', b'=', ..] | [b'?', b'?', b'=', ..] => Some((Operator::Equals, at + 3)),
        [b'(', ..] if !quoted && at == closed => Some((Operator::Call, at + 1)),
        [b'{', b'"' | b'\'', ..] if !quoted && at == closed => Some((Operator::Call, at + 1)),
        [b',', ..] => after_comma(bytes, at + 1, quoted),
        // Scala's pairs.
        [b'-', b'>', ..] if quoted => Some((Operator::Equals, at + 2)),
        [b'>', ..] => Some((Operator::Element, at + 1)),
        [b'|', b' ', ..] => Some((Operator::Cell, at + 1)),
        [b'i', b's', b' ' | b':', ..] | [b'w', b'a', b's', b' ' | b':', ..] if at > closed => {
            let word = ByteSet::ALNUM.run_end(bytes, at, at + 3);
            Some((
                Operator::Says,
                word + usize::from(bytes.get(word) == Some(&b':')),
            ))
        }
        _ if at > closed && !quoted => Some(
            after_basic_type(bytes, at)
                .map_or((Operator::Blank, at), |end| (Operator::Equals, end)),
        ),
        _ => None,
    }
}

/// What a comma behind a name is: Go's second result comes before what assigns both; in a list of texts, and behind Capybara's
/// `with:`, the next text is the value.
fn after_comma(bytes: &[u8], at: usize, quoted: bool) -> Option<(Operator, usize)> {
    const WITH: &[u8] = b"with: ";
    let start = skip_blanks(bytes, at);
    if bytes.get(start..).unwrap_or_default().starts_with(WITH) {
        return Some((Operator::Comma, start + WITH.len()));
    }
    match quoted {
        true => Some((Operator::Comma, after_default(bytes, at))),
        false => after_second_name(bytes, at).map(|end| (Operator::Equals, end)),
    }
}

/// The end of ` err :=` or ` _ :=` at `at`: Go's second result, and what assigns both.
fn after_second_name(bytes: &[u8], at: usize) -> Option<usize> {
    let start = skip_blanks(bytes, at);
    let end = ByteSet::WORD.run_end(bytes, start, start + SECOND_NAME);
    let equals = skip_blanks(bytes, end);
    (end > start && bytes.get(equals..equals + 2)? == b":=").then_some(equals + 2)
}

/// The end of ` default=` or ` default:` at `at`, else `at`.
pub(super) fn after_default(bytes: &[u8], at: usize) -> usize {
    const LABELS: [&[u8]; 3] = [b"default=", b"default: ", b"default = "];
    let start = skip_blanks(bytes, at);
    let rest = bytes.get(start..).unwrap_or_default();
    let label = LABELS.iter().find(|label| rest.starts_with(label));
    label.map_or(at, |label| start + label.len())
}

/// `[32]`, `[]`.
fn skip_array_size(bytes: &[u8], at: usize) -> usize {
    if bytes.get(at) != Some(&b'[') {
        return at;
    }
    let inner = ByteSet::WORD.run_end(bytes, at + 1, at + 24);
    if bytes.get(inner) == Some(&b']') {
        skip_blanks(bytes, inner + 1)
    } else {
        at
    }
}

/// The end of `Type =` after a colon: where the value's part begins.
fn after_type(bytes: &[u8], colon_end: usize) -> Option<usize> {
    let start = skip_blanks(bytes, colon_end);
    let first = bytes.get(start)?;
    if !first.is_ascii_alphabetic() && *first != b'&' {
        return None;
    }
    let end = TYPE_BYTES.run_end(bytes, start, start + TYPE);
    match bytes.get(end..)? {
        [b'=', next, ..] if *next != b'=' && *next != b'>' => Some(end + 1),
        _ => None,
    }
}

/// The end of `As Type =`, `string =` or `nvarchar(200) =` at `at`: where the value's part begins.
fn after_basic_type(bytes: &[u8], at: usize) -> Option<usize> {
    let is_basic = bytes.get(at..at + 3)?.eq_ignore_ascii_case(b"as ");
    let start = if is_basic { at + 3 } else { at };
    let end = ByteSet::WORD.with(b".").run_end(bytes, start, start + TYPE);
    if end == start {
        return None;
    }
    let equals = skip_blanks(bytes, skip_size(bytes, end));
    match bytes.get(equals..).unwrap_or_default() {
        [b'=', b'=' | b'>' | b'~', ..] => None,
        [b'=', ..] => Some(equals + 1),
        _ => None,
    }
}

/// `(200)`, `(max)`.
fn skip_size(bytes: &[u8], at: usize) -> usize {
    if bytes.get(at) != Some(&b'(') {
        return at;
    }
    let inner = ByteSet::WORD.run_end(bytes, at + 1, at + 12);
    if bytes.get(inner) == Some(&b')') {
        inner + 1
    } else {
        at
    }
}
