//! A responder over a database, an audit log and a provider of its own. Time passes when something waits.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use leakward_core::action::Means;
use leakward_core::{Evidence, FingerprintKey, Rule, Secret, Severity, Verdict};
use leakward_respond::audit::{Audit, AuditKey, AuditSink, DatabaseSink, FileSink};
use leakward_respond::incident::{Event, Exposure};
use leakward_respond::notify::Notifier;
use leakward_respond::plan::Goal;
use leakward_respond::policy::Policy;
use leakward_respond::providers::BuiltInProviders;
use leakward_respond::responder::Ready;
use leakward_respond::saga::{Identities, Outcome, Patience, Pause, Prover};
use leakward_respond::{
    Applied, Database, Incident, Ledger, Parts, RespondError, Responder, Sighting, Wanted,
};
use serde_json::Value;

use crate::played::Received;
use leakward_verify::{
    AddressPolicy, Clock, Endpoint, Limits, Network, NetworkSettings, Settings, Subject, Verified,
};

/// How many credentials a request takes here.
pub(crate) const MOST: u16 = 10;

/// What the provider knows, and when it was asked.
#[derive(Default)]
pub(crate) struct Provider {
    pub(crate) dead: BTreeSet<String>,
    pub(crate) asked_at: Vec<u64>,
}

impl Provider {
    /// Takes the credentials away that a request names.
    pub(crate) fn kill_named(&mut self, request: &Received) {
        let body: Value = serde_json::from_str(&request.body).expect("JSON");
        let named = body["credentials"].as_array().expect("a list");
        assert!(named.len() <= usize::from(MOST));
        let named = named.iter().filter_map(Value::as_str).map(str::to_owned);
        self.dead.extend(named);
    }
}

/// A responder, and what it stands on.
pub(crate) struct Desk {
    pub(crate) responder: Responder,
    pub(crate) ledger: Ledger,
    pub(crate) audit: Arc<Audit>,
    pub(crate) log: PathBuf,
    pub(crate) clock: Arc<AtomicU64>,
    pub(crate) rule: Rule,
    _folder: tempfile::TempDir,
    _runtime: tokio::runtime::Runtime,
}

struct Nobody;

impl Identities for Nobody {
    fn read(&self) -> BTreeMap<String, Secret> {
        BTreeMap::new()
    }
}

struct Passing(Arc<AtomicU64>);

impl Pause for Passing {
    fn pause(&self, time: Duration) {
        self.0.fetch_add(time.as_secs().max(1), Ordering::SeqCst);
    }
}

struct Asking(Arc<Mutex<Provider>>);

impl Prover for Asking {
    fn prove(&self, subject: &Subject) -> Verified {
        let dead = &self.0.lock().expect("the provider").dead;
        Verified {
            fingerprint: subject.fingerprint,
            verdict: match dead.contains(&text(subject)) {
                true => Verdict::Dead,
                false => Verdict::Live,
            },
            evidence: Evidence::default(),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a credential of the tests")]
pub(crate) fn text(subject: &Subject) -> String {
    String::from_utf8_lossy(subject.secret.expose()).into_owned()
}

struct Moving(Arc<AtomicU64>);

impl Clock for Moving {
    fn now(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// GitHub's rule, with small requests.
fn rule() -> Rule {
    let found = leakward_rules::find(leakward_rules::built_in(), "github-pat-classic");
    let mut rule = found.expect("GitHub's rule").clone();
    let action = rule.revoke.as_mut().expect("it revokes");
    if let Means::Http(http) = &mut action.means {
        assert_eq!(http.batch, Some(1000), "GitHub takes a thousand");
        http.change(|http| http.batch = Some(MOST));
    }
    rule
}

/// Where and when a desk is.
struct At<'a> {
    base: &'a str,
    provider: &'a Arc<Mutex<Provider>>,
    clock: &'a Arc<AtomicU64>,
}

impl Desk {
    /// With a provider at this address.
    pub(crate) fn new(base: &str, provider: &Arc<Mutex<Provider>>, clock: &Arc<AtomicU64>) -> Self {
        Self::of(
            &rule(),
            Policy::built_in(),
            &At {
                base,
                provider,
                clock,
            },
        )
    }

    /// The same with this policy, where GitHub gives life back to what it has revoked.
    pub(crate) fn with_way_back(
        policy: &str,
        base: &str,
        provider: &Arc<Mutex<Provider>>,
        clock: &Arc<AtomicU64>,
    ) -> Self {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), policy).expect("a policy");
        let policy = Policy::of_file(file.path()).expect("Rego");
        let mut rule = rule();
        let action = rule.revoke.as_mut().expect("it revokes");
        if let Means::Http(http) = &mut action.means {
            http.change(|http| {
                let mut call = http.call.clone();
                call.path = "/credentials/restore".into();
                http.restore = Some(call);
            });
        }
        Self::of(
            &rule,
            policy,
            &At {
                base,
                provider,
                clock,
            },
        )
    }

    fn of(rule: &Rule, policy: Policy, at: &At<'_>) -> Self {
        let At {
            base,
            provider,
            clock,
        } = *at;
        let folder = tempfile::tempdir().expect("a folder");
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let url = folder.path().join("respond.db").display().to_string();
        let database = runtime.block_on(Database::open(&url)).expect("a database");
        let ledger = Ledger::new(database, runtime.handle().clone());
        let log = folder.path().join("audit.jsonl");
        let sinks: Vec<Box<dyn AuditSink>> = vec![
            Box::new(FileSink::new(log.clone())),
            Box::new(DatabaseSink::new(ledger.clone(), "a")),
        ];
        let key = AuditKey::new(b"a key of the tests");
        let lock = Some(folder.path().join("audit.lock"));
        let time = Box::new(Moving(Arc::clone(clock)));
        let audit = Arc::new(Audit::new(key, sinks, "ann", time, lock));
        let notifier = Notifier::new(
            ledger.clone(),
            Vec::new(),
            Box::new(Moving(Arc::clone(clock))),
        );
        let responder = Responder::new(Parts {
            ledger: ledger.clone(),
            journal: Arc::new(ledger.clone()),
            rules: vec![rule.clone()].into(),
            providers: Arc::new(providers(base, clock)),
            stores: BTreeMap::new(),
            prover: Arc::new(Asking(Arc::clone(provider))),
            identities: Arc::new(Nobody),
            policy,
            audit: Arc::clone(&audit),
            notifier: Arc::new(notifier.expect("a notifier")),
            clock: Arc::new(Moving(Arc::clone(clock))),
            pause: Arc::new(Passing(Arc::clone(clock))),
            key: FingerprintKey::default(),
            patience: Patience::default(),
        });
        Self {
            responder,
            ledger,
            audit,
            log,
            clock: Arc::clone(clock),
            rule: rule.clone(),
            _folder: folder,
            _runtime: runtime,
        }
    }

    /// Credentials that were seen, with what the policy says about each.
    pub(crate) fn ready(&self, verdicts: &[&str]) -> Vec<Ready> {
        let wanted = Wanted {
            goal: Goal::Revoke,
            entry: None,
            grace: 0,
            order: None,
        };
        let seen = verdicts.iter().enumerate();
        seen.map(|(number, verdict)| {
            let subject = self.subject(number);
            let now = self.clock.load(Ordering::SeqCst);
            let sighting = self.sighting(&subject, verdict);
            let saw = self.ledger.database().saw(&sighting, "a test", now);
            let (incident, _) = self.ledger.wait(saw).expect("seen");
            let prepared = self.responder.prepare(&incident, &subject, &wanted);
            let (plan, decision) = prepared.expect("a plan");
            Ready {
                plan,
                decision,
                subject,
            }
        })
        .collect()
    }

    /// Does what one of them says.
    pub(crate) fn apply(&self, ready: &Ready) -> Result<Applied, RespondError> {
        self.responder
            .apply(&ready.plan, &ready.decision, &ready.subject)
    }

    /// Does it, as far as a provider goes that refuses.
    pub(crate) fn is_parked(&self, ready: &Ready) {
        let parked = self.apply(ready);
        assert!(
            matches!(parked, Ok(Applied::Ran(Outcome::Parked { .. }))),
            "{parked:?}"
        );
    }

    pub(crate) fn incident(&self, ready: &Ready) -> Incident {
        let incident = self.ledger.database().incident(ready.plan.fingerprint);
        self.ledger.wait(incident).expect("it")
    }

    /// Changes its incident by hand.
    pub(crate) fn changed(&self, ready: &Ready, how: impl Fn(&mut Incident)) {
        let changed = self.ledger.change(ready.plan.fingerprint, 0, |incident| {
            how(incident);
            Some(Event {
                fingerprint: incident.fingerprint,
                at: 0,
                actor: "a test".to_owned(),
                kind: "note".to_owned(),
                text: "changed".to_owned(),
            })
        });
        changed.expect("changed");
    }

    pub(crate) fn subject(&self, number: usize) -> Subject {
        let secret = Secret::new(format!("token-number-{number:04}").as_bytes());
        Subject {
            fingerprint: FingerprintKey::default().fingerprint(&self.rule.id, &secret),
            rule: self.rule.id.clone(),
            secret,
            values: Vec::new(),
        }
    }

    fn sighting(&self, subject: &Subject, verdict: &str) -> Sighting {
        Sighting {
            fingerprint: subject.fingerprint,
            rule: self.rule.id.to_string(),
            title: self.rule.title.to_string(),
            provider: self.rule.provider.to_string(),
            masked: "…".to_owned(),
            severity: Severity::Critical,
            verdict: verdict.to_owned(),
            exposure: Exposure::Public,
            places: Vec::new(),
            owner: None,
            pushed_at: None,
        }
    }
}

fn providers(base: &str, clock: &Arc<AtomicU64>) -> BuiltInProviders {
    let settings = Settings {
        endpoints: vec![Endpoint {
            of: "github".to_owned(),
            base: base.to_owned(),
        }],
        limits: Limits {
            spacing: Duration::ZERO,
            attempts: 1,
            ..Limits::default()
        },
        ..Settings::default()
    };
    let network = NetworkSettings {
        policy: AddressPolicy::PrivateAllowed,
        ..NetworkSettings::default()
    };
    let network = Network::new(&network, &settings.limits).expect("a way out");
    BuiltInProviders::new(settings, network, Moving(Arc::clone(clock)))
}
