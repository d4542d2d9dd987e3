//! Verifies, decides and acts: our side of `leakward-respond`.

use std::sync::Arc;

use leakward_core::{Fingerprint, Verdict};
use leakward_respond::RespondError;
use leakward_respond::incident::{Approval, Event, Incident, State};
use leakward_respond::plan::Goal;
use leakward_respond::policy::Decision;
use leakward_respond::provider::ProviderError;
use leakward_stores::{Holding, StoreError};
use leakward_verify::{Subject, Verified};
use schemars::JsonSchema;
use serde::Serialize;

use crate::acting::Acting;
use crate::database::StorageError;
use crate::http::PlanView;
use crate::service::{Service, Shared};
use crate::verification::Verification;
use crate::work::Failure;

/// Verifies, decides and acts.
pub(crate) struct Response {
    verification: Arc<Verification>,
    acting: Option<Arc<Acting>>,
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
    /// With this verification, and what acts, if anything does.
    pub(crate) fn new(verification: Verification, acting: Option<Acting>) -> Self {
        Self {
            verification: Arc::new(verification),
            acting: acting.map(Arc::new),
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
        let fingerprint = subject.fingerprint;
        let known = service.database.incident(fingerprint).await?;
        let said = known.approvals.clone();
        let Some(acting) = self.acting.clone() else {
            let why = "no response is configured: revoke it by hand";
            return needs_person(service, fingerprint, &said, why).await;
        };
        let (located, sought) = (Arc::clone(&acting), subject.clone());
        let holding = match &known.entry {
            Some(_) => None,
            None => tokio::task::spawn_blocking(move || located.locate(&sought)).await?,
        };
        let incident = match holding {
            Some(holding) => note_entry(service, fingerprint, &holding).await?,
            None => known,
        };
        let said = incident.approvals.clone();
        let acted = tokio::task::spawn_blocking(move || acting.act(&incident, &subject)).await?;
        let acted = acted.map_err(|error| Failure::Passing(error.to_string(), None))?;
        if let Some((plan, decision)) = &acted.planned {
            crate::plans::keep(&service.database, fingerprint, plan, &in_words(decision)).await?;
        }
        match acted.applied {
            Ok(applied) => {
                tracing::info!(incident = %fingerprint, ?applied, "the response ran as far as it may");
                Ok(())
            }
            Err(
                error @ (RespondError::Busy(_)
                | RespondError::Database(_)
                | RespondError::Saga(_)
                | RespondError::Store(StoreError::Unavailable { .. })
                | RespondError::Provider(ProviderError::Unavailable { .. })),
            ) => Err(Failure::Passing(error.to_string(), None)),
            Err(error) => needs_person(service, fingerprint, &said, &error.to_string()).await,
        }
    }

    /// What acts, when a response is configured.
    pub(crate) fn acting(&self) -> Option<Arc<Acting>> {
        self.acting.clone()
    }

    /// What would be done about an incident.
    pub(crate) async fn planned(
        &self,
        service: &Service,
        incident: Fingerprint,
    ) -> Result<Option<PlanView>, StorageError> {
        // A response that went back is past; what people are asked about is what waits.
        // A revocation that is to be taken back is no response, and is shown where that is typed.
        let waiting = service.database.incident(incident).await?.waiting;
        let waits = waiting.is_some_and(|waiting| waiting.plan.goal != Goal::Restore);
        let newest = service.database.sagas(incident).await?.into_iter().next();
        let Some(saga) = newest.filter(|saga| saga.is_open || !waits) else {
            let kept = crate::plans::kept(&service.database, incident).await?;
            return Ok(kept.map(|(plan, decision)| PlanView::of(&plan, &decision)));
        };
        let decision = if saga.is_open {
            "it is being carried out"
        } else {
            "it was carried out"
        };
        Ok(Some(PlanView::of(&saga.plan, decision)))
    }

    /// What the connected stores hold.
    pub(crate) async fn inventory(&self) -> InventoryView {
        let Some(acting) = self.acting.clone() else {
            return InventoryView::default();
        };
        let read = tokio::task::spawn_blocking(move || inventory(&acting)).await;
        read.unwrap_or_else(|_| InventoryView {
            entries: Vec::new(),
            problems: vec!["reading the stores broke off".to_owned()],
        })
    }
}

/// LIMIT: entries that are shown.
const MOST_ENTRIES: usize = 500;

fn inventory(acting: &Acting) -> InventoryView {
    let mut view = InventoryView::default();
    let now = crate::time::Moment::now();
    for (name, store) in acting.stores() {
        let paths = match store.list("") {
            Ok(paths) => paths,
            Err(error) => {
                view.problems.push(error.to_string());
                continue;
            }
        };
        for path in paths {
            if view.entries.len() == MOST_ENTRIES {
                view.problems.push(format!("there are more entries than {MOST_ENTRIES}; `leakward store inventory` lists all"));
                return view;
            }
            match store.metadata(&path) {
                Ok(metadata) => {
                    let changed = metadata
                        .changed_at
                        .as_deref()
                        .and_then(crate::time::Moment::parse);
                    view.entries.push(EntryView {
                        store: name.clone(),
                        path,
                        age_seconds: changed.map(|changed| now.since(changed).as_secs()),
                        owner: leakward_stores::owner(&metadata.tags),
                        changed_at: metadata.changed_at,
                    });
                }
                Err(error) => view.problems.push(error.to_string()),
            }
        }
    }
    view.entries
        .sort_by_key(|entry| std::cmp::Reverse(entry.age_seconds));
    view
}

/// What the policy says, for people.
fn in_words(decision: &Decision) -> String {
    if !decision.deny.is_empty() {
        return format!("it may not run: {}", decision.deny.join("; "));
    }
    let reasons = if decision.reasons.is_empty() {
        String::new()
    } else {
        format!(": {}", decision.reasons.join("; "))
    };
    match decision.approvals {
        0 => "it runs by itself".to_owned(),
        1 => format!("one person has to say yes{reasons}"),
        more => format!("{more} people have to say yes{reasons}"),
    }
}

/// An attempt that knew of what was `said` has come to nothing.
async fn needs_person(
    service: &Service,
    fingerprint: Fingerprint,
    said: &[Approval],
    because: &str,
) -> Result<(), Failure> {
    let now = crate::incidents::now();
    let change = service.database.change(fingerprint, now, |incident| {
        failed(incident, said, because).then(|| event(fingerprint, now, because))
    });
    change.await?;
    Ok(())
}

/// Who had said yes said it to the attempt that failed, and may say it to the next one; a yes that came meanwhile is for that one
/// already. Whether anything is new.
fn failed(incident: &mut Incident, said: &[Approval], because: &str) -> bool {
    let is_for_it = |approval: &Approval| said.contains(approval);
    let is_known = incident.because == because && !incident.approvals.iter().any(is_for_it);
    if incident.state.is_settled() || is_known {
        return false;
    }
    incident.approvals.retain(|approval| !is_for_it(approval));
    incident.state = State::NeedsPerson;
    because.clone_into(&mut incident.because);
    true
}

/// Writes down where applications read the credential.
async fn note_entry(
    service: &Service,
    fingerprint: Fingerprint,
    holding: &Holding,
) -> Result<Incident, Failure> {
    let now = crate::incidents::now();
    let text = format!(
        "applications read it from {} {}",
        holding.store, holding.path
    );
    let changed = service.database.change(fingerprint, now, |incident| {
        incident.entry = Some(crate::acting::place_of(holding));
        if incident.owner.is_none() {
            incident.owner.clone_from(&holding.owner);
        }
        Some(event(fingerprint, now, &text))
    });
    Ok(changed.await?)
}

fn event(fingerprint: Fingerprint, at: u64, text: &str) -> Event {
    Event {
        fingerprint,
        at,
        actor: "leakward".to_owned(),
        kind: "state".to_owned(),
        text: text.to_owned(),
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

#[cfg(test)]
mod tests {
    use leakward_core::{FingerprintKey, RuleId, Secret, Severity};
    use leakward_respond::Sighting;
    use leakward_respond::approval::Proof;
    use leakward_respond::incident::Exposure;

    use super::*;

    fn yes(by: &str) -> Approval {
        Approval {
            by: by.to_owned(),
            at: 1_800_000_000,
            plan: String::new(),
            proof: Proof::Login,
        }
    }

    #[test]
    fn a_yes_that_came_while_an_attempt_failed_is_for_the_next_one() {
        let secret = Secret::new(b"of the test");
        let sighting = Sighting {
            fingerprint: FingerprintKey::default().fingerprint(&RuleId::from("a-rule"), &secret),
            rule: "a-rule".to_owned(),
            title: "a key".to_owned(),
            provider: "a provider".to_owned(),
            masked: String::new(),
            severity: Severity::High,
            verdict: "live".to_owned(),
            exposure: Exposure::NotKnown,
            places: Vec::new(),
            owner: None,
            pushed_at: None,
        };
        let mut incident = Incident::open(&sighting, 1_800_000_000);
        let said = [yes("ann")];
        incident.approvals = vec![yes("ann"), yes("bob")];
        assert!(failed(&mut incident, &said, "the store is sealed"));
        assert_eq!(incident.approvals, [yes("bob")]);
        assert_eq!(incident.state, State::NeedsPerson);
        assert!(!failed(&mut incident, &said, "the store is sealed"), "told");
        assert_eq!(incident.approvals, [yes("bob")]);
    }
}
