//! Debian's docker-registry, on this machine, with TLS and a login.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use crate::https_server::make_certificate;
use crate::requirement::{Requirement, missing};
use crate::sandbox::Sandbox;
use crate::token_server::TokenServer;

/// How long the registry may take to answer: it is started while other tests run.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running registry.
#[derive(Debug)]
pub struct Registry {
    child: Child,
    port: u16,
    certificate: PathBuf,
}

/// Who may read from the registry.
pub const REGISTRY_USER: &str = "ada";

/// Her password; no credential of any provider.
pub const REGISTRY_PASSWORD: &str = "sesame-for-the-test-registry";

impl Registry {
    /// An empty registry; nothing when the programs that make one are not there.
    #[must_use]
    pub fn start(sandbox: &Sandbox) -> Option<Self> {
        Self::with_login(sandbox, |sandbox| {
            let logins = sandbox.write(
                "registry.htpasswd",
                format!("{REGISTRY_USER}:{}\n", hashed(sandbox)),
            );
            format!("{{htpasswd: {{realm: test, path: {}}}}}", logins.display())
        })
    }

    /// What an earlier registry of the same sandbox had, for those who come with a token of `tokens`.
    #[must_use]
    pub fn with_tokens(sandbox: &Sandbox, tokens: &TokenServer) -> Option<Self> {
        Self::with_login(sandbox, |_| tokens.settings())
    }

    fn with_login(sandbox: &Sandbox, login: impl Fn(&Sandbox) -> String) -> Option<Self> {
        let tools = ["docker-registry", "openssl", "perl"];
        if tools
            .into_iter()
            .any(|tool| missing(Requirement::Tool(tool)))
        {
            return None;
        }
        let certificate = sandbox.path("registry.pem");
        let key = sandbox.path("registry.key");
        make_certificate(sandbox, &certificate, &key);
        let port = free_port();
        let storage = sandbox.folder("registry");
        let settings = format!(
            "version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\n\
             http: {{addr: 'localhost:{port}', tls: {{certificate: {}, key: {}}}}}\n\
             auth: {}\n",
            storage.display(),
            certificate.display(),
            key.display(),
            login(sandbox),
        );
        let settings = sandbox.write("registry.yml", settings);
        let child = sandbox
            .command("docker-registry")
            .arg("serve")
            .arg(settings)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the registry to start");
        let mut registry = Self {
            child,
            port,
            certificate,
        };
        registry.wait();
        Some(registry)
    }

    /// Waits until the registry listens.
    fn wait(&mut self) {
        let started = std::time::Instant::now();
        while std::net::TcpStream::connect(("localhost", self.port)).is_err() {
            if self
                .child
                .try_wait()
                .expect("the registry's state")
                .is_some()
            {
                let stderr = self.child.stderr.take().expect("a pipe");
                let told: Vec<String> = BufReader::new(stderr)
                    .lines()
                    .map_while(Result::ok)
                    .collect();
                panic!("the registry ended: {told:?}");
            }
            assert!(started.elapsed() < PATIENCE, "the registry does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The name of an image in it.
    #[must_use]
    pub fn name(&self, image: &str) -> String {
        format!("localhost:{}/{image}", self.port)
    }

    /// The certificate that a client must trust.
    #[must_use]
    pub fn certificate(&self) -> &Path {
        &self.certificate
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// A port that nobody listens on, below those that the system gives to others, so that none of them takes it before the
/// registry does.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + u16::try_from(std::process::id() % 8_000).expect("small");
    loop {
        let port = first + NEXT.fetch_add(1, Ordering::Relaxed) % 2_000;
        if TcpListener::bind(("localhost", port)).is_ok() {
            return port;
        }
    }
}

/// The password as htpasswd writes it with bcrypt, which is all that the registry understands.
fn hashed(sandbox: &Sandbox) -> String {
    let mut command: Command = sandbox.command("perl");
    let output = command
        .args([
            "-e",
            "print crypt($ARGV[0], q($2y$05$abcdefghijklmnopqrstuu))",
        ])
        .arg(REGISTRY_PASSWORD)
        .output()
        .expect("perl");
    let hash = String::from_utf8(output.stdout).expect("a text");
    assert!(hash.starts_with("$2y$"), "{hash:?} is no hash of bcrypt");
    hash
}
