//! Text in UTF-16 or UTF-32, with or without a byte order mark: decoded as a whole.
//!
//! Without a mark it is told by its zeros: nearly all characters of code and configuration are ASCII.

use super::encoding::Decoded;

/// How many bytes are looked at to tell the encoding.
const LOOKED_AT: usize = 512;

/// Bytes of a unit and where the low byte of an ASCII character stands in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Units {
    name: &'static str,
    size: usize,
    low: usize,
    mark: usize,
}

/// The text of `bytes` when they are UTF-16 or UTF-32.
pub(crate) fn decode(bytes: &[u8]) -> Option<Decoded> {
    let units = units_of(bytes)?;
    let mut decoded = Decoded::of_units(units.name, units.size);
    let mut at = units.mark;
    while let Some(unit) = bytes.get(at..at + units.size) {
        let value = value_of(unit, units);
        let next = bytes.get(at + units.size..at + 2 * units.size);
        let low = next
            .map(|next| value_of(next, units))
            .filter(|low| units.size == 2 && (0xDC00..0xE000).contains(low));
        let (value, end) = match (value, low) {
            (0xD800..0xDC00, Some(low)) => (
                0x1_0000 + ((value - 0xD800) << 10) + (low - 0xDC00),
                at + 2 * units.size,
            ),
            _ => (value, at + units.size),
        };
        // Half of a pair alone becomes the mark for what cannot be read.
        let character = char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER);
        decoded.push_character(character, at, end);
        at = end;
    }
    Some(decoded)
}

fn value_of(unit: &[u8], units: Units) -> u32 {
    let big = units.low > 0;
    unit.iter().enumerate().fold(0, |value, (place, byte)| {
        let shift = if big { unit.len() - 1 - place } else { place };
        value | u32::from(*byte) << (8 * shift)
    })
}

/// How the text is written, when it is wide.
fn units_of(bytes: &[u8]) -> Option<Units> {
    let units = |name, size, low, mark| {
        Some(Units {
            name,
            size,
            low,
            mark,
        })
    };
    match bytes {
        [0xFF, 0xFE, 0, 0, _, ..] => return units("utf-32le", 4, 0, 4),
        [0, 0, 0xFE, 0xFF, _, ..] => return units("utf-32be", 4, 3, 4),
        [0xFF, 0xFE, _, ..] => return units("utf-16le", 2, 0, 2),
        [0xFE, 0xFF, _, ..] => return units("utf-16be", 2, 1, 2),
        [0, ..] | [_, 0, ..] => {}
        _ => return None,
    }
    let head = bytes.get(..LOOKED_AT).unwrap_or(bytes);
    let head = head.get(..head.len() / 4 * 4).unwrap_or_default();
    let mut zeros = [0_usize; 4];
    let mut texts = [0_usize; 4];
    for unit in head.chunks_exact(4) {
        for ((zero, text), byte) in zeros.iter_mut().zip(&mut texts).zip(unit) {
            *zero += usize::from(*byte == 0);
            *text += usize::from(matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n'));
        }
    }
    let count = head.len() / 4;
    let (mostly, hardly) = (count * 9 / 10, count / 10);
    let is = |places: [bool; 4]| {
        count >= 4
            && places
                .iter()
                .zip(zeros.iter().zip(&texts))
                .all(|(is_text, (zeros, texts))| {
                    if *is_text {
                        *zeros <= hardly && *texts >= mostly
                    } else {
                        *zeros >= mostly
                    }
                })
    };
    if is([true, false, true, false]) {
        units("utf-16le", 2, 0, 0)
    } else if is([false, true, false, true]) {
        units("utf-16be", 2, 1, 0)
    } else if is([true, false, false, false]) {
        units("utf-32le", 4, 0, 0)
    } else if is([false, false, false, true]) {
        units("utf-32be", 4, 3, 0)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use leakward_core::Span;

    #[test]
    fn wide_text_is_read_with_and_without_mark() {
        let text = "key = \"värde 𝄞 value\" # and some more";
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let wide: Vec<u8> = text
            .chars()
            .flat_map(|letter| u32::from(letter).to_le_bytes())
            .collect();
        for (bytes, name, mark) in [
            (little.clone(), "utf-16le", 0),
            ([&[0xFF, 0xFE], &little[..]].concat(), "utf-16le", 2),
            (big.clone(), "utf-16be", 0),
            ([&[0xFE, 0xFF], &big[..]].concat(), "utf-16be", 2),
            (wide, "utf-32le", 0),
        ] {
            let decoded = decode(&bytes).expect(name);
            assert_eq!(String::from_utf8_lossy(&decoded.bytes), text, "{name}");
            assert_eq!(decoded.encodings, [name]);
            let size = if name.contains("32") { 4 } else { 2 };
            assert_eq!(
                decoded.original(Span::new(0, 3)),
                Span::new(mark, mark + 3 * size)
            );
        }
    }

    #[test]
    fn every_character_maps_back_to_its_own_units() {
        // Characters of one to four bytes, and half pairs, far beyond the first mark.
        let units: Vec<u16> = "aé€𝄞"
            .encode_utf16()
            .chain([0xD834, u16::from(b'x'), 0xDD1E])
            .cycle()
            .take(7_000)
            .collect();
        let bytes: Vec<u8> = [0xFEFF]
            .into_iter()
            .chain(units)
            .flat_map(u16::to_le_bytes)
            .collect();
        let decoded = decode(&bytes).expect("wide text");
        let text = String::from_utf8(decoded.bytes.clone()).expect("characters");
        let mut source = 2;
        for (at, letter) in text.char_indices() {
            let end = source + 2 * letter.len_utf16();
            for place in at..at + letter.len_utf8() {
                let span = decoded.original(Span::new(place, place + 1));
                assert_eq!(span, Span::new(source, end), "{letter} at {at}");
            }
            source = end;
        }
        assert_eq!(decoded.whole(), Span::new(2, bytes.len()));
    }

    #[test]
    fn other_bytes_are_left_alone() {
        for bytes in [
            &b"plain text, nothing else"[..],
            b"",
            b"\0",
            &[0; 64],
            b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0",
        ] {
            assert!(decode(bytes).is_none(), "{bytes:?}");
        }
    }
}
