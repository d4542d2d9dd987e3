//! A signed assertion (RFC 7523): a JWT with RS256, with which a service account asks for a token.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use leakward_core::Secret;
use serde_json::Value;
use zeroize::Zeroizing;

/// The key is not an RSA key in PKCS#8 or PKCS#1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the private key is not an RSA key in PEM")]
pub struct NotAnRsaKey;

/// The assertion that says `claims`, signed with the RSA key in `pem`.
///
/// # Errors
/// The key is not one.
#[expect(
    clippy::disallowed_methods,
    reason = "an assertion is signed with the key"
)]
pub fn rs256(pem: &Secret, header: &Value, claims: &Value) -> Result<Secret, NotAnRsaKey> {
    let der = body(pem.expose()).ok_or(NotAnRsaKey)?;
    let pair = KeyPair::from_pkcs8(&der)
        .or_else(|_| KeyPair::from_der(&der))
        .map_err(|_| NotAnRsaKey)?;
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        signed.as_bytes(),
        &mut signature,
    )
    .map_err(|_| NotAnRsaKey)?;
    let assertion = Zeroizing::new(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)));
    Ok(Secret::new(assertion.as_bytes()))
}

/// What stands between the marks of a PEM block.
fn body(pem: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let text = std::str::from_utf8(pem).ok()?;
    let (_, rest) = text.split_once("-----BEGIN ")?;
    let (_, rest) = rest.split_once("-----")?;
    let (digits, _) = rest.split_once("-----END ")?;
    let digits: Zeroizing<String> =
        Zeroizing::new(digits.chars().filter(|c| !c.is_whitespace()).collect());
    STANDARD.decode(digits.as_bytes()).ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
    use aws_lc_rs::rsa::KeySize;
    use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
    use serde_json::json;

    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test checks the signature")]
    fn the_signature_is_good_for_what_it_says() {
        let pair = KeyPair::generate(KeySize::Rsa2048).expect("a key");
        let der: Pkcs8V1Der<'_> = pair.as_der().expect("its form");
        let (begin, end) = ("-----BEGIN ", "-----END ");
        let pem = format!(
            "{begin}PRIVATE KEY-----\n{}\n{end}PRIVATE KEY-----\n",
            STANDARD.encode(der.as_ref())
        );
        let assertion = rs256(
            &Secret::new(pem.as_bytes()),
            &json!({"alg": "RS256"}),
            &json!({"iss": "a@b"}),
        )
        .expect("signed");
        let text = String::from_utf8(assertion.expose().to_vec()).expect("a text");
        let (signed, signature) = text.rsplit_once('.').expect("three parts");
        let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64");
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref())
            .verify(signed.as_bytes(), &signature)
            .expect("the signature holds");
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let refused = rs256(&Secret::new(b"nonsense"), &json!({}), &json!({}));
        assert_eq!(refused.expect_err("no key"), NotAnRsaKey);
    }
}
