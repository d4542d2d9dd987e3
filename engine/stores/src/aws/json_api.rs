//! AWS's JSON protocol: one signed POST for each call, and AWS's own words for what went wrong.

use std::time::Duration;

use leakward_signing::sigv4::Scope;
use serde_json::Value;

use super::credentials::{Chain, Credentials, host_of, tag};
use crate::error::StoreError;
use crate::exposed::Json;
use crate::http::{Answer, Ask, Effect, Http, HttpSettings};
use crate::spec::StoreSpec;
use crate::surroundings::Surroundings;

const JSON: &str = "application/x-amz-json-1.1";

/// Waits before something that only reads is asked again.
const PAUSES: [Duration; 3] = [
    Duration::from_millis(300),
    Duration::from_millis(1_000),
    Duration::from_millis(3_000),
];

/// One service of AWS in one region.
pub(super) struct JsonApi {
    pub(super) store: String,
    http: Http,
    chain: Chain,
    surroundings: Surroundings,
    url: String,
    service: &'static str,
    /// What stands before the name of a call: `secretsmanager`, `AmazonSSM`.
    target: &'static str,
    pub(super) region: String,
}

/// Which service.
pub(super) struct Service {
    pub(super) name: &'static str,
    pub(super) target: &'static str,
    /// The variable that names another endpoint.
    pub(super) endpoint: &'static str,
}

/// What AWS answered.
pub(super) enum Said {
    /// It was done.
    Yes(Json),
    /// It was not done, for this reason in AWS's own word.
    No(String, Answer),
}

impl JsonApi {
    pub(super) fn new(
        spec: &StoreSpec,
        surroundings: &Surroundings,
        service: &Service,
    ) -> Result<Self, StoreError> {
        let region = Some(spec.place.split('/').next().unwrap_or_default())
            .filter(|region| !region.is_empty())
            .map(str::to_owned)
            .or_else(|| surroundings.one_of(&["AWS_REGION", "AWS_DEFAULT_REGION"]))
            .ok_or_else(|| spec.wrong("which region? such as aws-sm:eu-west-1"))?;
        let is_region = region
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if !is_region {
            return Err(spec.wrong("that is no region of AWS, such as eu-west-1"));
        }
        let url = spec
            .option("endpoint")
            .map(str::to_owned)
            .or_else(|| surroundings.one_of(&[service.endpoint, "AWS_ENDPOINT_URL"]))
            .map(|url| format!("{}/", url.trim_end_matches('/')))
            .unwrap_or_else(|| format!("https://{}.{region}.{}/", service.name, suffix(&region)));
        let store = format!("{} {region}", spec.kind);
        Ok(Self {
            http: Http::new(&store, &HttpSettings::of(spec, surroundings)?)?,
            chain: Chain::new(spec, surroundings)?.in_region(&region),
            surroundings: surroundings.clone(),
            url,
            service: service.name,
            target: service.target,
            region,
            store,
        })
    }

    /// Who we are to AWS.
    pub(super) fn identity(&self) -> Result<Credentials, StoreError> {
        self.chain.current()
    }

    /// Makes a call, once more with fresh credentials when those that we hold have ended.
    pub(super) fn call(
        &self,
        name: &str,
        body: Value,
        effect: Effect,
        what: &str,
    ) -> Result<Said, StoreError> {
        let body = Json(body);
        let body = zeroize::Zeroizing::new(body.0.to_string().into_bytes());
        let said = self.send(name, &body, effect, what)?;
        match said {
            Said::No(code, _) if is_login(&code) => {
                self.chain.forget();
                match self.send(name, &body, effect, what)? {
                    Said::No(code, answer) if is_login(&code) => Err(StoreError::LoggedOut {
                        store: self.store.clone(),
                        why: if is_clock(answer.text().unwrap_or_default()) {
                            format!("this machine's clock differs too much from AWS's ({code})")
                        } else {
                            code
                        },
                    }),
                    said => Ok(said),
                }
            }
            said => Ok(said),
        }
    }

    /// Sends it; what only reads again after a while, when AWS says that there were too many.
    fn send(
        &self,
        name: &str,
        body: &[u8],
        effect: Effect,
        what: &str,
    ) -> Result<Said, StoreError> {
        let mut pauses = match effect {
            Effect::Reads => PAUSES.iter(),
            Effect::Changes => [].iter(),
        };
        loop {
            let said = self.send_once(name, body, effect, what)?;
            match (&said, pauses.next()) {
                (Said::No(code, _), Some(pause)) if is_throttled(code) => {
                    std::thread::sleep(*pause);
                }
                _ => return Ok(said),
            }
        }
    }

    fn send_once(
        &self,
        name: &str,
        body: &[u8],
        effect: Effect,
        what: &str,
    ) -> Result<Said, StoreError> {
        let target = format!("{}.{name}", self.target);
        let credentials = self.chain.current()?;
        let scope = Scope {
            host: host_of(&self.url),
            region: &self.region,
            service: self.service,
            now: self.surroundings.now(),
        };
        let also = [("content-type", JSON), ("x-amz-target", target.as_str())];
        let mut ask = Ask::new(reqwest::Method::POST, &self.url, effect)
            .body(JSON, body.to_vec())
            .header("x-amz-target", &target);
        for (name, value) in credentials.sign(&scope, body, &also) {
            ask = ask.secret_header(&name, &value);
        }
        let answer = self.http.send(&ask, what)?;
        if answer.is_ok() {
            return answer
                .json()
                .map(Said::Yes)
                .ok_or_else(|| StoreError::Malformed {
                    store: self.store.clone(),
                    what: format!("{what}: the answer is no JSON"),
                });
        }
        let code = answer
            .code("/__type")
            .or_else(|| answer.code("/Code"))
            // What stands before the service answers in its own way.
            .or_else(|| Some(tag(answer.text()?, "Code")?.to_owned()))
            .filter(|code| code.bytes().all(|byte| byte.is_ascii_alphanumeric()))
            .unwrap_or_default();
        Ok(Said::No(code, answer))
    }

    /// What a refusal means. `path` is the entry that was asked for.
    pub(super) fn refusal(
        &self,
        code: &str,
        answer: &Answer,
        effect: Effect,
        what: &str,
        path: &str,
    ) -> StoreError {
        let store = self.store.clone();
        let what = what.to_owned();
        match (code, answer.status) {
            ("ResourceNotFoundException" | "ParameterNotFound" | "ParameterVersionNotFound", _) => {
                StoreError::Absent {
                    store,
                    path: path.to_owned(),
                }
            }
            ("AccessDeniedException" | "AccessDenied" | "KMSAccessDeniedException", _)
            | ("", 403) => StoreError::Denied { store, what },
            (code, status) if is_throttled(code) || status == 429 || status == 503 => {
                StoreError::Unavailable {
                    store,
                    why: format!("it limits the number of requests ({code})"),
                }
            }
            (_, 500..) if effect == Effect::Changes => StoreError::OutcomeUnknown { store, what },
            (_, 500..) => StoreError::Unavailable {
                store,
                why: format!("it answers {} {code}", answer.status),
            },
            ("", status) => StoreError::Refused {
                store,
                what,
                why: format!("status {status}"),
            },
            (code, _) => StoreError::Refused {
                store,
                what,
                why: code.to_owned(),
            },
        }
    }
}

/// Whether there were too many requests.
fn is_throttled(code: &str) -> bool {
    matches!(
        code,
        "ThrottlingException" | "Throttling" | "TooManyUpdates" | "TooManyRequestsException"
    )
}

/// Whether AWS refuses a signature because of the time in it.
fn is_clock(answer: &str) -> bool {
    let words = [
        "Signature expired",
        "not yet current",
        "RequestTimeTooSkewed",
    ];
    words.iter().any(|words| answer.contains(words))
}

/// Whether AWS does not accept the key.
fn is_login(code: &str) -> bool {
    matches!(
        code,
        "UnrecognizedClientException"
            | "InvalidClientTokenId"
            | "InvalidSignatureException"
            | "SignatureDoesNotMatch"
            | "ExpiredTokenException"
            | "ExpiredToken"
            | "RequestTimeTooSkewed"
            | "RequestExpired"
            | "IncompleteSignature"
            | "MissingAuthenticationTokenException"
    )
}

/// The domain of a region's services.
fn suffix(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "amazonaws.com.cn"
    } else {
        "amazonaws.com"
    }
}

/// A time as AWS's JSON protocol writes it: seconds since 1970, with a fraction.
pub(super) fn time(value: Option<&Value>) -> Option<String> {
    let seconds = value?.as_f64()?;
    // LIMIT: years after 9999 do not come up; a negative time would be nonsense.
    (seconds.is_finite() && (0.0..2.5e11).contains(&seconds))
        .then(|| leakward_core::time::rfc3339(seconds as u64))
}

/// Tags as AWS lists them.
pub(super) fn tags(list: Option<&Value>) -> std::collections::BTreeMap<String, String> {
    let text = |tag: &Value, name: &str| tag.get(name).and_then(Value::as_str).map(str::to_owned);
    list.and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|tag| Some((text(tag, "Key")?, text(tag, "Value")?)))
        .collect()
}
