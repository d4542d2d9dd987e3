//! Finds the compressed streams of a PDF document, and the text that a page's instructions show.
//!
//! Not a reader of PDF: objects are not followed, fonts not looked up. Streams are found by their marks, wherever they
//! stand, so that a document with a broken table or an older version behind the newest is looked at as a whole. What is not
//! compressed is found in the document's own bytes.
//!
//! LIMIT: text in fonts that number their glyphs instead of naming characters is not understood.
//!
//! Format: ISO 32000-1, 7.3.8 (streams), 9.4 (text).

use memchr::memmem;

/// How far before a stream its dictionary may begin.
const MAX_DICTIONARY_BYTES: usize = 4 << 10;

/// A space between two words of one string is written as a jump to the left, in thousandths of the font's size.
const SPACE: f32 = -180.0;

/// The packed bytes of every stream that is compressed with Flate, with its number in the document, from 0.
pub(crate) fn flate_streams(document: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let finder = memmem::Finder::new(b"stream").into_owned();
    let mut at = 0;
    let found = std::iter::from_fn(move || {
        loop {
            let start = at + finder.find(document.get(at..)?)?;
            at = start + b"stream".len();
            // `endstream` has the same letters in it.
            let dictionary = before(document, start);
            if !dictionary.ends_with(b">>") {
                continue;
            }
            // INVARIANT: what is searched for its end is not gone through again, or marks without an end cost their number squared.
            let Some(content) = content(document, at) else {
                continue;
            };
            at += content.len();
            return Some((is_flate(dictionary), content));
        }
    });
    let numbered = found.enumerate();
    numbered.filter_map(|(number, (is_flate, content))| is_flate.then_some((number, content)))
}

/// Whether the document is encrypted: its streams then mean nothing.
pub(crate) fn is_encrypted(document: &[u8]) -> bool {
    memmem::find(document, b"/Encrypt ").is_some()
}

/// What stands before a stream, without blanks at its end.
fn before(document: &[u8], start: usize) -> &[u8] {
    let from = start.saturating_sub(MAX_DICTIONARY_BYTES);
    document
        .get(from..start)
        .unwrap_or_default()
        .trim_ascii_end()
}

/// The bytes between a line end and `endstream`.
fn content(document: &[u8], at: usize) -> Option<&[u8]> {
    let rest = document.get(at..)?;
    let rest = rest
        .strip_prefix(b"\r")
        .unwrap_or(rest)
        .strip_prefix(b"\n")?;
    Some(match memmem::find(rest, b"endstream") {
        Some(end) => rest.get(..end)?,
        None => rest,
    })
}

/// Whether the dictionary at the end of these bytes names Flate, and nothing else, as the filter.
fn is_flate(before: &[u8]) -> bool {
    let from = memmem::rfind(before, b" obj").unwrap_or(0);
    let dictionary = before.get(from..).unwrap_or_default();
    let has = |word: &[u8]| memmem::find(dictionary, word).is_some();
    has(b"/FlateDecode") && !has(b"/ASCII85Decode") && !has(b"/ASCIIHexDecode")
}

/// The text that a page's instructions show; nothing when they show none.
pub(crate) fn shown_text(instructions: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let mut rest = instructions;
    let mut shown = 0;
    let mut in_array = false;
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'(' => rest = literal(rest, &mut text),
            b'<' if !rest.starts_with(b"<") => rest = hexadecimal(rest, &mut text),
            b'[' => in_array = true,
            b']' => in_array = false,
            b'-' | b'0'..=b'9' | b'.' if in_array => rest = jump(first, rest, &mut text),
            b'\'' | b'"' => text.push(b'\n'),
            b'T' => {
                shown += usize::from(matches!(rest.first(), Some(b'j' | b'J')));
                // Everything that begins another line.
                if matches!(rest.first(), Some(b'd' | b'D' | b'*' | b'm')) {
                    text.push(b'\n');
                }
            }
            _ => {}
        }
    }
    (shown > 0 && !text.is_empty()).then_some(text)
}

/// A string in parentheses, which may hold balanced ones. Returns what follows.
fn literal<'a>(mut rest: &'a [u8], text: &mut Vec<u8>) -> &'a [u8] {
    let mut depth = 0;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b')' if depth == 0 => break,
            b')' => depth -= 1,
            b'(' => depth += 1,
            b'\\' => {
                rest = escaped(rest, text);
                continue;
            }
            _ => {}
        }
        text.push(byte);
    }
    rest
}

/// What stands after a backslash. Returns what follows.
fn escaped<'a>(rest: &'a [u8], text: &mut Vec<u8>) -> &'a [u8] {
    let Some((&byte, after)) = rest.split_first() else {
        return rest;
    };
    let digits = rest
        .iter()
        .take(3)
        .take_while(|byte| matches!(byte, b'0'..=b'7'))
        .count();
    if digits > 0 {
        let (octal, after) = rest.split_at_checked(digits).unwrap_or((rest, &[]));
        let value = octal
            .iter()
            .fold(0_u32, |value, digit| value * 8 + u32::from(digit - b'0'));
        text.push((value & 0xff) as u8);
        return after;
    }
    match byte {
        b'n' | b'r' => text.push(b'\n'),
        b't' => text.push(b'\t'),
        // A line end that only the writer of the file wanted.
        b'\n' | b'\r' => {}
        other => text.push(other),
    }
    after
}

/// A string of hexadecimal digits. Returns what follows.
fn hexadecimal<'a>(rest: &'a [u8], text: &mut Vec<u8>) -> &'a [u8] {
    let end = rest
        .iter()
        .position(|&byte| byte == b'>')
        .unwrap_or(rest.len());
    let (inside, after) = rest.split_at_checked(end).unwrap_or((rest, &[]));
    let digit = |byte: &u8| char::from(*byte).to_digit(16).map(|digit| digit as u8);
    let digits: Vec<u8> = inside.iter().filter_map(digit).collect();
    let bytes = digits.chunks(2).map(|pair| match pair {
        [high, low] => high << 4 | low,
        [high] => high << 4,
        _ => 0,
    });
    text.extend(bytes);
    after.get(1..).unwrap_or_default()
}

/// A number between two strings of one line. Returns what follows.
fn jump<'a>(first: u8, rest: &'a [u8], text: &mut Vec<u8>) -> &'a [u8] {
    let is_part = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    let length = rest.iter().take_while(|byte| is_part(byte)).count();
    let (digits, after) = rest.split_at_checked(length).unwrap_or((rest, &[]));
    let written: String = [first]
        .iter()
        .chain(digits)
        .map(|&byte| char::from(byte))
        .collect();
    if written.parse::<f32>().is_ok_and(|number| number < SPACE) {
        text.push(b' ');
    }
    after
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_put_together_over_kerning_and_escapes() {
        for (instructions, expected) in [
            ("BT (plain) Tj ET", "plain"),
            ("[(to) -12 (ke) 3.5 (n)] TJ", "token"),
            ("[(two) -250 (words)] TJ", "two words"),
            (r"(a\(b\)\101 (c)) Tj", "a(b)A (c)"),
            ("<746f6b656e> Tj", "token"),
            ("(one) Tj 0 -12 Td (two) Tj", "one\ntwo"),
        ] {
            let text = shown_text(instructions.as_bytes()).unwrap();
            assert_eq!(String::from_utf8_lossy(&text), expected);
        }
        assert_eq!(shown_text(b"1 0 0 1 0 0 cm << /Type /X >>"), None);
    }

    #[test]
    fn only_streams_that_are_compressed_with_flate_are_told() {
        let document = b"1 0 obj << /Filter /FlateDecode >>\nstream\r\nabc\nendstream endobj \
            2 0 obj << /Length 3 >> stream\nxyz\nendstream endobj \
            3 0 obj << /Filter [/FlateDecode] >>stream\ndef";
        let found: Vec<(usize, &[u8])> = flate_streams(document).collect();
        assert_eq!(found, [(0, &b"abc\n"[..]), (2, b"def")]);
    }
}
