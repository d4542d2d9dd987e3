//! The audit log of verification: one JSON object a line for every call, before it is made and after it.
//!
//! INVARIANT: holds fingerprints, hosts and templates of paths, never a credential. A call that cannot be written down is not
//! made.

use std::io::Write;
use std::sync::{Mutex, PoisonError};

use leakward_core::{Asked, Fingerprint, RuleId};
use serde_json::json;

/// Where calls are written down.
pub struct Audit {
    out: Mutex<Box<dyn Write + Send>>,
}

/// The log cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("the audit log: {0}")]
pub struct AuditError(#[from] std::io::Error);

/// Who asks about what.
#[derive(Clone, Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) fingerprint: Fingerprint,
    pub(crate) rule: &'a RuleId,
    pub(crate) asked: &'a Asked,
    /// Whether a changed credential is sent in the place of the found one.
    pub(crate) is_control: bool,
}

impl Audit {
    /// Writes to `out`, which should append.
    #[must_use]
    pub fn new(out: impl Write + Send + 'static) -> Self {
        Self {
            out: Mutex::new(Box::new(out)),
        }
    }

    /// Before a call.
    pub(crate) fn asking(&self, time: &str, entry: &Entry<'_>) -> Result<(), AuditError> {
        self.write(time, "asking", entry, "")
    }

    /// After a call.
    pub(crate) fn answered(
        &self,
        time: &str,
        entry: &Entry<'_>,
        result: &str,
    ) -> Result<(), AuditError> {
        self.write(time, "answered", entry, result)
    }

    fn write(
        &self,
        time: &str,
        event: &str,
        entry: &Entry<'_>,
        result: &str,
    ) -> Result<(), AuditError> {
        let mut line = json!({
            "version": 1,
            "time": time,
            "event": event,
            "fingerprint": entry.fingerprint.to_string(),
            "rule": entry.rule.as_str(),
            "host": entry.asked.host,
            "method": entry.asked.method,
            "path": entry.asked.path,
            "control": entry.is_control,
        });
        if event == "answered" {
            line["status"] = json!(entry.asked.status);
            line["result"] = json!(result);
        }
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        // One write, so that lines of several processes do not mix.
        out.write_all(format!("{line}\n").as_bytes())?;
        out.flush()?;
        Ok(())
    }
}

impl std::fmt::Debug for Audit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Audit")
    }
}
