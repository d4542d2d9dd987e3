//! Whether a delivery was signed by somebody who knows a secret of ours: HMAC-SHA-256 over the raw body, compared in constant
//! time, before anything looks into it.

use aws_lc_rs::{constant_time, digest, hmac};
use leakward_core::Secret;

use crate::hex;

/// The secrets that a signature may be made with: the one of today, and the one of yesterday while it is being changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct SigningSecrets(Vec<Secret>);

impl SigningSecrets {
    /// These secrets; empty ones are none, as everybody knows them.
    pub(crate) fn new(secrets: Vec<Secret>) -> Self {
        Self(secrets.into_iter().filter(|one| !one.is_empty()).collect())
    }

    /// Whether `written` (hexadecimal, maybe after `sha256=`) is the signature of `parts`, one after the other.
    pub(crate) fn signed(&self, written: &str, parts: &[&[u8]]) -> bool {
        let digits = written.strip_prefix("sha256=").unwrap_or(written);
        let Some(signature) = hex::decode(digits) else {
            return false;
        };
        // Every secret is tried, so that the time tells nothing about which one it was.
        self.0.iter().fold(false, |signed, secret| {
            let mut context =
                hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, exposed(secret)));
            parts.iter().for_each(|part| context.update(part));
            let ours = context.sign();
            signed | constant_time::verify_slices_are_equal(ours.as_ref(), &signature).is_ok()
        })
    }

    /// Whether `token` is one of the secrets. Digests are compared, so that not even the length is told.
    pub(crate) fn is_token(&self, token: &[u8]) -> bool {
        let theirs = digest::digest(&digest::SHA256, token);
        self.0.iter().fold(false, |is_token, secret| {
            let ours = digest::digest(&digest::SHA256, exposed(secret));
            is_token
                | constant_time::verify_slices_are_equal(ours.as_ref(), theirs.as_ref()).is_ok()
        })
    }
}

fn exposed(secret: &Secret) -> &[u8] {
    #[expect(
        clippy::disallowed_methods,
        reason = "a webhook's own secret, to check a signature with"
    )]
    secret.expose()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example in GitHub's documentation on validating deliveries.
    #[test]
    fn githubs_documented_example_is_signed() {
        let secrets = SigningSecrets::new(vec![
            Secret::new(b"another"),
            Secret::new(["It's a Secret", " to Everybody"].concat().as_bytes()),
        ]);
        let signature = [
            "sha256=757107ea0eb2509fc211221cce984b8a",
            "37570b6d7586c22c46f4379c8b043e17",
        ]
        .concat();
        assert!(secrets.signed(&signature, &[b"Hello, World!"]));
        assert!(secrets.signed(&signature, &[b"Hello, ", b"World!"]));
        assert!(!secrets.signed(&signature, &[b"Hello, World?"]));
        for wrong in ["", "sha256=", "sha1=00", "sha256=zz", &signature[..70]] {
            assert!(!secrets.signed(wrong, &[b"Hello, World!"]), "{wrong}");
        }
    }

    #[test]
    fn without_a_secret_nothing_is_signed_and_no_token_fits() {
        let none = SigningSecrets::new(vec![Secret::new(b"")]);
        assert!(!none.is_token(b"") && !none.signed("", &[]));
        let one = SigningSecrets::new(vec![Secret::new(b"t")]);
        assert!(one.is_token(b"t") && !one.is_token(b"T"));
    }
}
