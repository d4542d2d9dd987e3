//! A database of one case, opened as often as the case wants: each opening is what another process would have.

use std::collections::BTreeMap;

use leakward_core::{Fingerprint, FingerprintKey, RuleId, Secret, Severity};
use leakward_respond::incident::Exposure;
use leakward_respond::plan::{Goal, Order, Plan};
use leakward_respond::saga::{Knowledge, Phase, Record, Step};
use leakward_respond::{Database, Ledger, Sighting};
use leakward_tests::Postgresql;
use tokio::runtime::Runtime;

/// The time at which cases happen.
pub(crate) const NOW: u64 = 1_800_000_000;

/// A database of one case.
pub(crate) struct Home {
    url: String,
    runtime: Runtime,
    _folder: Option<tempfile::TempDir>,
}

impl Home {
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self {
            url: folder.path().join("respond.db").display().to_string(),
            runtime: runtime(),
            _folder: Some(folder),
        }
    }

    pub(crate) fn postgresql(server: &Postgresql, number: usize) -> Self {
        server.run(&format!("CREATE DATABASE case_{number}"));
        let url = server.admin_url();
        let (base, _) = url.rsplit_once('/').expect("a database");
        Self {
            url: format!("{base}/case_{number}"),
            runtime: runtime(),
            _folder: None,
        }
    }

    /// The database, as a process of its own has it.
    pub(crate) fn open(&self) -> Ledger {
        let database = self
            .runtime
            .block_on(Database::open(&self.url))
            .expect("the database");
        Ledger::new(database, self.runtime.handle().clone())
    }

    /// What opening it says.
    pub(crate) fn try_open(&self) -> Result<Database, leakward_respond::DatabaseError> {
        self.runtime.block_on(Database::open(&self.url))
    }

    /// Somebody with another program changes the tables.
    pub(crate) fn meddle(&self, sql: &'static str) -> u64 {
        let ledger = self.open();
        ledger
            .wait(ledger.database().execute(sql, Vec::new()))
            .expect("the statement")
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime")
}

pub(crate) fn fingerprint(number: u32) -> Fingerprint {
    let secret = format!("secret number {number}");
    FingerprintKey::default()
        .fingerprint(&RuleId::from("some-rule"), &Secret::new(secret.as_bytes()))
}

pub(crate) fn sighting(number: u32) -> Sighting {
    Sighting {
        fingerprint: fingerprint(number),
        rule: "some-rule".to_owned(),
        title: "Key".to_owned(),
        provider: "Acme".to_owned(),
        masked: "abc…".to_owned(),
        severity: if number.is_multiple_of(2) {
            Severity::High
        } else {
            Severity::Critical
        },
        verdict: "live".to_owned(),
        exposure: Exposure::NotKnown,
        places: Vec::new(),
        owner: (number == 2).then(|| "ann".to_owned()),
        pushed_at: None,
    }
}

pub(crate) fn plan(number: u32) -> Plan {
    Plan {
        version: Plan::VERSION,
        fingerprint: fingerprint(number),
        rule: "some-rule".to_owned(),
        goal: Goal::Revoke,
        order: Order::SuccessorFirst,
        provider: Some("acme".to_owned()),
        revoke_action: Some("acme-revoke".to_owned()),
        rotate_action: None,
        birth: None,
        overlap: None,
        entry: None,
        grace: 0,
        steps: Vec::new(),
        instructions: None,
        warnings: vec!["'quotes' and \"signs\" — ü".to_owned()],
    }
}

pub(crate) fn record(sequence: u64, phase: Phase) -> Record {
    Record {
        sequence,
        at: NOW + sequence,
        step: (phase != Phase::Begun && phase != Phase::Ended).then_some(Step::Revoke),
        phase,
        text: format!("line {sequence}"),
        known: Knowledge {
            request_id: Some("r-1".to_owned()),
            ..Knowledge::default()
        },
    }
}

/// How often each word stands there.
pub(crate) fn counted(words: impl IntoIterator<Item = String>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for word in words {
        *counts.entry(word).or_insert(0) += 1;
    }
    counts
}
