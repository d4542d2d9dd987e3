//! Programs that a test starts and that end with it, whatever happens.

use std::io::Read as _;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub(crate) use leakward_tests::free_port;

/// A server in a process of its own. A shell in between kills it when our end of a pipe closes, so that it ends also with a
/// test that was aborted, and so that it can be kept in a static.
pub(crate) struct Server {
    _shell: Child,
    pub(crate) port: u16,
    pub(crate) folder: tempfile::TempDir,
}

/// The program's path, or none with a printed line; in CI that is a failure.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
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
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777))
        .expect("permissions");
    folder
}

/// Starts `words` with these variables and waits until the port answers.
pub(crate) fn start(
    words: &[&str],
    variables: &[(&str, &str)],
    port: u16,
    folder: tempfile::TempDir,
) -> Server {
    let log = std::fs::File::create(folder.path().join("server.log")).expect("a log");
    let shell = Command::new("sh")
        .args(["-c", "\"$@\" & child=$!; read line; kill $child", "sh"])
        .args(words)
        .envs(variables.iter().copied())
        .env("HOME", folder.path())
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(log.try_clone().expect("a log"))
        .stderr(log)
        .spawn()
        .expect("a shell");
    let server = Server {
        _shell: shell,
        port,
        folder,
    };
    let patience = Instant::now() + Duration::from_secs(120);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(
            Instant::now() < patience,
            "{} does not answer:\n{}",
            words[0],
            log_of(server.folder.path())
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    server
}

pub(crate) fn log_of(folder: &Path) -> String {
    let mut text = String::new();
    if let Ok(mut file) = std::fs::File::open(folder.join("server.log")) {
        file.read_to_string(&mut text).ok();
    }
    text
}

/// Runs a program to its end, which must be a good one, and returns what it printed.
pub(crate) fn run(command: &mut Command) -> String {
    let output = command.output().expect("a program");
    assert!(
        output.status.success(),
        "{command:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}
