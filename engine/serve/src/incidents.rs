//! Incidents as people and programs ask for them, whoever asks.

use std::sync::Arc;

use leakward_core::{Fingerprint, Severity};
use leakward_respond::database::IncidentFilter;
use leakward_respond::incident::{Event, Incident, State};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::acting::{Acting, NotTaken};
use crate::http::{EventView, IncidentView, PlanView, Problem};
use crate::service::Service;
use crate::time::Moment;

/// LIMIT: incidents in one answer.
const MOST: u32 = 200;

/// LIMIT: incidents that are looked through for a filter or a chart.
const MOST_LOOKED_AT: u32 = 20_000;

/// LIMIT: characters of a reason that somebody gives.
const LONGEST_REASON: usize = 500;

/// Which incidents are asked for.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct Asked {
    /// Only in this state; `unsettled` for all that are neither contained nor closed.
    pub(crate) state: String,
    /// Only of this severity.
    pub(crate) severity: String,
    /// Only of this provider.
    pub(crate) provider: String,
    /// Only of this owner.
    pub(crate) owner: String,
    /// Only those whose title, rule, path or repository has this text.
    pub(crate) text: String,
    /// At most so many; 200 are the most.
    pub(crate) limit: u32,
    /// After so many.
    pub(crate) offset: u32,
}

/// A list of incidents.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Listed {
    /// How many there are in all.
    pub(crate) total: usize,
    /// Those that were asked for; what is due first comes first.
    pub(crate) incidents: Vec<IncidentView>,
}

/// One incident with everything about it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Whole {
    /// The incident.
    pub(crate) incident: IncidentView,
    /// What happened, oldest first.
    pub(crate) events: Vec<EventView>,
    /// What would be done, when something can be.
    pub(crate) plan: Option<PlanView>,
    /// Alerts at code hosts about the same credential.
    pub(crate) alerts: Vec<AlertView>,
}

/// An alert at a code host.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct AlertView {
    /// The host.
    pub(crate) host: String,
    /// The repository.
    pub(crate) repository: String,
    /// Its number there.
    pub(crate) number: String,
    /// Its page.
    pub(crate) url: String,
    /// What the host was told last.
    pub(crate) told: String,
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    u64::try_from(Moment::now().0 / 1_000).unwrap_or(0)
}

/// The incidents that are asked for.
pub(crate) async fn list(service: &Service, asked: &Asked) -> Result<Listed, Problem> {
    let all = all(service, asked).await?;
    let now = now();
    let limit = match asked.limit {
        0 => MOST,
        some => some.min(MOST),
    };
    let shown = all
        .iter()
        .skip(asked.offset as usize)
        .take(limit as usize)
        .map(|incident| IncidentView::of(incident, now))
        .collect();
    Ok(Listed {
        total: all.len(),
        incidents: shown,
    })
}

/// All incidents that fit, for lists and charts.
pub(crate) async fn all(service: &Service, asked: &Asked) -> Result<Vec<Incident>, Problem> {
    let wrong = |what: String| Problem::new(axum::http::StatusCode::BAD_REQUEST, what);
    let state: Option<State> = match asked.state.as_str() {
        "" | "unsettled" => None,
        word => Some(
            word.parse()
                .map_err(|error| wrong(format!("state: {error}")))?,
        ),
    };
    let severity: Option<Severity> = match asked.severity.as_str() {
        "" => None,
        word => Some(
            word.parse()
                .map_err(|error| wrong(format!("severity: {error}")))?,
        ),
    };
    let filter = IncidentFilter {
        state,
        severity,
        owner: Some(asked.owner.clone()).filter(|owner| !owner.is_empty()),
        limit: MOST_LOOKED_AT,
        offset: 0,
    };
    let mut all = service.database.incidents(&filter).await?;
    all.retain(|incident| {
        (asked.state != "unsettled" || !incident.state.is_settled())
            && (asked.provider.is_empty()
                || incident.provider.eq_ignore_ascii_case(&asked.provider))
            && has_text(incident, &asked.text)
    });
    Ok(all)
}

fn has_text(incident: &Incident, text: &str) -> bool {
    let wanted = text.trim().to_lowercase();
    if wanted.is_empty() {
        return true;
    }
    let has = |one: &str| one.to_lowercase().contains(&wanted);
    has(&incident.title)
        || has(&incident.rule)
        || has(&incident.fingerprint.to_string())
        || incident
            .places
            .iter()
            .any(|place| has(&place.path) || has(&place.target))
}

/// The fingerprint that a path names.
pub(crate) fn fingerprint(text: &str) -> Result<Fingerprint, Problem> {
    text.parse().map_err(|_| Problem::absent("incident"))
}

/// One incident with everything about it.
pub(crate) async fn whole(service: &Service, fingerprint: Fingerprint) -> Result<Whole, Problem> {
    let incident = service.database.incident(fingerprint).await?;
    let events = service.database.events(fingerprint).await?;
    let alerts = crate::alerts::of_incident(&service.database, fingerprint).await?;
    let plan = service.response.planned(service, fingerprint).await?;
    Ok(Whole {
        incident: IncidentView::of(&incident, now()),
        events: events.iter().map(EventView::of).collect(),
        plan,
        alerts: alerts
            .into_iter()
            .map(|alert| AlertView {
                host: alert.repository.host.to_string(),
                repository: alert.repository.path,
                number: alert.number.to_string(),
                url: alert.url,
                told: alert.told,
            })
            .collect(),
    })
}

/// What somebody decides about an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Do what is planned.
    Approve,
    /// Do not do what is planned.
    Reject,
    /// Nothing is left to do.
    Close,
}

/// Does what somebody decided.
pub(crate) async fn decide(
    service: &Arc<Service>,
    fingerprint: Fingerprint,
    decision: Decision,
    by: &str,
    reason: &str,
) -> Result<Incident, Problem> {
    let reason: String = reason.trim().chars().take(LONGEST_REASON).collect();
    let incident = service.database.incident(fingerprint).await?;
    let conflict = |what: &str| Problem::new(axum::http::StatusCode::CONFLICT, what);
    match decision {
        Decision::Approve => {
            if incident.state != State::WaitingForApproval && incident.state != State::NeedsPerson {
                return Err(conflict("it does not wait for an approval"));
            }
            let Some(acting) = service.response.acting() else {
                return Err(conflict(
                    "nothing can be done here: no response is configured",
                ));
            };
            let by = by.to_owned();
            let approving = approve(Arc::clone(service), acting, incident, by, reason);
            // For itself: a client that goes away takes this function with it, and half of an approval is none.
            let approved = tokio::spawn(approving).await;
            approved.unwrap_or_else(|_| Err(broke_off()))?;
        }
        Decision::Reject => {
            if incident.state != State::WaitingForApproval {
                return Err(conflict("it does not wait for an approval"));
            }
            let Some(acting) = service.response.acting() else {
                return Err(conflict(
                    "nothing would be done here: no response is configured",
                ));
            };
            let (name, why) = (by.to_owned(), reason.clone());
            taken_down(move || acting.reject(fingerprint, &name, &why)).await?;
        }
        Decision::Close => {
            if reason.is_empty() {
                let what = "say why nothing is left to do (reason)";
                return Err(Problem::new(axum::http::StatusCode::BAD_REQUEST, what));
            }
            if incident.state == State::Responding {
                return Err(conflict("steps are being taken; close it afterwards"));
            }
            let text = said("closed the incident", &reason);
            change(service, fingerprint, by, "closed", State::Closed, &text).await?;
        }
    }
    tracing::info!(incident = %fingerprint, by, ?decision, "somebody decided");
    Ok(service.database.incident(fingerprint).await?)
}

/// Takes a yes down, and has done what it was said to. It is in the database before it is answered; the work only acts.
async fn approve(
    service: Arc<Service>,
    acting: Arc<Acting>,
    incident: Incident,
    by: String,
    reason: String,
) -> Result<(), Problem> {
    let (fingerprint, name) = (incident.fingerprint, by.clone());
    taken_down(move || acting.approve(fingerprint, &name)).await?;
    crate::work::enqueue_approval(&service, &incident, &by).await?;
    if !reason.is_empty() {
        let event = note(fingerprint, &by, "approved", &format!("because: {reason}"));
        service.database.add_event(&event).await?;
    }
    Ok(())
}

/// Takes down what somebody said, in the audit log and in the incident; what is not taken down does not count.
async fn taken_down(
    take_down: impl FnOnce() -> Result<Incident, NotTaken> + Send + 'static,
) -> Result<(), Problem> {
    let taken = tokio::task::spawn_blocking(take_down).await;
    let status = |refused: &NotTaken| match refused {
        NotTaken::TooLate(_) => axum::http::StatusCode::CONFLICT,
        NotTaken::NotNow(_) => axum::http::StatusCode::SERVICE_UNAVAILABLE,
    };
    match taken {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(refused)) => Err(Problem::new(status(&refused), refused.to_string())),
        Err(_) => Err(broke_off()),
    }
}

fn broke_off() -> Problem {
    let unavailable = axum::http::StatusCode::SERVICE_UNAVAILABLE;
    Problem::new(unavailable, "taking it down broke off; say it again")
}

async fn change(
    service: &Service,
    fingerprint: Fingerprint,
    by: &str,
    kind: &str,
    state: State,
    text: &str,
) -> Result<(), Problem> {
    let when = now();
    let event = note(fingerprint, by, kind, text);
    service
        .database
        .change(fingerprint, when, |incident| {
            incident.state = state;
            incident.because = format!("{by} {text}");
            if state == State::Closed {
                incident
                    .timeline
                    .at(leakward_respond::incident::Moment::Closed, when);
            }
            Some(event.clone())
        })
        .await?;
    Ok(())
}

fn said(what: &str, reason: &str) -> String {
    if reason.is_empty() {
        what.to_owned()
    } else {
        format!("{what}: {reason}")
    }
}

fn note(fingerprint: Fingerprint, by: &str, kind: &str, text: &str) -> Event {
    Event {
        fingerprint,
        at: now(),
        actor: by.to_owned(),
        kind: kind.to_owned(),
        text: text.to_owned(),
    }
}
