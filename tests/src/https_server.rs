//! A git server behind TLS and a token, on this machine, for tests of cloning.
//!
//! It is a few lines of Python around `git http-backend` (see `https_server.py`), with a certificate made by
//! openssl for the occasion. It ends with the test.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::sandbox::Sandbox;

const SCRIPT: &str = include_str!("https_server.py");

/// A running server.
#[derive(Debug)]
pub struct HttpsServer {
    child: Child,
    port: u16,
    certificate: PathBuf,
    log: PathBuf,
}

impl HttpsServer {
    /// Serves the repositories in `root` to whoever says `token` as the password.
    #[must_use]
    pub fn start(sandbox: &Sandbox, root: &Path, token: &str) -> Self {
        let certificate = sandbox.path("certificate.pem");
        let key = sandbox.path("certificate.key");
        make_certificate(sandbox, &certificate, &key);
        let script = sandbox.write("https_server.py", SCRIPT);
        let log = sandbox.path("https_server.log");
        let mut child = sandbox
            .command("python3")
            .arg(script)
            .args([root, &certificate, &key, &log])
            .env("LEAKWARD_TEST_TOKEN", token)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server to start");
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

    /// The address of a repository, without any credential.
    #[must_use]
    pub fn url(&self, repository: &str) -> String {
        format!("https://localhost:{}/{repository}", self.port)
    }

    /// The address of a repository with a token in it.
    #[must_use]
    pub fn url_with_token(&self, repository: &str, token: &str) -> String {
        format!(
            "https://x-access-token:{token}@localhost:{}/{repository}",
            self.port
        )
    }

    /// The certificate that a client must trust.
    #[must_use]
    pub fn certificate(&self) -> &Path {
        &self.certificate
    }

    /// One line for each request that it got: method, path, status.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for HttpsServer {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// Makes a certificate for `localhost`, signed by itself, and its key.
///
/// # Panics
/// When openssl does not.
pub fn make_certificate(sandbox: &Sandbox, certificate: &Path, key: &Path) {
    let mut command: Command = sandbox.command("openssl");
    let output = command
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
        ])
        .args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
        .args([
            "-addext",
            "basicConstraints=critical,CA:FALSE",
            "-addext",
            "extendedKeyUsage=serverAuth",
        ])
        .arg("-out")
        .arg(certificate)
        .arg("-keyout")
        .arg(key)
        .output()
        .expect("openssl to run");
    assert!(
        output.status.success(),
        "openssl: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}
