//! JSON Web Tokens (RFC 7519): who issued it, for whom, until when. The signature is not looked at: a token that says that it
//! has expired is refused by everybody who checks at all.

use serde_json::Value;

use super::{OfflineFacts, expiry};
use crate::base64url;
use crate::fill::value;
use crate::scrub::harmless;
use crate::subject::Subject;

pub(super) fn facts(subject: &Subject, now: u64) -> Option<OfflineFacts> {
    let token = value("secret", subject)?;
    let mut parts = token.split('.');
    let (header, payload) = (parts.next()?, parts.next()?);
    let has_three = parts.next().is_some() && parts.next().is_none();
    let header = decoded(header)?;
    if !has_three || header.get("alg").is_none() {
        return None;
    }
    let payload = decoded(payload)?;
    let text = |name: &str| match payload.get(name)? {
        Value::String(text) => harmless(text, subject),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(items) => {
            let texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            harmless(&texts.join(", "), subject)
        }
        _ => None,
    };
    let names = [
        ("issuer", "iss"),
        ("subject", "sub"),
        ("audience", "aud"),
        ("client", "azp"),
    ];
    let identity = names
        .iter()
        .filter_map(|(shown, name)| Some(((*shown).to_owned(), text(name)?)));
    let expires = payload.get("exp").and_then(seconds);
    let (verdict, summary) = expires.map_or_else(
        || (None, "it does not say until when it is valid".to_owned()),
        |expires| expiry(expires, now),
    );
    Some(OfflineFacts {
        verdict,
        summary,
        identity: identity.collect(),
        scopes: text("scope")
            .or_else(|| text("scp"))
            .map(|scopes| {
                scopes
                    .split([' ', ','])
                    .filter(|word| !word.is_empty())
                    .map(str::to_owned)
                    .collect()
            })
            .unwrap_or_default(),
        expires_at: expires.map(leakward_core::time::rfc3339),
        is_canary: false,
    })
}

fn decoded(part: &str) -> Option<Value> {
    base64url::json(part).filter(Value::is_object)
}

/// A NumericDate; fractions are allowed and cut.
fn seconds(value: &Value) -> Option<u64> {
    const YEAR_9999: f64 = 253_402_300_799.0;
    value
        .as_u64()
        .filter(|seconds| *seconds < 253_402_300_799)
        .or_else(|| {
            let seconds = value
                .as_f64()
                .filter(|seconds| (0.0..YEAR_9999).contains(seconds))?;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "between 0 and the year 9999"
            )]
            let whole = seconds as u64;
            Some(whole)
        })
}
