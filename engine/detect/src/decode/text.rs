//! Do decoded bytes look like text? What does not is left alone.

/// How many bytes are looked at.
const LOOKED_AT: usize = 24;

/// Whether the bytes begin like text: printable ASCII and line breaks, with a few bytes of UTF-8 at most.
pub(super) fn looks_like_text(bytes: &[u8]) -> bool {
    let head = bytes.get(..LOOKED_AT).unwrap_or(bytes);
    let plain = head
        .iter()
        .filter(|byte| matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r'))
        .count();
    let high = head.iter().filter(|byte| **byte >= 0x80).count();
    !head.is_empty() && plain + high == head.len() && high * 4 <= head.len()
}

/// Whether the bytes begin like text in UTF-16: every second byte zero.
pub(super) fn looks_like_utf16(bytes: &[u8]) -> bool {
    let head = bytes.get(..LOOKED_AT).unwrap_or(bytes);
    let zeros = |first: usize| {
        head.iter()
            .skip(first)
            .step_by(2)
            .filter(|byte| **byte == 0)
            .count()
    };
    head.len() >= 8 && (zeros(0) * 2 == head.len() / 2 * 2 || zeros(1) * 2 == head.len() / 2 * 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_told_from_data() {
        assert!(
            looks_like_text(b"{\"a\": 1}\n") && looks_like_text("gr\u{fc}n und blau".as_bytes())
        );
        assert!(
            !looks_like_text(b"\x89PNG\r\n\x1a\n")
                && !looks_like_text(b"")
                && !looks_like_text(&[0xE4; 24])
        );
        assert!(looks_like_utf16(b"a\0b\0c\0d\0") && looks_like_utf16(b"\0a\0b\0c\0d"));
        assert!(!looks_like_utf16(b"abcdefgh") && !looks_like_utf16(b"a\0b"));
    }
}
