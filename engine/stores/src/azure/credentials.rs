//! Who we are to Azure: a client secret or a federated token from the environment, or the machine's managed identity.
//!
//! <https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-client-creds-grant-flow>.
//!
//! INVARIANT: a token is held in memory only, and renewed a minute before it ends.

use std::sync::{Mutex, PoisonError};

use leakward_core::Secret;
use serde_json::Value;

use crate::error::StoreError;
use crate::exposed::{Json, text, trimmed};
use crate::http::{Answer, Ask, Http, segment};
use crate::spec::StoreSpec;
use crate::surroundings::Surroundings;

/// How long before its end a token is renewed, in seconds.
const EARLY: u64 = 60;

const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

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
    /// For whom tokens are: `https://vault.azure.net`.
    resource: String,
    client: Option<String>,
    tenant: Option<String>,
    surroundings: Surroundings,
    held: Mutex<Option<Token>>,
}

impl Credentials {
    pub(super) fn new(spec: &StoreSpec, surroundings: &Surroundings, resource: &str) -> Self {
        let given = |option: &str, variable: &str| {
            spec.option(option)
                .map(str::to_owned)
                .or_else(|| surroundings.variable(variable))
        };
        Self {
            store: spec.to_string(),
            resource: resource.to_owned(),
            client: given("client-id", "AZURE_CLIENT_ID"),
            tenant: given("tenant-id", "AZURE_TENANT_ID"),
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
        let token = self.find(http)?;
        *held = Some(token.clone());
        Ok(token)
    }

    fn wrong(&self, what: impl Into<String>) -> StoreError {
        StoreError::Setting {
            store: self.store.clone(),
            what: what.into(),
        }
    }

    fn find(&self, http: &Http) -> Result<Token, StoreError> {
        let variable = |name: &str| self.surroundings.variable(name);
        if let (Some(client), Some(tenant)) = (&self.client, &self.tenant) {
            if let Some(secret) = variable("AZURE_CLIENT_SECRET").map(trimmed) {
                let proof = [("client_secret", text(&secret).unwrap_or_default())];
                return self.of_client(http, (client, tenant), &proof, "client secret");
            }
            if let Some(token) = self.federated_token(http)? {
                let proof = [
                    ("client_assertion_type", ASSERTION),
                    ("client_assertion", text(&token).unwrap_or_default()),
                ];
                return self.of_client(http, (client, tenant), &proof, "workload identity");
            }
        }
        self.of_machine()
    }

    /// A token of the platform that Azure trusts: a file in Kubernetes, or GitHub's on request.
    fn federated_token(&self, http: &Http) -> Result<Option<Secret>, StoreError> {
        let variable = |name: &str| self.surroundings.variable(name);
        if let Some(file) = variable("AZURE_FEDERATED_TOKEN_FILE") {
            return std::fs::read_to_string(&file)
                .map(|token| Some(trimmed(token)))
                .map_err(|error| self.wrong(format!("{file}: {error}")));
        }
        let (Some(url), Some(token)) = (
            variable("ACTIONS_ID_TOKEN_REQUEST_URL"),
            variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN"),
        ) else {
            return Ok(None);
        };
        let audience = segment("api://AzureADTokenExchange");
        let ask = Ask::get(format!("{url}&audience={audience}")).bearer(&trimmed(token));
        let answer = http.send(&ask, "ask GitHub for an id token")?;
        match answer
            .json()
            .filter(|_| answer.is_ok())
            .and_then(|json| json.secret("/value"))
        {
            Some(token) => Ok(Some(token)),
            None => Err(self.refused(&answer)),
        }
    }

    fn of_client(
        &self,
        http: &Http,
        (client, tenant): (&str, &str),
        proof: &[(&str, &str)],
        source: &str,
    ) -> Result<Token, StoreError> {
        let authority = self
            .surroundings
            .variable("AZURE_AUTHORITY_HOST")
            .unwrap_or_else(|| "https://login.microsoftonline.com".to_owned());
        let url = format!(
            "{}/{}/oauth2/v2.0/token",
            authority.trim_end_matches('/'),
            segment(tenant)
        );
        let scope = format!("{}/.default", self.resource);
        let mut form = vec![
            ("grant_type", "client_credentials"),
            ("client_id", client),
            ("scope", scope.as_str()),
        ];
        form.extend_from_slice(proof);
        let answer = http.send(&Ask::login(url).form(&form), "ask Azure for a token")?;
        self.of_answer(&answer, &format!("application {client}"), source)
    }

    /// App Service and its like first, which say where they are; then the machine's own service.
    fn of_machine(&self) -> Result<Token, StoreError> {
        let variable = |name: &str| self.surroundings.variable(name);
        let local = Http::local(&self.store)?;
        let mut query = format!("resource={}", segment(&self.resource));
        if let Some(client) = &self.client {
            query.push_str(&format!("&client_id={}", segment(client)));
        }
        let what = "ask the machine for its identity";
        let identity = self.client.as_ref().map_or_else(
            || "the machine's identity".to_owned(),
            |client| format!("identity {client}"),
        );
        if let (Some(url), Some(header)) =
            (variable("IDENTITY_ENDPOINT"), variable("IDENTITY_HEADER"))
        {
            let ask = Ask::get(format!("{url}?api-version=2019-08-01&{query}"))
                .secret_header("x-identity-header", &trimmed(header));
            let answer = local.send(&ask, what)?;
            return self.of_answer(&answer, &identity, "managed identity");
        }
        let host = variable("AZURE_POD_IDENTITY_AUTHORITY_HOST")
            .unwrap_or_else(|| "http://169.254.169.254".to_owned());
        let url = format!(
            "{}/metadata/identity/oauth2/token?api-version=2018-02-01&{query}",
            host.trim_end_matches('/')
        );
        let ask = Ask::get(url).header("metadata", "true");
        let answer = local.send(&ask, what).map_err(|_| {
            self.wrong(
                "no Azure credentials: neither AZURE_CLIENT_ID with a secret or federated token, nor a managed identity",
            )
        })?;
        self.of_answer(&answer, &identity, "managed identity")
    }

    fn of_answer(
        &self,
        answer: &Answer,
        identity: &str,
        source: &str,
    ) -> Result<Token, StoreError> {
        let granted = answer.json().filter(|_| answer.is_ok());
        let granted = granted.ok_or_else(|| self.refused(answer))?;
        let secret = granted
            .secret("/access_token")
            .ok_or_else(|| self.refused(answer))?;
        Ok(Token {
            secret,
            identity: identity.to_owned(),
            source: source.to_owned(),
            expires: self.surroundings.now() + lasts(&granted),
        })
    }

    fn refused(&self, answer: &Answer) -> StoreError {
        let code = answer.code("/error").unwrap_or_default();
        match answer.status {
            429 | 500.. => StoreError::Unavailable {
                store: self.store.clone(),
                why: format!("the login answers {}", answer.status),
            },
            status => StoreError::LoggedOut {
                store: self.store.clone(),
                why: format!("Azure gives no token: {code} ({status})"),
            },
        }
    }
}

/// Seconds: a number from one service, a text from another.
fn lasts(granted: &Json) -> u64 {
    match granted.0.get("expires_in") {
        Some(Value::Number(number)) => number.as_u64().unwrap_or(300),
        Some(Value::String(text)) => text.parse().unwrap_or(300),
        _ => 300,
    }
}
