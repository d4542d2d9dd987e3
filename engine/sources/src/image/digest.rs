//! What a blob is called: the hash of its bytes; and a reader that finds out whether the name is right.

use std::fmt;
use std::io::{self, Read};
use std::str::FromStr;
use std::sync::Arc;

use sha2::{Digest as _, Sha256, Sha512};

/// `sha256:` and 64 hexadecimal digits, or `sha512:` and 128.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(Arc<str>);

/// A text that is no digest of a kind that is known here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a digest of SHA-256 or SHA-512")]
pub struct NotADigest;

impl Digest {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, shared.
    #[must_use]
    pub fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }

    /// The algorithm and the digits.
    #[must_use]
    pub fn parts(&self) -> (&str, &str) {
        self.0.split_once(':').unwrap_or(("", &self.0))
    }

    /// The SHA-256 digest of some bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let mut hasher = Hasher::Sha256(Sha256::new());
        hasher.update(bytes);
        Self(hasher.finish("sha256").into())
    }
}

impl FromStr for Digest {
    type Err = NotADigest;

    fn from_str(text: &str) -> Result<Self, NotADigest> {
        let (algorithm, digits) = text.split_once(':').ok_or(NotADigest)?;
        let length = match algorithm {
            "sha256" => 64,
            "sha512" => 128,
            _ => return Err(NotADigest),
        };
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if digits.len() != length || !digits.bytes().all(is_digit) {
            return Err(NotADigest);
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Either hash.
enum Hasher {
    Sha256(Sha256),
    Sha512(Sha512),
}

impl Hasher {
    fn of(digest: &Digest) -> Self {
        match digest.parts().0 {
            "sha512" => Self::Sha512(Sha512::new()),
            _ => Self::Sha256(Sha256::new()),
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hasher) => hasher.update(bytes),
            Self::Sha512(hasher) => hasher.update(bytes),
        }
    }

    /// The digest's text.
    fn finish(self, algorithm: &str) -> String {
        let bytes = match self {
            Self::Sha256(hasher) => hasher.finalize().to_vec(),
            Self::Sha512(hasher) => hasher.finalize().to_vec(),
        };
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{algorithm}:{digits}")
    }
}

/// Hashes what is read through it.
pub(crate) struct Verifying<R> {
    source: R,
    hasher: Hasher,
    expected: Digest,
}

impl<R: Read> Verifying<R> {
    /// Of the blob `expected`.
    pub(crate) fn new(source: R, expected: Digest) -> Self {
        Self {
            source,
            hasher: Hasher::of(&expected),
            expected,
        }
    }

    /// Reads what is left, and says whether all of it has the expected digest.
    ///
    /// # Errors
    /// When it cannot be read to its end, or is something else.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        io::copy(&mut self, &mut io::sink())?;
        let found = self.hasher.finish(self.expected.parts().0);
        if found == self.expected.as_str() {
            Ok(())
        } else {
            Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("its bytes have the digest {found}"),
            ))
        }
    }
}

impl<R: Read> Read for Verifying<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.hasher.update(buffer.get(..read).unwrap_or_default());
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lower_case_digests_of_the_right_length_are_digests() {
        let right = format!("sha256:{}", "a0".repeat(32));
        assert!(right.parse::<Digest>().is_ok());
        for wrong in [
            String::new(),
            "sha256:".to_owned(),
            right.to_uppercase(),
            format!("{right}0"),
            format!("md5:{}", "a0".repeat(16)),
            format!("sha256:../../{}", "a".repeat(58)),
        ] {
            assert_eq!(wrong.parse::<Digest>(), Err(NotADigest), "{wrong}");
        }
    }

    #[test]
    fn a_changed_byte_is_noticed_at_the_end() {
        let digest = Digest::of(b"layer");
        assert!(
            Verifying::new(&b"layer"[..], digest.clone())
                .finish()
                .is_ok()
        );
        assert!(Verifying::new(&b"lAyer"[..], digest).finish().is_err());
    }
}
