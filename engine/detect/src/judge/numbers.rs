//! Keys that are written byte by byte: `0x1f, 0x83, 0xd4, …`: which bytes they are, and whether those look like a key's.
//!
//! Not for finding the list (the detector's `list.rs`), nor for what name and line say of it (`generic.rs`).

use super::scale::Scale;
use crate::native::{NameKind, name_words};
use crate::word_list::WordList;

/// Fewest bytes that are a key.
const SHORTEST: usize = 8;

/// Lengths of keys in bytes.
const KEYS: [usize; 6] = [16, 20, 24, 32, 48, 64];

/// The bytes that a list of numbers stands for; nothing when `value` is none.
pub(super) fn bytes_of(value: &[u8]) -> Option<Vec<u8>> {
    let first = value.first()?;
    if !(first.is_ascii_digit() || b"-(".contains(first)) || !value.contains(&b',') {
        return None;
    }
    let mut bytes = Vec::new();
    for number in value.split(|byte| *byte == b',') {
        let number = number.trim_ascii();
        // A comma behind the last one.
        if !number.is_empty() {
            bytes.push(byte_of(number)?);
        }
    }
    (bytes.len() >= SHORTEST).then_some(bytes)
}

/// `0x1f`, `31`, `-12`, `(byte)0x9c`.
fn byte_of(number: &[u8]) -> Option<u8> {
    let number = match number.strip_prefix(b"(") {
        Some(cast) => cast.get(memchr::memchr(b')', cast)? + 1..)?.trim_ascii(),
        None => number,
    };
    let (is_negative, number) = match number.strip_prefix(b"-") {
        Some(number) => (true, number),
        None => (false, number),
    };
    let text = std::str::from_utf8(number).ok()?;
    let text = text.trim_end_matches(['u', 'U']).trim_end_matches("u8");
    let number = match text.strip_prefix("0x").or(text.strip_prefix("0X")) {
        Some(digits) => i32::from_str_radix(digits, 16).ok()?,
        None => text.parse::<i32>().ok()?,
    };
    let number = if is_negative { -number } else { number };
    // Java's bytes have a sign.
    (-128..=255).contains(&number).then_some(number as u8)
}

/// What steps of a protocol compute, and the secrets that its tests know the answers for.
const COMPUTED: WordList = WordList::new(
    " shared expected ecdh ecdhe dh kdf kbkdf hkdf prf hmac tls ikm prk master premaster traffic kat ",
);

/// Weighs the bytes that are assigned to a name.
pub(super) fn weigh(bytes: &[u8], (name, kind): (&[u8], NameKind), scale: &mut Scale) {
    if name_words(name).iter().any(|word| COMPUTED.contains(word)) {
        scale.reject("it is what an algorithm is tried with");
        return;
    }
    let step = |pair: &[u8]| match pair {
        [a, b] => b.wrapping_sub(*a),
        _ => 0,
    };
    let steps = || bytes.windows(2).map(step);
    // Of bytes that were drawn hardly any two neighbours are as far apart as the two before them.
    let counted = steps().zip(steps().skip(1)).filter(|(a, b)| a == b).count();
    let mut seen = [false; 256];
    for byte in bytes {
        if let Some(seen) = seen.get_mut(usize::from(*byte)) {
            *seen = true;
        }
    }
    let distinct = seen.iter().filter(|seen| **seen).count();
    let small = bytes.iter().filter(|byte| **byte < 32).count();
    if counted * 4 >= bytes.len() {
        scale.reject("it is counted up");
    } else if distinct * 4 < bytes.len() * 3 || small * 2 > bytes.len() {
        scale.reject("its bytes are too alike");
    } else if KEYS.contains(&bytes.len()) {
        scale.weigh(10, "it is a row of random bytes as long as a key");
    } else if kind == NameKind::Weak || bytes.len() > 64 {
        scale.reject("it is not as long as a key");
    } else {
        scale.weigh(-5, "it is a row of random bytes");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_numbers_are_bytes() {
        let listed = b"0x1f, 31, (byte)0x9c, (byte) -12,\n -128, 255, 0, 7,";
        assert_eq!(
            bytes_of(listed),
            Some(vec![0x1f, 31, 0x9c, 0xf4, 0x80, 255, 0, 7])
        );
        for text in [
            "1, 2, 3",
            "1,2,3,4,5,6,7,256",
            "1,2,3,4,5,6,7,x",
            "12345678",
            "a, b, c, d, e, f, g, h",
            "",
        ] {
            assert_eq!(bytes_of(text.as_bytes()), None, "{text}");
        }
    }
}
