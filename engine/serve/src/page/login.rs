//! Logging in and out.

use std::time::{Duration, Instant};

use axum::extract::{Form as FormData, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use minijinja::context;
use serde::Deserialize;

use super::failure;
use crate::config::Role;
use crate::http::{Caller, Form, Problem, require_form};
use crate::login::{Attempt, OidcError, PATIENCE, cookie};
use crate::service::{Service, Shared};

/// Keeps what belongs to a log-in that was begun.
const ATTEMPT: &str = "leakward-login";

/// The name of whoever logs in by the printed link.
const OPERATOR: &str = "operator";

/// `GET /login`
pub(super) async fn ask(State(service): State<Shared>, caller: Caller) -> Response {
    if caller.person.is_some() {
        return Redirect::to("/").into_response();
    }
    form(&service, StatusCode::OK, None)
}

fn form(service: &Service, status: StatusCode, problem: Option<&str>) -> Response {
    let values = context! { one_time => service.one_time.is_open(), oidc => service.oidc.is_some(), problem };
    service.pages.show_as(status, "login.html", None, values)
}

/// What is typed at the log-in.
#[derive(Debug, Deserialize)]
pub(super) struct TokenForm {
    token: String,
}

/// `POST /login`: with the token that was printed, or with a program's token.
pub(super) async fn by_token(
    State(service): State<Shared>,
    caller: Caller,
    FormData(typed): FormData<TokenForm>,
) -> Response {
    if let Err(wait) = service.refusals.check(&caller.address, Instant::now()) {
        let problem = Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too many attempts; wait a little",
        );
        return problem.after(wait).into_response();
    }
    let token = typed.token.trim();
    let known = if service.one_time.redeem(token) {
        Some((OPERATOR.to_owned(), Role::Admin))
    } else {
        let person = service.tokens.person(token.as_bytes());
        person.map(|person| (person.name, person.role))
    };
    match known {
        Some((name, role)) => enter(&service, &name, role),
        None => {
            let _counted = service.refusals.take(&caller.address, Instant::now());
            tracing::warn!(address = %caller.address, "a log-in was refused");
            form(
                &service,
                StatusCode::UNAUTHORIZED,
                Some("This token is not known, or was used already."),
            )
        }
    }
}

fn enter(service: &Service, name: &str, role: Role) -> Response {
    tracing::info!(name, role = role.as_str(), "somebody logged in");
    let Some(cookie) = service.sessions.begin(name, role) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    with_cookie(Redirect::to("/").into_response(), &cookie)
}

fn with_cookie(mut response: Response, cookie: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

/// `GET /login/oidc`
pub(super) async fn begin(State(service): State<Shared>, caller: Caller) -> Response {
    let Some(oidc) = &service.oidc else {
        return failure::show(&service, &caller, &Problem::absent("way to log in"));
    };
    match oidc.begin().await {
        Ok((url, attempt)) => {
            let kept = serde_json::to_vec(&attempt).unwrap_or_default();
            let value = service.sessions.sign("login", &kept);
            let cookie = service.sessions.cookie(ATTEMPT, &value, PATIENCE);
            with_cookie(Redirect::to(&url).into_response(), &cookie)
        }
        Err(error) => refused(&service, &error),
    }
}

fn refused(service: &Service, error: &OidcError) -> Response {
    tracing::warn!(%error, "a log-in failed");
    let status = match error {
        OidcError::NoRole(_) => StatusCode::FORBIDDEN,
        OidcError::Token(_) => StatusCode::UNAUTHORIZED,
        OidcError::Issuer(_) | OidcError::Here(_) => StatusCode::BAD_GATEWAY,
    };
    form(service, status, Some(&error.to_string()))
}

/// What the issuer sends people back with.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Back {
    state: String,
    code: String,
}

/// `GET /login/oidc/callback`
pub(super) async fn come_back(
    State(service): State<Shared>,
    caller: Caller,
    Query(back): Query<Back>,
    headers: HeaderMap,
) -> Response {
    let Some(oidc) = &service.oidc else {
        return failure::show(&service, &caller, &Problem::absent("way to log in"));
    };
    let kept = headers
        .get(header::COOKIE)
        .and_then(|value| cookie(value.to_str().ok()?, ATTEMPT))
        .and_then(|value| service.sessions.verify("login", value));
    let attempt: Option<Attempt> = kept.and_then(|kept| serde_json::from_slice(&kept).ok());
    let finished = match attempt {
        Some(attempt) => oidc.finish(&attempt, &back.state, &back.code).await,
        None => Err(OidcError::Token(
            "it belongs to no log-in that was begun in this browser",
        )),
    };
    let ended = service.sessions.cookie(ATTEMPT, "", Duration::ZERO);
    let response = match finished {
        Ok((name, role)) => enter(&service, &name, role),
        Err(error) => refused(&service, &error),
    };
    with_cookie(response, &ended)
}

/// `POST /logout`
pub(super) async fn leave(
    State(service): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    FormData(sent): FormData<Form>,
) -> Response {
    match require_form(&service, &caller, Role::Viewer, &headers, &sent.form_token) {
        Ok(_) => with_cookie(
            Redirect::to("/login").into_response(),
            &service.sessions.end(),
        ),
        Err(problem) => failure::show(&service, &caller, &problem),
    }
}
