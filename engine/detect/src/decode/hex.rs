//! Rows of hexadecimal digits, two for each byte.

/// Decodes `text`, handing out each byte with its two digits' offsets; stops at the first pair that is no number.
pub(super) fn decode(text: &[u8], mut emit: impl FnMut(u8, usize, usize)) {
    for (index, pair) in text.chunks_exact(2).enumerate() {
        let digit = |byte: u8| {
            (byte as char)
                .to_digit(16)
                .and_then(|value| u8::try_from(value).ok())
        };
        let &[high, low] = pair else { return };
        let (Some(high), Some(low)) = (digit(high), digit(low)) else {
            return;
        };
        emit(high << 4 | low, index * 2, index * 2 + 2);
    }
}

/// What `text` is the hexadecimal form of, when all of it is.
pub(crate) fn bytes(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 2);
    decode(text, |byte, _, _| bytes.push(byte));
    (bytes.len() * 2 == text.len()).then_some(bytes)
}
