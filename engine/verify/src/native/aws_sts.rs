//! AWS keys: `GetCallerIdentity`, which needs no permission and cannot be denied.
//!
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>

use leakward_core::{Secret, Verdict};
use leakward_signing::sigv4::{FORM, Key, Scope, headers};
use zeroize::Zeroizing;

use super::{Case, Exchange, HttpExchange, Native};
use crate::answer::Answer;
use crate::judge::Judgement;
use crate::offline::aws::key_id;
use crate::offline::{account_of, is_canary_account};
use crate::plan::NotAsked;
use crate::request::{Payload, Request, Verb};
use crate::scrub::{Facts, harmless};
use crate::subject::Subject;
use crate::target::Target;

pub(super) static NATIVE: Native = Native {
    name: "aws-sts",
    about: "asks AWS whose key it is (GetCallerIdentity)",
    prepare,
    details: Some(super::aws_iam::reach),
    control: None,
};

const BODY: &str = "Action=GetCallerIdentity&Version=2011-06-15";

fn prepare(case: &Case<'_>) -> Result<Exchange, NotAsked> {
    Ok(Exchange::Http(Box::new(signer(case)?.sts(read))))
}

/// A key that signs calls of AWS, and where they go.
pub(crate) struct Signer {
    id: Zeroizing<String>,
    secret: Zeroizing<String>,
    session_token: Option<Zeroizing<String>>,
    sts: Target,
    iam: Target,
    /// Seconds since 1970.
    now: u64,
}

/// How an answer is read.
type Read = fn(&Answer, &Subject) -> (Judgement, Facts);

impl Signer {
    /// A signer of a key that is no found credential.
    pub(crate) fn new(key: &crate::aws::Key<'_>, sts: Target, iam: Target, now: u64) -> Self {
        let own = |text: &str| Zeroizing::new(text.to_owned());
        Self {
            id: own(key.id),
            secret: own(key.secret),
            session_token: key.session_token.map(own),
            sts,
            iam,
            now,
        }
    }

    /// The call that needs no permission.
    pub(crate) fn sts(&self, read: Read) -> HttpExchange {
        let authority = self.sts.authority();
        let region = authority
            .strip_prefix("sts.")
            .and_then(|rest| rest.split('.').next())
            .filter(|region| region.contains('-'))
            .unwrap_or("us-east-1");
        self.signed(
            &self.sts,
            ("sts", region),
            Secret::new(BODY.as_bytes()),
            read,
        )
    }

    /// A call of IAM.
    pub(crate) fn iam(&self, pairs: &[(&str, &str)], read: Read) -> HttpExchange {
        let pairs: Vec<(&str, &str)> = pairs
            .iter()
            .copied()
            .chain([("Version", "2010-05-08")])
            .collect();
        self.signed(
            &self.iam,
            ("iam", "us-east-1"),
            super::aws_iam::form(&pairs),
            read,
        )
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the body is signed with the credential"
    )]
    fn signed(
        &self,
        target: &Target,
        (service, region): (&str, &str),
        body: Secret,
        read: Read,
    ) -> HttpExchange {
        let key = Key {
            id: &self.id,
            secret: &self.secret,
            session_token: self.session_token.as_deref().map(String::as_str),
        };
        let authority = target.authority();
        let scope = Scope {
            host: &authority,
            region,
            service,
            now: self.now,
        };
        let text = String::from_utf8_lossy(body.expose()).into_owned();
        let action = text.split('&').next().unwrap_or_default();
        HttpExchange {
            path: format!("/?{action}").into(),
            request: Request {
                method: Verb::Post,
                url: Secret::new(format!("{}/", target.server()).as_bytes()),
                headers: headers(&key, &scope, &text),
                body: Some(Payload {
                    content_type: FORM,
                    content: body,
                }),
            },
            server: target.server(),
            host: authority,
            step: "POST",
            read,
        }
    }
}

/// The key of a case, and the servers: the one that the user named for both services, or AWS's own.
pub(super) fn signer(case: &Case<'_>) -> Result<Signer, NotAsked> {
    let sts = case.target()?;
    let id = key_id(case.subject).ok_or_else(|| NotAsked::NeedsValue("id".to_owned()))?;
    let is_canary = account_of(&id).is_some_and(is_canary_account);
    if is_canary && !case.settings.ask_canaries {
        return Err(NotAsked::Canary);
    }
    // The rule of the session token has the token as its credential, and the key beside it.
    let (secret, session_token) = match case.maybe("secret-key") {
        Some(key) => (key, Some(case.secret()?)),
        None if case.rule.id.as_str() == "aws-session-token" => {
            return Err(NotAsked::NeedsValue("secret-key".to_owned()));
        }
        None => (case.secret()?, case.maybe("session-token")),
    };
    if id.starts_with("ASIA") && session_token.is_none() {
        return Err(NotAsked::NeedsValue("session-token".to_owned()));
    }
    let iam = if case.is_server_named() {
        sts.clone()
    } else {
        Target::parse("https://iam.amazonaws.com")
            .ok_or_else(|| NotAsked::NeedsEndpoint(case.rule.id.to_string()))?
    };
    Ok(Signer {
        id,
        secret,
        session_token,
        sts,
        iam,
        now: case.now,
    })
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
