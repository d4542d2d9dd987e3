//! What each checksum tests, in one sentence.

use leakward_core::rule::Checksum;

/// What is tested.
pub(crate) fn of(checksum: Checksum) -> &'static str {
    match checksum {
        Checksum::GithubCrc32 => {
            "Its last six characters are the CRC-32 of its random part, in base62."
        }
        Checksum::GitlabRoutable => "Its payload's length and CRC-32 stand at its end, in base36.",
        Checksum::GrafanaCrc32 => {
            "Its last eight digits are the CRC-32 of the rest, lowest byte first."
        }
        Checksum::AtlassianCrc32 => {
            "Its last eight characters are the CRC-32 of the rest, in capital hexadecimal digits."
        }
        Checksum::CloudflareCrc32 | Checksum::ZuploCrc32 => {
            "Its last eight digits are the CRC-32 of its random part."
        }
        Checksum::AzureMarvin => {
            "Microsoft's mark stands in it, and its last four bytes are the Marvin checksum of the rest."
        }
        Checksum::AzureAnnotated => "Microsoft's annotated form with its checksum at the end.",
        Checksum::AzureDevopsCrc32 => "Four of its bytes are the CRC-32 of the others.",
        Checksum::EntraMarvin => {
            "Its last three characters are a checksum of the rest; older ones have none, so that this only makes a find surer."
        }
        Checksum::PypiMacaroon => "It is a macaroon that parses to its last byte.",
        Checksum::Bech32 => "Its Bech32 checksum holds.",
        Checksum::Base58Check => "Its Base58Check checksum holds.",
        Checksum::StellarCrc16 | Checksum::NatsCrc16 => "Its CRC-16 holds.",
        Checksum::PgpCrc24 => "The armour's CRC-24 holds where there is one, and it is a key.",
        Checksum::AwsKeyId => "It decodes to a plausible account number.",
        Checksum::Jwt => "Its header is JSON that names an algorithm.",
        Checksum::PrivateKey => "It parses as the key that it says it is.",
        Checksum::DiscordSnowflake => "Its first part is the base64 of an account's number.",
        Checksum::Base64Json => "It decodes to JSON.",
        Checksum::BasicAuth => "It decodes to a user and a password.",
        Checksum::Luhn => "Luhn's digit sum holds.",
        Checksum::Pkcs12 => "It parses as a PKCS#12 key store.",
        Checksum::VaultProtobuf => {
            "The long form decodes to a protocol buffer; the short one is random."
        }
        Checksum::BedrockKey => "It decodes to a name with an account's number, and a secret.",
        Checksum::SesSmtp => "It decodes to a version and a signature of 32 bytes.",
        Checksum::JfrogReference => "It decodes to a mark, a version, an expiry and a secret.",
        Checksum::AtlassianDataCenter => "It decodes to a number and twenty bytes.",
        Checksum::WireguardClamp => {
            "The fixed bits of a Curve25519 key are as they should be; keys without that work too, so that this only makes a find surer."
        }
    }
}
