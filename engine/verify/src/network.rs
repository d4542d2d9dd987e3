//! The way out: TLS, proxies, and the look at every address before it is connected to.
//!
//! One network for everything, HTTP or not. INVARIANT: a connection is made only to an address that the policy allowed a
//! moment before, never to a name: there is no second look-up in which a name could lead elsewhere.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use crate::address::AddressPolicy;
use crate::http::HttpClient;
use crate::settings::Limits;

/// How the way out looks.
#[derive(Clone, Debug, Default)]
pub struct NetworkSettings {
    /// Which addresses may be connected to.
    pub policy: AddressPolicy,
    /// Certificates in PEM that are trusted beside the system's.
    pub extra_authorities: Vec<u8>,
    /// A proxy for HTTP, `http://proxy.corp:3128`; the environment's when none is given.
    pub proxy: Option<String>,
}

/// What went wrong on the way. Names hosts, never what was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// The name leads nowhere.
    #[error("{0}: no such host")]
    NoHost(String),
    /// Every address of the host is one that may not be connected to.
    #[error("{0} is a private or local address, which is not asked without --allow-private")]
    Refused(String),
    /// No connection: nothing was sent.
    #[error("{host}: {what}")]
    NotConnected {
        /// The host.
        host: String,
        /// What the system said.
        what: String,
    },
    /// The connection broke; what was sent may have arrived.
    #[error("{host}: {what}")]
    Broken {
        /// The host.
        host: String,
        /// What the system said.
        what: String,
    },
    /// No answer in time.
    #[error("{0} did not answer in time")]
    TimedOut(String),
    /// The answer is not of the protocol.
    #[error("{0} does not speak the protocol")]
    Protocol(String),
    /// Certificates or proxy that cannot be used.
    #[error("{0}")]
    Setting(String),
}

/// The way out.
pub struct Network {
    policy: AddressPolicy,
    tls: Arc<ClientConfig>,
    pub(crate) http: HttpClient,
}

impl Network {
    /// A way out with these settings.
    ///
    /// # Errors
    /// Certificates that are none, a proxy that is no URL.
    pub fn new(settings: &NetworkSettings, limits: &Limits) -> Result<Self, NetworkError> {
        let tls = Arc::new(tls(&settings.extra_authorities)?);
        let http = HttpClient::new(settings, (*tls).clone(), limits)?;
        Ok(Self {
            policy: settings.policy,
            tls,
            http,
        })
    }

    /// Which addresses may be connected to.
    #[must_use]
    pub fn policy(&self) -> AddressPolicy {
        self.policy
    }

    /// A connection that ends at `deadline`, whatever the server does.
    pub(crate) fn connect(
        &self,
        host: &str,
        port: u16,
        deadline: Instant,
    ) -> Result<Plain, NetworkError> {
        let mut last = NetworkError::NoHost(host.to_owned());
        for address in allowed(host, port, self.policy)? {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(NetworkError::TimedOut(host.to_owned()));
            }
            match TcpStream::connect_timeout(&address, left) {
                Ok(stream) => return Ok(Plain { stream, deadline }),
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                    last = NetworkError::TimedOut(host.to_owned());
                }
                Err(error) => {
                    last = NetworkError::NotConnected {
                        host: host.to_owned(),
                        what: error.to_string(),
                    };
                }
            }
        }
        Err(last)
    }

    /// TLS over a connection.
    pub(crate) fn secure(&self, host: &str, plain: Plain) -> Result<Secure, NetworkError> {
        let mut stream = StreamOwned::new(self.client(host)?, plain);
        // Shakes hands now, so that a certificate is told from a protocol that went wrong later.
        while stream.conn.is_handshaking() {
            stream
                .conn
                .complete_io(&mut stream.sock)
                .map_err(|error| of_io(host, &error))?;
        }
        Ok(stream)
    }

    /// Our side of TLS with a host, for protocols that carry the handshake themselves.
    pub(crate) fn client(&self, host: &str) -> Result<ClientConnection, NetworkError> {
        let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned())
            .map_err(|_| NetworkError::NoHost(host.to_owned()))?;
        ClientConnection::new(Arc::clone(&self.tls), name).map_err(|error| NetworkError::Broken {
            host: host.to_owned(),
            what: error.to_string(),
        })
    }
}

/// A connection that was cut, or took too long.
pub(crate) fn of_io(host: &str, error: &io::Error) -> NetworkError {
    match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
            NetworkError::TimedOut(host.to_owned())
        }
        _ => NetworkError::Broken {
            host: host.to_owned(),
            what: error.to_string(),
        },
    }
}

/// The addresses of a host that may be connected to; an error when there are none.
pub(crate) fn allowed(
    host: &str,
    port: u16,
    policy: AddressPolicy,
) -> Result<Vec<SocketAddr>, NetworkError> {
    allowed_of(host, port, policy, system_look_up)
}

/// What leads from a name and a port to addresses.
pub(crate) type LookUp = fn(&str, u16) -> io::Result<Vec<SocketAddr>>;

/// The system's own way.
pub(crate) fn system_look_up(name: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    Ok((name, port).to_socket_addrs()?.collect())
}

/// The same with another look-up. INVARIANT: a name is looked up once for a connection, and what is judged is what is connected to.
pub(crate) fn allowed_of(
    host: &str,
    port: u16,
    policy: AddressPolicy,
    look_up: LookUp,
) -> Result<Vec<SocketAddr>, NetworkError> {
    let bare = host.trim_matches(['[', ']']);
    let all: Vec<SocketAddr> = match bare.parse::<IpAddr>() {
        Ok(address) => vec![SocketAddr::new(address, port)],
        Err(_) => look_up(bare, port).map_err(|_| NetworkError::NoHost(host.to_owned()))?,
    };
    let allowed: Vec<SocketAddr> = all
        .iter()
        .copied()
        .filter(|address| policy.allows(address.ip()))
        .collect();
    if allowed.is_empty() {
        return Err(if all.is_empty() {
            NetworkError::NoHost(host.to_owned())
        } else {
            NetworkError::Refused(host.to_owned())
        });
    }
    Ok(allowed)
}

/// The system's certificates, and those that the user gave.
pub(crate) fn tls(extra: &[u8]) -> Result<ClientConfig, NetworkError> {
    let setting = |what: String| NetworkError::Setting(what);
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let roots: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(extra)
        .collect::<Result<_, _>>()
        .map_err(|error| setting(format!("the certificates of --ca-file: {error}")))?;
    if !extra.is_empty() && roots.is_empty() {
        return Err(setting("--ca-file holds no certificate in PEM".to_owned()));
    }
    let verifier =
        rustls_platform_verifier::Verifier::new_with_extra_roots(roots, Arc::clone(&provider))
            .map_err(|error| setting(format!("the system's certificates: {error}")))?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| setting(format!("TLS: {error}")))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(config)
}

/// A TCP connection with an end.
#[derive(Debug)]
pub(crate) struct Plain {
    stream: TcpStream,
    deadline: Instant,
}

/// TLS over a TCP connection with an end.
pub(crate) type Secure = StreamOwned<ClientConnection, Plain>;

impl Plain {
    /// What is left, as the system wants it: zero would mean for ever.
    fn left(&self) -> io::Result<Option<Duration>> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(Some(left))
    }
}

impl Read for Plain {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(self.left()?)?;
        self.stream.read(buffer)
    }
}

impl Write for Plain {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(self.left()?)?;
        self.stream.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
