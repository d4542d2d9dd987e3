//! Every generator: its name, what it takes, what it makes. One entry here and nowhere else.
//!
//! The checksum kinds of rules have generators of the same names, which a test holds complete.

use super::argument::{Argument, Takes};
use super::characters::ALPHABETS;
use super::draft::Draft;
use super::encoding::{base64, base64_url, hex};
use super::{
    aws, azure, bitcoin, decoded, gitlab, json_token, openssh, pem, pgp, putty, pypi, seed_key,
    trailing, words,
};
use crate::nearest::nearest;

/// A generator of the template language.
#[derive(Clone, Copy, Debug)]
pub struct Generator {
    /// The name in braces.
    pub name: &'static str,
    /// What may stand behind its colon.
    pub takes: Takes,
    /// What it makes, in one line.
    pub makes: &'static str,
    pub(super) make: fn(&mut Draft, &Argument),
}

const fn entry(
    name: &'static str,
    takes: Takes,
    makes: &'static str,
    make: fn(&mut Draft, &Argument),
) -> Generator {
    Generator {
        name,
        takes,
        makes,
        make,
    }
}

/// Every generator but the alphabets, in the order of the reference.
pub const GENERATORS: &[Generator] = &[
    entry(
        "uuid",
        Takes::Nothing,
        "a random UUID, lower case",
        |d, _| {
            let text = words::uuid(&mut d.random);
            d.push(&text);
        },
    ),
    entry(
        "UUID",
        Takes::Nothing,
        "a random UUID in capitals",
        |d, _| {
            let text = words::uuid(&mut d.random).to_ascii_uppercase();
            d.push(&text);
        },
    ),
    entry("word", Takes::Nothing, "a plain word", |d, _| {
        let text = words::word(&mut d.random);
        d.push(&text);
    }),
    entry("user", Takes::Nothing, "a user name", |d, _| {
        let text = words::user(&mut d.random);
        d.push(&text);
    }),
    entry("host", Takes::Nothing, "a host name", |d, _| {
        let text = words::host(&mut d.random);
        d.push(&text);
    }),
    entry("email", Takes::Nothing, "an e-mail address", |d, _| {
        let text = words::email(&mut d.random);
        d.push(&text);
    }),
    entry(
        "password",
        Takes::Length(Some((14, 20))),
        "a strong password",
        |d, a| {
            let (least, most) = a.length();
            let length = d.random.between(least, most);
            let text = words::password(&mut d.random, length);
            d.push_drawn(&text, 69);
        },
    ),
    entry(
        "base64-bytes",
        Takes::Length(None),
        "so many random bytes in base64, with padding",
        |d, a| {
            let text = base64(&random_bytes(d, a));
            d.push_drawn(&text, 64);
        },
    ),
    entry(
        "base64url-bytes",
        Takes::Length(None),
        "so many random bytes in base64url, without padding",
        |d, a| {
            let text = base64_url(&random_bytes(d, a));
            d.push_drawn(&text, 64);
        },
    ),
    entry(
        "to-base64",
        Takes::Template,
        "the text of a template in base64, with padding",
        |d, a| {
            let text = base64(inner(d, a).as_bytes());
            d.push(&text);
        },
    ),
    entry(
        "to-base64url",
        Takes::Template,
        "the text of a template in base64url, without padding",
        |d, a| {
            let text = base64_url(inner(d, a).as_bytes());
            d.push(&text);
        },
    ),
    entry(
        "to-hex",
        Takes::Template,
        "the text of a template in hexadecimal",
        |d, a| {
            let text = hex(inner(d, a).as_bytes());
            d.push(&text);
        },
    ),
    entry(
        "crc32-base62",
        Takes::OwnLength(6),
        "CRC-32 of what follows the credential's first `_`, in base62",
        trailing::github,
    ),
    entry(
        "github-crc32",
        Takes::OwnLength(6),
        "another name of crc32-base62",
        trailing::github,
    ),
    entry(
        "grafana-crc32",
        Takes::OwnLength(8),
        "CRC-32 of the credential so far without its last `_`, in hex, lowest byte first",
        trailing::grafana,
    ),
    entry(
        "atlassian-crc32",
        Takes::OwnLength(8),
        "CRC-32 of the credential so far, in capital hex",
        trailing::atlassian,
    ),
    entry(
        "cloudflare-crc32",
        Takes::OwnLength(8),
        "CRC-32 of what follows the credential's first `_`, in hex",
        trailing::cloudflare,
    ),
    entry(
        "zuplo-crc32",
        Takes::OwnLength(8),
        "CRC-32 of what stands between the credential's first and last `_`, in hex",
        trailing::cloudflare,
    ),
    entry(
        "luhn",
        Takes::OwnLength(1),
        "the digit that makes the credential's digits so far pass Luhn's test",
        trailing::luhn,
    ),
    entry(
        "entra-marvin",
        Takes::OwnLength(3),
        "the last three characters of an Entra client secret, over those so far",
        azure::entra,
    ),
    entry(
        "gitlab-routable",
        Takes::Choice(&["current", "first"]),
        "a routable token's payload, version, length and CRC, behind its prefix",
        gitlab::routable,
    ),
    entry(
        "azure-marvin",
        Takes::Choice(azure::MARKS),
        "a whole Azure key with this mark",
        azure::marked,
    ),
    entry(
        "azure-annotated",
        Takes::Word,
        "a whole Azure key of 84 characters with this provider mark",
        azure::annotated,
    ),
    entry(
        "azure-devops-crc32",
        Takes::Choice(&["user", "application"]),
        "a whole Azure DevOps token of 52 characters",
        azure::devops,
    ),
    entry(
        "aws-key-id",
        Takes::Choice(&["AKIA", "ASIA", "ABIA", "ACCA"]),
        "a whole AWS key id",
        aws::key_id,
    ),
    entry(
        "pypi-macaroon",
        Takes::Choice(&["main", "test"]),
        "a whole PyPI token",
        pypi::token,
    ),
    entry(
        "bech32",
        Takes::Word,
        "a Bech32 text of 32 bytes with this human part, in its case",
        bitcoin::bech32,
    ),
    entry(
        "base58check",
        Takes::Choice(&["wif", "wif-uncompressed", "xprv", "yprv", "zprv", "tprv"]),
        "a Bitcoin private key",
        bitcoin::base58check,
    ),
    entry(
        "stellar-crc16",
        Takes::Nothing,
        "a whole Stellar seed",
        seed_key::stellar,
    ),
    entry(
        "nats-crc16",
        Takes::Choice(&["U", "A", "O", "N", "C", "X"]),
        "a whole NATS seed of this type",
        seed_key::nats,
    ),
    entry(
        "vault-protobuf",
        Takes::Nothing,
        "a whole service token of Vault, the long form",
        decoded::vault,
    ),
    entry(
        "bedrock-key",
        Takes::Nothing,
        "a whole long-term key of AWS Bedrock",
        decoded::bedrock,
    ),
    entry(
        "ses-smtp",
        Takes::Nothing,
        "a whole password for Amazon's SMTP servers",
        decoded::ses,
    ),
    entry(
        "jfrog-reference",
        Takes::Nothing,
        "a whole reference token of JFrog",
        decoded::jfrog,
    ),
    entry(
        "atlassian-data-center",
        Takes::Nothing,
        "a token of Atlassian's Data Center products, without prefix",
        decoded::atlassian,
    ),
    entry(
        "wireguard-clamp",
        Takes::Nothing,
        "a private key of WireGuard",
        decoded::wireguard,
    ),
    entry(
        "pkcs12",
        Takes::Nothing,
        "a PKCS#12 key store in base64",
        decoded::pkcs12,
    ),
    entry(
        "discord-snowflake",
        Takes::Nothing,
        "a whole Discord bot token",
        json_token::discord,
    ),
    entry(
        "basic-auth",
        Takes::Nothing,
        "base64 of `user:password`",
        json_token::basic_auth,
    ),
    entry(
        "base64-json",
        Takes::TemplateOrUsual,
        "base64 of a JSON text; of a usual one when left out",
        json_token::base64_json,
    ),
    entry(
        "jwt",
        Takes::Choice(&["HS256", "RS256", "ES256", "EdDSA"]),
        "a JSON Web Token",
        json_token::jwt,
    ),
    entry(
        "gcp-service-account",
        Takes::Nothing,
        "a Google service-account file",
        json_token::gcp_service_account,
    ),
    entry(
        "private-key",
        Takes::Choice(pem::KINDS),
        "another name of pem",
        pem::block,
    ),
    entry(
        "pem",
        Takes::Choice(pem::KINDS),
        "a private key in PEM, over several lines",
        pem::block,
    ),
    entry(
        "pem-line",
        Takes::Choice(pem::KINDS),
        "the same in one line, with \\n for line breaks",
        pem::one_line,
    ),
    entry(
        "openssh",
        Takes::Choice(&["ed25519", "rsa"]),
        "an OpenSSH private key",
        openssh::block,
    ),
    entry(
        "putty",
        Takes::Nothing,
        "a PuTTY private key, version 3, not encrypted",
        putty::file,
    ),
    entry(
        "pgp",
        Takes::Nothing,
        "an OpenPGP private key block",
        pgp::block,
    ),
    entry(
        "pgp-crc24",
        Takes::Nothing,
        "another name of pgp",
        pgp::block,
    ),
];

pub(super) fn generator(name: &str) -> Option<&'static Generator> {
    GENERATORS.iter().find(|generator| generator.name == name)
}

pub(super) fn nearest_name(name: &str) -> Option<&'static str> {
    let alphabets = ALPHABETS.iter().map(|(name, _)| *name);
    nearest(
        name,
        GENERATORS
            .iter()
            .map(|generator| generator.name)
            .chain(alphabets),
    )
}

/// The text of a generator's own template.
pub(super) fn inner(draft: &mut Draft, argument: &Argument) -> String {
    match argument {
        Argument::Template(template) => draft.apart(|inner| template.write(inner)),
        _ => String::new(),
    }
}

fn random_bytes(draft: &mut Draft, argument: &Argument) -> Vec<u8> {
    let (least, most) = argument.length();
    let count = draft.random.between(least, most);
    draft.random.bytes(count)
}
