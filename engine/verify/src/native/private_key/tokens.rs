//! Keys that sign JSON Web Tokens of an application: does it take a token that the key has signed?
//!
//! The user names the address (`check`), the claims that the application looks for (`claims`), and the key's name in its set
//! (`key-id`; the word `thumbprint` where it is that, which is also tried when nobody says it). The token lives for a minute; whoever names the address gets it.
//!
//! INVARIANT: 401 is dead only when the key's name was said: an application that names its keys otherwise refuses every token under
//! another name. "Live" counts only when a token under the same name, of a key that nobody has seen, is refused.
//!
//! LIMIT: 401 is also what a token with wrong claims gets. 403 is unknown: whoever looks at rights has taken the signature.

use leakward_core::{Secret, Verdict};
use serde_json::{Map, Value as Json};
use zeroize::Zeroizing;

use super::super::{Case, Exchange, HttpExchange};
use super::unreadable;
use crate::answer::Answer;
use crate::fill::value;
use crate::judge::Judgement;
use crate::plan::NotAsked;
use crate::scrub::Facts;
use crate::subject::{Subject, Value, ValueSource};
use crate::token_key::{IDS, KeyName, jwk, signed, unheard_of};

/// How long a token lives, in seconds.
const LIFE: u64 = 60;

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
    let target = case.target_from("check")?;
    let authorization = Zeroizing::new(format!("Bearer {}", token.as_str()));
    let header = (
        "Authorization".to_owned(),
        Secret::new(authorization.as_bytes()),
    );
    let read = match KeyName::of(case.subject) {
        Some(_) => read,
        None => read_without_name,
    };
    let asked = HttpExchange::get(&target, "", vec![header], read);
    Ok(Exchange::Http(Box::new(asked)))
}

fn token(case: &Case<'_>) -> Result<Zeroizing<String>, NotAsked> {
    let key = case.secret()?;
    let mut claims: Map<String, Json> = match case.given("claims") {
        None => Map::new(),
        Some(text) => serde_json::from_str(&text)
            .map_err(|_no_object| NotAsked::UnfitValue("claims".to_owned()))?,
    };
    claims.insert("iat".to_owned(), case.now.into());
    claims.insert("exp".to_owned(), case.now.saturating_add(LIFE).into());
    let id = id(case.subject, &key).ok_or_else(unreadable)?;
    signed(&key, &id, &claims).ok_or_else(unreadable)
}

/// The name under which a token is sent.
fn id(subject: &Subject, key: &str) -> Option<String> {
    match KeyName::of(subject) {
        Some(KeyName::Own(id)) => Some(id),
        Some(KeyName::Thumbprint) | None => Some(jwk(key)?["kid"].as_str()?.to_owned()),
    }
}

/// A key that nobody has seen, under the name of the one that is asked about. Without one nothing is proven: what is empty signs no token.
pub(super) fn control(subject: &Subject) -> Subject {
    let key = value("secret", subject).unwrap_or_default();
    let name = id(subject, &key).unwrap_or_default();
    let other = unheard_of(&key).unwrap_or_default();
    let mut control = subject.with_secret(Secret::new(other.as_bytes()));
    let name = Value {
        name: IDS[0].to_owned(),
        secret: Secret::new(name.as_bytes()),
        source: ValueSource::Given,
    };
    control.values.insert(0, name);
    control
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

fn read_without_name(answer: &Answer, subject: &Subject) -> (Judgement, Facts) {
    let (judgement, facts) = read(answer, subject);
    if judgement.verdict != Verdict::Dead {
        return (judgement, facts);
    }
    let why = "a token that it signed is refused (401) under the name that its thumbprint gives, which proves nothing where keys have other \
               names; say which it has with --with key-id=NAME, or --with key-id=thumbprint";
    (Judgement::unknown(why), facts)
}
