//! Entities of HTML and XML: `&quot;`, `&#34;`, `&#x22;`, between characters that stand for themselves.

/// The names of entities that stand in and around credentials.
const NAMES: [(&[u8], u8); 9] = [
    (b"&quot;", b'"'),
    (b"&apos;", b'\''),
    (b"&amp;", b'&'),
    (b"&lt;", b'<'),
    (b"&gt;", b'>'),
    (b"&nbsp;", b' '),
    (b"&equals;", b'='),
    (b"&colon;", b':'),
    (b"&commat;", b'@'),
];

/// Most digits of a character's number.
const DIGITS: usize = 7;

/// Undoes entities.
pub(super) fn decode(text: &[u8], mut emit: impl FnMut(u8, usize, usize)) {
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        let rest = text.get(at..).unwrap_or_default();
        match entity(rest) {
            Some((character, length)) => {
                let mut buffer = [0; 4];
                for byte in character.encode_utf8(&mut buffer).bytes() {
                    emit(byte, at, at + length);
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

/// The entity that `text` starts with, and its length.
fn entity(text: &[u8]) -> Option<(char, usize)> {
    if text.first() != Some(&b'&') {
        return None;
    }
    if let Some((name, byte)) = NAMES.iter().find(|(name, _)| text.starts_with(name)) {
        return Some((*byte as char, name.len()));
    }
    let (digits, radix, start) = match text {
        [b'&', b'#', b'x' | b'X', rest @ ..] => (rest, 16, 3),
        [b'&', b'#', rest @ ..] => (rest, 10, 2),
        _ => return None,
    };
    let length = digits
        .iter()
        .take(DIGITS + 1)
        .position(|byte| *byte == b';')?;
    let mut number = 0;
    for byte in digits.get(..length)? {
        number = number * radix + (*byte as char).to_digit(radix)?;
    }
    let character = char::from_u32(number).filter(|_| length > 0)?;
    Some((character, start + length + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_are_undone_and_mapped() {
        let (mut bytes, mut spans) = (Vec::new(), Vec::new());
        let text = "a=&quot;b&#34;&#x63;&amp;&#9999999999;&what;&";
        decode(text.as_bytes(), |byte, start, end| {
            bytes.push(byte);
            spans.push((start, end));
        });
        let expected = "a=\"b\"c&&#9999999999;&what;&";
        assert_eq!(String::from_utf8_lossy(&bytes), expected);
        assert_eq!(spans[2..6], [(2, 8), (8, 9), (9, 14), (14, 20)]);
    }
}
