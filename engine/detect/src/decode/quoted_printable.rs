//! Quoted-printable, as in mails: `=3D` is a character, `=` at the end of a line is nothing at all.

use std::ops::Range;

use super::encoding::{Decoded, LINES};

/// LIMIT: how much of a part's body behind its header is undone at once.
const BODY: usize = 32 << 10;

/// Undoes quoted-printable.
pub(super) fn decode(text: &[u8], mut emit: impl FnMut(u8, usize, usize)) {
    let digit = |byte: u8| (byte as char).to_digit(16);
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        match text.get(at..).unwrap_or_default() {
            [b'=', b'\n', ..] => at += 2,
            [b'=', b'\r', b'\n', ..] => at += 3,
            [b'=', high, low, ..] if digit(*high).is_some() && digit(*low).is_some() => {
                let (high, low) = (digit(*high).unwrap_or(0), digit(*low).unwrap_or(0));
                emit(
                    u8::try_from(high << 4 | low).unwrap_or_default(),
                    at,
                    at + 3,
                );
                at += 3;
            }
            _ => {
                emit(byte, at, at + 1);
                at += 1;
            }
        }
    }
}

/// What follows the word `quoted-printable` at `at`, the value of a part's header.
///
/// # Errors
/// Nothing is encoded there; which bytes say so.
pub(super) fn decode_body(bytes: &[u8], at: usize) -> Result<Decoded, Range<usize>> {
    let end = LINES.run_end(bytes, at, at.saturating_add(BODY));
    let body = bytes.get(at..end).unwrap_or_default();
    let mut decoded = Decoded::new(&["quoted-printable"]);
    decode(body, |byte, from, to| {
        decoded.push(byte, at + from, at + to);
    });
    if decoded.bytes.len() < body.len() {
        Ok(decoded)
    } else {
        Err(at..end + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn soft_breaks_and_characters_are_undone_and_mapped() {
        let text = b"quoted-printable\r\n\r\nname=3Dab=\r\ncd=\nef = g";
        let decoded = decode_body(text, 0).expect("a body");
        assert_eq!(
            String::from_utf8_lossy(&decoded.bytes),
            "quoted-printable\r\n\r\nname=abcdef = g"
        );
        let start = "quoted-printable\r\n\r\nname=".len();
        let original = decoded.original(leakward_core::Span::new(start, start + 6));
        assert_eq!(&text[original.range()], b"ab=\r\ncd=\nef");
        assert!(decode_body(b"quoted-printable and so on", 0).is_err());
    }
}
