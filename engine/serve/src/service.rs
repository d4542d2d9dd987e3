//! What all parts of the running service share.

use std::net::IpAddr;
use std::sync::Arc;

use leakward_respond::Database;

use crate::config::Config;
use crate::eye::Eye;
use crate::host::Hosts;
use crate::login::{ApiTokens, Oidc, OneTime, Sessions};
use crate::metrics::Metrics;
use crate::mirror::Mirrors;
use crate::queue::{Intake, Queue};
use crate::rate_limit::RateLimit;
use crate::response::Response;
use crate::signature::SigningSecrets;

/// What all parts of the running service share.
pub(crate) struct Service {
    /// What the operator decided.
    pub(crate) config: Config,
    /// Incidents, plans, journals, and our own tables.
    pub(crate) database: Database,
    /// What is to be done.
    pub(crate) queue: Queue,
    /// Where deliveries are handed in.
    pub(crate) intake: Intake,
    /// What is counted.
    pub(crate) metrics: Metrics,
    /// What webhooks are signed with.
    pub(crate) secrets: WebhookSecrets,
    /// The code hosts.
    pub(crate) hosts: Hosts,
    /// Copies of their repositories.
    pub(crate) mirrors: Mirrors,
    /// Looks for credentials in texts.
    pub(crate) eye: Eye,
    /// Verifies, decides, acts.
    pub(crate) response: Response,
    /// How often one source may come.
    pub(crate) per_source: RateLimit<&'static str>,
    /// How often one address may be refused.
    pub(crate) refusals: RateLimit<IpAddr>,
    /// Sessions of people.
    pub(crate) sessions: Sessions,
    /// Tokens of programs.
    pub(crate) tokens: ApiTokens,
    /// The link for one log-in.
    pub(crate) one_time: OneTime,
    /// Log-in by OpenID Connect.
    pub(crate) oidc: Option<Oidc>,
    /// The page's templates.
    pub(crate) pages: crate::page::Pages,
}

/// What webhooks are signed with, by their source.
#[derive(Default)]
pub(crate) struct WebhookSecrets {
    /// GitHub.
    pub(crate) github: SigningSecrets,
    /// GitLab; tokens.
    pub(crate) gitlab: SigningSecrets,
    /// Gitea, Forgejo.
    pub(crate) gitea: SigningSecrets,
    /// Anything else.
    pub(crate) leaks: SigningSecrets,
    /// Git servers; tokens.
    pub(crate) pre_receive: SigningSecrets,
}

/// As handlers get it.
pub(crate) type Shared = Arc<Service>;
