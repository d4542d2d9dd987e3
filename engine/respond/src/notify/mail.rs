//! E-mail over SMTP, encrypted: STARTTLS that is insisted on, or TLS from the first byte.
//!
//! INVARIANT: without TLS a message goes only to this machine, or where that was said; a password never does. A server that
//! does not offer STARTTLS, or whose certificate is not trusted, gets nothing: a downgrade is a failure.

use std::time::Duration;

use leakward_core::Secret;
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{SmtpTransport, Transport as _};

use super::channel::ChannelError;
use super::message::Message;

/// Longest time for one try.
const CALL: Duration = Duration::from_secs(10);

/// How the way to the mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailSecurity {
    /// TLS after a greeting in the clear (RFC 3207); without it nothing is sent.
    StartTls,
    /// TLS from the first byte (RFC 8314).
    Implicit,
    /// None.
    Plain,
}

/// Where mail is handed in.
#[derive(Clone, Debug)]
pub struct MailServer {
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way there is protected.
    pub security: MailSecurity,
    /// Certificates in PEM that are trusted besides the system's.
    pub trusted: Vec<u8>,
    /// Login and password, where it wants them.
    pub login: Option<(String, Secret)>,
    /// Who it is from.
    pub from: String,
    /// Who gets it.
    pub to: Vec<String>,
}

const GRAMMAR: &str = "mail is named as smtp://HOST:PORT?from=ADDRESS&to=ADDRESS,ADDRESS (smtps:// for TLS from the first byte; \
                       tls=none, ca-file=FILE)";

impl MailServer {
    /// From `smtp://HOST[:PORT]?from=…&to=…` (STARTTLS; port 587), or `smtps://…` (TLS at once; port 465). On this machine
    /// (`localhost`), or with `tls=none`, without TLS (port 25). `ca-file=FILE` names certificates to trust as well.
    ///
    /// # Errors
    /// It is no such address, or a login would go over the network in the clear.
    pub fn of_url(url: &str, login: Option<(String, Secret)>) -> Result<Self, ChannelError> {
        let wrong = || ChannelError::Setting(GRAMMAR.to_owned());
        let (scheme, rest) = url.split_once("://").ok_or_else(wrong)?;
        let (server, query) = rest.split_once('?').ok_or_else(wrong)?;
        if server.contains('@') {
            return Err(ChannelError::Setting(
                "the mail server's login does not belong into its address: put it into LEAKWARD_SMTP_USER and \
                 LEAKWARD_SMTP_PASSWORD"
                    .to_owned(),
            ));
        }
        let (host, port) = host_and_port(server).ok_or_else(wrong)?;
        let parameter = |name: &str| {
            query
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .find(|(found, _)| *found == name)
                .map(|(_, value)| value.to_owned())
        };
        let is_here = is_this_machine(&host);
        let security = match (scheme, parameter("tls").as_deref()) {
            ("smtps", None) => MailSecurity::Implicit,
            ("smtp", Some("none")) => MailSecurity::Plain,
            ("smtp", None) if is_here => MailSecurity::Plain,
            ("smtp", None | Some("starttls")) => MailSecurity::StartTls,
            _ => return Err(wrong()),
        };
        if security == MailSecurity::Plain && login.is_some() && !is_here {
            return Err(ChannelError::Setting(format!(
                "without TLS the password would go to {host} for everybody on the way to read: leave tls=none out, or the login"
            )));
        }
        let trusted = match parameter("ca-file") {
            Some(file) => std::fs::read(&file)
                .map_err(|error| ChannelError::Setting(format!("ca-file {file}: {error}")))?,
            None => Vec::new(),
        };
        let server = Self {
            host,
            port: port.unwrap_or(match security {
                MailSecurity::StartTls => 587,
                MailSecurity::Implicit => 465,
                MailSecurity::Plain => 25,
            }),
            security,
            trusted,
            login,
            from: parameter("from").ok_or_else(wrong)?,
            to: parameter("to")
                .ok_or_else(wrong)?
                .split(',')
                .map(str::to_owned)
                .collect(),
        };
        // What cannot be sent is better known now than when something leaks.
        for address in server.to.iter().chain([&server.from]) {
            mailbox(address)?;
        }
        server.tls()?;
        Ok(server)
    }

    fn tls(&self) -> Result<Tls, ChannelError> {
        let wrong = |error: lettre::transport::smtp::Error| {
            ChannelError::Setting(format!("TLS for {}: {error}", self.host))
        };
        let parameters = || {
            let mut builder = TlsParameters::builder(self.host.clone());
            if !self.trusted.is_empty() {
                let certificate = Certificate::from_pem(&self.trusted).map_err(wrong)?;
                builder = builder.add_root_certificate(certificate);
            }
            builder.build().map_err(wrong)
        };
        Ok(match self.security {
            MailSecurity::StartTls => Tls::Required(parameters()?),
            MailSecurity::Implicit => Tls::Wrapper(parameters()?),
            MailSecurity::Plain => Tls::None,
        })
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the mail server's password is sent to the mail server"
    )]
    pub(super) fn send(&self, message: &Message) -> Result<(), ChannelError> {
        let mut builder = lettre::Message::builder()
            .from(mailbox(&self.from)?)
            // The same however often it is tried, so that a mail program shows it once.
            .message_id(Some(format!(
                "<{}@leakward>",
                message.name.replace(' ', ".")
            )))
            .subject(format!(
                "[leakward] {}: {}",
                message.urgency.as_str(),
                message.title
            ));
        for to in &self.to {
            builder = builder.to(mailbox(to)?);
        }
        let mail = builder
            .body(format!("{}\n", message.text))
            .map_err(|error| ChannelError::Setting(error.to_string()))?;
        let mut transport = SmtpTransport::builder_dangerous(&self.host)
            .port(self.port)
            .tls(self.tls()?)
            .timeout(Some(CALL));
        if let Some((name, password)) = &self.login {
            let password = String::from_utf8_lossy(password.expose()).into_owned();
            transport = transport.credentials(Credentials::new(name.clone(), password));
        }
        transport
            .build()
            .send(&mail)
            .map(drop)
            .map_err(|error| ChannelError::Failed {
                host: self.host.clone(),
                why: error.to_string(),
            })
    }
}

fn mailbox(text: &str) -> Result<Mailbox, ChannelError> {
    text.parse()
        .map_err(|_| ChannelError::Setting(format!("{text} is no address of e-mail")))
}

/// `host`, `host:25`, `[::1]:25`.
fn host_and_port(server: &str) -> Option<(String, Option<u16>)> {
    let (host, rest) = match server.strip_prefix('[') {
        Some(inside) => inside.split_once(']')?,
        None => server.split_at(server.find(':').unwrap_or(server.len())),
    };
    let port = match rest.strip_prefix(':') {
        Some(digits) => Some(digits.parse().ok()?),
        None if rest.is_empty() => None,
        None => return None,
    };
    (!host.is_empty()).then(|| (host.to_owned(), port))
}

fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_is_encrypted_unless_it_stays_here_or_that_was_said() {
        let tail = "?from=leakward@corp.test&to=ops+leaks@corp.test,ann@corp.test";
        for (server, port, security) in [
            ("smtp://mail.corp.test", 587, MailSecurity::StartTls),
            ("smtp://mail.corp.test:2525", 2525, MailSecurity::StartTls),
            ("smtps://mail.corp.test", 465, MailSecurity::Implicit),
            ("smtp://localhost", 25, MailSecurity::Plain),
            ("smtp://[::1]:1025", 1025, MailSecurity::Plain),
            ("smtps://127.0.0.1:1025", 1025, MailSecurity::Implicit),
        ] {
            let mail = MailServer::of_url(&format!("{server}{tail}"), None).expect(server);
            assert_eq!((mail.port, mail.security), (port, security), "{server}");
            assert_eq!(mail.to, ["ops+leaks@corp.test", "ann@corp.test"]);
        }
        let said = format!("smtp://mail.corp.test{tail}&tls=none");
        let plain = MailServer::of_url(&said, None).expect("it was said");
        assert_eq!(plain.security, MailSecurity::Plain);
    }

    #[test]
    fn what_cannot_be_sent_safely_is_refused_before_anything_leaks() {
        let login = || Some(("ann".to_owned(), Secret::new(b"a password of the tests")));
        for (url, word) in [
            ("smtp://h?from=a@b.test&to=c@d.test&tls=none", "without TLS"),
            ("smtp://ann@h?from=a@b.test&to=c@d.test", "login"),
            ("smtp://h?from=a@b.test&to=nobody", "nobody is no address"),
            ("smtp://h?from=a@b.test", "mail is named as"),
            ("imap://h?from=a@b.test&to=c@d.test", "mail is named as"),
            ("smtp://h:x?from=a@b.test&to=c@d.test", "mail is named as"),
            (
                "smtps://h?from=a@b.test&to=c@d.test&tls=none",
                "mail is named as",
            ),
            (
                "smtp://h?from=a@b.test&to=c@d.test&ca-file=/nowhere/ca.pem",
                "/nowhere/ca.pem",
            ),
        ] {
            let error = MailServer::of_url(url, login()).expect_err(url).to_string();
            assert!(error.contains(word), "{url}: {error}");
            assert!(!error.contains("a password of the tests"));
        }
    }
}
