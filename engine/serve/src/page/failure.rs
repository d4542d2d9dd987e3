//! What a person sees when something is not done.

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use minijinja::context;

use crate::http::{Caller, Problem};
use crate::service::Service;

/// A page for a problem; who is not logged in is sent to log in.
pub(super) fn show(service: &Service, caller: &Caller, problem: &Problem) -> Response {
    if problem.status() == StatusCode::UNAUTHORIZED {
        return Redirect::to("/login").into_response();
    }
    let title = problem.status().canonical_reason().unwrap_or("Problem");
    let values = context! { title, detail => problem.detail() };
    service.pages.show_as(
        problem.status(),
        "problem.html",
        caller.person.as_ref(),
        values,
    )
}
