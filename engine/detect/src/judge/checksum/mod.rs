//! Tests over a credential's own characters, one file for each family.
//!
//! A checksum that fails means "invented or altered": the judge turns the candidate down. Two kinds only ever
//! raise confidence, because older credentials of the same shape do not have them (AWS key ids, Entra secrets).
//! The formats are described in the project's rule documentation; each file names its source.

mod aws;
mod azure_devops;
mod base58;
mod bech32;
mod crc_text;
mod decoded;
mod gitlab;
pub(crate) mod jwt;
#[cfg(test)]
mod laws;
mod luhn;
mod macaroon;
mod marvin;
pub(crate) mod pgp;
pub(crate) mod private_key;
pub(crate) mod putty;
mod radix;
mod str_key;
pub(crate) mod structure;

use leakward_core::rule::Checksum;

/// What a test says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// It holds: chance is ruled out.
    Holds,
    /// It fails: invented or altered.
    Fails,
    /// It says nothing.
    Silent,
}

impl Proof {
    /// A test that proves either way.
    fn of(holds: bool) -> Proof {
        if holds { Proof::Holds } else { Proof::Fails }
    }

    /// A test that proves when it holds, and says nothing when it fails.
    fn raising(holds: bool) -> Proof {
        if holds { Proof::Holds } else { Proof::Silent }
    }
}

/// The password that a credential of this kind is a wrapping of.
pub(crate) fn inner(kind: Option<Checksum>, secret: &[u8]) -> Option<Vec<u8>> {
    match kind? {
        Checksum::BasicAuth => structure::basic_password(secret),
        _ => None,
    }
}

/// Tests `secret`.
pub(crate) fn test(kind: Checksum, secret: &[u8]) -> Proof {
    match kind {
        Checksum::GithubCrc32 => crc_text::github(secret),
        Checksum::GrafanaCrc32 => crc_text::grafana(secret),
        Checksum::AtlassianCrc32 => crc_text::atlassian(secret),
        Checksum::CloudflareCrc32 => crc_text::cloudflare(secret),
        Checksum::ZuploCrc32 => crc_text::zuplo(secret),
        Checksum::GitlabRoutable => gitlab::routable(secret),
        Checksum::AzureMarvin => marvin::azure_marked(secret),
        Checksum::AzureAnnotated => marvin::azure_annotated(secret),
        Checksum::EntraMarvin => marvin::entra(secret),
        Checksum::AzureDevopsCrc32 => azure_devops::token(secret),
        Checksum::PypiMacaroon => macaroon::pypi(secret),
        Checksum::Bech32 => bech32::test(secret),
        Checksum::Base58Check => base58::check(secret),
        Checksum::StellarCrc16 => str_key::stellar(secret),
        Checksum::NatsCrc16 => str_key::nats(secret),
        Checksum::PgpCrc24 => pgp::armour(secret),
        Checksum::AwsKeyId => aws::key_id(secret),
        Checksum::Jwt => jwt::test(secret),
        Checksum::PrivateKey => private_key::test(secret),
        Checksum::DiscordSnowflake => structure::discord(secret),
        Checksum::Base64Json => structure::base64_json(secret),
        Checksum::BasicAuth => structure::basic_auth(secret),
        Checksum::Luhn => luhn::test(secret),
        Checksum::VaultProtobuf => decoded::vault(secret),
        Checksum::BedrockKey => decoded::bedrock(secret),
        Checksum::SesSmtp => decoded::ses(secret),
        Checksum::JfrogReference => decoded::jfrog(secret),
        Checksum::AtlassianDataCenter => decoded::atlassian(secret),
        Checksum::WireguardClamp => decoded::wireguard(secret),
        Checksum::Pkcs12 => private_key::pkcs12(secret),
    }
}
