//! Seals what the queue holds, so that a branch named after a password, or a credential that somebody posts, never stands on disk
//! in clear.
//!
//! AES-256-GCM under a key that lies beside the database, or that several servers share. What is sealed is bound to its place
//! (source and delivery), so that nothing can be moved to another row.

use std::io::Write as _;
use std::path::Path;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::{hmac, rand};
use leakward_core::Secret;

use crate::hex;

/// Bytes of a key.
const KEY_LENGTH: usize = 32;

/// Why something could not be sealed or opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SealError {
    /// The key's file.
    #[error("{file}: {reason}")]
    KeyFile {
        /// The file.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It was sealed with another key, for another place, or is damaged.
    #[error("it was sealed with another key, or is damaged")]
    NotOurs,
    /// The system gives no randomness.
    #[error("the system gives no randomness")]
    NoRandomness,
}

/// The key of this installation, and what is derived from it.
pub(crate) struct Sealing {
    aead: RandomizedNonceKey,
    cookies: hmac::Key,
}

impl Sealing {
    /// Reads the key from `file`: 64 hexadecimal digits. Makes one when the file is not there.
    pub(crate) fn open(file: &Path) -> Result<Self, SealError> {
        let wrong = |reason: String| SealError::KeyFile {
            file: file.display().to_string(),
            reason,
        };
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => make_key(file)?,
            Err(error) => return Err(wrong(error.to_string())),
        };
        let key = hex::decode(text.trim())
            .filter(|key| key.len() == KEY_LENGTH)
            .ok_or_else(|| wrong("a key is 64 hexadecimal digits".to_owned()))?;
        Self::new(&key)
    }

    /// With this key.
    pub(crate) fn new(key: &[u8]) -> Result<Self, SealError> {
        // One key for each purpose, so that none of them helps against the other.
        let derive = |purpose: &[u8]| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), purpose);
        Ok(Self {
            aead: RandomizedNonceKey::new(&AES_256_GCM, derive(b"leakward queue").as_ref())
                .map_err(|_| SealError::NoRandomness)?,
            cookies: hmac::Key::new(hmac::HMAC_SHA256, derive(b"leakward sessions").as_ref()),
        })
    }

    /// Signs what is handed to browsers.
    pub(crate) fn cookie_key(&self) -> &hmac::Key {
        &self.cookies
    }

    /// Seals `content` for `place`.
    pub(crate) fn seal(&self, place: &str, content: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut sealed = content.to_vec();
        let nonce = self
            .aead
            .seal_in_place_append_tag(Aad::from(place.as_bytes()), &mut sealed)
            .map_err(|_| SealError::NoRandomness)?;
        let mut whole = nonce.as_ref().to_vec();
        whole.append(&mut sealed);
        Ok(whole)
    }

    /// Opens what [`Sealing::seal`] made for the same place.
    pub(crate) fn open_sealed(&self, place: &str, sealed: &[u8]) -> Result<Secret, SealError> {
        let (nonce, rest) = sealed
            .split_at_checked(NONCE_LEN)
            .ok_or(SealError::NotOurs)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError::NotOurs)?;
        let mut rest = zeroize::Zeroizing::new(rest.to_vec());
        let content = self
            .aead
            .open_in_place(nonce, Aad::from(place.as_bytes()), &mut rest)
            .map_err(|_| SealError::NotOurs)?;
        Ok(Secret::new(content))
    }
}

/// Makes a key, in a file that only its owner reads.
fn make_key(file: &Path) -> Result<String, SealError> {
    let wrong = |error: std::io::Error| SealError::KeyFile {
        file: file.display().to_string(),
        reason: error.to_string(),
    };
    let mut key = [0; KEY_LENGTH];
    rand::fill(&mut key).map_err(|_| SealError::NoRandomness)?;
    let text = hex::encode(&key);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut opened = options.open(file).map_err(wrong)?;
    opened
        .write_all(text.as_bytes())
        .and_then(|()| opened.sync_all())
        .map_err(wrong)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expose(secret: &Secret) -> &[u8] {
        #[expect(clippy::disallowed_methods, reason = "a test looks at what was opened")]
        secret.expose()
    }

    #[test]
    fn what_is_sealed_opens_at_its_place_with_its_key_only() {
        let sealing = Sealing::new(&[7; 32]).unwrap();
        let sealed = sealing.seal("github/1", b"a branch").unwrap();
        assert!(!sealed.windows(6).any(|window| window == b"branch"));
        let opened = sealing.open_sealed("github/1", &sealed).unwrap();
        assert_eq!(expose(&opened), b"a branch");
        assert!(sealing.open_sealed("github/2", &sealed).is_err());
        assert!(
            Sealing::new(&[8; 32])
                .unwrap()
                .open_sealed("github/1", &sealed)
                .is_err()
        );
        let mut damaged = sealed.clone();
        if let Some(last) = damaged.last_mut() {
            *last ^= 1;
        }
        assert!(sealing.open_sealed("github/1", &damaged).is_err());
        assert!(sealing.open_sealed("github/1", b"short").is_err());
    }

    #[test]
    fn a_key_is_made_once_and_read_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("serve.key");
        let sealed = Sealing::open(&file).unwrap().seal("x", b"y").unwrap();
        assert!(
            Sealing::open(&file)
                .unwrap()
                .open_sealed("x", &sealed)
                .is_ok()
        );
        std::fs::write(&file, "not a key").unwrap();
        assert!(Sealing::open(&file).is_err());
    }
}
