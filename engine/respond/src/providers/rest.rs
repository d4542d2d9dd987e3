//! What the providers written in Rust share: JSON over HTTP with one identity, and values as text.

use std::borrow::Cow;

use leakward_core::Secret;
use leakward_core::action::Verb;
use leakward_core::rule::Text;
use leakward_core::verification::{Auth, Body};
use leakward_verify::{Answer, CallSpec, Settings, Subject, Value, ValueSource};
use serde_json::Value as Json;
use zeroize::Zeroizing;

use super::answer::{Actor, failed, unanswered, unread};
use super::{Way, needs};
use crate::provider::{Case, ProviderError};

/// A server, and who asks it.
pub(super) struct Rest<'r> {
    way: &'r Way,
    settings: Settings,
    case: &'r Case<'r>,
    endpoint: Option<Text>,
    endpoint_from: Option<Text>,
    auth: Auth,
    headers: Vec<(Text, Text)>,
    subject: Subject,
}

/// The name under which the identity stands among the values.
const IDENTITY: &str = "identity";

impl<'r> Rest<'r> {
    /// Asks `endpoint` with a bearer token.
    pub(super) fn new(
        way: &'r Way,
        case: &'r Case<'r>,
        endpoint: &'static str,
        identity: &Secret,
    ) -> Self {
        let mut subject = case.subject.clone();
        subject.values.push(Value {
            name: IDENTITY.to_owned(),
            secret: identity.clone(),
            source: ValueSource::Given,
        });
        // What the operator put in the place of a database or an SSH server is no server of HTTP.
        let mut settings = way.settings.clone();
        settings
            .endpoints
            .retain(|endpoint| endpoint.base.starts_with("http"));
        Self {
            way,
            settings,
            case,
            endpoint: Some(Cow::Borrowed(endpoint)),
            endpoint_from: None,
            auth: Auth::Bearer,
            headers: Vec::new(),
            subject,
        }
    }

    /// Asks the server that a value names.
    pub(super) fn at_value(mut self, name: &'static str) -> Self {
        self.endpoint = None;
        self.endpoint_from = Some(Cow::Borrowed(name));
        self
    }

    /// With a header in the place of the bearer token.
    pub(super) fn with_header(mut self, name: &'static str, template: &'static str) -> Self {
        self.auth = Auth::Header(Cow::Borrowed(name), Cow::Borrowed(template));
        self
    }

    /// With a user and a password, given as `user:password`.
    pub(super) fn with_basic(mut self) -> Self {
        self.auth = Auth::Basic(Cow::Borrowed("{identity}"));
        self
    }

    /// With one header more.
    pub(super) fn and_header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers
            .push((Cow::Borrowed(name), Cow::Borrowed(value)));
        self
    }

    fn spec<'s>(&'s self, verb: Verb, path: &'s str, body: &'s Body) -> CallSpec<'s> {
        CallSpec {
            rule: self.case.rule,
            endpoint: self.endpoint.as_ref(),
            endpoint_from: self.endpoint_from.as_ref(),
            verb,
            path,
            auth: &self.auth,
            bearer: IDENTITY,
            headers: &self.headers,
            body,
            subject: &self.subject,
        }
    }

    /// Verb, server and path for people.
    pub(super) fn shown(&self, verb: Verb, path: &str) -> String {
        self.spec(verb, path, &Body::None)
            .shown(&self.way.network, &self.settings)
    }

    /// Reads; none where nothing is (404). An answer that cannot be read is none of both.
    pub(super) fn get(&self, path: &str) -> Result<Option<Json>, ProviderError> {
        let what = format!("read {}", path.split('?').next().unwrap_or_default());
        let answer = self
            .spec(Verb::Get, path, &Body::None)
            .send(&self.way.network, &self.settings)
            .map_err(|error| unread(unanswered(self.case, &error, &what)))?;
        match answer.status {
            200..300 => match answer.json() {
                Some(json) => Ok(Some(json)),
                None => Err(self.unreadable(&answer, &what)),
            },
            404 => Ok(None),
            _ => Err(unread(failed(
                self.case,
                &answer,
                Actor::Operator,
                false,
                &what,
            ))),
        }
    }

    /// What is longer than the limit stays so; a page of a proxy does not.
    fn unreadable(&self, answer: &Answer, what: &str) -> ProviderError {
        let provider = self.case.rule.provider.to_string();
        if answer.is_cut {
            let most = self.settings.limits.body_bytes;
            return ProviderError::Refused {
                provider,
                what: format!("{what}: the answer is longer than the {most} bytes that are read"),
            };
        }
        ProviderError::Unavailable {
            provider,
            why: format!("{what}: the answer ({}) is no JSON", answer.status),
        }
    }

    /// Changes something; none where that was not there (404).
    pub(super) fn change(
        &self,
        verb: Verb,
        path: &str,
        body: Option<&Json>,
        what: &str,
    ) -> Result<Option<Answer>, ProviderError> {
        let body = body.map_or(Body::None, |json| Body::Json(Cow::Owned(json.to_string())));
        let answer = self
            .spec(verb, path, &body)
            .send(&self.way.network, &self.settings)
            .map_err(|error| unanswered(self.case, &error, what))?;
        match answer.status {
            200..300 => Ok(Some(answer)),
            404 => Ok(None),
            _ => Err(failed(self.case, &answer, Actor::Operator, false, what)),
        }
    }
}

/// A value as text.
#[expect(
    clippy::disallowed_methods,
    reason = "the credential or identity is put to its use"
)]
pub(super) fn text(secret: &Secret) -> Option<Zeroizing<String>> {
    let text = std::str::from_utf8(secret.expose()).ok()?;
    Some(Zeroizing::new(text.trim().to_owned()))
}

/// A value of the credential that must be there.
pub(super) fn value(
    case: &Case<'_>,
    provider: &str,
    name: &str,
    why: &str,
) -> Result<Zeroizing<String>, ProviderError> {
    case.subject
        .value(name)
        .and_then(|value| text(&value.secret))
        .ok_or_else(|| needs(provider, name, why))
}

/// An identity that must be there.
pub(super) fn identity<'c>(
    case: &'c Case<'_>,
    provider: &str,
    name: &str,
    why: &str,
) -> Result<&'c Secret, ProviderError> {
    case.identities
        .get(name)
        .ok_or_else(|| needs(provider, name, why))
}

/// A part of a path, percent-encoded.
pub(super) fn segment(text: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a text does not fail.
            write!(encoded, "%{byte:02X}").ok();
        }
    }
    encoded
}
