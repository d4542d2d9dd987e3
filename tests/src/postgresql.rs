//! A PostgreSQL server of its own for a test, with passwords.

use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::http::eventually;
use crate::port::free_port;

/// The superuser, and its password.
const ADMIN: &str = "leakward_admin";
const ADMIN_PASSWORD: &str = "the-admin-of-the-test";

/// A running server. Ends with the test.
#[derive(Debug)]
pub struct Postgresql {
    child: Child,
    port: u16,
    binaries: PathBuf,
    _folder: tempfile::TempDir,
}

impl Postgresql {
    /// Starts one that does not flush to disk: nothing of a test outlives the machine. Nothing, with a printed line, where it is not
    /// installed.
    ///
    /// # Panics
    /// When it does not start; or in CI, when it is not installed.
    #[must_use]
    pub fn start() -> Option<Self> {
        Self::with("fsync=off")
    }

    /// Starts one that flushes each commit to disk, as in production.
    ///
    /// # Panics
    /// As [`Postgresql::start`].
    #[must_use]
    pub fn start_durable() -> Option<Self> {
        Self::with("fsync=on")
    }

    fn with(setting: &str) -> Option<Self> {
        let Some(binaries) = binaries() else {
            let in_ci = std::env::var_os("CI").is_some_and(|value| value == "true");
            assert!(
                !in_ci,
                "this test needs PostgreSQL, and CI must not skip it"
            );
            eprintln!("SKIPPED: this test needs PostgreSQL");
            return None;
        };
        let folder = tempfile::Builder::new()
            .prefix("lw")
            .tempdir_in("/tmp")
            .expect("a folder");
        allow_everyone(folder.path());
        let (data, password) = (folder.path().join("data"), folder.path().join("password"));
        std::fs::write(&password, ADMIN_PASSWORD).expect("a file");
        let made = as_postgres(&binaries.join("initdb"))
            .args([
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--no-locale",
                "--no-sync",
                "--username",
                ADMIN,
                "--pwfile",
            ])
            .arg(&password)
            .arg("-D")
            .arg(&data)
            .current_dir("/tmp")
            .output()
            .expect("initdb");
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        let port = free_port();
        let child = as_postgres(&binaries.join("postgres"))
            .arg("-D")
            .arg(&data)
            .args([
                "-h",
                "127.0.0.1",
                "-p",
                &port.to_string(),
                "-c",
                setting,
                "-k",
            ])
            .arg(folder.path())
            .current_dir("/tmp")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("postgres");
        let server = Self {
            child,
            port,
            binaries,
            _folder: folder,
        };
        eventually("PostgreSQL answers", || {
            TcpStream::connect(("127.0.0.1", port)).is_ok()
                && server.try_run(ADMIN, ADMIN_PASSWORD, "SELECT 1").is_ok()
        });
        Some(server)
    }

    /// Its port on this machine.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The superuser's name and password.
    #[must_use]
    pub fn admin(&self) -> (&'static str, &'static str) {
        (ADMIN, ADMIN_PASSWORD)
    }

    /// The address of its first database, as the superuser.
    #[must_use]
    pub fn admin_url(&self) -> String {
        format!(
            "postgres://{ADMIN}:{ADMIN_PASSWORD}@127.0.0.1:{}/postgres",
            self.port
        )
    }

    /// Runs a statement as the superuser.
    ///
    /// # Panics
    /// When it fails.
    pub fn run(&self, sql: &str) -> String {
        self.try_run(ADMIN, ADMIN_PASSWORD, sql)
            .unwrap_or_else(|error| panic!("{error}"))
    }

    /// Runs a statement as somebody.
    ///
    /// # Errors
    /// What the server said.
    pub fn try_run(&self, user: &str, password: &str, sql: &str) -> Result<String, String> {
        let output = Command::new(self.binaries.join("psql"))
            .args([
                "-h",
                "127.0.0.1",
                "-p",
                &self.port.to_string(),
                "-U",
                user,
                "-d",
                "postgres",
                "-X",
                "-A",
                "-t",
                "-c",
                sql,
            ])
            .env("PGPASSWORD", password)
            .env("PGCONNECT_TIMEOUT", "10")
            .output()
            .map_err(|error| error.to_string())?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    /// Runs one of its programs, such as `pg_dump`, on its first database as the superuser; what it printed.
    ///
    /// # Panics
    /// When it fails.
    pub fn tool(&self, name: &str, arguments: &[&str]) -> Vec<u8> {
        let port = self.port.to_string();
        let output = Command::new(self.binaries.join(name))
            .args([
                "-h",
                "127.0.0.1",
                "-p",
                &port,
                "-U",
                ADMIN,
                "-d",
                "postgres",
            ])
            .args(arguments)
            .env("PGPASSWORD", ADMIN_PASSWORD)
            .stdin(Stdio::null())
            .output()
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}: {said}");
        output.stdout
    }

    /// Ends it, as an outage does.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        // SIGINT is a fast shutdown. `runuser` hands no signals on, so its child is asked.
        let _asked = Command::new("pkill")
            .args(["-INT", "-P", &self.child.id().to_string()])
            .status();
        let _asked = Command::new("kill")
            .args(["-INT", &self.child.id().to_string()])
            .status();
        let _reaped = self.child.wait();
    }
}

impl Drop for Postgresql {
    fn drop(&mut self) {
        self.end();
    }
}

fn binaries() -> Option<PathBuf> {
    let installed = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let path = std::env::var_os("PATH").unwrap_or_default();
    installed
        .map(|version| version.path().join("bin"))
        .chain(std::env::split_paths(&path))
        .find(|folder| folder.join("postgres").is_file() && folder.join("initdb").is_file())
}

/// PostgreSQL refuses to run as root.
fn as_postgres(program: &std::path::Path) -> Command {
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

#[cfg(unix)]
fn allow_everyone(folder: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o777)).expect("permissions");
}

#[cfg(not(unix))]
fn allow_everyone(_folder: &std::path::Path) {}
