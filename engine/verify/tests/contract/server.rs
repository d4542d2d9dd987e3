//! A small HTTPS server: each connection is one request, and a function decides what is answered.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What arrived.
#[derive(Clone, Debug, Default)]
pub(crate) struct Received {
    pub(crate) line: String,
    pub(crate) headers: String,
    pub(crate) body: String,
}

impl Received {
    /// The path of the request line.
    pub(crate) fn path(&self) -> &str {
        self.line.split(' ').nth(1).unwrap_or_default()
    }

    /// Everything, in one text.
    pub(crate) fn all(&self) -> String {
        format!("{}\n{}\n{}", self.line, self.headers, self.body)
    }
}

/// What is answered.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// Status, headers, body.
    Answer(u16, Vec<(String, String)>, Vec<u8>),
    /// A byte a tenth of a second, for ever.
    SlowLoris,
    /// So many bytes of body.
    Large(usize),
    /// The same as `Answer`, after this time.
    Late(Duration, Box<Reply>),
}

/// Builds an answer.
pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Reply {
    let headers = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Reply::Answer(status, headers.collect(), body.as_bytes().to_vec())
}

/// A running server; it lives as long as the test program.
pub(crate) struct Server {
    pub(crate) port: u16,
    /// The certificate of the authority that signed the server's, in PEM.
    pub(crate) authority: Vec<u8>,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Server {
    pub(crate) fn start(reply: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> Self {
        let signed =
            rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()])
                .expect("a certificate");
        let key = PrivatePkcs8KeyDer::from(signed.signing_key.serialize_der());
        let config = ServerConfig::builder_with_provider(Arc::new(
            rustls::crypto::aws_lc_rs::default_provider(),
        ))
        .with_safe_default_protocol_versions()
        .expect("TLS versions")
        .with_no_client_auth()
        .with_single_cert(vec![signed.cert.der().clone()], key.into())
        .expect("a server's configuration");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let received = Arc::new(Mutex::new(Vec::new()));
        let (config, reply, log) = (Arc::new(config), Arc::new(reply), Arc::clone(&received));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (config, reply, log) =
                    (Arc::clone(&config), Arc::clone(&reply), Arc::clone(&log));
                // A client that hangs up in the middle is part of the tests.
                thread::spawn(move || serve(stream, config, &*reply, &log).ok());
            }
        });
        Self {
            port,
            authority: signed.cert.pem().into_bytes(),
            received,
        }
    }

    /// Its address, with a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.port)
    }

    /// What arrived so far.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().expect("the log").clone()
    }
}

fn serve(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    reply: &(impl Fn(&Received) -> Reply + ?Sized),
    log: &Mutex<Vec<Received>>,
) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let connection = ServerConnection::new(config).map_err(std::io::Error::other)?;
    let mut stream = StreamOwned::new(connection, stream);
    let received = read(&mut stream)?;
    log.lock().expect("the log").push(received.clone());
    write(&mut stream, reply(&received))?;
    stream.conn.send_close_notify();
    stream.flush()
}

fn read(stream: &mut impl Read) -> std::io::Result<Received> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        bytes.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let (line, headers) = head.split_once("\r\n").unwrap_or((head, ""));
        let length = headers
            .lines()
            .find_map(|line| {
                line.to_ascii_lowercase()
                    .strip_prefix("content-length: ")?
                    .parse()
                    .ok()
            })
            .unwrap_or(0);
        if body.len() >= length {
            return Ok(Received {
                line: line.to_owned(),
                headers: headers.to_owned(),
                body: body.to_owned(),
            });
        }
    }
}

fn write(stream: &mut impl Write, reply: Reply) -> std::io::Result<()> {
    match reply {
        Reply::Answer(status, headers, body) => {
            let headers: String = headers
                .iter()
                .map(|(name, value)| format!("{name}: {value}\r\n"))
                .collect();
            let head = format!(
                "HTTP/1.1 {status} Played\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            stream.write_all(head.as_bytes())?;
            stream.write_all(&body)
        }
        Reply::SlowLoris => {
            stream.write_all(b"HTTP/1.1 200 Slow\r\ncontent-length: 1000000\r\n\r\n")?;
            loop {
                stream.write_all(b" ")?;
                stream.flush()?;
                thread::sleep(Duration::from_millis(100));
            }
        }
        Reply::Large(length) => {
            let head = format!(
                "HTTP/1.1 200 Large\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
            );
            stream.write_all(head.as_bytes())?;
            let block = [b' '; 16 << 10];
            for _ in 0..length / block.len() {
                stream.write_all(&block)?;
            }
            Ok(())
        }
        Reply::Late(time, reply) => {
            thread::sleep(time);
            write(stream, *reply)
        }
    }
}
