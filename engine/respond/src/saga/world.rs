//! What a saga acts on and asks: everything outside of it, passed in, so that tests can put a simulated world there.

use std::collections::BTreeMap;
use std::time::Duration;

use leakward_core::{FingerprintKey, Rule, Secret};
use leakward_stores::{Consumer, Store};
use leakward_verify::{Clock, Subject, Verified};

use super::{Record, SagaId};
use crate::database::DatabaseError;
use crate::plan::Plan;
use crate::provider::Provider;

/// Whether a credential works.
pub trait Prover: Send + Sync {
    /// Asks now, whatever was known before.
    fn prove(&self, subject: &Subject) -> Verified;
}

/// Whom we act as.
pub trait Identities: Send + Sync {
    /// The identities by their names, as they are now: a login that was renewed is seen.
    fn read(&self) -> BTreeMap<String, Secret>;
}

/// Waits.
pub trait Pause: Send + Sync {
    /// Lets time pass.
    fn pause(&self, time: Duration);
}

/// Where a saga is written down.
pub trait Journal: Send + Sync {
    /// Adds a line. It is durable when this returns.
    ///
    /// # Errors
    /// It could not be written, or somebody else works on the saga.
    fn append(&self, saga: &SagaId, record: &Record) -> Result<(), DatabaseError>;

    /// All lines.
    ///
    /// # Errors
    /// They cannot be read.
    fn records(&self, saga: &SagaId) -> Result<Vec<Record>, DatabaseError>;

    /// When the saga wants to go on; none when it waits for somebody.
    ///
    /// # Errors
    /// It could not be written.
    fn wake_at(&self, saga: &SagaId, when: Option<u64>) -> Result<(), DatabaseError>;
}

/// Whoever has to know before something is changed.
pub trait Witness: Send + Sync {
    /// Writes down what is about to be done, or what came of it.
    ///
    /// # Errors
    /// No sink could be written: then nothing may be changed.
    fn witness(&self, plan: &Plan, saga: &SagaId, record: &Record) -> Result<(), String>;
}

/// Tells people.
pub trait Messenger: Send + Sync {
    /// Sees to it that people learn how it ended. Keeps what cannot be sent now; one message however often it is called.
    ///
    /// # Errors
    /// It could not even be kept.
    fn tell(&self, plan: &Plan, saga: &SagaId, text: &str) -> Result<(), String>;
}

/// Finds places that get a copy of a new value.
pub trait Receivers: Send + Sync {
    /// The one that the plan calls so; none when it is not connected.
    fn receiver(&self, to: &str) -> Option<&dyn Consumer>;
}

/// How long the saga tries by itself before it gives back control.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patience {
    /// How often one step is tried. Default 5.
    pub tries: u32,
    /// First wait between two tries; doubled each time. Default 1 s.
    pub first_wait: Duration,
    /// How long a provider may take until it accepts a new credential or refuses an old one. Default 60 s.
    pub settling: Duration,
    /// The longest grace period that is waited for in the process; a longer one is resumed later. Default 10 minutes.
    pub longest_grace: Duration,
}

impl Patience {
    /// How long is waited after so many tries.
    pub(crate) fn after(&self, tries: u32) -> Duration {
        self.first_wait * 2_u32.saturating_pow(tries.saturating_sub(1))
    }
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            tries: 5,
            first_wait: Duration::from_secs(1),
            settling: Duration::from_secs(60),
            longest_grace: Duration::from_secs(600),
        }
    }
}

/// Everything outside of a saga.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// Who issues the credential.
    pub provider: &'a dyn Provider,
    /// The type of credential.
    pub rule: &'a Rule,
    /// Whom we act as.
    pub identities: &'a dyn Identities,
    /// The store that gets the successor, where there is one.
    pub store: Option<&'a dyn Store>,
    /// Who gets a copy of the successor.
    pub receivers: &'a dyn Receivers,
    /// Whether credentials work.
    pub prover: &'a dyn Prover,
    /// Where the saga is written down.
    pub journal: &'a dyn Journal,
    /// Whoever has to know.
    pub witness: &'a dyn Witness,
    /// Tells people.
    pub messenger: &'a dyn Messenger,
    /// The time of day.
    pub clock: &'a dyn Clock,
    /// Waits.
    pub pause: &'a dyn Pause,
    /// The key of fingerprints.
    pub key: &'a FingerprintKey,
    /// How long it tries.
    pub patience: &'a Patience,
}
