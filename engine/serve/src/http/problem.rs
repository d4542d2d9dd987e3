//! What a program is told when something is not done: `application/problem+json` (RFC 9457).

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// What a program is told when something is not done.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    detail: String,
    wait: Option<Duration>,
}

impl Problem {
    /// With this status, for this reason.
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: detail.into(),
            wait: None,
        }
    }

    /// Come again after a while.
    pub(crate) fn after(self, wait: Duration) -> Self {
        Self {
            wait: Some(wait),
            ..self
        }
    }

    /// Nobody is logged in.
    pub(crate) fn unauthorized() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "log in, or send a token: Authorization: Bearer …",
        )
    }

    /// There is no such thing.
    pub(crate) fn absent(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("there is no such {what}"))
    }

    /// The status.
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// The reason.
    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }
}

impl From<crate::database::StorageError> for Problem {
    fn from(error: crate::database::StorageError) -> Self {
        tracing::error!(%error, "the database does not serve");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "the database does not serve just now",
        )
        .after(Duration::from_secs(5))
    }
}

impl From<leakward_respond::DatabaseError> for Problem {
    fn from(error: leakward_respond::DatabaseError) -> Self {
        match error {
            leakward_respond::DatabaseError::Absent { what } => Self::absent(&what),
            other => crate::database::StorageError::from(other).into(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = json!({
            "type": "about:blank",
            "title": self.status.canonical_reason().unwrap_or_default(),
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        let mut response = (self.status, body.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some(wait) = self.wait {
            let seconds = wait.as_secs().max(1);
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
