//! Only in debug builds: ends the process as `kill -9` does, before or after a chosen line of the journal, so that tests can
//! see that every point of a response survives it. `LEAKWARD_KILL_AT=before:7`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use leakward_respond::DatabaseError;
use leakward_respond::database::SagaId;
use leakward_respond::saga::{Journal, Record};

/// Which line, and on which side of it.
const VARIABLE: &str = "LEAKWARD_KILL_AT";

struct Mortal {
    inner: Arc<dyn Journal>,
    at: u64,
    is_before: bool,
    count: AtomicU64,
}

/// The journal, mortal if the variable says so.
pub(super) fn mortal(inner: Arc<dyn Journal>) -> Arc<dyn Journal> {
    let Ok(text) = std::env::var(VARIABLE) else {
        return inner;
    };
    let parsed = text
        .split_once(':')
        .and_then(|(side, at)| Some((side == "before", at.parse().ok()?)));
    match parsed {
        Some((is_before, at)) => Arc::new(Mortal {
            inner,
            at,
            is_before,
            count: AtomicU64::new(0),
        }),
        None => inner,
    }
}

impl Journal for Mortal {
    fn append(&self, saga: &SagaId, record: &Record) -> Result<(), DatabaseError> {
        let is_it = self.count.fetch_add(1, Ordering::SeqCst) == self.at;
        if is_it && self.is_before {
            die();
        }
        self.inner.append(saga, record)?;
        if is_it {
            die();
        }
        Ok(())
    }

    fn records(&self, saga: &SagaId) -> Result<Vec<Record>, DatabaseError> {
        self.inner.records(saga)
    }

    fn wake_at(&self, saga: &SagaId, when: Option<u64>) -> Result<(), DatabaseError> {
        self.inner.wake_at(saga, when)
    }
}

fn die() -> ! {
    let id = std::process::id().to_string();
    let killed = std::process::Command::new("kill")
        .args(["-KILL", &id])
        .status();
    assert!(killed.is_ok(), "kill");
    loop {
        std::thread::sleep(std::time::Duration::from_secs(1));
    }
}
