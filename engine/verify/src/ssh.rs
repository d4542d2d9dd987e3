//! SSH keys, for whoever makes one or has to name one by its public half.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::keys::{PrivateKey, ssh_string, ssh_text};

/// The public half of a private key as it stands in `authorized_keys`, without a comment; none for a key that cannot be read.
#[must_use]
pub fn public_text(private: &str) -> Option<String> {
    Some(ssh_text(PrivateKey::read(private).ok()?.public()))
}

/// A new Ed25519 key in OpenSSH's own form, without a passphrase. None without randomness.
#[must_use]
pub fn new_key(comment: &str) -> Option<Zeroizing<String>> {
    const NAME: &[u8] = b"ssh-ed25519";
    let pair = Ed25519KeyPair::generate().ok()?;
    let seed = pair.seed().ok()?;
    let seed = aws_lc_rs::encoding::AsBigEndian::<aws_lc_rs::encoding::Curve25519SeedBin<'_>>::as_be_bytes(&seed).ok()?;
    let public = pair.public_key().as_ref();
    let blob = [ssh_string(NAME), ssh_string(public)].concat();
    let mut check = [0; 4];
    aws_lc_rs::rand::fill(&mut check).ok()?;
    let both = Zeroizing::new([seed.as_ref(), public].concat());
    let mut private = Zeroizing::new(
        [
            &check[..],
            &check,
            &ssh_string(NAME),
            &ssh_string(public),
            &Zeroizing::new(ssh_string(&both)),
            &ssh_string(comment.as_bytes()),
        ]
        .concat(),
    );
    // Padding counts from one, up to a multiple of the block.
    let mut next = 1;
    while private.len() % 8 != 0 {
        private.push(next);
        next += 1;
    }
    let whole = Zeroizing::new(
        [
            &b"openssh-key-v1\0"[..],
            &ssh_string(b"none"),
            &ssh_string(b"none"),
            &ssh_string(b""),
            &1u32.to_be_bytes(),
            &ssh_string(&blob),
            &Zeroizing::new(ssh_string(&private)),
        ]
        .concat(),
    );
    const WIDTH: usize = 70;
    let base64 = Zeroizing::new(STANDARD.encode(&*whole));
    let (begin, end) = ("-----BEGIN OPENSSH", "-----END OPENSSH");
    let mut text = Zeroizing::new(format!("{begin} PRIVATE KEY-----\n"));
    let mut rest = base64.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(WIDTH.min(rest.len()));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str(&format!("{end} PRIVATE KEY-----\n"));
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_is_read_back() {
        let key = new_key("test").expect("a key");
        let public = public_text(&key).expect("its public half");
        assert!(public.starts_with("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5"));
        assert_ne!(new_key("test"), Some(key));
    }
}
