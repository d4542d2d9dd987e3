//! JSON Web Tokens: is it signed with a key that its issuer publishes?
//!
//! The token itself is not sent: only the issuer's public keys are read. Which address that is comes from a list of well-known
//! issuers, or from the user (`--endpoint RULE=https://issuer/keys`, which is the address of the keys themselves); the issuer that
//! a token names is asked only with `--allow-found-hosts`, because whoever wrote the token wrote it.
//!
//! Live means: not expired, and signed by a key that is published now. That is what whoever checks such tokens asks for; a
//! list of revoked tokens of its own is nowhere to be seen. Dead means: signed by nobody, though the key of that id is published.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters,
    RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use leakward_core::verification::Method;
use leakward_core::{Secret, Verdict};
use serde_json::Value;

use super::{Case, Exchange, HttpExchange, Native};
use crate::answer::Answer;
use crate::base64url;
use crate::fill::value;
use crate::judge::Judgement;
use crate::plan::NotAsked;
use crate::request::{Request, Verb};
use crate::scrub::Facts;
use crate::settings::FoundHosts;
use crate::subject::Subject;
use crate::target::Target;

pub(super) static NATIVE: Native = Native {
    name: "jwt-signature",
    about: "reads the issuer's public keys and checks the signature; the token is not sent",
    prepare,
    details: None,
    control: None,
};

/// Issuers and where they publish their keys.
const ISSUERS: [(&str, &str); 9] = [
    (
        "https://accounts.google.com",
        "https://www.googleapis.com/oauth2/v3/certs",
    ),
    (
        "https://token.actions.githubusercontent.com",
        "https://token.actions.githubusercontent.com/.well-known/jwks",
    ),
    (
        "https://gitlab.com",
        "https://gitlab.com/oauth/discovery/keys",
    ),
    (
        "https://appleid.apple.com",
        "https://appleid.apple.com/auth/keys",
    ),
    (
        "https://securetoken.google.com/",
        "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com",
    ),
    (
        "https://login.microsoftonline.com/",
        "https://login.microsoftonline.com/common/discovery/v2.0/keys",
    ),
    (
        "https://sts.windows.net/",
        "https://login.microsoftonline.com/common/discovery/keys",
    ),
    (
        "https://agent.buildkite.com",
        "https://agent.buildkite.com/.well-known/jwks",
    ),
    (
        "https://oidc.circleci.com/",
        "https://oidc.circleci.com/.well-known/jwks-pub.json",
    ),
];

/// A token, taken apart.
struct Token {
    algorithm: String,
    key_id: Option<String>,
    issuer: Option<String>,
    has_end: bool,
    signed: String,
    signature: Vec<u8>,
}

fn token(subject: &Subject) -> Option<Token> {
    let text = value("secret", subject)?;
    let (signed, signature) = text.rsplit_once('.')?;
    let (header, payload) = signed.split_once('.')?;
    let (header, payload) = (base64url::json(header)?, base64url::json(payload)?);
    let text = |value: &Value, name: &str| Some(value.get(name)?.as_str()?.to_owned());
    Some(Token {
        algorithm: text(&header, "alg")?,
        key_id: text(&header, "kid"),
        issuer: text(&payload, "iss"),
        has_end: payload.get("exp").is_some_and(Value::is_number),
        signed: signed.to_owned(),
        signature: base64url::decode(signature)?,
    })
}

fn prepare(case: &Case<'_>) -> Result<Exchange, NotAsked> {
    let unusable = |why: &str| NotAsked::Unusable(why.to_owned());
    let token = token(case.subject).ok_or_else(|| unusable("it is no signed JSON Web Token"))?;
    if token.algorithm.starts_with("HS") || token.algorithm == "none" {
        return Err(unusable(
            "it is not signed with a key that is published; only what it says itself is known",
        ));
    }
    let target = keys_of(case, token.issuer.as_deref())?;
    Ok(Exchange::Http(Box::new(HttpExchange {
        request: Request {
            method: Verb::Get,
            url: Secret::new(target.base().as_bytes()),
            headers: Vec::new(),
            body: None,
        },
        server: target.server(),
        host: target.authority(),
        step: Method::Get.as_str(),
        path: target.path.into(),
        read,
    })))
}

/// Where the issuer's keys are.
fn keys_of(case: &Case<'_>, issuer: Option<&str>) -> Result<Target, NotAsked> {
    if case.is_server_named() {
        return case.target();
    }
    let needs = || NotAsked::NeedsEndpoint(case.rule.id.to_string());
    let issuer = issuer.ok_or_else(needs)?;
    let bad = || NotAsked::BadEndpoint(issuer.to_owned());
    let is_of = |known: &str| {
        if known.ends_with('/') {
            issuer.starts_with(known)
        } else {
            issuer == known
        }
    };
    if let Some((_, keys)) = ISSUERS.iter().find(|(known, _)| is_of(known)) {
        return Target::parse(keys).ok_or_else(needs);
    }
    let found = Target::parse(issuer).filter(|target| target.scheme == "https");
    let mut found = found.ok_or_else(bad)?;
    if case.settings.found_hosts == FoundHosts::Refuse {
        return Err(NotAsked::FoundHost {
            host: found.authority(),
            of: case.rule.id.to_string(),
        });
    }
    found.path.push_str("/.well-known/jwks.json");
    Ok(found)
}

fn read(answer: &Answer, subject: &Subject) -> (Judgement, Facts) {
    (judged(answer, subject), Facts::default())
}

fn judged(answer: &Answer, subject: &Subject) -> Judgement {
    let keys = answer
        .json()
        .filter(|_| answer.status == 200)
        .and_then(|json| json.get("keys")?.as_array().cloned());
    let (Some(keys), Some(token)) = (keys, token(subject)) else {
        return Judgement::unknown(format!(
            "there are no keys where the issuer's should be ({})",
            answer.status
        ));
    };
    let key = keys.iter().find(|key| {
        let id = key.get("kid").and_then(Value::as_str);
        id.is_some() && id == token.key_id.as_deref()
    });
    // Without an id any of them may be the one.
    let tried: Vec<&Value> = match (key, &token.key_id) {
        (Some(key), _) => vec![key],
        (None, None) => keys.iter().collect(),
        (None, Some(_)) => Vec::new(),
    };
    let results: Vec<Option<bool>> = tried.iter().map(|key| fits(&token, key)).collect();
    if results.contains(&Some(true)) {
        return if token.has_end {
            Judgement {
                verdict: Verdict::Live,
                summary: "signed with a key that the issuer publishes, and not expired".to_owned(),
            }
        } else {
            Judgement::unknown(
                "signed with a key that the issuer publishes, but it does not say until when it is valid",
            )
        };
    }
    if key.is_some() && results == [Some(false)] {
        return Judgement {
            verdict: Verdict::Dead,
            summary: "the signature is not by the key that it names".to_owned(),
        };
    }
    Judgement::unknown("the key that it names is not among those that the issuer publishes now")
}

/// Whether a published key made the signature; none when the key is of another kind.
fn fits(token: &Token, key: &Value) -> Option<bool> {
    let part = |name: &str| base64url::decode(key.get(name)?.as_str()?);
    let kind = key.get("kty")?.as_str()?;
    let message = token.signed.as_bytes();
    if let Some(parameters) = rsa(&token.algorithm).filter(|_| kind == "RSA") {
        let components = RsaPublicKeyComponents {
            n: part("n")?,
            e: part("e")?,
        };
        // A key that cannot be used at all says nothing.
        components.to_parsed_public_key(parameters).ok()?;
        return Some(
            components
                .verify(parameters, message, &token.signature)
                .is_ok(),
        );
    }
    let curve = key.get("crv")?.as_str()?;
    let (algorithm, point): (&'static dyn VerificationAlgorithm, Vec<u8>) =
        match (token.algorithm.as_str(), kind, curve) {
            ("ES256", "EC", "P-256") => (&ECDSA_P256_SHA256_FIXED, point(part("x")?, part("y")?)),
            ("ES384", "EC", "P-384") => (&ECDSA_P384_SHA384_FIXED, point(part("x")?, part("y")?)),
            ("ES512", "EC", "P-521") => (&ECDSA_P521_SHA512_FIXED, point(part("x")?, part("y")?)),
            ("EdDSA", "OKP", "Ed25519") => (&ED25519, part("x")?),
            _ => return None,
        };
    let key = UnparsedPublicKey::new(algorithm, point);
    Some(key.verify(message, &token.signature).is_ok())
}

fn point(x: Vec<u8>, y: Vec<u8>) -> Vec<u8> {
    [vec![4], x, y].concat()
}

fn rsa(algorithm: &str) -> Option<&'static RsaParameters> {
    Some(match algorithm {
        "RS256" => &RSA_PKCS1_2048_8192_SHA256,
        "RS384" => &RSA_PKCS1_2048_8192_SHA384,
        "RS512" => &RSA_PKCS1_2048_8192_SHA512,
        "PS256" => &RSA_PSS_2048_8192_SHA256,
        "PS384" => &RSA_PSS_2048_8192_SHA384,
        "PS512" => &RSA_PSS_2048_8192_SHA512,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
    };
    use leakward_core::{FingerprintKey, RuleId};

    use super::*;

    fn subject(token: &str) -> Subject {
        let rule = RuleId::from("generic-jwt");
        let secret = Secret::new(token.as_bytes());
        Subject {
            fingerprint: FingerprintKey::default().fingerprint(&rule, &secret),
            rule,
            secret,
            values: Vec::new(),
        }
    }

    fn verdict(token: &str, status: u16, keys: &str) -> String {
        let answer = Answer {
            status,
            body: keys.as_bytes().to_vec(),
            ..Answer::default()
        };
        judged(&answer, &subject(token)).verdict.as_str().to_owned()
    }

    fn unsigned(header: &str, payload: &str) -> String {
        format!(
            "{}.{}",
            base64url::encode(header),
            base64url::encode(payload)
        )
    }

    #[test]
    fn a_signature_by_a_published_key_is_live_and_one_by_nobody_is_dead() {
        let pair = Ed25519KeyPair::generate().expect("a key");
        let x = base64url::encode(pair.public_key().as_ref());
        let keys = format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","kid":"k1","x":"{x}"}}]}}"#);
        let signed = |header: &str, payload: &str| {
            let text = unsigned(header, payload);
            let signature = base64url::encode(pair.sign(text.as_bytes()).as_ref());
            format!("{text}.{signature}")
        };
        let header = r#"{"alg":"EdDSA","kid":"k1"}"#;
        let payload = r#"{"iss":"https://issuer.corp","exp":9999999999}"#;
        let good = signed(header, payload);
        assert_eq!(verdict(&good, 200, &keys), "live");
        let forged = format!(
            "{}.{}",
            unsigned(header, payload),
            base64url::encode([7; 64])
        );
        assert_eq!(verdict(&forged, 200, &keys), "dead");
        assert_eq!(verdict(&good, 500, &keys), "unknown");
        assert_eq!(verdict(&good, 200, "<html>"), "unknown");
        assert_eq!(verdict(&good, 200, r#"{"keys":[]}"#), "unknown");
        // Without an end it may be revoked elsewhere, with another id the keys have been changed.
        assert_eq!(verdict(&signed(header, "{}"), 200, &keys), "unknown");
        let other = signed(r#"{"alg":"EdDSA","kid":"k0"}"#, payload);
        assert_eq!(verdict(&other, 200, &keys), "unknown");
        // Without an id a signature that does not fit says nothing: the key may be gone.
        let nameless = format!(
            "{}.{}",
            unsigned(r#"{"alg":"EdDSA"}"#, payload),
            base64url::encode([7; 64])
        );
        assert_eq!(verdict(&nameless, 200, &keys), "unknown");
    }

    #[test]
    fn an_elliptic_signature_is_read_as_json_writes_it() {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
        let point = pair.public_key().as_ref();
        let [x, y] = [&point[1..33], &point[33..]].map(base64url::encode);
        let keys =
            format!(r#"{{"keys":[{{"kty":"EC","crv":"P-256","kid":"e","x":"{x}","y":"{y}"}}]}}"#);
        let text = unsigned(r#"{"alg":"ES256","kid":"e"}"#, r#"{"exp":9999999999}"#);
        let signature = pair
            .sign(&SystemRandom::new(), text.as_bytes())
            .expect("a signature");
        let token = format!("{text}.{}", base64url::encode(signature.as_ref()));
        assert_eq!(verdict(&token, 200, &keys), "live");
        // The same key under another algorithm proves nothing, neither way.
        let keys = keys.replace("P-256", "P-384");
        assert_eq!(verdict(&token, 200, &keys), "unknown");
    }
}
