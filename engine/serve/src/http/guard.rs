//! Who asks, from where, and whether they may.

use std::net::IpAddr;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::Deserialize;

use super::problem::Problem;
use super::tls::Peer;
use crate::config::Role;
use crate::login::{Person, Proof, cookie};
use crate::service::{Service, Shared};

/// Who asks, and from where.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// Who they are, when they are known.
    pub(crate) person: Option<Person>,
    /// Their address, as far as the proxies before us are trusted.
    pub(crate) address: IpAddr,
}

impl FromRequestParts<Shared> for Caller {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        service: &Shared,
    ) -> Result<Self, Self::Rejection> {
        let peer = parts
            .extensions
            .get::<ConnectInfo<Peer>>()
            .map_or(IpAddr::from([0, 0, 0, 0]), |info| info.0.0.ip());
        Ok(Self {
            person: person(service, &parts.headers),
            address: address(&service.config.trusted_proxies, peer, &parts.headers),
        })
    }
}

fn person(service: &Service, headers: &HeaderMap) -> Option<Person> {
    let text = |name: header::HeaderName| headers.get(name)?.to_str().ok();
    if let Some(token) = text(header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "))
    {
        return service.tokens.person(token.trim().as_bytes());
    }
    let value = cookie(text(header::COOKIE)?, service.sessions.cookie_name())?;
    service.sessions.person(value)
}

/// The last address in `X-Forwarded-For` that is none of a trusted proxy. What stands before it anybody may have written.
fn address(proxies: &[IpAddr], peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    if !proxies.contains(&peer) {
        return peer;
    }
    let forwarded = headers
        .get("x-forwarded-for")
        .and_then(|value| value.to_str().ok());
    forwarded
        .into_iter()
        .flat_map(|list| list.rsplit(','))
        .filter_map(|one| one.trim().parse().ok())
        .find(|one| !proxies.contains(one))
        .unwrap_or(peer)
}

/// The person, when they may do what this role may.
pub(crate) fn require(caller: &Caller, role: Role) -> Result<&Person, Problem> {
    let person = caller.person.as_ref().ok_or_else(Problem::unauthorized)?;
    if person.may(role) {
        return Ok(person);
    }
    let reason = format!(
        "this is for the role {}; {} is {}",
        role.as_str(),
        person.name,
        person.role.as_str()
    );
    Err(Problem::new(StatusCode::FORBIDDEN, reason))
}

/// What every form of ours carries.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Form {
    /// The word of the session.
    #[serde(default)]
    pub(crate) form_token: String,
    /// Why, in the person's words.
    #[serde(default)]
    pub(crate) reason: String,
}

/// The person, when they may do it and it is they who asked: a foreign page could send a form in their name.
pub(crate) fn require_form<'c>(
    service: &Service,
    caller: &'c Caller,
    role: Role,
    headers: &HeaderMap,
    form_token: &str,
) -> Result<&'c Person, Problem> {
    let person = require(caller, role)?;
    let Proof::Session { form_token: ours } = &person.proof else {
        return Ok(person);
    };
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let is_ours =
        aws_lc_rs::constant_time::verify_slices_are_equal(ours.as_bytes(), form_token.as_bytes())
            .is_ok();
    let from_here = text("sec-fetch-site")
        .is_none_or(|site| matches!(site, "same-origin" | "none"))
        && text("origin").is_none_or(|origin| origin == origin_of(&service.config.public_url()));
    if is_ours && from_here {
        return Ok(person);
    }
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "this form did not come from our own page; load the page again",
    ))
}

/// Scheme, host and port of an address.
fn origin_of(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url
        .get(start..)
        .and_then(|rest| rest.find('/'))
        .map_or(url.len(), |at| start + at);
    url.get(..end).unwrap_or(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_proxies_say_whom_they_speak_for() {
        let proxy = IpAddr::from([10, 0, 0, 1]);
        let other = IpAddr::from([192, 0, 2, 7]);
        let mut headers = HeaderMap::new();
        headers.insert(
            "x-forwarded-for",
            "203.0.113.9, 192.0.2.7, 10.0.0.1".parse().unwrap(),
        );
        assert_eq!(address(&[proxy], proxy, &headers), other);
        assert_eq!(address(&[], proxy, &headers), proxy);
        assert_eq!(address(&[proxy], other, &headers), other);
        assert_eq!(address(&[proxy], proxy, &HeaderMap::new()), proxy);
    }

    #[test]
    fn an_origin_has_no_path() {
        assert_eq!(origin_of("https://a.b:1/c/d"), "https://a.b:1");
        assert_eq!(origin_of("http://a.b"), "http://a.b");
    }
}
