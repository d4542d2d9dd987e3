//! Gitea's and Forgejo's API: statuses. Neither has comments on commits, nor alerts.

use leakward_core::Secret;
use leakward_sources::git::clone::RemoteUrl;
use reqwest::Method;
use serde_json::json;

use super::api::{Api, Identity};
use super::error::HostError;
use super::github::{credentials, verdict};
use crate::config::Gitea as Settings;
use crate::secret_source::SecretSource;
use crate::work::{RepositoryName, Told};

/// Gitea or Forgejo.
pub(crate) struct Gitea {
    api: Api,
    url: String,
    token: Option<Secret>,
}

impl Gitea {
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
            api: Api::new(&url)?,
            url,
            token,
        })
    }

    /// Where to clone from, and who we are there.
    pub(crate) fn remote(&self, repository: &RepositoryName) -> Result<RemoteUrl, HostError> {
        let who = self
            .token
            .clone()
            .map(|token| credentials("x-access-token", token));
        super::hosts::remote(&self.url, &repository.path, who)
    }

    /// Tells it something.
    pub(crate) async fn tell(
        &self,
        repository: &RepositoryName,
        told: &Told,
        page: &str,
    ) -> Result<(), HostError> {
        let Told::Commit {
            commit,
            leaks,
            complete,
            ..
        } = told
        else {
            return Ok(());
        };
        let (_, state, title) = verdict(*leaks, *complete);
        let path = format!("/api/v1/repos/{}/statuses/{commit}", repository.path);
        let body = json!({"state": state, "context": "leakward", "description": title, "target_url": page});
        let identity = self
            .token
            .clone()
            .map_or(Identity::Nobody, |token| Identity::Bearer("token", token));
        self.api
            .call(Method::POST, &path, &identity, Some(&body))
            .await
            .map(drop)
    }
}
