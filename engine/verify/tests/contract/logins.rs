//! Logins against real servers, where they are installed: the right password is live, a wrong one is dead.
//!
//! A server that is not installed is a printed skip, and a failure in CI, which installs all of them (`.ci/run`).

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use leakward_core::{Rule, Secret};
use leakward_verify::{
    AddressPolicy, Audit, Details, Endpoint, Network, NetworkSettings, Settings, Subject,
    SystemClock, Value, ValueSource, Verified, Verifier,
};

use crate::setup::{Log, plain, quick, rule};

/// A program that a test starts, and stops when the test ends.
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
pub(crate) fn program(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.extend(["/usr/sbin", "/usr/lib/rabbitmq/bin"].map(PathBuf::from));
    if let Ok(versions) = fs::read_dir("/usr/lib/postgresql") {
        folders.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    let found = names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|path| path.is_file());
    if found.is_none() {
        let in_ci = std::env::var_os("CI").is_some_and(|value| value == "true");
        assert!(!in_ci, "this test needs {names:?}, and CI must not skip it");
        eprintln!("SKIPPED: this test needs {names:?}");
    }
    found
}

pub(crate) fn free_port() -> u16 {
    // Below the ports that the system gives to others, so that none of them takes it before the server does.
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + u16::try_from(std::process::id() % 8_000).expect("small");
    loop {
        let port = first + NEXT.fetch_add(1, Ordering::Relaxed) % 2_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
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

/// Waits until the port answers; servers take their time on a busy machine.
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
    let patience = Instant::now() + Duration::from_secs(300);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(
            Instant::now() < patience,
            "the server on port {port} does not answer"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
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

/// The verdict on a password in a URI, `scheme://user:PASSWORD@127.0.0.1:port/rest`.
fn verdict(rule_id: &str, before: &str, password: &str, after: &str, port: u16) -> String {
    verified(rule_id, before, password, after, port)
        .verdict
        .to_string()
}

/// The same with everything that is known, and what it reaches.
fn verified(rule_id: &str, before: &str, password: &str, after: &str, port: u16) -> Verified {
    let rules = [rule(rule_id)];
    let mut subject = plain(rule_id, password);
    subject.values = [("before", before), ("after", after)]
        .map(|(name, text)| Value {
            name: name.to_owned(),
            secret: Secret::new(text.as_bytes()),
            source: ValueSource::Found,
        })
        .to_vec();
    let scheme = before
        .split("://")
        .next()
        .unwrap_or_default()
        .rsplit('=')
        .next()
        .unwrap_or_default();
    let settings = Settings {
        endpoints: vec![Endpoint {
            of: rule_id.to_owned(),
            base: format!("{scheme}://127.0.0.1:{port}"),
        }],
        limits: quick(),
        details: Details::Read,
        ..Settings::default()
    };
    local(&rules, &settings, subject)
}

/// Verifies with a way out to this machine.
pub(crate) fn local(rules: &[Rule], settings: &Settings, subject: Subject) -> Verified {
    let network = NetworkSettings {
        policy: AddressPolicy::PrivateAllowed,
        ..NetworkSettings::default()
    };
    let network = Network::new(&network, &settings.limits).expect("a way out");
    let audit = Audit::new(Log::default());
    let verified =
        Verifier::new(rules, settings, &network, &audit, &SystemClock).verify(&[subject]);
    verified.into_iter().next().expect("a verdict")
}

/// The list of that name among what a credential reaches.
pub(crate) fn reached(verified: &Verified, name: &str) -> String {
    let reach = verified
        .evidence
        .details
        .iter()
        .find(|reach| reach.name == name);
    let reach = reach.unwrap_or_else(|| panic!("{name} in {:?}", verified.evidence.details));
    format!(
        "{} {}",
        reach.items.join("; "),
        reach.note.as_deref().unwrap_or_default()
    )
}

/// A password without characters that a URI would escape.
const RIGHT: &str = "correct-horse-7";
const WRONG: &str = "wrong-horse-7";

#[test]
fn postgresql_with_scram_md5_and_clear_passwords() {
    let (Some(initdb), Some(postgres)) = (program(&["initdb"]), program(&["postgres"])) else {
        return;
    };
    let (folder, port) = (folder(), free_port());
    let data = folder.path().join("data");
    run(as_user("postgres", &initdb).arg("-D").arg(&data).args([
        "-A",
        "trust",
        "-U",
        "postgres",
        "--no-sync",
    ]));
    let setup = format!(
        "CREATE USER scram PASSWORD '{RIGHT}' CREATEDB;\nCREATE ROLE writers;\nGRANT writers TO scram;\nCREATE TABLE orders (id int);\nGRANT SELECT, INSERT ON orders TO writers;\nSET password_encryption = 'md5';\nCREATE USER hashed PASSWORD '{RIGHT}';\nCREATE USER clear PASSWORD '{RIGHT}';\nCREATE USER trusted;\nCREATE USER barred PASSWORD '{RIGHT}';\nCREATE ROLE retired NOLOGIN PASSWORD '{RIGHT}';\n"
    );
    let mut single = as_user("postgres", &postgres);
    single.args(["--single", "-D"]).arg(&data).arg("postgres");
    let mut child = single
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("postgres");
    std::io::Write::write_all(child.stdin.as_mut().expect("its input"), setup.as_bytes())
        .expect("users");
    assert!(child.wait().expect("postgres").success());
    let rules = "host all scram all scram-sha-256\nhost all hashed all md5\nhost all clear all password\nhost all trusted all trust\nhost all barred all reject\nhost all all all scram-sha-256\n";
    fs::write(data.join("pg_hba.conf"), rules).expect("access rules");
    let mut server = as_user("postgres", &postgres);
    server.arg("-D").arg(&data).args([
        "-p",
        &port.to_string(),
        "-c",
        "listen_addresses=127.0.0.1",
        "-c",
        "fsync=off",
    ]);
    server.args([
        "-c",
        &format!("unix_socket_directories={}", folder.path().display()),
    ]);
    let service = start(server, port, folder);
    let verdict = |user: &str, password: &str| {
        // It accepts connections a moment before it lets anybody in.
        let patience = Instant::now() + Duration::from_secs(60);
        loop {
            let verdict = verdict(
                "postgres-connection-uri",
                &format!("DB=postgres://{user}:"),
                password,
                "@db.corp/postgres\n",
                service.port,
            );
            if !verdict.contains("57P03") || Instant::now() > patience {
                return verdict;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    };
    for user in ["scram", "hashed", "clear"] {
        assert_eq!(verdict(user, RIGHT), "live", "{user}");
        assert_eq!(verdict(user, WRONG), "dead", "{user}");
    }
    what_a_role_reaches(service.port);
    // The password is right, and nobody logs in with it.
    assert_eq!(verdict("retired", RIGHT), "dead");
    assert_eq!(verdict("retired", WRONG), "dead");
    assert_eq!(verdict("nobody", RIGHT), "dead");
    assert!(
        verdict("trusted", WRONG).contains("lets everybody in"),
        "{}",
        verdict("trusted", WRONG)
    );
    assert!(
        verdict("barred", RIGHT).contains("28000"),
        "{}",
        verdict("barred", RIGHT)
    );
}

/// Attributes, roles, databases and tables of the role `scram`.
fn what_a_role_reaches(port: u16) {
    let reaching = verified(
        "postgres-connection-uri",
        "DB=postgres://scram:",
        RIGHT,
        "@db.corp/postgres\n",
        port,
    );
    assert_eq!(reached(&reaching, "attributes").trim(), "create databases");
    assert_eq!(reached(&reaching, "roles").trim(), "writers");
    assert_eq!(reached(&reaching, "databases").trim(), "postgres");
    assert_eq!(
        reached(&reaching, "tables").trim(),
        "public.orders: insert, select"
    );
}

#[test]
fn redis_with_and_without_users() {
    let Some(redis) = program(&["redis-server"]) else {
        return;
    };
    let (folder, port) = (folder(), free_port());
    let mut server = Command::new(redis);
    server.args([
        "--port",
        &port.to_string(),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--requirepass",
        RIGHT,
    ]);
    let login = format!(">{RIGHT}-app");
    server.args(["--user", "app", "on", &login, "~*", "+@all"]);
    server.current_dir(folder.path());
    let service = start(server, port, folder);
    let verdict = |user: &str, password: &str| {
        verdict(
            "redis-connection-uri",
            &format!("redis://{user}:"),
            password,
            "@cache.corp/0",
            service.port,
        )
    };
    assert_eq!(verdict("", RIGHT), "live");
    assert_eq!(verdict("", WRONG), "dead");
    assert_eq!(verdict("app", &format!("{RIGHT}-app")), "live");
    assert_eq!(verdict("app", RIGHT), "dead");
}

#[test]
fn a_redis_without_a_password_proves_nothing() {
    let Some(redis) = program(&["redis-server"]) else {
        return;
    };
    let (folder, port) = (folder(), free_port());
    let mut server = Command::new(redis);
    server
        .args([
            "--port",
            &port.to_string(),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
        ])
        .current_dir(folder.path());
    let service = start(server, port, folder);
    let verdict = verdict(
        "redis-connection-uri",
        "redis://:",
        RIGHT,
        "@cache.corp/0",
        service.port,
    );
    assert!(verdict.starts_with("unknown"), "{verdict}");
}

#[test]
fn mariadb_with_a_password() {
    let (Some(install), Some(mariadbd)) =
        (program(&["mariadb-install-db"]), program(&["mariadbd"]))
    else {
        return;
    };
    let (folder, port) = (folder(), free_port());
    let data = folder.path().join("data");
    let setup = folder.path().join("setup.sql");
    run(Command::new(install)
        .arg("--no-defaults")
        .arg(format!("--datadir={}", data.display()))
        .args([
            "--user=mysql",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        ]));
    fs::write(&setup, format!("CREATE DATABASE shop;\nCREATE USER app@'%' IDENTIFIED BY '{RIGHT}';\nGRANT ALL ON shop.* TO app@'%';\n")).expect("users");
    let mut server = Command::new(mariadbd);
    server.arg("--no-defaults").args([
        "--user=mysql",
        "--bind-address=127.0.0.1",
        "--skip-name-resolve",
    ]);
    server
        .arg(format!("--datadir={}", data.display()))
        .arg(format!("--port={port}"));
    server.arg(format!(
        "--socket={}",
        folder.path().join("s.sock").display()
    ));
    server.arg(format!("--init-file={}", setup.display()));
    let service = start(server, port, folder);
    let verdict = |password: &str, database: &str| {
        verdict(
            "mysql-connection-uri",
            "mysql://app:",
            password,
            &format!("@db.corp/{database}"),
            service.port,
        )
    };
    assert_eq!(verdict(RIGHT, "shop"), "live");
    assert_eq!(verdict(RIGHT, ""), "live");
    assert_eq!(verdict(RIGHT, "secrets"), "live");
    assert_eq!(verdict(WRONG, "shop"), "dead");
    let reaching = verified(
        "mysql-connection-uri",
        "mysql://app:",
        RIGHT,
        "@db.corp/shop",
        service.port,
    );
    let grants = reached(&reaching, "grants");
    assert!(
        grants.contains("GRANT ALL PRIVILEGES ON `shop`.*"),
        "{grants}"
    );
    assert!(!grants.contains("IDENTIFIED"), "{grants}");
    assert!(reached(&reaching, "databases").contains("shop"));
}

#[test]
fn rabbitmq_with_a_password() {
    let Some(rabbit) = program(&["rabbitmq-server"]) else {
        return;
    };
    let (folder, port) = (folder(), free_port());
    let plugins = folder.path().join("plugins");
    fs::write(&plugins, "[].").expect("a list of plugins");
    let definitions = folder.path().join("rabbitmq.conf");
    fs::write(
        &definitions,
        format!(
            "default_user = app\ndefault_pass = {RIGHT}\nlisteners.tcp.local = 127.0.0.1:{port}\n"
        ),
    )
    .expect("a configuration");
    for file in [&plugins, &definitions] {
        fs::set_permissions(file, fs::Permissions::from_mode(0o666)).expect("permissions");
    }
    let mut server = as_user("rabbitmq", &rabbit);
    let place = |name: &str| folder.path().join(name);
    server
        .env("HOME", folder.path())
        .env("RABBITMQ_NODENAME", format!("lw{port}@localhost"))
        .env("RABBITMQ_DIST_PORT", free_port().to_string())
        .env("RABBITMQ_MNESIA_BASE", place("mnesia"))
        .env("RABBITMQ_LOG_BASE", place("log"))
        .env("RABBITMQ_CONFIG_FILE", &definitions)
        .env("RABBITMQ_ENABLED_PLUGINS_FILE", &plugins);
    let service = start(server, port, folder);
    let verdict = |password: &str| {
        verdict(
            "amqp-connection-uri",
            "amqp://app:",
            password,
            "@mq.corp/",
            service.port,
        )
    };
    assert_eq!(verdict(RIGHT), "live");
    assert_eq!(verdict(WRONG), "dead");
}

/// A policy of the account's own.
const MANAGED: &str = "arn:aws:iam::123456789012:policy/deploy";

/// moto with IAM enforcement; the first calls, with which users and policies are made, are free.
fn moto(free_calls: u32) -> Option<Service> {
    let moto = program(&["moto_server"])?;
    let (folder, port) = (folder(), free_port());
    let mut server = Command::new(moto);
    server
        .args(["-H", "127.0.0.1", "-p", &port.to_string()])
        .env("INITIAL_NO_AUTH_ACTION_COUNT", free_calls.to_string());
    Some(start(server, port, folder))
}

#[test]
fn aws_keys_against_a_server_that_checks_signatures() {
    let Some(service) = moto(9) else {
        return;
    };
    let policy = percent_encoding::utf8_percent_encode(
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:Get*","iam:List*"],"Resource":"*"},{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::orders"}]}"#,
        percent_encoding::NON_ALPHANUMERIC,
    )
    .to_string();
    let in_force = percent_encoding::utf8_percent_encode(
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:us-east-1:123456789012:jobs"}}"#,
        percent_encoding::NON_ALPHANUMERIC,
    )
    .to_string();
    for request in [
        "Action=CreateUser&UserName=app".to_owned(),
        "Action=CreateGroup&GroupName=deployers".to_owned(),
        "Action=AddUserToGroup&GroupName=deployers&UserName=app".to_owned(),
        format!("Action=PutUserPolicy&UserName=app&PolicyName=orders&PolicyDocument={policy}"),
        format!("Action=PutGroupPolicy&GroupName=deployers&PolicyName=all&PolicyDocument={policy}"),
        format!("Action=CreatePolicy&PolicyName=deploy&PolicyDocument={policy}"),
        format!(
            "Action=CreatePolicyVersion&PolicyArn={MANAGED}&SetAsDefault=true&PolicyDocument={in_force}"
        ),
        format!("Action=AttachUserPolicy&UserName=app&PolicyArn={MANAGED}"),
    ] {
        let answer = iam(service.port, &request);
        assert!(answer.contains(" 200 "), "{request}: {answer}");
    }
    let (id, key) = moto_key(service.port);
    let verdict = |id: &str, key: &str| {
        let mut subject = plain("aws-secret-access-key", key);
        subject.values.push(Value {
            name: "id".to_owned(),
            secret: Secret::new(id.as_bytes()),
            source: ValueSource::Found,
        });
        let settings = Settings {
            endpoints: vec![Endpoint {
                of: "aws-secret-access-key".to_owned(),
                base: format!("http://127.0.0.1:{}", service.port),
            }],
            limits: quick(),
            details: Details::Read,
            ..Settings::default()
        };
        local(&[rule("aws-secret-access-key")], &settings, subject)
    };
    let live = verdict(&id, &key);
    assert_eq!(live.verdict.to_string(), "live");
    assert!(
        live.evidence
            .identity
            .iter()
            .any(|(name, value)| name == "arn" && value.ends_with("user/app")),
        "{live:?}"
    );
    assert_eq!(reached(&live, "groups").trim(), "deployers");
    // A policy of the account's own, in the version that is in force.
    assert_eq!(
        reached(&live, "attached policies").trim(),
        "deploy: Deny sqs:SendMessage on arn:aws:sqs:us-east-1:123456789012:jobs"
    );
    assert!(
        reached(&live, "inline policies").contains("orders: Allow s3:* on arn:aws:s3:::orders"),
        "{live:?}"
    );
    assert!(
        reached(&live, "inline policies of group deployers").contains("all: Allow iam:Get*"),
        "{live:?}"
    );
    assert_eq!(reached(&live, "access keys").trim(), id);
    let other: String = key.chars().rev().collect();
    assert_eq!(verdict(&id, &other).verdict.to_string(), "dead");
    let unknown_id = format!("AKIA{}", "QQQQQQQQQQQQQQQQ");
    assert_eq!(verdict(&unknown_id, &key).verdict.to_string(), "dead");
}

/// A call of IAM among those that are free.
fn iam(port: u16, request: &str) -> String {
    let body = format!("{request}&Version=2010-05-08");
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("moto");
    // An empty signature tells moto which service is meant.
    let request = format!(
        "POST / HTTP/1.1\r\nhost: iam.amazonaws.com\r\nauthorization: AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=x\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    std::io::Write::write_all(&mut stream, request.as_bytes()).expect("a request");
    let mut answer = String::new();
    std::io::Read::read_to_string(&mut stream, &mut answer).expect("an answer");
    answer
}

/// A key of the user.
fn moto_key(port: u16) -> (String, String) {
    let answer = iam(port, "Action=CreateAccessKey&UserName=app");
    let tag = |name: &str| {
        let (_, rest) = answer
            .split_once(&format!("<{name}>"))
            .unwrap_or_else(|| panic!("{name} in {answer}"));
        rest.split('<').next().unwrap_or_default().to_owned()
    };
    (tag("AccessKeyId"), tag("SecretAccessKey"))
}
