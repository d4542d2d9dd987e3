//! Sends requests of one store.

use std::io::Read as _;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::blocking::{Client, Response};
use reqwest::header::{HeaderName, HeaderValue};
use zeroize::Zeroizing;

use super::answer::Answer;
use super::ask::{Ask, Effect};
use crate::error::StoreError;
use crate::exposed::bytes;
use crate::spec::StoreSpec;
use crate::surroundings::Surroundings;

/// Says who asks, so that an administrator who sees it in a log knows what it was.
const USER_AGENT: &str = concat!("leakward/", env!("CARGO_PKG_VERSION"), " (secret store)");

/// LIMIT: what is read of an answer. A page of a listing is the largest thing that stores send.
const LARGEST_ANSWER: u64 = 64 << 20;

/// LIMIT: from the first byte sent to the last one read.
const CALL: Duration = Duration::from_secs(30);

/// LIMIT: services of the machine itself answer at once or are not there.
const LOCAL_CALL: Duration = Duration::from_secs(3);

/// Waits before something that only reads is asked again.
const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_millis(800)];

/// Whom to trust.
#[derive(Default)]
pub(crate) enum Trust {
    /// Those whom the system trusts.
    #[default]
    System,
    /// Those whom the system trusts, and these certificates in PEM.
    Also(Vec<u8>),
    /// These certificates in PEM and nobody else.
    Only(Vec<u8>),
}

/// How requests are sent.
#[derive(Default)]
pub(crate) struct HttpSettings {
    pub(crate) trust: Trust,
    /// Certificate and key of our own, in PEM.
    pub(crate) identity: Option<Zeroizing<Vec<u8>>>,
    /// Whether credentials may go over the network without TLS.
    pub(crate) plain_allowed: bool,
}

/// Sends requests of one store.
pub(crate) struct Http {
    client: Client,
    store: String,
    plain_allowed: bool,
}

impl HttpSettings {
    /// What the options `ca-file` and `allow-http` say.
    pub(crate) fn of(spec: &StoreSpec, surroundings: &Surroundings) -> Result<Self, StoreError> {
        let trust = match spec.option("ca-file") {
            None => Trust::System,
            Some(file) => {
                let path: PathBuf = surroundings.path(file);
                let pem = std::fs::read(&path)
                    .map_err(|error| spec.wrong(format!("{}: {error}", path.display())))?;
                Trust::Also(pem)
            }
        };
        Ok(Self {
            trust,
            identity: None,
            plain_allowed: spec.flag("allow-http")?,
        })
    }
}

impl Http {
    /// For the store that describes itself as `store`.
    pub(crate) fn new(store: &str, settings: &HttpSettings) -> Result<Self, StoreError> {
        let wrong = |what: &str| StoreError::Setting {
            store: store.to_owned(),
            what: what.to_owned(),
        };
        let mut builder = Client::builder()
            .user_agent(USER_AGENT)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .timeout(CALL)
            .connect_timeout(Duration::from_secs(10))
            .pool_idle_timeout(Duration::from_secs(20));
        let certificates = |pem: &[u8]| {
            reqwest::Certificate::from_pem_bundle(pem)
                .ok()
                .filter(|found| !found.is_empty())
                .ok_or_else(|| wrong("the file of certificates holds none in PEM"))
        };
        builder = match &settings.trust {
            Trust::System => builder,
            Trust::Also(pem) => builder.tls_certs_merge(certificates(pem)?),
            Trust::Only(pem) => builder.tls_certs_only(certificates(pem)?),
        };
        if let Some(pem) = &settings.identity {
            let identity = reqwest::Identity::from_pem(pem)
                .map_err(|_| wrong("the client certificate and its key are not in PEM"))?;
            builder = builder.identity(identity);
        }
        Ok(Self {
            client: builder
                .build()
                .map_err(|_| wrong("no HTTP client with these certificates"))?,
            store: store.to_owned(),
            plain_allowed: settings.plain_allowed,
        })
    }

    /// For what the machine itself answers: no proxy, no TLS, short.
    pub(crate) fn local(store: &str) -> Result<Self, StoreError> {
        let client = Client::builder()
            .user_agent(USER_AGENT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(LOCAL_CALL)
            .build()
            .map_err(|_| StoreError::Setting {
                store: store.to_owned(),
                what: "no HTTP client".to_owned(),
            })?;
        Ok(Self {
            client,
            store: store.to_owned(),
            plain_allowed: true,
        })
    }

    /// Sends it. `what` says for people what was tried: `read app/db`.
    pub(crate) fn send(&self, ask: &Ask, what: &str) -> Result<Answer, StoreError> {
        self.check_way(&ask.url)?;
        let mut pauses = match ask.effect {
            Effect::Reads => PAUSES.iter(),
            Effect::Changes => [].iter(),
        };
        loop {
            let answer = self.send_once(ask, what);
            let is_passing = match &answer {
                Ok(answer) => matches!(answer.status, 429 | 502 | 504),
                Err(error) => matches!(error, StoreError::Unavailable { .. }),
            };
            match pauses.next() {
                Some(pause) if is_passing => std::thread::sleep(*pause),
                _ => return answer,
            }
        }
    }

    /// Credentials go over the network with TLS only, but for this machine and where somebody said so.
    fn check_way(&self, url: &str) -> Result<(), StoreError> {
        let Some(rest) = url.strip_prefix("http://") else {
            return Ok(());
        };
        let authority = rest.split('/').next().unwrap_or_default();
        let host = authority
            .strip_prefix('[')
            .and_then(|inner| inner.split(']').next())
            .unwrap_or_else(|| authority.split(':').next().unwrap_or_default());
        let is_here = host == "localhost"
            || host
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.is_loopback());
        if is_here || self.plain_allowed {
            return Ok(());
        }
        Err(StoreError::Setting {
            store: self.store.clone(),
            what: format!(
                "{host} would get credentials without TLS; use https, or say allow-http = true where the network is to be trusted"
            ),
        })
    }

    fn send_once(&self, ask: &Ask, what: &str) -> Result<Answer, StoreError> {
        let unfit = || StoreError::Setting {
            store: self.store.clone(),
            what: format!("{what}: the request cannot be written"),
        };
        let mut builder = self.client.request(ask.method.clone(), &ask.url);
        for (name, value) in &ask.headers {
            let mut value = HeaderValue::from_bytes(bytes(value)).map_err(|_| unfit())?;
            value.set_sensitive(true);
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unfit())?;
            builder = builder.header(name, value);
        }
        if let Some(body) = &ask.body {
            builder = builder.body(body.to_vec());
        }
        let response = builder
            .send()
            .map_err(|error| self.lost(&error, ask.effect, what))?;
        self.read(response, ask.effect, what)
    }

    fn read(&self, response: Response, effect: Effect, what: &str) -> Result<Answer, StoreError> {
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .filter_map(|(name, value)| {
                Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
            })
            .collect();
        let mut body = Zeroizing::new(Vec::new());
        let read = response.take(LARGEST_ANSWER + 1).read_to_end(&mut body);
        match read {
            Ok(_) if body.len() as u64 > LARGEST_ANSWER => Err(StoreError::Malformed {
                store: self.store.clone(),
                what: format!("{what}: the answer is too large"),
            }),
            Ok(_) => Ok(Answer {
                status,
                headers,
                body,
            }),
            Err(_) => Err(self.broken(effect, what, "the answer broke off")),
        }
    }

    /// No answer: whether something may have happened depends on how far the request got.
    fn lost(&self, error: &reqwest::Error, effect: Effect, what: &str) -> StoreError {
        let cause = innermost(error);
        if error.is_connect() {
            return self.broken(Effect::Reads, what, &cause);
        }
        let cause = if error.is_timeout() {
            "no answer in time".to_owned()
        } else {
            cause
        };
        self.broken(effect, what, &cause)
    }

    fn broken(&self, effect: Effect, what: &str, cause: &str) -> StoreError {
        match effect {
            Effect::Reads => StoreError::Unavailable {
                store: self.store.clone(),
                why: cause.to_owned(),
            },
            Effect::Changes => StoreError::OutcomeUnknown {
                store: self.store.clone(),
                what: what.to_owned(),
            },
        }
    }
}

/// The innermost cause in words. reqwest names the URL in its own message, and some URLs hold a credential.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    if cause.is::<reqwest::Error>() {
        "no connection".to_owned()
    } else {
        cause.to_string()
    }
}
