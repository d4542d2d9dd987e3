//! SCRAM (RFC 5802, RFC 7677): proves to a server that one knows a password, without sending it.
//!
//! Without channel binding. INVARIANT: the server's proof is checked as well, so that a server that does not know the password
//! cannot say "live".

use aws_lc_rs::{constant_time, digest, hmac, pbkdf2, rand};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::num::NonZeroU32;
use zeroize::Zeroizing;

/// Which hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha1,
    Sha256,
}

impl Hash {
    fn parts(
        self,
    ) -> (
        hmac::Algorithm,
        pbkdf2::Algorithm,
        &'static digest::Algorithm,
    ) {
        match self {
            Self::Sha1 => (
                hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
                pbkdf2::PBKDF2_HMAC_SHA1,
                &digest::SHA1_FOR_LEGACY_USE_ONLY,
            ),
            Self::Sha256 => (
                hmac::HMAC_SHA256,
                pbkdf2::PBKDF2_HMAC_SHA256,
                &digest::SHA256,
            ),
        }
    }
}

/// The client's side of one exchange.
pub(crate) struct Scram {
    hash: Hash,
    password: Zeroizing<String>,
    nonce: String,
    first_bare: String,
    server_signature: Vec<u8>,
}

/// LIMIT: rounds that a server may ask for; PostgreSQL and MongoDB use 4,096 and 15,000.
const MOST_ROUNDS: u32 = 2_000_000;

impl Scram {
    /// `user` is empty for PostgreSQL, which knows it already.
    pub(crate) fn new(hash: Hash, user: &str, password: &str) -> Option<Self> {
        let mut bytes = [0; 18];
        rand::fill(&mut bytes).ok()?;
        let nonce = STANDARD.encode(bytes);
        Some(Self::with_nonce(hash, user, password, nonce))
    }

    fn with_nonce(hash: Hash, user: &str, password: &str, nonce: String) -> Self {
        let name = user.replace('=', "=3D").replace(',', "=2C");
        Self {
            hash,
            password: Zeroizing::new(password.to_owned()),
            first_bare: format!("n={name},r={nonce}"),
            nonce,
            server_signature: Vec::new(),
        }
    }

    pub(crate) fn first(&self) -> String {
        format!("n,,{}", self.first_bare)
    }

    /// The second message, in answer to the server's first; none when that is not of the protocol.
    pub(crate) fn second(&mut self, server_first: &str) -> Option<String> {
        let field = |name: &str| {
            server_first
                .split(',')
                .find_map(|field| field.strip_prefix(name)?.strip_prefix('='))
        };
        let (nonce, salt) = (field("r")?, STANDARD.decode(field("s")?).ok()?);
        let rounds: u32 = field("i")?.parse().ok()?;
        let is_ours = nonce.starts_with(&self.nonce) && nonce.len() > self.nonce.len();
        if !is_ours || rounds > MOST_ROUNDS {
            return None;
        }
        let without_proof = format!("c=biws,r={nonce}");
        let message = format!("{},{server_first},{without_proof}", self.first_bare);
        let (mac, derive, hash) = self.hash.parts();
        let mut salted = Zeroizing::new(vec![0; hash.output_len()]);
        pbkdf2::derive(
            derive,
            NonZeroU32::new(rounds)?,
            &salt,
            self.password.as_bytes(),
            &mut salted,
        );
        let sign = |key: &[u8], text: &[u8]| hmac::sign(&hmac::Key::new(mac, key), text);
        let client_key = sign(&salted, b"Client Key");
        let stored = digest::digest(hash, client_key.as_ref());
        let signature = sign(stored.as_ref(), message.as_bytes());
        let proof: Vec<u8> = client_key
            .as_ref()
            .iter()
            .zip(signature.as_ref())
            .map(|(key, signature)| key ^ signature)
            .collect();
        let server_key = sign(&salted, b"Server Key");
        self.server_signature = sign(server_key.as_ref(), message.as_bytes())
            .as_ref()
            .to_vec();
        Some(format!("{without_proof},p={}", STANDARD.encode(proof)))
    }

    /// Whether the server's last message proves that it knows the password too.
    pub(crate) fn is_proven(&self, server_final: &str) -> bool {
        server_final
            .split(',')
            .find_map(|field| field.strip_prefix("v="))
            .and_then(|signature| STANDARD.decode(signature).ok())
            .is_some_and(|signature| {
                constant_time::verify_slices_are_equal(&signature, &self.server_signature).is_ok()
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_rfcs_hold() {
        // RFC 7677, section 3.
        let mut scram = Scram::with_nonce(
            Hash::Sha256,
            "user",
            "pencil",
            "rOprNGfwEbeRWgbNEkqO".to_owned(),
        );
        let second = scram.second(
            "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        );
        assert!(
            second.is_some_and(
                |text| text.ends_with("p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
            )
        );
        assert!(scram.is_proven("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
        assert!(!scram.is_proven("v=AAAA"));
        // RFC 5802, section 5.
        let mut scram = Scram::with_nonce(
            Hash::Sha1,
            "user",
            "pencil",
            "fyko+d2lbbFgONRv9qkxdawL".to_owned(),
        );
        let second =
            scram.second("r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096");
        assert!(second.is_some_and(|text| text.ends_with("p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=")));
    }

    #[test]
    fn a_server_that_answers_for_another_exchange_gets_nothing() {
        let mut scram = Scram::with_nonce(Hash::Sha256, "u", "p", "mine".to_owned());
        for wrong in [
            "r=other,s=AAAA,i=4096",
            "r=mine,s=AAAA,i=4096",
            "r=mine1,s=AAAA,i=4000000000",
            "r=mine1,s=AAAA,i=0",
            "",
        ] {
            assert!(scram.second(wrong).is_none(), "{wrong}");
        }
    }
}
