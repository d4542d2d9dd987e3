//! What the measurements share: a repository, a service for it, and signed deliveries over kept connections.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};

use anyhow::Context as _;
use leakward_tests::{Postgresql, Repository, ServiceStart, WEBHOOK_SECRET, signature};
use serde_json::json;

/// Where the service keeps everything.
pub(super) enum Disk {
    /// A file.
    Sqlite,
    /// A server that flushes.
    Postgresql(Postgresql),
}

impl Disk {
    /// A service on it, with an empty database.
    pub(super) fn emptied(&self, start: ServiceStart) -> ServiceStart {
        match self {
            Self::Sqlite => start,
            Self::Postgresql(server) => {
                server.run("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
                start.env("LEAKWARD_SERVE_DATABASE", server.admin_url())
            }
        }
    }

    /// Its name, for people.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgresql(_) => "PostgreSQL",
        }
    }
}

/// A repository behind plain HTTP on this machine.
pub(super) struct Hosting {
    /// The repository; what is pushed to `served/acme/app.git` beside it is served.
    pub(super) repository: Repository,
    port: String,
    git: Child,
}

impl Drop for Hosting {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.git.kill();
        let _reaped = self.git.wait();
    }
}

const GIT_SERVER: &str = include_str!("../git_server.py");

impl Hosting {
    /// With eight commits.
    pub(super) fn new() -> anyhow::Result<Self> {
        let repository = Repository::new();
        for number in 0..8 {
            let text = format!("nothing to see, {number}\n");
            repository.commit_file(&format!("file{number}"), text);
        }
        let sandbox = repository.sandbox();
        let root = sandbox.folder("served");
        repository.git(&["clone", "--quiet", "--bare", ".", "../served/acme/app.git"]);
        let mut git = sandbox
            .command("python3")
            .arg(sandbox.write("git_server.py", GIT_SERVER))
            .arg(&root)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("python3")?;
        let mut port = String::new();
        BufReader::new(git.stdout.take().context("a pipe")?).read_line(&mut port)?;
        Ok(Self {
            repository,
            port: port.trim().to_owned(),
            git,
        })
    }

    /// Where it is, as a table of a configuration.
    pub(super) fn table(&self) -> String {
        format!(
            "[github]\nwebhook_secrets = [{{ env = 'TEST_WEBHOOK_SECRET' }}]\n\
             url = 'http://127.0.0.1:{0}'\napi = 'http://127.0.0.1:{0}'\n",
            self.port
        )
    }
}

/// A hosted repository, and a service for it.
pub(super) struct Bed {
    hosting: Hosting,
    /// The service.
    pub(super) start: ServiceStart,
}

/// About the size of a real push with three commits.
pub(super) const BODY: usize = 8_000;

impl Bed {
    /// With an empty database.
    pub(super) fn new(program: &Path, disk: &Disk) -> anyhow::Result<Self> {
        let hosting = Hosting::new()?;
        let config = format!(
            "repositories = ['acme/*']\n[limits]\ndeliveries_per_second = 1e9\nwaiting = 10000000\n\
             {}[telemetry]\nlog = 'error'\n",
            hosting.table()
        );
        let start = ServiceStart::new(program, hosting.repository.sandbox(), &config);
        let start = disk.emptied(start);
        Ok(Self { hosting, start })
    }
}

/// A signed delivery, as bytes for a connection.
pub(super) struct Delivery {
    /// Its id.
    pub(super) id: String,
    request: Vec<u8>,
}

/// Signed deliveries of pushes to four branches; ids begin with `name`.
pub(super) fn deliveries(bed: &Bed, name: &str, count: usize) -> Vec<Delivery> {
    let commits: Vec<String> = bed
        .hosting
        .repository
        .git(&["rev-list", "HEAD"])
        .lines()
        .map(str::to_owned)
        .collect();
    let filler: String = "src/some/folder/file.rs ".repeat(BODY / 24);
    (0..count)
        .map(|number| {
            let id = format!("{name}-{number}");
            let body = json!({
                "ref": format!("refs/heads/branch{}", number % 4),
                "before": commits[(number + 1) % commits.len()], "after": commits[number % commits.len()],
                "repository": {"full_name": "acme/app", "default_branch": "main", "pushed_at": id},
                "commits": [{"modified": filler}],
            })
            .to_string();
            let signed = signature(WEBHOOK_SECRET, &[body.as_bytes()]);
            let request = format!(
                "POST /v1/webhooks/github HTTP/1.1\r\nHost: here\r\nX-GitHub-Event: push\r\nX-GitHub-Delivery: {id}\r\n\
                 X-Hub-Signature-256: {signed}\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
            Delivery {
                id,
                request: request.into_bytes(),
            }
        })
        .collect()
}

/// One kept connection.
pub(super) struct Connection(BufReader<TcpStream>);

impl Connection {
    /// To this port of this machine.
    pub(super) fn open(port: u16) -> std::io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    /// The status of the answer.
    pub(super) fn send(&mut self, delivery: &Delivery) -> std::io::Result<u16> {
        self.0.get_mut().write_all(&delivery.request)?;
        let (mut status, mut length) = (0, 0);
        let mut line = String::new();
        loop {
            line.clear();
            if self.0.read_line(&mut line)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            let text = line.trim().to_ascii_lowercase();
            if text.is_empty() {
                break;
            }
            if let Some(code) = text.strip_prefix("http/1.1 ") {
                status = code
                    .split(' ')
                    .next()
                    .and_then(|code| code.parse().ok())
                    .unwrap_or(0);
            } else if let Some(value) = text.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        Ok(status)
    }
}
