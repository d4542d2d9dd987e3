//! How people are told beside the page: chat, mail, a webhook, issues.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::secret_source::SecretSource;

/// One way to people.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct Notify {
    /// Its name; what could not be sent yet waits for it. Default: its kind, and where it leads.
    pub name: Option<String>,
    /// Which way.
    #[serde(flatten)]
    pub way: Way,
}

/// Which way.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Way {
    /// Slack's incoming webhook, whose address is a credential.
    Slack {
        /// Its address.
        url: SecretSource,
    },
    /// Microsoft Teams: the webhook of a workflow, whose address is a credential.
    Teams {
        /// Its address.
        url: SecretSource,
    },
    /// A server of your own: JSON, signed in `X-Leakward-Signature`.
    Webhook {
        /// Where to.
        url: SecretSource,
        /// What it is signed with.
        key: SecretSource,
    },
    /// An issue on GitHub.
    GithubIssue {
        /// Where the REST API is.
        #[serde(default = "super::hosts::github_api")]
        api: String,
        /// `owner/name`.
        repository: String,
        /// A token that may write issues.
        token: SecretSource,
    },
    /// An issue on GitLab.
    GitlabIssue {
        /// Where the REST API is.
        #[serde(default = "gitlab_api")]
        api: String,
        /// The project's number or path.
        project: String,
        /// A token that may write issues.
        token: SecretSource,
    },
}

fn gitlab_api() -> String {
    "https://gitlab.com/api/v4".to_owned()
}

impl Notify {
    /// What its messages wait for.
    #[must_use]
    pub fn name(&self) -> String {
        if let Some(name) = &self.name {
            return name.clone();
        }
        match &self.way {
            Way::Slack { .. } => "slack".to_owned(),
            Way::Teams { .. } => "teams".to_owned(),
            Way::Webhook { .. } => "webhook".to_owned(),
            Way::GithubIssue { repository, .. } => format!("github-issue {repository}"),
            Way::GitlabIssue { project, .. } => format!("gitlab-issue {project}"),
        }
    }

    /// The secrets that it needs.
    pub(super) fn secrets(&self) -> Vec<&SecretSource> {
        match &self.way {
            Way::Slack { url } | Way::Teams { url } => vec![url],
            Way::Webhook { url, key } => vec![url, key],
            Way::GithubIssue { token, .. } | Way::GitlabIssue { token, .. } => vec![token],
        }
    }
}
