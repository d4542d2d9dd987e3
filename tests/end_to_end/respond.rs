//! The whole loop as a user runs it: a leak in a repository, verified, rotated through OpenBao with users of a real
//! PostgreSQL while an application works, the old one proven dead, the audit log checked; and the same with a program that
//! is killed at every line of its journal.

#![cfg(unix)]

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use leakward_tests::{Program, Repository, Run, Sandbox};

use crate::leakward;

/// A server that ends with the test.
struct Server {
    child: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let group = format!("-{}", self.child.id());
        let killed = Command::new("kill").args(["-KILL", "--", &group]).status();
        assert!(killed.is_ok(), "kill");
        // It may have ended by itself.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The program's path, or none with a printed line; in CI that is a failure.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    if let Ok(versions) = fs::read_dir("/usr/lib/postgresql") {
        folders.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    let found = folders
        .iter()
        .map(|folder| folder.join(name))
        .find(|path| path.is_file());
    if found.is_none() {
        let in_ci = std::env::var_os("CI").is_some_and(|value| value == "true");
        assert!(!in_ci, "this test needs {name}, and CI must not skip it");
        eprintln!("SKIPPED: this test needs {name}");
    }
    found
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

fn wait(what: &str, mut is_so: impl FnMut() -> bool) {
    let patience = Instant::now() + Duration::from_secs(300);
    while !is_so() {
        assert!(Instant::now() < patience, "{what}: it takes too long");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn start(mut command: Command, port: u16, folder: tempfile::TempDir) -> Server {
    let child = command
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the server starts");
    let server = Server {
        child,
        port,
        _folder: folder,
    };
    wait("the server's port", || {
        TcpStream::connect(("127.0.0.1", port)).is_ok()
    });
    server
}

/// A command as the user whom PostgreSQL wants: it refuses root.
fn as_postgres(program: &Path) -> Command {
    let is_root = Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout.trim_ascii() == b"0");
    if !is_root {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--"]).arg(program);
    command
}

/// Passwords of this run, put together here so that none stands in the tree.
fn password(of: &str) -> String {
    format!(
        "{of}{:08x}Qz7",
        std::process::id().wrapping_mul(2_654_435_761)
    )
}

/// A PostgreSQL with an administrator, and an application's user who owns a table.
fn postgresql() -> Option<Server> {
    let (initdb, postgres) = (program("initdb")?, program("postgres")?);
    program("psql")?;
    let folder = tempfile::Builder::new()
        .prefix("lw")
        .tempdir_in("/tmp")
        .expect("a folder");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).expect("permissions");
    let data = folder.path().join("data");
    let made = as_postgres(&initdb)
        .arg("-D")
        .arg(&data)
        .args(["-A", "trust", "-U", "postgres", "--no-sync"])
        .output()
        .expect("initdb");
    assert!(made.status.success(), "initdb");
    let (boss, app) = (password("boss"), password("app"));
    let setup = format!(
        "CREATE ROLE boss LOGIN SUPERUSER PASSWORD '{boss}';\nCREATE ROLE app LOGIN PASSWORD '{app}';\n\
         CREATE TABLE orders (id int);\nALTER TABLE orders OWNER TO app;\n"
    );
    let mut single = as_postgres(&postgres)
        .args(["--single", "-D"])
        .arg(&data)
        .arg("postgres")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("postgres");
    let input = single.stdin.as_mut().expect("its input");
    std::io::Write::write_all(input, setup.as_bytes()).expect("users");
    assert!(single.wait().expect("postgres").success());
    fs::write(data.join("pg_hba.conf"), "host all all all scram-sha-256\n").expect("access");
    let port = free_port();
    let mut server = as_postgres(&postgres);
    server.arg("-D").arg(&data).args([
        "-p",
        &port.to_string(),
        "-c",
        "listen_addresses=127.0.0.1",
        "-c",
        "fsync=off",
        "-c",
        &format!("unix_socket_directories={}", folder.path().display()),
    ]);
    let server = start(server, port, folder);
    let admin = server.uri("boss");
    wait("a login", || works(&admin));
    Some(server)
}

impl Server {
    fn uri(&self, user: &str) -> String {
        format!(
            "postgresql://{user}:{}@127.0.0.1:{}/postgres",
            password(user),
            self.port
        )
    }
}

/// Whether a query works with this login.
fn works(uri: &str) -> bool {
    let psql = program("psql").expect("psql");
    Command::new(psql)
        .args(["-At", "-c", "SELECT count(*) FROM orders", uri])
        .env("PGCONNECT_TIMEOUT", "20")
        .stdin(Stdio::null())
        .output()
        .is_ok_and(|output| output.status.success())
}

/// A repository in which somebody committed the application's login; report and fingerprint of the scan.
struct Leak {
    repository: Repository,
    fingerprint: String,
    port: u16,
    admin: String,
    leaked: String,
}

impl Leak {
    fn new(server: &Server) -> Self {
        let repository = Repository::new();
        repository.commit_file("README.md", "an application\n");
        let leaked = server.uri("app");
        repository.commit_file("deploy/settings.env", format!("DATABASE_URL={leaked}\n"));
        let run = leakward(repository.sandbox())
            .args(["scan", "--format", "json", "--output", "report.json"])
            .arg(repository.folder())
            .run();
        run.expect_status(1);
        let report = fs::read_to_string(repository.sandbox().path("report.json")).expect("it");
        let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
        let findings = report["findings"].as_array().expect("findings");
        let finding = findings
            .iter()
            .find(|finding| finding["rule"] == "postgres-connection-uri")
            .expect("the leak is found");
        Self {
            fingerprint: finding["fingerprint"].as_str().expect("one").to_owned(),
            repository,
            port: server.port,
            admin: server.uri("boss"),
            leaked,
        }
    }

    fn sandbox(&self) -> &Sandbox {
        self.repository.sandbox()
    }

    fn leakward(&self, words: &[&str]) -> Program {
        leakward(self.sandbox())
            .args(words)
            .env("LEAKWARD_IDENTITY_POSTGRESQL_ADMIN", &self.admin)
            .env("USER", "ann")
    }

    /// Rotation of the finding, as it is typed.
    fn rotate(&self, store: &str, more: &[&str]) -> Program {
        self.leakward(&["rotate", "--report", "report.json", "--finding"])
            .arg(&self.fingerprint)
            .args(["--store", store, "--path", "app/database"])
            .args(["--allow-private", "--allow-found-hosts", "--grace", "1s"])
            .args(more)
    }

    fn resume(&self) -> Program {
        self.leakward(&[
            "respond",
            "resume",
            "--allow-private",
            "--allow-found-hosts",
        ])
    }

    fn is_proven_dead(&self, run: &Run) {
        run.expect_status(0);
        assert!(run.stdout.contains("proven dead"), "{}", run.transcript());
        assert!(!works(&self.leaked), "the leaked login still works");
        let shown = self.leakward(&["respond", "show", &self.fingerprint]).run();
        shown.expect_status(0);
        for word in [
            "first commit",
            "verified",
            "rotated",
            "revoked",
            "proven dead",
            "closed",
        ] {
            assert!(
                shown.stdout.contains(word),
                "{word}: {}",
                shown.transcript()
            );
        }
        let audit = self.leakward(&["audit", "verify"]).run();
        audit.expect_status(0);
        assert!(audit.stdout.contains("every line is as it was written"));
        self.keeps_no_value();
    }

    /// Neither the leaked password nor its successor is in anything that was written down (the store of the test aside).
    fn keeps_no_value(&self) {
        let secret = password("app");
        for (path, content) in self.sandbox().left_behind() {
            let text = String::from_utf8_lossy(&content);
            assert!(
                !text.contains(&secret),
                "{} holds the password",
                path.display()
            );
        }
    }
}

/// An application: reads its login from the store before every query, and counts what fails.
struct Application {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<(u32, u32)>,
}

impl Application {
    fn start(login: impl Fn() -> String + Send + 'static) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let (mut queries, mut failures) = (0, 0);
            while !stopped.load(Ordering::SeqCst) {
                queries += 1;
                failures += u32::from(!works(&login()));
            }
            (queries, failures)
        });
        Self { stop, thread }
    }

    /// Queries, and how many of them failed.
    fn end(self) -> (u32, u32) {
        self.stop.store(true, Ordering::SeqCst);
        self.thread.join().expect("the application")
    }
}

#[test]
fn a_leak_is_rotated_through_openbao_and_no_query_fails() {
    let (Some(server), Some(bao)) = (postgresql(), program("bao")) else {
        return;
    };
    let leak = Leak::new(&server);
    let (port, token) = (free_port(), format!("root-{}", std::process::id()));
    let address = format!("http://127.0.0.1:{port}");
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(&bao);
    command
        .args(["server", "-dev", "-dev-no-store-token"])
        .arg(format!("-dev-root-token-id={token}"))
        .arg(format!("-dev-listen-address=127.0.0.1:{port}"))
        .env("HOME", folder.path());
    let _openbao = start(command, port, folder);
    let vault = {
        let (bao, address, token) = (bao.clone(), address.clone(), token.clone());
        move |words: &[&str]| {
            Command::new(&bao)
                .args(words)
                .env("BAO_ADDR", &address)
                .env("BAO_TOKEN", &token)
                .output()
                .expect("bao")
        }
    };
    let field = format!("url={}", leak.leaked);
    wait("OpenBao", || {
        vault(&["kv", "put", "secret/app/database", &field])
            .status
            .success()
    });
    let read = vault.clone();
    let application = Application::start(move || {
        let output = read(&["kv", "get", "-field=url", "secret/app/database"]);
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    });
    let store = format!("vault:{address}/secret");
    let login = |program: Program| program.env("VAULT_TOKEN", &token);

    let plan = login(leak.rotate(&store, &["--dry-run"])).run();
    plan.expect_status(0);
    for word in [
        "app/database",
        "url",
        "app_b",
        "policy",
        "nothing was changed",
    ] {
        assert!(plan.stdout.contains(word), "{word}: {}", plan.transcript());
    }
    assert!(works(&leak.leaked), "a dry run changes nothing");

    let done = login(leak.rotate(&store, &["--yes"])).run();
    leak.is_proven_dead(&done);
    let (queries, failures) = application.end();
    assert!(queries > 0);
    assert_eq!(failures, 0, "of {queries} queries");

    let again = login(leak.leakward(&["revoke", "--report", "report.json", "--finding"]))
        .arg(&leak.fingerprint)
        .args(["--allow-private", "--allow-found-hosts", "--yes"])
        .run();
    again.expect_status(0);
    assert!(
        again.stdout.contains("dead already"),
        "{}",
        again.transcript()
    );
}

#[test]
fn a_rotation_that_is_killed_at_every_line_of_its_journal_comes_to_its_end() {
    let Some(server) = postgresql() else {
        return;
    };
    let leak = Leak::new(&server);
    let store = "file:secrets.age";
    let put = leak
        .leakward(&["store", "put", store, "app/database", "--field", "url"])
        .input(leak.leaked.clone())
        .run();
    put.expect_status(0);
    let points = ["before:0", "after:0", "before:1", "after:1", "before:2"];
    let mut kills = 0;
    let mut last = leak
        .rotate(store, &["--yes"])
        .env("LEAKWARD_KILL_AT", "before:0")
        .run();
    while last.status.is_none() {
        kills += 1;
        assert!(kills < 90, "it never comes to its end");
        let point = points[kills % points.len()];
        last = leak.resume().env("LEAKWARD_KILL_AT", point).run();
    }
    assert!(kills > 10, "{kills} kills\n{}", last.transcript());
    assert_eq!(leak.port, server.port);
    leak.is_proven_dead(&last);
    let stored = leak
        .leakward(&[
            "store",
            "get",
            store,
            "app/database",
            "--field",
            "url",
            "--reveal",
        ])
        .run();
    let login = stored.stdout.trim();
    assert!(
        login.contains("app_b") && works(login),
        "the store has a login that works"
    );
}

#[test]
fn an_empty_audit_log_is_whole_and_the_default_policy_passes_its_tests() {
    let sandbox = Sandbox::new();
    let empty = leakward(&sandbox).args(["audit", "verify"]).run();
    empty.expect_status(0);
    let policy = leakward(&sandbox).args(["policy", "test"]).run();
    policy.expect_status(0);
    assert!(
        policy.stdout.contains("0 failed"),
        "{}",
        policy.transcript()
    );
    let shown = leakward(&sandbox).args(["policy", "show"]).run();
    assert!(shown.stdout.contains("package leakward"));
}
