//! The code hosts that are configured, behind one face.

use leakward_sources::git::clone::{Credentials, RemoteUrl};

use super::error::HostError;
use super::gitea::Gitea;
use super::github::{AlertState, GitHub};
use super::gitlab::GitLab;
use crate::config::Config;
use crate::work::{HostKind, RepositoryName, Told};

/// The code hosts that are configured.
pub(crate) struct Hosts {
    github: Option<GitHub>,
    gitlab: Option<GitLab>,
    gitea: Option<Gitea>,
}

impl Hosts {
    /// As configured. Reads tokens and keys.
    pub(crate) fn new(config: &Config) -> Result<Self, HostError> {
        Ok(Self {
            github: config.github.as_ref().map(GitHub::new).transpose()?,
            gitlab: config.gitlab.as_ref().map(GitLab::new).transpose()?,
            gitea: config.gitea.as_ref().map(Gitea::new).transpose()?,
        })
    }

    /// Where to clone a repository from, and who we are there.
    pub(crate) async fn remote(&self, repository: &RepositoryName) -> Result<RemoteUrl, HostError> {
        match repository.host {
            HostKind::Github => {
                of(self.github.as_ref(), repository)?
                    .remote(repository)
                    .await
            }
            HostKind::Gitlab => of(self.gitlab.as_ref(), repository)?.remote(repository),
            HostKind::Gitea => of(self.gitea.as_ref(), repository)?.remote(repository),
        }
    }

    /// Tells a host something. `page` is where people can read more.
    pub(crate) async fn tell(
        &self,
        repository: &RepositoryName,
        told: &Told,
        page: &str,
    ) -> Result<(), HostError> {
        match repository.host {
            HostKind::Github => {
                of(self.github.as_ref(), repository)?
                    .tell(repository, told, page)
                    .await
            }
            HostKind::Gitlab => {
                of(self.gitlab.as_ref(), repository)?
                    .tell(repository, told, page)
                    .await
            }
            HostKind::Gitea => {
                of(self.gitea.as_ref(), repository)?
                    .tell(repository, told, page)
                    .await
            }
        }
    }

    /// An alert of GitHub's secret scanning.
    pub(crate) async fn alert(
        &self,
        repository: &RepositoryName,
        number: u64,
    ) -> Result<AlertState, HostError> {
        of(self.github.as_ref(), repository)?
            .alert(repository, number)
            .await
    }

    /// Which branch of a GitLab project others grow from.
    pub(crate) async fn default_branch(
        &self,
        repository: &RepositoryName,
    ) -> Result<String, HostError> {
        of(self.gitlab.as_ref(), repository)?
            .default_branch(repository)
            .await
    }

    /// Forgets what is known of an installation of a GitHub App.
    pub(crate) fn forget_installation(&self, installation: u64) {
        if let Some(github) = &self.github {
            github.forget(installation);
        }
    }
}

fn of<'h, Host>(
    host: Option<&'h Host>,
    repository: &RepositoryName,
) -> Result<&'h Host, HostError> {
    host.ok_or_else(|| HostError::NotConfigured(format!("{} is not configured", repository.host)))
}

/// The address of a repository below `base`.
pub(super) fn remote(
    base: &str,
    path: &str,
    who: Option<Credentials>,
) -> Result<RemoteUrl, HostError> {
    let url = RemoteUrl::parse(&format!("{base}/{path}.git"))
        .map_err(|error| HostError::NotConfigured(error.to_string()))?;
    Ok(url.or_credentials(who))
}
