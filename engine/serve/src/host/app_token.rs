//! Tokens of a GitHub App's installations.
//!
//! The App proves itself with a JWT of its own (RS256, ten minutes at most) and gets a token of one hour for an installation:
//! <https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app>.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use leakward_core::Secret;
use reqwest::Method;

use super::api::{Api, Identity};
use super::error::HostError;
use crate::time::Moment;

/// How long before its end a token is not used any more.
const MARGIN: Duration = Duration::from_secs(300);

/// How long a JWT holds; GitHub takes ten minutes at most.
const JWT_SECONDS: i64 = 540;

/// How far GitHub's clock may be behind ours.
const JWT_SKEW: i64 = 60;

/// A GitHub App, and the tokens that its installations gave.
pub(crate) struct AppTokens {
    id: String,
    key: KeyPair,
    tokens: Mutex<HashMap<u64, (Secret, Moment)>>,
}

impl AppTokens {
    /// The App with this id and private key (PEM, as GitHub gives it).
    pub(crate) fn new(id: &str, pem: &Secret) -> Result<Self, HostError> {
        let wrong = || {
            HostError::NotConfigured("the key of the GitHub App is no RSA key in PEM".to_owned())
        };
        #[expect(clippy::disallowed_methods, reason = "the App's own key, to sign with")]
        let text = std::str::from_utf8(pem.expose()).map_err(|_| wrong())?;
        let der = zeroize::Zeroizing::new(der(text).ok_or_else(wrong)?);
        let key = KeyPair::from_pkcs8(&der)
            .or_else(|_| KeyPair::from_der(&der))
            .map_err(|_| wrong())?;
        Ok(Self {
            id: id.to_owned(),
            key,
            tokens: Mutex::default(),
        })
    }

    /// A token of the installation.
    pub(crate) async fn token(&self, api: &Api, installation: u64) -> Result<Secret, HostError> {
        let now = Moment::now();
        if let Some((token, until)) = self.known(installation)
            && now < until.before(MARGIN)
        {
            return Ok(token);
        }
        let path = format!("/app/installations/{installation}/access_tokens");
        let answer = api
            .call(Method::POST, &path, &self.identity(now)?, None)
            .await?;
        let malformed = || HostError::Malformed {
            host: api.host().to_owned(),
            what: path.clone(),
        };
        let token = answer
            .get("token")
            .and_then(|token| token.as_str())
            .ok_or_else(malformed)?;
        let until = answer
            .get("expires_at")
            .and_then(|until| Moment::parse(until.as_str()?))
            .ok_or_else(malformed)?;
        let token = Secret::new(token.as_bytes());
        self.tokens
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(installation, (token.clone(), until));
        Ok(token)
    }

    /// The installation that may see a repository.
    pub(crate) async fn installation_of(
        &self,
        api: &Api,
        repository: &str,
    ) -> Result<u64, HostError> {
        let path = format!("/repos/{repository}/installation");
        let answer = api
            .call(Method::GET, &path, &self.identity(Moment::now())?, None)
            .await?;
        answer
            .get("id")
            .and_then(serde_json::Value::as_u64)
            .ok_or_else(|| HostError::Malformed {
                host: api.host().to_owned(),
                what: path,
            })
    }

    /// Forgets the token of an installation that changed.
    pub(crate) fn forget(&self, installation: u64) {
        self.tokens
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&installation);
    }

    fn known(&self, installation: u64) -> Option<(Secret, Moment)> {
        self.tokens
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&installation)
            .cloned()
    }

    fn identity(&self, now: Moment) -> Result<Identity, HostError> {
        let jwt = self.jwt(now)?;
        Ok(Identity::Bearer("Bearer", Secret::new(jwt.as_bytes())))
    }

    /// The App's own proof.
    fn jwt(&self, now: Moment) -> Result<String, HostError> {
        let seconds = now.0 / 1_000;
        let claims = serde_json::json!({
            "iat": seconds - JWT_SKEW,
            "exp": seconds + JWT_SECONDS,
            "iss": self.id,
        });
        let head = URL_SAFE_NO_PAD.encode(br#"{"alg":"RS256","typ":"JWT"}"#);
        let signed = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                signed.as_bytes(),
                &mut signature,
            )
            .map_err(|_| {
                HostError::NotConfigured("the key of the GitHub App cannot sign".to_owned())
            })?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// The bytes between the lines of PEM.
fn der(pem: &str) -> Option<Vec<u8>> {
    let body: String = pem
        .lines()
        .map(str::trim)
        .skip_while(|line| !line.starts_with("-----BEGIN "))
        .skip(1)
        .take_while(|line| !line.starts_with("-----END "))
        .collect();
    STANDARD.decode(body).ok().filter(|der| !der.is_empty())
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
    use aws_lc_rs::rsa::KeySize;
    use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

    use super::*;

    #[test]
    fn the_proof_is_signed_with_the_key_and_holds_for_nine_minutes() {
        let key = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let public = key.public_key().as_ref().to_vec();
        let der: Pkcs8V1Der<'_> = key.as_der().unwrap();
        let label = ["PRIVATE", "KEY"].join(" ");
        let pem = format!(
            "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
            STANDARD.encode(der.as_ref())
        );
        let app = AppTokens::new("4711", &Secret::new(pem.as_bytes())).unwrap();
        let jwt = app.jwt(Moment(1_000_000_000)).unwrap();
        let (signed, signature) = jwt.rsplit_once('.').unwrap();
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public)
            .verify(
                signed.as_bytes(),
                &URL_SAFE_NO_PAD.decode(signature).unwrap(),
            )
            .unwrap();
        let claims = URL_SAFE_NO_PAD
            .decode(signed.split_once('.').unwrap().1)
            .unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!(
            claims,
            serde_json::json!({"iat": 999_940, "exp": 1_000_540, "iss": "4711"})
        );
        assert!(AppTokens::new("1", &Secret::new(b"no key")).is_err());
    }
}
