//! The way back from a revocation that was wrong: what a provider only switched off is switched on again.
//!
//! Not a part of a response: nothing follows from it, and whoever wants it does it again when it fails. INVARIANT: it is in the audit
//! log before the provider hears of it. INVARIANT: only what a response of ours has revoked is switched on, and none while one runs.
//! INVARIANT: a leaked credential that works again can do the harm for which it was revoked: the policy is asked, somebody has to say
//! yes to exactly this, and never fewer people than had to for the revocation.

use std::collections::BTreeMap;

use leakward_core::{Fingerprint, Verdict};
use leakward_verify::{Subject, rfc3339};
use serde_json::{Value, json};

use super::settle::needed;
use super::{Applied, RespondError, Responder};
use crate::database::SagaRow;
use crate::incident::{Incident, Moment, State};
use crate::notify::Urgency;
use crate::plan::{Goal, Order, Plan, PlannedStep};
use crate::policy::Decision;
use crate::provider::{Case, Provider, ProviderError, Receipt, Standing, Undo};
use crate::saga::{Journal as _, Phase, Record, Step};

/// A revocation that its provider can take back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revoked {
    /// What would be done: that of its response, the other way.
    pub plan: Plan,
    /// Whether it may be.
    pub decision: Decision,
    row: SagaRow,
    ahead: BTreeMap<String, String>,
}

/// A credential that was switched on again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// What the provider did.
    pub text: String,
    /// Whether it works now.
    pub verdict: Verdict,
}

impl Responder {
    /// The revocation of this credential, if it can be taken back. Changes nothing.
    ///
    /// # Errors
    /// A response is under way, none has revoked it, its provider cannot take that back, or the policy does not work.
    pub fn revoked(&self, fingerprint: Fingerprint) -> Result<Revoked, RespondError> {
        let (ledger, database) = (&self.parts.ledger, self.parts.ledger.database());
        if ledger.open_saga(fingerprint)?.is_some() {
            return Err(RespondError::UnderWay(fingerprint));
        }
        for row in ledger.wait(database.sagas(fingerprint))? {
            let records = ledger.records(&row.id)?;
            let done = records
                .iter()
                .rfind(|record| record.step == Some(Step::Revoke) && record.phase == Phase::Done);
            let Some(done) = done else { continue };
            let plan = way_back(&row.plan, done)?;
            return Ok(Revoked {
                decision: self.decide_way_back(&plan, &records)?,
                plan,
                ahead: records
                    .iter()
                    .flat_map(|record| record.known.ahead.clone())
                    .collect(),
                row,
            });
        }
        Err(RespondError::NotRevoked(fingerprint))
    }

    /// Takes the revocation of this credential back, if the policy and enough people say yes, and asks whether it works. `subject` is
    /// needed only when the store no longer has the value.
    ///
    /// # Errors
    /// As [`Responder::revoked`]; another process is at it, the credential is needed, nothing can be written down, or the provider did
    /// not do it.
    pub fn restore(
        &self,
        fingerprint: Fingerprint,
        subject: Option<Subject>,
        by: &str,
        because: &str,
    ) -> Result<Result<Restored, Applied>, RespondError> {
        let ledger = &self.parts.ledger;
        let lock = ledger.wait(ledger.database().lock(fingerprint))?;
        let _lock = lock.ok_or(RespondError::Busy(fingerprint))?;
        let revoked = self.revoked(fingerprint)?;
        let why = match self.admit_way_back(&revoked)? {
            Ok(why) => why,
            Err(applied) => return Ok(Err(applied)),
        };
        let subject = self.old_credential(&revoked.row, subject)?;
        let rule = self.rule(&subject.rule)?;
        let provider = self.parts.providers.find(rule);
        let provider = provider.ok_or_else(|| RespondError::Final {
            fingerprint,
            why: format!("nobody here acts for {}", rule.provider),
        })?;
        // Whether a successor would fit does not matter here.
        let (subject, _) = self.with_all_parts(&revoked.row, subject)?;
        let details = json!({
            "by": by,
            "because": because,
            "saga": revoked.row.id.0,
            "provider": provider.name(),
            "decision": why,
        });
        let note =
            |phase: &str, text: &str| self.parts.audit.note(fingerprint, phase, text, &details);
        note(
            "restoring",
            "a revoked credential is to be switched on again",
        )?;
        let receipt = self.switch_on(provider, &revoked, &subject);
        let receipt = receipt.inspect_err(|error| {
            // The error is told in any case; the line before it says what was tried.
            let _told = note("not-restored", &error.to_string()).is_ok();
        })?;
        let noted = note("restored", &receipt.summary);
        let verdict = self.patiently_ask(&subject);
        let told = self.note_restored(fingerprint, &verdict, by, because)?;
        let name = format!("{fingerprint} restored {}", told.revision);
        let message = self.message(name, &told, &told.because, Urgency::Act);
        self.parts.notifier.send(&message)?;
        noted?;
        Ok(Ok(Restored {
            text: receipt.summary,
            verdict,
        }))
    }

    /// What the policy says, and that nothing does this by itself. Whoever could not revoke it alone does not bring it back alone.
    fn decide_way_back(&self, plan: &Plan, records: &[Record]) -> Result<Decision, RespondError> {
        let ledger = &self.parts.ledger;
        let incident = ledger.wait(ledger.database().incident(plan.fingerprint))?;
        let mut decision = self.decide(&incident, plan)?;
        let before = records.iter().find_map(|record| {
            let needed = record.known.decision.as_ref()?.get("approvals_needed")?;
            Some(u32::try_from(needed.as_u64()?).unwrap_or(u32::MAX))
        });
        decision.approvals = decision.approvals.max(before.unwrap_or(0)).max(1);
        Ok(decision)
    }

    /// Whether it may be done now: why, or what it waits for. The incident stays as it is until then: the credential is dead.
    fn admit_way_back(&self, revoked: &Revoked) -> Result<Result<Value, Applied>, RespondError> {
        let (plan, decision) = (&revoked.plan, &revoked.decision);
        if !decision.deny.is_empty() {
            return Ok(Err(Applied::NotAllowed(decision.deny.clone())));
        }
        let agreed = self.agreed(plan, decision)?;
        if agreed.is_err() {
            let (ledger, fingerprint) = (&self.parts.ledger, plan.fingerprint);
            let incident = ledger.wait(ledger.database().incident(fingerprint))?;
            let text = format!(
                "a revoked credential is to be switched on again: {}",
                needed(decision)
            );
            let name = format!("{fingerprint} approval {}", incident.revision);
            let message = self.message(name, &incident, &text, Urgency::Act);
            self.parts.notifier.send(&message)?;
        }
        Ok(agreed)
    }

    fn switch_on(
        &self,
        provider: &dyn Provider,
        revoked: &Revoked,
        subject: &Subject,
    ) -> Result<Receipt, RespondError> {
        let rule = self.rule(&subject.rule)?;
        let identities = self.parts.identities.read();
        let case = Case {
            ahead: &revoked.ahead,
            ..Case::new(rule, subject, &identities)
        };
        if provider.standing(&case)? == Standing::Active {
            return Ok(Receipt {
                summary: "the provider lists it as active already".to_owned(),
                request_id: None,
            });
        }
        provider.restore(&case).map_err(|error| match error {
            ProviderError::Unsupported { .. } => RespondError::Final {
                fingerprint: subject.fingerprint,
                why: error.to_string(),
            },
            error => error.into(),
        })
    }

    /// What is switched on works after a moment.
    fn patiently_ask(&self, subject: &Subject) -> Verdict {
        let patience = &self.parts.patience;
        let mut verdict = self.prover().prove(subject).verdict;
        for tries in 1..patience.tries {
            if matches!(verdict, Verdict::Live | Verdict::NotChecked) {
                break;
            }
            self.parts.pause.pause(patience.after(tries));
            verdict = self.prover().prove(subject).verdict;
        }
        verdict
    }

    /// The incident is open again: it waits for a person, since a response by itself would revoke the credential again.
    fn note_restored(
        &self,
        fingerprint: Fingerprint,
        verdict: &Verdict,
        by: &str,
        because: &str,
    ) -> Result<Incident, RespondError> {
        let text = match because.trim() {
            "" => format!("{by} had the revoked credential switched on again"),
            because => format!("{by} had the revoked credential switched on again: {because}"),
        };
        let now = self.parts.clock.now();
        Ok(self.parts.ledger.change(fingerprint, now, |incident| {
            incident.state = State::NeedsPerson;
            incident.because.clone_from(&text);
            verdict.as_str().clone_into(&mut incident.verdict);
            // What was said yes to is done.
            incident.waiting = None;
            incident.approvals.clear();
            for undone in [Moment::Revoked, Moment::ProvenDead, Moment::Closed] {
                incident.timeline.undo(undone);
            }
            Some(self.event(fingerprint, by, "restored", &text))
        })?)
    }
}

/// What is done to take back what this plan has `done`, and what should be known of it; not where that is final.
fn way_back(plan: &Plan, done: &Record) -> Result<Plan, RespondError> {
    let provider = plan.provider.as_deref().unwrap_or("the provider");
    let can_be_undone = |step: &&PlannedStep| step.undo == Some(Undo::Possible);
    let revocation = plan.steps.iter().find(|step| step.step == Step::Revoke);
    let Some(revocation) = revocation.filter(can_be_undone) else {
        return Err(RespondError::Final {
            fingerprint: plan.fingerprint,
            why: format!("{provider} cannot take it back"),
        });
    };
    let identity = match revocation.identity.as_str() {
        "" => String::new(),
        identity => format!(" as {identity}"),
    };
    Ok(Plan {
        goal: Goal::Restore,
        order: Order::SuccessorFirst,
        steps: Vec::new(),
        instructions: None,
        warnings: vec![
            format!(
                "{provider} has revoked it {}{identity}: {}",
                rfc3339(done.at),
                done.text
            ),
            "it leaked: whoever has it can use it again from then on".to_owned(),
        ],
        ..plan.clone()
    })
}
