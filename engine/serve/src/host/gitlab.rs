//! GitLab's APIs: statuses and comments by REST, vulnerabilities by GraphQL.

use leakward_core::Secret;
use leakward_sources::git::clone::RemoteUrl;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde_json::{Value, json};

use super::api::{Api, Identity};
use super::error::HostError;
use super::github::{credentials, verdict};
use crate::config::GitLab as Settings;
use crate::secret_source::SecretSource;
use crate::work::{How, RepositoryName, Told};

/// Each of GitLab's mutations answers with a list of errors and status 200.
const RESOLVE: &str = "mutation($id: VulnerabilityID!, $comment: String) { \
    vulnerabilityResolve(input: {id: $id, comment: $comment}) { errors } }";
const CONFIRM: &str = "mutation($id: VulnerabilityID!, $comment: String) { \
    vulnerabilityConfirm(input: {id: $id, comment: $comment}) { errors } }";

/// GitLab.
pub(crate) struct GitLab {
    api: Api,
    url: String,
    token: Option<Secret>,
}

impl GitLab {
    /// As configured.
    pub(crate) fn new(settings: &Settings) -> Result<Self, HostError> {
        let token = settings
            .token
            .as_ref()
            .map(SecretSource::read)
            .transpose()
            .map_err(|error| HostError::NotConfigured(error.to_string()))?;
        let url = settings.url.trim_end_matches('/').to_owned();
        Ok(Self {
            api: Api::new(settings.api.as_ref().unwrap_or(&url))?,
            url,
            token,
        })
    }

    fn identity(&self) -> Identity {
        self.token
            .clone()
            .map_or(Identity::Nobody, Identity::PrivateToken)
    }

    /// Where to clone from, and who we are there.
    pub(crate) fn remote(&self, repository: &RepositoryName) -> Result<RemoteUrl, HostError> {
        let who = self.token.clone().map(|token| credentials("oauth2", token));
        super::hosts::remote(&self.url, &repository.path, who)
    }

    /// Which branch others grow from.
    pub(crate) async fn default_branch(
        &self,
        repository: &RepositoryName,
    ) -> Result<String, HostError> {
        let path = format!("/api/v4/projects/{}", project(repository));
        let answer = self
            .api
            .call(Method::GET, &path, &self.identity(), None)
            .await?;
        let branch = answer.get("default_branch").and_then(Value::as_str);
        branch
            .map(str::to_owned)
            .ok_or_else(|| HostError::Malformed {
                host: self.api.host().to_owned(),
                what: path,
            })
    }

    /// Tells it something.
    pub(crate) async fn tell(
        &self,
        repository: &RepositoryName,
        told: &Told,
        page: &str,
    ) -> Result<(), HostError> {
        let base = format!("/api/v4/projects/{}", project(repository));
        let (path, body) = match told {
            Told::Alert {
                number,
                contained,
                comment,
                ..
            } => {
                let query = if *contained { RESOLVE } else { CONFIRM };
                let variables = json!({"id": format!("gid://gitlab/Vulnerability/{number}"), "comment": comment});
                (
                    "/api/graphql".to_owned(),
                    json!({"query": query, "variables": variables}),
                )
            }
            Told::Commit {
                commit,
                leaks,
                complete,
                summary,
                how,
            } => match how {
                How::Comment => (
                    format!("{base}/repository/commits/{commit}/comments"),
                    json!({"note": summary}),
                ),
                How::Status | How::Check => {
                    let (_, state, title) = verdict(*leaks, *complete);
                    let state = if state == "success" {
                        "success"
                    } else {
                        "failed"
                    };
                    (
                        format!("{base}/statuses/{commit}"),
                        json!({"state": state, "name": "leakward", "description": title, "target_url": page}),
                    )
                }
            },
        };
        let answer = self
            .api
            .call(Method::POST, &path, &self.identity(), Some(&body))
            .await?;
        self.refused(&path, &answer)
    }

    /// Errors of GraphQL, which come with status 200.
    fn refused(&self, path: &str, answer: &Value) -> Result<(), HostError> {
        let whole = answer.get("errors").and_then(Value::as_array);
        let of_mutation = answer
            .get("data")
            .and_then(Value::as_object)
            .into_iter()
            .flat_map(|data| data.values())
            .filter_map(|one| one.get("errors").and_then(Value::as_array));
        let first = whole.into_iter().chain(of_mutation).flatten().next();
        match first {
            None => Ok(()),
            Some(error) => Err(HostError::Refused {
                host: self.api.host().to_owned(),
                what: path.to_owned(),
                reason: error
                    .get("message")
                    .and_then(Value::as_str)
                    .or_else(|| error.as_str())
                    .unwrap_or("an error without words")
                    .to_owned(),
            }),
        }
    }
}

/// A project as the API names it: its number, or its path with every slash encoded.
fn project(repository: &RepositoryName) -> String {
    match repository.project {
        Some(number) => number.to_string(),
        None => utf8_percent_encode(&repository.path, NON_ALPHANUMERIC).to_string(),
    }
}
