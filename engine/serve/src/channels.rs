//! From the configuration to the ways on which people are told.

use leakward_respond::notify::{Channel, ChannelKind};

use crate::config::{Notify, Way};
use crate::secret_source::SecretError;

/// Why people cannot be told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotReady {
    /// A secret.
    #[error(transparent)]
    Secret(#[from] SecretError),
}

/// The channels that are configured. What waits for one is sent when its name comes back.
pub(crate) fn channels(configured: &[Notify]) -> Result<Vec<Channel>, NotReady> {
    let channel = |one: &Notify| {
        Ok(Channel {
            name: one.name(),
            kind: kind(&one.way)?,
        })
    };
    configured.iter().map(channel).collect()
}

fn kind(way: &Way) -> Result<ChannelKind, NotReady> {
    Ok(match way {
        Way::Slack { url } => ChannelKind::Slack { url: url.read()? },
        Way::Teams { url } => ChannelKind::Teams { url: url.read()? },
        Way::Webhook { url, key } => ChannelKind::Webhook {
            url: url.read()?,
            key: key.read()?,
        },
        Way::GithubIssue {
            api,
            repository,
            token,
        } => ChannelKind::GithubIssue {
            api: api.trim_end_matches('/').to_owned(),
            repository: repository.clone(),
            token: token.read()?,
        },
        Way::GitlabIssue {
            api,
            project,
            token,
        } => ChannelKind::GitlabIssue {
            api: api.trim_end_matches('/').to_owned(),
            project: project.clone(),
            token: token.read()?,
        },
    })
}
