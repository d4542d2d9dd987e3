//! A private key: OpenSSH's own form, PKCS #1, PKCS #8, SEC 1.

use aws_lc_rs::encoding::{AsDer as _, EcPrivateKeyRfc5915Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
    ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair,
    KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA512,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use zeroize::Zeroizing;

use super::der::{INTEGER, OCTET_STRING, SEQUENCE, element};
use super::openssh;
use crate::offline::key_body;

/// A private key.
pub(crate) struct PrivateKey {
    pair: Pair,
    public: PublicKey,
}

enum Pair {
    Ed25519(Box<Ed25519KeyPair>),
    Ecdsa(Box<EcdsaKeyPair>),
    Rsa(Box<RsaPair>),
}

/// The public half of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// 32 bytes.
    Ed25519(Vec<u8>),
    /// The curve's name as SSH writes it, and the point, uncompressed.
    Ecdsa(&'static str, Vec<u8>),
    /// Modulus and exponent, big-endian, without leading zeros.
    Rsa {
        /// Modulus.
        n: Vec<u8>,
        /// Exponent.
        e: Vec<u8>,
    },
}

/// Why a key cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeyError {
    /// A passphrase is missing.
    #[error("the key is encrypted; it is worth what its passphrase is worth")]
    Encrypted,
    /// Another form or algorithm.
    #[error("the key is of a kind that is not read: RSA from 2048 bits, ECDSA and Ed25519 are")]
    Unsupported,
}

/// The curves, by the name that SSH has for them.
pub(super) const CURVES: [(&str, &EcdsaSigningAlgorithm); 3] = [
    ("nistp256", &ECDSA_P256_SHA256_FIXED_SIGNING),
    ("nistp384", &ECDSA_P384_SHA384_FIXED_SIGNING),
    ("nistp521", &ECDSA_P521_SHA512_FIXED_SIGNING),
];

impl PrivateKey {
    /// Reads a key from its file's text.
    pub(crate) fn read(text: &str) -> Result<Self, KeyError> {
        if text.contains("ENCRYPTED") {
            return Err(KeyError::Encrypted);
        }
        let bytes = key_body(text).ok_or(KeyError::Unsupported)?;
        if openssh::is_openssh(&bytes) {
            return openssh::read(&bytes);
        }
        Self::of_der(&bytes).ok_or(KeyError::Unsupported)
    }

    fn of_der(der: &[u8]) -> Option<Self> {
        if let Ok(pair) = RsaPair::from_pkcs8(der).or_else(|_| RsaPair::from_der(der)) {
            return Self::rsa(pair);
        }
        if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
            return Some(Self::ed25519(pair));
        }
        CURVES.iter().find_map(|(curve, algorithm)| {
            let pair = EcdsaKeyPair::from_pkcs8(algorithm, der)
                .or_else(|_| EcdsaKeyPair::from_private_key_der(algorithm, der));
            Some(Self::ecdsa(curve, pair.ok()?))
        })
    }

    pub(super) fn ed25519(pair: Ed25519KeyPair) -> Self {
        let public = PublicKey::Ed25519(pair.public_key().as_ref().to_vec());
        Self {
            pair: Pair::Ed25519(Box::new(pair)),
            public,
        }
    }

    pub(super) fn ecdsa(curve: &'static str, pair: EcdsaKeyPair) -> Self {
        let public = PublicKey::Ecdsa(curve, pair.public_key().as_ref().to_vec());
        Self {
            pair: Pair::Ecdsa(Box::new(pair)),
            public,
        }
    }

    /// The public half is there as PKCS #1: a sequence of two numbers.
    pub(super) fn rsa(pair: RsaPair) -> Option<Self> {
        let pkcs1 = pair.public_key().as_ref().to_vec();
        let (numbers, _) = element(&pkcs1)?;
        let mut numbers = numbers
            .children()
            .map(|number| without_zeros(number.content));
        let public = PublicKey::Rsa {
            n: numbers.next()?,
            e: numbers.next()?,
        };
        Some(Self {
            pair: Pair::Rsa(Box::new(pair)),
            public,
        })
    }

    pub(crate) fn public(&self) -> &PublicKey {
        &self.public
    }

    /// A signature as JSON Web Tokens have it (RFC 7518, 3.3 and 3.4; RFC 8037).
    pub(crate) fn token_signature(&self, message: &[u8]) -> Option<Vec<u8>> {
        let random = SystemRandom::new();
        Some(match &self.pair {
            Pair::Ed25519(pair) => pair.try_sign(message).ok()?.as_ref().to_vec(),
            Pair::Ecdsa(pair) => pair.sign(&random, message).ok()?.as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .ok()?;
                signature
            }
        })
    }

    /// A signature as SSH writes it: the algorithm's name and the signature itself.
    pub(crate) fn ssh_signature(&self, message: &[u8]) -> Option<Vec<u8>> {
        let random = SystemRandom::new();
        let raw = match &self.pair {
            Pair::Ed25519(pair) => pair.try_sign(message).ok()?.as_ref().to_vec(),
            Pair::Ecdsa(pair) => {
                let fixed = pair.sign(&random, message).ok()?;
                let (r, s) = fixed.as_ref().split_at_checked(fixed.as_ref().len() / 2)?;
                [mpint(r), mpint(s)].concat()
            }
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA512, &random, message, &mut signature)
                    .ok()?;
                signature
            }
        };
        Some([string(self.public.ssh_algorithm().as_bytes()), string(&raw)].concat())
    }
}

/// How a private key is written in DER.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// RFC 5958.
    Pkcs8,
    /// RFC 8017, RSA alone.
    Pkcs1,
    /// RFC 5915, elliptic curves alone.
    Sec1,
}

impl Form {
    /// The form of a key in DER, as its first two parts show it: a version, and what each form has behind it.
    pub(crate) fn of(der: &[u8]) -> Option<Self> {
        let (whole, _) = element(der)?;
        let mut parts = whole.children();
        parts.next().filter(|version| version.tag == INTEGER)?;
        match parts.next()?.tag {
            SEQUENCE => Some(Self::Pkcs8),
            INTEGER => Some(Self::Pkcs1),
            OCTET_STRING => Some(Self::Sec1),
            _ => None,
        }
    }
}

impl PublicKey {
    /// A new private key of this kind and size, in DER; none where the form does not fit the kind.
    pub(crate) fn new_like(&self, form: Form) -> Option<Zeroizing<Vec<u8>>> {
        let kept = |bytes: &[u8]| Some(Zeroizing::new(bytes.to_vec()));
        match (self, form) {
            (Self::Ed25519(_), Form::Pkcs8) => {
                kept(Ed25519KeyPair::generate().ok()?.to_pkcs8v1().ok()?.as_ref())
            }
            (Self::Ecdsa(curve, _), Form::Pkcs8 | Form::Sec1) => {
                let (_, algorithm) = CURVES.iter().find(|(name, _)| name == curve)?;
                let pair = EcdsaKeyPair::generate(algorithm).ok()?;
                if form == Form::Pkcs8 {
                    return kept(pair.to_pkcs8v1().ok()?.as_ref());
                }
                let der: EcPrivateKeyRfc5915Der<'_> = pair.private_key().as_der().ok()?;
                kept(der.as_ref())
            }
            (Self::Rsa { n, .. }, Form::Pkcs8 | Form::Pkcs1) => {
                let size = match n.len() * 8 {
                    2048 => KeySize::Rsa2048,
                    3072 => KeySize::Rsa3072,
                    4096 => KeySize::Rsa4096,
                    8192 => KeySize::Rsa8192,
                    _ => return None,
                };
                let der = RsaPair::generate(size).ok()?.as_der().ok()?;
                if form == Form::Pkcs8 {
                    return kept(der.as_ref());
                }
                let (whole, _) = element(der.as_ref())?;
                let mut parts = whole.children();
                kept(parts.find(|part| part.tag == OCTET_STRING)?.content)
            }
            _ => None,
        }
    }

    /// The algorithm that signs, as SSH calls it.
    pub(crate) fn ssh_algorithm(&self) -> &'static str {
        match self {
            Self::Rsa { .. } => "rsa-sha2-512",
            Self::Ed25519(_) => "ssh-ed25519",
            Self::Ecdsa("nistp256", _) => "ecdsa-sha2-nistp256",
            Self::Ecdsa("nistp384", _) => "ecdsa-sha2-nistp384",
            Self::Ecdsa(..) => "ecdsa-sha2-nistp521",
        }
    }

    /// The key as SSH writes it (RFC 4253, 6.6; RFC 5656; RFC 8709).
    pub(crate) fn ssh_blob(&self) -> Vec<u8> {
        match self {
            Self::Ed25519(point) => [string(b"ssh-ed25519"), string(point)].concat(),
            Self::Ecdsa(curve, point) => [
                string(self.ssh_algorithm().as_bytes()),
                string(curve.as_bytes()),
                string(point),
            ]
            .concat(),
            Self::Rsa { n, e } => [string(b"ssh-rsa"), mpint(e), mpint(n)].concat(),
        }
    }

    /// What it is, for people: `Ed25519`, `RSA 3072`.
    pub(crate) fn kind(&self) -> String {
        match self {
            Self::Ed25519(_) => "Ed25519".to_owned(),
            Self::Ecdsa(curve, _) => format!("ECDSA {curve}"),
            Self::Rsa { n, .. } => format!("RSA {}", n.len() * 8),
        }
    }
}

/// `SHA256:…` of a public key as SSH writes it, as `ssh-keygen -l` prints it.
pub(crate) fn ssh_fingerprint(blob: &[u8]) -> String {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, blob);
    format!("SHA256:{}", STANDARD_NO_PAD.encode(hash.as_ref()))
}

/// The line of an `authorized_keys` file, without a comment.
pub(crate) fn ssh_text(public: &PublicKey) -> String {
    let name = match public {
        PublicKey::Rsa { .. } => "ssh-rsa",
        other => other.ssh_algorithm(),
    };
    let blob = base64::engine::general_purpose::STANDARD.encode(public.ssh_blob());
    format!("{name} {blob}")
}

/// A length and the bytes.
pub(crate) fn string(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    [&length.to_be_bytes()[..], bytes].concat()
}

/// A positive number: without leading zeros but for one where it would look negative.
pub(crate) fn mpint(bytes: &[u8]) -> Vec<u8> {
    let mut number = without_zeros(bytes);
    if number.first().is_some_and(|first| first & 0x80 != 0) {
        number.insert(0, 0);
    }
    string(&number)
}

pub(crate) fn without_zeros(bytes: &[u8]) -> Vec<u8> {
    let start = bytes.iter().position(|byte| *byte != 0);
    bytes
        .get(start.unwrap_or(bytes.len())..)
        .unwrap_or_default()
        .to_vec()
}
