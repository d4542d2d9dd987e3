//! Users of real databases, rotated while a client queries all the while: no query fails.

use std::fs;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use leakward_core::{Rule, Secret};
use leakward_respond::provider::{
    Abilities, Creation, Maker, Overlap, ProviderError, RequestId, SECRET, Standing,
};
use leakward_verify::Subject;
use leakward_verify::database::{ConnectionUri, Dialect, RedisSession, Reply, SqlSession};

use crate::services::{Service, as_user, folder, free_port, program, run, start, wait};
use crate::setup::{
    Identities, identities, network, providers, rule, settings, subject, verified, with,
};

const OLD: &str = "old-horse-7";
const ADMIN: &str = "admin-horse-7";

fn text(secret: &Secret) -> String {
    ConnectionUri::parse(secret).map_or_else(String::new, |uri| uri.user().to_owned())
}

/// Queries without a pause, as whoever the store names at the moment: what an application does.
struct Client {
    stop: Arc<AtomicBool>,
    failed: Arc<Mutex<Vec<String>>>,
    asked: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
    /// What the store holds.
    store: Arc<Mutex<Secret>>,
}

impl Client {
    fn start(dialect: Dialect, uri: Secret, table: &'static str) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let failed: Arc<Mutex<Vec<String>>> = Arc::default();
        let (asked, store) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(uri)));
        let client = (
            Arc::clone(&stop),
            Arc::clone(&failed),
            Arc::clone(&asked),
            Arc::clone(&store),
        );
        let thread = std::thread::spawn(move || {
            let (stop, failed, asked, store) = client;
            let settings = settings(&[]);
            let network = network(&settings);
            while !stop.load(Ordering::Relaxed) {
                let uri = store.lock().expect("the store").clone();
                let uri = ConnectionUri::parse(&uri).expect("a URI");
                // A connection for some queries, as a pool keeps them.
                let outcome = SqlSession::open(&network, &settings.limits, dialect, &uri)
                    .map_err(|error| error.to_string())
                    .and_then(|mut session| {
                        for _ in 0..5 {
                            session
                                .query(&format!("SELECT count(*) FROM {table}"))
                                .map_err(|error| error.to_string())?;
                            asked.fetch_add(1, Ordering::Relaxed);
                        }
                        Ok(())
                    });
                if let Err(error) = outcome {
                    failed.lock().expect("the failures").push(error);
                }
            }
        });
        Self {
            stop,
            failed,
            asked,
            thread: Some(thread),
            store,
        }
    }

    /// Waits for some more queries.
    fn work(&self) {
        let before = self.asked.load(Ordering::Relaxed);
        wait("the client", || {
            let is_on = self.asked.load(Ordering::Relaxed) > before + 20;
            let has_failed = !self.failed.lock().expect("the failures").is_empty();
            (is_on || has_failed).then_some(())
        });
    }

    fn end(mut self) -> Vec<String> {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the client");
        }
        self.failed.lock().expect("the failures").clone()
    }
}

/// One database, and who may do what there.
struct Database {
    dialect: Dialect,
    rule: Rule,
    base: String,
    identities: Identities,
}

impl Database {
    fn credential(&self, uri: &Secret) -> Subject {
        let uri = ConnectionUri::parse(uri).expect("a URI");
        let mut subject = subject(&self.rule, uri.password(), &[]);
        subject.values.push(leakward_verify::Value {
            name: "uri".to_owned(),
            secret: uri.text(),
            source: leakward_verify::ValueSource::Given,
        });
        subject
    }

    fn verdict(&self, subject: &Subject) -> String {
        let endpoints = [(self.rule.id.as_str(), self.base.as_str())];
        verified(&self.rule, subject, &endpoints)
            .verdict
            .to_string()
    }

    fn abilities(&self, subject: &Subject, identities: &Identities) -> Abilities {
        let providers = providers(&[]);
        with(
            &providers,
            &self.rule,
            subject,
            identities,
            |provider, case| provider.abilities(case).expect("abilities"),
        )
    }

    /// Create, twice as after a lost answer; the client moves over; revoke, twice; the old one is dead.
    fn rotate(&self, client: &Client) -> String {
        let providers = providers(&[]);
        let before = client.store.lock().expect("the store").clone();
        let old = self.credential(&before);
        assert_eq!(self.verdict(&old), "live");
        let id = RequestId("leakward-1".to_owned());
        let successor = with(
            &providers,
            &self.rule,
            &old,
            &self.identities,
            |provider, case| {
                let draft = provider.draft(case, &id).expect("a draft");
                let creation = Creation {
                    id: id.clone(),
                    draft: Some(draft),
                    before: Vec::new(),
                };
                provider.create(case, &creation).expect("a successor");
                let made = provider.create(case, &creation).expect("the same again");
                (provider.subject(case.subject, &made.parts), made)
            },
        );
        let (new, made) = successor;
        assert_eq!(self.verdict(&new), "live");
        assert_eq!(self.verdict(&old), "live");
        client.work();
        *client.store.lock().expect("the store") = made.parts.get("uri").expect("a URI").clone();
        client.work();
        with(
            &providers,
            &self.rule,
            &old,
            &self.identities,
            |provider, case| {
                provider.revoke(case).expect("revoked");
                provider.revoke(case).expect("revoked again");
                assert_eq!(provider.standing(case), Ok(Standing::Inactive));
            },
        );
        client.work();
        assert_eq!(self.verdict(&old), "dead");
        assert_eq!(self.verdict(&new), "live");
        assert!(made.parts.contains_key(SECRET));
        text(made.parts.get("uri").expect("a URI"))
    }
}

fn postgres() -> Option<Service> {
    let (initdb, postgres) = (program("initdb")?, program("postgres")?);
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
        "CREATE ROLE boss LOGIN SUPERUSER PASSWORD '{ADMIN}';\nCREATE ROLE app LOGIN PASSWORD '{OLD}';\nCREATE ROLE alone LOGIN PASSWORD '{OLD}';\nCREATE TABLE orders (id int);\nALTER TABLE orders OWNER TO app;\n"
    );
    let mut single = as_user("postgres", &postgres);
    single.args(["--single", "-D"]).arg(&data).arg("postgres");
    let mut child = single
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("postgres");
    std::io::Write::write_all(child.stdin.as_mut().expect("its input"), setup.as_bytes())
        .expect("users");
    assert!(child.wait().expect("postgres").success());
    fs::write(data.join("pg_hba.conf"), "host all all all scram-sha-256\n").expect("access");
    let mut server = as_user("postgres", &postgres);
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
    Some(start(server, port, folder))
}

/// Waits until somebody can log in.
fn ready(dialect: Dialect, uri: &Secret) {
    let settings = settings(&[]);
    let network = network(&settings);
    let uri = ConnectionUri::parse(uri).expect("a URI");
    wait("a login", || {
        SqlSession::open(&network, &settings.limits, dialect, &uri).ok()
    });
}

fn uri(scheme: &str, user: &str, password: &str, port: u16, path: &str) -> Secret {
    Secret::new(format!("{scheme}://{user}:{password}@127.0.0.1:{port}/{path}").as_bytes())
}

#[test]
fn postgresql_users_take_turns_and_no_query_fails() {
    let Some(service) = postgres() else {
        return;
    };
    let admin = uri("postgresql", "boss", ADMIN, service.port, "postgres");
    ready(Dialect::Postgresql, &admin);
    let database = Database {
        dialect: Dialect::Postgresql,
        rule: rule("postgres-connection-uri"),
        base: format!("postgresql://127.0.0.1:{}", service.port),
        identities: [("postgresql-admin".to_owned(), admin)].into(),
    };
    let app = uri("postgresql", "app", OLD, service.port, "postgres");
    let client = Client::start(database.dialect, app, "public.orders");
    assert_eq!(database.rotate(&client), "app_b");
    // And back again.
    assert_eq!(database.rotate(&client), "app");
    assert_eq!(client.end(), Vec::<String>::new());
    // Without an administrator a user changes its own password, which ends the old one at once; it is told so before.
    let alone = database.credential(&uri("postgresql", "alone", OLD, service.port, "postgres"));
    let nobody = Identities::new();
    let rotation = database
        .abilities(&alone, &nobody)
        .rotate
        .expect("a rotation");
    assert_eq!(rotation.overlap, Overlap::None);
    assert_eq!(rotation.by, Maker::TheLeaked);
    let providers = providers(&[]);
    let new = with(
        &providers,
        &database.rule,
        &alone,
        &nobody,
        |provider, case| {
            let id = RequestId("leakward-2".to_owned());
            let creation = Creation {
                draft: Some(provider.draft(case, &id).expect("a draft")),
                id,
                before: Vec::new(),
            };
            provider.create(case, &creation).expect("a new password");
            // Its answer was lost: again, it finds that it is done.
            let made = provider.create(case, &creation).expect("the same again");
            provider.subject(case.subject, &made.parts)
        },
    );
    assert_eq!(database.verdict(&new), "live");
    assert_eq!(database.verdict(&alone), "dead");
}

#[test]
fn postgresql_says_what_is_missing() {
    let Some(service) = postgres() else {
        return;
    };
    let admin = uri("postgresql", "boss", ADMIN, service.port, "postgres");
    ready(Dialect::Postgresql, &admin);
    let rule = rule("postgres-connection-uri");
    let database = Database {
        dialect: Dialect::Postgresql,
        rule: rule.clone(),
        base: String::new(),
        identities: Identities::new(),
    };
    let app = database.credential(&uri("postgresql", "app", OLD, service.port, "postgres"));
    let revoke = |identities: &Identities| {
        let providers = providers(&[]);
        with(&providers, &rule, &app, identities, |provider, case| {
            provider.revoke(case)
        })
    };
    let of = |secret: Secret| -> Identities { [("postgresql-admin".to_owned(), secret)].into() };
    let wrong = of(uri("postgresql", "boss", "wrong", service.port, "postgres"));
    assert!(matches!(
        revoke(&wrong),
        Err(ProviderError::LoggedOut { .. })
    ));
    let weak = of(uri("postgresql", "alone", OLD, service.port, "postgres"));
    assert!(matches!(revoke(&weak), Err(ProviderError::Denied { .. })));
    let gone = of(uri("postgresql", "boss", ADMIN, free_port(), "postgres"));
    assert!(matches!(
        revoke(&gone),
        Err(ProviderError::Unavailable { .. })
    ));
    assert!(matches!(
        revoke(&of(Secret::new(b"no uri"))),
        Err(ProviderError::Needs { .. })
    ));
    // Nothing of that changed anything.
    let providers = providers(&[]);
    with(&providers, &rule, &app, &of(admin), |provider, case| {
        assert_eq!(provider.standing(case), Ok(Standing::Active));
        provider.revoke(case).expect("revoked");
        provider.restore(case).expect("taken back");
        assert_eq!(provider.standing(case), Ok(Standing::Active));
    });
}

#[test]
fn mariadb_users_take_turns_and_no_query_fails() {
    let (Some(install), Some(mariadbd)) = (program("mariadb-install-db"), program("mariadbd"))
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
    fs::write(&setup, format!("CREATE DATABASE shop;\nCREATE TABLE shop.orders (id int);\nCREATE USER boss@'%' IDENTIFIED BY '{ADMIN}';\nGRANT ALL ON *.* TO boss@'%' WITH GRANT OPTION;\nCREATE USER app@'%' IDENTIFIED BY '{OLD}';\nGRANT SELECT ON shop.* TO app@'%';\n")).expect("users");
    let mut server = Command::new(mariadbd);
    server
        .arg("--no-defaults")
        .args([
            "--user=mysql",
            "--bind-address=127.0.0.1",
            "--skip-name-resolve",
        ])
        .arg(format!("--datadir={}", data.display()))
        .arg(format!("--port={port}"))
        .arg(format!(
            "--socket={}",
            folder.path().join("s.sock").display()
        ))
        .arg(format!("--init-file={}", setup.display()));
    let service = start(server, port, folder);
    let admin = uri("mysql", "boss", ADMIN, service.port, "shop");
    ready(Dialect::Mysql, &admin);
    let database = Database {
        dialect: Dialect::Mysql,
        rule: rule("mysql-connection-uri"),
        base: format!("mysql://127.0.0.1:{port}"),
        identities: [("mysql-admin".to_owned(), admin)].into(),
    };
    let client = Client::start(
        database.dialect,
        uri("mysql", "app", OLD, port, "shop"),
        "shop.orders",
    );
    assert_eq!(database.rotate(&client), "app_b");
    assert_eq!(client.end(), Vec::<String>::new());
}

/// A server with an administrator and an application.
fn redis() -> Option<Service> {
    let redis = program("redis-server")?;
    let (folder, port) = (folder(), free_port());
    let mut server = Command::new(redis);
    let admin_password = format!(">{ADMIN}");
    let app_password = format!(">{OLD}");
    server
        .args([
            "--port",
            &port.to_string(),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
        ])
        .args(["--user", "default", "off"])
        .args(["--user", "boss", "on", &admin_password, "~*", "+@all"])
        .args(["--user", "app", "on", &app_password, "~*", "+get", "+ping"])
        .current_dir(folder.path());
    Some(start(server, port, folder))
}

#[test]
fn a_redis_user_has_two_passwords_for_a_while() {
    let Some(service) = redis() else {
        return;
    };
    let port = service.port;
    let rule = rule("redis-connection-uri");
    let app = uri("redis", "app", OLD, service.port, "0");
    let mut old = subject(&rule, OLD, &[]);
    old.values.push(leakward_verify::Value {
        name: "uri".to_owned(),
        secret: app,
        source: leakward_verify::ValueSource::Given,
    });
    let base = format!("redis://127.0.0.1:{port}");
    let verdict = |subject: &Subject| {
        verified(&rule, subject, &[(rule.id.as_str(), &base)])
            .verdict
            .to_string()
    };
    let identities: Identities = [(
        "redis-admin".to_owned(),
        uri("redis", "boss", ADMIN, port, "0"),
    )]
    .into();
    let providers = providers(&[]);
    let (new, handle) = with(&providers, &rule, &old, &identities, |provider, case| {
        let id = RequestId("leakward-1".to_owned());
        let creation = Creation {
            draft: Some(provider.draft(case, &id).expect("a draft")),
            id,
            before: Vec::new(),
        };
        provider.create(case, &creation).expect("a second password");
        let made = provider.create(case, &creation).expect("the same again");
        (provider.subject(case.subject, &made.parts), made.handle)
    });
    assert_eq!(
        (verdict(&old).as_str(), verdict(&new).as_str()),
        ("live", "live")
    );
    // Whoever is connected with the old password is sent away with it.
    let settings = settings(&[]);
    let network = network(&settings);
    let open = ConnectionUri::of(&old).expect("a URI");
    let mut thief = RedisSession::open(&network, &settings.limits, &open).expect("a session");
    assert_eq!(
        thief.ask(&["PING"]),
        Ok(Reply::Text(Some("PONG".to_owned())))
    );
    with(&providers, &rule, &old, &identities, |provider, case| {
        let receipt = provider.revoke(case).expect("revoked");
        assert!(
            receipt.summary.contains("1 connections closed"),
            "{receipt:?}"
        );
        provider.revoke(case).expect("revoked again");
    });
    assert!(thief.ask(&["PING"]).is_err());
    assert_eq!(
        (verdict(&old).as_str(), verdict(&new).as_str()),
        ("dead", "live")
    );
    with(&providers, &rule, &old, &identities, |provider, case| {
        provider.restore(case).expect("taken back");
        provider
            .remove(case, &handle)
            .expect("the new one taken away");
        provider.remove(case, &handle).expect("it was gone");
    });
    assert_eq!(
        (verdict(&old).as_str(), verdict(&new).as_str()),
        ("live", "dead")
    );
}

#[test]
fn rabbitmq_users_take_turns() {
    let (Some(rabbit), Some(_)) = (program("rabbitmq-server"), program("erl")) else {
        return;
    };
    let (folder, port, management) = (folder(), free_port(), free_port());
    let plugins = folder.path().join("plugins");
    fs::write(&plugins, "[rabbitmq_management].").expect("a list of plugins");
    let config = folder.path().join("rabbitmq.conf");
    fs::write(&config, format!("default_user = boss\ndefault_pass = {ADMIN}\nlisteners.tcp.local = 127.0.0.1:{port}\nmanagement.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {management}\n")).expect("a configuration");
    for file in [&plugins, &config] {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o666);
        fs::set_permissions(file, mode).expect("permissions");
    }
    let place = |name: &str| folder.path().join(name);
    let mut server = as_user("rabbitmq", &rabbit);
    server
        .env("HOME", folder.path())
        .env("RABBITMQ_NODENAME", format!("lw{port}@localhost"))
        .env("RABBITMQ_DIST_PORT", free_port().to_string())
        .env("RABBITMQ_MNESIA_BASE", place("mnesia"))
        .env("RABBITMQ_LOG_BASE", place("log"))
        .env("RABBITMQ_CONFIG_FILE", &config)
        .env("RABBITMQ_ENABLED_PLUGINS_FILE", &plugins);
    let _service = start(server, management, folder);
    let rule = rule("amqp-connection-uri");
    let address = format!("http://127.0.0.1:{management}");
    let boss = format!("boss:{ADMIN}");
    let identities = identities(&[("rabbitmq-admin", &boss)]);
    let base = format!("amqp://127.0.0.1:{port}");
    let credential = |user: &str, password: &str| {
        let mut subject = subject(&rule, password, &[("management", &address)]);
        subject.values.push(leakward_verify::Value {
            name: "uri".to_owned(),
            secret: uri("amqp", user, password, port, ""),
            source: leakward_verify::ValueSource::Given,
        });
        subject
    };
    let verdict = |subject: &Subject| {
        verified(&rule, subject, &[(rule.id.as_str(), &base)])
            .verdict
            .to_string()
    };
    let boss = credential("boss", ADMIN);
    wait("RabbitMQ", || (verdict(&boss) == "live").then_some(()));
    // The first user is made as the provider makes users, from the administrator.
    let providers = providers(&[(rule.id.as_str(), &base)]);
    let made = with(&providers, &rule, &boss, &identities, |provider, case| {
        let id = RequestId("leakward-1".to_owned());
        let creation = Creation {
            draft: Some(provider.draft(case, &id).expect("a draft")),
            id,
            before: Vec::new(),
        };
        provider.create(case, &creation).expect("a second user");
        provider.create(case, &creation).expect("the same again")
    });
    assert_eq!(made.handle.0, "boss_b");
    let new = with(&providers, &rule, &boss, &identities, |provider, case| {
        provider.subject(case.subject, &made.parts)
    });
    // It may do what the first may: a login needs permission for the virtual host.
    assert_eq!(verdict(&new), "live");
    with(&providers, &rule, &new, &identities, |provider, case| {
        provider.revoke(case).expect("revoked");
        provider.revoke(case).expect("revoked again");
        assert_eq!(provider.standing(case), Ok(Standing::Gone));
    });
    assert_eq!(verdict(&new), "dead");
    assert_eq!(verdict(&boss), "live");
}
