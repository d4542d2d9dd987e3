//! What would be asked, of whom, before anything is sent.

use leakward_core::{Fingerprint, RuleId};

/// A call that would be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedCall {
    /// The credential.
    pub fingerprint: Fingerprint,
    /// Its rule.
    pub rule: RuleId,
    /// The server that would be asked, or why none would be.
    pub call: Result<Call, NotAsked>,
}

/// Server, verb and path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Call {
    /// Scheme, host and port.
    pub server: String,
    /// The verb, or the protocol's step.
    pub method: String,
    /// The rule's path, placeholders not filled in.
    pub path: String,
}

/// Why nobody is asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAsked {
    /// The rule does not say how.
    #[error("the rule does not say how to verify it")]
    NoDefinition,
    /// A value is missing that the question needs.
    #[error("`{0}` was not found near it; give it with --with {0}=VALUE")]
    NeedsValue(String),
    /// A value cannot stand where it would have to.
    #[error("`{0}` is not of the form that the question needs")]
    UnfitValue(String),
    /// Which server it is, only the user knows.
    #[error("which server it belongs to is not known; give --endpoint {0}=URL")]
    NeedsEndpoint(String),
    /// A server stands beside it, and whoever wrote the text wrote that.
    #[error(
        "it stands beside the host {host}, which is asked only with --endpoint {of}=https://{host} or --allow-found-hosts"
    )]
    FoundHost {
        /// The host.
        host: String,
        /// What to name it for.
        of: String,
    },
    /// The address is not one that may be asked.
    #[error("{0} is not an address that may be asked: https, and http only with --allow-private")]
    BadEndpoint(String),
    /// The credential is a URL of another host than the rule names.
    #[error("it is a URL of another host than the rule names")]
    OtherHost,
    /// Using it would raise an alarm.
    #[error("it is a canary: using it tells its owner; ask with --ask-canaries")]
    Canary,
    /// The user does not want the network.
    #[error("nothing is sent with --offline")]
    Offline,
    /// No such verifier in this version.
    #[error("this version has no verifier called {0}")]
    NoVerifier(String),
    /// The credential itself cannot be used as it is.
    #[error("{0}")]
    Unusable(String),
}
