//! New values: random texts, for whoever needs a password that nobody chose.

use aws_lc_rs::rand;
use leakward_core::Secret;
use zeroize::Zeroizing;

/// Letters and digits: what every database, URL, shell and file takes without quoting.
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A random text of letters and digits, 5.95 bits each.
///
/// # Panics
/// The system has no randomness. There is nothing to go on with then.
#[must_use]
#[expect(
    clippy::expect_used,
    reason = "a guessable password would be worse than none"
)]
pub fn random_text(length: usize) -> Secret {
    let mut text = Zeroizing::new(Vec::with_capacity(length));
    let mut byte = [0_u8; 1];
    while text.len() < length {
        rand::fill(&mut byte).expect("the system's randomness");
        // Bytes beyond the last whole multiple of the alphabet would make some characters likelier.
        if let Some(character) = ALPHABET.get(usize::from(byte[0] & 0x3f)) {
            text.push(*character);
        }
    }
    Secret::new(&text)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::exposed::bytes;

    #[test]
    fn a_random_text_is_as_long_as_asked_of_the_whole_alphabet_and_never_the_same() {
        let text = random_text(4_000);
        assert_eq!(text.len(), 4_000);
        let used: BTreeSet<u8> = bytes(&text).iter().copied().collect();
        assert_eq!(used, ALPHABET.iter().copied().collect());
        assert_ne!(random_text(20), random_text(20));
    }
}
