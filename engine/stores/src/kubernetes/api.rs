//! Requests to an API server, and its words for what went wrong.

use std::sync::{Mutex, PoisonError};

use reqwest::Method;
use serde_json::Value;

use super::kubeconfig::{Cluster, Proof, Token};
use crate::error::StoreError;
use crate::exposed::Json;
use crate::http::{Answer, Ask, Effect, Http};
use crate::spec::StoreSpec;
use crate::surroundings::Surroundings;

/// How long before its end a token is renewed, in seconds.
const EARLY: u64 = 60;

pub(super) const MERGE: &str = "application/merge-patch+json";

/// One API server and one namespace.
pub(super) struct Api {
    pub(super) store: String,
    pub(super) namespace: String,
    pub(super) identity: String,
    pub(super) source: String,
    http: Http,
    server: String,
    proof: Proof,
    held: Mutex<Option<Token>>,
    surroundings: Surroundings,
}

impl Api {
    pub(super) fn new(spec: &StoreSpec, surroundings: &Surroundings) -> Result<Self, StoreError> {
        let cluster = Cluster::find(spec, surroundings)?;
        let store = format!("{} {} {}", spec.kind, cluster.server, cluster.namespace);
        Ok(Self {
            http: Http::new(&store, &cluster.settings)?,
            namespace: cluster.namespace,
            identity: cluster.identity,
            source: cluster.source,
            server: cluster.server,
            proof: cluster.proof,
            held: Mutex::new(None),
            surroundings: surroundings.clone(),
            store,
        })
    }

    fn token(&self) -> Result<Option<leakward_core::Secret>, StoreError> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.surroundings.now();
        let is_good = |token: &Token| token.expires.is_none_or(|end| now + EARLY < end);
        if let Some(token) = held.as_ref().filter(|token| is_good(token)) {
            return Ok(Some(token.secret.clone()));
        }
        let token = self.proof.token(&self.store)?;
        let secret = token.as_ref().map(|token| token.secret.clone());
        *held = token;
        Ok(secret)
    }

    /// Sends a request; once more with a fresh token when ours is not accepted any more.
    pub(super) fn call(
        &self,
        method: &Method,
        path: &str,
        body: Option<(&str, &Json)>,
        what: &str,
    ) -> Result<Answer, StoreError> {
        let effect = if *method == Method::GET {
            Effect::Reads
        } else {
            Effect::Changes
        };
        let send = || {
            let mut ask = Ask::new(method.clone(), format!("{}{path}", self.server), effect)
                .header("accept", "application/json");
            if let Some(token) = self.token()? {
                ask = ask.bearer(&token);
            }
            if let Some((kind, body)) = body {
                ask = ask.body(kind, body.0.to_string().into_bytes());
            }
            self.http.send(&ask, what)
        };
        let answer = send()?;
        if answer.status != 401 {
            return Ok(answer);
        }
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = None;
        send()
    }

    /// The answer as JSON, if it is a good one.
    pub(super) fn read(&self, answer: &Answer, what: &str, path: &str) -> Result<Json, StoreError> {
        if !answer.is_ok() {
            return Err(self.refusal(answer, what, path));
        }
        answer.json().ok_or_else(|| StoreError::Malformed {
            store: self.store.clone(),
            what: format!("{what}: the answer is no JSON"),
        })
    }

    pub(super) fn refusal(&self, answer: &Answer, what: &str, path: &str) -> StoreError {
        let store = self.store.clone();
        let reason = answer.code("/reason").unwrap_or_default();
        match answer.status {
            401 => StoreError::LoggedOut {
                store,
                why: "the API server does not accept who we are".to_owned(),
            },
            403 => StoreError::Denied {
                store,
                what: what.to_owned(),
            },
            404 => StoreError::Absent {
                store,
                path: path.to_owned(),
            },
            429 | 503 => StoreError::Unavailable { store, why: reason },
            500.. => StoreError::OutcomeUnknown {
                store,
                what: what.to_owned(),
            },
            status => StoreError::Refused {
                store,
                what: what.to_owned(),
                why: format!("{reason} ({status})"),
            },
        }
    }

    /// All items of a listing.
    pub(super) fn items(&self, path: &str, what: &str) -> Result<Vec<Json>, StoreError> {
        let mut found = Vec::new();
        let mut page = String::new();
        loop {
            let url = format!("{path}?limit=500{page}");
            let answer = self.call(&Method::GET, &url, None, what)?;
            let mut json = self.read(&answer, what, "")?;
            if let Some(items) = json.0.get_mut("items").and_then(Value::as_array_mut) {
                found.extend(items.drain(..).map(Json));
            }
            match json
                .text("/metadata/continue")
                .filter(|next| !next.is_empty())
            {
                Some(next) => page = format!("&continue={}", crate::http::segment(next)),
                None => return Ok(found),
            }
        }
    }
}
