//! A connection for a login, and what a login is.

use std::io::{self, Read, Write};
use std::time::Instant;

use leakward_core::Reach;

use super::uri::Uri;
use crate::judge::Judgement;
use crate::network::{Network, NetworkError, Plain, Secure, of_io};
use crate::scrub::Facts;

/// A login that would be tried.
pub(crate) struct LoginPlan {
    pub(crate) uri: Uri,
    pub(crate) port: u16,
    /// The protocol's step, for plan and audit log.
    pub(crate) step: &'static str,
    /// Whether TLS begins with the first byte.
    pub(crate) tls: Tls,
    pub(crate) login: LoginFunction,
    /// What the login reaches, where it can be read; on a connection of its own.
    pub(crate) inspect: Option<InspectFunction>,
}

/// Speaks the protocol as far as the answer to the password.
type LoginFunction = fn(&mut Login<'_>, &Uri) -> Result<(Judgement, Facts), NetworkError>;

/// Logs in and reads what the login reaches.
type InspectFunction = fn(&mut Login<'_>, &Uri) -> Result<Vec<Reach>, NetworkError>;

/// When TLS begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tls {
    /// With the first byte.
    AtOnce,
    /// When the protocol says so, or never.
    Later,
}

/// A connection that a login is tried on.
pub(crate) struct Login<'n> {
    pub(crate) network: &'n Network,
    pub(crate) host: String,
    pub(crate) connection: Connection,
}

/// TCP, or TLS over it.
pub(crate) enum Connection {
    Plain(Plain),
    Secure(Box<Secure>),
    /// While it changes from one to the other.
    Closed,
}

impl LoginPlan {
    /// Connects and tries the login.
    pub(crate) fn run(
        &self,
        network: &Network,
        deadline: Instant,
    ) -> Result<(Judgement, Facts), NetworkError> {
        let mut login = Login::open(network, &self.uri.host, self.port, self.tls, deadline)?;
        (self.login)(&mut login, &self.uri)
    }

    /// Connects again and reads what the login reaches; nothing where that cannot be read.
    pub(crate) fn reach(
        &self,
        network: &Network,
        deadline: Instant,
    ) -> Result<Vec<Reach>, NetworkError> {
        let Some(inspect) = self.inspect else {
            return Ok(Vec::new());
        };
        let mut login = Login::open(network, &self.uri.host, self.port, self.tls, deadline)?;
        inspect(&mut login, &self.uri)
    }
}

impl<'n> Login<'n> {
    /// Connects.
    pub(crate) fn open(
        network: &'n Network,
        host: &str,
        port: u16,
        tls: Tls,
        deadline: Instant,
    ) -> Result<Self, NetworkError> {
        let plain = network.connect(host, port, deadline)?;
        let connection = match tls {
            Tls::AtOnce => Connection::Secure(Box::new(network.secure(host, plain)?)),
            Tls::Later => Connection::Plain(plain),
        };
        Ok(Self {
            network,
            host: host.to_owned(),
            connection,
        })
    }
}

impl Login<'_> {
    /// TLS from here on.
    pub(crate) fn secure(&mut self) -> Result<(), NetworkError> {
        let connection = std::mem::replace(&mut self.connection, Connection::Closed);
        self.connection = match connection {
            Connection::Plain(plain) => {
                Connection::Secure(Box::new(self.network.secure(&self.host, plain)?))
            }
            same => same,
        };
        Ok(())
    }

    /// Whether a password may be sent as it is: over TLS, or in a network that the user allowed.
    pub(crate) fn may_send_in_the_clear(&self) -> bool {
        matches!(self.connection, Connection::Secure(_))
            || self.network.policy() == crate::address::AddressPolicy::PrivateAllowed
    }

    /// The verdict when it may not.
    pub(crate) fn refused_in_the_clear(&self) -> (Judgement, Facts) {
        let reason = format!(
            "{}: the server offers no TLS, and the password would be sent in the clear; --allow-private allows that",
            self.host
        );
        (Judgement::unknown(reason), Facts::default())
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) -> Result<(), NetworkError> {
        let host = self.host.clone();
        self.connection
            .write_all(bytes)
            .and_then(|()| self.connection.flush())
            .map_err(|error| of_io(&host, &error))
    }

    /// Exactly so many bytes.
    pub(crate) fn receive(&mut self, length: usize) -> Result<Vec<u8>, NetworkError> {
        // LIMIT: no step of a login is longer; a server that says otherwise speaks something else.
        const LONGEST: usize = 1 << 20;
        if length > LONGEST {
            return Err(self.protocol());
        }
        let mut bytes = vec![0; length];
        let host = self.host.clone();
        self.connection
            .read_exact(&mut bytes)
            .map_err(|error| of_io(&host, &error))?;
        Ok(bytes)
    }

    /// A line without its end.
    pub(crate) fn line(&mut self) -> Result<String, NetworkError> {
        // LIMIT: RFC 5321 allows 512 characters for a reply's line; some servers write more.
        const LONGEST: usize = 8 << 10;
        let mut line = Vec::new();
        while line.len() < LONGEST {
            match self.receive(1)?.first() {
                Some(b'\n') => {
                    let text = String::from_utf8_lossy(&line);
                    return Ok(text.trim_end_matches('\r').to_owned());
                }
                Some(byte) => line.push(*byte),
                None => break,
            }
        }
        Err(self.protocol())
    }

    pub(crate) fn protocol(&self) -> NetworkError {
        NetworkError::Protocol(self.host.clone())
    }
}

impl Read for Connection {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(plain) => plain.read(buffer),
            Self::Secure(secure) => secure.read(buffer),
            Self::Closed => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

impl Write for Connection {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(plain) => plain.write(buffer),
            Self::Secure(secure) => secure.write(buffer),
            Self::Closed => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(plain) => plain.flush(),
            Self::Secure(secure) => secure.flush(),
            Self::Closed => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}
