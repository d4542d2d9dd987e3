//! Credentials without a checksum that decode to something with a form of its own.

use super::argument::Argument;
use super::draft::Draft;
use super::encoding::{BASE36, BASE62, DIGITS, base64, base64_url};

/// A service token of Vault: a protocol buffer of a MAC and the token's own id.
pub(super) fn vault(draft: &mut Draft, _: &Argument) {
    let mac: [u8; 32] = draft.random.array();
    let id = format!("hvs.{}", drawn(draft, BASE62, 24));
    let inner = [&[0x0a, 28], id.as_bytes()].concat();
    let whole = |length: u8| {
        [
            &[0x08, 0x01, 0x12, length],
            mac.as_slice(),
            &[0x1a, 30],
            &inner,
        ]
        .concat()
    };
    draft.push("hvs.");
    draft.push_checked(&base64_url(&whole(32)), &base64_url(&whole(33)));
}

/// A long-term key of AWS Bedrock: its name, the account and the secret.
pub(super) fn bedrock(draft: &mut Draft, _: &Argument) {
    let (name, account) = (drawn(draft, BASE36, 4), drawn(draft, DIGITS, 12));
    let secret = base64(&draft.random.bytes(48));
    let text =
        |mark: char| base64(format!("BedrockAPIKey-{name}-at-{account}{mark}{secret}").as_bytes());
    draft.push("ABSK");
    draft.push_checked(&text(':'), &text('.'));
}

/// A password for Amazon's SMTP servers: a version and a signature.
pub(super) fn ses(draft: &mut Draft, _: &Argument) {
    let signature: [u8; 32] = draft.random.array();
    let whole = |version: u8| base64(&[&[version], signature.as_slice()].concat());
    draft.push_checked(&whole(4), &whole(7));
}

/// A reference token of JFrog: a mark, a version, when it expires, and the secret.
pub(super) fn jfrog(draft: &mut Draft, _: &Argument) {
    let (expiry, secret) = (drawn(draft, DIGITS, 9), drawn(draft, BASE62, 27));
    let text = |mark: &str| base64_url(format!("reftkn:01:1{expiry}{mark}{secret}").as_bytes());
    draft.push_checked(&text(":"), &text("x"));
}

/// A token of Atlassian's Data Center products: a number and twenty bytes.
pub(super) fn atlassian(draft: &mut Draft, _: &Argument) {
    let number = drawn(draft, DIGITS, 12);
    let secret: [u8; 20] = draft.random.array();
    let whole = |mark: &[u8]| base64(&[number.as_bytes(), mark, &secret].concat());
    draft.push_checked(&whole(b":"), &whole(b";"));
}

/// A private key of WireGuard: thirty-two bytes of which five bits are fixed.
pub(super) fn wireguard(draft: &mut Draft, _: &Argument) {
    let mut key: [u8; 32] = draft.random.array();
    key[0] &= 0xF8;
    key[31] = (key[31] & 0x7F) | 0x40;
    let valid = base64(&key);
    key[31] ^= 0x40;
    draft.push_checked(&valid, &base64(&key));
}

/// A PKCS#12 key store as far as its outer parts tell what it is; the rest is random.
pub(super) fn pkcs12(draft: &mut Draft, _: &Argument) {
    let content = draft.random.bytes(700);
    let object_id = |last: u8| [0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, last];
    let whole = |last: u8| {
        let safe = long_sequence(&[object_id(last).as_slice(), &content].concat());
        base64(&long_sequence(&[&[0x02, 1, 3], safe.as_slice()].concat()))
    };
    draft.push_checked(&whole(1), &whole(9));
}

/// A DER sequence whose length takes two bytes.
fn long_sequence(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap_or(u16::MAX);
    [&[0x30, 0x82], length.to_be_bytes().as_slice(), content].concat()
}

fn drawn(draft: &mut Draft, alphabet: &[u8], length: usize) -> String {
    let bytes = draft.random.bytes(length);
    let letters = bytes
        .iter()
        .filter_map(|byte| alphabet.get(usize::from(*byte) % alphabet.len()));
    letters.map(|letter| char::from(*letter)).collect()
}
