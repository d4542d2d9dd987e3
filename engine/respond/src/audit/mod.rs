//! The audit log: who did what, when, why, and by which decision; one JSON object a line, each chained to the one before.
//!
//! Two sinks hold the same lines: a file and the database. A line's seal is an HMAC over its content and the seal of the
//! line before, so that an edit, a cut or another order shows ([`Audit::verify`]); a cut at the end shows against the other
//! sink. INVARIANT: what cannot be written to any sink is not done. Values are named by keyed fingerprints only.

mod chain;
mod key;
mod sink;
#[cfg(test)]
mod tests;
mod verify;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use leakward_core::Fingerprint;
use leakward_verify::{Clock, rfc3339};
use serde_json::{Value, json};

use crate::plan::Plan;
use crate::saga::{Record, SagaId, Witness};

pub use key::AuditKey;
pub(crate) use key::hex;
pub use sink::{AuditSink, DatabaseSink, FileSink, machine};
pub use verify::{Checked, Problem};

/// What goes wrong with the audit log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuditError {
    /// A sink cannot be read or written.
    #[error("{sink}: {why}")]
    Sink {
        /// Its name.
        sink: String,
        /// What was said.
        why: String,
    },
    /// No sink took the line.
    #[error("no audit log could be written ({0})")]
    NoSink(String),
    /// The key cannot be had.
    #[error("the audit log's key: {0}")]
    Key(String),
}

/// The audit log.
pub struct Audit {
    key: AuditKey,
    sinks: Vec<Box<dyn AuditSink>>,
    /// Who acts, `user@machine`.
    actor: String,
    clock: Box<dyn Clock>,
    /// The file whose lock keeps processes apart; none when nobody else writes.
    lock: Option<PathBuf>,
    /// Why responses may run, as the policy said: for all, and for single ones.
    decision: Mutex<Value>,
    decisions: Mutex<BTreeMap<Fingerprint, Value>>,
    /// Sinks that failed while others did not.
    failures: Mutex<Vec<String>>,
}

impl Audit {
    /// A log that goes to `sinks`.
    #[must_use]
    pub fn new(
        key: AuditKey,
        sinks: Vec<Box<dyn AuditSink>>,
        actor: &str,
        clock: Box<dyn Clock>,
        lock: Option<PathBuf>,
    ) -> Self {
        Self {
            key,
            sinks,
            actor: actor.to_owned(),
            clock,
            lock,
            decision: Mutex::new(Value::Null),
            decisions: Mutex::default(),
            failures: Mutex::new(Vec::new()),
        }
    }

    /// Why what follows may be done; goes into every line of a response for which nothing else was said.
    pub fn because(&self, decision: Value) {
        *self.decision.lock().unwrap_or_else(PoisonError::into_inner) = decision;
    }

    /// Why something may be done about this credential; goes into every line about it. Several responses can run at once.
    pub fn because_of(&self, fingerprint: Fingerprint, decision: Value) {
        let mut decisions = self
            .decisions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        decisions.insert(fingerprint, decision);
    }

    /// The response about this credential does nothing more for now.
    pub fn forget(&self, fingerprint: Fingerprint) {
        let mut decisions = self
            .decisions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        decisions.remove(&fingerprint);
    }

    /// Adds a line about something that people or the program decided.
    ///
    /// # Errors
    /// [`AuditError::NoSink`]: then it does not count.
    pub fn note(
        &self,
        fingerprint: Fingerprint,
        phase: &str,
        text: &str,
        details: &Value,
    ) -> Result<(), AuditError> {
        self.write(&json!({
            "time": rfc3339(self.clock.now()),
            "actor": self.actor,
            "incident": fingerprint.to_string(),
            "phase": phase,
            "text": text,
            "details": details,
        }))
    }

    /// Sinks that failed so far while others did not, one sentence each.
    pub fn failures(&self) -> Vec<String> {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut failures)
    }

    /// Adds a line.
    ///
    /// # Errors
    /// [`AuditError::NoSink`]: then nothing may be changed.
    pub fn write(&self, content: &Value) -> Result<(), AuditError> {
        let _alone = self.alone()?;
        let mut heads = Vec::new();
        let mut broken = Vec::new();
        for sink in &self.sinks {
            match sink.last() {
                Ok(line) => heads.push((sink, line)),
                Err(error) => broken.push(error.to_string()),
            }
        }
        let ahead = heads
            .iter()
            .filter_map(|(_, line)| line.as_deref().and_then(chain::head))
            .max_by_key(|head| head.sequence);
        let line = chain::link(&self.key, ahead.as_ref(), content);
        let mut written = 0;
        for (sink, last) in &heads {
            let behind = last.as_deref().and_then(chain::head);
            match self.catch_up(sink.as_ref(), behind.as_ref(), ahead.as_ref(), &line) {
                Ok(()) => written += 1,
                Err(error) => broken.push(error.to_string()),
            }
        }
        if written == 0 {
            return Err(AuditError::NoSink(broken.join("; ")));
        }
        self.failures
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(broken);
        Ok(())
    }

    /// Writes the line to a sink, and before it what the sink missed while it could not be written.
    fn catch_up(
        &self,
        sink: &dyn AuditSink,
        behind: Option<&chain::Head>,
        ahead: Option<&chain::Head>,
        line: &chain::Line,
    ) -> Result<(), AuditError> {
        let next = behind.map_or(0, |head| head.sequence + 1);
        let missing = ahead
            .map_or(0, |head| head.sequence + 1)
            .saturating_sub(next);
        if missing > 0 {
            let whole = self.sinks.iter().find_map(|other| {
                let lines = other.lines().ok()?;
                (lines.len() as u64 >= next + missing).then_some(lines)
            });
            let skip = usize::try_from(next).unwrap_or(usize::MAX);
            // The other sink may hold this very line by now.
            for (sequence, text) in
                (next..next + missing).zip(whole.unwrap_or_default().iter().skip(skip))
            {
                sink.append(sequence, text)?;
            }
        }
        sink.append(line.sequence, &line.text)
    }

    /// Looks at every line of every sink.
    #[must_use]
    pub fn verify(&self) -> Checked {
        verify::verify(&self.key, &self.sinks)
    }

    /// The lines, from the first sink that can be read.
    ///
    /// # Errors
    /// None can be read.
    pub fn lines(&self) -> Result<Vec<String>, AuditError> {
        let mut last = AuditError::NoSink("there is none".to_owned());
        for sink in &self.sinks {
            match sink.lines() {
                Ok(lines) => return Ok(lines),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn alone(&self) -> Result<Option<File>, AuditError> {
        let Some(path) = &self.lock else {
            return Ok(None);
        };
        let failed = |error: std::io::Error| AuditError::Sink {
            sink: path.display().to_string(),
            why: error.to_string(),
        };
        let file = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(failed)?;
        file.lock().map_err(failed)?;
        Ok(Some(file))
    }

    fn content(&self, plan: &Plan, saga: &SagaId, record: &Record) -> Value {
        let own = self
            .decisions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&plan.fingerprint)
            .cloned();
        let decision = own.unwrap_or_else(|| {
            let for_all = self.decision.lock().unwrap_or_else(PoisonError::into_inner);
            for_all.clone()
        });
        json!({
            "time": rfc3339(self.clock.now()),
            "actor": self.actor,
            "incident": plan.fingerprint.to_string(),
            "rule": plan.rule,
            "provider": plan.provider,
            "saga": saga.0,
            "line": record.sequence,
            "step": record.step,
            "phase": record.phase,
            "text": record.text,
            "successor": record.known.successor,
            "handle": record.known.handle,
            "request": record.known.request,
            "request_id": record.known.request_id,
            "store": plan.entry.as_ref().map(|entry| format!("{} {}", entry.store, entry.path)),
            "order": plan.order,
            "decision": decision,
        })
    }
}

impl Witness for Audit {
    fn witness(&self, plan: &Plan, saga: &SagaId, record: &Record) -> Result<(), String> {
        self.write(&self.content(plan, saga, record))
            .map_err(|error| error.to_string())
    }
}

impl std::fmt::Debug for Audit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Audit")
    }
}
