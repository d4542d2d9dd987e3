//! Asks people, and takes down what they say: what the command line and the service call.
//!
//! INVARIANT: a yes or no is in the audit log before it is in the incident; what no audit log takes does not count.

use std::collections::BTreeSet;

use leakward_core::Fingerprint;
use leakward_verify::Clock;
use serde_json::json;

use super::{Approval, Approvers, Proof, Waiting};
use crate::audit::Audit;
use crate::incident::{Event, Incident, Moment, State};
use crate::ledger::Ledger;
use crate::plan::{Goal, Plan};
use crate::responder::RespondError;

/// Asks people, and takes down what they say.
#[derive(Clone, Copy)]
pub struct Asking<'a> {
    /// Incidents.
    pub ledger: &'a Ledger,
    /// What was decided.
    pub audit: &'a Audit,
    /// Whose yes counts.
    pub approvers: &'a Approvers,
    /// The time of day.
    pub clock: &'a dyn Clock,
}

impl Asking<'_> {
    /// What waits for a yes from now on: this plan. One that waits already goes on waiting; another one takes its place, and
    /// what was said to that one counts no more.
    ///
    /// # Errors
    /// There is no such incident, or the database cannot be written.
    pub fn ask(&self, plan: &Plan) -> Result<Waiting, RespondError> {
        let now = self.clock.now();
        let incident = self.ledger.change(plan.fingerprint, now, |incident| {
            if incident
                .waiting
                .as_ref()
                .is_some_and(|waiting| waiting.is_for(plan))
            {
                return None;
            }
            let waiting = Waiting {
                plan: plan.clone(),
                since: now,
            };
            let digest = waiting.digest();
            // The service lets people say yes to whatever is planned.
            incident
                .approvals
                .retain(|approval| approval.plan.is_empty() && approval.proof == Proof::Login);
            incident.waiting = Some(Box::new(waiting));
            Some(self.event(
                plan.fingerprint,
                "leakward",
                "planned",
                &format!("the plan {digest}"),
            ))
        })?;
        let waiting = incident.waiting.map(|waiting| *waiting);
        waiting.ok_or(RespondError::NothingWaits(plan.fingerprint))
    }

    /// Who has said yes to what waits, so that it counts; each once.
    #[must_use]
    pub fn said_yes(&self, incident: &Incident, waiting: &Waiting) -> Vec<String> {
        let who: BTreeSet<String> = incident
            .approvals
            .iter()
            .filter_map(|approval| self.approvers.who(approval, waiting))
            .collect();
        who.into_iter().collect()
    }

    /// Takes a yes down. The same person's counts once.
    ///
    /// # Errors
    /// It would not count (no signature of the list, another plan), nothing waits, or it cannot be written down.
    pub fn approve(
        &self,
        fingerprint: Fingerprint,
        by: &str,
        proof: Proof,
    ) -> Result<Incident, RespondError> {
        let ledger = self.ledger;
        let known = ledger.wait(ledger.database().incident(fingerprint))?;
        let waiting = known.waiting.as_deref();
        let mut approval = Approval {
            by: by.to_owned(),
            at: self.clock.now(),
            plan: waiting.map(Waiting::digest).unwrap_or_default(),
            proof,
        };
        let who = match waiting {
            Some(waiting) => self.approvers.who(&approval, waiting),
            // For whatever will be planned; but not while something runs or when nothing is left to do.
            None if approval.proof == Proof::Login
                && known.state != State::Responding
                && !known.state.is_settled() =>
            {
                Some(by.to_owned())
            }
            None => return Err(RespondError::NothingWaits(fingerprint)),
        };
        let Some(who) = who else {
            return Err(RespondError::DoesNotCount {
                fingerprint,
                why: self.why_not(&approval),
            });
        };
        approval.by.clone_from(&who);
        let text = format!("approved {}", what(waiting));
        self.witness(fingerprint, "approved", &format!("{who} {text}"), &approval)?;
        Ok(ledger.change(fingerprint, approval.at, |incident| {
            if incident
                .approvals
                .iter()
                .any(|one| one.by == who && one.plan == approval.plan)
            {
                return None;
            }
            incident.approvals.push(approval.clone());
            incident.timeline.at(Moment::Approved, approval.at);
            Some(self.event(fingerprint, &who, "approved", &text))
        })?)
    }

    /// Takes a no down: what waited is not done, what was said to it counts no more, and a person has to look.
    ///
    /// # Errors
    /// Nothing waits, or it cannot be written down.
    pub fn reject(
        &self,
        fingerprint: Fingerprint,
        by: &str,
        why: &str,
        proof: Proof,
    ) -> Result<Incident, RespondError> {
        let ledger = self.ledger;
        let known = ledger.wait(ledger.database().incident(fingerprint))?;
        if !asks(&known) {
            return Err(RespondError::NothingWaits(fingerprint));
        }
        let now = self.clock.now();
        let what = what(known.waiting.as_deref());
        let text = match why.trim() {
            "" => format!("said no to {what}"),
            why => format!("said no to {what}: {why}"),
        };
        let approval = Approval {
            by: by.to_owned(),
            at: now,
            plan: known
                .waiting
                .as_deref()
                .map(Waiting::digest)
                .unwrap_or_default(),
            proof,
        };
        self.witness(fingerprint, "rejected", &format!("{by} {text}"), &approval)?;
        let mut is_too_late = false;
        let incident = ledger.change(fingerprint, now, |incident| {
            // It has begun meanwhile, or is over.
            is_too_late = !asks(incident);
            if is_too_late {
                return None;
            }
            let waiting = incident.waiting.take();
            incident.approvals.clear();
            // What is not switched on again stays as dead as it was.
            if !waiting.is_some_and(|waiting| waiting.plan.goal == Goal::Restore) {
                incident.state = State::NeedsPerson;
            }
            incident.because = format!("{by} {text}");
            Some(self.event(fingerprint, by, "rejected", &text))
        })?;
        if is_too_late {
            return Err(RespondError::NothingWaits(fingerprint));
        }
        Ok(incident)
    }

    fn why_not(&self, approval: &Approval) -> String {
        match (self.approvers, &approval.proof) {
            (Approvers::Listed(_), Proof::Signature { .. }) => {
                "the signature is not by a key of the list of approvers, or not of this plan".to_owned()
            }
            (Approvers::Listed(_), _) => {
                "there is a list of approvers, so that only signatures count: give --key FILE or --signature FILE".to_owned()
            }
            (_, Proof::Signature { .. }) => {
                "signatures count only with a list of approvers (--approvers FILE)".to_owned()
            }
            (_, Proof::Login) => {
                "what waits is that a revocation is taken back, which is not shown here: say yes with `leakward respond approve`".to_owned()
            }
            _ => "who it is from is not known well enough here".to_owned(),
        }
    }

    fn witness(
        &self,
        fingerprint: Fingerprint,
        phase: &str,
        text: &str,
        approval: &Approval,
    ) -> Result<(), RespondError> {
        let details = json!({ "by": approval.by, "plan": approval.plan, "proof": approval.proof });
        self.audit.note(fingerprint, phase, text, &details)?;
        Ok(())
    }

    fn event(&self, fingerprint: Fingerprint, actor: &str, kind: &str, text: &str) -> Event {
        Event {
            fingerprint,
            at: self.clock.now(),
            actor: actor.to_owned(),
            kind: kind.to_owned(),
            text: text.to_owned(),
        }
    }
}

/// What is said yes or no to.
fn what(waiting: Option<&Waiting>) -> &'static str {
    match waiting.map(|waiting| waiting.plan.goal) {
        Some(Goal::Restore) => "that it is switched on again",
        Some(Goal::Revoke | Goal::Rotate) | None => "the response",
    }
}

/// Whether people are asked about it.
fn asks(incident: &Incident) -> bool {
    incident.waiting.is_some() || incident.state == State::WaitingForApproval
}
