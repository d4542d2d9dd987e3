//! `POST /v1/pre-receive?repository=owner/name`: a git server asks whether it may take a push. Nothing is written down.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::deliveries::{Decided, listen_to, refusal};
use super::guard::Caller;
use super::problem::Problem;
use crate::service::{Service, Shared};
use crate::webhook::Refused;

/// What a git server says of its push.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    repository: String,
}

/// Looks at the objects of a push.
pub(super) async fn ask(
    State(service): State<Shared>,
    caller: Caller,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (result, response) = match decide(&service, &caller, &asked, &headers, body).await {
        Ok(taken) => taken,
        Err((result, problem)) => (result, problem.into_response()),
    };
    service.metrics.delivery("pre-receive", result);
    response
}

async fn decide(
    service: &Shared,
    caller: &Caller,
    asked: &Asked,
    headers: &HeaderMap,
    body: Bytes,
) -> Decided {
    listen_to(service, caller)?;
    if let Err(refused) = may_ask(service, asked, headers) {
        return Err(refusal(service, "pre-receive", caller, &refused));
    }
    let looking = Arc::clone(service);
    let seen = tokio::task::spawn_blocking(move || looking.eye.look_at_push(&body)).await;
    let broke_off = |_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the scan broke off");
    let seen = seen.map_err(|error| ("failed", broke_off(error)))?;
    let malformed =
        |error: &dyn std::fmt::Display| Problem::new(StatusCode::BAD_REQUEST, error.to_string());
    let seen = seen.map_err(|error| ("malformed", malformed(&error)))?;
    let leaks: Vec<_> = seen
        .iter()
        .map(|leak| json!({"rule": leak.rule, "title": leak.title, "path": leak.path, "line": leak.line, "masked": leak.masked}))
        .collect();
    let (result, status) = if leaks.is_empty() {
        ("allowed", StatusCode::OK)
    } else {
        ("denied", StatusCode::UNPROCESSABLE_ENTITY)
    };
    let body = json!({"allowed": leaks.is_empty(), "leaks": leaks}).to_string();
    let head = [(header::CONTENT_TYPE, "application/json")];
    Ok((result, (status, head, body).into_response()))
}

fn may_ask(service: &Service, asked: &Asked, headers: &HeaderMap) -> Result<(), Refused> {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let secrets = &service.secrets.pre_receive;
    if !token.is_some_and(|token| secrets.is_token(token.trim().as_bytes())) {
        return Err(Refused::Unauthorized("the token is missing or not right"));
    }
    if !service.config.serves(&asked.repository) {
        return Err(Refused::UnknownRepository);
    }
    Ok(())
}
