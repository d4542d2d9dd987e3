//! Lets the response do what the policy allows, and tells whoever has to know what became of it.

use leakward_core::Fingerprint;
use leakward_respond::incident::{Incident, Moment};
use leakward_verify::Subject;

use super::failure::Failure;
use super::push::enqueue_telling;
use super::{Telling, Told, keep};
use crate::service::Shared;

/// Lets the response do what the policy allows about a credential, and tells others what became of it.
pub(crate) async fn settle(service: &Shared, subject: Subject) -> Result<(), Failure> {
    let fingerprint = subject.fingerprint;
    let before = service.database.incident(fingerprint).await?;
    if !before.state.is_settled() || before.verdict == "live" {
        service.response.respond(service, subject).await?;
    }
    after(service, &before).await
}

/// Tells others what became of an incident that was `before`.
pub(crate) async fn after(service: &Shared, before: &Incident) -> Result<(), Failure> {
    let incident = service.database.incident(before.fingerprint).await?;
    if incident.state.is_settled() && !before.state.is_settled() {
        let times = (
            incident.timeline.get(Moment::Found),
            incident.timeline.get(Moment::ProvenDead),
        );
        if let (Some(found), Some(dead)) = times {
            let seconds = u32::try_from(dead.saturating_sub(found)).unwrap_or(u32::MAX);
            service.metrics.contained_after(f64::from(seconds));
        }
    }
    if incident.state.is_settled() {
        keep::forget(service, incident.fingerprint).await?;
    }
    tell_alerts(service, &incident).await
}

/// Tells the code hosts' alerts about an incident how it is. The same news is told once.
pub(crate) async fn tell_alerts(service: &Shared, incident: &Incident) -> Result<(), Failure> {
    let contained = incident.state.is_settled() && incident.verdict == "dead";
    let live = match incident.verdict.as_str() {
        "live" => Some(true),
        "dead" => Some(false),
        _ => None,
    };
    if live.is_none() && !contained {
        return Ok(());
    }
    for alert in crate::alerts::of_incident(&service.database, incident.fingerprint).await? {
        let what = Told::Alert {
            number: alert.number,
            live,
            contained,
            comment: comment(service, incident.fingerprint, contained),
        };
        // Each change of the incident is told, however often it is worked on.
        let id = format!(
            "alert {} {live:?} {contained} {}",
            alert.number, incident.revision
        );
        if alert.told == told(live, contained) {
            continue;
        }
        let telling = Telling {
            repository: alert.repository,
            what,
        };
        enqueue_telling(service, &id, telling).await?;
    }
    Ok(())
}

fn comment(service: &Shared, fingerprint: Fingerprint, contained: bool) -> String {
    let page = format!("{}/incidents/{fingerprint}", service.config.public_url());
    if contained {
        format!("Leakward revoked this credential and proved that it no longer works: {page}")
    } else {
        format!("Leakward is looking into this: {page}")
    }
}

/// What an alert was told, in words.
pub(crate) fn told(live: Option<bool>, contained: bool) -> String {
    match (live, contained) {
        (_, true) => "resolved as revoked",
        (Some(true), false) => "active",
        (Some(false), false) => "inactive",
        (None, false) => "",
    }
    .to_owned()
}
