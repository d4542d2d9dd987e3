//! The endpoints that code hosts and others post to.
//!
//! The order of the tests is the order of their cost, and each refusal is counted: an address that was refused too often is not
//! listened to; the signature over the raw body; what it says; whether it is for us; the disk.

use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::guard::Caller;
use super::problem::Problem;
use crate::queue::{Accepted, IntakeError};
use crate::service::{Service, Shared};
use crate::time::Moment;
use crate::webhook::{self, Headers, Refused, Verdict};

/// A body that was read whole, or why it was not: too large, or broken off.
pub(super) type Body = Result<Bytes, BytesRejection>;

/// How long a sender waits when there is no room.
const COME_AGAIN: Duration = Duration::from_secs(10);

/// Who delivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// `POST /v1/webhooks/github`
    Github,
    /// `POST /v1/webhooks/gitlab`
    Gitlab,
    /// `POST /v1/webhooks/gitea`, also for Forgejo.
    Gitea,
    /// `POST /v1/leaks`
    Leaks,
}

impl Source {
    fn as_str(self) -> &'static str {
        match self {
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Gitea => "gitea",
            Self::Leaks => "leaks",
        }
    }

    /// What its delivery is. The signature is checked before the body is understood.
    fn verdict(
        self,
        service: &Service,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Verdict, Refused> {
        let (secrets, config, headers) = (&service.secrets, &service.config, Headers(headers));
        match self {
            Self::Github => webhook::github::receive(&secrets.github, config, &headers, body),
            Self::Gitlab => webhook::gitlab::receive(&secrets.gitlab, config, &headers, body),
            Self::Gitea => webhook::gitea::receive(&secrets.gitea, config, &headers, body),
            Self::Leaks => {
                webhook::leaks::receive(&secrets.leaks, config, &headers, body, Moment::now())
            }
        }
    }
}

/// Takes a delivery, or says why not.
pub(super) async fn receive(
    source: Source,
    State(service): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let begun = Instant::now();
    let (result, response) = match body {
        Err(rejected) if rejected.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            ("too-large", rejected.into_response())
        }
        Err(rejected) => ("unreadable", rejected.into_response()),
        Ok(body) => match decide(&service, source, &caller, &headers, &body).await {
            Ok(taken) => taken,
            Err((result, problem)) => (result, problem.into_response()),
        },
    };
    service.metrics.delivery(source.as_str(), result);
    if result == "accepted" {
        service
            .metrics
            .accepted_after(begun.elapsed().as_secs_f64());
    }
    response
}

/// A word for the metrics, and what is answered.
pub(super) type Decided = Result<(&'static str, Response), (&'static str, Problem)>;

async fn decide(
    service: &Service,
    source: Source,
    caller: &Caller,
    headers: &HeaderMap,
    body: &[u8],
) -> Decided {
    listen_to(service, caller)?;
    let name = source.as_str();
    let job = match source.verdict(service, headers, body) {
        Ok(Verdict::Work(job)) => job,
        Ok(Verdict::Pong) => return Ok(("pong", answer(StatusCode::OK, "pong"))),
        Ok(Verdict::Ignored) => return Ok(("ignored", StatusCode::NO_CONTENT.into_response())),
        Err(refused) => return Err(refusal(service, name, caller, &refused)),
    };
    let limited = service.per_source.take(&name, Instant::now());
    limited.map_err(too_often)?;
    match service.intake.accept(*job).await {
        Ok(Accepted::Stored) => Ok(("accepted", answer(StatusCode::ACCEPTED, "accepted"))),
        Ok(Accepted::Rearmed) => Ok(("accepted", answer(StatusCode::ACCEPTED, "tried again"))),
        Ok(Accepted::Known) => Ok(("replayed", answer(StatusCode::OK, "known already"))),
        Err(error @ IntakeError::Full) => {
            let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string());
            Err(("full", problem.after(COME_AGAIN)))
        }
        Err(error @ IntakeError::NotStored(_)) => {
            tracing::error!(source = name, %error, "a delivery was not stored");
            let problem = Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "it could not be written down",
            );
            Err(("not-stored", problem.after(COME_AGAIN)))
        }
    }
}

/// Whether an address is listened to: one that was refused too often is not, for a while.
pub(super) fn listen_to(service: &Service, caller: &Caller) -> Result<(), (&'static str, Problem)> {
    let checked = service.refusals.check(&caller.address, Instant::now());
    checked.map_err(too_often)
}

fn too_often(wait: Duration) -> (&'static str, Problem) {
    let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "too often");
    ("limited", problem.after(wait))
}

/// Why a delivery is refused, for the metrics, the log and the sender.
pub(super) fn refusal(
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
