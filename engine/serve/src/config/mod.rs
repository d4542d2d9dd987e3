//! What the operator decided: a TOML file, and a few environment variables over it.
//!
//! INVARIANT: the file holds no secret: each is named by a file or an environment variable ([`SecretSource`]).

use std::net::SocketAddr;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::secret_source::SecretSource;

mod hosts;
mod limits;
mod login;
mod notify;
mod reading;
mod telemetry;
mod work;

pub(crate) use hosts::{GitHub, GitLab, Gitea, Leaks, PreReceive, Tell};
pub(crate) use limits::Limits;
pub(crate) use login::{ApiToken, Login, Oidc, Role};
pub(crate) use notify::{Notify, Way};
pub use reading::ConfigError;
pub(crate) use telemetry::{LogFormat, Telemetry};
pub(crate) use work::{Response, Scan, StoreTable, Verify};

/// What the operator decided.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where the service listens.
    pub listen: SocketAddr,
    /// The address that people and code hosts use; default: where it listens.
    pub public_url: Option<String>,
    /// Where everything is kept: database, key, mirrors, audit log.
    pub data_dir: PathBuf,
    /// A file for SQLite, `postgres://…`, or where such an address is read from. Default: `leakward.db` in `data_dir`.
    pub database: Option<Address>,
    /// The key that the queue is sealed with. Default: `serve.key` in `data_dir`, made at the first start.
    pub key_file: Option<PathBuf>,
    /// Which repositories are served: `owner/name`, `owner/*`, `*`.
    pub repositories: Vec<String>,
    /// Reverse proxies that say in `X-Forwarded-For` whom they speak for.
    pub trusted_proxies: Vec<std::net::IpAddr>,
    /// TLS, when no proxy does it.
    pub tls: Option<Tls>,
    /// Sizes and paces.
    pub limits: Limits,
    /// GitHub, or a GitHub Enterprise Server.
    pub github: Option<GitHub>,
    /// GitLab.
    pub gitlab: Option<GitLab>,
    /// Gitea or Forgejo.
    pub gitea: Option<Gitea>,
    /// Anything else that posts leaks.
    pub leaks: Option<Leaks>,
    /// Git servers that ask before they take a push.
    pub pre_receive: Option<PreReceive>,
    /// Who may look and decide.
    pub login: Login,
    /// How scans are done.
    pub scan: Scan,
    /// How credentials are verified.
    pub verify: Verify,
    /// How leaks are responded to. Without it, incidents are written down and nothing is changed.
    pub response: Option<Response>,
    /// Logs and traces.
    pub telemetry: Telemetry,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8686)),
            public_url: None,
            data_dir: PathBuf::from("/var/lib/leakward"),
            database: None,
            key_file: None,
            repositories: Vec::new(),
            trusted_proxies: Vec::new(),
            tls: None,
            limits: Limits::default(),
            github: None,
            gitlab: None,
            gitea: None,
            leaks: None,
            pre_receive: None,
            login: Login::default(),
            scan: Scan::default(),
            verify: Verify::default(),
            response: None,
            telemetry: Telemetry::default(),
        }
    }
}

/// An address that may hold a password.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Address {
    /// As it is written.
    Plain(String),
    /// Read from somewhere else.
    Secret(SecretSource),
}

/// Files for TLS, in PEM.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The certificate and those above it.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl Config {
    /// The JSON schema of the file: for editors, and for the reference page that is made of it.
    #[must_use]
    pub fn schema() -> schemars::Schema {
        schemars::schema_for!(Self)
    }

    /// Reads every secret that is named, to say now what would be missing later.
    ///
    /// # Errors
    /// The first that cannot be read.
    pub fn check_secrets(&self) -> Result<(), crate::secret_source::SecretError> {
        let github = self.github.iter().flat_map(|one| {
            let app = one.app.iter().map(|app| &app.key);
            one.webhook_secrets.iter().chain(&one.token).chain(app)
        });
        let gitlab = self
            .gitlab
            .iter()
            .flat_map(|one| one.webhook_tokens.iter().chain(&one.token));
        let gitea = self
            .gitea
            .iter()
            .flat_map(|one| one.webhook_secrets.iter().chain(&one.token));
        let leaks = self.leaks.iter().flat_map(|one| &one.secrets);
        let servers = self.pre_receive.iter().flat_map(|one| &one.tokens);
        let tokens = self.login.tokens.iter().map(|one| &one.token);
        let oidc = self.login.oidc.iter().flat_map(|one| &one.client_secret);
        let identities = self.response.iter().flat_map(|one| one.identities.values());
        let people = self.response.iter().flat_map(|one| &one.notify);
        let people = people.flat_map(Notify::secrets);
        let oidc = oidc.chain(identities).chain(people);
        let hosts = github
            .chain(gitlab)
            .chain(gitea)
            .chain(leaks)
            .chain(servers);
        hosts
            .chain(tokens)
            .chain(oidc)
            .try_for_each(|source| source.read().map(drop))
    }

    /// The address that people use, without a slash at its end.
    #[must_use]
    pub fn public_url(&self) -> String {
        match &self.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None if self.tls.is_some() => format!("https://{}", self.listen),
            None => format!("http://{}", self.listen),
        }
    }

    /// Whether a repository is served.
    #[must_use]
    pub fn serves(&self, repository: &str) -> bool {
        let name = repository.to_ascii_lowercase();
        self.repositories
            .iter()
            .any(|pattern| matches(&pattern.to_ascii_lowercase(), &name))
    }
}

/// Whether `name` fits `pattern`, in which `*` stands for anything.
fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    true
}
