//! One identity for a leaked credential, wherever it is seen.
//!
//! A fingerprint is a keyed hash over the rule's id and the credential's bytes, and nothing else: not the
//! path, the line, the commit or the kind of source. So it is the same over git, folders and images, after
//! renames, rebases and line shifts, on every machine that has the same key.
//!
//! Why keyed: a plain hash of a weak password can be guessed from a public report. The default key is
//! known to everybody (see `docs/fingerprints.md`), so reports that leave the house should be made with a key of
//! the project's own; the default still gives one stable identity without any set-up.

use std::fmt;
use std::str::FromStr;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::rule::RuleId;
use crate::secret::Secret;

/// The key used when a project has none of its own.
const DEFAULT_KEY: &[u8] = b"leakward fingerprint v1";

/// 128 bits that name a (rule, credential) pair; printed as 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint([u8; 16]);

impl Fingerprint {
    /// The raw bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// A text that is not 32 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a fingerprint is 32 hexadecimal digits")]
pub struct NotAFingerprint;

impl FromStr for Fingerprint {
    type Err = NotAFingerprint;

    fn from_str(text: &str) -> Result<Self, NotAFingerprint> {
        if text.len() != 32 || !text.is_ascii() {
            return Err(NotAFingerprint);
        }
        let mut bytes = [0; 16];
        for (index, byte) in bytes.iter_mut().enumerate() {
            let digits = text.get(index * 2..index * 2 + 2).ok_or(NotAFingerprint)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| NotAFingerprint)?;
        }
        Ok(Self(bytes))
    }
}

/// The key that fingerprints are made with.
#[derive(Clone)]
pub struct FingerprintKey(Secret);

impl FingerprintKey {
    /// A key of the project's own. Any length; it is hashed by HMAC as usual.
    #[must_use]
    pub fn new(key: Secret) -> Self {
        Self(key)
    }

    /// HMAC-SHA-256 over `rule id ‖ 0x00 ‖ credential`, cut to its first 128 bits.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "a fingerprint is computed from the credential's bytes"
    )]
    pub fn fingerprint(&self, rule: &RuleId, secret: &Secret) -> Fingerprint {
        // HMAC takes a key of any length, so this cannot fail; an empty key is the documented fall-back.
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose())
            .unwrap_or_else(|_| Hmac::new(&Default::default()));
        mac.update(rule.as_str().as_bytes());
        mac.update(&[0]);
        mac.update(secret.expose());
        let full = mac.finalize().into_bytes();
        let mut short = [0; 16];
        short
            .iter_mut()
            .zip(full.iter())
            .for_each(|(to, from)| *to = *from);
        Fingerprint(short)
    }
}

impl Default for FingerprintKey {
    fn default() -> Self {
        Self(Secret::new(DEFAULT_KEY))
    }
}

impl fmt::Debug for FingerprintKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FingerprintKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_depends_on_rule_credential_and_key_alone() {
        let key = FingerprintKey::default();
        let one = key.fingerprint(&RuleId::from("a"), &Secret::new(b"x"));
        assert_eq!(one, key.fingerprint(&RuleId::from("a"), &Secret::new(b"x")));
        assert_ne!(one, key.fingerprint(&RuleId::from("b"), &Secret::new(b"x")));
        assert_ne!(one, key.fingerprint(&RuleId::from("a"), &Secret::new(b"y")));
        let own = FingerprintKey::new(Secret::new(b"the project's own"));
        assert_ne!(one, own.fingerprint(&RuleId::from("a"), &Secret::new(b"x")));
    }

    #[test]
    fn the_default_fingerprint_never_changes_between_versions() {
        let made = FingerprintKey::default()
            .fingerprint(&RuleId::from("rule"), &Secret::new(b"credential"));
        assert_eq!(made.to_string(), "b9fb3ff6422c76977b557dab0284abf7");
    }

    #[test]
    fn a_fingerprint_reads_back_what_it_prints() {
        let made = FingerprintKey::default().fingerprint(&RuleId::from("r"), &Secret::new(b"s"));
        assert_eq!(made.to_string().parse(), Ok(made));
        assert_eq!("zz".parse::<Fingerprint>(), Err(NotAFingerprint));
    }
}
