//! A rule: what one type of credential looks like, and what is known about it.
//!
//! Rules are data. They come from `rules/providers/*.toml` (embedded at build time as constants, hence the
//! `Cow`s: a built-in rule costs neither parsing nor memory) or from a user's file of the same format. This module
//! knows only their shape: reading TOML is the rules crate's work, matching is detection's.

use std::borrow::Cow;
use std::fmt;

use crate::action::Action;
use crate::exception::Foreign;
use crate::finding::Severity;
use crate::verification::Verification;

/// Text that is either embedded in the program or was read from a user's file.
pub type Text = Cow<'static, str>;

/// A list that is either embedded in the program or was read from a user's file.
pub type List<T> = Cow<'static, [T]>;

/// A rule's name: lower-case words joined by dashes, unique in a rule set.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RuleId(pub Text);

impl RuleId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for RuleId {
    fn from(id: &str) -> Self {
        Self(Cow::Owned(id.to_owned()))
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// How a rule finds its credential.
#[derive(Clone, Debug, PartialEq)]
pub enum Find {
    /// The credential's own text is recognisable.
    Pattern(Pattern),
    /// The credential is a bare value that means something only near a name.
    Keyword(Keyword),
    /// A detector written in Rust, for what a pattern cannot say.
    Native(Native),
    /// An expression of another tool's rule, run over a whole file.
    Sweep(Sweep),
    /// The path of a file says that it should not be there, whatever is in it.
    Path(PathPattern),
}

/// An expression that is run over a whole file as soon as one of its keywords stands anywhere in it: how other tools
/// apply their rules. What it matches is reported; there is no judge to convince.
#[derive(Clone, Debug, PartialEq)]
pub struct Sweep {
    /// Texts, in any case, of which one stands in the file. None: every file is looked at.
    pub keywords: List<Text>,
    /// Regular expression over bytes, Unicode off.
    pub regex: Text,
    /// Which group is the credential.
    pub group: SweepGroup,
}

/// Which group of a [`Sweep`]'s expression is the credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SweepGroup {
    /// The first one that is not empty; the whole match when there is none.
    FirstFilled,
    /// This one; 0 is the whole match.
    Number(u8),
}

/// A path that says enough by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct PathPattern {
    /// Regular expression that matches somewhere in the path.
    pub regex: Text,
}

/// A credential whose own text is recognisable.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    /// Texts of which at least one is in every match; case matters unless `ignore_case`.
    pub literals: List<Text>,
    /// Whether literals match in any case. (The expression says `(?i)` for itself.)
    pub ignore_case: bool,
    /// Regular expression over bytes, Unicode off; linear-time constructs only.
    pub regex: Text,
    /// Capture group that holds the credential; 0 is the whole match.
    pub group: u8,
    /// What must not stand directly before and after the credential.
    pub boundary: Boundary,
}

/// A bare value near a name.
#[derive(Clone, Debug, PartialEq)]
pub struct Keyword {
    /// Names, in any case, of which one stands before the value: `heroku`, `ocp-apim-subscription-key`. A space,
    /// dash, underscore or dot in a keyword matches any one of them, or nothing (`api_key` fits `apiKey`).
    pub keywords: List<Text>,
    /// Regular expression that the whole value matches.
    pub value: Text,
    /// Farthest distance from the keyword's end to the value's start, in bytes.
    pub within: u16,
}

/// The detectors written in Rust that a rule can name. Detection holds itself to the list by a test.
pub const NATIVE_DETECTORS: [&str; 5] = [
    "assignment",
    "url-password",
    "private-key",
    "authorization-header",
    "call-arguments",
];

/// A detector written in Rust.
#[derive(Clone, Debug, PartialEq)]
pub struct Native {
    /// Which one, by the name that detection registers it under: `assignment`, `url-password`, `private-key` …
    pub detector: Text,
    /// Prefilter literals, in any case.
    pub literals: List<Text>,
    /// Names that the detector looks for, where it needs such: `password`, `secret` …
    pub names: List<Text>,
}

/// What must not stand directly beside a match, so that it is not a cut-out of something longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Boundary {
    /// No letter, digit or underscore on either side. Escapes such as `\n` and `%3D` before the match are
    /// seen as what they stand for.
    #[default]
    Word,
    /// No character of the base64 alphabets on either side (letters, digits, `+ / = _ -`).
    Base64,
    /// Anything may stand beside it.
    None,
}

/// A test over the credential's own characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Checksum {
    /// CRC-32 in base62, six characters at the end: GitHub, npm.
    GithubCrc32,
    /// GitLab routable tokens.
    GitlabRoutable,
    /// Grafana service-account tokens.
    GrafanaCrc32,
    /// Atlassian and Bitbucket tokens.
    AtlassianCrc32,
    /// Cloudflare tokens of 2026.
    CloudflareCrc32,
    /// Zuplo keys.
    ZuploCrc32,
    /// Azure keys with a four-character mark before their last six characters.
    AzureMarvin,
    /// Azure 84-character keys.
    AzureAnnotated,
    /// Azure DevOps tokens of 52 characters.
    AzureDevopsCrc32,
    /// Entra client secrets; raises confidence only.
    EntraMarvin,
    /// PyPI macaroons.
    PypiMacaroon,
    /// Bech32: age identities, Nostr secrets.
    Bech32,
    /// Base58Check: Bitcoin WIF, extended private keys.
    Base58Check,
    /// Stellar seeds.
    StellarCrc16,
    /// NATS seeds.
    NatsCrc16,
    /// OpenPGP armour.
    PgpCrc24,
    /// Base32 with a plausible account number: AWS key ids.
    AwsKeyId,
    /// A JSON Web Token whose header is JSON and names an algorithm.
    Jwt,
    /// A PEM block whose body decodes to DER, or an OpenSSH or PuTTY key.
    PrivateKey,
    /// First part is the base64 of a snowflake number: Discord.
    DiscordSnowflake,
    /// The part after the prefix decodes to JSON.
    Base64Json,
    /// Decodes to `user:password`.
    BasicAuth,
    /// Luhn's digit sum.
    Luhn,
    /// A protocol buffer that parses to its last byte: Vault's long service tokens. Short ones have none.
    VaultProtobuf,
    /// Decodes to a name and a secret: AWS Bedrock.
    BedrockKey,
    /// Decodes to a version and a signature: Amazon SES.
    SesSmtp,
    /// Decodes to a mark, a version, an expiry and a secret: JFrog.
    JfrogReference,
    /// Decodes to a number and twenty bytes: Jira, Confluence, Bitbucket Data Center.
    AtlassianDataCenter,
    /// Five bits of the key are fixed; raises confidence only: WireGuard.
    WireguardClamp,
    /// DER of a sequence, version 3, and a content type of PKCS#7: PKCS#12 key stores.
    Pkcs12,
}

impl Checksum {
    /// Every kind with the name used in rule files. One line for each kind, and nowhere else.
    pub const ALL: &'static [(&'static str, Checksum)] = &[
        ("github-crc32", Self::GithubCrc32),
        ("gitlab-routable", Self::GitlabRoutable),
        ("grafana-crc32", Self::GrafanaCrc32),
        ("atlassian-crc32", Self::AtlassianCrc32),
        ("cloudflare-crc32", Self::CloudflareCrc32),
        ("zuplo-crc32", Self::ZuploCrc32),
        ("azure-marvin", Self::AzureMarvin),
        ("azure-annotated", Self::AzureAnnotated),
        ("azure-devops-crc32", Self::AzureDevopsCrc32),
        ("entra-marvin", Self::EntraMarvin),
        ("pypi-macaroon", Self::PypiMacaroon),
        ("bech32", Self::Bech32),
        ("base58check", Self::Base58Check),
        ("stellar-crc16", Self::StellarCrc16),
        ("nats-crc16", Self::NatsCrc16),
        ("pgp-crc24", Self::PgpCrc24),
        ("aws-key-id", Self::AwsKeyId),
        ("jwt", Self::Jwt),
        ("private-key", Self::PrivateKey),
        ("discord-snowflake", Self::DiscordSnowflake),
        ("base64-json", Self::Base64Json),
        ("basic-auth", Self::BasicAuth),
        ("luhn", Self::Luhn),
        ("vault-protobuf", Self::VaultProtobuf),
        ("bedrock-key", Self::BedrockKey),
        ("ses-smtp", Self::SesSmtp),
        ("jfrog-reference", Self::JfrogReference),
        ("atlassian-data-center", Self::AtlassianDataCenter),
        ("wireguard-clamp", Self::WireguardClamp),
        ("pkcs12", Self::Pkcs12),
    ];

    /// The name used in rule files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, kind)| *kind == self)
            .map_or("", |(name, _)| name)
    }
}

/// What a match of the rule means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Class {
    /// It is a credential: report it.
    #[default]
    Secret,
    /// It is public or an id; it is never reported itself, but can be the companion of a credential.
    Identifier,
}

/// Another value that belongs to the credential: the key id of a secret, the host of a token.
#[derive(Clone, Debug, PartialEq)]
pub struct Companion {
    /// What it is called where it is used: `id`, `host`, `account`.
    pub name: Text,
    /// The rule that finds it.
    pub rule: Text,
    /// Farthest distance in lines, before or after.
    pub within_lines: u16,
    /// Whether the credential means nothing without it. When not, it only raises confidence.
    pub required: bool,
}

/// What is known not to be a leak although it matches.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Allow {
    /// Regular expressions over the credential.
    pub values: List<Text>,
    /// Words in the credential, in any case, that mark a sample.
    pub words: List<Text>,
    /// Globs over paths.
    pub paths: List<Text>,
}

/// One type of credential.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Unique name.
    pub id: RuleId,
    /// Who issues it.
    pub provider: Text,
    /// What it is, for people.
    pub title: Text,
    /// How bad a live one usually is.
    pub severity: Severity,
    /// Credential or mere identifier.
    pub class: Class,
    /// How it is found.
    pub find: Find,
    /// Least Shannon entropy in bits per byte; 0 where it does not matter.
    pub min_entropy: f32,
    /// A test over its own characters.
    pub checksum: Option<Checksum>,
    /// When two rules match the same text the higher one wins. Provider rules have 100, keyword rules 50,
    /// generic rules 10, unless they say otherwise.
    pub specificity: u8,
    /// Values that belong to it.
    pub companions: List<Companion>,
    /// Known not to be a leak.
    pub allow: Allow,
    /// Globs: when there are any, only files with such a path are looked at.
    pub paths: List<Text>,
    /// Documentation of this type of credential.
    pub docs_url: Option<Text>,
    /// Page where a person revokes it.
    pub revoke_url: Option<Text>,
    /// How to ask whether it still works.
    pub verify: Option<Verification>,
    /// How it is taken away.
    pub revoke: Option<Action>,
    /// How a successor is made.
    pub rotate: Option<Action>,
    /// Templates from which tests make texts that must be found.
    pub samples: List<Text>,
    /// Templates from which tests make texts that must not be found.
    pub near_misses: List<Text>,
    /// What another tool's file says about it.
    pub foreign: Option<Box<Foreign>>,
}

/// PERF: the loader writes to every page of the table of the built-in rules when the program starts.
const _: () = assert!(size_of::<Rule>() <= 1024, "a rule is too large");

impl Rule {
    /// Whether it works as another tool's rules do: what it matches is reported as it is.
    #[must_use]
    pub fn is_foreign(&self) -> bool {
        matches!(self.find, Find::Sweep(_) | Find::Path(_))
    }
}
