//! From what was typed to a [`Responder`].

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use leakward_core::{FingerprintKey, Rule};
use leakward_respond::audit::{Audit, AuditKey, DatabaseSink, FileSink, machine};
use leakward_respond::notify::Notifier;
use leakward_respond::providers::BuiltInProviders;
use leakward_respond::responder::{Reader, VerifyingProver};
use leakward_respond::saga::{Journal, Patience, Pause};
use leakward_respond::{Database, Ledger, Parts, Responder};
use leakward_stores::Store;
use leakward_verify::SystemClock;
use tokio::runtime::Runtime;

use super::approve::approvers;
use super::args::{MeansArgs, StateArgs};
use super::identities::GivenIdentities;
use super::person::person;
use super::{notify, policy};
use crate::args::{PolicyArgs, VerificationArgs};
use crate::messages::Messages;
use crate::store::{CommonArgs, Connections, StoreFormat};
use crate::user_folders;
use crate::verification::Verification;

/// What responses remember. Keeps the runtime alive that drives the database.
pub(super) struct Memory {
    pub(super) ledger: Ledger,
    pub(super) audit: Arc<Audit>,
    _runtime: Runtime,
}

fn in_state(given: Option<&PathBuf>, name: &str, option: &str) -> anyhow::Result<PathBuf> {
    match given {
        Some(path) => Ok(path.clone()),
        None => Ok(user_folders::state()
            .with_context(|| format!("say with {option} where: there is no home folder"))?
            .join(name)),
    }
}

impl Memory {
    /// Opens the database and the audit log.
    pub(super) fn open(args: &StateArgs) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .context("the runtime")?;
        let url = match &args.database {
            Some(url) => url.clone(),
            None => in_state(None, "respond.db", "--database")?
                .display()
                .to_string(),
        };
        let database = runtime.block_on(Database::open(&url))?;
        let ledger = Ledger::new(database, runtime.handle().clone());
        let file = in_state(args.audit.as_ref(), "audit.jsonl", "--audit")?;
        let key_file = match &args.audit_key {
            Some(path) => path.clone(),
            None => user_folders::config()
                .context("say with --audit-key where: there is no home folder")?
                .join("audit.key"),
        };
        let file = std::path::absolute(&file).unwrap_or(file);
        if let Some(folder) = file.parent() {
            // Whether it can be written is asked when something is to be changed.
            let _made = std::fs::create_dir_all(folder).is_ok();
        }
        let log = file.display().to_string();
        let lock = std::env::temp_dir().join(format!("leakward-audit-{:08x}.lock", checksum(&log)));
        let copy = DatabaseSink::beside(ledger.clone(), &file);
        let audit = Audit::new(
            AuditKey::of_file(&key_file)?,
            vec![Box::new(FileSink::new(file)), Box::new(copy)],
            &format!("{}@{}", person(), machine()),
            Box::new(SystemClock),
            Some(lock),
        );
        Ok(Self {
            ledger,
            audit: Arc::new(audit),
            _runtime: runtime,
        })
    }

    /// Names the audit logs that took less than was done.
    pub(super) fn tell_failures(&self, messages: Messages) {
        for failure in self.audit.failures() {
            messages.warning(&format!(
                "one of the audit logs could not be written: {failure}"
            ));
        }
    }
}

/// Names the lock of a log; nothing depends on it being unique.
fn checksum(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |sum, byte| {
        (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

struct Sleep;

impl Pause for Sleep {
    fn pause(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

/// The stores of the configuration by their names, and the one that was named.
pub(super) fn connections(policy: &PolicyArgs) -> anyhow::Result<Connections> {
    Connections::new(&CommonArgs {
        config: policy.config.clone(),
        format: StoreFormat::Text,
    })
}

/// The store that a response needs, and who reads its entry.
#[derive(Default)]
pub(super) struct Connected {
    pub(super) stores: BTreeMap<String, Arc<dyn Store>>,
    pub(super) readers: Vec<Reader>,
}

/// What a response about this entry needs: its store, and that of the set of public keys where `--with jwks-store=NAME` names one.
pub(super) fn connected(
    entry: Option<(&str, &str)>,
    verification: &VerificationArgs,
    connections: &Connections,
) -> anyhow::Result<Connected> {
    let mut connected = match entry {
        Some((store, path)) => of_entry(store, path, connections)?,
        None => Connected::default(),
    };
    let mut with = verification.with.iter();
    if let Some(name) = with.find_map(|with| with.strip_prefix("jwks-store="))
        && !connected.stores.contains_key(name)
    {
        let opened = connections.store(name).context("--with jwks-store")?;
        connected.stores.insert(name.to_owned(), Arc::from(opened));
    }
    Ok(connected)
}

/// The store with this name and the consumers of its entry at `path`, as the configuration has them.
fn of_entry(store: &str, path: &str, connections: &Connections) -> anyhow::Result<Connected> {
    let opened: Arc<dyn Store> = Arc::from(connections.store(store)?);
    let mut readers = Vec::new();
    for table in &connections.config().consumers {
        if table.store != store || table.path != path {
            continue;
        }
        let what = || format!("[[consumers]] {} {}", table.to, table.name);
        let consumer = connections.open(&table.to).with_context(what)?;
        readers.push(Reader {
            store: store.to_owned(),
            path: path.to_owned(),
            field: table.field.clone(),
            to: table.to.clone(),
            name: table.name.clone(),
            consumer: Arc::from(consumer.into_consumer().with_context(what)?),
        });
    }
    Ok(Connected {
        stores: BTreeMap::from([(store.to_owned(), opened)]),
        readers,
    })
}

/// Who people are told by.
pub(super) fn notifier(memory: &Memory, state: &StateArgs) -> anyhow::Result<Notifier> {
    Ok(Notifier::new(
        memory.ledger.clone(),
        notify::channels(&state.notify)?,
        Box::new(SystemClock),
    )?)
}

/// A responder that may use these stores.
pub(super) fn responder(
    memory: &Memory,
    means: &MeansArgs,
    rules: Arc<[Rule]>,
    stores: Connected,
) -> anyhow::Result<Responder> {
    let (state, verification) = (&means.state, &means.verification);
    let (settings, network, calls) = Verification::new(verification)?.into_way()?;
    let prover = VerifyingProver::new(Arc::clone(&rules), settings, network, calls);
    let (settings, network, _) = Verification::new(verification)?.into_way()?;
    let notifier = notifier(memory, state)?;
    let journal: Arc<dyn Journal> = Arc::new(memory.ledger.clone());
    #[cfg(debug_assertions)]
    let journal = super::crash::mortal(journal);
    Ok(Responder::new(Parts {
        ledger: memory.ledger.clone(),
        journal,
        rules,
        providers: Arc::new(BuiltInProviders::with_stores(
            settings,
            network,
            SystemClock,
            stores.stores.clone(),
        )),
        stores: stores.stores,
        prover: Arc::new(prover),
        identities: Arc::new(GivenIdentities::new(&state.identity)?),
        policy: policy::load(state.policy_file.as_deref())?,
        audit: Arc::clone(&memory.audit),
        notifier: Arc::new(notifier),
        clock: Arc::new(SystemClock),
        pause: Arc::new(Sleep),
        key: FingerprintKey::default(),
        patience: Patience::default(),
    })
    .approved_by(approvers(state)?)
    .with_readers(stores.readers))
}
