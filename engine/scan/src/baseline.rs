//! A baseline: the findings that were known when it was made. A scan against it shows only what is new.
//!
//! Entries are fingerprints, so a baseline survives line shifts, renames and rebases. Rule and path stand beside
//! them for the reader only. Sorted by fingerprint, one entry a line, so that two branches' baselines merge.
//!
//! A `.secrets.baseline` of detect-secrets serves as well: its entries are matched by file and hash.
//!
//! A gitleaks JSON report serves as well: its entries are matched by credential where the report holds it, and by
//! commit, path and line where it was redacted.

use std::collections::{BTreeMap, HashSet};

use leakward_core::{Finding, Fingerprint, FingerprintKey, RuleId, Secret};
use serde::{Deserialize, Serialize};

use crate::detect_secrets::{DetectSecretsBaseline, HashedSecrets};
use crate::gitleaks::{GitleaksFinding, Place};

/// The rule name under which credentials of foreign reports are fingerprinted: their rules have other names.
const ANY_RULE: &str = "*";

/// The findings known before.
#[derive(Clone, Debug, Default)]
pub struct Baseline {
    fingerprints: HashSet<Fingerprint>,
    values: HashSet<Fingerprint>,
    places: HashSet<Place>,
    hashed: HashedSecrets,
}

/// A baseline file that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// Not JSON of either form.
    #[error("{file}: not a baseline: {source}")]
    Json {
        /// Name of the file.
        file: String,
        /// What the reader said, with line and column.
        source: serde_json::Error,
    },
    /// A version that this program does not know.
    #[error(
        "{file}: version {version} of the baseline is not known here; this program reads version 1"
    )]
    Version {
        /// Name of the file.
        file: String,
        /// The version found.
        version: u32,
    },
    /// An entry of detect-secrets whose hash is none.
    #[error("{file}: {hash:?} is no SHA-1 in hexadecimal digits")]
    Hash {
        /// Name of the file.
        file: String,
        /// What stands there.
        hash: String,
    },
    /// An entry whose fingerprint is none.
    #[error("{file}: entry {entry}: {fingerprint:?} is not a fingerprint")]
    Fingerprint {
        /// Name of the file.
        file: String,
        /// Which entry, from 1.
        entry: usize,
        /// What stands there.
        fingerprint: String,
    },
}

/// The file as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    findings: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    fingerprint: String,
    rule: String,
    path: String,
}

impl Baseline {
    /// Reads a baseline, or a gitleaks JSON report.
    ///
    /// # Errors
    /// When the text is neither, or of a later version; nothing of it is used then.
    pub fn parse(text: &str, file: &str, key: &FingerprintKey) -> Result<Self, BaselineError> {
        let json_error = |source| BaselineError::Json {
            file: file.to_owned(),
            source,
        };
        if text.trim_start().starts_with('[') {
            return Ok(Self::from_gitleaks(
                &serde_json::from_str::<Vec<GitleaksFinding>>(text).map_err(json_error)?,
                key,
            ));
        }
        if is_of_detect_secrets(text) {
            let theirs: DetectSecretsBaseline = serde_json::from_str(text).map_err(json_error)?;
            return Self::from_detect_secrets(theirs, file);
        }
        let own: File = serde_json::from_str(text).map_err(json_error)?;
        Self::from_own(&own, file)
    }

    fn from_own(own: &File, file: &str) -> Result<Self, BaselineError> {
        if own.version != 1 {
            return Err(BaselineError::Version {
                file: file.to_owned(),
                version: own.version,
            });
        }
        let mut baseline = Self::default();
        for (index, entry) in own.findings.iter().enumerate() {
            let fingerprint =
                entry
                    .fingerprint
                    .parse()
                    .map_err(|_| BaselineError::Fingerprint {
                        file: file.to_owned(),
                        entry: index + 1,
                        fingerprint: entry.fingerprint.clone(),
                    })?;
            baseline.fingerprints.insert(fingerprint);
        }
        Ok(baseline)
    }

    fn from_gitleaks(findings: &[GitleaksFinding], key: &FingerprintKey) -> Self {
        let mut baseline = Self::default();
        for finding in findings {
            match finding.secret() {
                Some(secret) => {
                    baseline
                        .values
                        .insert(Self::value_fingerprint(&secret, key));
                }
                None => {
                    baseline.places.insert(finding.place());
                }
            }
        }
        baseline
    }

    fn from_detect_secrets(
        theirs: DetectSecretsBaseline,
        file: &str,
    ) -> Result<Self, BaselineError> {
        let (hashed, places) = theirs.entries().map_err(|hash| BaselineError::Hash {
            file: file.to_owned(),
            hash,
        })?;
        Ok(Self {
            hashed,
            places: places
                .into_iter()
                .map(|(path, line)| Place::anywhere(path, line))
                .collect(),
            ..Self::default()
        })
    }

    /// Whether a credential was known in a file by its hash.
    #[must_use]
    pub fn knows_in_file(&self, path: &str, secret: &Secret) -> bool {
        self.hashed.knows(path, secret)
    }

    /// The fingerprint of a credential whatever rule found it.
    #[must_use]
    pub fn value_fingerprint(secret: &Secret, key: &FingerprintKey) -> Fingerprint {
        key.fingerprint(&RuleId::from(ANY_RULE), secret)
    }

    /// Whether a finding was known, by its own fingerprint or by that of its credential.
    #[must_use]
    pub fn knows(&self, fingerprint: Fingerprint, value: Fingerprint) -> bool {
        self.fingerprints.contains(&fingerprint) || self.values.contains(&value)
    }

    /// Whether it names commits and lines, as redacted reports do.
    #[must_use]
    pub fn names_places(&self) -> bool {
        !self.places.is_empty()
    }

    /// Whether a place was known from a redacted report.
    #[must_use]
    pub fn knows_place(&self, commit: Option<&str>, path: &str, line: u32) -> bool {
        !self.places.is_empty() && Place::matches(&self.places, commit, path, line)
    }

    /// Writes the baseline of `findings`.
    #[must_use]
    pub fn write(findings: &[Finding]) -> String {
        let sorted: BTreeMap<String, (&str, &str)> = findings
            .iter()
            .map(|finding| {
                let path = finding
                    .locations
                    .first()
                    .map_or("", |location| location.path.as_str());
                (
                    finding.fingerprint.to_string(),
                    (finding.rule.as_str(), path),
                )
            })
            .collect();
        let lines: Vec<String> = sorted
            .into_iter()
            .map(|(fingerprint, (rule, path))| {
                let entry = Entry {
                    fingerprint,
                    rule: rule.to_owned(),
                    path: path.to_owned(),
                };
                // A struct of three strings always serializes.
                format!("    {}", serde_json::to_string(&entry).unwrap_or_default())
            })
            .collect();
        let body = if lines.is_empty() {
            String::new()
        } else {
            format!("\n{}\n  ", lines.join(",\n"))
        };
        format!("{{\n  \"version\": 1,\n  \"findings\": [{body}]\n}}\n")
    }
}

/// Whether an object has what only detect-secrets' has.
fn is_of_detect_secrets(text: &str) -> bool {
    #[derive(Deserialize)]
    struct Keys {
        results: Option<serde::de::IgnoredAny>,
    }
    serde_json::from_str::<Keys>(text).is_ok_and(|keys| keys.results.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_baseline_is_written_and_read_back() {
        let text = Baseline::write(&[]);
        assert!(
            Baseline::parse(&text, "b", &FingerprintKey::default()).is_ok(),
            "{text}"
        );
    }

    #[test]
    fn a_gitleaks_report_is_matched_by_credential_whatever_the_rule() {
        let key = FingerprintKey::default();
        let report =
            r#"[{"RuleID":"x","File":"a.txt","StartLine":3,"Commit":"c","Secret":"swordfish-42"}]"#;
        let baseline = Baseline::parse(report, "b", &key).expect("valid");
        let secret = Secret::new(b"swordfish-42");
        let own = key.fingerprint(&RuleId::from("generic-password"), &secret);
        assert!(baseline.knows(own, Baseline::value_fingerprint(&secret, &key)));
        assert!(!baseline.knows(
            own,
            Baseline::value_fingerprint(&Secret::new(b"other"), &key)
        ));
    }

    #[test]
    fn a_redacted_gitleaks_report_is_matched_by_place() {
        let report =
            r#"[{"RuleID":"x","File":"a.txt","StartLine":3,"Commit":"c","Secret":"REDACTED"}]"#;
        let baseline = Baseline::parse(report, "b", &FingerprintKey::default()).expect("valid");
        assert!(baseline.knows_place(Some("c"), "a.txt", 3));
        assert!(!baseline.knows_place(Some("c"), "a.txt", 4));
    }

    #[test]
    fn an_error_names_the_file_and_the_place() {
        let key = FingerprintKey::default();
        for (text, expected) in [
            ("{", "b: not a baseline: EOF"),
            (r#"{"version":2,"findings":[]}"#, "b: version 2"),
            (
                r#"{"version":1,"findings":[{"fingerprint":"x","rule":"","path":""}]}"#,
                "b: entry 1: \"x\"",
            ),
        ] {
            let error = Baseline::parse(text, "b", &key)
                .expect_err(text)
                .to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
