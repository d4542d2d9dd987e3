//! Who we are to Google: application default credentials.
//!
//! A file (`GOOGLE_APPLICATION_CREDENTIALS`, or the one that `gcloud auth application-default login` writes) with a service account's key, a
//! user's login or a workload identity federation, else the metadata server of the machine.
//! <https://cloud.google.com/docs/authentication/application-default-credentials>
//!
//! INVARIANT: a token is held in memory only, and renewed a minute before it ends.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use leakward_core::Secret;
use leakward_core::time::parse_rfc3339;
use leakward_signing::assertion::rs256;
use serde_json::{Value, json};

use crate::error::StoreError;
use crate::exposed::{Json, text, trimmed};
use crate::http::{Ask, Http};
use crate::spec::StoreSpec;
use crate::surroundings::Surroundings;

const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// How long before its end a token is renewed, in seconds.
const EARLY: u64 = 60;

/// A token, and who it is for.
#[derive(Clone)]
pub(super) struct Token {
    pub(super) secret: Secret,
    pub(super) identity: String,
    pub(super) source: String,
    expires: u64,
}

/// The chain of credentials.
pub(super) struct Credentials {
    store: String,
    file: Option<PathBuf>,
    surroundings: Surroundings,
    held: Mutex<Option<Token>>,
}

impl Credentials {
    pub(super) fn new(spec: &StoreSpec, surroundings: &Surroundings) -> Self {
        let named = spec
            .option("credentials-file")
            .map(str::to_owned)
            .or_else(|| surroundings.variable("GOOGLE_APPLICATION_CREDENTIALS"))
            .map(|file| surroundings.path(&file));
        let usual = surroundings
            .in_home(".config/gcloud/application_default_credentials.json")
            .filter(|file| file.is_file());
        Self {
            store: spec.to_string(),
            file: named.or(usual),
            surroundings: surroundings.clone(),
            held: Mutex::new(None),
        }
    }

    pub(super) fn forget(&self) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// A token that holds for a while.
    pub(super) fn token(&self, http: &Http) -> Result<Token, StoreError> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.surroundings.now();
        if let Some(token) = held.as_ref()
            && now + EARLY < token.expires
        {
            return Ok(token.clone());
        }
        let token = match &self.file {
            Some(file) => {
                let content = std::fs::read(file)
                    .map_err(|error| self.wrong(format!("{}: {error}", file.display())))?;
                let json = serde_json::from_slice(&zeroize::Zeroizing::new(content))
                    .map(Json)
                    .map_err(|_| self.wrong(format!("{} is no JSON", file.display())))?;
                self.of_file(&json, &file.display().to_string(), http)?
            }
            None => self.of_metadata_server()?,
        };
        *held = Some(token.clone());
        Ok(token)
    }

    fn wrong(&self, what: impl Into<String>) -> StoreError {
        StoreError::Setting {
            store: self.store.clone(),
            what: what.into(),
        }
    }

    fn of_file(&self, json: &Json, file: &str, http: &Http) -> Result<Token, StoreError> {
        match json.text("/type") {
            Some("service_account") => self.of_key(json, file, http),
            Some("authorized_user") => self.of_login(json, http),
            Some("external_account") => self.of_federation(json, http),
            _ => Err(self.wrong(format!(
                "{file}: its `type` is none of service_account, authorized_user, external_account"
            ))),
        }
    }

    fn of_key(&self, json: &Json, file: &str, http: &Http) -> Result<Token, StoreError> {
        let (Some(email), Some(key)) = (json.text("/client_email"), json.secret("/private_key"))
        else {
            return Err(self.wrong(format!("{file} holds no service account's key")));
        };
        let url = json
            .text("/token_uri")
            .unwrap_or("https://oauth2.googleapis.com/token");
        let now = self.surroundings.now();
        let header = json!({"alg": "RS256", "typ": "JWT", "kid": json.text("/private_key_id")});
        let claims =
            json!({"iss": email, "scope": SCOPE, "aud": url, "iat": now, "exp": now + 3600});
        let assertion = rs256(&key, &header, &claims)
            .map_err(|error| self.wrong(format!("{file}: {error}")))?;
        let ask = Ask::login(url).form(&[
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
            ("assertion", text(&assertion).unwrap_or_default()),
        ]);
        self.granted(http, &ask, email, "service account key")
    }

    fn of_login(&self, json: &Json, http: &Http) -> Result<Token, StoreError> {
        let field = |name: &str| json.text(name).unwrap_or_default();
        let url = json
            .text("/token_uri")
            .unwrap_or("https://oauth2.googleapis.com/token");
        let ask = Ask::login(url).form(&[
            ("grant_type", "refresh_token"),
            ("client_id", field("/client_id")),
            ("client_secret", field("/client_secret")),
            ("refresh_token", field("/refresh_token")),
        ]);
        self.granted(http, &ask, "a user's login", "gcloud login")
    }

    /// Somebody else's token (GitHub's, Azure's, a file's) against one of Google's, maybe in the name of a service account.
    fn of_federation(&self, json: &Json, http: &Http) -> Result<Token, StoreError> {
        let subject = self.subject_token(json, http)?;
        let field = |name: &str| json.text(name).unwrap_or_default();
        let url = json
            .text("/token_url")
            .unwrap_or("https://sts.googleapis.com/v1/token");
        let ask = Ask::login(url).form(&[
            (
                "grant_type",
                "urn:ietf:params:oauth:grant-type:token-exchange",
            ),
            (
                "requested_token_type",
                "urn:ietf:params:oauth:token-type:access_token",
            ),
            ("audience", field("/audience")),
            ("scope", SCOPE),
            ("subject_token", text(&subject).unwrap_or_default()),
            ("subject_token_type", field("/subject_token_type")),
        ]);
        let token = self.granted(http, &ask, field("/audience"), "workload identity")?;
        let Some(url) = json.text("/service_account_impersonation_url") else {
            return Ok(token);
        };
        let ask = Ask::login(url)
            .bearer(&token.secret)
            .json(json!({"scope": [SCOPE]}));
        let answer = http.send(&ask, "act as the service account")?;
        let granted = answer.json().filter(|_| answer.is_ok());
        let granted = granted.ok_or_else(|| self.refused(&answer))?;
        let secret = granted
            .secret("/accessToken")
            .ok_or_else(|| self.refused(&answer))?;
        let identity = url
            .rsplit('/')
            .next()
            .and_then(|last| last.split(':').next())
            .unwrap_or_default();
        Ok(Token {
            secret,
            identity: identity.to_owned(),
            source: "workload identity".to_owned(),
            expires: granted
                .text("/expireTime")
                .and_then(parse_rfc3339)
                .unwrap_or_else(|| self.surroundings.now() + 300),
        })
    }

    fn subject_token(&self, json: &Json, http: &Http) -> Result<Secret, StoreError> {
        let pick = |content: &str| -> Result<Secret, StoreError> {
            let is_json = json.text("/credential_source/format/type") == Some("json");
            if !is_json {
                return Ok(trimmed(content.to_owned()));
            }
            let name = json
                .text("/credential_source/format/subject_token_field_name")
                .unwrap_or("access_token");
            serde_json::from_str(content)
                .ok()
                .map(Json)
                .and_then(|json| json.secret(&format!("/{name}")))
                .ok_or_else(|| self.wrong("the source of the subject token does not hold it"))
        };
        if let Some(file) = json.text("/credential_source/file") {
            let path = self.surroundings.path(file);
            let content = std::fs::read_to_string(&path)
                .map(zeroize::Zeroizing::new)
                .map_err(|error| self.wrong(format!("{}: {error}", path.display())))?;
            return pick(&content);
        }
        let url = json.text("/credential_source/url").ok_or_else(|| {
            self.wrong("a federation's credential_source must be a file or a URL here")
        })?;
        let headers = json.0.pointer("/credential_source/headers");
        let mut ask = Ask::get(url);
        for (name, value) in headers.and_then(Value::as_object).into_iter().flatten() {
            ask = ask.header(name, value.as_str().unwrap_or_default());
        }
        let answer = http.send(&ask, "ask for the subject token")?;
        match answer.text().filter(|_| answer.is_ok()) {
            Some(content) => pick(content),
            None => Err(self.refused(&answer)),
        }
    }

    fn of_metadata_server(&self) -> Result<Token, StoreError> {
        let host = self
            .surroundings
            .variable("GCE_METADATA_HOST")
            .unwrap_or_else(|| "metadata.google.internal".to_owned());
        let local = Http::local(&self.store)?;
        let base = format!("http://{host}/computeMetadata/v1/instance/service-accounts/default");
        let ask =
            |path: &str| Ask::get(format!("{base}/{path}")).header("metadata-flavor", "Google");
        let answer = local
            .send(&ask("token"), "ask the metadata server")
            .map_err(|_| {
                self.wrong(
                    "no Google credentials: neither GOOGLE_APPLICATION_CREDENTIALS, a gcloud login nor a metadata server",
                )
            })?;
        let granted = answer.json().filter(|_| answer.is_ok());
        let granted = granted.ok_or_else(|| self.refused(&answer))?;
        let email = local.send(&ask("email"), "ask the metadata server")?;
        let identity = email.text().filter(|_| email.is_ok()).unwrap_or("default");
        self.of_answer(&granted, identity, "metadata server")
            .ok_or_else(|| self.refused(&answer))
    }

    fn granted(
        &self,
        http: &Http,
        ask: &Ask,
        identity: &str,
        source: &str,
    ) -> Result<Token, StoreError> {
        let answer = http.send(ask, "ask Google for a token")?;
        answer
            .json()
            .filter(|_| answer.is_ok())
            .and_then(|json| self.of_answer(&json, identity, source))
            .ok_or_else(|| self.refused(&answer))
    }

    fn of_answer(&self, json: &Json, identity: &str, source: &str) -> Option<Token> {
        let lasts = json.0.get("expires_in").and_then(Value::as_u64);
        Some(Token {
            secret: json.secret("/access_token")?,
            identity: identity.to_owned(),
            source: source.to_owned(),
            expires: self.surroundings.now() + lasts.unwrap_or(300),
        })
    }

    fn refused(&self, answer: &crate::http::Answer) -> StoreError {
        let code = answer
            .code("/error")
            .or_else(|| answer.code("/error/status"))
            .unwrap_or_default();
        match answer.status {
            429 | 500.. => StoreError::Unavailable {
                store: self.store.clone(),
                why: format!("the login answers {}", answer.status),
            },
            status => StoreError::LoggedOut {
                store: self.store.clone(),
                why: format!("Google gives no token: {code} ({status})"),
            },
        }
    }
}
