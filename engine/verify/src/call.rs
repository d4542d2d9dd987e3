//! One HTTP call for whoever acts: the same templates, servers, addresses and limits as a question of verification.
//!
//! This crate makes such a call when it is told to; what is called, and that it is written down before, is the caller's.

use std::borrow::Cow;
use std::time::Instant;

use leakward_core::action::Verb;
use leakward_core::rule::Text;
use leakward_core::verification::{Auth, Body, Place, Question};
use leakward_core::{Rule, Verification};
use serde_json::Value;

use crate::answer::Answer;
use crate::http_question::{NamedBy, Parts, filled};
use crate::network::{Network, NetworkError};
use crate::plan::NotAsked;
use crate::settings::Settings;
use crate::subject::Subject;
use crate::target::{Target, target};

/// What is called.
#[derive(Clone, Debug)]
pub struct CallSpec<'a> {
    /// The type of credential.
    pub rule: &'a Rule,
    /// Scheme and host, a template; none for the server that verification asks.
    pub endpoint: Option<&'a Text>,
    /// The value that names the server, where only the operator knows it.
    pub endpoint_from: Option<&'a Text>,
    /// Verb.
    pub verb: Verb,
    /// What follows the endpoint, a template.
    pub path: &'a str,
    /// Where the credential or the identity goes.
    pub auth: &'a Auth,
    /// The value that `bearer` means.
    pub bearer: &'a str,
    /// More headers, templates.
    pub headers: &'a [(Text, Text)],
    /// What is sent, a template.
    pub body: &'a Body,
    /// The credential, and every value that a template can name.
    pub subject: &'a Subject,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Nothing was sent: a value is missing, or the server may not be asked.
    #[error(transparent)]
    NotAsked(#[from] NotAsked),
    /// The way there, or back, failed.
    #[error(transparent)]
    Network(#[from] NetworkError),
}

impl CallError {
    /// Whether it is certain that nothing arrived.
    #[must_use]
    pub fn is_before_sending(&self) -> bool {
        match self {
            Self::NotAsked(_) => true,
            Self::Network(error) => matches!(
                error,
                NetworkError::NoHost(_)
                    | NetworkError::Refused(_)
                    | NetworkError::NotConnected { .. }
                    | NetworkError::Setting(_)
            ),
        }
    }
}

impl CallSpec<'_> {
    /// Verb, server and path for people, placeholders not filled in but for the server's.
    #[must_use]
    pub fn shown(&self, network: &Network, settings: &Settings) -> String {
        let server = self.server(network, settings).map_or_else(
            |_| self.endpoint.map(ToString::to_string).unwrap_or_default(),
            |target| target.base(),
        );
        format!("{} {server}{}", self.verb.as_str(), self.path)
    }

    /// Makes the call.
    ///
    /// # Errors
    /// [`CallError::is_before_sending`] says whether anything can have arrived.
    pub fn send(&self, network: &Network, settings: &Settings) -> Result<Answer, CallError> {
        let target = self.server(network, settings)?;
        let is_named = settings
            .endpoints
            .iter()
            .any(|endpoint| endpoint.is_for(self.rule));
        let named_by = if is_named {
            NamedBy::User
        } else {
            NamedBy::Rule
        };
        let parts = Parts {
            verb: self.verb,
            path: self.path,
            auth: self.auth,
            bearer: self.bearer,
            headers: self.headers,
            body: self.body,
        };
        let call = filled(&parts, &target, self.subject, named_by)?;
        let deadline = Instant::now() + settings.limits.call;
        Ok(network.http.send(&call.request, &call.host, deadline)?)
    }

    fn server(&self, network: &Network, settings: &Settings) -> Result<Target, NotAsked> {
        let own = Verification {
            endpoint: self.endpoint.cloned(),
            endpoint_from: self.endpoint_from.cloned(),
            needs: Cow::Borrowed(&[]),
            question: Question::Native(Cow::Borrowed("")),
        };
        let has_own = own.endpoint.is_some() || own.endpoint_from.is_some();
        let place = match &self.rule.verify {
            Some(verify) if !has_own => verify,
            _ => &own,
        };
        target(self.rule, place, self.subject, settings, network.policy())
    }
}

/// What stands at a place of an answer, as text; lists and objects as JSON.
#[must_use]
pub fn found_at(place: &Place, answer: &Answer) -> Option<zeroize::Zeroizing<String>> {
    let text = match place {
        Place::Header(name) => answer.header(name)?.to_owned(),
        Place::Json(pointer) => match answer.json()?.pointer(pointer)? {
            Value::Null => return None,
            Value::String(text) => text.clone(),
            other => other.to_string(),
        },
    };
    (!text.is_empty()).then(|| zeroize::Zeroizing::new(text))
}
