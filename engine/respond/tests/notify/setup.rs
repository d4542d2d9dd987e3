//! A notifier over a database of its own, with a clock that the test moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use leakward_core::{FingerprintKey, RuleId, Secret};
use leakward_respond::notify::{Channel, ChannelKind, Message, Notifier, Urgency};
use leakward_respond::{Database, Ledger};

/// A notifier, and what it stands on.
pub(crate) struct Desk {
    pub(crate) notifier: Notifier,
    ledger: Ledger,
    clock: Arc<AtomicU64>,
    _folder: tempfile::TempDir,
    _runtime: tokio::runtime::Runtime,
}

impl Desk {
    /// With one channel.
    pub(crate) fn of(kind: ChannelKind) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let url = folder.path().join("respond.db").display().to_string();
        let database = runtime.block_on(Database::open(&url)).expect("a database");
        let ledger = Ledger::new(database, runtime.handle().clone());
        let clock = Arc::new(AtomicU64::new(1_800_000_000));
        Self {
            notifier: notifier(&ledger, kind, &clock),
            ledger,
            clock,
            _folder: folder,
            _runtime: runtime,
        }
    }

    /// Another process that tells the same people.
    pub(crate) fn another(&self, kind: ChannelKind) -> Notifier {
        notifier(&self.ledger, kind, &self.clock)
    }

    /// Lets time pass and sends what is due; how many could not be sent.
    pub(crate) fn after(&self, seconds: u64) -> usize {
        self.clock.fetch_add(seconds, Ordering::SeqCst);
        self.notifier.flush().expect("the database")
    }

    /// How it went with the message.
    pub(crate) fn told(&self) -> String {
        let told = self.notifier.told(message().fingerprint).expect("told");
        told.first()
            .map(|(_, answer)| answer.clone())
            .unwrap_or_default()
    }
}

fn notifier(ledger: &Ledger, kind: ChannelKind, clock: &Arc<AtomicU64>) -> Notifier {
    let channel = Channel {
        name: "people".to_owned(),
        kind,
    };
    let clock = Arc::clone(clock);
    let clock = Box::new(move || clock.load(Ordering::SeqCst));
    Notifier::new(ledger.clone(), vec![channel], clock).expect("a notifier")
}

/// The credential that the message is about; put together here.
pub(crate) fn credential() -> String {
    ["leaked", "credential", "of", "the", "tests"].join("-")
}

/// What people are told; somebody gave a file a name that wants to be more than a name.
pub(crate) fn message() -> Message {
    let rule = RuleId::from("some-rule");
    Message {
        name: "0123456789abcdef done".to_owned(),
        fingerprint: FingerprintKey::default()
            .fingerprint(&rule, &Secret::new(credential().as_bytes())),
        title: "leaked Key of Acme".to_owned(),
        text:
            "the old credential is proven dead\nfound in <!channel> @all [x](http://evil.test).env"
                .to_owned(),
        urgency: Urgency::Act,
    }
}
