//! The program `leakward serve`, running for a test, and deliveries that are signed as code hosts sign them.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::http::{HttpAnswer, PATIENCE, eventually, http};
use crate::sandbox::Sandbox;

/// What webhooks are signed with in tests.
pub const WEBHOOK_SECRET: &str = "the webhook secret of the tests";

/// A program's token in tests.
pub const API_TOKEN: &str = "the api token of the tests";

/// A running service.
#[derive(Debug)]
pub struct Service {
    child: Child,
    port: u16,
    one_time: Option<String>,
    log: PathBuf,
}

/// A service that is about to be started.
#[derive(Clone, Debug)]
pub struct ServiceStart {
    program: PathBuf,
    data: PathBuf,
    config: PathBuf,
    environment: Vec<(String, String)>,
    home: PathBuf,
}

impl ServiceStart {
    /// The program at `path`, with this configuration after what every test has: a port of its own, a folder in the sandbox,
    /// secrets for all webhooks, and a token for the role admin.
    #[must_use]
    pub fn new(path: &Path, sandbox: &Sandbox, config: &str) -> Self {
        let data = sandbox.path("serve-data");
        let (top, tables) = config
            .split_once("\n[")
            .map_or((config, String::new()), |(top, rest)| {
                (top, format!("[{rest}"))
            });
        let text = format!(
            "listen = '127.0.0.1:0'\ndata_dir = '{}'\n{top}\n\
             [leaks]\nsecrets = [{{ env = 'TEST_WEBHOOK_SECRET' }}]\n\
             [pre_receive]\ntokens = [{{ env = 'TEST_WEBHOOK_SECRET' }}]\n\
             [login]\none_time = true\n\
             [[login.tokens]]\nname = 'tester'\nrole = 'admin'\ntoken = {{ env = 'TEST_API_TOKEN' }}\n\
             {tables}\n",
            data.display()
        );
        let text = if config.contains("[verify]") {
            text
        } else {
            // No test asks a provider out there.
            text + "[verify]\nendpoints = ['github=https://127.0.0.1:9']\n"
        };
        Self {
            program: path.to_owned(),
            data,
            config: sandbox.write("serve.toml", text),
            environment: Vec::new(),
            home: sandbox.home(),
        }
    }

    /// With one more environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    /// Where the service keeps everything.
    #[must_use]
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Starts it, and waits until it listens.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start(&self) -> Service {
        std::fs::create_dir_all(&self.data).expect("a folder");
        let log = self.data.join("log.jsonl");
        let file = File::options()
            .append(true)
            .create(true)
            .open(&log)
            .expect("a log");
        let mut child = Command::new(&self.program)
            .args(["serve", "--config"])
            .arg(&self.config)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &self.home)
            .env("TEST_WEBHOOK_SECRET", WEBHOOK_SECRET)
            .env("TEST_API_TOKEN", API_TOKEN)
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(file)
            .spawn()
            .expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let mut line = || lines.next().and_then(Result::ok).unwrap_or_default();
        let first = line();
        let port = first
            .rsplit(':')
            .next()
            .and_then(|port| port.trim().parse().ok())
            .unwrap_or_else(|| {
                panic!(
                    "no port in {first:?}: {}",
                    std::fs::read_to_string(&log).unwrap_or_default()
                )
            });
        let one_time = line().rsplit(' ').next().map(str::to_owned);
        Service {
            child,
            port,
            one_time,
            log,
        }
    }
}

impl Service {
    /// Its port on this machine.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The token that was printed for one log-in.
    #[must_use]
    pub fn one_time_token(&self) -> &str {
        self.one_time.as_deref().unwrap_or_default()
    }

    /// Everything that it has logged.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Ends it at once, as a crash does.
    pub fn kill(mut self) {
        self.child.kill().expect("the program ends");
        self.child.wait().expect("the program's end");
    }

    /// Asks it to end, and returns its exit status.
    ///
    /// # Panics
    /// When it cannot be asked.
    pub fn terminate(mut self) -> Option<i32> {
        self.signal("-TERM");
        self.child.wait().expect("the program's end").code()
    }

    /// Tells it to read again what can be read again.
    ///
    /// # Panics
    /// When it cannot be told.
    pub fn hang_up(&self) {
        self.signal("-HUP");
    }

    fn signal(&self, signal: &str) {
        let status = Command::new("kill")
            .args([signal, &self.child.id().to_string()])
            .status()
            .expect("kill");
        assert!(status.success());
    }

    /// Asks the API as an admin.
    #[must_use]
    pub fn get(&self, path: &str) -> HttpAnswer {
        let token = format!("Bearer {API_TOKEN}");
        http(self.port, "GET", path, &[("Authorization", &token)], b"")
    }

    /// Tells the API something as an admin.
    #[must_use]
    pub fn post(&self, path: &str, body: &Value) -> HttpAnswer {
        let token = format!("Bearer {API_TOKEN}");
        let headers = [
            ("Authorization", token.as_str()),
            ("Content-Type", "application/json"),
        ];
        http(
            self.port,
            "POST",
            path,
            &headers,
            body.to_string().as_bytes(),
        )
    }

    /// Delivers an event as GitHub does.
    #[must_use]
    pub fn github(&self, event: &str, delivery: &str, body: &[u8]) -> HttpAnswer {
        let signature = signature(WEBHOOK_SECRET, &[body]);
        let headers = [
            ("X-GitHub-Event", event),
            ("X-GitHub-Delivery", delivery),
            ("X-Hub-Signature-256", &signature),
            ("Content-Type", "application/json"),
        ];
        http(self.port, "POST", "/v1/webhooks/github", &headers, body)
    }

    /// Delivers an event as Gitea does.
    #[must_use]
    pub fn gitea(&self, event: &str, delivery: &str, body: &[u8]) -> HttpAnswer {
        let signature = signature(WEBHOOK_SECRET, &[body]).replace("sha256=", "");
        let headers = [
            ("X-Gitea-Event", event),
            ("X-Gitea-Delivery", delivery),
            ("X-Gitea-Signature", &signature),
        ];
        http(self.port, "POST", "/v1/webhooks/gitea", &headers, body)
    }

    /// Delivers an event as GitLab does.
    #[must_use]
    pub fn gitlab(&self, event: &str, body: &[u8]) -> HttpAnswer {
        let headers = [
            ("X-Gitlab-Event", event),
            ("X-Gitlab-Token", WEBHOOK_SECRET),
        ];
        http(self.port, "POST", "/v1/webhooks/gitlab", &headers, body)
    }

    /// Posts a leak, signed at `seconds` since 1970.
    #[must_use]
    pub fn leak(&self, delivery: &str, seconds: u64, body: &Value) -> HttpAnswer {
        let (text, seconds) = (body.to_string(), seconds.to_string());
        let signature = signature(WEBHOOK_SECRET, &[seconds.as_bytes(), b".", text.as_bytes()]);
        let headers = [
            ("X-Leakward-Delivery", delivery),
            ("X-Leakward-Timestamp", &seconds),
            ("X-Leakward-Signature", &signature),
        ];
        http(self.port, "POST", "/v1/leaks", &headers, text.as_bytes())
    }

    /// Waits until nothing waits or runs any more.
    ///
    /// # Panics
    /// When that takes too long; says what was last told of those that are not done.
    pub fn wait_until_idle(&self) {
        let begun = std::time::Instant::now();
        loop {
            let listed = self.get("/v1/deliveries").json();
            let all = listed["deliveries"].as_array().expect("a list");
            let is_over = |one: &&Value| !matches!(one["state"].as_str(), Some("done" | "parked"));
            let open: Vec<&Value> = all.iter().filter(is_over).collect();
            if open.is_empty() {
                return;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "these are not handled: {open:?}"
            );
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
    }

    /// Waits until there are so many incidents, and returns them.
    #[must_use]
    pub fn wait_for_incidents(&self, count: usize) -> Vec<Value> {
        let mut incidents = Vec::new();
        eventually("the incidents are there", || {
            let listed = self.get("/v1/incidents").json();
            incidents = listed["incidents"].as_array().expect("a list").clone();
            incidents.len() >= count
        });
        incidents
    }

    /// The number that a metric has, by the text before it.
    #[must_use]
    pub fn metric(&self, name: &str) -> f64 {
        let text = http(self.port, "GET", "/metrics", &[], b"").body;
        text.lines()
            .filter_map(|line| line.strip_prefix(name))
            .find_map(|rest| rest.trim().parse().ok())
            .unwrap_or(0.0)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// `sha256=…` over the parts, one after the other.
#[must_use]
pub fn signature(secret: &str, parts: &[&[u8]]) -> String {
    const BLOCK: usize = 64;
    let mut key = [0; BLOCK];
    key.iter_mut()
        .zip(secret.bytes())
        .for_each(|(to, from)| *to = from);
    assert!(
        secret.len() <= BLOCK,
        "a longer secret would be hashed first"
    );
    let padded = |with: u8| key.map(|byte| byte ^ with);
    let mut inner = Sha256::new();
    inner.update(padded(0x36));
    parts.iter().for_each(|part| inner.update(part));
    let mut outer = Sha256::new();
    outer.update(padded(0x5c));
    outer.update(inner.finalize());
    let digits: String = outer
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("sha256={digits}")
}

/// What GitHub says of a push.
#[must_use]
pub fn github_push(repository: &str, reference: &str, before: &str, after: &str) -> Vec<u8> {
    let push = serde_json::json!({
        "ref": reference, "before": before, "after": after, "created": false, "deleted": false, "forced": false,
        "commits": [], "repository": {"full_name": repository, "default_branch": "main", "private": true},
        "pusher": {"name": "somebody"},
    });
    push.to_string().into_bytes()
}
