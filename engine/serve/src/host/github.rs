//! GitHub's REST API: alerts of its secret scanning, statuses, check runs and comments.

use leakward_core::Secret;
use leakward_sources::git::clone::{Credentials, RemoteUrl};
use reqwest::Method;
use serde_json::{Value, json};

use super::api::{Api, Identity};
use super::app_token::AppTokens;
use super::error::HostError;
use crate::config::GitHub as Settings;
use crate::secret_source::SecretSource;
use crate::work::{How, RepositoryName, Told};

/// LIMIT: places of an alert that are asked for.
const MOST_PLACES: usize = 100;

/// GitHub.
pub(crate) struct GitHub {
    api: Api,
    url: String,
    token: Option<Secret>,
    app: Option<AppTokens>,
}

/// An alert, with what its webhook does not say.
pub(crate) struct AlertState {
    /// The credential.
    pub(crate) secret: Secret,
    /// GitHub's word for what it is.
    pub(crate) secret_type: String,
    /// GitHub's name for what it is.
    pub(crate) title: String,
    /// Its page.
    pub(crate) url: String,
    /// Whether it is open.
    pub(crate) is_open: bool,
    /// Whether GitHub has seen it in public.
    pub(crate) public: bool,
    /// Where it stands.
    pub(crate) places: Vec<AlertPlace>,
}

/// Where an alert's credential stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AlertPlace {
    /// `commit`, `issue_body` …
    pub(crate) kind: String,
    /// The path, of commits.
    pub(crate) path: String,
    /// The line, of commits.
    pub(crate) line: u64,
    /// The commit, of commits.
    pub(crate) commit: Option<String>,
    /// Its page.
    pub(crate) url: Option<String>,
}

impl GitHub {
    /// As configured.
    pub(crate) fn new(settings: &Settings) -> Result<Self, HostError> {
        let secret =
            |error: crate::secret_source::SecretError| HostError::NotConfigured(error.to_string());
        let token = settings
            .token
            .as_ref()
            .map(SecretSource::read)
            .transpose()
            .map_err(secret)?;
        let app = match &settings.app {
            Some(app) => Some(AppTokens::new(&app.id, &app.key.read().map_err(secret)?)?),
            None => None,
        };
        Ok(Self {
            api: Api::new(&settings.api)?,
            url: settings.url.trim_end_matches('/').to_owned(),
            token,
            app,
        })
    }

    /// Forgets what it knows of an installation.
    pub(crate) fn forget(&self, installation: u64) {
        if let Some(app) = &self.app {
            app.forget(installation);
        }
    }

    async fn token(&self, repository: &RepositoryName) -> Result<Option<Secret>, HostError> {
        let Some(app) = &self.app else {
            return Ok(self.token.clone());
        };
        let installation = match repository.installation {
            Some(installation) => installation,
            None => app.installation_of(&self.api, &repository.path).await?,
        };
        app.token(&self.api, installation).await.map(Some)
    }

    async fn identity(&self, repository: &RepositoryName) -> Result<Identity, HostError> {
        match self.token(repository).await? {
            Some(token) => Ok(Identity::Bearer("Bearer", token)),
            None => Ok(Identity::Nobody),
        }
    }

    /// Where to clone from, and who we are there.
    pub(crate) async fn remote(&self, repository: &RepositoryName) -> Result<RemoteUrl, HostError> {
        let token = self.token(repository).await?;
        super::hosts::remote(
            &self.url,
            &repository.path,
            token.map(|token| credentials("x-access-token", token)),
        )
    }

    /// An alert with its credential and its places.
    pub(crate) async fn alert(
        &self,
        repository: &RepositoryName,
        number: u64,
    ) -> Result<AlertState, HostError> {
        let identity = self.identity(repository).await?;
        let path = format!("/repos/{}/secret-scanning/alerts/{number}", repository.path);
        let alert = self.api.call(Method::GET, &path, &identity, None).await?;
        let text = |name: &str| {
            alert
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let secret = zeroize::Zeroizing::new(text("secret"));
        if secret.is_empty() {
            return Err(HostError::Refused {
                host: self.api.host().to_owned(),
                what: format!("the secret of alert {number}"),
                reason: "it hides it; the token or App needs read access to secret scanning alerts"
                    .to_owned(),
            });
        }
        let places = format!("{path}/locations?per_page={MOST_PLACES}");
        let places = self.api.call(Method::GET, &places, &identity, None).await?;
        Ok(AlertState {
            secret: Secret::new(secret.as_bytes()),
            secret_type: text("secret_type"),
            title: text("secret_type_display_name"),
            url: text("html_url"),
            is_open: text("state") != "resolved",
            public: alert
                .get("publicly_leaked")
                .and_then(Value::as_bool)
                .unwrap_or(false),
            places: places.as_array().into_iter().flatten().map(place).collect(),
        })
    }

    /// Tells it something.
    pub(crate) async fn tell(
        &self,
        repository: &RepositoryName,
        told: &Told,
        page: &str,
    ) -> Result<(), HostError> {
        let identity = self.identity(repository).await?;
        let base = format!("/repos/{}", repository.path);
        let (method, path, body) = match told {
            Told::Alert {
                number,
                live,
                contained,
                comment,
            } => {
                let path = format!("{base}/secret-scanning/alerts/{number}");
                (Method::PATCH, path, alert_body(*live, *contained, comment))
            }
            Told::Commit {
                commit,
                leaks,
                complete,
                summary,
                how,
            } => {
                let (path, body) = commit_body(
                    &base,
                    commit,
                    verdict(*leaks, *complete),
                    summary,
                    page,
                    *how,
                );
                (Method::POST, path, body)
            }
        };
        self.api
            .call(method, &path, &identity, Some(&body))
            .await
            .map(drop)
    }
}

pub(super) fn credentials(user: &str, password: Secret) -> Credentials {
    Credentials {
        user: user.to_owned(),
        password,
    }
}

fn place(value: &Value) -> AlertPlace {
    let details = value.get("details");
    let text = |name: &str| {
        details
            .and_then(|one| one.get(name))
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    AlertPlace {
        kind: value
            .get("type")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        path: text("path").unwrap_or_default(),
        line: details
            .and_then(|one| one.get("start_line"))
            .and_then(Value::as_u64)
            .unwrap_or(0),
        commit: text("commit_sha"),
        url: text("html_url"),
    }
}

/// `validity` is what third parties say of a credential; a contained leak is resolved as revoked.
fn alert_body(live: Option<bool>, contained: bool, comment: &str) -> Value {
    let validity = live.map(|live| if live { "active" } else { "inactive" });
    if contained {
        json!({"state": "resolved", "resolution": "revoked", "resolution_comment": comment, "validity": validity})
    } else {
        json!({"state": "open", "validity": validity})
    }
}

/// How a commit looks: GitHub's word for a check run's conclusion, and for a status.
pub(super) fn verdict(leaks: usize, complete: bool) -> (&'static str, &'static str, String) {
    match (leaks, complete) {
        (0, true) => ("success", "success", "no leaked credentials".to_owned()),
        (0, false) => (
            "neutral",
            "error",
            "not everything could be looked at".to_owned(),
        ),
        (1, _) => ("failure", "failure", "1 leaked credential".to_owned()),
        (leaks, _) => ("failure", "failure", format!("{leaks} leaked credentials")),
    }
}

fn commit_body(
    base: &str,
    commit: &str,
    (conclusion, state, title): (&str, &str, String),
    summary: &str,
    page: &str,
    how: How,
) -> (String, Value) {
    match how {
        How::Status => (
            format!("{base}/statuses/{commit}"),
            json!({"state": state, "context": "leakward", "description": title, "target_url": page}),
        ),
        How::Check => (
            format!("{base}/check-runs"),
            json!({
                "name": "leakward", "head_sha": commit, "status": "completed", "conclusion": conclusion,
                "details_url": page, "output": {"title": title, "summary": summary},
            }),
        ),
        How::Comment => (
            format!("{base}/commits/{commit}/comments"),
            json!({"body": summary}),
        ),
    }
}
