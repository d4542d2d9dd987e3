//! Looks for credentials in texts that are no repository: a push that is not taken yet, a leak that was posted, a file that an
//! alert names.

use std::sync::Arc;

use leakward_core::{Fingerprint, Rule, RuleId, Secret};
use leakward_scan::credential::{Credential, credentials_in};
use leakward_scan::policy::Overrides;
use leakward_scan::run::{Prepared, ScanError};

use crate::config::Scan;
use crate::webhook::pre_receive::{NotABatch, objects};

/// Looks for credentials in texts.
pub(crate) struct Eye(Arc<Prepared>);

/// A credential in a push that is not taken yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SeenInPush {
    /// The rule.
    pub(crate) rule: String,
    /// What it is.
    pub(crate) title: String,
    /// The path, or what the object is.
    pub(crate) path: String,
    /// The line, from 1.
    pub(crate) line: usize,
    /// As it may be shown.
    pub(crate) masked: String,
}

impl Eye {
    /// With the configured rules.
    pub(crate) fn new(scan: &Scan) -> Result<Self, ScanError> {
        let overrides = Overrides {
            config: scan.config.clone(),
            rule_files: scan.rules.clone(),
            ..Overrides::default()
        };
        Ok(Self(Arc::new(Prepared::new(&overrides)?)))
    }

    /// For scans of repositories.
    pub(crate) fn prepared(&self) -> Arc<Prepared> {
        Arc::clone(&self.0)
    }

    /// All rules.
    pub(crate) fn rules(&self) -> &[Rule] {
        self.0.detector().rules()
    }

    /// The rule of this id.
    pub(crate) fn rule(&self, id: &str) -> Option<&Rule> {
        leakward_rules::find(self.rules(), id)
    }

    /// The key of fingerprints.
    pub(crate) fn key(&self) -> leakward_core::FingerprintKey {
        self.0.policy().key.clone()
    }

    /// The identity of a credential.
    pub(crate) fn fingerprint(&self, rule: &RuleId, secret: &Secret) -> Fingerprint {
        self.0.policy().key.fingerprint(rule, secret)
    }

    /// The credentials in a text, each with its line.
    pub(crate) fn look(&self, bytes: &[u8]) -> Vec<(Credential, usize)> {
        let line = |at: usize| 1 + bytes.iter().take(at).filter(|byte| **byte == b'\n').count();
        credentials_in(bytes, self.0.detector(), self.0.policy())
            .into_iter()
            .map(|(credential, span)| (credential, line(span.start)))
            .collect()
    }

    /// The credentials in the objects of a push that is not taken yet.
    pub(crate) fn look_at_push(&self, body: &[u8]) -> Result<Vec<SeenInPush>, NotABatch> {
        let mut seen = Vec::new();
        for object in objects(body)?.iter().filter(|object| object.kind != "tree") {
            for (credential, line) in self.look(object.bytes) {
                let path = if object.path.is_empty() {
                    format!("{} {}", object.kind, object.id)
                } else {
                    object.path.to_owned()
                };
                seen.push(SeenInPush {
                    title: self
                        .rule(credential.rule.as_str())
                        .map_or_else(String::new, |rule| rule.title.to_string()),
                    rule: credential.rule.to_string(),
                    path,
                    line,
                    masked: credential.secret.masked(),
                });
            }
        }
        Ok(seen)
    }
}
