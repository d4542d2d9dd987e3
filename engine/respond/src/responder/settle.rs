//! What the end of a run means for the incident, and who hears of it.

use leakward_core::Fingerprint;
use leakward_stores::StoreError;
use leakward_verify::Subject;
use serde_json::Value;

use super::{RespondError, Responder};
use crate::database::SagaRow;
use crate::incident::{Incident, Moment, State};
use crate::notify::{Message, Urgency};
use crate::plan::Plan;
use crate::policy::Decision;
use crate::saga::{Journal as _, OldCredential, Outcome, Phase, Progress, Record, Step};

impl Responder {
    /// Writes the outcome into the incident, and tells people where they are needed.
    pub(super) fn settle(&self, row: &SagaRow, outcome: &Outcome) -> Result<(), RespondError> {
        let (state, because, urgency) = meaning(outcome);
        let records = self.parts.ledger.records(&row.id)?;
        let now = self.parts.clock.now();
        let incident = self.parts.ledger.change(row.fingerprint, now, |incident| {
            incident.state = state;
            incident.because.clone_from(&because);
            if !matches!(outcome, Outcome::Parked { .. }) {
                // Who said yes said it to this response.
                incident.approvals.clear();
            }
            for record in &records {
                let moment = match (record.phase, record.step) {
                    (Phase::Done, Some(Step::Promote)) => Moment::Rotated,
                    (Phase::Done, Some(Step::Revoke)) => Moment::Revoked,
                    (Phase::Done, Some(Step::Prove)) if *outcome == Outcome::Finished => {
                        Moment::ProvenDead
                    }
                    _ => continue,
                };
                incident.timeline.at(moment, record.at);
            }
            if *outcome == Outcome::Finished {
                "dead".clone_into(&mut incident.verdict);
            }
            if state == State::Closed {
                incident.timeline.at(Moment::Closed, now);
            }
            Some(self.event(row.fingerprint, "leakward", "state", &because))
        })?;
        if let Some(urgency) = urgency {
            let name = format!("{} {state} {}", row.id, records.len());
            let message = self.message(name, &incident, &because, urgency);
            self.parts.notifier.send(&message)?;
        }
        Ok(())
    }

    /// Settles an incident whose response is over although it says that it is under way: the process ended between the two.
    /// How it ended; none when there is nothing to settle.
    ///
    /// # Errors
    /// The database cannot be read or written.
    pub fn settle_ended(&self, fingerprint: Fingerprint) -> Result<Option<Outcome>, RespondError> {
        let (ledger, database) = (&self.parts.ledger, self.parts.ledger.database());
        let incident = ledger.wait(database.incident(fingerprint))?;
        let newest = ledger.wait(database.sagas(fingerprint))?.into_iter().next();
        let Some(row) = newest.filter(|row| !row.is_open && incident.state == State::Responding)
        else {
            return Ok(None);
        };
        let outcome = ending(&ledger.records(&row.id)?);
        self.settle(&row, &outcome)?;
        Ok(Some(outcome))
    }

    /// Tells people at once that somebody may have taken a secret of ours; other errors are as they are.
    pub(super) fn alarmed(&self, subject: &Subject, error: RespondError) -> RespondError {
        let RespondError::Store(StoreError::Intercepted { .. }) = &error else {
            return error;
        };
        let (fingerprint, text) = (subject.fingerprint, error.to_string());
        let message = Message {
            name: format!("{fingerprint} alarm {}", self.parts.clock.now()),
            fingerprint,
            title: "a one-time secret of Leakward was used by somebody else".to_owned(),
            text: text.clone(),
            urgency: Urgency::Page,
        };
        let noted = self
            .parts
            .audit
            .note(fingerprint, "alarm", &text, &Value::Null);
        let told = self.parts.notifier.send(&message);
        match (noted, told) {
            (Ok(()), Ok(())) => error,
            // Whoever reads the error is told all of it.
            (Err(failed), _) => RespondError::Unheard(text, failed.to_string()),
            (_, Err(failed)) => RespondError::Unheard(text, failed.to_string()),
        }
    }

    /// Somebody has to say yes first.
    pub(super) fn wait_for_approval(
        &self,
        plan: &Plan,
        decision: &Decision,
    ) -> Result<(), RespondError> {
        let text = needed(decision);
        let incident = self.put(plan, State::WaitingForApproval, &text)?;
        let name = format!("{} approval {}", plan.fingerprint, incident.revision);
        let message = self.message(name, &incident, &text, Urgency::Act);
        Ok(self.parts.notifier.send(&message)?)
    }

    /// It may not run, or nobody can do it by an interface.
    pub(super) fn not_allowed(
        &self,
        plan: &Plan,
        decision: &Decision,
    ) -> Result<Vec<String>, RespondError> {
        let mut sentences = decision.deny.clone();
        if let Some(instructions) = &plan.instructions {
            sentences.extend(instructions.steps.clone());
        }
        let text = sentences.join("; ");
        let incident = self.put(plan, State::NeedsPerson, &text)?;
        let name = format!("{} person {}", plan.fingerprint, incident.revision);
        let message = self.message(name, &incident, &text, Urgency::Act);
        self.parts.notifier.send(&message)?;
        Ok(sentences)
    }

    fn put(&self, plan: &Plan, state: State, because: &str) -> Result<Incident, RespondError> {
        let now = self.parts.clock.now();
        Ok(self
            .parts
            .ledger
            .change(plan.fingerprint, now, |incident| {
                if incident.state == state && incident.because == because {
                    return None;
                }
                incident.state = state;
                because.clone_into(&mut incident.because);
                Some(self.event(plan.fingerprint, "leakward", "state", because))
            })?)
    }
}

/// How many have to say yes, and why.
pub(super) fn needed(decision: &Decision) -> String {
    let who = match decision.approvals {
        1 => "one person has to say yes".to_owned(),
        more => format!("{more} people have to say yes"),
    };
    std::iter::once(who)
        .chain((!decision.reasons.is_empty()).then(|| decision.reasons.join("; ")))
        .collect::<Vec<_>>()
        .join(": ")
}

/// How a saga ended, as its journal says.
fn ending(records: &[Record]) -> Outcome {
    let back = records
        .iter()
        .find(|record| record.phase == Phase::TurningBack);
    let unproven = records
        .iter()
        .rev()
        .find_map(|record| record.known.unproven.clone());
    match (back, unproven) {
        (Some(record), _) => Outcome::TurnedBack {
            why: record.text.clone(),
            // Who chose the successor's value has nothing to do with the old one.
            old: OldCredential::after(&Progress::of(None, records)),
        },
        (None, Some(why)) => Outcome::Unproven(why),
        (None, None) => Outcome::Finished,
    }
}

fn meaning(outcome: &Outcome) -> (State, String, Option<Urgency>) {
    match outcome {
        Outcome::Finished => (
            State::Closed,
            "the old credential is proven dead".to_owned(),
            None,
        ),
        Outcome::Unproven(why) => (State::Contained, why.clone(), None),
        Outcome::Parked {
            why,
            resume_at: Some(_),
        } => (State::Responding, why.clone(), None),
        Outcome::Parked {
            why,
            resume_at: None,
        } => {
            let is_alarm = why.contains(leakward_stores::ALARM);
            let urgency = if is_alarm {
                Urgency::Page
            } else {
                Urgency::Act
            };
            (State::NeedsPerson, why.clone(), Some(urgency))
        }
        Outcome::TurnedBack { why, old } => (
            State::NeedsPerson,
            format!(
                "the response went back, and what it had made was taken away again: {why}; {old}"
            ),
            Some(Urgency::Act),
        ),
        Outcome::UndoFailed(why) => (State::NeedsPerson, why.clone(), Some(Urgency::Page)),
    }
}
