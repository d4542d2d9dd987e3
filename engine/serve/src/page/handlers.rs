//! What each path of the page shows, and what its forms do.

use axum::extract::{Form as FormData, Path, Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Redirect, Response};
use leakward_respond::incident::State as IncidentState;
use minijinja::context;
use minijinja::value::Serde;
use serde::Deserialize;

use super::charts::Charts;
use super::failure;
use crate::config::Role;
use crate::http::{Caller, DeliveryView, Form, Problem, require, require_form};
use crate::incidents::{self, Asked, Decision};
use crate::queue::{Filter, State as QueueState};
use crate::service::{Service, Shared};

/// `GET /`
pub(super) async fn list(
    State(service): State<Shared>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Response {
    let shown = async {
        let person = require(&caller, Role::Viewer)?;
        let listed = incidents::list(&service, &asked).await?;
        let depth = service.queue.depth().await?;
        let states: Vec<&str> = IncidentState::ALL
            .iter()
            .map(|state| state.as_str())
            .collect();
        let providers = providers(&service).await?;
        let values = context! {
            here => "incidents", listed => Serde(&listed), states, providers,
            asked => context! {
                state => asked.state, severity => asked.severity, provider => asked.provider, text => asked.text,
                offset => asked.offset,
            },
            next => (listed.total > asked.offset as usize + listed.incidents.len())
                .then(|| asked.offset as usize + listed.incidents.len()),
            waiting => depth.waiting + depth.running, parked => depth.parked,
        };
        Ok::<_, Problem>(service.pages.show("list.html", Some(person), values))
    };
    shown
        .await
        .unwrap_or_else(|problem| failure::show(&service, &caller, &problem))
}

async fn providers(service: &Service) -> Result<Vec<String>, Problem> {
    let all = incidents::all(service, &Asked::default()).await?;
    let names: std::collections::BTreeSet<String> =
        all.into_iter().map(|incident| incident.provider).collect();
    Ok(names.into_iter().collect())
}

/// `GET /incidents/{fingerprint}`
pub(super) async fn incident(
    State(service): State<Shared>,
    caller: Caller,
    Path(fingerprint): Path<String>,
) -> Response {
    let shown = async {
        let person = require(&caller, Role::Viewer)?;
        let whole = incidents::whole(&service, incidents::fingerprint(&fingerprint)?).await?;
        let waits = whole.incident.state == IncidentState::WaitingForApproval.as_str();
        let needs_person = whole.incident.state == IncidentState::NeedsPerson.as_str();
        let closed = whole.incident.state == IncidentState::Closed.as_str();
        let may = person.may(Role::Approver);
        let can_act = service.response.acting().is_some();
        let has_approved = whole
            .incident
            .approvals
            .iter()
            .any(|approval| approval.what == person.name);
        let values = context! {
            here => "incidents", waits, whole => Serde(&whole),
            has_approved, may_approve => may && can_act && (waits || needs_person) && !has_approved, may_reject => may && waits, may_close => may && !closed,
        };
        Ok::<_, Problem>(service.pages.show("incident.html", Some(person), values))
    };
    shown
        .await
        .unwrap_or_else(|problem| failure::show(&service, &caller, &problem))
}

/// `POST /incidents/{fingerprint}/{decision}`
pub(super) async fn decide(
    State(service): State<Shared>,
    caller: Caller,
    Path((fingerprint, decision)): Path<(String, String)>,
    headers: HeaderMap,
    FormData(form): FormData<Form>,
) -> Response {
    let done = async {
        let person = require_form(
            &service,
            &caller,
            Role::Approver,
            &headers,
            &form.form_token,
        )?;
        let decision = match decision.as_str() {
            "approve" => Decision::Approve,
            "reject" => Decision::Reject,
            "close" => Decision::Close,
            _ => return Err(Problem::absent("decision")),
        };
        let fingerprint = incidents::fingerprint(&fingerprint)?;
        incidents::decide(&service, fingerprint, decision, &person.name, &form.reason).await?;
        Ok::<_, Problem>(Redirect::to(&format!("/incidents/{fingerprint}")).into_response())
    };
    done.await
        .unwrap_or_else(|problem| failure::show(&service, &caller, &problem))
}

/// `GET /inventory`
pub(super) async fn inventory(State(service): State<Shared>, caller: Caller) -> Response {
    let shown = async {
        let person = require(&caller, Role::Viewer)?;
        let inventory = service.response.inventory().await;
        Ok::<_, Problem>(service.pages.show(
            "inventory.html",
            Some(person),
            context! { here => "inventory", inventory => Serde(&inventory) },
        ))
    };
    shown
        .await
        .unwrap_or_else(|problem| failure::show(&service, &caller, &problem))
}

/// `GET /charts`
pub(super) async fn charts(State(service): State<Shared>, caller: Caller) -> Response {
    let shown = async {
        let person = require(&caller, Role::Viewer)?;
        let all = incidents::all(&service, &Asked::default()).await?;
        let values =
            context! { here => "charts", charts => Serde(Charts::of(&all)), total => all.len() };
        Ok::<_, Problem>(service.pages.show("charts.html", Some(person), values))
    };
    shown
        .await
        .unwrap_or_else(|problem| failure::show(&service, &caller, &problem))
}

/// Which deliveries are shown.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct DeliveriesAsked {
    state: String,
}

/// `GET /deliveries`
pub(super) async fn deliveries(
    State(service): State<Shared>,
    caller: Caller,
    Query(asked): Query<DeliveriesAsked>,
) -> Response {
    let shown = async {
        let person = require(&caller, Role::Viewer)?;
        let state = QueueState::parse(&asked.state);
        let jobs = service.queue.list(Filter { state }).await?;
        let depth = service.queue.depth().await?;
        let values = context! {
            here => "deliveries",
            deliveries => Serde(jobs.iter().map(DeliveryView::of).collect::<Vec<_>>()),
            states => QueueState::ALL.map(QueueState::as_str).to_vec(),
            state => asked.state,
            waiting => depth.waiting, running => depth.running, parked => depth.parked,
            may_retry => person.may(Role::Admin),
        };
        Ok::<_, Problem>(service.pages.show("deliveries.html", Some(person), values))
    };
    shown
        .await
        .unwrap_or_else(|problem| failure::show(&service, &caller, &problem))
}

/// `POST /deliveries/{id}/retry`
pub(super) async fn retry(
    State(service): State<Shared>,
    caller: Caller,
    Path(id): Path<i64>,
    headers: HeaderMap,
    FormData(form): FormData<Form>,
) -> Response {
    let done = async {
        require_form(&service, &caller, Role::Admin, &headers, &form.form_token)?;
        if service.queue.rearm(id).await? {
            Ok::<_, Problem>(Redirect::to("/deliveries").into_response())
        } else {
            Err(Problem::absent("parked delivery"))
        }
    };
    done.await
        .unwrap_or_else(|problem| failure::show(&service, &caller, &problem))
}
