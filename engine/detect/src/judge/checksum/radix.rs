//! Numbers written in the many digits that token formats use: base62, base36, base32 …

/// 0-9 A-Z a-z.
pub(super) const BASE62: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// 0-9 a-z.
pub(super) const BASE36: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// `number` in the radix of `digits`, filled on the left with the digit for zero up to `width`.
pub(super) fn write(number: u32, digits: &[u8], width: usize) -> Vec<u8> {
    let radix = u32::try_from(digits.len()).unwrap_or(u32::MAX).max(2);
    let digit = |value: u32| digits.get(value as usize).copied().unwrap_or_default();
    let mut text = Vec::new();
    let mut rest = number;
    while rest > 0 {
        text.push(digit(rest % radix));
        rest /= radix;
    }
    while text.len() < width {
        text.push(digit(0));
    }
    text.reverse();
    text
}

/// Base32 (RFC 4648, either case, no padding) into bytes; left-over bits are dropped.
pub(super) fn base32(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 5 / 8);
    let (mut bits, mut count) = (0_u32, 0);
    for &byte in text {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a',
            b'2'..=b'7' => byte - b'2' + 26,
            _ => return None,
        };
        bits = (bits << 5 | u32::from(value)) & 0xFFF;
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xFF).unwrap_or_default());
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_and_filled_up() {
        assert_eq!(write(0, BASE62, 3), b"000");
        assert_eq!(write(61, BASE62, 2), b"0z");
        assert_eq!(write(62, BASE62, 2), b"10");
        assert_eq!(write(u32::MAX, BASE36, 7), b"1z141z3");
    }

    #[test]
    fn base32_decodes_either_case() {
        assert_eq!(base32(b"MZXW6YTBOI").as_deref(), Some(&b"foobar"[..]));
        assert_eq!(base32(b"mzxw6").as_deref(), Some(&b"foo"[..]));
        assert_eq!(base32(b"MZ1"), None);
    }
}
