//! Who gives tokens for a registry of the tests (see `token_server.py`).

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Stdio};

use crate::https_server::make_certificate;
use crate::registry::{REGISTRY_PASSWORD, REGISTRY_USER};
use crate::sandbox::Sandbox;

const SCRIPT: &str = include_str!("token_server.py");

/// A running token server.
#[derive(Debug)]
pub struct TokenServer {
    child: Child,
    port: u16,
    certificate: PathBuf,
    log: PathBuf,
}

impl TokenServer {
    /// Gives tokens for what is below `public/` to anybody, and for the rest to the registry's user.
    #[must_use]
    pub fn start(sandbox: &Sandbox) -> Self {
        let certificate = sandbox.path("tokens.pem");
        let key = sandbox.path("tokens.key");
        make_certificate(sandbox, &certificate, &key);
        let script = sandbox.write("token_server.py", SCRIPT);
        let log = sandbox.write("tokens.log", "");
        let mut child = sandbox
            .command("python3")
            .arg(script)
            .args([&certificate, &key])
            .arg(format!("{REGISTRY_USER}:{REGISTRY_PASSWORD}"))
            .arg(&log)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the token server to start");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe"))
            .read_line(&mut line)
            .expect("the server's port");
        let port = line.trim().parse().expect("a port number");
        Self {
            child,
            port,
            certificate,
            log,
        }
    }

    /// What the registry is told about it.
    #[must_use]
    pub(crate) fn settings(&self) -> String {
        format!(
            "{{token: {{realm: 'https://localhost:{}/token', service: test, issuer: leakward-test, rootcertbundle: {}}}}}",
            self.port,
            self.certificate.display()
        )
    }

    /// The certificate that a client must trust, in PEM.
    #[must_use]
    pub fn certificate(&self) -> String {
        std::fs::read_to_string(&self.certificate).expect("the certificate")
    }

    /// What it was asked for, a line each.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        let log = std::fs::read_to_string(&self.log).expect("the log");
        log.lines().map(str::to_owned).collect()
    }
}

impl Drop for TokenServer {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}
