//! The way of a response, in one place: plan, decide, apply, resume. What the command line and the service call.
//!
//! Blocking: call it from threads that may block.

mod consumers;
mod error;
mod planner;
mod prover;
mod restore;
mod settle;
mod together;

use std::collections::BTreeMap;
use std::sync::Arc;

use leakward_core::{Fingerprint, FingerprintKey, Rule, RuleId, Secret};
use leakward_stores::{Fields, Select, Store, StoreError, Version};
use leakward_verify::{Clock, Subject};

use crate::approval::{Approvers, Asking, Proof};
use crate::audit::{Audit, hex};
use crate::database::{SagaId, SagaRow};
use crate::incident::{Event, Incident, State};
use crate::ledger::Ledger;
use crate::notify::{Message, Notifier, Urgency};
use crate::plan::{Goal, Order, Plan, PlannedEntry};
use crate::policy::{Decision, Policy};
use crate::provider::{Case, Provider, ProviderError, Providers, Refusal, SECRET, Standing};
use crate::providers::as_found;
use crate::saga::{
    Identities, Journal, Knowledge, Outcome, Patience, Pause, Phase, Prover, Record, Saga, World,
    changes, parts_in,
};

pub use consumers::Reader;
pub use error::RespondError;
pub use planner::Wanted;
pub use prover::VerifyingProver;
pub use restore::{Restored, Revoked};
pub use together::{Batch, BatchOutcome, Ready};

/// Everything that a response needs.
pub struct Parts {
    /// Incidents and sagas.
    pub ledger: Ledger,
    /// Where sagas are written down; usually the ledger.
    pub journal: Arc<dyn Journal>,
    /// All rules.
    pub rules: Arc<[Rule]>,
    /// Who can do something about a credential.
    pub providers: Arc<dyn Providers>,
    /// Connected stores, by their names.
    pub stores: BTreeMap<String, Arc<dyn Store>>,
    /// Whether credentials work.
    pub prover: Arc<dyn Prover>,
    /// Whom we act as.
    pub identities: Arc<dyn Identities>,
    /// What may run.
    pub policy: Policy,
    /// What was done.
    pub audit: Arc<Audit>,
    /// Tells people.
    pub notifier: Arc<Notifier>,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// Waits.
    pub pause: Arc<dyn Pause>,
    /// The key of fingerprints.
    pub key: FingerprintKey,
    /// How long is tried.
    pub patience: Patience,
}

/// Plans, decides, applies and resumes responses.
pub struct Responder {
    pub(crate) parts: Parts,
    approvers: Approvers,
    readers: Vec<Reader>,
}

/// What came of applying a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It ran, and ended so.
    Ran(Outcome),
    /// More people have to say yes.
    WaitsForApproval {
        /// So many.
        needed: u32,
        /// Who has.
        by: Vec<String>,
        /// Why.
        reasons: Vec<String>,
    },
    /// It may not run, or nobody can do it.
    NotAllowed(Vec<String>),
}

/// A response that went on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resumed {
    /// Whose credential.
    pub fingerprint: Fingerprint,
    /// How it went.
    pub outcome: Result<Outcome, RespondError>,
}

impl Responder {
    /// With these parts. People say yes at the service, until [`Responder::approved_by`] says otherwise.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self {
            parts,
            approvers: Approvers::default(),
            readers: Vec::new(),
        }
    }

    /// Whose yes counts.
    #[must_use]
    pub fn approved_by(mut self, approvers: Approvers) -> Self {
        self.approvers = approvers;
        self
    }

    /// Who gets a copy of what stores hold, or has to read it again.
    #[must_use]
    pub fn with_readers(mut self, readers: Vec<Reader>) -> Self {
        self.readers = readers;
        self
    }

    /// Asks people, and takes down what they say.
    #[must_use]
    pub fn asking(&self) -> Asking<'_> {
        Asking {
            ledger: &self.parts.ledger,
            audit: &self.parts.audit,
            approvers: &self.approvers,
            clock: self.parts.clock.as_ref(),
        }
    }

    /// The plan, and what the policy says about it. The policy can put containment first; then the plan is made so.
    ///
    /// # Errors
    /// As [`Responder::plan`], and the policy does not work.
    pub fn prepare(
        &self,
        incident: &Incident,
        subject: &Subject,
        wanted: &Wanted,
    ) -> Result<(Plan, Decision), RespondError> {
        let plan = self
            .plan(subject, wanted)
            .map_err(|error| self.alarmed(subject, error))?;
        let decision = self.decide(incident, &plan)?;
        if wanted.order.is_some() || decision.order == plan.order || plan.goal == Goal::Revoke {
            return Ok((plan, decision));
        }
        let wanted = Wanted {
            order: Some(decision.order),
            ..wanted.clone()
        };
        let plan = self.plan(subject, &wanted)?;
        let decision = self.decide(incident, &plan)?;
        Ok((plan, decision))
    }

    /// What the policy says. It sees the yeses that count for this plan, and no others.
    fn decide(&self, incident: &Incident, plan: &Plan) -> Result<Decision, RespondError> {
        let mut seen = incident.clone();
        let waiting = seen.waiting.take().filter(|waiting| waiting.is_for(plan));
        let who = |approval: &crate::incident::Approval| {
            let waiting = waiting.as_ref()?;
            self.approvers.who(approval, waiting)
        };
        seen.approvals = incident
            .approvals
            .iter()
            .filter_map(|approval| {
                Some(crate::incident::Approval {
                    by: who(approval)?,
                    ..approval.clone()
                })
            })
            .collect();
        Ok(self.parts.policy.decide(&seen, plan)?)
    }

    /// Notes that somebody who is logged in at the service says yes. The same person counts once. Their yes is for the plan that
    /// waits; before there is one, for whatever is planned.
    ///
    /// # Errors
    /// There is no such incident, or it cannot be written down.
    pub fn approve(&self, fingerprint: Fingerprint, by: &str) -> Result<Incident, RespondError> {
        self.asking().approve(fingerprint, by, Proof::Login)
    }

    /// Notes that somebody says no: what waited is not done, and a person has to look.
    ///
    /// # Errors
    /// Nothing waits, or it cannot be written down.
    pub fn reject(
        &self,
        fingerprint: Fingerprint,
        by: &str,
        why: &str,
    ) -> Result<Incident, RespondError> {
        self.asking().reject(fingerprint, by, why, Proof::Login)
    }

    /// Does what the plan says, if the policy and enough people say yes. A response of the same credential that is under way
    /// is resumed instead of a second one begun.
    ///
    /// # Errors
    /// Another process is at it, or nothing can be written down.
    pub fn apply(
        &self,
        plan: &Plan,
        decision: &Decision,
        subject: &Subject,
    ) -> Result<Applied, RespondError> {
        let fingerprint = plan.fingerprint;
        let ledger = &self.parts.ledger;
        let lock = ledger.wait(ledger.database().lock(fingerprint))?;
        let _lock = lock.ok_or(RespondError::Busy(fingerprint))?;
        if let Some(row) = ledger.open_saga(fingerprint)? {
            return self
                .go_on_with(&row, Some(subject.clone()))
                .map(Applied::Ran);
        }
        if let Some(ended) = self.ended(plan)? {
            // Whoever cannot act has nothing to say against it.
            if !plan.is_possible() {
                return Ok(Applied::Ran(ended));
            }
            if !self.still_stands(subject)? {
                return Ok(Applied::Ran(Outcome::Finished));
            }
        }
        let why = match self.admit(plan, decision)? {
            Ok(why) => why,
            Err(applied) => return Ok(applied),
        };
        let row = self.begin(plan, why)?;
        self.run(&row, subject.clone()).map(Applied::Ran)
    }

    /// The end to which somebody else brought it while this plan was made, where it is refused by now. INVARIANT: what was not proven
    /// then is not proven by that.
    fn ended(&self, plan: &Plan) -> Result<Option<Outcome>, RespondError> {
        let ledger = &self.parts.ledger;
        let incident = ledger.wait(ledger.database().incident(plan.fingerprint))?;
        let ended = match incident.state {
            State::Closed => Outcome::Finished,
            State::Contained => Outcome::Unproven(incident.because),
            _ => return Ok(None),
        };
        Ok((incident.verdict == "dead").then_some(ended))
    }

    /// Whether the provider has more to say of a credential that was refused, and does not say that it is gone.
    ///
    /// # Errors
    /// The provider cannot be asked. That it was not given what it needs for that is none: then nobody has said that it is gone.
    pub fn still_stands(&self, subject: &Subject) -> Result<bool, RespondError> {
        let rule = self.rule(&subject.rule)?;
        let provider = self.parts.providers.find(rule);
        let has_more = |provider: &&dyn Provider| provider.refusal(subject) != Refusal::IsProof;
        let Some(provider) = provider.filter(has_more) else {
            return Ok(false);
        };
        let identities = self.parts.identities.read();
        match provider.standing(&Case::new(rule, subject, &identities)) {
            Ok(standing) => Ok(matches!(standing, Standing::Active | Standing::NotKnown)),
            Err(ProviderError::Needs { .. }) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    /// Goes on with the response of this credential. `subject` is needed only when the store no longer has the old value.
    ///
    /// # Errors
    /// None is under way, another process is at it, or the credential is needed.
    pub fn resume(
        &self,
        fingerprint: Fingerprint,
        subject: Option<Subject>,
    ) -> Result<Outcome, RespondError> {
        let ledger = &self.parts.ledger;
        let lock = ledger.wait(ledger.database().lock(fingerprint))?;
        let _lock = lock.ok_or(RespondError::Busy(fingerprint))?;
        let row = ledger.open_saga(fingerprint)?;
        let row = row.ok_or(RespondError::NothingOpen(fingerprint))?;
        self.go_on_with(&row, subject)
    }

    /// Goes on with all responses that were interrupted or whose time has come; whose, and how it went.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn resume_due(&self) -> Result<Vec<Resumed>, RespondError> {
        let now = self.parts.clock.now();
        let ledger = &self.parts.ledger;
        let open = ledger.wait(ledger.database().open_sagas())?;
        Ok(open
            .into_iter()
            .filter(|row| row.resume_at.is_some_and(|at| at <= now))
            .map(|row| Resumed {
                fingerprint: row.fingerprint,
                outcome: self.resume(row.fingerprint, None),
            })
            .collect())
    }

    /// Gives a response up: takes away what was made, as long as nothing depends on it.
    ///
    /// # Errors
    /// None is under way, or another process is at it.
    pub fn give_up(
        &self,
        fingerprint: Fingerprint,
        subject: Option<Subject>,
        by: &str,
    ) -> Result<Outcome, RespondError> {
        let ledger = &self.parts.ledger;
        let lock = ledger.wait(ledger.database().lock(fingerprint))?;
        let _lock = lock.ok_or(RespondError::Busy(fingerprint))?;
        let row = ledger.open_saga(fingerprint)?;
        let row = row.ok_or(RespondError::NothingOpen(fingerprint))?;
        let subject = self.old_credential(&row, subject)?;
        // What is taken away is known by its handle; an entry that is unfit by now is no reason to leave it.
        let (subject, _) = self.with_all_parts(&row, subject)?;
        let outcome = self.with_saga(&row, subject, |saga| {
            saga.give_up(&format!("{by} gave it up"))
        })?;
        self.settle(&row, &outcome)?;
        Ok(outcome)
    }

    fn begin(&self, plan: &Plan, why: serde_json::Value) -> Result<SagaRow, RespondError> {
        let id = new_saga_id();
        let now = self.parts.clock.now();
        let text = match plan.order {
            Order::SuccessorFirst if plan.goal == Goal::Rotate => {
                "rotates: the successor first, then the old one is revoked"
            }
            Order::ContainmentFirst if plan.goal == Goal::Rotate => {
                "rotates, containment first: the old one is revoked before there is a successor"
            }
            _ => "revokes",
        };
        let first = Record {
            sequence: 0,
            at: now,
            step: None,
            phase: Phase::Begun,
            text: text.to_owned(),
            known: Knowledge {
                decision: Some(why),
                ..Knowledge::default()
            },
        };
        let ledger = &self.parts.ledger;
        if !ledger.wait(ledger.database().begin_saga(&id, plan, &first))? {
            return Err(RespondError::Busy(plan.fingerprint));
        }
        ledger.change(plan.fingerprint, now, |incident| {
            incident.state = State::Responding;
            text.clone_into(&mut incident.because);
            // What was said yes to is being done; the next response needs a yes of its own.
            incident.waiting = None;
            incident.approvals.clear();
            Some(self.event(plan.fingerprint, "leakward", "state", text))
        })?;
        Ok(SagaRow {
            id,
            fingerprint: plan.fingerprint,
            is_open: true,
            begun_at: now,
            resume_at: Some(now),
            plan: plan.clone(),
        })
    }

    fn go_on_with(&self, row: &SagaRow, subject: Option<Subject>) -> Result<Outcome, RespondError> {
        let subject = self.old_credential(row, subject)?;
        // If this process ends here, the next one finds it due.
        self.parts
            .journal
            .wake_at(&row.id, Some(self.parts.clock.now()))?;
        self.run(row, subject)
    }

    fn run(&self, row: &SagaRow, subject: Subject) -> Result<Outcome, RespondError> {
        let (subject, misfit) = self.with_all_parts(row, subject)?;
        if let Some(error) = misfit.filter(|_| row.plan.goal == Goal::Rotate) {
            return Err(error.into());
        }
        #[expect(
            clippy::redundant_closure_for_method_calls,
            reason = "the method itself is of one lifetime only"
        )]
        let outcome = self.with_saga(row, subject, |saga| saga.run())?;
        self.settle(row, &outcome)?;
        Ok(outcome)
    }

    fn with_saga<T>(
        &self,
        row: &SagaRow,
        subject: Subject,
        act: impl FnOnce(&mut Saga<'_>) -> Result<T, crate::saga::SagaError>,
    ) -> Result<T, RespondError> {
        let rule = self.rule(&subject.rule)?;
        let provider = self.provider_of(rule)?;
        let store = match &row.plan.entry {
            Some(entry) => Some(self.store(&entry.store)?),
            None => None,
        };
        let records = self.parts.ledger.records(&row.id)?;
        let decision = records.into_iter().find_map(|record| record.known.decision);
        self.parts
            .audit
            .because_of(row.fingerprint, decision.unwrap_or_default());
        let world = World {
            provider,
            rule,
            identities: self.parts.identities.as_ref(),
            store,
            receivers: self,
            prover: self.parts.prover.as_ref(),
            journal: self.parts.journal.as_ref(),
            witness: self.parts.audit.as_ref(),
            messenger: self.parts.notifier.as_ref(),
            clock: self.parts.clock.as_ref(),
            pause: self.parts.pause.as_ref(),
            key: &self.parts.key,
            patience: &self.parts.patience,
        };
        let mut saga = Saga::new(world, row.id.clone(), row.plan.clone(), subject)?;
        let outcome = act(&mut saga);
        self.parts.audit.forget(row.fingerprint);
        Ok(outcome?)
    }

    /// The leaked credential: as given, or from the version of the store's entry that held it.
    fn old_credential(
        &self,
        row: &SagaRow,
        given: Option<Subject>,
    ) -> Result<Subject, RespondError> {
        if let Some(subject) = given {
            let same = subject.fingerprint == row.fingerprint;
            return same
                .then_some(subject)
                .ok_or(RespondError::OtherCredential(row.fingerprint));
        }
        let like = Subject {
            fingerprint: row.fingerprint,
            rule: RuleId::from(row.plan.rule.as_str()),
            secret: Secret::new(b""),
            values: Vec::new(),
        };
        self.kept_in_store(row, &like)?
            .ok_or(RespondError::NeedsCredential(row.fingerprint))
    }

    fn provider_of(&self, rule: &Rule) -> Result<&dyn Provider, RespondError> {
        let found = self.parts.providers.find(rule);
        found.ok_or_else(|| RespondError::NoRotation {
            provider: rule.provider.to_string(),
            instructions: String::new(),
        })
    }

    /// What the plan found beside the credential in the store's entry (a key's certificate, the key as the entry writes it) is looked
    /// for in the same way again, where it is in the same fields. And why no successor would fit there, where the entry holds the
    /// credential in such a way by now; then the credential is as it came.
    ///
    /// # Errors
    /// The store cannot be read.
    fn with_all_parts(
        &self,
        row: &SagaRow,
        subject: Subject,
    ) -> Result<(Subject, Option<ProviderError>), RespondError> {
        let provider = self.provider_of(self.rule(&subject.rule)?)?;
        let Some(entry) = row.plan.entry.as_ref().filter(|_| provider.has_company()) else {
            return Ok((subject, None));
        };
        let mut misfit = None;
        let whole = self.in_versions(entry, |_, held| {
            // Another version may fit.
            let whole = provider.beside(&subject, held);
            let whole = whole.map_err(|error| misfit = Some(error)).ok()?;
            let mut fields = changes(held, &provider.parts(&whole));
            fields.sort();
            (fields == entry.fields).then_some(whole)
        })?;
        Ok(match whole {
            Some(whole) => (whole, None),
            None => (subject, misfit),
        })
    }

    /// The leaked credential, as far as the store's entry has it in the form in which it leaked.
    fn kept_in_store(
        &self,
        row: &SagaRow,
        like: &Subject,
    ) -> Result<Option<Subject>, RespondError> {
        let Some(entry) = &row.plan.entry else {
            return Ok(None);
        };
        let rule = self.rule(&like.rule)?;
        let Some(provider) = self.parts.providers.find(rule) else {
            return Ok(None);
        };
        self.in_versions(entry, |select, held| {
            let parts = parts_in(held, &entry.fields)?;
            // Without the credential itself only the version that the plan looked at is certain to be the old one.
            if !parts.contains_key(SECRET) && !matches!(select, Select::Exactly(_)) {
                return None;
            }
            let subject = provider.subject(like, &parts);
            let leaked = as_found(&subject.secret, |form| {
                self.parts.key.fingerprint(&rule.id, form) == row.fingerprint
            })?;
            Some(Subject {
                secret: leaked,
                ..subject
            })
        })
    }

    /// What is found in the entry as the plan saw it, else as it is now or was before that.
    fn in_versions(
        &self,
        entry: &PlannedEntry,
        mut find: impl FnMut(&Select, &Fields) -> Option<Subject>,
    ) -> Result<Option<Subject>, RespondError> {
        let store = self.store(&entry.store)?;
        let version = Select::Exactly(Version(entry.version.clone()));
        for select in [version, Select::Current, Select::Previous] {
            match store.read(&entry.path, &select) {
                Ok(held) => {
                    if let Some(found) = find(&select, &held.fields) {
                        return Ok(Some(found));
                    }
                }
                // Stores without that version; a store that is sealed or refuses is told as that.
                Err(StoreError::Absent { .. } | StoreError::Unsupported { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(None)
    }

    /// Whoever asks whether credentials work.
    #[must_use]
    pub fn prover(&self) -> &dyn Prover {
        self.parts.prover.as_ref()
    }

    pub(crate) fn rule(&self, id: &RuleId) -> Result<&Rule, RespondError> {
        let found = self.parts.rules.iter().find(|rule| rule.id == *id);
        found.ok_or_else(|| RespondError::NoRule(id.to_string()))
    }

    pub(crate) fn store(&self, name: &str) -> Result<&dyn Store, RespondError> {
        match self.parts.stores.get(name) {
            Some(store) => Ok(store.as_ref()),
            None => {
                let known: Vec<&str> = self.parts.stores.keys().map(String::as_str).collect();
                Err(RespondError::NoStore {
                    name: name.to_owned(),
                    known: if known.is_empty() {
                        "none".to_owned()
                    } else {
                        known.join(", ")
                    },
                })
            }
        }
    }

    pub(crate) fn event(
        &self,
        fingerprint: Fingerprint,
        actor: &str,
        kind: &str,
        text: &str,
    ) -> Event {
        Event {
            fingerprint,
            at: self.parts.clock.now(),
            actor: actor.to_owned(),
            kind: kind.to_owned(),
            text: text.to_owned(),
        }
    }

    pub(crate) fn message(
        &self,
        name: String,
        incident: &Incident,
        text: &str,
        urgency: Urgency,
    ) -> Message {
        Message {
            name,
            fingerprint: incident.fingerprint,
            title: format!("leaked {} {}", incident.title, incident.fingerprint),
            text: match incident.places.first() {
                Some(place) => format!("{text}\nfound in {}", in_one_line(place)),
                None => text.to_owned(),
            },
            urgency,
        }
    }
}

/// Where it was found, without line breaks and the like: names of files are other people's words.
fn in_one_line(place: &crate::incident::Place) -> String {
    let text = match (place.path.as_str(), place.line) {
        ("", _) => place.target.clone(),
        (path, 0) => format!("{path} of {}", place.target),
        (path, line) => format!("{path}:{line} of {}", place.target),
    };
    text.chars()
        .map(|one| if one.is_control() { '\u{fffd}' } else { one })
        .collect()
}

fn new_saga_id() -> SagaId {
    let mut bytes = [0; 8];
    // Without randomness of the system nothing here works, TLS included; the primary key refuses a repeated name.
    let _filled = aws_lc_rs::rand::fill(&mut bytes).is_ok();
    SagaId(hex(&bytes))
}
