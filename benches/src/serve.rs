//! The service under load: deliveries a second, latency at a steady pace, and crashes at random under load.
//!
//! Client and service share the machine; the client signs beforehand and keeps its connections. Every delivery is a push to one of a
//! few branches of a real repository, so that workers fetch and look things up meanwhile, as in production.

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use leakward_tests::{Repository, Service, ServiceStart, WEBHOOK_SECRET, signature};
use serde_json::json;

/// Deliveries of the measurement of throughput, and connections that they come over.
const DELIVERIES: usize = 20_000;
const CONNECTIONS: usize = 32;

/// The steady pace, and how long it lasts.
const PACE: usize = 500;
const STEADY: Duration = Duration::from_secs(20);

/// Crashes.
const CRASHES: usize = 20;

/// About the size of a real push with three commits.
const BODY: usize = 8_000;

/// A repository behind plain HTTP on this machine, and a service for it.
struct Bed {
    repository: Repository,
    start: ServiceStart,
    _git: std::process::Child,
}

impl Drop for Bed {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self._git.kill();
        let _reaped = self._git.wait();
    }
}

const GIT_SERVER: &str = include_str!("git_server.py");

fn bed(program: &Path) -> anyhow::Result<Bed> {
    let repository = Repository::new();
    for number in 0..8 {
        repository.commit_file(
            &format!("file{number}"),
            format!("nothing to see, {number}\n"),
        );
    }
    let sandbox = repository.sandbox();
    let root = sandbox.folder("served");
    repository.git(&["clone", "--quiet", "--bare", ".", "../served/acme/app.git"]);
    let mut git = sandbox
        .command("python3")
        .arg(sandbox.write("git_server.py", GIT_SERVER))
        .arg(&root)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .context("python3")?;
    let mut port = String::new();
    BufReader::new(git.stdout.take().context("a pipe")?).read_line(&mut port)?;
    let config = format!(
        "repositories = ['acme/*']\n[limits]\ndeliveries_per_second = 1e9\nwaiting = 10000000\n\
         [github]\nwebhook_secrets = [{{ env = 'TEST_WEBHOOK_SECRET' }}]\n\
         url = 'http://127.0.0.1:{0}'\napi = 'http://127.0.0.1:{0}'\n[telemetry]\nlog = 'error'\n",
        port.trim()
    );
    let start = ServiceStart::new(program, sandbox, &config);
    Ok(Bed {
        repository,
        start,
        _git: git,
    })
}

/// A signed delivery, as bytes for a connection.
struct Delivery {
    id: String,
    request: Vec<u8>,
}

fn deliveries(bed: &Bed, name: &str, count: usize) -> Vec<Delivery> {
    let commits: Vec<String> = bed
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
struct Connection(BufReader<TcpStream>);

impl Connection {
    fn open(port: u16) -> std::io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    /// The status of the answer.
    fn send(&mut self, delivery: &Delivery) -> std::io::Result<u16> {
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

/// All three measurements.
pub(crate) fn all(program: &Path) -> anyhow::Result<()> {
    throughput(program)?;
    steady(program)?;
    crashes(program)
}

fn throughput(program: &Path) -> anyhow::Result<()> {
    let bed = bed(program)?;
    let all = deliveries(&bed, "t", DELIVERIES);
    let serve = bed.start.start();
    let next = AtomicUsize::new(0);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CONNECTIONS)
            .map(|_| {
                scope.spawn(|| -> std::io::Result<usize> {
                    let mut connection = Connection::open(serve.port())?;
                    let mut refused = 0;
                    while let Some(delivery) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                        refused += usize::from(connection.send(delivery)? != 202);
                    }
                    Ok(refused)
                })
            })
            .collect();
        for client in clients {
            let refused = client
                .join()
                .map_err(|_| anyhow::anyhow!("a client broke"))??;
            ensure!(refused == 0, "{refused} deliveries were not accepted");
        }
        Ok(())
    })?;
    let took = begun.elapsed();
    println!(
        "accepted durably: {DELIVERIES} signed pushes of {BODY} bytes in {:.2} s: {:.0} a second ({CONNECTIONS} connections)",
        took.as_secs_f64(),
        DELIVERIES as f64 / took.as_secs_f64(),
    );
    println!("all handled {:.1} s later", drained(&serve)?.as_secs_f64());
    Ok(())
}

fn drained(serve: &Service) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    loop {
        let waiting = serve.metric("leakward_queue{state=\"waiting\"}")
            + serve.metric("leakward_queue{state=\"running\"}");
        if waiting == 0.0
            && serve.metric("leakward_handled_total{source=\"github\",outcome=\"done\"}") > 0.0
        {
            return Ok(begun.elapsed());
        }
        ensure!(
            begun.elapsed() < Duration::from_secs(900),
            "{waiting} are not handled"
        );
        std::thread::sleep(Duration::from_millis(500));
    }
}

fn steady(program: &Path) -> anyhow::Result<()> {
    let bed = bed(program)?;
    let count = PACE * usize::try_from(STEADY.as_secs())?;
    let all = deliveries(&bed, "s", count);
    let serve = bed.start.start();
    let next = AtomicUsize::new(0);
    let latencies = Mutex::new(Vec::with_capacity(count));
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..CONNECTIONS {
            scope.spawn(|| -> std::io::Result<()> {
                let mut connection = Connection::open(serve.port())?;
                let mut own = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(delivery) = all.get(number) else {
                        break;
                    };
                    // Against the schedule, so that a stall counts for all that it delays.
                    let due = begun + Duration::from_secs_f64(number as f64 / PACE as f64);
                    std::thread::sleep(due.saturating_duration_since(Instant::now()));
                    connection.send(delivery)?;
                    own.push(due.elapsed());
                }
                if let Ok(mut latencies) = latencies.lock() {
                    latencies.append(&mut own);
                }
                Ok(())
            });
        }
    });
    let mut latencies = latencies.into_inner().unwrap_or_default();
    ensure!(
        latencies.len() == count,
        "{} of {count} were answered",
        latencies.len()
    );
    latencies.sort_unstable();
    let at = |part: f64| {
        latencies
            .get((count as f64 * part) as usize)
            .copied()
            .unwrap_or_default()
    };
    println!(
        "at {PACE} a second for {} s: median {:.1} ms, p99 {:.1} ms, p99.9 {:.1} ms",
        STEADY.as_secs(),
        at(0.5).as_secs_f64() * 1e3,
        at(0.99).as_secs_f64() * 1e3,
        at(0.999).as_secs_f64() * 1e3
    );
    Ok(())
}

fn crashes(program: &Path) -> anyhow::Result<()> {
    let bed = bed(program)?;
    let accepted = Arc::new(Mutex::new(HashSet::new()));
    for crash in 0..CRASHES {
        let serve = bed.start.start();
        let all = deliveries(&bed, &format!("c{crash}"), 3_000);
        let (next, ended) = (AtomicUsize::new(0), AtomicBool::new(false));
        let port = serve.port();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    // The service goes away under it; that is the point.
                    let Ok(mut connection) = Connection::open(port) else {
                        return;
                    };
                    while !ended.load(Ordering::Relaxed) {
                        let Some(delivery) = all.get(next.fetch_add(1, Ordering::Relaxed)) else {
                            return;
                        };
                        match connection.send(delivery) {
                            Ok(202) => drop(
                                accepted
                                    .lock()
                                    .map(|mut set| set.insert(delivery.id.clone())),
                            ),
                            Ok(_) => {}
                            Err(_) => return,
                        }
                    }
                });
            }
            // Different each time, and the same in each run of this program.
            std::thread::sleep(Duration::from_millis(50 + (crash as u64 * 7_919) % 900));
            serve.kill();
            ended.store(true, Ordering::Relaxed);
        });
    }
    let serve = bed.start.start();
    drained(&serve)?;
    drop(serve);
    let accepted = accepted
        .lock()
        .map_err(|_| anyhow::anyhow!("a client broke"))?
        .clone();
    let stored = stored(&bed)?;
    let lost = accepted.iter().filter(|id| !stored.contains(*id)).count();
    println!(
        "killed {CRASHES} times under load: {} accepted, {lost} lost, each handled",
        accepted.len()
    );
    ensure!(lost == 0, "{lost} deliveries were lost");
    Ok(())
}

/// The ids that are done, as the database has them.
fn stored(bed: &Bed) -> anyhow::Result<HashSet<String>> {
    const SCRIPT: &str = "import sqlite3, sys\nfor row in sqlite3.connect(sys.argv[1]).execute(\"SELECT delivery FROM serve_queue WHERE state = 'done'\"): print(row[0])\n";
    let output = std::process::Command::new("python3")
        .args(["-c", SCRIPT])
        .arg(bed.start.data().join("leakward.db"))
        .output()
        .context("python3")?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?
        .lines()
        .map(str::to_owned)
        .collect())
}
