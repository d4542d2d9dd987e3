//! Private keys: does the body decode to what its label says, is it encrypted, how large is it?
//!
//! DER is read only as deep as needed: the outer sequence must be whole, and its first parts must be those of PKCS#1,
//! PKCS#8, SEC 1 or DSA keys. OpenSSH keys are told by their magic, check numbers prove an unencrypted one.

use super::Proof;
use crate::decode::base64;

/// What a key's body turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyBody {
    /// A key as it is.
    Plain,
    /// A key behind a passphrase.
    Encrypted,
    /// Not a key that can be read.
    Unreadable,
}

/// The magic at the start of OpenSSH's own format.
const OPENSSH: &[u8] = b"openssh-key-v1\0";

/// Tests a PEM block, its text with escaped line breaks, or a bare base64 body.
pub(super) fn test(secret: &[u8]) -> Proof {
    let body = body_of(secret);
    match base64::decode(&body).map(|bytes| read(&bytes)) {
        Some(KeyBody::Plain | KeyBody::Encrypted) => Proof::Holds,
        Some(KeyBody::Unreadable) | None => Proof::Fails,
    }
}

/// The base64 characters between the lines of dashes (all of them where there are no such lines).
fn body_of(secret: &[u8]) -> Vec<u8> {
    let after = memchr::memmem::find(secret, b"KEY-----").map_or(0, |at| at + 8);
    let rest = secret.get(after..).unwrap_or_default();
    let end = memchr::memmem::find(rest, b"-----END").unwrap_or(rest.len());
    let mut body = Vec::new();
    let mut rest = rest.get(..end).unwrap_or_default();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = match rest {
            [b'\\', b'n' | b'r' | b't', after @ ..] => after,
            _ => {
                if base64::digit(byte).is_some() {
                    body.push(byte);
                }
                tail
            }
        };
    }
    body
}

/// What the decoded body of a key is.
pub(crate) fn read(bytes: &[u8]) -> KeyBody {
    if let Some(rest) = bytes.strip_prefix(OPENSSH) {
        return read_openssh(rest).unwrap_or(KeyBody::Unreadable);
    }
    read_der(bytes).unwrap_or(KeyBody::Unreadable)
}

/// Tests a PKCS#12 key store in base64: a sequence of version 3 and a content type of PKCS#7, whole as far as lengths tell.
pub(super) fn pkcs12(secret: &[u8]) -> Proof {
    let bytes = base64::decode(secret).unwrap_or_default();
    Proof::of(is_pkcs12(&bytes).unwrap_or(false))
}

fn is_pkcs12(bytes: &[u8]) -> Option<bool> {
    /// PKCS#7's data and signed data.
    const CONTENT: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07];
    let (SEQUENCE, content, _) = element(bytes)? else {
        return None;
    };
    let (INTEGER, [3], rest) = element(content)? else {
        return None;
    };
    let (SEQUENCE, safe, _) = element(rest)? else {
        return None;
    };
    let (tag, kind, _) = element(safe)?;
    Some(tag == OBJECT_ID && matches!(kind.strip_prefix(CONTENT)?, [1 | 2]))
}

/// A string with a length of four bytes before it, and what follows.
fn ssh_string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(u32::from_be_bytes(*length) as usize)
}

fn read_openssh(bytes: &[u8]) -> Option<KeyBody> {
    let (cipher, rest) = ssh_string(bytes)?;
    let (_derivation, rest) = ssh_string(rest)?;
    let (_options, rest) = ssh_string(rest)?;
    let (_count, rest) = rest.split_first_chunk::<4>()?;
    let (_public, rest) = ssh_string(rest)?;
    let (private, _) = ssh_string(rest)?;
    if cipher != b"none" {
        return Some(KeyBody::Encrypted);
    }
    let (first, rest) = private.split_first_chunk::<4>()?;
    let (second, _) = rest.split_first_chunk::<4>()?;
    (first == second).then_some(KeyBody::Plain)
}

/// A DER element: its tag, its content, and what follows.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7F => (usize::from(first), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7F))?;
            (
                digits
                    .iter()
                    .fold(0, |length, &byte| length << 8 | usize::from(byte)),
                rest,
            )
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const OBJECT_ID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;

fn read_der(bytes: &[u8]) -> Option<KeyBody> {
    let (SEQUENCE, content, _) = element(bytes)? else {
        return None;
    };
    match element(content)? {
        // A version: PKCS#1, SEC 1, DSA, or PKCS#8 as it is.
        (INTEGER, version, rest) if version.len() == 1 => {
            let (tag, inner, _) = element(rest)?;
            let is_key = match tag {
                INTEGER => inner.len() >= 20,
                OCTETS => inner.len() >= 16,
                SEQUENCE => element(inner)?.0 == OBJECT_ID,
                _ => false,
            };
            is_key.then_some(KeyBody::Plain)
        }
        // An algorithm and octets: PKCS#8 behind a passphrase.
        (SEQUENCE, algorithm, rest) => {
            let is_key = element(algorithm)?.0 == OBJECT_ID && element(rest)?.0 == OCTETS;
            is_key.then_some(KeyBody::Encrypted)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn der(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u8::try_from(content.len()).expect("short");
        let head: &[u8] = if length < 0x80 {
            &[tag, length]
        } else {
            &[tag, 0x81, length]
        };
        [head, content].concat()
    }

    #[test]
    fn keys_of_every_family_are_recognised() {
        let version = der(INTEGER, &[0]);
        let object_id = der(SEQUENCE, &der(OBJECT_ID, &[1, 2, 3]));
        let rsa = der(
            SEQUENCE,
            &[version.clone(), der(INTEGER, &[7; 64])].concat(),
        );
        let sec1 = der(
            SEQUENCE,
            &[der(INTEGER, &[1]), der(OCTETS, &[7; 32])].concat(),
        );
        let pkcs8 = der(
            SEQUENCE,
            &[version, object_id.clone(), der(OCTETS, &[7; 40])].concat(),
        );
        let locked = der(SEQUENCE, &[object_id, der(OCTETS, &[7; 40])].concat());
        assert_eq!(read(&rsa), KeyBody::Plain);
        assert_eq!(read(&sec1), KeyBody::Plain);
        assert_eq!(read(&pkcs8), KeyBody::Plain);
        assert_eq!(read(&locked), KeyBody::Encrypted);
        assert_eq!(read(&rsa[..rsa.len() - 1]), KeyBody::Unreadable);
        assert_eq!(read(b"hello"), KeyBody::Unreadable);
        assert_eq!(read(b""), KeyBody::Unreadable);
    }

    #[test]
    fn openssh_keys_prove_themselves_by_equal_check_numbers() {
        let string = |bytes: &[u8]| {
            [
                &u32::try_from(bytes.len()).expect("short").to_be_bytes(),
                bytes,
            ]
            .concat()
        };
        let key = |cipher: &[u8], private: &[u8]| {
            [
                OPENSSH,
                &string(cipher),
                &string(b"none"),
                &string(b""),
                &[0, 0, 0, 1],
                &string(b"public"),
                &string(private),
            ]
            .concat()
        };
        assert_eq!(read(&key(b"none", b"abcdabcdrest")), KeyBody::Plain);
        assert_eq!(read(&key(b"none", b"abcdabcerest")), KeyBody::Unreadable);
        assert_eq!(read(&key(b"aes256-ctr", b"????")), KeyBody::Encrypted);
    }
}
