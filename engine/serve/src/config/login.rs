//! Who may look and decide, and how it is known that it is they.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::secret_source::SecretSource;

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

fn oidc_scopes() -> Vec<String> {
    ["profile", "email"].map(str::to_owned).to_vec()
}

fn groups_claim() -> String {
    "groups".to_owned()
}
