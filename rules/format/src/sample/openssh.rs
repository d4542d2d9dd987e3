//! OpenSSH's own private key format (PROTOCOL.key), not encrypted, with random numbers.

use super::argument::Argument;
use super::draft::Draft;
use super::encoding::base64;
use super::pem::{big_number, lines};
use super::random::Random;
use super::words::{host, user};

const LINE: usize = 70;

/// Unencrypted keys are padded as for a cipher with blocks of eight bytes.
const BLOCK: usize = 8;

pub(super) fn block(draft: &mut Draft, argument: &Argument) {
    let comment = format!("{}@{}", user(&mut draft.random), host(&mut draft.random));
    let (public, private) = match argument.word() {
        "rsa" => rsa(&mut draft.random),
        _ => ed25519(&mut draft.random),
    };
    let check: [u8; 4] = draft.random.array();
    let private = padded(
        [
            check.as_slice(),
            &check,
            &private,
            &string(comment.as_bytes()),
        ]
        .concat(),
    );
    let [valid, broken] = [b"openssh-key-v1\0", b"openssh-key-v0\0"].map(|magic| {
        let bytes = [
            magic.as_slice(),
            &string(b"none"),
            &string(b"none"),
            &string(b""),
            &[0, 0, 0, 1],
            &string(&public),
            &string(&private),
        ]
        .concat();
        armour(&bytes)
    });
    draft.push_checked(&valid, &broken);
}

fn armour(bytes: &[u8]) -> String {
    let label = "OPENSSH PRIVATE KEY";
    let body = lines(&base64(bytes), LINE).join("\n");
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----")
}

fn ed25519(random: &mut Random) -> (Vec<u8>, Vec<u8>) {
    let public: [u8; 32] = random.array();
    let secret: [u8; 32] = random.array();
    let head = [string(b"ssh-ed25519"), string(&public)].concat();
    let both = [secret, public].concat();
    let private = [head.as_slice(), &string(&both)].concat();
    (head, private)
}

fn rsa(random: &mut Random) -> (Vec<u8>, Vec<u8>) {
    let mut number = |bytes| mpint(&big_number(random, bytes));
    let (modulus, exponent) = (number(384), mpint(&[1, 0, 1]));
    let secret = [number(384), number(192), number(192), number(192)].concat();
    let name = string(b"ssh-rsa");
    let public = [name.as_slice(), &exponent, &modulus].concat();
    let private = [name.as_slice(), &modulus, &exponent, &secret].concat();
    (public, private)
}

/// A length in four bytes, then the bytes.
pub(super) fn string(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    [&length.to_be_bytes(), bytes].concat()
}

/// A positive number; a zero byte keeps it from being read as negative.
fn mpint(number: &[u8]) -> Vec<u8> {
    match number.first() {
        Some(first) if *first >= 0x80 => string(&[&[0], number].concat()),
        _ => string(number),
    }
}

fn padded(mut bytes: Vec<u8>) -> Vec<u8> {
    let mut filler = 1;
    while !bytes.len().is_multiple_of(BLOCK) {
        bytes.push(filler);
        filler += 1;
    }
    bytes
}
