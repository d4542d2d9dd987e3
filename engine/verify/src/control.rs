//! A credential that is like another and is not it, to see whether an endpoint looks at credentials at all.

use leakward_core::Secret;
use zeroize::Zeroizing;

/// LIMIT: characters that are changed; all from the end, so that a provider's prefix and the form stay.
const CHANGED: usize = 8;

/// The same form, another credential: the last letters and digits become others of their kind.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "the control probe is made from the credential"
)]
pub(crate) fn mutated(secret: &Secret) -> Secret {
    let mut bytes = Zeroizing::new(secret.expose().to_vec());
    let mut left = CHANGED.min(bytes.len().div_ceil(2));
    for byte in bytes.iter_mut().rev() {
        if left == 0 {
            break;
        }
        if let Some(other) = other(*byte) {
            *byte = other;
            left -= 1;
        }
    }
    if left == CHANGED.min(bytes.len().div_ceil(2)) {
        bytes.push(b'x');
    }
    Secret::new(&bytes)
}

/// Another character of the same kind. Digits and the letters of hexadecimal stay such.
fn other(byte: u8) -> Option<u8> {
    let turn = |first: u8, count: u8, by: u8| first + (byte - first + by) % count;
    match byte {
        b'0'..=b'9' => Some(turn(b'0', 10, 3)),
        b'a'..=b'f' => Some(turn(b'a', 6, 1)),
        b'g'..=b'z' => Some(turn(b'g', 20, 7)),
        b'A'..=b'F' => Some(turn(b'A', 6, 1)),
        b'G'..=b'Z' => Some(turn(b'G', 20, 7)),
        _ => None,
    }
}

#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "tests look at the changed credential"
)]
mod tests {
    use super::*;

    #[test]
    fn the_changed_credential_has_the_form_and_not_the_value() {
        for text in [
            "acme_0123456789abcdefXYZ",
            "deadbeef",
            "a",
            "?!",
            "p@ss-w0rd==",
        ] {
            let changed = mutated(&Secret::new(text.as_bytes()));
            assert_ne!(changed.expose(), text.as_bytes(), "{text}");
        }
        let changed = mutated(&Secret::new(b"acme_0123456789abcdefXYZ"));
        assert_eq!(changed.len(), 24);
        assert!(changed.expose().starts_with(b"acme_0123456789"));
    }
}
