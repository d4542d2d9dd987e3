//! What the tests of responses share: a PostgreSQL and an OpenBao of their own, a leak in a repository, an application.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use leakward_tests::{Program, Report, Repository, Run, Sandbox, free_port};

use crate::leakward;

/// A server that ends with the test.
pub(super) struct Server {
    child: Child,
    pub(super) port: u16,
    folder: tempfile::TempDir,
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
pub(super) fn program(name: &str) -> Option<PathBuf> {
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

pub(super) fn wait(what: &str, mut is_so: impl FnMut() -> bool) {
    let patience = Instant::now() + Duration::from_secs(300);
    while !is_so() {
        assert!(Instant::now() < patience, "{what}: it takes too long");
        std::thread::sleep(Duration::from_millis(50));
    }
}

pub(super) fn start(mut command: Command, port: u16, folder: tempfile::TempDir) -> Server {
    let log = fs::File::create(folder.path().join("server.log")).expect("a log");
    let child = command
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a log"))
        .stderr(log)
        .spawn()
        .expect("the server starts");
    let server = Server {
        child,
        port,
        folder,
    };
    wait("the server's port", || {
        TcpStream::connect(("127.0.0.1", port)).is_ok()
    });
    server
}

/// A command as the user whom PostgreSQL wants: it refuses root.
pub(super) fn as_postgres(program: &Path) -> Command {
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
pub(super) fn password(of: &str) -> String {
    format!(
        "{of}{:08x}Qz7",
        std::process::id().wrapping_mul(2_654_435_761)
    )
}

/// A PostgreSQL with an administrator, and an application's user who owns a table.
pub(super) fn postgresql() -> Option<Server> {
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
    /// Runs a statement as the administrator; what it prints.
    pub(super) fn run(&self, sql: &str) -> String {
        self.run_in("postgres", sql)
    }

    /// The same in another database.
    pub(super) fn run_in(&self, database: &str, sql: &str) -> String {
        let uri = self
            .uri("boss")
            .replace("/postgres", &format!("/{database}"));
        let output = Command::new(program("psql").expect("psql"))
            .args(["-At", "-c", sql, &uri])
            .stdin(Stdio::null())
            .output()
            .expect("psql");
        assert!(
            output.status.success(),
            "{sql}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    pub(super) fn uri(&self, user: &str) -> String {
        format!(
            "postgresql://{user}:{}@127.0.0.1:{}/postgres",
            password(user),
            self.port
        )
    }
}

/// Whether a query works with this login.
pub(super) fn works(uri: &str) -> bool {
    let psql = program("psql").expect("psql");
    Command::new(psql)
        .args(["-At", "-c", "SELECT count(*) FROM orders", uri])
        .env("PGCONNECT_TIMEOUT", "20")
        .stdin(Stdio::null())
        .output()
        .is_ok_and(|output| output.status.success())
}

/// Scans a repository into `report.json`; the fingerprint and the rule of the only finding whose rule begins so.
pub(super) fn scanned(repository: &Repository, rule: &str) -> (String, String) {
    let run = leakward(repository.sandbox())
        .args(["scan", "--format", "json", "--output", "report.json"])
        .arg(repository.folder())
        .run();
    run.expect_status(1);
    let report = fs::read_to_string(repository.sandbox().path("report.json")).expect("it");
    let report = Report::parse(&report, &run.transcript());
    let text = |finding: &serde_json::Value, name: &str| {
        finding[name].as_str().expect("a text").to_owned()
    };
    let mut findings = report.findings().iter();
    let found = findings.find(|finding| text(finding, "rule").starts_with(rule));
    let found = found.expect("the leak is found");
    (text(found, "fingerprint"), text(found, "rule"))
}

/// Resumes a response that is killed again and again, at these points in turn, until it comes to its end. At least `least` times.
pub(super) fn killed_until_its_end(
    begun: Program,
    resume: impl Fn() -> Program,
    points: &[&str],
    least: usize,
) -> Run {
    let mut kills = 0;
    let mut last = begun.env("LEAKWARD_KILL_AT", "before:0").run();
    while last.status.is_none() {
        kills += 1;
        assert!(kills < 90, "it never comes to its end");
        let point = points[kills % points.len()];
        last = resume().env("LEAKWARD_KILL_AT", point).run();
    }
    assert!(kills > least, "{kills} kills\n{}", last.transcript());
    last
}

/// A repository in which somebody committed the application's login; report and fingerprint of the scan.
pub(super) struct Leak {
    repository: Repository,
    pub(super) fingerprint: String,
    pub(super) admin: String,
    pub(super) leaked: String,
    /// Where incidents and journals are; none: in the sandbox.
    pub(super) database: Option<String>,
}

impl Leak {
    pub(super) fn new(server: &Server) -> Self {
        let repository = Repository::new();
        repository.commit_file("README.md", "an application\n");
        let leaked = server.uri("app");
        repository.commit_file("deploy/settings.env", format!("DATABASE_URL={leaked}\n"));
        let (fingerprint, _) = scanned(&repository, "postgres-connection-uri");
        Self {
            fingerprint,
            repository,
            database: None,
            admin: server.uri("boss"),
            leaked,
        }
    }

    pub(super) fn sandbox(&self) -> &Sandbox {
        self.repository.sandbox()
    }

    pub(super) fn leakward(&self, words: &[&str]) -> Program {
        let program = leakward(self.sandbox())
            .args(words)
            .env("LEAKWARD_IDENTITY_POSTGRESQL_ADMIN", &self.admin);
        match &self.database {
            Some(database) => program.env("LEAKWARD_DATABASE", database),
            None => program,
        }
    }

    /// Rotation of the finding, as it is typed.
    pub(super) fn rotate(&self, store: &str, more: &[&str]) -> Program {
        self.leakward(&["rotate", "--report", "report.json", "--finding"])
            .arg(&self.fingerprint)
            .args(["--store", store, "--path", "app/database"])
            .args(["--allow-private", "--allow-found-hosts", "--grace", "1s"])
            .args(more)
    }

    pub(super) fn resume(&self) -> Program {
        self.leakward(&[
            "respond",
            "resume",
            "--allow-private",
            "--allow-found-hosts",
        ])
    }

    pub(super) fn is_proven_dead(&self, run: &Run) {
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
    pub(super) fn keeps_no_value(&self) {
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
pub(super) struct Application {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<(u32, u32)>,
}

impl Application {
    pub(super) fn start(login: impl Fn() -> String + Send + 'static) -> Self {
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
    pub(super) fn end(self) -> (u32, u32) {
        self.stop.store(true, Ordering::SeqCst);
        self.thread.join().expect("the application")
    }
}

/// An OpenBao in development mode, with the leaked login at `app/database`.
pub(super) struct OpenBao {
    server: Server,
    program: PathBuf,
    address: String,
    pub(super) token: String,
}

impl OpenBao {
    /// Starts one that holds this.
    pub(super) fn start(url: &str) -> Option<Self> {
        let program = program("bao")?;
        let (port, token) = (free_port(), format!("root-{}", std::process::id()));
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = Command::new(&program);
        command
            .args(["server", "-dev", "-dev-no-store-token"])
            .arg(format!("-dev-root-token-id={token}"))
            .arg(format!("-dev-listen-address=127.0.0.1:{port}"))
            .env("HOME", folder.path());
        let bao = Self {
            server: start(command, port, folder),
            program,
            address: format!("http://127.0.0.1:{port}"),
            token,
        };
        bao.put(url);
        Some(bao)
    }

    /// Puts a login where applications read it.
    pub(super) fn put(&self, url: &str) {
        let field = format!("url={url}");
        wait("OpenBao", || {
            self.bao(&["kv", "put", "secret/app/database", &field])
                .status
                .success()
        });
    }

    /// What applications read.
    pub(super) fn read(&self) -> String {
        let output = self.bao(&["kv", "get", "-field=url", "secret/app/database"]);
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Runs its own program as its administrator.
    pub(super) fn bao(&self, words: &[&str]) -> Output {
        Command::new(&self.program)
            .args(words)
            .env("BAO_ADDR", &self.address)
            .env("BAO_TOKEN", &self.token)
            .output()
            .expect("bao")
    }

    /// Runs its own program; what it prints.
    pub(super) fn says(&self, words: &[&str]) -> String {
        let output = self.bao(words);
        assert!(
            output.status.success(),
            "{words:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// A token that may do no more than this policy says.
    pub(super) fn token_for(&self, name: &str, policy: &str) -> String {
        let file = self.server.folder.path().join(format!("{name}.hcl"));
        fs::write(&file, policy).expect("a policy");
        self.says(&["policy", "write", name, &file.display().to_string()]);
        self.says(&["token", "create", "-field=token", "-policy", name])
    }

    /// The key that opens it when it is sealed.
    pub(super) fn unseal_key(&self) -> String {
        let log = fs::read_to_string(self.server.folder.path().join("server.log")).expect("it");
        let line = log
            .lines()
            .find_map(|line| line.trim().strip_prefix("Unseal Key: "));
        line.expect("the key of a development server")
            .trim()
            .to_owned()
    }

    /// How it is named as a store.
    pub(super) fn store(&self) -> String {
        format!("vault:{}/secret", self.address)
    }

    /// Its address.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// A command that is logged in.
    pub(super) fn login(&self, program: Program) -> Program {
        program.env("VAULT_TOKEN", &self.token)
    }
}
