//! Incidents, plans and deliveries as the API and the page show them. Times are RFC 3339 in UTC.

use leakward_respond::incident::{Event, Incident, Place};
use leakward_respond::plan::Plan;
use schemars::JsonSchema;
use serde::Serialize;

use crate::queue::Job;
use crate::time::Moment;

/// An incident: one leaked credential.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct IncidentView {
    /// Its identity: the credential's fingerprint, 32 hexadecimal digits.
    pub(crate) fingerprint: String,
    /// The rule that found it.
    pub(crate) rule: String,
    /// What it is.
    pub(crate) title: String,
    /// Who issues it.
    pub(crate) provider: String,
    /// The credential as it may be shown.
    pub(crate) masked: String,
    /// `low`, `medium`, `high`, `critical`.
    pub(crate) severity: String,
    /// `open`, `verifying`, `waiting-for-approval`, `responding`, `needs-person`, `contained`, `closed`.
    pub(crate) state: String,
    /// Why it is there, in one sentence.
    pub(crate) because: String,
    /// The last verdict: `live`, `dead`, `unknown`, `not-checked`.
    pub(crate) verdict: String,
    /// Whose it is, as the provider told: name and value.
    pub(crate) identity: Vec<(String, String)>,
    /// Who has to act.
    pub(crate) owner: Option<String>,
    /// `production`, `staging` …
    pub(crate) environment: Option<String>,
    /// `not-known`, `private`, `public`.
    pub(crate) exposure: String,
    /// Where it was seen.
    pub(crate) places: Vec<PlaceView>,
    /// The store's entry that applications read it from: store, path and field.
    pub(crate) entry: Option<String>,
    /// Who said yes, and when.
    pub(crate) approvals: Vec<MomentView>,
    /// What happened when, in its usual order.
    pub(crate) timeline: Vec<MomentView>,
    /// When it was found.
    pub(crate) found_at: Option<String>,
    /// When it should be contained.
    pub(crate) due_at: String,
    /// Whether that moment has passed.
    pub(crate) overdue: bool,
    /// Seconds from finding it to the proof that it is dead; none while it is not.
    pub(crate) contained_after_seconds: Option<u64>,
    /// Counts changes.
    pub(crate) revision: u64,
}

/// Where a credential was seen.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct PlaceView {
    /// The repository or image.
    pub(crate) target: String,
    /// Path in it.
    pub(crate) path: String,
    /// Line, from 1; 0 where there is none.
    pub(crate) line: u64,
    /// The commit that brought it.
    pub(crate) commit: Option<String>,
    /// That commit's author.
    pub(crate) author: Option<String>,
    /// A page that shows it.
    pub(crate) url: Option<String>,
}

/// Something with its time.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct MomentView {
    /// What, or who.
    pub(crate) what: String,
    /// When.
    pub(crate) at: String,
}

/// Something that happened to an incident.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct EventView {
    /// When.
    pub(crate) at: String,
    /// Who did it.
    pub(crate) actor: String,
    /// What kind of thing.
    pub(crate) kind: String,
    /// In one sentence.
    pub(crate) text: String,
}

/// What would be done about an incident.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct PlanView {
    /// `revoke` or `rotate`.
    pub(crate) goal: String,
    /// `successor-first` or `containment-first`.
    pub(crate) order: String,
    /// Whether the program can do all of it.
    pub(crate) possible: bool,
    /// What the policy says: `allow`, `ask`, `deny`, and why.
    pub(crate) decision: String,
    /// Who does it; none when a person has to.
    pub(crate) provider: Option<String>,
    /// The store's entry that gets the successor.
    pub(crate) entry: Option<String>,
    /// Who reads that entry.
    pub(crate) consumers: Vec<String>,
    /// Seconds for which both credentials stay valid.
    pub(crate) grace_seconds: u64,
    /// The steps, in their order.
    pub(crate) steps: Vec<StepView>,
    /// What should be known before saying yes.
    pub(crate) warnings: Vec<String>,
}

/// One step of a plan.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct StepView {
    /// `create`, `stage`, `test`, `promote`, `grace`, `revoke`, `prove`, `notify`.
    pub(crate) step: String,
    /// What is done.
    pub(crate) text: String,
    /// As whom.
    pub(crate) identity: String,
    /// What stops working.
    pub(crate) breaks: Vec<String>,
}

/// A delivery in the queue.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct DeliveryView {
    /// Its number.
    pub(crate) id: i64,
    /// Who sent it.
    pub(crate) source: String,
    /// The sender's id.
    pub(crate) delivery: String,
    /// What happened.
    pub(crate) event: String,
    /// The repository.
    pub(crate) repository: String,
    /// `waiting`, `running`, `done`, `parked`.
    pub(crate) state: String,
    /// How often it was begun.
    pub(crate) attempts: i64,
    /// When it came.
    pub(crate) received_at: String,
    /// When it is tried (again).
    pub(crate) due_at: String,
    /// When it was done.
    pub(crate) finished_at: Option<String>,
    /// What was last said about it.
    pub(crate) note: String,
}

/// Seconds since 1970 as text.
pub(crate) fn at(seconds: u64) -> String {
    Moment(i64::try_from(seconds).unwrap_or(0).saturating_mul(1_000)).rfc3339()
}

/// The word that serde writes for a value.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

impl IncidentView {
    /// Of an incident, as of `now` (seconds since 1970).
    pub(crate) fn of(incident: &Incident, now: u64) -> Self {
        use leakward_respond::incident::Moment as Step;
        let found = incident.timeline.get(Step::Found);
        let dead = incident.timeline.get(Step::ProvenDead);
        Self {
            fingerprint: incident.fingerprint.to_string(),
            rule: incident.rule.clone(),
            title: incident.title.clone(),
            provider: incident.provider.clone(),
            masked: incident.masked.clone(),
            severity: incident.severity.to_string(),
            state: incident.state.to_string(),
            because: incident.because.clone(),
            verdict: incident.verdict.clone(),
            identity: incident.identity.clone(),
            owner: incident.owner.clone(),
            environment: incident.environment.clone(),
            exposure: incident.exposure.as_str().to_owned(),
            places: incident.places.iter().map(place).collect(),
            entry: incident
                .entry
                .as_ref()
                .map(|entry| format!("{} {} {}", entry.store, entry.path, entry.field)),
            approvals: incident
                .approvals
                .iter()
                .map(|approval| MomentView {
                    what: approval.by.clone(),
                    at: at(approval.at),
                })
                .collect(),
            timeline: incident
                .timeline
                .iter()
                .map(|(moment, when)| MomentView {
                    what: moment.as_str().to_owned(),
                    at: at(when),
                })
                .collect(),
            found_at: found.map(at),
            due_at: at(incident.due_at),
            overdue: incident.is_overdue(now),
            contained_after_seconds: found
                .zip(dead)
                .map(|(found, dead)| dead.saturating_sub(found)),
            revision: incident.revision,
        }
    }
}

fn place(place: &Place) -> PlaceView {
    PlaceView {
        target: place.target.clone(),
        path: place.path.clone(),
        line: place.line,
        commit: place.commit.clone(),
        author: place.author.clone(),
        url: place.url.clone(),
    }
}

impl EventView {
    /// Of an event.
    pub(crate) fn of(event: &Event) -> Self {
        Self {
            at: at(event.at),
            actor: event.actor.clone(),
            kind: event.kind.clone(),
            text: event.text.clone(),
        }
    }
}

impl PlanView {
    /// Of a plan and what the policy says of it.
    pub(crate) fn of(plan: &Plan, decision: &str) -> Self {
        Self {
            goal: word(&plan.goal),
            order: word(&plan.order),
            possible: plan.is_possible(),
            decision: decision.to_owned(),
            provider: plan.provider.clone(),
            entry: plan
                .entry
                .as_ref()
                .map(|entry| format!("{} {}", entry.store, entry.path)),
            consumers: plan
                .entry
                .as_ref()
                .map(|entry| entry.consumers.clone())
                .unwrap_or_default(),
            grace_seconds: plan.grace,
            steps: plan
                .steps
                .iter()
                .map(|step| StepView {
                    step: step.step.as_str().to_owned(),
                    text: step.text.clone(),
                    identity: step.identity.clone(),
                    breaks: step.breaks.clone(),
                })
                .collect(),
            warnings: plan.warnings.clone(),
        }
    }
}

impl DeliveryView {
    /// Of a delivery.
    pub(crate) fn of(job: &Job) -> Self {
        Self {
            id: job.id,
            source: job.source.clone(),
            delivery: job.delivery.clone(),
            event: job.event.clone(),
            repository: job.repository.clone(),
            state: job.state.as_str().to_owned(),
            attempts: job.attempts,
            received_at: job.received_at.rfc3339(),
            due_at: job.due_at.rfc3339(),
            finished_at: job.finished_at.map(Moment::rfc3339),
            note: job.note.clone(),
        }
    }
}
