//! A provider, a store, a journal and a clock in memory, with faults; looks after every call whether the laws hold.

mod store;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use leakward_core::{Evidence, FingerprintKey, Rule, Secret, Verdict};
use leakward_respond::DatabaseError;
use leakward_respond::plan::{Delivery, FieldChange, FieldForm, Goal, Order, Plan, PlannedEntry};
use leakward_respond::provider::{
    Abilities, Birth, Case, Created, Creation, Handle, Overlap, Provider, ProviderError, Receipt,
    Refusal, RequestId, SECRET, Standing, Successor,
};
use leakward_respond::saga::{
    Identities, Journal, Messenger, Pause, Prover, Record, SagaId, Witness,
};
use leakward_stores::{Fields, StoreError, Version};
use leakward_verify::{Clock, Subject, Value, ValueSource, Verified};

/// What happens at a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The process ends before the call.
    KillBefore,
    /// The process ends after the call has done its work.
    KillAfter,
    /// Nothing happened, and nobody knows.
    LostBefore,
    /// It happened, and nobody knows.
    LostAfter,
    /// It says that it does not serve just now.
    Down,
    /// Store sealed, login expired, disk full: until a person comes.
    Shut,
    /// Somebody else changes another field of the entry just before.
    Meddle,
    /// Somebody else puts another value in the place of the leaked one just before.
    Usurp,
    /// The clock goes far ahead.
    Ahead,
    /// The clock goes far back.
    Back,
}

pub(crate) const FAULTS: [Fault; 10] = [
    Fault::KillBefore,
    Fault::KillAfter,
    Fault::LostBefore,
    Fault::LostAfter,
    Fault::Down,
    Fault::Shut,
    Fault::Meddle,
    Fault::Usurp,
    Fault::Ahead,
    Fault::Back,
];

/// What a response is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scenario {
    pub(crate) goal: Goal,
    pub(crate) order: Order,
    pub(crate) birth: Birth,
    pub(crate) overlap: Overlap,
    pub(crate) sight: Sight,
}

/// Who can say something about the credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    /// An administrator.
    Listed,
    /// Nobody but the credential itself, as long as it works; and its successor is to be like it.
    Itself,
    /// An administrator, to whom it takes a while after the revocation, and more than the credential itself.
    Late,
    /// The same, and does not see all of it.
    InPart,
    /// An administrator; and that it is refused proves nothing, unless it was accepted before.
    Doubtful,
    /// The same, where it is refused in any case.
    Misnamed,
    /// Nobody, and the part of it that is asked about is refused in any case.
    Nobody,
}

/// What unwinds when the process "ends".
pub(crate) struct Killed;

const PATH: &str = "prod/app";
const OLD: &str = "old-secret-value";
const OLD_NAME: &str = "key-00000000";
/// What the provider says of the old credential, and needs to know of its successor.
const SCOPE: (&str, &str) = ("scope", "mail.send");

#[derive(Default)]
struct State {
    /// Secrets that the provider accepts, by handle.
    alive: BTreeMap<String, String>,
    /// Labels of what was issued.
    labels: BTreeMap<String, String>,
    /// All handles ever.
    made: u32,
    versions: Vec<Fields>,
    staged: BTreeMap<String, (usize, usize, Fields)>,
    current: usize,
    /// What the place with a copy has.
    copy: String,
    records: Vec<Record>,
    witnessed: u64,
    told: BTreeSet<String>,
    proven: BTreeSet<String>,
    /// What was to be revoked, and how often once more after that was done.
    revoked: BTreeSet<String>,
    revoked_again: usize,
    calls: usize,
    /// How often an administrator has asked for what was revoked.
    looked: usize,
    clock: u64,
    shut: bool,
    broken: Vec<String>,
}

/// The world.
pub(crate) struct Sim {
    scenario: Scenario,
    faults: Vec<(usize, Fault)>,
    state: Mutex<State>,
    pub(crate) rule: Rule,
    pub(crate) key: FingerprintKey,
}

/// What kind of call it is: which faults make sense.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Provider,
    Store,
    Prover,
    Disk,
}

enum Answer<T> {
    Is(T),
    Down,
    Lost,
    Shut,
}

impl Sim {
    pub(crate) fn new(scenario: Scenario, faults: Vec<(usize, Fault)>) -> Self {
        let state = State {
            alive: BTreeMap::from([(OLD_NAME.to_owned(), OLD.to_owned())]),
            versions: vec![entry(OLD_NAME, OLD, "untouched")],
            copy: OLD.to_owned(),
            clock: 1_800_000_000,
            ..State::default()
        };
        let rule = leakward_rules::built_in().first().expect("a rule").clone();
        Self {
            scenario,
            faults,
            state: Mutex::new(state),
            rule,
            key: FingerprintKey::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn looked(&self) -> usize {
        self.state().looked
    }

    pub(crate) fn calls(&self) -> usize {
        self.state().calls
    }

    /// A person unseals, logs in, makes room.
    pub(crate) fn person_comes(&self) {
        self.state().shut = false;
    }

    pub(crate) fn old(&self) -> Subject {
        let secret = Secret::new(OLD.as_bytes());
        Subject {
            fingerprint: self.key.fingerprint(&self.rule.id, &secret),
            rule: self.rule.id.clone(),
            secret,
            values: vec![Value {
                name: "id".to_owned(),
                secret: Secret::new(OLD_NAME.as_bytes()),
                source: ValueSource::Given,
            }],
        }
    }

    pub(crate) fn plan(&self) -> Plan {
        let change = |field: &str, part: &str| FieldChange {
            field: field.to_owned(),
            part: part.to_owned(),
            form: FieldForm::Whole,
        };
        Plan {
            version: Plan::VERSION,
            fingerprint: self.old().fingerprint,
            rule: self.rule.id.to_string(),
            goal: self.scenario.goal,
            order: self.scenario.order,
            provider: Some("sim".to_owned()),
            revoke_action: None,
            rotate_action: None,
            birth: Some(self.scenario.birth),
            overlap: Some(self.scenario.overlap),
            entry: (self.scenario.goal == Goal::Rotate).then(|| PlannedEntry {
                store: "sim".to_owned(),
                description: "sim".to_owned(),
                path: PATH.to_owned(),
                version: "0".to_owned(),
                fields: vec![change("name", "id"), change("password", SECRET)],
                consumers: Vec::new(),
                deliveries: vec![Delivery {
                    to: "sim".to_owned(),
                    name: "PASSWORD".to_owned(),
                    field: "password".to_owned(),
                }],
                tags: BTreeMap::new(),
            }),
            grace: 40,
            steps: Vec::new(),
            instructions: None,
            warnings: Vec::new(),
        }
    }

    /// One call to the outside: counts it, lets the fault happen, and looks whether the laws hold.
    fn call<T>(&self, at: At, act: impl FnOnce(&mut State) -> T) -> Answer<T> {
        let mut state = self.state();
        let number = state.calls;
        state.calls += 1;
        let fault = self
            .faults
            .iter()
            .find(|(when, _)| *when == number)
            .map(|(_, fault)| *fault);
        match fault {
            Some(Fault::KillBefore) => kill(state),
            Some(Fault::LostBefore) if at != At::Disk => return Answer::Lost,
            Some(Fault::Down) if at != At::Disk => return Answer::Down,
            Some(Fault::Shut) if at != At::Prover => state.shut = true,
            Some(Fault::Meddle) => state.meddle(),
            Some(Fault::Usurp) => state.usurp(),
            Some(Fault::Ahead) => state.clock += 10_000_000,
            Some(Fault::Back) => state.clock -= 10_000_000,
            _ => {}
        }
        if state.shut && at != At::Prover {
            return Answer::Shut;
        }
        let result = act(&mut state);
        self.look(&mut state);
        match fault {
            Some(Fault::KillAfter) => kill(state),
            Some(Fault::LostAfter) if at != At::Disk => Answer::Lost,
            _ => Answer::Is(result),
        }
    }

    /// The laws that hold in every moment.
    fn look(&self, state: &mut State) {
        if self.scenario.goal == Goal::Revoke || self.scenario.order == Order::ContainmentFirst {
            return;
        }
        let current = state.current_secret();
        let works = |secret: &str| state.alive.values().any(|alive| alive == secret);
        if self.scenario.overlap == Overlap::Both && !works(&current) {
            state
                .broken
                .push("what applications read does not work".to_owned());
        }
        let is_revoked = self.scenario.overlap == Overlap::Both && !works(OLD);
        if is_revoked && (current == OLD || !state.proven.contains(&current)) {
            state.broken.push(
                "the old one was revoked before the new one was proven and promoted".to_owned(),
            );
        }
        if is_revoked && state.copy != current {
            let broken = "the old one was revoked before the copy had the new one";
            state.broken.push(broken.to_owned());
        }
    }

    /// The laws that hold in the end.
    pub(crate) fn judge(&self, is_rotated: bool) {
        let state = self.state();
        assert_eq!(state.broken, Vec::<String>::new());
        // Where nobody can say, it is done again.
        if self.faults.len() <= 1 && self.scenario.sight != Sight::Nobody {
            assert_eq!(state.revoked_again, 0, "asked, not repeated");
        }
        let alive: Vec<&String> = state
            .alive
            .iter()
            .filter(|(name, _)| !name.starts_with("foreign"))
            .map(|(_, secret)| secret)
            .collect();
        let current = state.current_secret();
        match (self.scenario.goal, is_rotated) {
            (Goal::Revoke, _) => assert_eq!(alive, Vec::<&String>::new()),
            (Goal::Rotate, true) => {
                assert_eq!(alive, [&current], "exactly the successor works");
                assert_ne!(current, OLD);
                assert_eq!(state.copy, current, "the copy is the successor");
                assert_eq!(state.told.len(), 1, "people were told once");
            }
            (Goal::Rotate, false) => {
                let rest: Vec<&str> = alive.iter().map(|secret| secret.as_str()).collect();
                let is_kept = self.scenario.order == Order::SuccessorFirst
                    && self.scenario.overlap == Overlap::Both;
                assert!(
                    rest == [OLD] || (rest.is_empty() && !is_kept),
                    "nothing is left over: {rest:?}"
                );
                assert!(state.staged.is_empty(), "nothing waits in the store");
            }
            (Goal::Restore, _) => panic!("no saga does this"),
        }
    }

    fn provider<T>(
        &self,
        what: &str,
        act: impl FnOnce(&mut State) -> Result<T, ProviderError>,
    ) -> Result<T, ProviderError> {
        let provider = || "sim".to_owned();
        match self.call(At::Provider, act) {
            Answer::Is(result) => result,
            Answer::Down => Err(ProviderError::Unavailable {
                provider: provider(),
                why: "503".to_owned(),
            }),
            Answer::Lost => Err(ProviderError::OutcomeUnknown {
                provider: provider(),
                what: what.to_owned(),
            }),
            Answer::Shut => Err(ProviderError::LoggedOut {
                provider: provider(),
                why: "expired".to_owned(),
            }),
        }
    }

    fn store<T>(
        &self,
        what: &str,
        act: impl FnOnce(&mut State) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let store = || "sim".to_owned();
        match self.call(At::Store, act) {
            Answer::Is(result) => result,
            Answer::Down => Err(StoreError::Unavailable {
                store: store(),
                why: "503".to_owned(),
            }),
            Answer::Lost => Err(StoreError::OutcomeUnknown {
                store: store(),
                what: what.to_owned(),
            }),
            Answer::Shut => Err(StoreError::Sealed { store: store() }),
        }
    }
}

/// The process ends. Nothing is told to the panic hook: it is what the test is about.
fn kill(state: MutexGuard<'_, State>) -> ! {
    drop(state);
    std::panic::resume_unwind(Box::new(Killed));
}

fn entry(name: &str, secret: &str, note: &str) -> Fields {
    [("name", name), ("password", secret), ("note", note)]
        .into_iter()
        .map(|(field, value)| (field.to_owned(), Secret::new(value.as_bytes())))
        .collect()
}

#[expect(clippy::disallowed_methods, reason = "a simulated secret")]
fn text(secret: &Secret) -> String {
    String::from_utf8_lossy(secret.expose()).into_owned()
}

impl State {
    fn current_secret(&self) -> String {
        self.versions
            .get(self.current)
            .and_then(|fields| fields.get("password"))
            .map(text)
            .unwrap_or_default()
    }

    fn write(&mut self, fields: Fields) -> Version {
        self.versions.push(fields);
        self.current = self.versions.len() - 1;
        Version(self.current.to_string())
    }

    fn meddle(&mut self) {
        let mut fields = self.versions[self.current].clone();
        let note = format!("changed at {}", self.calls);
        fields.insert("note".to_owned(), Secret::new(note.as_bytes()));
        self.write(fields);
    }

    fn usurp(&mut self) {
        // Only as long as the leaked value is there: whoever acts by hand at three in the morning does it because of that.
        if self.current_secret() == OLD {
            let (name, secret) = ("foreign-00000001", "secret-made-by-hand");
            self.alive.insert(name.to_owned(), secret.to_owned());
            self.proven.insert(secret.to_owned());
            self.write(entry(name, secret, "by hand"));
        }
    }

    fn conflict<T>(&self, expected: &str) -> Result<T, StoreError> {
        Err(StoreError::Conflict {
            store: "sim".to_owned(),
            path: PATH.to_owned(),
            expected: expected.to_owned(),
            found: self.current.to_string(),
        })
    }
}

fn id_of(subject: &Subject) -> String {
    subject
        .value("id")
        .map(|value| text(&value.secret))
        .unwrap_or_default()
}

impl Provider for Sim {
    fn name(&self) -> &str {
        "sim"
    }

    fn abilities(&self, _: &Case<'_>) -> Result<Abilities, ProviderError> {
        Ok(Abilities::default())
    }

    fn handles(&self, _: &Case<'_>) -> Result<Vec<Handle>, ProviderError> {
        self.provider("list", |state| {
            Ok(state.alive.keys().cloned().map(Handle).collect())
        })
    }

    fn draft(&self, _: &Case<'_>, _: &RequestId) -> Result<Successor, ProviderError> {
        self.provider("look", |state| {
            state.made += 1;
            let secret = format!("drafted-secret-{}", state.made);
            Ok(successor("key-00000001", &secret))
        })
    }

    fn ahead(&self, _: &Case<'_>) -> Result<BTreeMap<String, String>, ProviderError> {
        if self.scenario.sight == Sight::Listed {
            return Ok(BTreeMap::new());
        }
        self.provider("ask about itself", |state| {
            let scope = state.alive.contains_key(OLD_NAME).then_some(SCOPE);
            Ok(scope
                .map(|(name, text)| (name.to_owned(), text.to_owned()))
                .into_iter()
                .collect())
        })
    }

    fn create(&self, case: &Case<'_>, creation: &Creation) -> Result<Successor, ProviderError> {
        let is_one_way = self.scenario.overlap == Overlap::None;
        let is_known = case.ahead.get(SCOPE.0).is_some_and(|text| text == SCOPE.1);
        self.provider("create", |state| {
            let needs_old = self.scenario.sight == Sight::Itself && !is_known;
            if needs_old && !state.alive.contains_key(OLD_NAME) {
                return Err(ProviderError::Refused {
                    provider: "sim".to_owned(),
                    what: "nobody knows what its successor may do".to_owned(),
                });
            }
            let made = match &creation.draft {
                Some(draft) => draft.clone(),
                None => {
                    state.made += 1;
                    let number = state.made;
                    successor(
                        &format!("key-{number:08}"),
                        &format!("issued-secret-{number}"),
                    )
                }
            };
            let handle = made.handle.0.clone();
            state.labels.insert(handle.clone(), creation.id.0.clone());
            state.alive.insert(handle, text(&made.parts[SECRET]));
            if is_one_way {
                state.alive.remove(OLD_NAME);
            }
            Ok(made)
        })
    }

    fn find_created(&self, _: &Case<'_>, creation: &Creation) -> Result<Created, ProviderError> {
        self.provider("find", |state| {
            let found = state
                .alive
                .keys()
                .find(|handle| state.labels.get(*handle) == Some(&creation.id.0));
            Ok(found.map_or(Created::No, |handle| {
                Created::Orphan(Handle(handle.clone()))
            }))
        })
    }

    fn remove(&self, _: &Case<'_>, handle: &Handle) -> Result<Receipt, ProviderError> {
        self.provider("remove", |state| {
            state.alive.remove(&handle.0);
            Ok(Receipt::default())
        })
    }

    fn standing(&self, case: &Case<'_>) -> Result<Standing, ProviderError> {
        let id = id_of(case.subject);
        if matches!(self.scenario.sight, Sight::Itself | Sight::Nobody) {
            return Ok(Standing::NotKnown);
        }
        self.provider("standing", |state| {
            if state.alive.contains_key(&id) {
                return Ok(Standing::Active);
            }
            state.looked += 1;
            Ok(match self.scenario.sight {
                Sight::Late if state.looked < 3 => Standing::Active,
                Sight::InPart => Standing::NotKnown,
                _ => Standing::Gone,
            })
        })
    }

    fn refusal(&self, _: &Subject) -> Refusal {
        match self.scenario.sight {
            Sight::Listed | Sight::Itself => Refusal::IsProof,
            Sight::Late | Sight::InPart | Sight::Nobody => Refusal::IsOfAPart,
            Sight::Doubtful | Sight::Misnamed => Refusal::HasOtherReasons,
        }
    }

    fn revoke(&self, case: &Case<'_>) -> Result<Receipt, ProviderError> {
        let id = id_of(case.subject);
        self.provider("revoke", |state| {
            state.alive.remove(&id);
            let is_first = state.revoked.insert(id);
            state.revoked_again += usize::from(!is_first);
            Ok(Receipt::default())
        })
    }
}

fn successor(name: &str, secret: &str) -> Successor {
    Successor {
        handle: Handle(name.to_owned()),
        parts: [("id", name), (SECRET, secret)]
            .into_iter()
            .map(|(part, value)| (part.to_owned(), Secret::new(value.as_bytes())))
            .collect(),
    }
}

impl Prover for Sim {
    fn prove(&self, subject: &Subject) -> Verified {
        let secret = text(&subject.secret);
        let is_refused = matches!(self.scenario.sight, Sight::Misnamed | Sight::Nobody);
        let is_misnamed = is_refused && secret == OLD;
        let answer = self.call(At::Prover, |state| {
            let is_live = !is_misnamed && state.alive.values().any(|alive| *alive == secret);
            if is_live {
                state.proven.insert(secret.clone());
                Verdict::Live
            } else {
                Verdict::Dead
            }
        });
        Verified {
            fingerprint: subject.fingerprint,
            verdict: match answer {
                Answer::Is(verdict) => verdict,
                _ => Verdict::unknown("no answer"),
            },
            evidence: Evidence::default(),
        }
    }
}

fn disk<T>(answer: Answer<Result<T, DatabaseError>>) -> Result<T, DatabaseError> {
    match answer {
        Answer::Is(result) => result,
        _ => Err(DatabaseError::Failed {
            database: "sim".to_owned(),
            why: "disk full".to_owned(),
        }),
    }
}

impl Journal for Sim {
    fn append(&self, _: &SagaId, record: &Record) -> Result<(), DatabaseError> {
        disk(self.call(At::Disk, |state| {
            if record.sequence != state.records.len() as u64 {
                return Err(DatabaseError::Conflict {
                    what: "the journal".to_owned(),
                });
            }
            let text = serde_json::to_string(record).expect("JSON");
            assert!(!text.contains("-secret-"), "a value in the journal: {text}");
            state.records.push(record.clone());
            Ok(())
        }))
    }

    fn records(&self, _: &SagaId) -> Result<Vec<Record>, DatabaseError> {
        Ok(self.state().records.clone())
    }

    fn wake_at(&self, _: &SagaId, _: Option<u64>) -> Result<(), DatabaseError> {
        Ok(())
    }
}

impl Witness for Sim {
    fn witness(&self, _: &Plan, _: &SagaId, _: &Record) -> Result<(), String> {
        match self.call(At::Disk, |state| state.witnessed += 1) {
            Answer::Is(()) => Ok(()),
            _ => Err("disk full".to_owned()),
        }
    }
}

impl Messenger for Sim {
    fn tell(&self, _: &Plan, saga: &SagaId, _: &str) -> Result<(), String> {
        self.state().told.insert(saga.0.clone());
        Ok(())
    }
}

impl Identities for Sim {
    fn read(&self) -> BTreeMap<String, Secret> {
        BTreeMap::new()
    }
}

impl Clock for Sim {
    fn now(&self) -> u64 {
        self.state().clock
    }
}

impl Pause for Sim {
    fn pause(&self, time: Duration) {
        self.state().clock += time.as_secs();
    }
}
