//! The endpoints that code hosts and others post to.
//!
//! The order of the tests is the order of their cost, and each refusal is counted: an address that was refused too often is not
//! listened to; the signature over the raw body; what it says; whether it is for us; the disk.

use std::time::Instant;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::guard::Caller;
use super::problem::Problem;
use crate::queue::{Accepted, IntakeError};
use crate::service::{Service, Shared};
use crate::time::Moment;
use crate::webhook::{self, Headers, Refused, Verdict};

/// A body that was read whole, or why it was not: too large, or broken off.
type Body = Result<Bytes, BytesRejection>;

/// How long a sender waits when there is no room.
const COME_AGAIN: std::time::Duration = std::time::Duration::from_secs(10);

/// `POST /v1/webhooks/github`
pub(super) async fn github(
    State(service): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Response {
    receive(&service, "github", &caller, body, |body| {
        webhook::github::receive(
            &service.secrets.github,
            &service.config,
            &Headers(&headers),
            body,
        )
    })
    .await
}

/// `POST /v1/webhooks/gitlab`
pub(super) async fn gitlab(
    State(service): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Response {
    receive(&service, "gitlab", &caller, body, |body| {
        webhook::gitlab::receive(
            &service.secrets.gitlab,
            &service.config,
            &Headers(&headers),
            body,
        )
    })
    .await
}

/// `POST /v1/webhooks/gitea`, also for Forgejo.
pub(super) async fn gitea(
    State(service): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Response {
    receive(&service, "gitea", &caller, body, |body| {
        webhook::gitea::receive(
            &service.secrets.gitea,
            &service.config,
            &Headers(&headers),
            body,
        )
    })
    .await
}

/// `POST /v1/leaks`
pub(super) async fn leaks(
    State(service): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Response {
    receive(&service, "leaks", &caller, body, |body| {
        let now = Moment::now();
        webhook::leaks::receive(
            &service.secrets.leaks,
            &service.config,
            &Headers(&headers),
            body,
            now,
        )
    })
    .await
}

async fn receive(
    service: &Service,
    source: &'static str,
    caller: &Caller,
    body: Body,
    verdict: impl FnOnce(&[u8]) -> Result<Verdict, Refused>,
) -> Response {
    let begun = Instant::now();
    let (result, response) = match body {
        Err(rejected) if rejected.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            ("too-large", rejected.into_response())
        }
        Err(rejected) => ("unreadable", rejected.into_response()),
        Ok(body) => match decide(service, source, caller, || verdict(&body)).await {
            Ok(taken) => taken,
            Err((result, problem)) => (result, problem.into_response()),
        },
    };
    service.metrics.delivery(source, result);
    if result == "accepted" {
        service
            .metrics
            .accepted_after(begun.elapsed().as_secs_f64());
    }
    response
}

type Decided = Result<(&'static str, Response), (&'static str, Problem)>;

async fn decide(
    service: &Service,
    source: &'static str,
    caller: &Caller,
    verdict: impl FnOnce() -> Result<Verdict, Refused>,
) -> Decided {
    let too_many = |wait| {
        (
            "limited",
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "too often").after(wait),
        )
    };
    service
        .refusals
        .check(&caller.address, Instant::now())
        .map_err(too_many)?;
    let job = match verdict() {
        Ok(Verdict::Work(job)) => job,
        Ok(Verdict::Pong) => return Ok(("pong", answer(StatusCode::OK, "pong"))),
        Ok(Verdict::Ignored) => return Ok(("ignored", StatusCode::NO_CONTENT.into_response())),
        Err(refused) => return Err(refusal(service, source, caller, &refused)),
    };
    service
        .per_source
        .take(&source, Instant::now())
        .map_err(too_many)?;
    match service.intake.accept(*job).await {
        Ok(Accepted::Stored) => Ok(("accepted", answer(StatusCode::ACCEPTED, "accepted"))),
        Ok(Accepted::Rearmed) => Ok(("accepted", answer(StatusCode::ACCEPTED, "tried again"))),
        Ok(Accepted::Known) => Ok(("replayed", answer(StatusCode::OK, "known already"))),
        Err(error @ IntakeError::Full) => {
            let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string());
            Err(("full", problem.after(COME_AGAIN)))
        }
        Err(error @ IntakeError::NotStored(_)) => {
            tracing::error!(source, %error, "a delivery was not stored");
            let problem = Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "it could not be written down",
            );
            Err(("not-stored", problem.after(COME_AGAIN)))
        }
    }
}

fn refusal(
    service: &Service,
    source: &str,
    caller: &Caller,
    refused: &Refused,
) -> (&'static str, Problem) {
    let (result, status) = match refused {
        Refused::Unauthorized(_) => {
            // Only who cannot sign is held against an address: code hosts send for many.
            let _counted = service.refusals.take(&caller.address, Instant::now());
            ("unauthorized", StatusCode::UNAUTHORIZED)
        }
        Refused::Malformed(_) => ("malformed", StatusCode::BAD_REQUEST),
        Refused::UnknownRepository => ("unknown-repository", StatusCode::NOT_FOUND),
    };
    tracing::warn!(source, address = %caller.address, reason = %refused, "a delivery was refused");
    (result, Problem::new(status, refused.to_string()))
}

fn answer(status: StatusCode, said: &str) -> Response {
    let body = json!({ "status": said }).to_string();
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// What a git server says of its push.
#[derive(Debug, Deserialize)]
pub(super) struct PreReceiveQuery {
    repository: String,
}

/// `POST /v1/pre-receive?repository=owner/name`: may this push be taken? Nothing is written down.
pub(super) async fn pre_receive(
    State(service): State<Shared>,
    caller: Caller,
    Query(query): Query<PreReceiveQuery>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (result, response) = match may_be_taken(&service, &caller, &query, &headers, body).await {
        Ok(taken) => taken,
        Err((result, problem)) => (result, problem.into_response()),
    };
    service.metrics.delivery("pre-receive", result);
    response
}

async fn may_be_taken(
    service: &Shared,
    caller: &Caller,
    query: &PreReceiveQuery,
    headers: &HeaderMap,
    body: Bytes,
) -> Decided {
    let too_many = |wait| {
        (
            "limited",
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "too often").after(wait),
        )
    };
    service
        .refusals
        .check(&caller.address, Instant::now())
        .map_err(too_many)?;
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    if !token.is_some_and(|token| {
        service
            .secrets
            .pre_receive
            .is_token(token.trim().as_bytes())
    }) {
        let refused = Refused::Unauthorized("the token is missing or not right");
        return Err(refusal(service, "pre-receive", caller, &refused));
    }
    if !service.config.serves(&query.repository) {
        return Err(refusal(
            service,
            "pre-receive",
            caller,
            &Refused::UnknownRepository,
        ));
    }
    let looking = std::sync::Arc::clone(service);
    let seen = tokio::task::spawn_blocking(move || looking.eye.look_at_push(&body))
        .await
        .map_err(|_| {
            (
                "failed",
                Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the scan broke off"),
            )
        })?
        .map_err(|error| {
            (
                "malformed",
                Problem::new(StatusCode::BAD_REQUEST, error.to_string()),
            )
        })?;
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
    Ok((
        result,
        (status, [(header::CONTENT_TYPE, "application/json")], body).into_response(),
    ))
}
