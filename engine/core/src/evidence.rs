//! What a verdict rests on: who was asked, when, what came back, and what it says about the credential's owner.
//!
//! INVARIANT: holds no bytes of a credential. Paths are the rule's template with its placeholders, and texts from
//! answers have been searched for the credential before they get here.

/// What a verdict rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// When it was asked, RFC 3339 in UTC.
    pub checked_at: String,
    /// How it is known.
    pub source: EvidenceSource,
    /// Who was asked; none when nobody had to be.
    pub asked: Option<Asked>,
    /// What came back, in one sentence.
    pub summary: String,
    /// Whose it is: account, user, project; name and value.
    pub identity: Vec<(String, String)>,
    /// What it may do.
    pub scopes: Vec<String>,
    /// Until when, as the provider writes it, or RFC 3339.
    pub expires_at: Option<String>,
    /// What it reaches; empty unless the user asked for it.
    pub details: Vec<Reach>,
}

/// One kind of thing that a live credential reaches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// What it is: `repositories`, `organizations`.
    pub name: String,
    /// What they are called, cut to a handful.
    pub items: Vec<String>,
    /// Why the list is not there, or not whole.
    pub note: Option<String>,
}

/// How a verdict is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EvidenceSource {
    /// From the credential's own text.
    #[default]
    Offline,
    /// The provider was asked in this run.
    Provider,
    /// The provider was asked in an earlier run.
    Cache,
}

impl EvidenceSource {
    /// Every source.
    pub const ALL: [Self; 3] = [Self::Offline, Self::Provider, Self::Cache];

    /// The word used in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Offline => "offline",
            Self::Provider => "provider",
            Self::Cache => "cache",
        }
    }
}

/// A question that was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Host and, unless it is the usual one, port.
    pub host: String,
    /// Verb, or the name of the protocol's step.
    pub method: String,
    /// Path as the rule writes it, placeholders not filled in; empty where the protocol has none.
    pub path: String,
    /// The HTTP status, where there is one.
    pub status: Option<u16>,
}
