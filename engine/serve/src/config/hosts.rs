//! Who sends deliveries: code hosts, and others. Addresses, tokens, and what is told back.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::secret_source::SecretSource;

/// What is told to the code host about a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Tell {
    /// A commit status.
    Status,
    /// A check run; GitHub Apps only.
    Check,
    /// A comment on the commit.
    Comment,
}

/// GitHub, or a GitHub Enterprise Server.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GitHub {
    /// The secrets that webhooks are signed with; several while one is being changed.
    pub webhook_secrets: Vec<SecretSource>,
    /// Where repositories are cloned from.
    #[serde(default = "github_url")]
    pub url: String,
    /// Where the REST API is.
    #[serde(default = "github_api")]
    pub api: String,
    /// A token for both.
    pub token: Option<SecretSource>,
    /// An App, whose installations give tokens for both.
    pub app: Option<GitHubApp>,
    /// What is told about commits.
    #[serde(default)]
    pub tell: Vec<Tell>,
}

/// A GitHub App.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GitHubApp {
    /// Its id, or its client id.
    pub id: String,
    /// Its private key, in PEM.
    pub key: SecretSource,
}

/// GitLab.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GitLab {
    /// The tokens that webhooks carry.
    pub webhook_tokens: Vec<SecretSource>,
    /// Where it is.
    #[serde(default = "gitlab_url")]
    pub url: String,
    /// Where its API is, when that is another address: `https://gitlab-internal.corp`.
    pub api: Option<String>,
    /// A token for the API and for cloning.
    pub token: Option<SecretSource>,
    /// What is told about commits.
    #[serde(default)]
    pub tell: Vec<Tell>,
}

/// Gitea or Forgejo.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Gitea {
    /// The secrets that webhooks are signed with.
    pub webhook_secrets: Vec<SecretSource>,
    /// Where it is.
    pub url: String,
    /// A token for the API and for cloning.
    pub token: Option<SecretSource>,
    /// What is told about commits.
    #[serde(default)]
    pub tell: Vec<Tell>,
}

/// Anything else that posts leaks.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Leaks {
    /// The secrets that posts are signed with.
    pub secrets: Vec<SecretSource>,
    /// Seconds that a sender's clock may be off.
    #[serde(default = "clock_skew")]
    pub clock_skew_seconds: u64,
}

/// Git servers that ask before they take a push.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PreReceive {
    /// Tokens of those servers.
    pub tokens: Vec<SecretSource>,
}

fn github_url() -> String {
    "https://github.com".to_owned()
}

pub(super) fn github_api() -> String {
    "https://api.github.com".to_owned()
}

fn gitlab_url() -> String {
    "https://gitlab.com".to_owned()
}

fn clock_skew() -> u64 {
    300
}
