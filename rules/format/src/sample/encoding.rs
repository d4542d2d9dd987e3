//! The encodings that credentials are written in, from bytes to text only.

pub(super) const DIGITS: &[u8] = b"0123456789";
pub(super) const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
pub(super) const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
pub(super) const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
pub(super) const HEX: &[u8] = b"0123456789abcdef";
pub(super) const HEX_UPPER: &[u8] = b"0123456789ABCDEF";
pub(super) const BASE32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
pub(super) const BASE32_LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz234567";
pub(super) const BASE36: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
pub(super) const BASE58: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
pub(super) const BASE62: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
pub(super) const BASE64: &[u8] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
pub(super) const BASE64_URL: &[u8] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Base64 with padding.
pub(super) fn base64(bytes: &[u8]) -> String {
    let mut text = in_groups(bytes, BASE64, 6);
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

/// Base64 in the alphabet for addresses, without padding.
pub(super) fn base64_url(bytes: &[u8]) -> String {
    in_groups(bytes, BASE64_URL, 6)
}

/// Base32 in capitals, without padding.
pub(super) fn base32(bytes: &[u8]) -> String {
    in_groups(bytes, BASE32, 5)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    in_groups(bytes, HEX, 4)
}

/// A number in the positional system of an alphabet, most significant first, filled up on the left with its zero.
pub(super) fn positional(number: u32, alphabet: &[u8], width: usize) -> String {
    let base = alphabet.len() as u64;
    let mut rest = u64::from(number);
    let mut digits = Vec::new();
    while rest > 0 || digits.len() < width {
        let digit = usize::try_from(rest % base).unwrap_or(0);
        digits.push(char::from(alphabet[digit]));
        rest /= base;
    }
    digits.into_iter().rev().collect()
}

/// Base58 as Bitcoin writes it: the bytes as one number, a `1` for each leading zero byte.
pub(super) fn base58(bytes: &[u8]) -> String {
    let mut digits: Vec<u32> = Vec::new();
    for byte in bytes {
        let mut carry = u32::from(*byte);
        for digit in &mut digits {
            carry += *digit << 8;
            *digit = carry % 58;
            carry /= 58;
        }
        while carry > 0 {
            digits.push(carry % 58);
            carry /= 58;
        }
    }
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    std::iter::repeat_n(0, zeros)
        .chain(digits.into_iter().rev())
        .map(|digit| char::from(BASE58[digit as usize]))
        .collect()
}

/// The bytes of base64 text; characters of no value count as the first. For texts that were made here.
pub(super) fn from_base64(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut buffer = 0_u32;
    let mut held = 0;
    for character in text.bytes() {
        let value = BASE64
            .iter()
            .zip(BASE64_URL)
            .position(|(plain, url)| character == *plain || character == *url)
            .unwrap_or(0);
        buffer = (buffer << 6) | u32::from(value.to_le_bytes()[0]);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(low_bits(buffer >> held, 8));
        }
    }
    bytes
}

/// The bits of `bytes` in groups of `width`, the last one filled up with zeros.
pub(super) fn groups(bytes: &[u8], width: u32) -> Vec<u8> {
    let mut values = Vec::new();
    let mut buffer = 0_u32;
    let mut held = 0;
    for byte in bytes {
        buffer = (buffer << 8) | u32::from(*byte);
        held += 8;
        while held >= width {
            held -= width;
            values.push(low_bits(buffer >> held, width));
        }
    }
    if held > 0 {
        values.push(low_bits(buffer << (width - held), width));
    }
    values
}

fn low_bits(value: u32, width: u32) -> u8 {
    (value & ((1 << width) - 1)).to_le_bytes()[0]
}

fn in_groups(bytes: &[u8], alphabet: &[u8], width: u32) -> String {
    groups(bytes, width)
        .into_iter()
        .map(|value| char::from(alphabet[usize::from(value)]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_4648_examples_hold() {
        for (text, in_base64, in_base32) in [
            ("", "", ""),
            ("f", "Zg==", "MY"),
            ("fo", "Zm8=", "MZXQ"),
            ("foo", "Zm9v", "MZXW6"),
            ("foobar", "Zm9vYmFy", "MZXW6YTBOI"),
        ] {
            assert_eq!(base64(text.as_bytes()), in_base64);
            assert_eq!(base32(text.as_bytes()), in_base32);
        }
        assert_eq!(base64_url(&[0xfb, 0xff]), "-_8");
    }

    #[test]
    fn base58_keeps_leading_zeros() {
        assert_eq!(base58(b"Hello World!"), "2NEpo7TZRRrLZSi2U");
        assert_eq!(base58(&[0, 0, 0x28, 0x7f, 0xb4, 0xcd]), "11233QC4");
    }

    #[test]
    fn numbers_are_filled_up_on_the_left() {
        assert_eq!(positional(0, DIGITS, 3), "000");
        assert_eq!(positional(255, HEX, 4), "00ff");
        assert_eq!(positional(u32::MAX, BASE62, 6), "4gfFC3");
    }
}
