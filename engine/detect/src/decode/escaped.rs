//! Percent signs and backslash escapes: `%3D`, `\x3d`, `\u003d`, `\u{3d}`, between characters that stand for themselves.

use crate::byte_set::ByteSet;

/// What a percent-encoded run is made of.
pub(super) const PERCENT_RUN: ByteSet = ByteSet::ALNUM.with(b"%-._~+&=:/?@,;!*'()$");

fn digit(byte: u8) -> Option<u32> {
    (byte as char).to_digit(16)
}

/// Undoes `%XX`.
pub(super) fn decode_percent(text: &[u8], mut emit: impl FnMut(u8, usize, usize)) {
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let escape = match rest {
            [b'%', high, low, ..] => digit(*high).zip(digit(*low)),
            _ => None,
        };
        let (byte, length) = match (escape, rest.first()) {
            (Some((high, low)), _) => (u8::try_from(high << 4 | low).unwrap_or_default(), 3),
            (None, Some(byte)) => (*byte, 1),
            (None, None) => return,
        };
        emit(byte, at, at + length);
        at += length;
    }
}

/// Undoes `\xNN`, `\uNNNN`, `\u{N}`, `\n`, `\t`, `\"` and the like. Characters past ASCII come out in UTF-8.
pub(super) fn decode_backslash(text: &[u8], mut emit: impl FnMut(u8, usize, usize)) {
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        let (character, length) = match text.get(at..).unwrap_or_default() {
            [b'\\', b'x' | b'X', a, b, ..] => (number(&[*a, *b]), 4),
            [b'\\', b'u', b'{', rest @ ..] => {
                let digits = rest
                    .iter()
                    .take(6)
                    .take_while(|byte| byte.is_ascii_hexdigit())
                    .count();
                (number(rest.get(..digits).unwrap_or_default()), digits + 4)
            }
            [b'\\', b'u', a, b, c, d, ..] => (number(&[*a, *b, *c, *d]), 6),
            [b'\\', b'n', ..] => (Some('\n'), 2),
            [b'\\', b't', ..] => (Some('\t'), 2),
            [b'\\', b'r', ..] => (Some('\r'), 2),
            [b'\\', quote @ (b'"' | b'\'' | b'\\' | b'/'), ..] => (Some(*quote as char), 2),
            _ => (None, 1),
        };
        match character {
            Some(character) => {
                let mut buffer = [0; 4];
                for byte in character.encode_utf8(&mut buffer).bytes() {
                    emit(byte, at, (at + length).min(text.len()));
                }
                at += length;
            }
            None => {
                emit(byte, at, at + 1);
                at += 1;
            }
        }
    }
}

fn number(digits: &[u8]) -> Option<char> {
    let mut value = 0;
    for byte in digits {
        value = value << 4 | digit(*byte)?;
    }
    (!digits.is_empty())
        .then(|| char::from_u32(value))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collect(
        decode: impl Fn(&[u8], &mut dyn FnMut(u8, usize, usize)),
        text: &str,
    ) -> (String, Vec<(usize, usize)>) {
        let (mut bytes, mut spans) = (Vec::new(), Vec::new());
        decode(text.as_bytes(), &mut |byte, start, end| {
            bytes.push(byte);
            spans.push((start, end));
        });
        (String::from_utf8_lossy(&bytes).into_owned(), spans)
    }

    #[test]
    fn percent_signs_are_undone_and_mapped() {
        let (text, spans) = collect(|text, emit| decode_percent(text, emit), "a%3Db%zz");
        assert_eq!(text, "a=b%zz");
        assert_eq!(spans[..3], [(0, 1), (1, 4), (4, 5)]);
    }

    #[test]
    fn backslash_escapes_are_undone_and_mapped() {
        let (text, spans) = collect(
            |text, emit| decode_backslash(text, emit),
            "a\\x3db\\u003dc\\u{e9}\\n\\q",
        );
        assert_eq!(text, "a=b=cé\n\\q");
        assert_eq!(spans[1], (1, 5));
        assert_eq!(spans[3], (6, 12));
        assert_eq!((spans[5], spans[6]), ((13, 19), (13, 19)));
    }
}
