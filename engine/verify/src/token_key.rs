//! Keys that sign JSON Web Tokens, for whoever tries one or makes its successor: RSA (RS256), ECDSA (ES256, ES384, ES512), Ed25519
//! (EdDSA). RFC 7515, 7517, 7518, 7638, 8037.

use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use crate::base64url::{decode, encode};
use crate::fill;
use crate::keys::{Form, PrivateKey, PublicKey, pem, without_zeros};
use crate::offline::key_body;
use crate::subject::{Subject, ValueSource};

/// Names that a key's name has, in a store's entry and among what the operator gives.
pub const IDS: [&str; 4] = ["kid", "key_id", "keyid", "key-id"];

/// What a key is called where its tokens are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyName {
    /// By its thumbprint: the word [`KeyName::WORD`] in the place of a name says so.
    Thumbprint,
    /// By this.
    Own(String),
}

impl KeyName {
    /// Says that a key is named by its thumbprint.
    pub const WORD: &str = "thumbprint";

    /// As somebody said it, under the first of the values that is a name; none when nobody has.
    #[must_use]
    pub fn of(subject: &Subject) -> Option<Self> {
        let is_name = |name: &str| IDS.contains(&name);
        let mut values = subject.values.iter();
        let said =
            values.find(|value| value.source == ValueSource::Given && is_name(&value.name))?;
        let said = fill::text(&said.secret)?;
        Some(match said.as_str() {
            Self::WORD => Self::Thumbprint,
            other => Self::Own(other.to_owned()),
        })
    }
}

/// The public half as a JSON Web Key, named by its thumbprint; none for a key that cannot be read.
#[must_use]
pub fn jwk(private: &str) -> Option<Value> {
    let key = PrivateKey::read(private).ok()?;
    let mut jwk = members(key.public())?;
    let id = thumbprint(&jwk)?;
    jwk["alg"] = json!(algorithm(key.public()));
    jwk["use"] = json!("sig");
    jwk["kid"] = json!(id);
    Some(jwk)
}

/// The thumbprint of a public key (RFC 7638); none when it is no key of these kinds. Numbers count, however they are written: one key
/// has one thumbprint, also with zeros in front of a modulus, without those of a coordinate, or with base64 that is filled up.
#[must_use]
pub fn thumbprint(jwk: &Value) -> Option<String> {
    let text = |name: &str| jwk.get(name)?.as_str();
    let member = |name: &str, length: usize| {
        let bytes = without_zeros(&decode(text(name)?)?);
        let missing = length.saturating_sub(bytes.len());
        let number = [vec![0; missing], bytes].concat();
        Some(json!(encode(number)))
    };
    // Names in the order of their letters.
    let members = match text("kty")? {
        "RSA" => json!({ "e": member("e", 1)?, "kty": "RSA", "n": member("n", 1)? }),
        "EC" => {
            let curve = text("crv")?;
            let length = match curve {
                "P-256" => 32,
                "P-384" => 48,
                "P-521" => 66,
                _ => 0,
            };
            json!({ "crv": curve, "kty": "EC", "x": member("x", length)?, "y": member("y", length)? })
        }
        "OKP" => {
            let point = encode(decode(text("x")?)?);
            json!({ "crv": text("crv")?, "kty": "OKP", "x": point })
        }
        _ => return None,
    };
    let text = members.to_string();
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    Some(encode(hash.as_ref()))
}

/// A token with these claims, signed with the key of that name. None for a key that cannot be read.
#[must_use]
pub fn signed(
    private: &str,
    key_id: &str,
    claims: &Map<String, Value>,
) -> Option<Zeroizing<String>> {
    let key = PrivateKey::read(private).ok()?;
    let header = json!({ "alg": algorithm(key.public()), "typ": "JWT", "kid": key_id });
    let part = |json: String| encode(json);
    let text = format!(
        "{}.{}",
        part(header.to_string()),
        part(json!(claims).to_string())
    );
    let signature = key.token_signature(text.as_bytes())?;
    Some(Zeroizing::new(format!("{text}.{}", encode(signature))))
}

/// A new key in PEM, of the same kind, size and form as this one, which is in PEM or its base64 alone. None for a key of another kind,
/// and without randomness.
#[must_use]
pub fn new_like(private: &str) -> Option<Zeroizing<String>> {
    let form = Form::of(&key_body(private)?)?;
    let label = match form {
        Form::Pkcs8 => "PRIVATE KEY",
        Form::Pkcs1 => "RSA PRIVATE KEY",
        Form::Sec1 => "EC PRIVATE KEY",
    };
    let old = PrivateKey::read(private).ok()?;
    let der = old.public().new_like(form)?;
    Some(pem(label, 64, &der))
}

/// Another key of the same kind, in PEM, which nobody has seen. RSA is always of 2048 bits, so that it is there in a moment.
pub(crate) fn unheard_of(private: &str) -> Option<Zeroizing<String>> {
    let kind = match PrivateKey::read(private).ok()?.public() {
        PublicKey::Rsa { e, .. } => PublicKey::Rsa {
            n: vec![1; 256],
            e: e.clone(),
        },
        other => other.clone(),
    };
    Some(pem("PRIVATE KEY", 64, &kind.new_like(Form::Pkcs8)?))
}

fn algorithm(public: &PublicKey) -> &'static str {
    match public {
        PublicKey::Rsa { .. } => "RS256",
        PublicKey::Ed25519(_) => "EdDSA",
        PublicKey::Ecdsa("nistp256", _) => "ES256",
        PublicKey::Ecdsa("nistp384", _) => "ES384",
        PublicKey::Ecdsa(..) => "ES512",
    }
}

fn members(public: &PublicKey) -> Option<Value> {
    let number = |bytes: &[u8]| encode(bytes);
    Some(match public {
        PublicKey::Rsa { n, e } => json!({ "kty": "RSA", "n": number(n), "e": number(e) }),
        PublicKey::Ed25519(point) => {
            json!({ "kty": "OKP", "crv": "Ed25519", "x": number(point) })
        }
        PublicKey::Ecdsa(curve, point) => {
            // Uncompressed: a four, then both coordinates.
            let both = point.strip_prefix(&[4])?;
            let (x, y) = both.split_at_checked(both.len() / 2)?;
            let curve = match *curve {
                "nistp256" => "P-256",
                "nistp384" => "P-384",
                _ => "P-521",
            };
            json!({ "kty": "EC", "crv": curve, "x": number(x), "y": number(y) })
        }
    })
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rsa::KeySize;
    use aws_lc_rs::signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn written(label: &str, der: &[u8]) -> String {
        pem(label, 64, der).to_string()
    }

    fn kind(key: &str) -> String {
        let key = PrivateKey::read(key).map_err(|error| error.to_string());
        key.expect("a key").public().kind()
    }

    #[test]
    fn a_successor_is_of_the_same_kind_and_form_and_another_key() {
        let ecdsa = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).expect("a key");
        let ed25519 = Ed25519KeyPair::generate().expect("a key");
        let rsa = PublicKey::Rsa {
            n: vec![1; KeySize::Rsa2048.len()],
            e: vec![1, 0, 1],
        };
        let pkcs8 = |document: aws_lc_rs::pkcs8::Document| document.as_ref().to_vec();
        let mut olds = vec![
            written("PRIVATE KEY", &pkcs8(ecdsa.to_pkcs8v1().expect("a key"))),
            written("PRIVATE KEY", &pkcs8(ed25519.to_pkcs8v1().expect("a key"))),
        ];
        for (form, label) in [
            (Form::Pkcs1, "RSA PRIVATE KEY"),
            (Form::Pkcs8, "PRIVATE KEY"),
        ] {
            olds.push(written(label, &rsa.new_like(form).expect("a key")));
        }
        let curve = PublicKey::Ecdsa("nistp256", Vec::new());
        olds.push(written(
            "EC PRIVATE KEY",
            &curve.new_like(Form::Sec1).expect("a key"),
        ));
        for old in olds {
            let new = new_like(&old).expect("a successor");
            assert_eq!(kind(&new), kind(&old));
            assert_eq!(new.lines().next(), old.lines().next());
            assert!(new.lines().all(|line| line.len() <= 64));
            assert_ne!(jwk(&new), jwk(&old));
            // As a scan finds it.
            let lines = old.lines().filter(|line| !line.contains("--"));
            let bare = lines.collect::<String>();
            let new = new_like(bare.trim_end_matches('=')).expect("a successor");
            assert_eq!(kind(&new), kind(&old));
            assert_eq!(new.lines().next(), old.lines().next());
        }
    }

    /// Some write a modulus with the zero that makes it positive, or the coordinates of a point without their zeros.
    #[test]
    fn a_key_has_one_thumbprint_however_its_numbers_are_written() {
        let written = |bytes: &[u8]| encode(bytes);
        let rsa = |n: String, e: &[u8]| json!({ "kty": "RSA", "n": n, "e": written(e) });
        let modulus = [[0xfb].as_slice(), &[0xff; 255]].concat();
        let plain = thumbprint(&rsa(written(&modulus), &[1, 0, 1]));
        assert!(plain.is_some());
        let positive = written(&[&[0][..], &modulus].concat());
        let other_signs = STANDARD.encode(&modulus);
        assert!(other_signs.contains('+') && other_signs.ends_with('='));
        for n in [positive, other_signs, format!("{}==", written(&modulus))] {
            assert_eq!(thumbprint(&rsa(n, &[0, 1, 0, 1])), plain);
        }
        let point = |x: &[u8]| json!({ "kty": "EC", "crv": "P-256", "x": written(x), "y": written(&[7; 32]) });
        let short = vec![9; 30];
        let full = [vec![0; 2], short.clone()].concat();
        assert_eq!(thumbprint(&point(&short)), thumbprint(&point(&full)));
        assert_ne!(thumbprint(&point(&full)), thumbprint(&point(&[9; 32])));
        // In a set that somebody wrote, anything can stand.
        for odd in [
            json!({}),
            rsa("!".to_owned(), &[1]),
            json!({ "kty": "EC", "crv": 3 }),
        ] {
            assert_eq!(thumbprint(&odd), None);
        }
    }

    /// The example of RFC 7638, 3.1.
    #[test]
    fn a_thumbprint_is_that_of_the_standard() {
        let n = concat!(
            "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMs",
            "tn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbI",
            "SD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
        );
        let jwk = json!({ "kty": "RSA", "n": n, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29" });
        assert_eq!(
            thumbprint(&jwk).as_deref(),
            Some("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")
        );
    }
}
