//! Credentials that decode to something with a form of its own: protocol buffers, names and numbers before a secret, fixed bits.
//!
//! Sources: the providers' documentation and the formats that their servers read; see `docs/rule-format.md`.

use super::Proof;
use crate::decode::base64;

/// What a long service token of Vault begins with.
const VAULT_LONG: &[u8] = b"hvs.CAES";

/// Vault: behind the prefix stands a protocol buffer. A short token is random characters, about which nothing can be said.
pub(super) fn vault(secret: &[u8]) -> Proof {
    if !secret.starts_with(VAULT_LONG) {
        return Proof::Silent;
    }
    let body = secret.get(4..).and_then(base64::decode);
    Proof::of(body.is_some_and(|bytes| is_protobuf(&bytes)))
}

/// Whether the bytes are fields of a protocol buffer to the last one: numbers and lengths with their content.
fn is_protobuf(mut rest: &[u8]) -> bool {
    const NUMBER: u64 = 0;
    const CONTENT: u64 = 2;
    let mut fields = 0;
    while !rest.is_empty() {
        let Some((tag, after)) = number(rest) else {
            return false;
        };
        let next = match tag & 7 {
            NUMBER => number(after).map(|(_, after)| after),
            CONTENT => {
                number(after).and_then(|(length, after)| after.get(usize::try_from(length).ok()?..))
            }
            _ => None,
        };
        let (Some(next), true) = (next, tag >> 3 > 0) else {
            return false;
        };
        rest = next;
        fields += 1;
    }
    fields >= 2
}

/// A number of seven bits a byte, lowest first, and what follows it.
fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    const LONGEST: usize = 9;
    let end = bytes
        .iter()
        .take(LONGEST)
        .position(|byte| byte & 0x80 == 0)?;
    let value = bytes
        .get(..=end)?
        .iter()
        .rev()
        .fold(0, |value, byte| value << 7 | u64::from(byte & 0x7F));
    Some((value, bytes.get(end + 1..)?))
}

/// AWS Bedrock: behind `ABSK` a name, the account of twelve digits, a colon and the secret.
pub(super) fn bedrock(secret: &[u8]) -> Proof {
    let text = secret.strip_prefix(b"ABSK").and_then(base64::decode);
    Proof::of(text.is_some_and(|text| {
        let rest = text.strip_prefix(b"BedrockAPIKey-").unwrap_or_default();
        let colon = rest.iter().position(|&byte| byte == b':');
        let name = colon
            .and_then(|colon| rest.get(..colon))
            .unwrap_or_default();
        let account = name
            .get(name.len().saturating_sub(12)..)
            .unwrap_or_default();
        account.len() == 12
            && account.iter().all(u8::is_ascii_digit)
            && colon.is_some_and(|colon| colon + 1 < rest.len())
    }))
}

/// Amazon SES: a version, 4, and the thirty-two bytes of a signature.
pub(super) fn ses(secret: &[u8]) -> Proof {
    let bytes = base64::decode(secret);
    Proof::of(bytes.is_some_and(|bytes| bytes.len() == 33 && bytes.first() == Some(&4)))
}

/// JFrog: `reftkn:`, a number, when it expires in seconds, and the secret.
pub(super) fn jfrog(secret: &[u8]) -> Proof {
    let text = base64::decode(secret).unwrap_or_default();
    let mut parts = text.splitn(4, |&byte| byte == b':');
    let is_number = |part: Option<&[u8]>| {
        part.is_some_and(|part| !part.is_empty() && part.iter().all(u8::is_ascii_digit))
    };
    Proof::of(
        parts.next() == Some(b"reftkn".as_slice())
            && is_number(parts.next())
            && is_number(parts.next())
            && parts.next().is_some_and(|secret| !secret.is_empty()),
    )
}

/// Atlassian's Data Center products: a number, a colon and twenty bytes; Bitbucket puts a prefix before.
pub(super) fn atlassian(secret: &[u8]) -> Proof {
    let body = secret.strip_prefix(b"BBDC-").unwrap_or(secret);
    let bytes = base64::decode(body).unwrap_or_default();
    let colon = bytes.iter().position(|&byte| byte == b':');
    Proof::of(colon.is_some_and(|colon| {
        let number = bytes.get(..colon).unwrap_or_default();
        !number.is_empty() && number.iter().all(u8::is_ascii_digit) && bytes.len() == colon + 1 + 20
    }))
}

/// WireGuard: the lowest three bits are off, and of the highest two the lower one is on. Keys without that work as well.
pub(super) fn wireguard(secret: &[u8]) -> Proof {
    let key = base64::decode(secret).unwrap_or_default();
    let is_clamped =
        matches!(key.as_slice(), [first, .., last] if first & 7 == 0 && last & 0xC0 == 0x40);
    Proof::raising(key.len() == 32 && is_clamped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_seven_bits_a_byte_are_read() {
        assert_eq!(number(&[5, 9]), Some((5, [9].as_slice())));
        assert_eq!(number(&[0x96, 0x01]), Some((150, [].as_slice())));
        assert_eq!(number(&[0x80; 20]), None);
        assert_eq!(number(&[]), None);
    }

    #[test]
    fn a_protocol_buffer_ends_with_its_last_field() {
        assert!(is_protobuf(&[0x08, 1, 0x12, 2, 7, 7]));
        assert!(!is_protobuf(&[0x08, 1, 0x12, 3, 7, 7]));
        assert!(!is_protobuf(&[0x08, 1, 0x12, 1, 7, 7]));
        assert!(!is_protobuf(&[]));
    }

    #[test]
    fn short_vault_tokens_say_nothing() {
        assert_eq!(vault(b"hvs.abcdefghijklmnopqrstuvwx"), Proof::Silent);
        assert_eq!(vault(b"hvs.CAESIJabc"), Proof::Fails);
    }
}
