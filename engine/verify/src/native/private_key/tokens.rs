//! Keys that sign JSON Web Tokens of an application: does it take a token that the key has signed?
//!
//! The user names the address (`check`), the claims that the application looks for (`claims`), and the key's name in its set
//! (`key-id`, otherwise its thumbprint). The token lives for a minute; whoever names the address gets it.
//!
//! LIMIT: 401 is dead, and is also what a token with wrong claims or another name of the key gets. 403 is unknown: whoever looks
//! at rights has taken the signature. An address that lets everybody in proves nothing; the user is told so in the guide.

use leakward_core::verification::Method;
use leakward_core::{Secret, Verdict, Verification};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::super::{Case, Exchange, HttpExchange};
use crate::answer::Answer;
use crate::judge::Judgement;
use crate::plan::NotAsked;
use crate::request::{Request, Verb};
use crate::scrub::Facts;
use crate::subject::Subject;
use crate::token_key::{jwk, signed};

/// How long a token lives, in seconds.
const LIFE: u64 = 60;

/// Names that the key's id has; the first is what a store's entry says.
const IDS: [&str; 4] = ["kid", "key_id", "keyid", "key-id"];

pub(super) fn prepare(case: &Case<'_>) -> Result<Exchange, NotAsked> {
    if case
        .given("signs")
        .is_none_or(|what| what.as_str() != "jwt")
    {
        return Err(NotAsked::UnfitValue("signs".to_owned()));
    }
    if case.given("check").is_none() {
        return Err(NotAsked::NeedsValue("check".to_owned()));
    }
    let token = token(case)?;
    let place = Verification {
        endpoint: None,
        endpoint_from: Some("check".into()),
        ..case.verify.clone()
    };
    let settings = crate::settings::Settings {
        endpoints: Vec::new(),
        ..case.settings.clone()
    };
    let target = crate::target::target(case.rule, &place, case.subject, &settings, case.policy)?;
    let authorization = Zeroizing::new(format!("Bearer {}", token.as_str()));
    Ok(Exchange::Http(Box::new(HttpExchange {
        request: Request {
            method: Verb::Get,
            url: Secret::new(target.base().as_bytes()),
            headers: vec![(
                "Authorization".to_owned(),
                Secret::new(authorization.as_bytes()),
            )],
            body: None,
        },
        server: target.server(),
        host: target.authority(),
        step: Method::Get.as_str(),
        path: target.path.into(),
        read,
    })))
}

fn token(case: &Case<'_>) -> Result<Zeroizing<String>, NotAsked> {
    let unusable = || {
        NotAsked::Unusable(
            "the key cannot be read: it has a passphrase, or is of another kind".to_owned(),
        )
    };
    let key = case.secret()?;
    let mut claims: Map<String, Value> = match case.given("claims") {
        None => Map::new(),
        Some(text) => serde_json::from_str(&text)
            .map_err(|_no_object| NotAsked::UnfitValue("claims".to_owned()))?,
    };
    claims.insert("iat".to_owned(), case.now.into());
    claims.insert("exp".to_owned(), case.now.saturating_add(LIFE).into());
    let named = IDS.iter().find_map(|name| case.given(name));
    let id = match named {
        Some(id) => id.to_string(),
        None => {
            let jwk = jwk(&key).ok_or_else(unusable)?;
            jwk["kid"].as_str().unwrap_or_default().to_owned()
        }
    };
    signed(&key, &id, &claims).ok_or_else(unusable)
}

fn read(answer: &Answer, _subject: &Subject) -> (Judgement, Facts) {
    let judgement = match answer.status {
        200..300 => Judgement {
            verdict: Verdict::Live,
            summary: format!("a token that it signed is accepted ({})", answer.status),
        },
        401 => Judgement {
            verdict: Verdict::Dead,
            summary: "a token that it signed is refused (401)".to_owned(),
        },
        status => Judgement::unknown(format!("the answer proves nothing ({status})")),
    };
    (judgement, Facts::default())
}
