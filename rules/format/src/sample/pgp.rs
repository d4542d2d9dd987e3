//! An OpenPGP private key block (RFC 9580, version 4 packets): an unprotected RSA key with random numbers, a user id, and the
//! armour with its CRC-24.

use super::argument::Argument;
use super::crc::crc24;
use super::draft::{Draft, altered};
use super::encoding::base64;
use super::pem::{big_number, lines};
use super::words::email;

const LINE: usize = 64;

/// Old packet format with a length of two bytes, tag 5: secret key.
const SECRET_KEY: u8 = 0x95;

/// Old packet format with a length of one byte, tag 13: user id.
const USER_ID: u8 = 0xb4;

pub(super) fn block(draft: &mut Draft, _: &Argument) {
    let label = "PGP PRIVATE KEY BLOCK";
    let packets = [secret_key(draft), user_id(draft)].concat();
    let body = lines(&base64(&packets), LINE).join("\n");
    let check = base64(&crc24(&packets));
    draft.push(&format!("-----BEGIN {label}-----\n\n{body}\n="));
    draft.push_checked(&check, &altered(&check));
    draft.push(&format!("\n-----END {label}-----"));
}

/// Version 4, a time, RSA, public numbers, no protection, secret numbers and their sum.
fn secret_key(draft: &mut Draft) -> Vec<u8> {
    let mut number = |bytes| mpi(&big_number(&mut draft.random, bytes));
    let public = [number(256), mpi(&[1, 0, 1])].concat();
    let secret = [number(256), number(128), number(128), number(128)].concat();
    let sum = secret
        .iter()
        .fold(0_u16, |sum, byte| sum.wrapping_add(u16::from(*byte)));
    let time = 0x6650_0000_u32.to_be_bytes();
    let content = [
        &[4],
        time.as_slice(),
        &[1],
        &public,
        &[0],
        &secret,
        &sum.to_be_bytes(),
    ]
    .concat();
    let length = u16::try_from(content.len()).unwrap_or(u16::MAX);
    [&[SECRET_KEY], length.to_be_bytes().as_slice(), &content].concat()
}

fn user_id(draft: &mut Draft) -> Vec<u8> {
    let text = email(&mut draft.random);
    let length = text.len().to_le_bytes()[0];
    [&[USER_ID, length], text.as_bytes()].concat()
}

/// A number with its length in bits.
fn mpi(number: &[u8]) -> Vec<u8> {
    let spare = number.first().map_or(0, |byte| byte.leading_zeros());
    let bits = u32::try_from(number.len() * 8)
        .unwrap_or(0)
        .saturating_sub(spare);
    let [_, _, length @ ..] = bits.to_be_bytes();
    [length.as_slice(), number].concat()
}
