//! What acts on an incident: `leakward-respond`, put together from the configuration of the service.
//!
//! Blocking, like the steps of a response; called from threads that may block.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use leakward_core::{Fingerprint, FingerprintKey, Rule, Secret};
use leakward_respond::audit::{Audit, AuditKey, DatabaseSink, FileSink, machine};
use leakward_respond::incident::{EntryPlace, Incident};
use leakward_respond::notify::Notifier;
use leakward_respond::plan::{Goal, Plan};
use leakward_respond::policy::{Decision, Policy};
use leakward_respond::providers::BuiltInProviders;
use leakward_respond::responder::{Resumed, VerifyingProver};
use leakward_respond::saga::{Identities, Patience, Pause, Prover};
use leakward_respond::{Applied, Ledger, Parts, Providers, RespondError, Responder, Wanted};
use leakward_stores::{Holding, Index, Reading, Store, StoreSpec, Surroundings};
use leakward_verify::{Subject, SystemClock};

use crate::channels::channels;
use crate::config::{Config, Response as Settings};
use crate::secret_source::SecretSource;
use crate::verification::way_out;

/// How long what the stores hold is believed before they are read again.
const FRESH: Duration = Duration::from_secs(300);

/// A longer grace period is not waited for in the process, but gone on with when its time has come.
const LONGEST_GRACE: Duration = Duration::from_secs(5);

/// Why nothing can act.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("response.{what}: {reason}")]
pub(crate) struct NotReady {
    what: String,
    reason: String,
}

/// Why what somebody said was not taken down.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotTaken {
    /// There is nothing, or nothing any more, that it could be said to.
    #[error("{0}")]
    TooLate(String),
    /// It can be said again.
    #[error("{0}")]
    NotNow(String),
}

impl From<NotReady> for NotTaken {
    fn from(error: NotReady) -> Self {
        Self::NotNow(error.to_string())
    }
}

impl From<RespondError> for NotTaken {
    fn from(error: RespondError) -> Self {
        match error {
            RespondError::NothingWaits(_) | RespondError::DoesNotCount { .. } => {
                Self::TooLate(error.to_string())
            }
            error => Self::NotNow(error.to_string()),
        }
    }
}

fn wrong(what: &str, reason: &dyn std::fmt::Display) -> NotReady {
    NotReady {
        what: what.to_owned(),
        reason: reason.to_string(),
    }
}

/// What acts on an incident.
pub(crate) struct Acting {
    ledger: Ledger,
    rules: Arc<[Rule]>,
    key: FingerprintKey,
    providers: Arc<dyn Providers>,
    stores: BTreeMap<String, Arc<dyn Store>>,
    prover: Arc<dyn Prover>,
    identities: Arc<dyn Identities>,
    policy: Policy,
    notifier: Arc<Notifier>,
    data: PathBuf,
    grace: u64,
    index: Mutex<(Index, Option<Instant>)>,
}

/// What was planned, and what came of it.
pub(crate) struct Acted {
    /// What was planned, and what the policy says.
    pub(crate) planned: Option<(Plan, Decision)>,
    /// What came of it.
    pub(crate) applied: Result<Applied, RespondError>,
}

/// Whom we act as: read anew each time, so that a login that was renewed is seen.
struct Named(BTreeMap<String, SecretSource>);

impl Identities for Named {
    fn read(&self) -> BTreeMap<String, Secret> {
        let read = |(name, source): (&String, &SecretSource)| match source.read() {
            Ok(secret) => Some((name.clone(), secret)),
            Err(error) => {
                tracing::error!(identity = name, %error, "an identity cannot be read");
                None
            }
        };
        self.0.iter().filter_map(read).collect()
    }
}

struct Sleep;

impl Pause for Sleep {
    fn pause(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

impl Acting {
    /// As configured; nothing when no response is.
    pub(crate) fn new(
        config: &Config,
        rules: &[Rule],
        key: FingerprintKey,
        ledger: Ledger,
    ) -> Result<Option<Self>, NotReady> {
        let Some(settings) = &config.response else {
            return Ok(None);
        };
        let rules: Arc<[Rule]> = rules.to_vec().into();
        let out = || way_out(&config.verify).map_err(|error| wrong("network", &error));
        let (verify, network) = out()?;
        let audit_file = config.data_dir.join("verify-audit.jsonl");
        let calls =
            crate::verification::audit(&audit_file).map_err(|error| wrong("audit", &error))?;
        let prover = VerifyingProver::new(Arc::clone(&rules), verify, network, calls);
        let (verify, network) = out()?;
        let policy = match &settings.policy {
            Some(file) => Policy::of_file(file).map_err(|error| wrong("policy", &error))?,
            None => Policy::built_in(),
        };
        let channels = channels(&settings.notify).map_err(|error| wrong("notify", &error))?;
        let notifier = Notifier::new(ledger.clone(), channels, Box::new(SystemClock))
            .map_err(|error| wrong("notify", &error))?;
        let stores = stores(settings, &config.data_dir, &key)?;
        Ok(Some(Self {
            providers: Arc::new(BuiltInProviders::with_stores(
                verify,
                network,
                SystemClock,
                stores.clone(),
            )),
            stores,
            prover: Arc::new(prover),
            identities: Arc::new(Named(settings.identities.clone())),
            policy,
            notifier: Arc::new(notifier),
            data: config.data_dir.clone(),
            grace: settings.grace_seconds,
            index: Mutex::default(),
            ledger,
            rules,
            key,
        }))
    }

    /// The connected stores, by their names.
    pub(crate) fn stores(&self) -> &BTreeMap<String, Arc<dyn Store>> {
        &self.stores
    }

    /// One responder for each errand: its audit log notes one reason at a time.
    fn responder(&self) -> Result<Responder, NotReady> {
        let key = AuditKey::of_file(&self.data.join("audit.key"))
            .map_err(|error| wrong("audit", &error))?;
        let file = self.data.join("audit.jsonl");
        let copy = DatabaseSink::beside(self.ledger.clone(), &file);
        let lock = Some(self.data.join("audit.lock"));
        let audit = Audit::new(
            key,
            vec![Box::new(FileSink::new(file)), Box::new(copy)],
            &format!("leakward-serve@{}", machine()),
            Box::new(SystemClock),
            lock,
        );
        Ok(Responder::new(Parts {
            ledger: self.ledger.clone(),
            journal: Arc::new(self.ledger.clone()),
            rules: Arc::clone(&self.rules),
            providers: Arc::clone(&self.providers),
            stores: self.stores.clone(),
            prover: Arc::clone(&self.prover),
            identities: Arc::clone(&self.identities),
            policy: self.policy.clone(),
            audit: Arc::new(audit),
            notifier: Arc::clone(&self.notifier),
            clock: Arc::new(SystemClock),
            pause: Arc::new(Sleep),
            key: self.key.clone(),
            patience: Patience {
                longest_grace: LONGEST_GRACE,
                ..Patience::default()
            },
        }))
    }

    /// Where applications read this credential, as far as the connected stores hold it now.
    pub(crate) fn locate(&self, subject: &Subject) -> Option<Holding> {
        let mut index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        let is_fresh = index.1.is_some_and(|read| read.elapsed() < FRESH);
        if !is_fresh {
            self.read_stores(&mut index.0);
            index.1 = Some(Instant::now());
        }
        let mut found = index.0.locate(&self.key, &subject.secret);
        if found.is_empty() && is_fresh {
            // It may have been put there since.
            self.read_stores(&mut index.0);
            index.1 = Some(Instant::now());
            found = index.0.locate(&self.key, &subject.secret);
        }
        found.into_iter().find(|holding| holding.is_current)
    }

    fn read_stores(&self, index: &mut Index) {
        let now = crate::time::Moment::now().rfc3339();
        let reading = Reading {
            key: &self.key,
            versions: 1,
            now: &now,
        };
        for (name, store) in &self.stores {
            if let Err(error) = index.add(name, store.as_ref(), &reading) {
                tracing::warn!(store = name, %error, "a store cannot be read: leaks of what it holds are not found in it");
            }
        }
    }

    /// Goes on with the response that is under way; else plans one, asks the policy, and does what it allows.
    pub(crate) fn act(&self, incident: &Incident, subject: &Subject) -> Result<Acted, NotReady> {
        let responder = self.responder()?;
        let left = responder.settle_ended(subject.fingerprint);
        if let Some(ended) = left.transpose() {
            return Ok(Acted {
                planned: None,
                applied: ended.map(Applied::Ran),
            });
        }
        // What a response under way has done already is not there any more to be planned with.
        match responder.resume(subject.fingerprint, Some(subject.clone())) {
            Err(RespondError::NothingOpen(_)) => {}
            resumed => {
                return Ok(Acted {
                    planned: None,
                    applied: resumed.map(Applied::Ran),
                });
            }
        }
        let (plan, decision) = match self.prepare(&responder, incident, subject) {
            Ok(prepared) => prepared,
            Err(error) => {
                return Ok(Acted {
                    planned: None,
                    applied: Err(error),
                });
            }
        };
        let applied = responder.apply(&plan, &decision, subject);
        Ok(Acted {
            planned: Some((plan, decision)),
            applied,
        })
    }

    /// A rotation where an entry holds the credential and there can be a successor; else it is only taken away.
    fn prepare(
        &self,
        responder: &Responder,
        incident: &Incident,
        subject: &Subject,
    ) -> Result<(Plan, Decision), RespondError> {
        let revoke = Wanted {
            goal: Goal::Revoke,
            // Wherever the entry holds it: a successor can have another user's name too.
            entry: incident.entry.clone().map(|place| EntryPlace {
                field: String::new(),
                ..place
            }),
            grace: self.grace,
            order: None,
        };
        if incident.entry.is_none() {
            return responder.prepare(incident, subject, &revoke);
        }
        let rotate = Wanted {
            goal: Goal::Rotate,
            ..revoke.clone()
        };
        match responder.prepare(incident, subject, &rotate) {
            Err(
                RespondError::NoRotation { .. }
                | RespondError::Untestable(_)
                | RespondError::OtherField { .. },
            ) => responder.prepare(incident, subject, &revoke),
            prepared => prepared,
        }
    }

    /// Notes that somebody says yes.
    pub(crate) fn approve(&self, incident: Fingerprint, by: &str) -> Result<Incident, NotTaken> {
        Ok(self.responder()?.approve(incident, by)?)
    }

    /// Takes down that somebody says no.
    pub(crate) fn reject(
        &self,
        incident: Fingerprint,
        by: &str,
        why: &str,
    ) -> Result<Incident, NotTaken> {
        Ok(self.responder()?.reject(incident, by, why)?)
    }

    /// Sends messages that could not be sent before.
    pub(crate) fn tell_again(&self) -> Result<(), String> {
        let flushed = self.notifier.flush();
        flushed.map(drop).map_err(|error| error.to_string())
    }

    /// Settles an incident whose response ended with the process before that was written into it.
    pub(crate) fn settle_ended(&self, incident: Fingerprint) -> Result<(), String> {
        let responder = self.responder().map_err(|error| error.to_string())?;
        let settled = responder.settle_ended(incident);
        settled.map(drop).map_err(|error| error.to_string())
    }

    /// Goes on with what was interrupted or whose time has come. Whose credential has to be given for that.
    pub(crate) fn go_on(&self) -> Result<Vec<Fingerprint>, String> {
        let responder = self.responder().map_err(|error| error.to_string())?;
        let resumed = responder.resume_due().map_err(|error| error.to_string())?;
        let needing = |one: Resumed| match one.outcome {
            Err(RespondError::NeedsCredential(fingerprint)) => Some(fingerprint),
            Err(error) => {
                tracing::warn!(incident = %one.fingerprint, %error, "a response does not go on");
                None
            }
            Ok(outcome) => {
                tracing::info!(incident = %one.fingerprint, ?outcome, "a response went on");
                None
            }
        };
        Ok(resumed.into_iter().filter_map(needing).collect())
    }

    /// Goes on with the response of this credential.
    pub(crate) fn resume(&self, subject: Subject) -> Result<(), String> {
        let responder = self.responder().map_err(|error| error.to_string())?;
        let resumed = responder.resume(subject.fingerprint, Some(subject));
        resumed.map(drop).map_err(|error| error.to_string())
    }
}

/// The store's entry as incidents name it.
pub(crate) fn place_of(holding: &Holding) -> EntryPlace {
    EntryPlace {
        store: holding.store.clone(),
        path: holding.path.clone(),
        field: holding.field.clone(),
    }
}

fn stores(
    settings: &Settings,
    data: &Path,
    key: &FingerprintKey,
) -> Result<BTreeMap<String, Arc<dyn Store>>, NotReady> {
    let surroundings = Surroundings::of_process(data, Some(data.join("stores")), key.clone());
    let open = |(name, table): (&String, &crate::config::StoreTable)| {
        let what = format!("stores.{name}");
        let spec = StoreSpec::from_table(&table.url, &table.options)
            .map_err(|error| wrong(&what, &error))?;
        let opened =
            leakward_stores::open(&spec, &surroundings).map_err(|error| wrong(&what, &error))?;
        let store = opened.into_store().map_err(|error| wrong(&what, &error))?;
        Ok((name.clone(), Arc::<dyn Store>::from(store)))
    };
    settings.stores.iter().map(open).collect()
}
