//! Sends one HTTP request and reads its answer up to a limit.
//!
//! No redirects, no cookies, no pool that outlives its use for another credential's headers, strict TLS. The resolver hands
//! out only addresses that may be connected to; the proxy's own address is exempt, because the user named it.

use std::io::Read as _;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use leakward_core::Secret;
use reqwest::blocking::Client;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue};

use crate::address::AddressPolicy;
use crate::answer::Answer;
use crate::network::{LookUp, NetworkError, NetworkSettings, allowed_of, system_look_up};
use crate::request::{Request, Verb};
use crate::settings::Limits;

/// Says who asks, so that an administrator who sees it in a log knows what it was.
const USER_AGENT: &str = concat!(
    "leakward/",
    env!("CARGO_PKG_VERSION"),
    " (credential verification)"
);

/// Sends requests.
pub(crate) struct HttpClient {
    client: Client,
    policy: AddressPolicy,
    has_proxy: bool,
    body_bytes: usize,
}

impl HttpClient {
    pub(crate) fn new(
        settings: &NetworkSettings,
        tls: rustls::ClientConfig,
        limits: &Limits,
    ) -> Result<Self, NetworkError> {
        Self::looking_up(settings, tls, limits, system_look_up)
    }

    fn looking_up(
        settings: &NetworkSettings,
        tls: rustls::ClientConfig,
        limits: &Limits,
        look_up: LookUp,
    ) -> Result<Self, NetworkError> {
        let setting = |what: String| NetworkError::Setting(what);
        let proxy_address = settings.proxy.clone().or_else(environment_proxy);
        let resolver = GuardedResolver {
            policy: settings.policy,
            proxy_host: proxy_address.as_deref().and_then(host_of),
            look_up,
        };
        let mut builder = Client::builder()
            .user_agent(USER_AGENT)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .timeout(limits.call)
            .connect_timeout(limits.call)
            .pool_idle_timeout(Duration::from_secs(5))
            .pool_max_idle_per_host(limits.per_host)
            .tls_backend_preconfigured(tls)
            .dns_resolver(Arc::new(resolver));
        if let Some(proxy) = &settings.proxy {
            let proxy = reqwest::Proxy::all(proxy).map_err(|_| {
                setting("--proxy is not a URL such as http://proxy:3128".to_owned())
            })?;
            builder = builder.proxy(proxy);
        }
        Ok(Self {
            client: builder
                .build()
                .map_err(|error| setting(format!("the HTTP client: {}", error.without_url())))?,
            policy: settings.policy,
            has_proxy: proxy_address.is_some(),
            body_bytes: limits.body_bytes,
        })
    }

    /// Sends `request` to `host`.
    #[expect(
        clippy::disallowed_methods,
        reason = "the credential is sent to the host that its rule names"
    )]
    pub(crate) fn send(
        &self,
        request: &Request,
        host: &str,
        deadline: Instant,
    ) -> Result<Answer, NetworkError> {
        self.check_address(host)?;
        let unfit = || NetworkError::Setting(format!("{host}: the request cannot be written"));
        let url = std::str::from_utf8(request.url.expose()).map_err(|_| unfit())?;
        let method = match request.method {
            Verb::Get => reqwest::Method::GET,
            Verb::Head => reqwest::Method::HEAD,
            Verb::Post => reqwest::Method::POST,
            Verb::Put => reqwest::Method::PUT,
            Verb::Patch => reqwest::Method::PATCH,
            Verb::Delete => reqwest::Method::DELETE,
        };
        let mut builder = self.client.request(method, url);
        for (name, value) in &request.headers {
            builder = builder.header(
                HeaderName::from_bytes(name.as_bytes()).map_err(|_| unfit())?,
                sensitive(value).ok_or_else(unfit)?,
            );
        }
        if let Some(payload) = &request.body {
            builder = builder
                .header(CONTENT_TYPE, payload.content_type)
                .body(payload.content.expose().to_vec());
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(NetworkError::TimedOut(host.to_owned()));
        }
        let response = builder
            .timeout(left)
            .send()
            .map_err(|error| of_http(host, &error))?;
        self.read(response, host, deadline)
    }

    /// An address in a URL is not looked up, so that the resolver never sees it.
    fn check_address(&self, host: &str) -> Result<(), NetworkError> {
        let refused = || NetworkError::Refused(host.to_owned());
        let name = Bare::of(host);
        match name.parse::<IpAddr>() {
            Ok(address) if !self.policy.allows(address) => Err(refused()),
            Ok(_) => Ok(()),
            // Through a proxy the name is looked up over there; what is this machine by name is refused here.
            Err(_) if self.has_proxy && self.policy == AddressPolicy::PublicOnly => {
                let is_local =
                    name == "localhost" || name.ends_with(".localhost") || !name.contains('.');
                if is_local { Err(refused()) } else { Ok(()) }
            }
            Err(_) => Ok(()),
        }
    }

    fn read(
        &self,
        mut response: reqwest::blocking::Response,
        host: &str,
        deadline: Instant,
    ) -> Result<Answer, NetworkError> {
        let headers = response
            .headers()
            .iter()
            .filter_map(|(name, value)| {
                Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
            })
            .collect();
        let status = response.status().as_u16();
        let mut body = Vec::new();
        let mut buffer = [0; 8 << 10];
        let is_cut = loop {
            if Instant::now() >= deadline {
                return Err(NetworkError::TimedOut(host.to_owned()));
            }
            let read = response.read(&mut buffer).map_err(|error| {
                let timed_out = error
                    .get_ref()
                    .and_then(|inner| inner.downcast_ref::<reqwest::Error>())
                    .is_some_and(reqwest::Error::is_timeout);
                if timed_out || error.kind() == std::io::ErrorKind::TimedOut {
                    NetworkError::TimedOut(host.to_owned())
                } else {
                    NetworkError::Broken {
                        host: host.to_owned(),
                        what: "the answer broke off".to_owned(),
                    }
                }
            })?;
            if read == 0 {
                break false;
            }
            body.extend_from_slice(buffer.get(..read).unwrap_or_default());
            if body.len() > self.body_bytes {
                body.truncate(self.body_bytes);
                break true;
            }
        };
        Ok(Answer {
            status,
            headers,
            body,
            is_cut,
        })
    }
}

/// A host without brackets and port.
struct Bare;

impl Bare {
    fn of(authority: &str) -> &str {
        let end = if authority.starts_with('[') {
            authority.find(']').map_or(authority.len(), |end| end + 1)
        } else {
            authority.find(':').unwrap_or(authority.len())
        };
        authority
            .get(..end)
            .unwrap_or(authority)
            .trim_matches(['[', ']'])
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the credential is sent to the host that its rule names"
)]
fn sensitive(value: &Secret) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_bytes(value.expose()).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The innermost cause in words. reqwest names the URL in its own message, and the URL can hold the credential.
fn of_http(host: &str, error: &reqwest::Error) -> NetworkError {
    if error.is_timeout() {
        return NetworkError::TimedOut(host.to_owned());
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        if let Some(guarded) = inner.downcast_ref::<NetworkError>() {
            return guarded.clone();
        }
        cause = inner;
    }
    let what = if cause.is::<reqwest::Error>() {
        "no connection".to_owned()
    } else {
        cause.to_string()
    };
    let host = host.to_owned();
    if error.is_connect() {
        NetworkError::NotConnected { host, what }
    } else {
        NetworkError::Broken { host, what }
    }
}

/// Gives out only addresses that may be connected to.
struct GuardedResolver {
    policy: AddressPolicy,
    proxy_host: Option<String>,
    look_up: LookUp,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let is_proxy = self.proxy_host.as_deref() == Some(name.as_str());
        let policy = if is_proxy {
            AddressPolicy::PrivateAllowed
        } else {
            self.policy
        };
        let (host, look_up) = (name.as_str().to_owned(), self.look_up);
        Box::pin(async move {
            // The system's resolver blocks, so it gets a thread that may.
            let looked_up =
                tokio::task::spawn_blocking(move || allowed_of(&host, 0, policy, look_up));
            let addresses = looked_up.await??;
            let addresses: Addrs = Box::new(addresses.into_iter());
            Ok(addresses)
        })
    }
}

/// The proxy that the environment names, as reqwest reads it for https.
fn environment_proxy() -> Option<String> {
    ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
}

fn host_of(url: &str) -> Option<String> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    Some(Bare::of(host).to_owned())
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::net::{SocketAddr, TcpListener};
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::network::tls;

    static LOOKED_UP: AtomicUsize = AtomicUsize::new(0);

    /// Leads to a public address the first time, and home ever after.
    fn changing(_name: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        // 192.88.99.1 was given up (RFC 7526): it counts as public, and nobody answers there.
        let address = match LOOKED_UP.fetch_add(1, Ordering::SeqCst) {
            0 => [192, 88, 99, 1],
            _ => [127, 0, 0, 1],
        };
        Ok(vec![SocketAddr::from((address, port))])
    }

    /// Leads to a public address and home at the same time.
    fn both(_name: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let addresses = [[127, 0, 0, 1], [192, 88, 99, 1]];
        Ok(addresses
            .map(|address| SocketAddr::from((address, port)))
            .to_vec())
    }

    fn home(_name: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        Ok(vec![SocketAddr::from(([127, 0, 0, 1], port))])
    }

    fn send(look_up: LookUp, port: u16) -> Result<Answer, NetworkError> {
        let limits = Limits {
            call: Duration::from_millis(700),
            ..Limits::default()
        };
        let settings = NetworkSettings::default();
        let tls = tls(&[]).expect("TLS");
        let client = HttpClient::looking_up(&settings, tls, &limits, look_up).expect("a client");
        let host = format!("rebinding.example:{port}");
        let request = Request {
            method: Verb::Get,
            url: Secret::new(format!("http://{host}/").as_bytes()),
            headers: Vec::new(),
            body: None,
        };
        client.send(&request, &host, Instant::now() + limits.call)
    }

    #[test]
    fn a_name_that_changes_its_mind_leads_nowhere_else_than_where_it_was_judged() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("a listener");
        let port = listener.local_addr().expect("an address").port();
        assert!(send(changing, port).is_err());
        assert_eq!(
            LOOKED_UP.load(Ordering::SeqCst),
            1,
            "looked up once for a connection"
        );
        assert!(send(changing, port).is_err_and(|error| matches!(error, NetworkError::Refused(_))));
        assert!(send(home, port).is_err_and(|error| matches!(error, NetworkError::Refused(_))));
        assert!(send(both, port).is_err());
        let nobody = listener.accept().map(drop).expect_err("nobody came");
        assert_eq!(nobody.kind(), io::ErrorKind::WouldBlock);
    }
}
