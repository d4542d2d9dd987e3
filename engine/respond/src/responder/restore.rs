//! The way back from a revocation that was wrong: what a provider only switched off is switched on again.
//!
//! Not a part of a response: nothing follows from it, and whoever wants it does it again when it fails. INVARIANT: it is in the audit
//! log before the provider hears of it. INVARIANT: only what a response of ours has revoked is switched on, and none while one runs.

use std::collections::BTreeMap;

use leakward_core::{Fingerprint, Verdict};
use leakward_verify::Subject;
use serde_json::json;

use super::{RespondError, Responder};
use crate::database::SagaRow;
use crate::incident::{Incident, Moment, State};
use crate::notify::Urgency;
use crate::plan::{Plan, PlannedStep};
use crate::provider::{Case, Provider, ProviderError, Receipt, Standing, Undo};
use crate::saga::{Journal as _, Phase, Step};

/// A revocation that its provider can take back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revoked {
    /// The response's course.
    pub plan: Plan,
    /// When it was done, seconds since 1970.
    pub at: u64,
    /// What was done.
    pub text: String,
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
    /// A response is under way, none has revoked it, or its provider cannot take that back.
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
            let can_be_undone =
                revocation(&row.plan).is_some_and(|step| step.undo == Some(Undo::Possible));
            if !can_be_undone {
                return Err(RespondError::Final {
                    fingerprint,
                    why: format!("{} cannot take it back", provider_of(&row.plan)),
                });
            }
            return Ok(Revoked {
                at: done.at,
                text: done.text.clone(),
                ahead: records
                    .iter()
                    .flat_map(|record| record.known.ahead.clone())
                    .collect(),
                plan: row.plan.clone(),
                row,
            });
        }
        Err(RespondError::NotRevoked(fingerprint))
    }

    /// Takes the revocation of this credential back, and asks whether it works. `subject` is needed only when the store no longer has the
    /// value.
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
    ) -> Result<Restored, RespondError> {
        let ledger = &self.parts.ledger;
        let lock = ledger.wait(ledger.database().lock(fingerprint))?;
        let _lock = lock.ok_or(RespondError::Busy(fingerprint))?;
        let revoked = self.revoked(fingerprint)?;
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
        Ok(Restored {
            text: receipt.summary,
            verdict,
        })
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
            for undone in [Moment::Revoked, Moment::ProvenDead, Moment::Closed] {
                incident.timeline.undo(undone);
            }
            Some(self.event(fingerprint, by, "restored", &text))
        })?)
    }
}

impl Revoked {
    /// How it was revoked.
    #[must_use]
    pub fn step(&self) -> Option<&PlannedStep> {
        revocation(&self.plan)
    }

    /// The store and the entry that its response was about.
    #[must_use]
    pub fn entry(&self) -> Option<(&str, &str)> {
        let entry = self.plan.entry.as_ref()?;
        Some((entry.store.as_str(), entry.path.as_str()))
    }
}

fn provider_of(plan: &Plan) -> &str {
    plan.provider.as_deref().unwrap_or("the provider")
}

fn revocation(plan: &Plan) -> Option<&PlannedStep> {
    plan.steps.iter().find(|step| step.step == Step::Revoke)
}
