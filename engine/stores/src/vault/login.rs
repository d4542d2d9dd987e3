//! How we prove to Vault who we are. What we prove it with is read when it is needed, never kept in a configuration.
//!
//! INVARIANT: a one-time secret that somebody used before us is an alarm ([`StoreError::Intercepted`]), never just a failed login.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use leakward_core::Secret;
use serde_json::{Value, json};

use crate::aws::credentials::Chain;
use crate::error::StoreError;
use crate::exposed::{Json, text, trimmed};
use crate::http::{Ask, Http, segment};
use crate::spec::StoreSpec;
use crate::surroundings::Surroundings;

/// Where Kubernetes puts the token of a pod's service account.
const SERVICE_ACCOUNT_TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/// A token and what is known about how long it holds.
pub(super) struct Granted {
    pub(super) token: Secret,
    /// Seconds; none: it does not end, or nobody said.
    pub(super) lease: Option<u64>,
    pub(super) is_renewable: bool,
    /// Whether it was made for us, so that we take it back when we leave.
    pub(super) is_ours: bool,
}

/// One way to log in.
enum Way {
    /// A token that somebody else obtained.
    Token,
    AppRole {
        role_id: Secret,
        is_wrapped: bool,
        /// What a one-time wrapping token held: it cannot be unwrapped again.
        unwrapped: Mutex<Option<Secret>>,
    },
    /// A token of a pod's service account.
    Kubernetes,
    /// A token of an identity provider: GitHub Actions, GitLab, anything that is in a variable or file.
    Jwt,
    /// A signed question to AWS who we are.
    Aws(Box<Chain>),
}

/// How to log in.
pub(super) struct Login {
    way: Way,
    mount: String,
    role: Option<String>,
    spec: StoreSpec,
    surroundings: Surroundings,
}

impl Login {
    pub(super) fn new(spec: &StoreSpec, surroundings: &Surroundings) -> Result<Self, StoreError> {
        let role = spec.option("role").map(str::to_owned);
        let name = match spec.option("auth") {
            Some(name) => name,
            None => Self::choose(role.is_some(), spec, surroundings),
        };
        let needs_role = || {
            role.as_ref()
                .map(|_| ())
                .ok_or_else(|| spec.wrong(format!("auth = {name:?} needs `role`")))
        };
        let (way, mount) = match name {
            "token" => (Way::Token, ""),
            "approle" => (Self::app_role(spec, surroundings)?, "approle"),
            "kubernetes" => {
                needs_role()?;
                (Way::Kubernetes, "kubernetes")
            }
            "jwt" => {
                needs_role()?;
                (Way::Jwt, "jwt")
            }
            "aws" => {
                needs_role()?;
                (Way::Aws(Box::new(Chain::new(spec, surroundings)?)), "aws")
            }
            other => {
                return Err(spec.wrong(format!(
                    "auth = {other:?} is none of token, approle, kubernetes, jwt, aws"
                )));
            }
        };
        Ok(Self {
            way,
            mount: spec.option("auth-mount").unwrap_or(mount).to_owned(),
            role,
            spec: spec.clone(),
            surroundings: surroundings.clone(),
        })
    }

    /// The platform's own identity before anything that somebody has to keep.
    fn choose(has_role: bool, spec: &StoreSpec, surroundings: &Surroundings) -> &'static str {
        let has = |name: &str| surroundings.variable(name).is_some();
        let has_file = |option: &str| spec.option(option).is_some();
        let is_pod = || has("KUBERNETES_SERVICE_HOST");
        if has_role && (has("ACTIONS_ID_TOKEN_REQUEST_URL") || has("VAULT_ID_TOKEN")) {
            "jwt"
        } else if has_role && is_pod() {
            "kubernetes"
        } else if has("VAULT_ROLE_ID") || has_file("role-id") || has_file("role-id-file") {
            "approle"
        } else {
            "token"
        }
    }

    fn app_role(spec: &StoreSpec, surroundings: &Surroundings) -> Result<Way, StoreError> {
        // The role's id is no secret; the SecretID is.
        let role_id = match (spec.option("role-id"), spec.option("role-id-file")) {
            (Some(id), _) => trimmed(id.to_owned()),
            (None, Some(file)) => read(spec, &surroundings.path(file))?,
            (None, None) => surroundings
                .variable("VAULT_ROLE_ID")
                .map(trimmed)
                .ok_or_else(|| {
                    spec.wrong(
                        "auth = \"approle\" needs `role-id`, `role-id-file` or VAULT_ROLE_ID",
                    )
                })?,
        };
        Ok(Way::AppRole {
            role_id,
            is_wrapped: spec.flag("secret-id-wrapped")?,
            unwrapped: Mutex::new(None),
        })
    }

    /// For people: how we log in.
    pub(super) fn name(&self) -> &'static str {
        match &self.way {
            Way::Token => "token",
            Way::AppRole {
                is_wrapped: true, ..
            } => "approle, wrapped SecretID",
            Way::AppRole { .. } => "approle",
            Way::Kubernetes => "kubernetes",
            Way::Jwt => "jwt",
            Way::Aws(_) => "aws",
        }
    }

    /// Whether a new token can be had when the old one is no longer accepted.
    pub(super) fn is_repeatable(&self) -> bool {
        !matches!(self.way, Way::Token)
    }

    /// Logs in.
    pub(super) fn log_in(&self, http: &Http, server: &Server<'_>) -> Result<Granted, StoreError> {
        let body = match &self.way {
            Way::Token => return self.given_token(),
            Way::AppRole {
                role_id,
                is_wrapped,
                unwrapped,
            } => {
                let secret_id = if *is_wrapped {
                    self.unwrap(http, server, unwrapped)?
                } else {
                    self.secret_id()?
                };
                json!({"role_id": text(role_id), "secret_id": text(&secret_id)})
            }
            Way::Kubernetes => {
                let file = self
                    .spec
                    .option("jwt-file")
                    .unwrap_or(SERVICE_ACCOUNT_TOKEN);
                let token = read(&self.spec, &self.surroundings.path(file))?;
                json!({"role": self.role, "jwt": text(&token)})
            }
            Way::Jwt => json!({"role": self.role, "jwt": text(&self.identity_token(http)?)}),
            Way::Aws(chain) => self.aws_body(chain)?,
        };
        let url = server.url(&format!("auth/{}/login", crate::http::path(&self.mount)));
        let ask = server.named(Ask::login(url).json(body));
        let answer = http.send(&ask, "log in")?;
        let granted = answer.json().filter(|_| answer.is_ok());
        let Some(granted) = granted else {
            return Err(server.login_error(&answer, self.name()));
        };
        let token = granted
            .secret("/auth/client_token")
            .ok_or_else(|| StoreError::Malformed {
                store: server.store.to_owned(),
                what: "the answer to the login holds no token".to_owned(),
            })?;
        Ok(Granted {
            token,
            lease: granted
                .0
                .pointer("/auth/lease_duration")
                .and_then(Value::as_u64)
                .filter(|seconds| *seconds > 0),
            is_renewable: granted.0.pointer("/auth/renewable") == Some(&Value::Bool(true)),
            is_ours: true,
        })
    }

    /// A token from a variable, a file that was named, or the file that `vault login` writes.
    fn given_token(&self) -> Result<Granted, StoreError> {
        let token = match self.spec.option("token-file") {
            Some(file) => read(&self.spec, &self.surroundings.path(file))?,
            None => match self.surroundings.one_of(&["VAULT_TOKEN", "BAO_TOKEN"]) {
                Some(token) => trimmed(token),
                None => self
                    .surroundings
                    .in_home(".vault-token")
                    .filter(|file| file.is_file())
                    .map(|file| read(&self.spec, &file))
                    .transpose()?
                    .ok_or_else(|| {
                        self.spec.wrong(
                            "no identity was found: set `auth` and `role` (kubernetes, jwt, aws, approle), or VAULT_TOKEN",
                        )
                    })?,
            },
        };
        Ok(Granted {
            token,
            lease: None,
            is_renewable: false,
            is_ours: false,
        })
    }

    /// The SecretID, or the token that wraps it.
    fn secret_id(&self) -> Result<Secret, StoreError> {
        match self.spec.option("secret-id-file") {
            Some(file) => read(&self.spec, &self.surroundings.path(file)),
            None => self
                .surroundings
                .variable("VAULT_SECRET_ID")
                .map(trimmed)
                .ok_or_else(|| {
                    self.spec
                        .wrong("auth = \"approle\" needs `secret-id-file` or VAULT_SECRET_ID")
                }),
        }
    }

    /// Takes the SecretID out of its wrapping, once.
    fn unwrap(
        &self,
        http: &Http,
        server: &Server<'_>,
        unwrapped: &Mutex<Option<Secret>>,
    ) -> Result<Secret, StoreError> {
        let mut held = unwrapped.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(secret_id) = &*held {
            return Ok(secret_id.clone());
        }
        let wrapping = self.secret_id()?;
        let alarm = |why: String| StoreError::Intercepted {
            store: server.store.to_owned(),
            what: "wrapped SecretID".to_owned(),
            why,
        };
        let ask =
            Ask::login(server.url("sys/wrapping/lookup")).json(json!({"token": text(&wrapping)}));
        let answer = http.send(&server.named(ask), "look at the wrapping token")?;
        if answer.status == 400 || answer.status == 403 || answer.status == 404 {
            return Err(alarm("the wrapping token is not valid any more".to_owned()));
        }
        if !answer.is_ok() {
            return Err(server.login_error(&answer, self.name()));
        }
        let origin = answer.json();
        let origin = origin
            .as_ref()
            .and_then(|json| json.text("/data/creation_path"))
            .unwrap_or_default();
        let expected = format!("auth/{}/role/", self.mount);
        // Somebody who unwrapped it could have wrapped something else under a new token.
        if !(origin.starts_with(&expected) && origin.ends_with("/secret-id")) {
            return Err(alarm(format!("it was not made by {expected}…/secret-id")));
        }
        let ask = Ask::new(
            reqwest::Method::POST,
            server.url("sys/wrapping/unwrap"),
            crate::http::Effect::Changes,
        )
        .secret_header("x-vault-token", &wrapping);
        let answer = http.send(&server.named(ask), "unwrap the SecretID")?;
        let secret_id = answer
            .json()
            .filter(|_| answer.is_ok())
            .and_then(|json| json.secret("/data/secret_id"))
            .ok_or_else(|| alarm(format!("unwrapping failed ({})", answer.status)))?;
        *held = Some(secret_id.clone());
        Ok(secret_id)
    }

    /// The token of the identity provider: named, GitHub's on request, or GitLab's in its variable.
    fn identity_token(&self, http: &Http) -> Result<Secret, StoreError> {
        if let Some(file) = self.spec.option("jwt-file") {
            return read(&self.spec, &self.surroundings.path(file));
        }
        if let Some(name) = self.spec.option("jwt-env") {
            return self
                .surroundings
                .variable(name)
                .map(trimmed)
                .ok_or_else(|| self.spec.wrong(format!("the variable {name} is not set")));
        }
        if let (Some(url), Some(token)) = (
            self.surroundings.variable("ACTIONS_ID_TOKEN_REQUEST_URL"),
            self.surroundings.variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN"),
        ) {
            let audience = self
                .spec
                .option("audience")
                .map(|audience| format!("&audience={}", segment(audience)))
                .unwrap_or_default();
            let ask = Ask::get(format!("{url}{audience}")).bearer(&trimmed(token));
            let answer = http.send(&ask, "ask GitHub for an id token")?;
            return answer
                .json()
                .filter(|_| answer.is_ok())
                .and_then(|json| json.secret("/value"))
                .ok_or_else(|| {
                    self.spec.wrong(format!(
                        "GitHub Actions gave no id token ({}); does the job have `permissions: id-token: write`?",
                        answer.status
                    ))
                });
        }
        self.surroundings
            .one_of(&["VAULT_ID_TOKEN", "CI_JOB_JWT_V2"])
            .map(trimmed)
            .ok_or_else(|| {
                self.spec.wrong(
                    "no id token was found: set `jwt-file` or `jwt-env`, or in GitLab `id_tokens: VAULT_ID_TOKEN`",
                )
            })
    }

    /// The signed `GetCallerIdentity` that Vault will send to AWS in our name.
    fn aws_body(&self, chain: &Chain) -> Result<Value, StoreError> {
        const BODY: &str = "Action=GetCallerIdentity&Version=2011-06-15";
        let region = self.spec.option("region").unwrap_or("us-east-1");
        let url = match self.spec.option("sts-endpoint") {
            Some(url) => url.trim_end_matches('/').to_owned() + "/",
            None if self.spec.option("region").is_some() => {
                format!("https://sts.{region}.amazonaws.com/")
            }
            None => "https://sts.amazonaws.com/".to_owned(),
        };
        let server_id = self.spec.option("aws-server-id");
        let headers = chain.signed_identity(&url, region, BODY, server_id)?;
        let headers: Value = headers
            .iter()
            .map(|(name, value)| (name.clone(), json!([text(value)])))
            .collect::<serde_json::Map<_, _>>()
            .into();
        let headers = Json(headers);
        Ok(json!({
            "role": self.role,
            "iam_http_request_method": "POST",
            "iam_request_url": STANDARD.encode(url),
            "iam_request_body": STANDARD.encode(BODY),
            "iam_request_headers": STANDARD.encode(headers.0.to_string()),
        }))
    }
}

/// What a login has to know of the server.
pub(super) struct Server<'s> {
    pub(super) store: &'s str,
    pub(super) address: &'s str,
    pub(super) namespace: Option<&'s str>,
}

impl Server<'_> {
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}/v1/{path}", self.address)
    }

    /// With the headers that every request has.
    pub(super) fn named(&self, ask: Ask) -> Ask {
        let ask = ask.header("x-vault-request", "true");
        match self.namespace {
            Some(namespace) => ask.header("x-vault-namespace", namespace),
            None => ask,
        }
    }

    fn login_error(&self, answer: &crate::http::Answer, way: &str) -> StoreError {
        let store = self.store.to_owned();
        let sealed = answer.text().is_some_and(|body| body.contains("sealed"));
        match answer.status {
            503 if sealed => StoreError::Sealed { store },
            429 | 472 | 473 | 500.. => StoreError::Unavailable {
                store,
                why: format!("it answers {} to the login", answer.status),
            },
            status => StoreError::LoggedOut {
                store,
                why: format!("the login by {way} is refused ({status})"),
            },
        }
    }
}

/// A file with one credential in it.
fn read(spec: &StoreSpec, file: &PathBuf) -> Result<Secret, StoreError> {
    std::fs::read_to_string(file)
        .map(trimmed)
        .map_err(|error| spec.wrong(format!("{}: {error}", file.display())))
}
