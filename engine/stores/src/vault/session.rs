//! A connection to one Vault: logged in, renewed, and with the reasons of refusals told apart.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use leakward_core::Secret;
use reqwest::Method;
use serde_json::{Value, json};

use super::login::{Granted, Login, Server};
use crate::error::StoreError;
use crate::exposed::Json;
use crate::http::{Answer, Ask, Effect, Http, HttpSettings};
use crate::spec::StoreSpec;
use crate::surroundings::Surroundings;

/// A token in use.
struct Token {
    secret: Secret,
    /// When it has to be renewed, and when it ends.
    ageing: Option<(Instant, Instant)>,
    is_renewable: bool,
    is_ours: bool,
}

impl Token {
    fn new(granted: Granted) -> Self {
        let mut token = Self {
            secret: granted.token,
            ageing: None,
            is_renewable: granted.is_renewable,
            is_ours: granted.is_ours,
        };
        token.lasts(granted.lease);
        token
    }

    /// It is renewed when two thirds of its time have passed.
    fn lasts(&mut self, seconds: Option<u64>) {
        let now = Instant::now();
        self.ageing = seconds.map(|seconds| {
            let whole = Duration::from_secs(seconds);
            (now + whole * 2 / 3, now + whole)
        });
    }

    fn is_ageing(&self) -> bool {
        self.ageing.is_some_and(|(soon, _)| Instant::now() >= soon)
    }

    fn is_over(&self) -> bool {
        self.ageing.is_some_and(|(_, end)| Instant::now() >= end)
    }
}

/// A connection to one Vault.
pub(super) struct Session {
    pub(super) store: String,
    http: Http,
    address: String,
    namespace: Option<String>,
    login: Login,
    token: Mutex<Option<Token>>,
}

impl Session {
    /// `address` has no path.
    pub(super) fn new(
        store: String,
        address: &str,
        spec: &StoreSpec,
        surroundings: &Surroundings,
    ) -> Result<Self, StoreError> {
        let settings = HttpSettings::of(spec, surroundings)?;
        Ok(Self {
            http: Http::new(&store, &settings)?,
            address: address.to_owned(),
            namespace: spec
                .option("namespace")
                .map(str::to_owned)
                .or_else(|| surroundings.one_of(&["VAULT_NAMESPACE", "BAO_NAMESPACE"])),
            login: Login::new(spec, surroundings)?,
            token: Mutex::new(None),
            store,
        })
    }

    pub(super) fn way(&self) -> &'static str {
        self.login.name()
    }

    fn server(&self) -> Server<'_> {
        Server {
            store: &self.store,
            address: &self.address,
            namespace: self.namespace.as_deref(),
        }
    }

    /// Sends a request that needs a token, logging in as often as it takes: once.
    pub(super) fn call(
        &self,
        method: &Method,
        path: &str,
        body: Option<Value>,
        what: &str,
    ) -> Result<Answer, StoreError> {
        let effect = match method.as_str() {
            "GET" | "LIST" => Effect::Reads,
            _ => Effect::Changes,
        };
        let body = body.map(Json);
        let send = |token: &Secret| {
            let ask = Ask::new(method.clone(), self.server().url(path), effect)
                .secret_header("x-vault-token", token);
            let ask = match &body {
                Some(body) => ask.body("application/json", body.0.to_string().into_bytes()),
                None => ask,
            };
            self.http.send(&self.server().named(ask), what)
        };
        let token = self.token()?;
        let answer = send(&token)?;
        // A refusal has two reasons that need different people. Nothing was done in either case, so it may be sent again.
        if answer.status != 403 || self.is_accepted(&token)? {
            return Ok(answer);
        }
        self.forget();
        if !self.login.is_repeatable() {
            return Err(StoreError::LoggedOut {
                store: self.store.clone(),
                why: "the token has ended or was revoked".to_owned(),
            });
        }
        send(&self.token()?)
    }

    /// Whether the server still knows the token.
    fn is_accepted(&self, token: &Secret) -> Result<bool, StoreError> {
        Ok(self.look_up(token)?.status != 403)
    }

    fn look_up(&self, token: &Secret) -> Result<Answer, StoreError> {
        let ask = Ask::get(self.server().url("auth/token/lookup-self"))
            .secret_header("x-vault-token", token);
        self.http
            .send(&self.server().named(ask), "look at the token")
    }

    /// What the server says of our token.
    pub(super) fn identity(&self) -> Result<Option<Json>, StoreError> {
        let token = self.token()?;
        let answer = self.look_up(&token)?;
        match answer.status {
            200 => Ok(answer.json()),
            403 => {
                self.forget();
                Err(StoreError::LoggedOut {
                    store: self.store.clone(),
                    why: "the token is not accepted".to_owned(),
                })
            }
            _ => Err(self.refusal(&answer, "look at the token", "auth/token/lookup-self")),
        }
    }

    fn forget(&self) {
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// A token that is good for now.
    fn token(&self) -> Result<Secret, StoreError> {
        let mut held = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(token) = held.as_mut() {
            if token.is_ageing() && token.is_renewable {
                self.renew(token)?;
            }
            if !token.is_ageing() || (!token.is_over() && !self.login.is_repeatable()) {
                return Ok(token.secret.clone());
            }
        }
        let mut token = Token::new(self.login.log_in(&self.http, &self.server())?);
        if !token.is_ours {
            self.ask_how_long(&mut token)?;
        }
        let secret = token.secret.clone();
        *held = Some(token);
        Ok(secret)
    }

    /// A token that somebody else obtained is renewed too, where it says that it can be.
    fn ask_how_long(&self, token: &mut Token) -> Result<(), StoreError> {
        let answer = self.look_up(&token.secret)?;
        if let Some(json) = answer.json().filter(|_| answer.is_ok()) {
            let left = json.0.pointer("/data/ttl").and_then(Value::as_u64);
            token.is_renewable = json.0.pointer("/data/renewable") == Some(&Value::Bool(true));
            token.lasts(left.filter(|seconds| *seconds > 0));
        }
        Ok(())
    }

    /// Renews it. When that is refused it stays as it is, and its end is seen later.
    fn renew(&self, token: &mut Token) -> Result<(), StoreError> {
        let ask = Ask::login(self.server().url("auth/token/renew-self"))
            .secret_header("x-vault-token", &token.secret)
            .json(json!({}));
        let answer = self
            .http
            .send(&self.server().named(ask), "renew the token")?;
        match answer.json().filter(|_| answer.is_ok()) {
            Some(json) => {
                let lease = json.0.pointer("/auth/lease_duration");
                token.lasts(lease.and_then(Value::as_u64).filter(|left| *left > 0));
            }
            None => token.is_renewable = false,
        }
        Ok(())
    }

    /// A question that needs no token: health, seal status.
    fn ask_openly(&self, path: &str) -> Result<Answer, StoreError> {
        let ask = Ask::get(self.server().url(path));
        self.http.send(&ask, path)
    }

    /// Version of the server, where it tells.
    pub(super) fn version(&self) -> Option<String> {
        let answer = self.ask_openly("sys/health?standbyok=true").ok()?;
        answer.code("/version")
    }

    /// What a status other than 2xx means. `what` is verb and path for people.
    pub(super) fn refusal(&self, answer: &Answer, what: &str, path: &str) -> StoreError {
        let store = self.store.clone();
        let what = what.to_owned();
        match answer.status {
            403 => StoreError::Denied { store, what },
            404 => StoreError::Absent {
                store,
                path: path.to_owned(),
            },
            307 | 308 => StoreError::Unavailable {
                store,
                why: format!(
                    "this node is a standby; the active one is {}",
                    answer
                        .header("location")
                        .and_then(|url| url.split("/v1/").next())
                        .unwrap_or("another")
                ),
            },
            429 => StoreError::Unavailable {
                store,
                why: "it limits the number of requests".to_owned(),
            },
            472 | 473 => StoreError::Unavailable {
                store,
                why: "this node is a standby".to_owned(),
            },
            500.. if self.is_sealed() => StoreError::Sealed { store },
            503 => StoreError::Unavailable {
                store,
                why: "it answers 503; it may be a standby or starting".to_owned(),
            },
            500.. => StoreError::OutcomeUnknown { store, what },
            status => StoreError::Refused {
                store,
                what,
                why: format!("status {status}"),
            },
        }
    }

    fn is_sealed(&self) -> bool {
        // A server that does not even answer this one is not known to be sealed.
        self.ask_openly("sys/seal-status")
            .ok()
            .and_then(|answer| answer.json())
            .is_some_and(|json| json.0.get("sealed") == Some(&Value::Bool(true)))
    }
}

impl Drop for Session {
    /// A token that was made for us is taken back, so that nobody finds it later.
    fn drop(&mut self) {
        let held = self
            .token
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(token) = held.filter(|token| token.is_ours && !token.is_over()) {
            let ask = Ask::new(
                Method::POST,
                self.server().url("auth/token/revoke-self"),
                Effect::Changes,
            )
            .secret_header("x-vault-token", &token.secret);
            // It ends by itself soon; there is nobody to tell.
            drop(
                self.http
                    .send(&self.server().named(ask), "revoke our token"),
            );
        }
    }
}
