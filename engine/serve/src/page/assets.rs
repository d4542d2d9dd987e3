//! The page's own files, embedded.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

fn file(kind: &'static str, text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (
            header::CACHE_CONTROL,
            HeaderValue::from_static("max-age=600"),
        ),
    ];
    (headers, text).into_response()
}

/// `GET /assets/style.css`
pub(super) async fn style() -> Response {
    file("text/css; charset=utf-8", include_str!("assets/style.css"))
}

/// `GET /assets/icon.svg`
pub(super) async fn icon() -> Response {
    file("image/svg+xml", include_str!("assets/icon.svg"))
}

/// `GET /assets/page.js`
pub(super) async fn script() -> Response {
    file(
        "text/javascript; charset=utf-8",
        include_str!("assets/page.js"),
    )
}
