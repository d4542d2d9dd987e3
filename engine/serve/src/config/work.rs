//! What is done with a leak: how it is looked for, verified and responded to.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::Notify;
use crate::secret_source::SecretSource;

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
    /// How people are told what was done, what waits for them, and what went wrong.
    pub notify: Vec<Notify>,
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
