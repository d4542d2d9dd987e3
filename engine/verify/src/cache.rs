//! What was known a short while ago, so that a second run does not ask the same again.
//!
//! INVARIANT: holds fingerprints and evidence, never a credential. Only Live and Dead are kept: what was unknown is asked again.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use leakward_core::{
    Asked, Evidence, EvidenceSource, Fingerprint, FingerprintKey, Secret, Verdict,
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::plan::Call;
use crate::subject::{Subject, ValueSource};

/// LIMIT: bytes of a cache file that are read.
const LARGEST: u64 = 64 << 20;

const VERSION: u32 = 1;

/// What was known a short while ago.
#[derive(Debug)]
pub struct Cache {
    path: PathBuf,
    keep: Duration,
    entries: BTreeMap<String, Entry>,
}

/// The cache cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {error}")]
pub struct CacheError {
    path: String,
    error: std::io::Error,
}

#[derive(Debug, Serialize, Deserialize)]
struct File {
    version: u32,
    entries: BTreeMap<String, Entry>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Entry {
    at: u64,
    live: bool,
    checked_at: String,
    host: String,
    method: String,
    path: String,
    status: Option<u16>,
    summary: String,
    identity: Vec<(String, String)>,
    scopes: Vec<String>,
    expires_at: Option<String>,
}

impl Cache {
    /// Reads the file, if it is there and can be read; what cannot be read is asked again.
    #[must_use]
    pub fn open(path: &Path, keep: Duration, now: u64) -> Self {
        let is_small = fs::metadata(path).is_ok_and(|data| data.len() <= LARGEST);
        let file: Option<File> = is_small
            .then(|| fs::read(path).ok())
            .flatten()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .filter(|file: &File| file.version == VERSION);
        let mut entries = file.map(|file| file.entries).unwrap_or_default();
        // An entry of the future is a clock that was set back, or somebody else's idea.
        entries.retain(|_, entry| entry.at <= now && now - entry.at < keep.as_secs());
        Self {
            path: path.to_owned(),
            keep,
            entries,
        }
    }

    /// What is known about a credential that would be asked in this way.
    pub(crate) fn get(&self, fingerprint: Fingerprint, way: &str) -> Option<(Verdict, Evidence)> {
        let entry = self.entries.get(&key(fingerprint, way))?.clone();
        let verdict = if entry.live {
            Verdict::Live
        } else {
            Verdict::Dead
        };
        let evidence = Evidence {
            checked_at: entry.checked_at,
            source: EvidenceSource::Cache,
            asked: Some(Asked {
                host: entry.host,
                method: entry.method,
                path: entry.path,
                status: entry.status,
            }),
            summary: entry.summary,
            identity: entry.identity,
            scopes: entry.scopes,
            expires_at: entry.expires_at,
            details: Vec::new(),
        };
        Some((verdict, evidence))
    }

    pub(crate) fn put(
        &mut self,
        fingerprint: Fingerprint,
        way: &str,
        verdict: &Verdict,
        evidence: &Evidence,
        now: u64,
    ) {
        let (true, Some(asked)) = (
            matches!(verdict, Verdict::Live | Verdict::Dead),
            evidence.asked.clone(),
        ) else {
            return;
        };
        let entry = Entry {
            at: now,
            live: *verdict == Verdict::Live,
            checked_at: evidence.checked_at.clone(),
            host: asked.host,
            method: asked.method,
            path: asked.path,
            status: asked.status,
            summary: evidence.summary.clone(),
            identity: evidence.identity.clone(),
            scopes: evidence.scopes.clone(),
            expires_at: evidence.expires_at.clone(),
        };
        self.entries.insert(key(fingerprint, way), entry);
    }

    /// Writes the file, readable for its owner only, all of it or nothing.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self) -> Result<(), CacheError> {
        if self.keep.is_zero() {
            return Ok(());
        }
        let failed = |error| CacheError {
            path: self.path.display().to_string(),
            error,
        };
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        let file = File {
            version: VERSION,
            entries: self.entries.clone(),
        };
        let text = serde_json::to_vec(&file).map_err(|error| failed(error.into()))?;
        let beside = self
            .path
            .with_extension(format!("{}.new", std::process::id()));
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut out = options.open(&beside).map_err(failed)?;
        out.write_all(&text).map_err(failed)?;
        fs::rename(&beside, &self.path).map_err(failed)
    }
}

/// How a credential is asked about: of whom, and with which values beside it. A key id, a user or the claims of a token decide the
/// answer as much as the credential does. They can be secret themselves, so that their fingerprint stands for them.
#[expect(
    clippy::disallowed_methods,
    reason = "values that a question is made of, for their fingerprint"
)]
pub(crate) fn way(call: &Call, subject: &Subject) -> String {
    let mut all = Zeroizing::new(Vec::new());
    for value in &subject.values {
        let source = match value.source {
            ValueSource::Found => "found",
            ValueSource::Given => "given",
        };
        for part in [
            source.as_bytes(),
            value.name.as_bytes(),
            value.secret.expose(),
        ] {
            all.extend_from_slice(&part.len().to_le_bytes());
            all.extend_from_slice(part);
        }
    }
    let values = FingerprintKey::default().fingerprint(&subject.rule, &Secret::new(&all));
    format!("{} {}{} {values}", call.method, call.server, call.path)
}

/// The way is part of the key: another server, or another definition, is another question.
fn key(fingerprint: Fingerprint, way: &str) -> String {
    format!("{fingerprint} {way}")
}

#[cfg(test)]
mod tests {
    use leakward_core::{FingerprintKey, RuleId, Secret};

    use super::*;

    #[test]
    fn only_what_is_known_is_kept_and_only_for_a_while() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a/verify.json");
        let keep = Duration::from_secs(60);
        let of = |name: &[u8]| {
            FingerprintKey::default().fingerprint(&RuleId::from("r"), &Secret::new(name))
        };
        let evidence = Evidence {
            asked: Some(Asked::default()),
            ..Evidence::default()
        };
        let mut cache = Cache::open(&path, keep, 1_000);
        cache.put(of(b"live"), "w", &Verdict::Live, &evidence, 1_000);
        cache.put(
            of(b"unknown"),
            "w",
            &Verdict::unknown("x"),
            &evidence,
            1_000,
        );
        cache.save().expect("a cache");
        let verdict = |now: u64, name: &[u8], way: &str| {
            Cache::open(&path, keep, now)
                .get(of(name), way)
                .map(|(verdict, _)| verdict)
        };
        assert_eq!(verdict(1_059, b"live", "w"), Some(Verdict::Live));
        assert_eq!(verdict(1_059, b"live", "another way"), None);
        assert_eq!(verdict(1_060, b"live", "w"), None);
        assert_eq!(verdict(999, b"live", "w"), None);
        assert_eq!(verdict(1_000, b"unknown", "w"), None);
        fs::write(&path, "{").expect("a broken cache");
        assert_eq!(verdict(1_000, b"live", "w"), None);
    }
}
