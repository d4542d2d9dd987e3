//! Real servers that a test starts, and that end with it.
//!
//! One that is not installed is a printed skip, and a failure in CI, which installs all of them (`.ci/run`).

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub(crate) use leakward_tests::free_port;

/// A server.
pub(crate) struct Service {
    child: Child,
    pub(crate) port: u16,
    _folder: tempfile::TempDir,
}

impl Drop for Service {
    fn drop(&mut self) {
        // The whole group: some servers are started by a script, and by a program that makes them another user's. They may
        // have ended by themselves.
        let group = format!("-{}", self.child.id());
        Command::new("kill")
            .args(["-KILL", "--", &group])
            .status()
            .ok();
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The program's path, or none with a printed line; in CI that is a failure.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.extend(["/usr/sbin", "/usr/lib/rabbitmq/bin"].map(PathBuf::from));
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

/// A folder that a server's own user can use.
pub(crate) fn folder() -> tempfile::TempDir {
    let folder = tempfile::Builder::new()
        .prefix("lw")
        .tempdir_in("/tmp")
        .expect("a folder");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).expect("permissions");
    folder
}

/// Waits until something holds; servers take their time on a busy machine.
pub(crate) fn wait<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let patience = Instant::now() + Duration::from_secs(300);
    loop {
        if let Some(found) = ask() {
            return found;
        }
        assert!(Instant::now() < patience, "{what}: it takes too long");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Starts a server and waits until its port answers.
pub(crate) fn start(mut command: Command, port: u16, folder: tempfile::TempDir) -> Service {
    let log = fs::File::create(folder.path().join("server.log")).expect("a log");
    let child = command
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a log"))
        .stderr(log)
        .spawn()
        .expect("the server starts");
    let service = Service {
        child,
        port,
        _folder: folder,
    };
    wait("the server's port", || {
        TcpStream::connect(("127.0.0.1", port)).ok()
    });
    service
}

/// A command as another user, because some servers refuse to run as root.
pub(crate) fn as_user(user: &str, program: &Path) -> Command {
    let is_root = Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout.trim_ascii() == b"0");
    if !is_root {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", user, "--"]).arg(program);
    command
}

pub(crate) fn run(command: &mut Command) {
    let output = command.output().expect("a program");
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}
