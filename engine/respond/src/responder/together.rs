//! Many leaked credentials revoked with few requests, where a provider takes them so (GitHub: a thousand at a time, sixty
//! times an hour, from anybody).
//!
//! Each has its own incident, decision, journal and proof, as if it were alone; only the request is shared. A request whose
//! answer was lost is sent again: to revoke twice does no harm. The right to work on an incident is held while its response
//! begins and while it ends, not while the request is out: a thousand rights are more than a server has connections. Who
//! resumes one meanwhile revokes it once more, and the journal takes one of the two.

use std::collections::BTreeMap;
use std::time::Duration;

use leakward_core::{Fingerprint, RuleId};
use leakward_verify::Subject;
use serde_json::json;

use super::{Applied, RespondError, Responder};
use crate::database::{DatabaseError, SagaRow};
use crate::plan::Plan;
use crate::policy::Decision;
use crate::provider::{Case, ProviderError, Receipt};
use crate::saga::{Knowledge, Phase, Record, Step, Witness as _};

/// Between two requests: GitHub takes sixty an hour from one address.
const SPACING: Duration = Duration::from_secs(60);

/// Credentials that are revoked with the same requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The request.
    pub call: String,
    /// How many credentials one request can name.
    pub most: usize,
    /// Whose.
    pub members: Vec<Fingerprint>,
}

impl Batch {
    /// How many requests it takes.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.members.len().div_ceil(self.most.max(1))
    }
}

/// How long nobody else resumes what a shared request is about to revoke, in seconds.
const HEAD_START: u64 = 900;

/// A credential of which it is decided what may be done.
#[derive(Clone, Debug)]
pub struct Ready {
    /// What would be done.
    pub plan: Plan,
    /// What the policy says.
    pub decision: Decision,
    /// The credential.
    pub subject: Subject,
}

/// The lines of a journal that a shared request writes, after the one with which the response began. Whoever has resumed it
/// meanwhile has written them already, and it is left to them.
const ANNOUNCED: u64 = 1;
const ANSWERED: u64 = 2;

/// How it went with one credential of a batch.
pub type BatchOutcome = (Fingerprint, Result<Applied, RespondError>);

/// A credential whose response has begun.
struct Begun {
    row: SagaRow,
    subject: Subject,
}

impl Responder {
    /// Which credentials can be revoked with the same requests. Those that cannot are in none.
    #[must_use]
    pub fn batches(&self, subjects: &[Subject]) -> Vec<Batch> {
        let mut batches: BTreeMap<String, Batch> = BTreeMap::new();
        for subject in subjects {
            let Ok(rule) = self.rule(&subject.rule) else {
                continue;
            };
            let Some(together) = self.parts.providers.together(rule) else {
                continue;
            };
            let batch = batches
                .entry(together.call.clone())
                .or_insert_with(|| Batch {
                    call: together.call,
                    most: together.most,
                    members: Vec::new(),
                });
            batch.members.push(subject.fingerprint);
        }
        batches.into_values().collect()
    }

    /// Revokes what a batch names, as far as the policy and enough people say yes; how it went with each.
    ///
    /// # Errors
    /// Nothing can be written down.
    pub fn revoke_batch(
        &self,
        batch: &Batch,
        ready: &[Ready],
    ) -> Result<Vec<BatchOutcome>, RespondError> {
        let mut results = Vec::new();
        let mut begun = Vec::new();
        for one in ready
            .iter()
            .filter(|one| batch.members.contains(&one.plan.fingerprint))
        {
            match self.begin_one(one) {
                Ok(Ok(started)) => begun.push(started),
                Ok(Err(applied)) => results.push((one.plan.fingerprint, Ok(applied))),
                Err(error) => results.push((one.plan.fingerprint, Err(error))),
            }
        }
        let mut chunks = begun.chunks(batch.most.max(1)).peekable();
        while let Some(chunk) = chunks.next() {
            self.revoke_chunk(chunk)?;
            if chunks.peek().is_some() {
                self.parts.pause.pause(SPACING);
            }
        }
        for one in begun {
            // What is left: the proof that it is dead, and telling people. A credential whose request failed is tried alone.
            let outcome = self.resume(one.row.fingerprint, Some(one.subject));
            results.push((one.row.fingerprint, outcome.map(Applied::Ran)));
        }
        Ok(results)
    }

    /// Begins the response of one credential, up to the line that says that it is about to be revoked.
    fn begin_one(&self, one: &Ready) -> Result<Result<Begun, Applied>, RespondError> {
        let (plan, decision, subject) = (&one.plan, &one.decision, one.subject.clone());
        let ledger = &self.parts.ledger;
        let fingerprint = plan.fingerprint;
        let lock = ledger.wait(ledger.database().lock(fingerprint))?;
        let _lock = lock.ok_or(RespondError::Busy(fingerprint))?;
        if let Some(row) = ledger.open_saga(fingerprint)? {
            return self
                .go_on_with(&row, Some(subject))
                .map(|outcome| Err(Applied::Ran(outcome)));
        }
        if let Some(ended) = self.ended(plan)? {
            return Ok(Err(Applied::Ran(ended)));
        }
        let why = match self.admit(plan, decision)? {
            Ok(why) => why,
            Err(applied) => return Ok(Err(applied)),
        };
        let row = self.begin(plan, why)?;
        let later = self.parts.clock.now().saturating_add(HEAD_START);
        self.parts.journal.wake_at(&row.id, Some(later))?;
        Ok(Ok(Begun { row, subject }))
    }

    fn revoke_chunk(&self, chunk: &[Begun]) -> Result<(), RespondError> {
        let mut named = Vec::new();
        for one in chunk {
            let record = self.line(ANNOUNCED, Phase::Before, "revoke it together with others");
            let witnessed = self
                .parts
                .audit
                .witness(&one.row.plan, &one.row.id, &record);
            // What no audit log takes is not done; alone it will be told so.
            if witnessed.is_ok() && self.append(&one.row, &record)? {
                named.push(one);
            }
        }
        let Some(first) = named.first() else {
            return Ok(());
        };
        let rule = self.rule(&RuleId::from(first.row.plan.rule.as_str()))?;
        let subjects: Vec<Subject> = named.iter().map(|one| one.subject.clone()).collect();
        let identities = self.parts.identities.read();
        let case = Case::new(rule, &first.subject, &identities);
        let answer = self.patiently(&case, &subjects);
        for one in named {
            self.note_answer(&one.row, &answer)?;
        }
        Ok(())
    }

    /// Sends the request until it is answered, a few times.
    fn patiently(&self, case: &Case<'_>, subjects: &[Subject]) -> Result<Receipt, ProviderError> {
        let mut tries = 0;
        loop {
            let answer = self.parts.providers.revoke_together(case, subjects);
            tries += 1;
            let is_passing = matches!(
                answer,
                Err(ProviderError::Unavailable { .. } | ProviderError::OutcomeUnknown { .. })
            );
            if !is_passing || tries >= self.parts.patience.tries {
                return answer;
            }
            self.parts.pause.pause(SPACING);
        }
    }

    fn note_answer(
        &self,
        row: &SagaRow,
        answer: &Result<Receipt, ProviderError>,
    ) -> Result<(), RespondError> {
        let mut record = match answer {
            Ok(receipt) => self.line(ANSWERED, Phase::Done, &receipt.summary),
            // It may have happened: the saga looks by itself.
            Err(ProviderError::OutcomeUnknown { .. }) => return Ok(()),
            Err(error) => self.line(ANSWERED, Phase::Failed, &error.to_string()),
        };
        if let Ok(receipt) = answer {
            record.known.request_id.clone_from(&receipt.request_id);
        }
        if !self.append(row, &record)? {
            return Ok(());
        }
        // It has happened and is in the journal. The next change finds out that the audit cannot be written.
        let _told = self
            .parts
            .audit
            .witness(&row.plan, &row.id, &record)
            .is_ok();
        Ok(())
    }

    /// Writes a line; false when somebody else works on this one meanwhile.
    fn append(&self, row: &SagaRow, record: &Record) -> Result<bool, RespondError> {
        match self.parts.journal.append(&row.id, record) {
            Ok(()) => Ok(true),
            Err(DatabaseError::Conflict { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn line(&self, sequence: u64, phase: Phase, text: &str) -> Record {
        Record {
            sequence,
            at: self.parts.clock.now(),
            step: Some(Step::Revoke),
            phase,
            text: text.to_owned(),
            known: Knowledge::default(),
        }
    }

    /// Whether a plan may run now: why, or what it waits for.
    pub(super) fn admit(
        &self,
        plan: &Plan,
        decision: &Decision,
    ) -> Result<Result<serde_json::Value, Applied>, RespondError> {
        if !plan.is_possible() || !decision.deny.is_empty() {
            return self
                .not_allowed(plan, decision)
                .map(|why| Err(Applied::NotAllowed(why)));
        }
        let agreed = self.agreed(plan, decision)?;
        match &agreed {
            Ok(why) => self.parts.audit.because_of(plan.fingerprint, why.clone()),
            Err(_) => self.wait_for_approval(plan, decision)?,
        }
        Ok(agreed)
    }

    /// Whether enough people said yes to exactly this: who and to what, or that it waits for them.
    pub(super) fn agreed(
        &self,
        plan: &Plan,
        decision: &Decision,
    ) -> Result<Result<serde_json::Value, Applied>, RespondError> {
        let ledger = &self.parts.ledger;
        let waiting = self.asking().ask(plan)?;
        let incident = ledger.wait(ledger.database().incident(plan.fingerprint))?;
        let by = self.asking().said_yes(&incident, &waiting);
        if (by.len() as u64) < u64::from(decision.approvals) {
            return Ok(Err(Applied::WaitsForApproval {
                needed: decision.approvals,
                by,
                reasons: decision.reasons.clone(),
            }));
        }
        Ok(Ok(json!({
            "policy": decision.policy,
            "approvals_needed": decision.approvals,
            "approved_by": by,
            "reasons": decision.reasons,
            "plan": waiting.digest(),
        })))
    }
}
