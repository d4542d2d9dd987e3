//! Which path shows what.

use axum::Router;
use axum::routing::{get, post};

use super::{assets, handlers, login};
use crate::service::Shared;

/// The paths of the page.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/", get(handlers::list))
        .route("/incidents/{fingerprint}", get(handlers::incident))
        .route(
            "/incidents/{fingerprint}/{decision}",
            post(handlers::decide),
        )
        .route("/inventory", get(handlers::inventory))
        .route("/charts", get(handlers::charts))
        .route("/deliveries", get(handlers::deliveries))
        .route("/deliveries/{id}/retry", post(handlers::retry))
        .route("/login", get(login::ask).post(login::by_token))
        .route("/login/oidc", get(login::begin))
        .route("/login/oidc/callback", get(login::come_back))
        .route("/logout", post(login::leave))
        .route("/assets/style.css", get(assets::style))
        .route("/assets/icon.svg", get(assets::icon))
        .route("/assets/page.js", get(assets::script))
}
