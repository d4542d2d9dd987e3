//! Which path leads to what, and what every answer carries.

use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

use super::deliveries::{self, Source};
use super::{api, openapi, operation, pre_receive};
use crate::page;
use crate::service::Shared;

/// How long a request may take, its body included.
const TIMEOUT: Duration = Duration::from_secs(60);

/// LIMIT: bytes of a form and of a call to the API.
const LARGEST_FORM: usize = 64 << 10;

/// Nothing but our own files; no scripts but our own; nobody frames us.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; \
    base-uri 'none'; frame-ancestors 'none'";

/// The endpoint of a source.
macro_rules! from {
    ($source:expr) => {
        |state, caller, headers, body| deliveries::receive($source, state, caller, headers, body)
    };
}

/// The whole service.
pub(crate) fn router(service: Shared) -> Router {
    let largest = service.config.limits.body_bytes;
    let incoming = Router::new()
        .route("/v1/webhooks/github", post(from!(Source::Github)))
        .route("/v1/webhooks/gitlab", post(from!(Source::Gitlab)))
        .route("/v1/webhooks/gitea", post(from!(Source::Gitea)))
        .route("/v1/leaks", post(from!(Source::Leaks)))
        .route("/v1/pre-receive", post(pre_receive::ask))
        .layer(DefaultBodyLimit::max(largest));
    let programs = Router::new()
        .route("/v1/openapi.json", get(openapi::document))
        .route("/v1/incidents", get(api::list))
        .route("/v1/incidents/{fingerprint}", get(api::show))
        .route("/v1/incidents/{fingerprint}/{decision}", post(api::decide))
        .route("/v1/deliveries", get(api::deliveries))
        .route("/v1/deliveries/{id}/retry", post(api::retry))
        .route("/v1/inventory", get(api::inventory))
        .route("/healthz", get(operation::healthz))
        .route("/readyz", get(operation::readyz))
        .route("/metrics", get(operation::metrics));
    programs
        .merge(page::routes())
        .layer(DefaultBodyLimit::max(LARGEST_FORM))
        .merge(incoming)
        .layer(from_fn(with_headers))
        .layer(CatchPanicLayer::new())
        .layer(TimeoutLayer::with_status_code(
            StatusCode::REQUEST_TIMEOUT,
            TIMEOUT,
        ))
        .with_state(service)
}

/// What every answer carries.
async fn with_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        // Nothing to others; to ourselves, so that browsers say where a form is from.
        (header::REFERRER_POLICY, "same-origin"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}
