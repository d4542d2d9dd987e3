//! PuTTY's private key files: a MAC over the key's type, its comment and both halves.
//!
//! Version 3 without a passphrase is HMAC-SHA-256 with a key of no bytes, version 2 HMAC-SHA-1 with the SHA-1 of a fixed text. With
//! a passphrase the key of the MAC comes from it, and nothing can be said. Source: PuTTY's manual, appendix C.

use hmac::{Hmac, KeyInit, Mac};
use sha1::{Digest, Sha1};
use sha2::Sha256;

use super::Proof;
use crate::decode::{base64, hex};

/// What a file's first line begins with, before the version.
const MAGIC: &[u8] = b"PuTTY-User-Key-File-";

/// What version 2 derives the MAC's key from; a passphrase would stand behind it.
const KEY_TEXT: &[u8] = b"putty-private-key-file-mac-key";

/// Tests the lines of a key file, from its first one on. It says nothing of a file with a passphrase or without its MAC.
pub(crate) fn test(lines: &[&[u8]]) -> Proof {
    read(lines).map_or(Proof::Silent, |(version, covered, mac)| {
        let holds = match version {
            2 => {
                let key = Sha1::digest(KEY_TEXT);
                Hmac::<Sha1>::new_from_slice(&key)
                    .is_ok_and(|hmac| hmac.chain_update(&covered).verify_slice(&mac).is_ok())
            }
            _ => Hmac::<Sha256>::new_from_slice(&[])
                .is_ok_and(|hmac| hmac.chain_update(&covered).verify_slice(&mac).is_ok()),
        };
        Proof::of(holds)
    })
}

/// A file's version, what its MAC covers, and the MAC.
fn read(lines: &[&[u8]]) -> Option<(u8, Vec<u8>, Vec<u8>)> {
    let (version, algorithm) = match lines.first()?.trim_ascii().strip_prefix(MAGIC)? {
        [b'2', b':', b' ', algorithm @ ..] => (2, algorithm),
        [b'3', b':', b' ', algorithm @ ..] => (3, algorithm),
        _ => return None,
    };
    if value(lines, b"Encryption: ")? != b"none" {
        return None;
    }
    let parts = [
        algorithm.to_vec(),
        b"none".to_vec(),
        value(lines, b"Comment: ")?.to_vec(),
        section(lines, b"Public-Lines: ")?,
        section(lines, b"Private-Lines: ")?,
    ];
    let mut covered = Vec::new();
    for part in parts {
        covered.extend(u32::try_from(part.len()).ok()?.to_be_bytes());
        covered.extend(part);
    }
    Some((
        version,
        covered,
        hex::bytes(value(lines, b"Private-MAC: ")?.trim_ascii())?,
    ))
}

/// What stands behind `name` on its line. Blanks at the end belong to a comment.
fn value<'a>(lines: &[&'a [u8]], name: &[u8]) -> Option<&'a [u8]> {
    let rest = lines.iter().find_map(|line| line.strip_prefix(name))?;
    Some(rest.strip_suffix(b"\r").unwrap_or(rest))
}

/// The bytes of so many lines of base64 behind the line that says how many.
fn section(lines: &[&[u8]], name: &[u8]) -> Option<Vec<u8>> {
    let at = lines.iter().position(|line| line.starts_with(name))?;
    let count = lines.get(at)?.strip_prefix(name)?.trim_ascii();
    let count: usize = std::str::from_utf8(count).ok()?.parse().ok()?;
    let body = lines.get(at + 1..at.checked_add(count)?.checked_add(1)?)?;
    base64::decode(
        &body
            .iter()
            .map(|line| line.trim_ascii())
            .collect::<Vec<_>>()
            .concat(),
    )
}

#[cfg(test)]
mod tests {
    use leakward_rules::sample::Template;

    use super::*;

    fn tested(file: &str) -> Proof {
        test(&file.lines().map(str::as_bytes).collect::<Vec<_>>())
    }

    #[test]
    fn generated_files_always_hold_and_altered_ones_never() {
        let template = Template::parse("{putty}").expect("a template");
        for seed in 0..50 {
            let file = template.render(seed).text;
            assert_eq!(tested(&file), Proof::Holds, "seed {seed}");
            assert_eq!(tested(&file.replace('\n', "\r\n")), Proof::Holds);
            let altered = file.replacen("Comment: ", "Comment: x", 1);
            assert_eq!(tested(&altered), Proof::Fails, "seed {seed}");
        }
    }

    #[test]
    fn version_2_is_the_hmac_that_puttys_manual_describes() {
        let covered = |parts: &[&[u8]]| -> Vec<u8> {
            parts
                .iter()
                .flat_map(|part| {
                    let length = u32::try_from(part.len()).expect("short");
                    [&length.to_be_bytes()[..], part].concat()
                })
                .collect()
        };
        let covered = covered(&[b"ssh-rsa", b"none", b"a b", &[1, 2, 3], &[4, 5, 6]]);
        let key = Sha1::digest(KEY_TEXT);
        // RFC 2104 by hand, as the slow twin.
        let pad = |byte: u8| -> Vec<u8> {
            let mut pad = vec![byte; 64];
            pad.iter_mut().zip(&key).for_each(|(pad, key)| *pad ^= key);
            pad
        };
        let inner = Sha1::digest([pad(0x36), covered].concat());
        let mac = Sha1::digest([pad(0x5c), inner.to_vec()].concat());
        let mac: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
        let file = format!(
            "PuTTY-User-Key-File-2: ssh-rsa\nEncryption: none\nComment: a b\nPublic-Lines: 1\nAQID\nPrivate-Lines: 1\nBAUG\nPrivate-MAC: {mac}\n"
        );
        assert_eq!(tested(&file), Proof::Holds);
        assert_eq!(tested(&file.replace("BAUG", "BAUH")), Proof::Fails);
    }

    #[test]
    fn files_with_a_passphrase_or_without_a_mac_say_nothing() {
        let file = "PuTTY-User-Key-File-3: ssh-rsa\nEncryption: aes256-cbc\nComment: a\nPublic-Lines: 1\nAQID\nPrivate-Lines: 1\nBAUG\nPrivate-MAC: 00\n";
        assert_eq!(tested(file), Proof::Silent);
        let file = file.replace("aes256-cbc", "none");
        assert_eq!(
            tested(file.split("Private-MAC").next().expect("a head")),
            Proof::Silent
        );
    }
}
