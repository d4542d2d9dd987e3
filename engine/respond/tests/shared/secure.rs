//! The played server behind TLS, with a certificate of its own for `localhost`.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::played::{Received, Reply, serve};

/// A running server; it lives as long as the test program.
pub(crate) struct SecureServer {
    port: u16,
    /// Its certificate, in PEM.
    pub(crate) authority: Vec<u8>,
    received: Arc<Mutex<Vec<Received>>>,
}

impl SecureServer {
    pub(crate) fn start(reply: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> Self {
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
        let (config, reply) = (Arc::new(config), Arc::new(reply));
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let received: Arc<Mutex<Vec<Received>>> = Arc::default();
        let log = Arc::clone(&received);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (config, reply, log) =
                    (Arc::clone(&config), Arc::clone(&reply), Arc::clone(&log));
                thread::spawn(move || {
                    let wait = Some(std::time::Duration::from_secs(20));
                    stream.set_read_timeout(wait).expect("a limit");
                    let connection = ServerConnection::new(config).expect("a connection");
                    // A client that hangs up in the middle is part of the tests.
                    serve(StreamOwned::new(connection, stream), &*reply, &log).ok();
                });
            }
        });
        Self {
            port,
            authority: made.cert.pem().into_bytes(),
            received,
        }
    }

    pub(crate) fn base(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().expect("the log").clone()
    }
}
