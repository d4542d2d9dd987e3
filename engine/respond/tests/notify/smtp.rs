//! A mail server for tests: SMTP in the clear, with STARTTLS, or with TLS from the first byte; keeps what it is given.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What the server offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offer {
    /// No TLS.
    Nothing,
    /// TLS after a greeting.
    StartTls,
    /// TLS from the first byte.
    Implicit,
}

/// What arrived.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arrived {
    /// Mails, whole.
    pub(crate) mails: Vec<String>,
    /// Logins, decoded, with whether they came through TLS.
    pub(crate) logins: Vec<(String, bool)>,
    /// Every line of the dialogue, with whether it came through TLS.
    pub(crate) lines: Vec<(String, bool)>,
}

/// A running server; it lives as long as the test program.
pub(crate) struct MailBox {
    pub(crate) port: u16,
    /// Its certificate, in PEM.
    pub(crate) certificate: String,
    arrived: Arc<Mutex<Arrived>>,
}

impl MailBox {
    /// For `localhost`; refuses so many mails before it takes one.
    pub(crate) fn start(offer: Offer, refusals: usize) -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a pair");
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(
            rustls::crypto::aws_lc_rs::default_provider(),
        ))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .expect("a certificate");
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let arrived: Arc<Mutex<Arrived>> = Arc::default();
        let log = Arc::clone(&arrived);
        std::thread::spawn(move || {
            let mut left = refusals;
            for stream in listener.incoming().flatten() {
                let talk = Talk {
                    log: &log,
                    refuses: left > 0,
                };
                left = left.saturating_sub(1);
                // A client that breaks off is part of the tests.
                serve(stream, offer, &config, &talk).ok();
            }
        });
        Self {
            port,
            certificate: made.cert.pem(),
            arrived,
        }
    }

    pub(crate) fn arrived(&self) -> Arrived {
        self.arrived.lock().expect("the log").clone()
    }
}

struct Talk<'a> {
    log: &'a Mutex<Arrived>,
    refuses: bool,
}

fn serve(
    stream: TcpStream,
    offer: Offer,
    config: &Arc<ServerConfig>,
    talk: &Talk<'_>,
) -> std::io::Result<()> {
    let encrypted = |stream| {
        let connection = ServerConnection::new(Arc::clone(config)).expect("a connection");
        StreamOwned::new(connection, stream)
    };
    if offer == Offer::Implicit {
        let mut stream = BufReader::new(encrypted(stream));
        stream.get_mut().write_all(b"220 mail.test\r\n")?;
        return talk.converse(&mut stream, Offer::Nothing, true).map(drop);
    }
    let mut plain = BufReader::new(stream);
    plain.get_mut().write_all(b"220 mail.test\r\n")?;
    if talk.converse(&mut plain, offer, false)? {
        let mut stream = BufReader::new(encrypted(plain.into_inner()));
        talk.converse(&mut stream, Offer::Nothing, true)?;
    }
    Ok(())
}

impl Talk<'_> {
    /// Until the client leaves, or wants TLS: then true.
    fn converse<S: Read + Write>(
        &self,
        stream: &mut BufReader<S>,
        offer: Offer,
        is_encrypted: bool,
    ) -> std::io::Result<bool> {
        let mut line = String::new();
        while stream.read_line(&mut line)? > 0 {
            let text = line.trim_end().to_owned();
            line.clear();
            let entry = (text.clone(), is_encrypted);
            self.log.lock().expect("the log").lines.push(entry);
            let answer = match text.split(' ').next().unwrap_or_default() {
                "EHLO" => {
                    let more = if offer == Offer::StartTls {
                        "250-STARTTLS\r\n"
                    } else {
                        ""
                    };
                    format!("250-mail.test\r\n{more}250 AUTH PLAIN LOGIN\r\n")
                }
                "STARTTLS" => {
                    stream.get_mut().write_all(b"220 go on\r\n")?;
                    return Ok(true);
                }
                "AUTH" => {
                    use base64::Engine as _;
                    let word = text.rsplit(' ').next().unwrap_or_default();
                    let login = base64::engine::general_purpose::STANDARD.decode(word);
                    let login = String::from_utf8_lossy(&login.unwrap_or_default()).into_owned();
                    let entry = (login.replace('\0', " "), is_encrypted);
                    self.log.lock().expect("the log").logins.push(entry);
                    "235 welcome\r\n".to_owned()
                }
                "MAIL" if self.refuses => "451 try again later\r\n".to_owned(),
                "DATA" => {
                    stream.get_mut().write_all(b"354 go on\r\n")?;
                    self.take(stream)?;
                    "250 taken\r\n".to_owned()
                }
                "QUIT" => {
                    stream.get_mut().write_all(b"221 bye\r\n")?;
                    return Ok(false);
                }
                _ => "250 yes\r\n".to_owned(),
            };
            stream.get_mut().write_all(answer.as_bytes())?;
        }
        Ok(false)
    }

    fn take<S: Read>(&self, stream: &mut BufReader<S>) -> std::io::Result<()> {
        let mut mail = String::new();
        while !mail.ends_with("\r\n.\r\n") {
            if stream.read_line(&mut mail)? == 0 {
                return Ok(());
            }
        }
        self.log.lock().expect("the log").mails.push(mail);
        Ok(())
    }
}
