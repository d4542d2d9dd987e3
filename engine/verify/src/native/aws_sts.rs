//! AWS keys: `GetCallerIdentity`, which needs no permission and cannot be denied.
//!
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>

use leakward_core::verification::Method;
use leakward_core::{Secret, Verdict};
use leakward_signing::sigv4::{FORM, Key, Scope, headers};

use super::{Case, Exchange, HttpExchange, Native};
use crate::answer::Answer;
use crate::judge::Judgement;
use crate::offline::aws::key_id;
use crate::offline::{account_of, is_canary_account};
use crate::plan::NotAsked;
use crate::request::{Payload, Request};
use crate::scrub::{Facts, harmless};
use crate::subject::Subject;

pub(super) static NATIVE: Native = Native {
    name: "aws-sts",
    about: "asks AWS whose key it is (GetCallerIdentity)",
    prepare,
};

const BODY: &str = "Action=GetCallerIdentity&Version=2011-06-15";

fn prepare(case: &Case<'_>) -> Result<Exchange, NotAsked> {
    let target = case.target()?;
    let id = key_id(case.subject).ok_or_else(|| NotAsked::NeedsValue("id".to_owned()))?;
    let is_canary = account_of(&id).is_some_and(is_canary_account);
    if is_canary && !case.settings.ask_canaries {
        return Err(NotAsked::Canary);
    }
    // The rule of the session token has the token as its credential, and the key beside it.
    let secret_key = case.maybe("secret-key");
    let (secret, token) = match secret_key {
        Some(key) => (key, Some(case.secret()?)),
        None if case.rule.id.as_str() == "aws-session-token" => {
            return Err(NotAsked::NeedsValue("secret-key".to_owned()));
        }
        None => (case.secret()?, case.maybe("session-token")),
    };
    if id.starts_with("ASIA") && token.is_none() {
        return Err(NotAsked::NeedsValue("session-token".to_owned()));
    }
    let key = Key {
        id: &id,
        secret: &secret,
        session_token: token.as_deref().map(String::as_str),
    };
    let authority = target.authority();
    let region = authority
        .strip_prefix("sts.")
        .and_then(|rest| rest.split('.').next())
        .filter(|region| region.contains('-'))
        .unwrap_or("us-east-1");
    let scope = Scope {
        host: &authority,
        region,
        service: "sts",
        now: case.now,
    };
    let url = format!("{}/", target.server());
    Ok(Exchange::Http(Box::new(HttpExchange {
        request: Request {
            method: Method::Post,
            url: Secret::new(url.as_bytes()),
            headers: headers(&key, &scope, BODY),
            body: Some(Payload {
                content_type: FORM,
                content: Secret::new(BODY.as_bytes()),
            }),
        },
        server: target.server(),
        host: authority,
        step: "POST",
        path: "/?Action=GetCallerIdentity",
        read,
    })))
}

fn read(answer: &Answer, subject: &Subject) -> (Judgement, Facts) {
    let body = String::from_utf8_lossy(&answer.body);
    let tag = |name: &str| {
        let (_, rest) = body.split_once(&format!("<{name}>"))?;
        let (value, _) = rest.split_once(&format!("</{name}>"))?;
        harmless(value, subject)
    };
    let arn = tag("Arn");
    let facts = Facts {
        identity: [
            ("account", tag("Account")),
            ("arn", arn.clone()),
            ("user id", tag("UserId")),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect(),
        ..Facts::default()
    };
    let code = tag("Code").unwrap_or_default();
    let judgement = match (answer.status, code.as_str()) {
        (200, _) if arn.is_some() => Judgement {
            verdict: Verdict::Live,
            summary: "AWS says whose key it is (200)".to_owned(),
        },
        (
            400 | 403,
            "InvalidClientTokenId"
            | "SignatureDoesNotMatch"
            | "ExpiredToken"
            | "ExpiredTokenException",
        ) => Judgement {
            verdict: Verdict::Dead,
            summary: format!("AWS refuses the key: {code} ({})", answer.status),
        },
        (status, "") => Judgement::unknown(format!("the answer proves nothing ({status})")),
        (status, code) => Judgement::unknown(format!(
            "AWS answers {code} ({status}), which proves nothing"
        )),
    };
    (judgement, facts)
}

#[cfg(test)]
mod tests {
    use leakward_core::{FingerprintKey, RuleId};

    use super::*;

    fn verdict(status: u16, body: &str) -> String {
        let rule = RuleId::from("aws-secret-access-key");
        let secret = Secret::new(b"s");
        let subject = Subject {
            fingerprint: FingerprintKey::default().fingerprint(&rule, &secret),
            rule,
            secret: Secret::new(b"the secret key"),
            values: Vec::new(),
        };
        let answer = Answer {
            status,
            body: body.as_bytes().to_vec(),
            ..Answer::default()
        };
        read(&answer, &subject).0.verdict.as_str().to_owned()
    }

    #[test]
    fn only_awss_own_words_are_proof() {
        for (status, body, expected) in [
            (200, "<Arn>arn:aws:iam::123456789012:user/app</Arn>", "live"),
            (200, "<html>", "unknown"),
            (403, "<Code>InvalidClientTokenId</Code>", "dead"),
            (403, "<Code>SignatureDoesNotMatch</Code>", "dead"),
            (403, "<Code>ExpiredToken</Code>", "dead"),
            (403, "<Code>AccessDenied</Code>", "unknown"),
            (403, "<Code>RequestExpired</Code>", "unknown"),
            (403, "", "unknown"),
            (500, "<Code>InvalidClientTokenId</Code>", "unknown"),
        ] {
            assert_eq!(verdict(status, body), expected, "{status} {body}");
        }
    }
}
