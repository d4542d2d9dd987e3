//! Google service-account keys: a token is asked for with a signed assertion (RFC 7523), and forgotten.
//!
//! <https://developers.google.com/identity/protocols/oauth2/service-account#authorizingrequests>. The e-mail address and the key's id
//! stand in the same file as the key.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use leakward_core::{Secret, Verdict};
use serde_json::json;
use zeroize::Zeroizing;

use super::{Case, Exchange, HttpExchange, Native};
use crate::answer::Answer;
use crate::base64url;
use crate::judge::Judgement;
use crate::plan::NotAsked;
use crate::request::{Payload, Request, Verb};
use crate::scrub::Facts;
use crate::subject::Subject;

pub(super) static NATIVE: Native = Native {
    name: "gcp-service-account",
    about: "asks Google for a token with the key, and forgets it",
    prepare,
    details: None,
    control: None,
};

const GRANT: &str = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";

fn prepare(case: &Case<'_>) -> Result<Exchange, NotAsked> {
    let target = case.target()?;
    let email = field(case.subject, "email", "client_email")
        .filter(|email| email.contains('@'))
        .ok_or_else(|| NotAsked::NeedsValue("email".to_owned()))?;
    let key_id = field(case.subject, "key-id", "private_key_id");
    let secret = case.secret()?;
    let unfit = || NotAsked::UnfitValue("secret".to_owned());
    let der = crate::offline::key_body(&secret).ok_or_else(unfit)?;
    let pair = KeyPair::from_pkcs8(&der)
        .or_else(|_| KeyPair::from_der(&der))
        .map_err(|_| unfit())?;
    let audience = "https://oauth2.googleapis.com/token";
    let header = json!({"alg": "RS256", "typ": "JWT", "kid": key_id});
    let claims = json!({
        "iss": email, "aud": audience, "iat": case.now, "exp": case.now + 600,
        "scope": "https://www.googleapis.com/auth/userinfo.email",
    });
    let part = |json: &serde_json::Value| base64url::encode(json.to_string());
    let signed = format!("{}.{}", part(&header), part(&claims));
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        signed.as_bytes(),
        &mut signature,
    )
    .map_err(|_| unfit())?;
    let body = Zeroizing::new(format!("{GRANT}{signed}.{}", base64url::encode(signature)));
    let url = format!("{}/token", target.base());
    Ok(Exchange::Http(Box::new(HttpExchange {
        request: Request {
            method: Verb::Post,
            url: Secret::new(url.as_bytes()),
            headers: Vec::new(),
            body: Some(Payload {
                content_type: "application/x-www-form-urlencoded",
                content: Secret::new(body.as_bytes()),
            }),
        },
        server: target.server(),
        host: target.authority(),
        step: "POST",
        path: "/token".into(),
        read,
    })))
}

/// A field of the file: given by the user, or near the key in the scanned text.
fn field(subject: &Subject, given: &str, name: &str) -> Option<String> {
    if let Some(value) = crate::fill::value(given, subject) {
        return Some(value.to_string());
    }
    ["before", "after"].iter().find_map(|side| {
        let text = crate::fill::value(side, subject)?;
        let (_, rest) = text.split_once(&format!("{name}\""))?;
        let value = rest.trim_start_matches([' ', ':', '\\', '"', '\n', '\t']);
        let end = value.find(['"', '\\'])?;
        let value = value.get(..end)?;
        let is_plain = value
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"@.-_".contains(&b));
        is_plain.then(|| value.to_owned())
    })
}

fn read(answer: &Answer, subject: &Subject) -> (Judgement, Facts) {
    let json = answer.json().unwrap_or_default();
    let text = |name: &str| {
        json.get(name)
            .and_then(serde_json::Value::as_str)
            .unwrap_or_default()
    };
    let account = field(subject, "email", "client_email");
    let facts = Facts {
        identity: account
            .map(|email| ("service account".to_owned(), email))
            .into_iter()
            .collect(),
        ..Facts::default()
    };
    let is_refused = text("error") == "invalid_grant"
        && [
            "Invalid JWT Signature",
            "account not found",
            "Invalid grant: account not found",
        ]
        .iter()
        .any(|part| text("error_description").contains(part));
    let judgement = match answer.status {
        200 if !text("access_token").is_empty() || !text("id_token").is_empty() => Judgement {
            verdict: Verdict::Live,
            summary: "Google issued a token, which was forgotten (200)".to_owned(),
        },
        400 | 401 if is_refused => Judgement {
            verdict: Verdict::Dead,
            summary: format!("Google refuses the key or the account ({})", answer.status),
        },
        status => Judgement::unknown(format!("the answer proves nothing ({status})")),
    };
    (judgement, facts)
}
