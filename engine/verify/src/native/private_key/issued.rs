//! TLS keys whose certificate Vault's or OpenBao's PKI engine has issued: is that certificate revoked?
//!
//! <https://developer.hashicorp.com/vault/api-docs/secret/pki#read-certificate>: read by its serial number, without a login. Which
//! certificates a key has is told only to those who log in, so that one has to be known: near the key, given as `certificate`,
//! or beside the key in a store's entry.
//!
//! LIMIT: the verdict is about that certificate. An expired one is not asked about: the key may have another.

use leakward_core::Verdict;
use percent_encoding::utf8_percent_encode;

use super::super::{Case, Exchange, HttpExchange};
use super::unreadable;
use crate::answer::Answer;
use crate::certificates::{CERTIFICATE, Certificate, PLACES, PublicKey, in_text, public_key, told};
use crate::fill::{KEPT, value};
use crate::judge::Judgement;
use crate::plan::NotAsked;
use crate::scrub::Facts;
use crate::subject::Subject;

pub(super) fn prepare(case: &Case<'_>) -> Result<Exchange, NotAsked> {
    let public = public_key(&case.secret()?).ok_or_else(unreadable)?;
    let own = latest(case.subject, &public)
        .ok_or_else(|| NotAsked::NeedsValue(CERTIFICATE.to_owned()))?;
    if own.not_after.is_some_and(|end| end <= case.now) {
        let why = "the certificate that is known has expired; whether the key has another one is told only to who logs in";
        return Err(NotAsked::Unusable(why.to_owned()));
    }
    let target = case.target_from("vault")?;
    let mount = case
        .given("mount")
        .map_or_else(|| "pki".to_owned(), |mount| mount.to_string());
    let path = format!(
        "/v1/{}/cert/{}",
        utf8_percent_encode(&mount, KEPT),
        own.serial
    );
    let asked = HttpExchange::get(&target, &path, Vec::new(), read);
    Ok(Exchange::Http(Box::new(asked)))
}

/// The key's certificate that is valid for longest.
fn latest(subject: &Subject, public: &PublicKey) -> Option<Certificate> {
    let texts = PLACES.iter().filter_map(|name| value(name, subject));
    texts
        .flat_map(|text| in_text(&text))
        .filter(|certificate| certificate.is_for(public))
        .max_by_key(|certificate| certificate.not_after)
}

fn read(answer: &Answer, subject: &Subject) -> (Judgement, Facts) {
    let nothing = |reason: String| (Judgement::unknown(reason), Facts::default());
    let json = answer.json().filter(|_| answer.status == 200);
    let text = json
        .as_ref()
        .and_then(|json| json.pointer("/data/certificate")?.as_str());
    let public = value("secret", subject).and_then(|key| public_key(&key));
    let (Some(text), Some(public)) = (text, public) else {
        return nothing(format!(
            "the certificate authority does not know the certificate ({})",
            answer.status
        ));
    };
    let Some(own) = in_text(text)
        .into_iter()
        .find(|certificate| certificate.is_for(&public))
    else {
        return nothing("it answers with the certificate of another key".to_owned());
    };
    let revoked = json
        .as_ref()
        .and_then(|json| json.pointer("/data/revocation_time")?.as_u64());
    let judgement = match revoked {
        Some(0) => Judgement {
            verdict: Verdict::Live,
            summary: format!("its certificate {} is not revoked", own.serial),
        },
        Some(_) => Judgement {
            verdict: Verdict::Dead,
            summary: format!("its certificate {} is revoked", own.serial),
        },
        None => return nothing("the answer does not say whether it is revoked".to_owned()),
    };
    let facts = Facts {
        identity: vec![told(&own, subject)],
        expires_at: own.not_after.map(leakward_core::time::rfc3339),
        ..Facts::default()
    };
    (judgement, facts)
}
