//! The API for programs: incidents, deliveries, the inventory.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};

use super::guard::{Caller, require, require_form};
use super::problem::Problem;
use super::view::{DeliveryView, IncidentView};
use crate::config::Role;
use crate::incidents::{self, Asked, Decision, Listed, Whole};
use crate::queue::{Filter, State as QueueState};
use crate::response::InventoryView;
use crate::service::Shared;

/// `GET /v1/incidents`
pub(super) async fn list(
    State(service): State<Shared>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Result<Json<Listed>, Problem> {
    require(&caller, Role::Viewer)?;
    incidents::list(&service, &asked).await.map(Json)
}

/// `GET /v1/incidents/{fingerprint}`
pub(super) async fn show(
    State(service): State<Shared>,
    caller: Caller,
    Path(fingerprint): Path<String>,
) -> Result<Json<Whole>, Problem> {
    require(&caller, Role::Viewer)?;
    let fingerprint = incidents::fingerprint(&fingerprint)?;
    incidents::whole(&service, fingerprint).await.map(Json)
}

/// What is said with a decision.
#[derive(Clone, Debug, Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Said {
    /// Why.
    pub(crate) reason: String,
}

/// `POST /v1/incidents/{fingerprint}/{decision}`
pub(super) async fn decide(
    State(service): State<Shared>,
    caller: Caller,
    Path((fingerprint, decision)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, Json<IncidentView>), Problem> {
    let form_token = headers
        .get("x-form-token")
        .and_then(|value| value.to_str().ok());
    let person = require_form(
        &service,
        &caller,
        Role::Approver,
        &headers,
        form_token.unwrap_or_default(),
    )?;
    let fingerprint = incidents::fingerprint(&fingerprint)?;
    let decision = match decision.as_str() {
        "approve" => Decision::Approve,
        "reject" => Decision::Reject,
        "close" => Decision::Close,
        _ => return Err(Problem::absent("decision")),
    };
    let said: Said = if body.is_empty() {
        Said::default()
    } else {
        serde_json::from_slice(&body)
            .map_err(|error| Problem::new(StatusCode::BAD_REQUEST, error.to_string()))?
    };
    let incident =
        incidents::decide(&service, fingerprint, decision, &person.name, &said.reason).await?;
    let status = if decision == Decision::Approve {
        StatusCode::ACCEPTED
    } else {
        StatusCode::OK
    };
    Ok((status, Json(IncidentView::of(&incident, incidents::now()))))
}

/// Which deliveries are asked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct DeliveriesAsked {
    state: String,
}

/// A list of deliveries.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub(crate) struct Deliveries {
    /// Those that were asked for, the newest first.
    pub(crate) deliveries: Vec<DeliveryView>,
}

/// `GET /v1/deliveries`
pub(super) async fn deliveries(
    State(service): State<Shared>,
    caller: Caller,
    Query(asked): Query<DeliveriesAsked>,
) -> Result<Json<Deliveries>, Problem> {
    require(&caller, Role::Viewer)?;
    let state = match asked.state.as_str() {
        "" => None,
        word => Some(
            QueueState::parse(word)
                .ok_or_else(|| Problem::new(StatusCode::BAD_REQUEST, "there is no such state"))?,
        ),
    };
    let jobs = service.queue.list(Filter { state }).await?;
    Ok(Json(Deliveries {
        deliveries: jobs.iter().map(DeliveryView::of).collect(),
    }))
}

/// `POST /v1/deliveries/{id}/retry`
pub(super) async fn retry(
    State(service): State<Shared>,
    caller: Caller,
    Path(id): Path<i64>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let form_token = headers
        .get("x-form-token")
        .and_then(|value| value.to_str().ok());
    require_form(
        &service,
        &caller,
        Role::Admin,
        &headers,
        form_token.unwrap_or_default(),
    )?;
    if service.queue.rearm(id).await? {
        Ok(StatusCode::ACCEPTED)
    } else {
        Err(Problem::absent("parked delivery"))
    }
}

/// `GET /v1/inventory`
pub(super) async fn inventory(
    State(service): State<Shared>,
    caller: Caller,
) -> Result<Json<InventoryView>, Problem> {
    require(&caller, Role::Viewer)?;
    Ok(Json(service.response.inventory().await))
}
