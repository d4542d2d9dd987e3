//! What the operator decided: a TOML file, and a few environment variables over it.
//!
//! INVARIANT: the file holds no secret: each is named by a file or an environment variable ([`SecretSource`]).

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

use crate::secret_source::SecretSource;

/// LIMIT: bytes of a configuration file.
const LARGEST: u64 = 1 << 20;

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

/// Sizes and paces.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Bytes of a body. GitHub sends at most 25 MB.
    pub body_bytes: usize,
    /// Deliveries a second from one source, in the long run; three times as many at once.
    pub deliveries_per_second: f64,
    /// Refused deliveries a minute from one address, before it is not listened to.
    pub refusals_per_minute: f64,
    /// Deliveries that may wait before others are turned away.
    pub waiting: i64,
    /// Deliveries that are worked on at the same time.
    pub workers: usize,
    /// How often a delivery is tried before a person has to look.
    pub attempts: i64,
    /// Bytes of all mirrors together.
    pub mirror_bytes: u64,
    /// Days that a finished delivery's id keeps replays out.
    pub remember_days: u64,
    /// Connections at the same time.
    pub connections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 25 << 20,
            deliveries_per_second: 5_000.0,
            refusals_per_minute: 60.0,
            waiting: 100_000,
            workers: 4,
            attempts: 8,
            mirror_bytes: 20 << 30,
            remember_days: 30,
            connections: 2_048,
        }
    }
}

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

/// What somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Look.
    Viewer,
    /// Also approve, reject and close.
    Approver,
    /// Also try parked deliveries again.
    Admin,
}

impl Role {
    /// The word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Approver => "approver",
            Self::Admin => "admin",
        }
    }

    /// The role of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Viewer, Self::Approver, Self::Admin]
            .into_iter()
            .find(|role| role.as_str() == word)
    }
}

/// Who may look and decide.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Login {
    /// Whether a link for one log-in as admin is printed at the start. Default: when there is no other way in.
    pub one_time: Option<bool>,
    /// OpenID Connect.
    pub oidc: Option<Oidc>,
    /// Tokens for programs.
    pub tokens: Vec<ApiToken>,
    /// Hours until one has to log in again.
    pub session_hours: u64,
}

impl Default for Login {
    fn default() -> Self {
        Self {
            one_time: None,
            oidc: None,
            tokens: Vec::new(),
            session_hours: 12,
        }
    }
}

/// A token for programs.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiToken {
    /// Whose it is, as decisions are signed.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The token.
    pub token: SecretSource,
}

/// OpenID Connect.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Oidc {
    /// The issuer, as it names itself.
    pub issuer: String,
    /// Our id there.
    pub client_id: String,
    /// Our secret there; none for a public client.
    pub client_secret: Option<SecretSource>,
    /// What is asked for beside `openid`.
    #[serde(default = "oidc_scopes")]
    pub scopes: Vec<String>,
    /// The claim that says in which groups somebody is.
    #[serde(default = "groups_claim")]
    pub groups_claim: String,
    /// Groups, or mail addresses that the issuer has verified, with their roles. Who is in none has no access.
    pub roles: std::collections::BTreeMap<String, Role>,
}

/// How scans are done.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Scan {
    /// A `leakward.toml` that holds for all repositories. Those of pushed commits never count.
    pub config: Option<PathBuf>,
    /// More rules.
    pub rules: Vec<PathBuf>,
    /// Threads of one scan. Default: one for each processor.
    pub threads: Option<usize>,
}

/// How credentials are verified.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Verify {
    /// Servers in the place of those that rules name: `github=https://ghe.corp/api/v3`.
    pub endpoints: Vec<String>,
    /// Hosts that stand beside a credential are asked too. Whoever wrote the text chose them.
    pub found_hosts: bool,
    /// Private addresses may be connected to.
    pub allow_private: bool,
    /// Certificates that are trusted beside the system's.
    pub ca_file: Option<PathBuf>,
}

/// How leaks are responded to.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Response {
    /// What may run without a person, in Rego. Default: the policy that comes with the program.
    pub policy: Option<PathBuf>,
    /// How long old and new stay valid together, in seconds.
    pub grace_seconds: u64,
    /// Connected stores, by their names.
    pub stores: std::collections::BTreeMap<String, StoreTable>,
    /// Whom we act as at providers, by the names that rules use.
    pub identities: std::collections::BTreeMap<String, SecretSource>,
}

/// A connected store.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct StoreTable {
    /// `KIND:PLACE`, as in docs/stores.md.
    pub url: String,
    /// Its options.
    #[serde(flatten)]
    pub options: std::collections::BTreeMap<String, String>,
}

/// Logs and traces.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Telemetry {
    /// Which log lines are written: `info`, `leakward_serve=debug,info`.
    pub log: String,
    /// `json` or `text`.
    pub format: LogFormat,
    /// Where spans are sent by OTLP over HTTP: `http://127.0.0.1:4318`.
    pub otlp: Option<String>,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self {
            log: "info".to_owned(),
            format: LogFormat::Json,
            otlp: None,
        }
    }
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object a line.
    #[default]
    Json,
    /// For people.
    Text,
}

fn github_url() -> String {
    "https://github.com".to_owned()
}

fn github_api() -> String {
    "https://api.github.com".to_owned()
}

fn gitlab_url() -> String {
    "https://gitlab.com".to_owned()
}

fn clock_skew() -> u64 {
    300
}

fn oidc_scopes() -> Vec<String> {
    ["profile", "email"].map(str::to_owned).to_vec()
}

fn groups_claim() -> String {
    "groups".to_owned()
}

/// Why the configuration cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{file}: {reason}")]
    Unreadable {
        /// The file.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// The file is not understood.
    #[error("{file}: {reason}")]
    Malformed {
        /// The file.
        file: String,
        /// What is wrong, with its line.
        reason: String,
    },
    /// A value makes no sense.
    #[error("{name}: {reason}")]
    Value {
        /// The setting.
        name: String,
        /// What is wrong.
        reason: String,
    },
}

impl Config {
    /// The JSON schema of the file: for editors, and for the reference page that is made of it.
    #[must_use]
    pub fn schema() -> schemars::Schema {
        schemars::schema_for!(Self)
    }

    /// Reads `file`, when one is named, and the environment over it.
    ///
    /// # Errors
    /// When the file cannot be read or understood, or a value makes no sense.
    pub fn load(
        file: Option<&Path>,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let mut config = match file {
            Some(file) => Self::read(file)?,
            None => Self::default(),
        };
        config.take(environment)?;
        config.check()?;
        Ok(config)
    }

    fn read(file: &Path) -> Result<Self, ConfigError> {
        let name = file.display().to_string();
        let unreadable = |reason: String| ConfigError::Unreadable {
            file: name.clone(),
            reason,
        };
        let size = std::fs::metadata(file)
            .map_err(|error| unreadable(error.to_string()))?
            .len();
        if size > LARGEST {
            return Err(unreadable(format!(
                "{size} bytes are too many for a configuration"
            )));
        }
        let text = std::fs::read_to_string(file).map_err(|error| unreadable(error.to_string()))?;
        toml::from_str(&text).map_err(|error| ConfigError::Malformed {
            file: name,
            reason: error.to_string(),
        })
    }

    fn take(&mut self, environment: impl Fn(&str) -> Option<String>) -> Result<(), ConfigError> {
        if let Some(text) = environment("LEAKWARD_SERVE_LISTEN") {
            self.listen = text.parse().map_err(|_| ConfigError::Value {
                name: "LEAKWARD_SERVE_LISTEN".to_owned(),
                reason: format!("{text:?} is not ADDRESS:PORT"),
            })?;
        }
        if let Some(text) = environment("LEAKWARD_SERVE_PUBLIC_URL") {
            self.public_url = Some(text);
        }
        if let Some(text) = environment("LEAKWARD_SERVE_DATA_DIR") {
            self.data_dir = PathBuf::from(text);
        }
        if let Some(text) = environment("LEAKWARD_SERVE_DATABASE") {
            self.database = Some(Address::Plain(text));
        }
        if let Some(text) = environment("LEAKWARD_SERVE_LOG") {
            self.telemetry.log = text;
        }
        if let Some(text) = environment("OTEL_EXPORTER_OTLP_ENDPOINT") {
            self.telemetry.otlp = Some(text);
        }
        Ok(())
    }

    fn check(&self) -> Result<(), ConfigError> {
        let wrong = |name: &str, reason: &str| ConfigError::Value {
            name: name.to_owned(),
            reason: reason.to_owned(),
        };
        let without_secrets = [
            (
                "github.webhook_secrets",
                self.github
                    .as_ref()
                    .map(|one| one.webhook_secrets.is_empty()),
            ),
            (
                "gitlab.webhook_tokens",
                self.gitlab
                    .as_ref()
                    .map(|one| one.webhook_tokens.is_empty()),
            ),
            (
                "gitea.webhook_secrets",
                self.gitea
                    .as_ref()
                    .map(|one| one.webhook_secrets.is_empty()),
            ),
            (
                "leaks.secrets",
                self.leaks.as_ref().map(|one| one.secrets.is_empty()),
            ),
            (
                "pre_receive.tokens",
                self.pre_receive.as_ref().map(|one| one.tokens.is_empty()),
            ),
        ];
        if let Some((name, _)) = without_secrets
            .iter()
            .find(|(_, empty)| *empty == Some(true))
        {
            return Err(wrong(
                name,
                "at least one is needed: unsigned deliveries are never taken",
            ));
        }
        if self.limits.workers == 0 || self.limits.attempts < 1 || self.limits.connections == 0 {
            return Err(wrong(
                "limits",
                "workers, attempts and connections are at least 1",
            ));
        }
        if let Some(github) = &self.github
            && github.tell.contains(&Tell::Check)
            && github.app.is_none()
        {
            return Err(wrong(
                "github.tell",
                "check runs are for GitHub Apps: give [github.app], or use \"status\"",
            ));
        }
        if let Some(url) = &self.public_url
            && !(url.starts_with("https://") || url.starts_with("http://"))
        {
            return Err(wrong("public_url", "it begins with https:// or http://"));
        }
        Ok(())
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
        let oidc = oidc.chain(identities);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("serve.toml");
        std::fs::write(&file, text).unwrap();
        Config::load(Some(&file), |_| None)
    }

    #[test]
    fn repositories_are_served_by_name_by_owner_or_all_and_case_does_not_count() {
        let config = read("repositories = ['acme/*', 'Other/One', 'deep/*/x']").unwrap();
        for served in ["acme/a", "ACME/b/c", "other/one", "deep/a/x"] {
            assert!(config.serves(served), "{served}");
        }
        for unknown in ["acme", "acmee/a", "other/two", "other/one2", "deep/x", ""] {
            assert!(!config.serves(unknown), "{unknown}");
        }
        assert!(!Config::default().serves("acme/a"));
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("serve.toml");
        std::fs::write(&file, "listen = '127.0.0.1:1'").unwrap();
        let environment =
            |name: &str| (name == "LEAKWARD_SERVE_LISTEN").then(|| "127.0.0.1:2".to_owned());
        let config = Config::load(Some(&file), environment).unwrap();
        assert_eq!(config.listen.port(), 2);
        let wrong = |name: &str| (name == "LEAKWARD_SERVE_LISTEN").then(|| "here".to_owned());
        assert!(
            Config::load(None, wrong)
                .unwrap_err()
                .to_string()
                .contains("LEAKWARD_SERVE_LISTEN")
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, named) in [
            ("listne = '127.0.0.1:1'", "listne"),
            ("[github]\nwebhook_secrets = []", "github.webhook_secrets"),
            ("[leaks]\nsecrets = []", "leaks.secrets"),
            ("[limits]\nworkers = 0", "workers"),
            ("public_url = 'leakward.corp'", "public_url"),
            (
                "[github]\nwebhook_secrets = [{env = 'X'}]\ntell = ['check']",
                "github.tell",
            ),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
    }
}
