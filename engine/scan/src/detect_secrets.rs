//! What is read of detect-secrets' files: a `.secrets.baseline` used as a baseline. Format as documented by detect-secrets 1.
//!
//! It names a credential by its file and the SHA-1 of its text, without salt. For private keys the text is the first line only,
//! which is the same for all of them, so those are matched by file and line.

use std::collections::{HashMap, HashSet};

use leakward_core::Secret;
use serde::Deserialize;
use sha1::{Digest as _, Sha1};

/// The kind of entry whose hash says nothing about the credential.
const PRIVATE_KEY: &str = "Private Key";

/// The file as far as it matters here.
#[derive(Debug, Deserialize)]
pub(crate) struct DetectSecretsBaseline {
    results: HashMap<String, Vec<Entry>>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    #[serde(rename = "type", default)]
    kind: String,
    hashed_secret: String,
    #[serde(default)]
    line_number: u32,
}

/// Credentials that are known by file and hash.
#[derive(Clone, Debug, Default)]
pub(crate) struct HashedSecrets {
    by_path: HashMap<String, HashSet<[u8; 20]>>,
}

impl DetectSecretsBaseline {
    /// The hashed credentials, and the places (path and line) of private keys.
    ///
    /// # Errors
    /// The first hash that is none.
    pub(crate) fn entries(self) -> Result<(HashedSecrets, Vec<(String, u32)>), String> {
        let mut hashed = HashedSecrets::default();
        let mut places = Vec::new();
        for (path, entries) in self.results {
            let path = path.replace('\\', "/");
            let path = path.strip_prefix("./").unwrap_or(&path);
            for entry in entries {
                if entry.kind == PRIVATE_KEY {
                    places.push((path.to_owned(), entry.line_number));
                    continue;
                }
                let digest = digest(&entry.hashed_secret).ok_or(entry.hashed_secret)?;
                hashed
                    .by_path
                    .entry(path.to_owned())
                    .or_default()
                    .insert(digest);
            }
        }
        Ok((hashed, places))
    }
}

impl HashedSecrets {
    /// Whether the credential was known in this file.
    #[expect(
        clippy::disallowed_methods,
        reason = "the credential is hashed to be compared with known hashes"
    )]
    pub(crate) fn knows(&self, path: &str, secret: &Secret) -> bool {
        self.by_path.get(path).is_some_and(|known| {
            let hash: [u8; 20] = Sha1::digest(secret.expose()).into();
            known.contains(&hash)
        })
    }
}

fn digest(text: &str) -> Option<[u8; 20]> {
    let mut bytes = [0; 20];
    if text.len() != 40 || !text.is_ascii() {
        return None;
    }
    for (byte, at) in bytes.iter_mut().zip((0..40).step_by(2)) {
        *byte = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_a_file_and_a_hash() {
        let text = r#"{"version":"1.5.0","results":{"a/b.py":[
            {"type":"Secret Keyword","hashed_secret":"a9993e364706816aba3e25717850c26c9cd0d89d","line_number":3},
            {"type":"Private Key","hashed_secret":"be4fc4886bd949b369d5e092eb87494f12e57e5b","line_number":9}]}}"#;
        let baseline: DetectSecretsBaseline = serde_json::from_str(text).expect("valid");
        let (hashed, places) = baseline.entries().expect("hashes");
        assert!(hashed.knows("a/b.py", &Secret::new(b"abc")));
        assert!(!hashed.knows("a/c.py", &Secret::new(b"abc")));
        assert!(!hashed.knows("a/b.py", &Secret::new(b"abd")));
        assert_eq!(places, [("a/b.py".to_owned(), 9)]);
    }
}
