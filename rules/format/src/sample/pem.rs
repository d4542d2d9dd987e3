//! Private keys in PEM. The structure is that of real keys, the numbers are random: nothing can be decrypted or signed with them.

use super::argument::Argument;
use super::der::{
    NULL, OID_AES256_CBC, OID_EC, OID_ED25519, OID_P256, OID_PBES2, OID_PBKDF2, OID_RSA, bits,
    element, integer, octets, oid, sequence,
};
use super::draft::Draft;
use super::encoding::base64;
use super::random::Random;

/// The kinds of key, the usual one first.
pub(super) const KINDS: &[&str] = &[
    "rsa",
    "ec",
    "dsa",
    "pkcs8",
    "pkcs8-ec",
    "ed25519",
    "encrypted",
];

const LINE: usize = 64;

pub(super) fn block(draft: &mut Draft, argument: &Argument) {
    push(draft, argument.word(), "\n");
}

pub(super) fn one_line(draft: &mut Draft, argument: &Argument) {
    push(draft, argument.word(), "\\n");
}

fn push(draft: &mut Draft, kind: &str, line_break: &str) {
    let random = &mut draft.random;
    let (label, der) = match kind {
        "ec" => ("EC PRIVATE KEY", ec(random)),
        "dsa" => ("DSA PRIVATE KEY", dsa(random)),
        "pkcs8" => (
            "PRIVATE KEY",
            wrapped(&[oid(OID_RSA), NULL.to_vec()], &rsa(random)),
        ),
        "pkcs8-ec" => (
            "PRIVATE KEY",
            wrapped(&[oid(OID_EC), oid(OID_P256)], &ec(random)),
        ),
        "ed25519" => {
            let key: [u8; 32] = random.array();
            ("PRIVATE KEY", wrapped(&[oid(OID_ED25519)], &octets(&key)))
        }
        "encrypted" => ("ENCRYPTED PRIVATE KEY", encrypted(random)),
        _ => ("RSA PRIVATE KEY", rsa(random)),
    };
    let mut broken = der.clone();
    if let Some(tag) = broken.first_mut() {
        *tag ^= 1;
    }
    let [valid, broken] = [der, broken].map(|bytes| armour(label, &bytes, line_break));
    draft.push_checked(&valid, &broken);
}

/// The last line has no line break: what follows the credential is the template's part.
pub(super) fn armour(label: &str, bytes: &[u8], line_break: &str) -> String {
    let body = lines(&base64(bytes), LINE).join(line_break);
    format!("-----BEGIN {label}-----{line_break}{body}{line_break}-----END {label}-----")
}

/// Cuts ASCII text into lines.
pub(super) fn lines(text: &str, width: usize) -> Vec<String> {
    text.as_bytes()
        .chunks(width)
        .map(|line| String::from_utf8_lossy(line).into_owned())
        .collect()
}

/// A number of full length that is odd, as primes and their products are.
pub(super) fn big_number(random: &mut Random, bytes: usize) -> Vec<u8> {
    let mut number = random.bytes(bytes);
    if let Some(first) = number.first_mut() {
        *first |= 0xc0;
    }
    if let Some(last) = number.last_mut() {
        *last |= 1;
    }
    number
}

/// RFC 8017: version, n, e, d, p, q and the three numbers that follow from them.
fn rsa(random: &mut Random) -> Vec<u8> {
    let mut parts = vec![
        integer(&[0]),
        integer(&big_number(random, 256)),
        integer(&[1, 0, 1]),
    ];
    parts.push(integer(&big_number(random, 256)));
    parts.extend((0..5).map(|_| integer(&big_number(random, 128))));
    sequence(&parts)
}

/// RFC 5915.
fn ec(random: &mut Random) -> Vec<u8> {
    let key: [u8; 32] = random.array();
    let point = [&[4], random.bytes(64).as_slice()].concat();
    sequence(&[
        integer(&[1]),
        octets(&key),
        element(0xa0, &oid(OID_P256)),
        element(0xa1, &bits(&point)),
    ])
}

fn dsa(random: &mut Random) -> Vec<u8> {
    let lengths = [256, 32, 256, 256, 32];
    let mut parts = vec![integer(&[0])];
    parts.extend(lengths.map(|bytes| integer(&big_number(random, bytes))));
    sequence(&parts)
}

/// RFC 5208.
fn wrapped(algorithm: &[Vec<u8>], key: &[u8]) -> Vec<u8> {
    sequence(&[integer(&[0]), sequence(algorithm), octets(key)])
}

/// RFC 8018: key derivation, cipher, and the encrypted key.
fn encrypted(random: &mut Random) -> Vec<u8> {
    let derivation = sequence(&[octets(&random.bytes(16)), integer(&[0x08, 0x00])]);
    let cipher = sequence(&[oid(OID_AES256_CBC), octets(&random.bytes(16))]);
    let scheme = sequence(&[sequence(&[oid(OID_PBKDF2), derivation]), cipher]);
    sequence(&[
        sequence(&[oid(OID_PBES2), scheme]),
        octets(&random.bytes(1232)),
    ])
}
