//! One request, about to be sent.

use leakward_core::Secret;
use reqwest::Method;
use serde_json::Value;
use zeroize::Zeroizing;

use crate::exposed::Json;

/// Whether a request changes something. It decides what a lost answer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It only reads: it can be sent again, and a lost answer is no answer.
    Reads,
    /// It changes something: it is sent once, and a lost answer means that nobody knows.
    Changes,
}

/// One request.
pub(crate) struct Ask {
    pub(super) method: Method,
    pub(super) url: String,
    pub(super) headers: Vec<(String, Secret)>,
    pub(super) body: Option<Zeroizing<Vec<u8>>>,
    pub(super) effect: Effect,
}

impl Ask {
    /// A request without a body.
    pub(crate) fn new(method: Method, url: impl Into<String>, effect: Effect) -> Self {
        Self {
            method,
            url: url.into(),
            headers: Vec::new(),
            body: None,
            effect,
        }
    }

    /// A GET.
    pub(crate) fn get(url: impl Into<String>) -> Self {
        Self::new(Method::GET, url, Effect::Reads)
    }

    /// A POST that changes nothing that matters: a login.
    pub(crate) fn login(url: impl Into<String>) -> Self {
        Self::new(Method::POST, url, Effect::Reads)
    }

    /// One more header.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers
            .push((name.to_owned(), Secret::new(value.as_bytes())));
        self
    }

    /// One more header, of which the value is a credential.
    pub(crate) fn secret_header(mut self, name: &str, value: &Secret) -> Self {
        self.headers.push((name.to_owned(), value.clone()));
        self
    }

    /// Says who asks, by a bearer token.
    pub(crate) fn bearer(self, token: &Secret) -> Self {
        let text = crate::exposed::text(token).unwrap_or_default();
        let value = Zeroizing::new(format!("Bearer {text}"));
        self.secret_header("authorization", &Secret::new(value.as_bytes()))
    }

    /// A body of JSON.
    pub(crate) fn json(self, value: Value) -> Self {
        let value = Json(value);
        let body = value.0.to_string().into_bytes();
        self.body("application/json", body)
    }

    /// A body.
    pub(crate) fn body(mut self, content_type: &str, body: Vec<u8>) -> Self {
        self.body = Some(Zeroizing::new(body));
        self.header("content-type", content_type)
    }

    /// A form as body.
    pub(crate) fn form(self, pairs: &[(&str, &str)]) -> Self {
        let body = super::form(pairs).as_bytes().to_vec();
        self.body("application/x-www-form-urlencoded", body)
    }
}
