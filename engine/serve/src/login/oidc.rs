//! Log-in by OpenID Connect: the authorization code flow with PKCE.
//!
//! <https://openid.net/specs/openid-connect-core-1_0.html>. The ID token's signature is checked with the issuer's published keys
//! (RS256 and ES256), its issuer, audience, times and nonce as the standard says; who is in no configured group has no access.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use aws_lc_rs::{digest, rand};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use leakward_core::Secret;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::{Oidc as Settings, Role};
use crate::secret_source::SecretSource;
use crate::time::Moment;

/// How far the issuer's clock may be off.
const SKEW: Duration = Duration::from_secs(120);

/// How long somebody may take to log in there.
pub(crate) const PATIENCE: Duration = Duration::from_secs(600);

const TIMEOUT: Duration = Duration::from_secs(10);

/// LIMIT: bytes of an answer.
const LARGEST_ANSWER: usize = 1 << 20;

/// Why a log-in failed. Told to the one who logs in; holds no token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OidcError {
    /// The issuer.
    #[error("the identity provider: {0}")]
    Issuer(String),
    /// The ID token.
    #[error("the identity provider's answer is not to be trusted: {0}")]
    Token(&'static str),
    /// Known, and not wanted.
    #[error("{0} has no role here")]
    NoRole(String),
    /// Our own.
    #[error("{0}")]
    Here(String),
}

/// What a browser keeps for us while somebody logs in; signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attempt {
    state: String,
    nonce: String,
    verifier: String,
    until: i64,
}

#[derive(Clone, Debug, Deserialize)]
struct Discovery {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
}

/// An issuer.
pub(crate) struct Oidc {
    settings: Settings,
    secret: Option<Secret>,
    redirect: String,
    client: reqwest::Client,
    discovery: Mutex<Option<Discovery>>,
}

impl Oidc {
    /// As configured; people come back to `redirect`.
    pub(crate) fn new(settings: &Settings, redirect: String) -> Result<Self, OidcError> {
        let secret = settings
            .client_secret
            .as_ref()
            .map(SecretSource::read)
            .transpose()
            .map_err(|error| OidcError::Here(error.to_string()))?;
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(TIMEOUT)
            .build()
            .map_err(|error| OidcError::Here(error.to_string()))?;
        Ok(Self {
            settings: settings.clone(),
            secret,
            redirect,
            client,
            discovery: Mutex::new(None),
        })
    }

    /// Where to send somebody who wants to log in, and what their browser is to keep.
    pub(crate) async fn begin(&self) -> Result<(String, Attempt), OidcError> {
        let discovery = self.discover().await?;
        let attempt = Attempt {
            state: random()?,
            nonce: random()?,
            verifier: random()?,
            until: Moment::now().after(PATIENCE).0,
        };
        let challenge = digest::digest(&digest::SHA256, attempt.verifier.as_bytes());
        let challenge = URL_SAFE_NO_PAD.encode(challenge.as_ref());
        let scopes = ["openid".to_owned()]
            .into_iter()
            .chain(self.settings.scopes.iter().cloned())
            .collect::<Vec<_>>()
            .join(" ");
        let query = form(&[
            ("response_type", "code"),
            ("client_id", &self.settings.client_id),
            ("redirect_uri", &self.redirect),
            ("scope", &scopes),
            ("state", &attempt.state),
            ("nonce", &attempt.nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        let joint = if discovery.authorization_endpoint.contains('?') {
            '&'
        } else {
            '?'
        };
        Ok((
            format!("{}{joint}{query}", discovery.authorization_endpoint),
            attempt,
        ))
    }

    /// Who came back with `code` and `state`.
    pub(crate) async fn finish(
        &self,
        attempt: &Attempt,
        state: &str,
        code: &str,
    ) -> Result<(String, Role), OidcError> {
        let is_ours = aws_lc_rs::constant_time::verify_slices_are_equal(
            attempt.state.as_bytes(),
            state.as_bytes(),
        )
        .is_ok();
        if !is_ours || Moment(attempt.until) < Moment::now() {
            return Err(OidcError::Token(
                "it belongs to no log-in that was begun here",
            ));
        }
        let discovery = self.discover().await?;
        let token = self.redeem(&discovery, attempt, code).await?;
        let keys = self.get(&discovery.jwks_uri).await?;
        let claims = verified(&token, &keys)?;
        self.check(&claims, &discovery, attempt)?;
        self.role(&claims)
    }

    async fn discover(&self) -> Result<Discovery, OidcError> {
        let known = self
            .discovery
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some(discovery) = known {
            return Ok(discovery);
        }
        let issuer = self.settings.issuer.trim_end_matches('/');
        let answer = self
            .get(&format!("{issuer}/.well-known/openid-configuration"))
            .await?;
        let discovery: Discovery = serde_json::from_value(answer)
            .map_err(|_| OidcError::Issuer("its configuration lacks something".to_owned()))?;
        if discovery.issuer.trim_end_matches('/') != issuer {
            return Err(OidcError::Token("it names itself differently"));
        }
        *self
            .discovery
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(discovery.clone());
        Ok(discovery)
    }

    async fn redeem(
        &self,
        discovery: &Discovery,
        attempt: &Attempt,
        code: &str,
    ) -> Result<String, OidcError> {
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect),
            ("client_id", &self.settings.client_id),
            ("code_verifier", &attempt.verifier),
        ];
        if let Some(secret) = &self.secret {
            #[expect(
                clippy::disallowed_methods,
                reason = "our own secret, sent to the issuer that it is for"
            )]
            let text = std::str::from_utf8(secret.expose())
                .map_err(|_| OidcError::Here("the client's secret is no text".to_owned()))?;
            fields.push(("client_secret", text));
        }
        let request = self
            .client
            .post(&discovery.token_endpoint)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "application/json")
            .body(form(&fields));
        let answer = self.read(request).await?;
        answer
            .get("id_token")
            .and_then(Value::as_str)
            .map(str::to_owned)
            .ok_or(OidcError::Token("it gave no ID token"))
    }

    async fn get(&self, url: &str) -> Result<Value, OidcError> {
        self.read(self.client.get(url)).await
    }

    async fn read(&self, request: reqwest::RequestBuilder) -> Result<Value, OidcError> {
        let failed = |what: &str| OidcError::Issuer(what.to_owned());
        let mut answer = request
            .send()
            .await
            .map_err(|_| failed("it does not answer"))?;
        if !answer.status().is_success() {
            return Err(failed(&format!("it answered {}", answer.status())));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = answer
            .chunk()
            .await
            .map_err(|_| failed("the connection broke"))?
        {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > LARGEST_ANSWER {
                return Err(failed("its answer is too long"));
            }
        }
        serde_json::from_slice(&bytes).map_err(|_| failed("its answer is no JSON"))
    }

    fn check(
        &self,
        claims: &Value,
        discovery: &Discovery,
        attempt: &Attempt,
    ) -> Result<(), OidcError> {
        let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
        let is_audience = match claims.get("aud") {
            Some(Value::String(audience)) => *audience == self.settings.client_id,
            Some(Value::Array(all)) => {
                all.iter()
                    .any(|one| one.as_str() == Some(&self.settings.client_id))
                    && (all.len() == 1 || text("azp") == self.settings.client_id)
            }
            _ => false,
        };
        let now = Moment::now();
        let time = |name: &str| {
            claims
                .get(name)
                .and_then(Value::as_i64)
                .map(|seconds| Moment(seconds.saturating_mul(1_000)))
        };
        if text("iss") != discovery.issuer {
            Err(OidcError::Token("another issuer made it"))
        } else if !is_audience {
            Err(OidcError::Token("it was made for somebody else"))
        } else if text("nonce") != attempt.nonce {
            Err(OidcError::Token("it belongs to another log-in"))
        } else if time("exp").is_none_or(|until| until.after(SKEW) < now) {
            Err(OidcError::Token("its time is up"))
        } else if time("iat").is_none_or(|made| made.before(SKEW) > now) {
            Err(OidcError::Token("it is from the future"))
        } else {
            Ok(())
        }
    }

    /// The name and the highest role of what the claims say.
    fn role(&self, claims: &Value) -> Result<(String, Role), OidcError> {
        let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
        // A mail address that nobody verified is whatever its owner typed.
        let is_verified = claims.get("email_verified").and_then(Value::as_bool) == Some(true);
        let email = text("email").filter(|_| is_verified);
        let name = email
            .clone()
            .or_else(|| text("preferred_username"))
            .or_else(|| text("sub"))
            .ok_or(OidcError::Token("it names nobody"))?;
        let groups = claims
            .get(&self.settings.groups_claim)
            .and_then(Value::as_array);
        let groups = groups
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned);
        let role = groups
            .chain(email)
            .filter_map(|key| self.settings.roles.get(&key).copied())
            .max();
        role.map(|role| (name.clone(), role))
            .ok_or(OidcError::NoRole(name))
    }
}

/// The claims of a token that one of the keys signed.
fn verified(token: &str, keys: &Value) -> Result<Value, OidcError> {
    let not_one = || OidcError::Token("it is no signed token");
    let (signed, signature) = token.rsplit_once('.').ok_or_else(not_one)?;
    let (head, claims) = signed.split_once('.').ok_or_else(not_one)?;
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| not_one());
    let head: Value = serde_json::from_slice(&decode(head)?).map_err(|_| not_one())?;
    let algorithm = head.get("alg").and_then(Value::as_str).unwrap_or_default();
    let wanted = head.get("kid").and_then(Value::as_str);
    let signature = decode(signature)?;
    let is_signed = keys
        .get("keys")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter(|key| wanted.is_none() || key.get("kid").and_then(Value::as_str) == wanted)
        .any(|key| signed_by(key, algorithm, signed.as_bytes(), &signature));
    if !is_signed {
        return Err(OidcError::Token("none of its keys signed it"));
    }
    serde_json::from_slice(&decode(claims)?).map_err(|_| not_one())
}

fn signed_by(key: &Value, algorithm: &str, signed: &[u8], signature: &[u8]) -> bool {
    let part = |name: &str| {
        key.get(name)
            .and_then(Value::as_str)
            .and_then(|text| URL_SAFE_NO_PAD.decode(text).ok())
            .unwrap_or_default()
    };
    let kind = key.get("kty").and_then(Value::as_str).unwrap_or_default();
    match (algorithm, kind) {
        ("RS256", "RSA") => {
            let (n, e) = (part("n"), part("e"));
            RsaPublicKeyComponents { n: &n, e: &e }
                .verify(&RSA_PKCS1_2048_8192_SHA256, signed, signature)
                .is_ok()
        }
        ("ES256", "EC") => {
            let point = [vec![4], part("x"), part("y")].concat();
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
                .verify(signed, signature)
                .is_ok()
        }
        // `none` and symmetric keys are never taken.
        _ => false,
    }
}

/// Fields as forms write them.
fn form(fields: &[(&str, &str)]) -> String {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    fields
        .iter()
        .map(|(name, value)| format!("{name}={}", encode(value)))
        .collect::<Vec<_>>()
        .join("&")
}

fn random() -> Result<String, OidcError> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes)
        .map_err(|_| OidcError::Here("the system gives no randomness".to_owned()))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
