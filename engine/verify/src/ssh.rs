//! SSH keys, for whoever makes one, has to name one by its public half, or signs a text with one.
//!
//! Signatures are those of `ssh-keygen -Y sign`, so that keys in agents and on hardware can make them too:
//! <https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.sshsig>.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::keys::{PrivateKey, pem, ssh_string, ssh_text};
use crate::native::bytes::Reader;
use crate::native::ssh::is_signed;

/// Characters of a line, as OpenSSH writes it.
const WIDTH: usize = 70;

const MAGIC: &[u8] = b"SSHSIG";
const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----";
const END: &str = "-----END SSH SIGNATURE-----";

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
    Some(pem("OPENSSH PRIVATE KEY", WIDTH, &whole))
}

/// Signs a text for a purpose, as `ssh-keygen -Y sign -n NAMESPACE` does.
///
/// # Errors
/// The key cannot be read, or is encrypted; says which.
pub fn sign(private: &str, namespace: &str, message: &[u8]) -> Result<String, String> {
    let key = PrivateKey::read(private).map_err(|error| error.to_string())?;
    let signed = to_be_signed(namespace.as_bytes(), b"sha512", message)
        .and_then(|text| key.ssh_signature(&text))
        .ok_or("the key does not sign")?;
    let whole = [
        MAGIC,
        &1_u32.to_be_bytes(),
        &ssh_string(&key.public().ssh_blob()),
        &ssh_string(namespace.as_bytes()),
        &ssh_string(b""),
        &ssh_string(b"sha512"),
        &ssh_string(&signed),
    ]
    .concat();
    Ok(pem("SSH SIGNATURE", WIDTH, &whole).to_string())
}

/// Who signed the text for this purpose: the public key as it stands in `authorized_keys`. None where the signature is not
/// right, whatever is wrong with it. Ed25519, ECDSA on P-256 and RSA are understood.
#[must_use]
pub fn signer(signature: &str, namespace: &str, message: &[u8]) -> Option<String> {
    let (_, rest) = signature.split_once(BEGIN)?;
    let (body, _) = rest.split_once(END)?;
    let body: String = body.split_whitespace().collect();
    let bytes = STANDARD.decode(body).ok()?;
    let mut reader = Reader(bytes.strip_prefix(MAGIC)?);
    if reader.big_u32()? != 1 {
        return None;
    }
    let (public, meant_for, _reserved) = (reader.string()?, reader.string()?, reader.string()?);
    let (hash, proof) = (reader.string()?, reader.string()?);
    if meant_for != namespace.as_bytes() {
        return None;
    }
    let text = to_be_signed(meant_for, hash, message)?;
    let kind = std::str::from_utf8(Reader(public).string()?)
        .ok()?
        .to_owned();
    is_signed(public, proof, &text).then(|| format!("{kind} {}", STANDARD.encode(public)))
}

fn to_be_signed(namespace: &[u8], hash: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    use aws_lc_rs::digest::{SHA256, SHA512, digest};
    let digest = match hash {
        b"sha512" => digest(&SHA512, message),
        b"sha256" => digest(&SHA256, message),
        _ => return None,
    };
    Some(
        [
            MAGIC,
            &ssh_string(namespace),
            &ssh_string(b""),
            &ssh_string(hash),
            &ssh_string(digest.as_ref()),
        ]
        .concat(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_names_its_signer_and_fits_its_text_and_purpose_alone() {
        let key = new_key("test").expect("a key");
        let signature = sign(&key, "leakward", b"yes").expect("a signature");
        assert_eq!(signer(&signature, "leakward", b"yes"), public_text(&key));
        for (namespace, text) in [("leakward", &b"no"[..]), ("git", b"yes")] {
            assert_eq!(signer(&signature, namespace, text), None, "{namespace}");
        }
        let middle = signature.len() / 2;
        let letter = if signature.as_bytes()[middle] == b'A' {
            "B"
        } else {
            "A"
        };
        let mut other = signature.clone();
        other.replace_range(middle..=middle, letter);
        assert_ne!(signer(&other, "leakward", b"yes"), public_text(&key));
        assert_eq!(signer("no signature", "leakward", b"yes"), None);
    }

    #[test]
    fn a_new_key_is_read_back() {
        let key = new_key("test").expect("a key");
        let public = public_text(&key).expect("its public half");
        assert!(public.starts_with("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5"));
        assert_ne!(new_key("test"), Some(key));
    }
}
