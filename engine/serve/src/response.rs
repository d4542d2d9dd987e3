//! Verifies, decides and acts: our side of `leakward-respond`.

use std::sync::Arc;

use leakward_core::{Fingerprint, Verdict};
use leakward_respond::incident::{Event, Incident, State};
use leakward_verify::{Subject, Verified};
use schemars::JsonSchema;
use serde::Serialize;

use crate::database::StorageError;
use crate::http::PlanView;
use crate::service::{Service, Shared};
use crate::verification::Verification;
use crate::work::Failure;

/// Verifies, decides and acts.
pub(crate) struct Response {
    verification: Arc<Verification>,
}

/// What the connected stores hold.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub(crate) struct InventoryView {
    /// The entries.
    pub(crate) entries: Vec<EntryView>,
    /// What could not be read.
    pub(crate) problems: Vec<String>,
}

/// One entry of a connected store.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct EntryView {
    /// The store.
    pub(crate) store: String,
    /// The entry.
    pub(crate) path: String,
    /// When its current version was written.
    pub(crate) changed_at: Option<String>,
    /// Seconds since then.
    pub(crate) age_seconds: Option<u64>,
    /// Whose it is, as its tags say.
    pub(crate) owner: Option<String>,
}

impl Response {
    /// With this verification.
    pub(crate) fn new(verification: Verification) -> Self {
        Self {
            verification: Arc::new(verification),
        }
    }

    /// Asks providers about credentials.
    pub(crate) async fn verify(
        &self,
        service: &Shared,
        subjects: Vec<Subject>,
    ) -> Result<Vec<Verified>, Failure> {
        let (verification, service) = (Arc::clone(&self.verification), Arc::clone(service));
        let verified = tokio::task::spawn_blocking(move || {
            verification.verify(service.eye.rules(), &subjects)
        })
        .await?;
        Ok(verified)
    }

    /// Writes a verdict into its incident.
    pub(crate) async fn note_verdict(
        &self,
        service: &Service,
        incident: &Incident,
        verified: &Verified,
    ) -> Result<(), Failure> {
        if verified.verdict == Verdict::NotChecked {
            return Ok(());
        }
        let now = crate::incidents::now();
        let event = Event {
            fingerprint: incident.fingerprint,
            at: now,
            actor: "leakward".to_owned(),
            kind: "verified".to_owned(),
            text: format!("the provider was asked: {}", verified.verdict),
        };
        service
            .database
            .change(incident.fingerprint, now, |incident| {
                incident.verdict = verified.verdict.as_str().to_owned();
                if !verified.evidence.identity.is_empty() {
                    incident.identity.clone_from(&verified.evidence.identity);
                }
                if matches!(verified.verdict, Verdict::Live | Verdict::Dead) {
                    incident
                        .timeline
                        .at(leakward_respond::incident::Moment::Verified, now);
                }
                let is_free = !incident.state.is_settled() && incident.state != State::Responding;
                if verified.verdict == Verdict::Dead && is_free {
                    incident.state = State::Contained;
                    "the provider no longer accepts it".clone_into(&mut incident.because);
                    incident
                        .timeline
                        .at(leakward_respond::incident::Moment::ProvenDead, now);
                }
                Some(event.clone())
            })
            .await?;
        Ok(())
    }

    /// Does about a credential what the policy allows.
    pub(crate) async fn respond(&self, service: &Shared, subject: Subject) -> Result<(), Failure> {
        let now = crate::incidents::now();
        service
            .database
            .change(subject.fingerprint, now, |incident| {
                if incident.state != State::Open {
                    return None;
                }
                incident.state = State::NeedsPerson;
                incident.because = "no response is configured: revoke it by hand".to_owned();
                Some(Event {
                    fingerprint: subject.fingerprint,
                    at: now,
                    actor: "leakward".to_owned(),
                    kind: "state".to_owned(),
                    text: incident.because.clone(),
                })
            })
            .await?;
        Ok(())
    }

    /// Does what somebody approved.
    pub(crate) async fn approve(
        &self,
        service: &Shared,
        subject: Subject,
        _by: &str,
    ) -> Result<(), Failure> {
        self.respond(service, subject).await
    }

    /// Goes on with what waits for its time.
    pub(crate) async fn go_on(&self, _service: &Shared) {}

    /// What would be done about an incident.
    pub(crate) async fn planned(
        &self,
        service: &Service,
        incident: Fingerprint,
    ) -> Result<Option<PlanView>, StorageError> {
        let sagas = service.database.sagas(incident).await?;
        Ok(sagas.last().map(|saga| {
            let decision = if saga.is_open {
                "it is being carried out"
            } else {
                "it was carried out"
            };
            PlanView::of(&saga.plan, decision)
        }))
    }

    /// What the connected stores hold.
    pub(crate) async fn inventory(&self) -> InventoryView {
        InventoryView::default()
    }
}

impl Service {
    /// Counts incidents by state, for the metrics.
    pub(crate) async fn count_incidents(&self) -> Result<(), StorageError> {
        let rows = self
            .database
            .rows(
                "SELECT state, COUNT(*), COALESCE(SUM(CASE WHEN due_at < $1 AND state NOT IN ('contained', 'closed') THEN 1 ELSE 0 END), 0) \
                FROM incidents GROUP BY state",
                vec![crate::incidents::now().into()],
            )
            .await?;
        let mut counts: Vec<(State, i64)> = State::ALL.iter().map(|state| (*state, 0)).collect();
        let mut overdue = 0;
        for row in &rows {
            let word = row.text(0)?;
            let count = i64::try_from(row.number(1)?).unwrap_or(i64::MAX);
            overdue += i64::try_from(row.number(2)?).unwrap_or(i64::MAX);
            if let Some(slot) = counts.iter_mut().find(|(state, _)| state.as_str() == word) {
                slot.1 = count;
            }
        }
        self.metrics.set_incidents(&counts, overdue);
        let sagas = self.database.open_sagas().await?;
        let parked = sagas.iter().filter(|saga| saga.resume_at.is_none()).count();
        self.metrics.set_sagas(sagas.len() - parked, parked);
        Ok(())
    }
}
