//! How SOPS encrypts one value: `ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]`.
//!
//! <https://getsops.io/docs/#encryption-protocol>. AES-256-GCM with a nonce of 32 bytes, and the path of the value (its keys, each with a
//! colon behind it) as additional data, so that a value cannot be moved to another key.

use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use aes_gcm::aes::Aes256;
use aes_gcm::aes::cipher::consts::U32;
use aes_gcm::{AesGcm, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::leaves::Nature;

type Cipher = AesGcm<Aes256, U32>;

const NONCE: usize = 32;
const TAG: usize = 16;

/// The key of a file.
pub(super) struct DataKey(Cipher);

/// What SOPS calls the type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Integer,
    Float,
    Bool,
    Bytes,
    Comment,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Text => "str",
            Self::Integer => "int",
            Self::Float => "float",
            Self::Bool => "bool",
            Self::Bytes => "bytes",
            Self::Comment => "comment",
        }
    }

    /// The type of a plain value; null has none and is not encrypted.
    pub(super) fn of(nature: Nature) -> Option<Self> {
        match nature {
            Nature::Text => Some(Self::Text),
            Nature::Integer => Some(Self::Integer),
            Nature::Float => Some(Self::Float),
            Nature::Bool => Some(Self::Bool),
            Nature::Null => None,
        }
    }
}

impl DataKey {
    /// 32 bytes.
    pub(super) fn new(key: &[u8]) -> Option<Self> {
        Cipher::new_from_slice(key).ok().map(Self)
    }

    /// Encrypts a value; an empty one stays empty, as SOPS does it.
    pub(super) fn seal(&self, plain: &[u8], kind: Kind, additional: &str) -> Option<String> {
        if plain.is_empty() {
            return Some(String::new());
        }
        let mut nonce = [0; NONCE];
        aws_lc_rs::rand::fill(&mut nonce).ok()?;
        let payload = Payload {
            msg: plain,
            aad: additional.as_bytes(),
        };
        let sealed = self
            .0
            .encrypt(Nonce::<U32>::from_slice(&nonce), payload)
            .ok()?;
        let (data, tag) = sealed.split_at_checked(sealed.len().checked_sub(TAG)?)?;
        Some(format!(
            "ENC[AES256_GCM,data:{},iv:{},tag:{},type:{}]",
            STANDARD.encode(data),
            STANDARD.encode(nonce),
            STANDARD.encode(tag),
            kind.word()
        ))
    }

    /// Decrypts a value; none when it was damaged, moved or made with another key.
    pub(super) fn open(
        &self,
        sealed: &str,
        additional: &str,
    ) -> Option<(Zeroizing<Vec<u8>>, Kind)> {
        let inner = sealed.strip_prefix("ENC[AES256_GCM,")?.strip_suffix(']')?;
        let part = |name: &str| {
            inner
                .split(',')
                .find_map(|part| part.strip_prefix(name)?.strip_prefix(':'))
        };
        let kind = match part("type")? {
            "str" => Kind::Text,
            "int" => Kind::Integer,
            "float" => Kind::Float,
            "bool" => Kind::Bool,
            "bytes" => Kind::Bytes,
            "comment" => Kind::Comment,
            _ => return None,
        };
        let mut data = STANDARD.decode(part("data")?).ok()?;
        data.extend(STANDARD.decode(part("tag")?).ok()?);
        let nonce = STANDARD.decode(part("iv")?).ok()?;
        if nonce.len() != NONCE {
            return None;
        }
        let payload = Payload {
            msg: &data,
            aad: additional.as_bytes(),
        };
        let plain = self
            .0
            .decrypt(Nonce::<U32>::from_slice(&nonce), payload)
            .ok()?;
        Some((Zeroizing::new(plain), kind))
    }
}

/// Whether a text is an encrypted value.
pub(super) fn is_sealed(text: &str) -> bool {
    text.starts_with("ENC[AES256_GCM,") && text.ends_with(']')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_opens_at_its_place_with_its_key_and_nowhere_else() {
        let key = DataKey::new(&[7; 32]).expect("a key");
        let sealed = key.seal(b"value", Kind::Text, "a:b:").expect("sealed");
        assert!(is_sealed(&sealed));
        let (plain, kind) = key.open(&sealed, "a:b:").expect("opened");
        assert_eq!((plain.as_slice(), kind), (&b"value"[..], Kind::Text));
        assert!(key.open(&sealed, "a:c:").is_none());
        let other = DataKey::new(&[8; 32]).expect("a key");
        assert!(other.open(&sealed, "a:b:").is_none());
        assert!(
            key.open(&sealed.replace("data:", "data:A"), "a:b:")
                .is_none()
        );
        assert_eq!(key.seal(b"", Kind::Text, "a:").as_deref(), Some(""));
    }
}
