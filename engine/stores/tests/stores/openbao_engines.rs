//! The engines of a real OpenBao that make, rotate and revoke credentials: databases with a real PostgreSQL behind them, AppRoles.

use std::process::Command;

use leakward_core::Secret;
use leakward_stores::{Store as _, StoreError, Vault, VaultEngines};
use serde_json::json;

use crate::openbao::bao;
use crate::process::{self, Server, folder, free_port};
use crate::surroundings;

#[test]
fn the_database_engine_rotates_and_revokes_on_a_real_postgresql() {
    let (Some(bao), Some(postgres)) = (bao(), Postgres::start()) else {
        return;
    };
    bao.write("POST", "sys/mounts/database", json!({"type": "database"}));
    postgres.execute("CREATE ROLE rotroot SUPERUSER LOGIN PASSWORD 'begin'");
    postgres.execute("CREATE ROLE svc LOGIN PASSWORD 'begin'");
    let url = format!(
        "postgresql://{{{{username}}}}:{{{{password}}}}@127.0.0.1:{}/postgres?sslmode=disable",
        postgres.server.port
    );
    let config = json!({
        "plugin_name": "postgresql-database-plugin", "allowed_roles": "*", "connection_url": url,
        "username": "rotroot", "password": "begin",
    });
    bao.write("POST", "database/config/pg", config);
    let role = json!({"db_name": "pg", "username": "svc", "rotation_period": "24h"});
    bao.write("POST", "database/static-roles/svc", role);
    let create =
        "CREATE ROLE \"{{name}}\" LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}'";
    let role = json!({"db_name": "pg", "creation_statements": [create], "default_ttl": "1h"});
    bao.write("POST", "database/roles/dyn", role);
    let surroundings = surroundings(
        bao.server.folder.path(),
        &[("VAULT_TOKEN", bao.root.as_str())],
    );
    let spec = format!("vault:{}/database", bao.address());
    let engines =
        VaultEngines::new(&spec.parse().expect("a spec"), &surroundings).expect("engines");

    let old = engines
        .static_credentials("database", "svc")
        .expect("what it holds");
    assert!(postgres.accepts("svc", &old.password));
    engines
        .rotate_static_role("database", "svc")
        .expect("rotated");
    let new = engines
        .static_credentials("database", "svc")
        .expect("what it holds");
    assert!(postgres.accepts("svc", &new.password));
    assert!(
        !postgres.accepts("svc", &old.password),
        "the old one is dead"
    );
    assert!(!format!("{new:?}").contains(&*String::from_utf8_lossy(new.password.expose())));

    let (lease, one) = engines
        .dynamic_credentials("database", "dyn")
        .expect("one user");
    let (_, two) = engines
        .dynamic_credentials("database", "dyn")
        .expect("another user");
    assert!(postgres.accepts(&one.username, &one.password));
    engines.revoke_lease(&lease).expect("revoked");
    assert!(!postgres.accepts(&one.username, &one.password));
    assert!(postgres.accepts(&two.username, &two.password));
    engines
        .revoke_prefix("database/creds/dyn")
        .expect("all revoked");
    assert!(!postgres.accepts(&two.username, &two.password));

    engines.rotate_root("database", "pg").expect("rotated");
    assert!(
        !postgres.accepts("rotroot", &Secret::new(b"begin")),
        "only Vault knows the new one"
    );
    engines
        .rotate_static_role("database", "svc")
        .expect("Vault still gets in");
    let error = engines
        .rotate_static_role("database", "nobody")
        .expect_err("no such role");
    assert!(
        matches!(
            error,
            StoreError::Refused { .. } | StoreError::Absent { .. }
        ),
        "{error:?}"
    );
}

#[test]
fn a_secret_id_is_made_and_destroyed() {
    let Some(bao) = bao() else { return };
    let (role_id, _) = bao.app_role("rotated-role");
    let surroundings = surroundings(
        bao.server.folder.path(),
        &[("VAULT_TOKEN", bao.root.as_str())],
    );
    let spec = format!("vault:{}/secret", bao.address());
    let spec = spec.parse().expect("a spec");
    let engines = VaultEngines::new(&spec, &surroundings).expect("engines");
    let (secret_id, accessor) = engines
        .new_secret_id("approle", "rotated-role")
        .expect("a SecretID");
    let text = String::from_utf8_lossy(secret_id.expose()).into_owned();
    let variables = [
        ("VAULT_ROLE_ID", role_id.as_str()),
        ("VAULT_SECRET_ID", text.as_str()),
    ];
    let theirs = crate::surroundings(bao.server.folder.path(), &variables);
    Vault::new(&spec, &theirs)
        .expect("a store")
        .check()
        .expect("the new one works");
    engines
        .destroy_secret_id("approle", "rotated-role", &accessor)
        .expect("destroyed");
    let error = Vault::new(&spec, &theirs)
        .expect("a store")
        .check()
        .expect_err("it no longer works");
    assert!(matches!(error, StoreError::LoggedOut { .. }), "{error:?}");
    assert!(!format!("{error} {error:?}").contains(&text));
}

/// A PostgreSQL server of the test's own.
struct Postgres {
    server: Server,
    programs: std::path::PathBuf,
}

impl Postgres {
    fn start() -> Option<Self> {
        let program = process::program("initdb")?.canonicalize().ok()?;
        let programs = program.parent()?.to_owned();
        let folder = folder();
        let data = folder.path().join("data");
        process::run(
            as_postgres(&programs.join("initdb"))
                .args([
                    "--auth-host=scram-sha-256",
                    "--auth-local=trust",
                    "-U",
                    "postgres",
                ])
                .arg("-D")
                .arg(&data),
        );
        let port = free_port();
        let mut words: Vec<String> = Vec::new();
        let command = as_postgres(&programs.join("postgres"));
        words.push(command.get_program().to_string_lossy().into_owned());
        words.extend(
            command
                .get_args()
                .map(|word| word.to_string_lossy().into_owned()),
        );
        let (data, sockets) = (
            data.display().to_string(),
            folder.path().display().to_string(),
        );
        let port_text = port.to_string();
        words.extend(
            [
                "-D",
                &data,
                "-k",
                &sockets,
                "-p",
                &port_text,
                "-h",
                "127.0.0.1",
                "-F",
            ]
            .map(str::to_owned),
        );
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        Some(Self {
            server: process::start(&words, &[], port, folder),
            programs,
        })
    }

    fn psql(&self) -> Command {
        let mut command = Command::new(self.programs.join("psql"));
        command
            .args(["-X", "-q", "-d", "postgres", "-p"])
            .arg(self.server.port.to_string());
        command
    }

    fn execute(&self, statement: &str) {
        process::run(
            self.psql()
                .args(["-U", "postgres", "-h"])
                .arg(self.server.folder.path())
                .args(["-c", statement]),
        );
    }

    fn accepts(&self, user: &str, password: &Secret) -> bool {
        let password = String::from_utf8_lossy(password.expose()).into_owned();
        let output = self
            .psql()
            .args(["-h", "127.0.0.1", "-U", user, "-c", "SELECT 1"])
            .env("PGPASSWORD", password)
            .output();
        output.expect("psql").status.success()
    }
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
