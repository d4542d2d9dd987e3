//! PuTTY's private key file, version 3, not encrypted: the MAC is HMAC-SHA-256 with an empty key.

use sha2::{Digest, Sha256};

use super::argument::Argument;
use super::draft::{Draft, altered};
use super::encoding::{base64, hex};
use super::openssh::string;
use super::pem::lines;
use super::words::{user, word};

const LINE: usize = 64;

pub(super) fn file(draft: &mut Draft, _: &Argument) {
    let comment = format!("{}-{}", user(&mut draft.random), word(&mut draft.random));
    let public_key: [u8; 32] = draft.random.array();
    let secret: [u8; 32] = draft.random.array();
    let public = [string(b"ssh-ed25519"), string(&public_key)].concat();
    let private = string(&secret);
    let covered = [
        string(b"ssh-ed25519"),
        string(b"none"),
        string(comment.as_bytes()),
        string(&public),
        string(&private),
    ]
    .concat();
    let mac = hex(&hmac_with_empty_key(&covered));
    draft.push(&format!(
        "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: {comment}\n{}{}Private-MAC: ",
        section("Public-Lines", &public),
        section("Private-Lines", &private),
    ));
    draft.push_checked(&mac, &altered(&mac));
}

fn section(name: &str, bytes: &[u8]) -> String {
    let lines = lines(&base64(bytes), LINE);
    format!("{name}: {}\n{}\n", lines.len(), lines.join("\n"))
}

/// RFC 2104 with a key of no bytes.
fn hmac_with_empty_key(data: &[u8]) -> [u8; 32] {
    let inner = Sha256::digest([[0x36; 64].as_slice(), data].concat());
    Sha256::digest([[0x5c; 64].as_slice(), &inner].concat()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mac_of_nothing_is_the_known_one() {
        let mac = hex(&hmac_with_empty_key(b""));
        assert_eq!(
            mac,
            "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"
        );
    }
}
