//! A credential's bytes, held so that they cannot slip into a log, a report or a core dump by accident.
//!
//! Not for: hiding bytes from a debugger. It keeps honest code honest: no `Display`, no `Serialize`, no
//! `Deref`, a `Debug` that prints the length only, and memory that is wiped when the value is dropped.
//!
//! INVARIANT: [`Secret::expose`] is the only way to the bytes.

use std::fmt;

use zeroize::Zeroize;

/// The bytes of one credential, wiped on drop.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Secret {
    bytes: Vec<u8>,
}

impl Secret {
    /// Copies `bytes` into memory that is wiped when the secret is dropped.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        Self {
            bytes: bytes.to_vec(),
        }
    }

    /// The bytes themselves. Clippy's `disallowed-methods` lets this be called only where the credential
    /// is matched, fingerprinted, verified, stored, revoked or printed because the user said `--reveal`.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.bytes
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there are no bytes at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// A form that a person can recognise and nobody can use: the first characters of a long credential
    /// (where providers put their public prefix), then stars; only stars for anything short enough to be
    /// guessed from its beginning.
    ///
    /// The number of stars is fixed, so that the length of a password is not told either.
    #[must_use]
    pub fn masked(&self) -> String {
        const STARS: &str = "********";
        let shown = match self.bytes.len() {
            0..16 => 0,
            16..24 => 2,
            _ => 4,
        };
        let head: String = self
            .bytes
            .iter()
            .take(shown)
            .take_while(|b| b.is_ascii_graphic())
            .map(|&b| b as char)
            .collect();
        head + STARS
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({} bytes)", self.bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_prints_the_length_and_nothing_else() {
        assert_eq!(
            format!("{:?}", Secret::new(b"swordfish")),
            "Secret(9 bytes)"
        );
    }

    #[test]
    fn a_short_secret_is_masked_whole_and_a_long_one_keeps_its_prefix() {
        assert_eq!(Secret::new(b"swordfish").masked(), "********");
        assert_eq!(Secret::new(&[b'x'; 40]).masked(), "xxxx********");
        assert_eq!(
            Secret::new(b"ab\ncdefghijklmnopqrstuvwxyz").masked(),
            "ab********"
        );
    }
}
