//! What machines ask: is it alive, is it ready, what is counted.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::problem::Problem;
use crate::service::Shared;

/// `GET /healthz`: the process answers.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: it can take deliveries.
pub(super) async fn readyz(State(service): State<Shared>) -> Response {
    match crate::database::ping(&service.database).await {
        Ok(()) if service.queue.about() < service.config.limits.waiting => {
            "ready\n".into_response()
        }
        Ok(()) => {
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too much is waiting").into_response()
        }
        Err(error) => Problem::from(error).into_response(),
    }
}

/// `GET /metrics`
pub(super) async fn metrics(State(service): State<Shared>) -> Response {
    const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    match service.metrics.text() {
        Ok(text) => ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
