//! Clones over TLS from a server of our own: all refs arrive, and the token goes nowhere but to its host.
//!
//! The certificate's authority is named by `SSL_CERT_FILE`, which has to be set when a process starts; so each clone is
//! made by this test program itself, started again for one ignored test.
//!
//! Needs the programs git, python3 and openssl.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::AtomicBool;

use leakward_sources::git::clone::{self, CloneProgress, Credentials, RemoteUrl};
use leakward_sources::git::{OpenOptions, Refs, Repository};

/// No literal: this file is scanned by Leakward itself.
fn password() -> String {
    ["c4nary", "for", "clone", "tests"].join("-")
}

/// A server with one repository, and a folder for copies. Stopped on drop.
struct Server {
    folder: tempfile::TempDir,
    process: Child,
    port: String,
}

impl Server {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        certificates(root);
        repository(&root.join("repositories/repo"));
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/git_https.py");
        let mut process = Command::new("python3")
            .arg(script)
            .args([
                root.join("repositories"),
                root.join("server.pem"),
                root.join("server.key"),
            ])
            .args(["me", &password()])
            .arg(root.join("log"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut port = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut port)
            .unwrap();
        Self {
            port: port.trim().to_owned(),
            folder,
            process,
        }
    }

    fn url(&self, user: &str, path: &str) -> String {
        format!("https://{user}localhost:{}{path}", self.port)
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Clones in a process that trusts our certificates; gives back the copy and what was printed.
    fn clone(&self, url: &str, trust: &str) -> (PathBuf, String) {
        let into = self.folder.path().join("copy");
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "clone_as_asked", "--ignored", "--nocapture"])
            .env("SSL_CERT_FILE", self.folder.path().join(trust))
            .env("LEAKWARD_TEST_URL", url)
            .env("LEAKWARD_TEST_INTO", &into)
            .output()
            .unwrap();
        let printed = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        let result = printed
            .lines()
            .find_map(|line| line.strip_prefix("RESULT "))
            .unwrap_or_else(|| panic!("{printed}"));
        assert!(!printed.contains(&password()), "{printed}");
        (into, result.to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

fn run(program: &str, arguments: &[&str], folder: &Path) -> String {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("HOME", folder)
        .output()
        .unwrap_or_else(|error| panic!("{program} is needed for this test: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {errors}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// An authority of our own, another one, and a certificate for `localhost` by the first.
fn certificates(folder: &Path) {
    let key = [
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
    ];
    for name in ["authority", "stranger"] {
        let files = [
            "-keyout",
            &format!("{name}.key"),
            "-out",
            &format!("{name}.pem"),
            "-subj",
            &format!("/CN={name}"),
        ];
        run(
            "openssl",
            &[&["req", "-x509", "-days", "2"], &key[..], &files[..]].concat(),
            folder,
        );
    }
    let files = [
        "-keyout",
        "server.key",
        "-out",
        "server.csr",
        "-subj",
        "/CN=localhost",
    ];
    run(
        "openssl",
        &[&["req"], &key[..], &files[..]].concat(),
        folder,
    );
    std::fs::write(
        folder.join("names"),
        "subjectAltName=DNS:localhost,IP:127.0.0.1\n",
    )
    .unwrap();
    let authority = [
        "-CA",
        "authority.pem",
        "-CAkey",
        "authority.key",
        "-CAcreateserial",
        "-extfile",
        "names",
    ];
    let files = ["-in", "server.csr", "-out", "server.pem", "-days", "2"];
    run(
        "openssl",
        &[&["x509", "-req"], &authority[..], &files[..]].concat(),
        folder,
    );
}

/// A repository with a branch, a tag, a note and a pull request.
fn repository(folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    let git = |arguments: &[&str]| {
        let who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"];
        run("git", &[&who[..], arguments].concat(), folder)
    };
    git(&["init", "-q", "-b", "trunk"]);
    std::fs::write(folder.join("file"), "text").unwrap();
    git(&["add", "file"]);
    git(&["commit", "-q", "-m", "first"]);
    git(&["tag", "-a", "v1", "-m", "tag"]);
    git(&["notes", "add", "-m", "note"]);
    git(&["commit", "-q", "--allow-empty", "-m", "second"]);
    git(&["update-ref", "refs/pull/7/head", "HEAD"]);
    git(&["reset", "-q", "--hard", "HEAD~1"]);
}

#[test]
#[ignore = "started by the other tests, with SSL_CERT_FILE"]
fn clone_as_asked() {
    let url = RemoteUrl::parse(&std::env::var("LEAKWARD_TEST_URL").unwrap()).unwrap();
    let into = PathBuf::from(std::env::var_os("LEAKWARD_TEST_INTO").unwrap());
    let result = clone::bare(
        &url,
        &into,
        &CloneProgress::default(),
        &AtomicBool::new(false),
    );
    match result {
        Ok(()) => println!("RESULT cloned {url}"),
        Err(error) => println!("RESULT {error}"),
    }
}

/// All files below `folder` in which `text` stands.
fn files_with(folder: &Path, text: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut pending = vec![folder.to_owned()];
    while let Some(folder) = pending.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else if String::from_utf8_lossy(&std::fs::read(&path).unwrap()).contains(text) {
                found.push(path);
            }
        }
    }
    found
}

#[test]
fn all_refs_arrive_and_the_password_is_not_written_down() {
    let server = Server::start();
    let user = format!("me:{}@", password());
    let (copy, result) = server.clone(&server.url(&user, "/private/repo"), "authority.pem");
    assert_eq!(
        result,
        format!("cloned {}", server.url("", "/private/repo"))
    );
    let repository = Repository::open(&copy, OpenOptions::default()).unwrap();
    let refs = Refs::of(&repository);
    let names: Vec<&str> = refs.all().iter().map(|named| named.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "HEAD",
            "refs/heads/trunk",
            "refs/notes/commits",
            "refs/pull/7/head",
            "refs/tags/v1"
        ]
    );
    assert_eq!(files_with(&copy, &password()), Vec::<PathBuf>::new());
    assert!(
        !files_with(&copy, "/private/repo").is_empty(),
        "the search above looks at the right files"
    );
    assert!(server.log().contains(" auth"));
}

#[test]
fn an_open_repository_needs_nobody() {
    let server = Server::start();
    let (copy, result) = server.clone(&server.url("", "/open/repo"), "authority.pem");
    assert!(result.starts_with("cloned"), "{result}");
    assert!(copy.join("packed-refs").exists());
    assert!(!server.log().contains(" auth"));
}

#[test]
fn refusals_are_named_plainly_and_leave_nothing_behind() {
    let server = Server::start();
    let host = format!("localhost:{}", server.port);
    let wrong = format!("me:{}@", "not-it");
    let cases = [
        (
            server.url("", "/private/repo"),
            format!("{host}: access is denied"),
        ),
        (
            server.url(&wrong, "/private/repo"),
            format!("{host}: access is denied"),
        ),
        (
            server.url("", "/open/nothing"),
            format!(
                "{} is not a git repository",
                server.url("", "/open/nothing")
            ),
        ),
        (
            server.url("", "/nowhere"),
            format!("{} is not a git repository", server.url("", "/nowhere")),
        ),
        (
            server.url("", "/page"),
            format!("{} is not a git repository", server.url("", "/page")),
        ),
        (
            "https://no-such-host.invalid/repo".to_owned(),
            "no-such-host.invalid: there is no such host".to_owned(),
        ),
    ];
    for (url, expected) in cases {
        let (copy, result) = server.clone(&url, "authority.pem");
        assert!(result.starts_with(&expected), "{url}: {result}");
        assert!(!copy.exists(), "{url}");
    }
}

#[test]
fn a_certificate_of_a_stranger_is_not_trusted() {
    let server = Server::start();
    let (_, result) = server.clone(&server.url("", "/open/repo"), "stranger.pem");
    assert!(
        result.contains("its certificate is not trusted"),
        "{result}"
    );
    assert_eq!(server.log(), "");
}

#[test]
fn a_redirect_to_another_host_does_not_get_the_password() {
    let server = Server::start();
    let user = format!("me:{}@", password());
    let (_, result) = server.clone(&server.url(&user, "/moved/repo"), "authority.pem");
    assert!(result.contains("access is denied"), "{result}");
    let log = server.log();
    assert!(
        log.contains("/private/repo") && !log.contains(" auth"),
        "{log}"
    );
}

#[test]
fn a_clone_can_be_stopped_and_a_used_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let url = RemoteUrl::parse("https://localhost:1/repo").unwrap();
    let progress = CloneProgress::default();
    let error = clone::bare(
        &url,
        &folder.path().join("new"),
        &progress,
        &AtomicBool::new(true),
    )
    .unwrap_err();
    assert_eq!(error, clone::CloneError::Interrupted);
    std::fs::write(folder.path().join("used"), "x").unwrap();
    let error = clone::bare(&url, folder.path(), &progress, &AtomicBool::new(false)).unwrap_err();
    assert!(matches!(error, clone::CloneError::Folder { .. }), "{error}");
    assert!(folder.path().join("used").exists());
}

#[test]
fn a_token_is_used_like_a_password() {
    let token = Credentials::token(password().as_bytes());
    let url = RemoteUrl::parse("https://localhost/repo")
        .unwrap()
        .or_credentials(Some(token.clone()));
    assert_eq!(url.credentials(), Some(&token));
    assert_eq!(url.to_string(), "https://localhost/repo");
}
