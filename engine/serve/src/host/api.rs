//! One call to a code host's API.

use std::time::Duration;

use leakward_core::Secret;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Method, Response, StatusCode};
use serde_json::Value;

use super::error::HostError;

/// LIMIT: bytes of an answer.
const LARGEST_ANSWER: usize = 8 << 20;

/// From connecting to the last byte.
const TIMEOUT: Duration = Duration::from_secs(20);

/// How many characters of a host's own words are kept.
const LONGEST_REASON: usize = 300;

/// An API at one address.
#[derive(Clone)]
pub(crate) struct Api {
    client: reqwest::Client,
    base: String,
}

/// Who we are in a call.
#[derive(Clone)]
pub(crate) enum Identity {
    /// Nobody.
    Nobody,
    /// `Authorization: SCHEME TOKEN`.
    Bearer(&'static str, Secret),
    /// `PRIVATE-TOKEN: TOKEN`.
    PrivateToken(Secret),
}

impl Api {
    /// The API at `base`.
    pub(crate) fn new(base: &str) -> Result<Self, HostError> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(TIMEOUT)
            .user_agent(concat!("leakward/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| HostError::NotConfigured(error.to_string()))?;
        Ok(Self {
            client,
            base: base.trim_end_matches('/').to_owned(),
        })
    }

    /// The host's name, for messages.
    pub(crate) fn host(&self) -> &str {
        let rest = self
            .base
            .split_once("://")
            .map_or(&*self.base, |(_, rest)| rest);
        rest.split('/').next().unwrap_or_default()
    }

    /// Asks, and reads the answer as JSON; nothing when there is none.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        identity: &Identity,
        body: Option<&Value>,
    ) -> Result<Value, HostError> {
        let what = format!("{method} {path}");
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.base))
            .headers(headers(identity).ok_or_else(|| {
                HostError::NotConfigured(format!("the token for {} cannot be one", self.host()))
            })?);
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        let answer = request
            .send()
            .await
            .map_err(|error| self.unreachable(&error))?;
        let status = answer.status();
        let wait = retry_after(answer.headers());
        let bytes = self.read(answer).await?;
        if status.is_success() {
            if bytes.iter().all(u8::is_ascii_whitespace) {
                return Ok(Value::Null);
            }
            return serde_json::from_slice(&bytes).map_err(|_| HostError::Malformed {
                host: self.host().to_owned(),
                what,
            });
        }
        let reason = format!("{status}{}", words(&bytes));
        let limits = status == StatusCode::TOO_MANY_REQUESTS
            || (status == StatusCode::FORBIDDEN && wait.is_some());
        if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT || limits {
            return Err(HostError::Unavailable {
                host: self.host().to_owned(),
                reason,
                wait,
            });
        }
        Err(HostError::Refused {
            host: self.host().to_owned(),
            what,
            reason,
        })
    }

    async fn read(&self, mut answer: Response) -> Result<Vec<u8>, HostError> {
        let mut bytes = Vec::new();
        while let Some(chunk) = answer
            .chunk()
            .await
            .map_err(|error| self.unreachable(&error))?
        {
            if bytes.len() + chunk.len() > LARGEST_ANSWER {
                return Err(HostError::Malformed {
                    host: self.host().to_owned(),
                    what: "a call: it is too long".to_owned(),
                });
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    fn unreachable(&self, error: &reqwest::Error) -> HostError {
        let reason = if error.is_timeout() {
            "no answer in time"
        } else if error.is_connect() {
            "no connection"
        } else {
            "the connection broke"
        };
        HostError::Unavailable {
            host: self.host().to_owned(),
            reason: reason.to_owned(),
            wait: None,
        }
    }
}

fn headers(identity: &Identity) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    headers.insert("accept", HeaderValue::from_static("application/json"));
    let (name, text) = match identity {
        Identity::Nobody => return Some(headers),
        Identity::Bearer(scheme, token) => {
            (AUTHORIZATION.as_str(), format!("{scheme} {}", text(token)?))
        }
        Identity::PrivateToken(token) => ("private-token", text(token)?.to_owned()),
    };
    let mut value = HeaderValue::from_str(&zeroize::Zeroizing::new(text)).ok()?;
    value.set_sensitive(true);
    headers.insert(
        reqwest::header::HeaderName::from_bytes(name.as_bytes()).ok()?,
        value,
    );
    Some(headers)
}

fn text(token: &Secret) -> Option<&str> {
    #[expect(
        clippy::disallowed_methods,
        reason = "our own token, sent to the host that it is configured for"
    )]
    std::str::from_utf8(token.expose()).ok()
}

/// How long the host wants to be left alone: `Retry-After`, or GitHub's limit that is used up.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<u64>().ok();
    if let Some(seconds) = number("retry-after") {
        return Some(Duration::from_secs(seconds.min(3_600)));
    }
    if number("x-ratelimit-remaining") != Some(0) {
        return None;
    }
    let now = u64::try_from(crate::time::Moment::now().0 / 1_000).unwrap_or(0);
    let reset = number("x-ratelimit-reset")?;
    Some(Duration::from_secs(
        reset.saturating_sub(now).clamp(1, 3_600),
    ))
}

/// The host's own words for an error, cut.
fn words(bytes: &[u8]) -> String {
    let said = serde_json::from_slice::<Value>(bytes)
        .ok()
        .and_then(|value| {
            let message = value.get("message").or_else(|| value.get("error"))?;
            Some(
                message
                    .as_str()
                    .map_or_else(|| message.to_string(), str::to_owned),
            )
        });
    match said {
        Some(said) => format!(
            ": {}",
            said.chars().take(LONGEST_REASON).collect::<String>()
        ),
        None => String::new(),
    }
}
