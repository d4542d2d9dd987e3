//! Credentials that OpenBao itself makes: SecretIDs of AppRoles rotated through the saga, static roles of its database engine.

use serde_json::Value;

use super::world::{Leak, OpenBao, postgresql, works};

#[test]
fn a_secret_id_of_an_approle_is_rotated_where_the_application_reads_it() {
    let Some(server) = postgresql() else { return };
    let leak = Leak::new(&server);
    let Some(bao) = OpenBao::start(&leak.leaked) else {
        return;
    };
    bao.says(&["auth", "enable", "approle"]);
    bao.says(&["write", "auth/approle/role/shop", "token_policies=default"]);
    let role = bao.says(&["read", "-field=role_id", "auth/approle/role/shop/role-id"]);
    let make = [
        "write",
        "-field=secret_id",
        "-f",
        "auth/approle/role/shop/secret-id",
    ];
    let old = bao.says(&make);
    bao.says(&[
        "kv",
        "put",
        "secret/app/approle",
        &format!("secret_id={old}"),
        "note=kept",
    ]);
    let logs_in = |secret_id: &str| {
        let (role, secret_id) = (format!("role_id={role}"), format!("secret_id={secret_id}"));
        bao.bao(&["write", "auth/approle/login", &role, &secret_id])
            .status
            .success()
    };
    assert!(logs_in(&old));
    let address = format!("address={}", bao.address());
    let role_id = format!("role-id={role}");
    let run = bao
        .login(leak.leakward(&["rotate", "--rule", "vault-approle-secret-id", "--yes"]))
        .args([
            "--with",
            &address,
            "--with",
            &role_id,
            "--with",
            "role=shop",
        ])
        .args([
            "--store",
            &bao.store(),
            "--path",
            "app/approle",
            "--grace",
            "1s",
            "--allow-private",
        ])
        .env("LEAKWARD_IDENTITY_VAULT_ADMIN", &bao.token)
        .input(old.clone())
        .run();
    run.expect_status(0);
    assert!(
        run.stdout.contains("the old credential is proven dead"),
        "{}",
        run.transcript()
    );
    let new = bao.says(&["kv", "get", "-field=secret_id", "secret/app/approle"]);
    assert_ne!(new, old);
    assert!(logs_in(&new) && !logs_in(&old));
    assert_eq!(
        bao.says(&["kv", "get", "-field=note", "secret/app/approle"]),
        "kept"
    );
}

/// The database engine with a role `app`, whose password the store changes.
fn static_role(bao: &OpenBao, port: u16) {
    let boss = super::world::password("boss");
    let url = format!(
        "connection_url=postgresql://{{{{username}}}}:{{{{password}}}}@127.0.0.1:{port}/postgres?sslmode=disable"
    );
    bao.says(&["secrets", "enable", "database"]);
    let plugin = "plugin_name=postgresql-database-plugin";
    let (user, password) = ("username=boss", format!("password={boss}"));
    bao.says(&[
        "write",
        "database/config/pg",
        plugin,
        "allowed_roles=*",
        &url,
        user,
        &password,
    ]);
    let period = "rotation_period=24h";
    bao.says(&[
        "write",
        "database/static-roles/app",
        "db_name=pg",
        "username=app",
        period,
    ]);
}

#[test]
fn a_password_of_a_static_role_is_rotated_by_openbao_and_the_leaked_one_is_proven_dead() {
    let Some(server) = postgresql() else { return };
    let leak = Leak::new(&server);
    let Some(bao) = OpenBao::start(&leak.leaked) else {
        return;
    };
    static_role(&bao, server.port);
    let held = || {
        let answer = bao.says(&["read", "-format=json", "database/static-creds/app"]);
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        answer["data"]["password"]
            .as_str()
            .expect("a password")
            .to_owned()
    };
    let leaked = held();
    let uri = |password: &str| {
        format!(
            "postgresql://app:{password}@127.0.0.1:{}/postgres",
            server.port
        )
    };
    assert!(works(&uri(&leaked)));
    let revoke = || {
        let (vault, uri) = (
            format!("vault={}", bao.address()),
            format!("uri={}", uri(&leaked)),
        );
        leak.leakward(&["revoke", "--rule", "postgres-connection-uri", "--yes"])
            .args([
                "--with",
                &vault,
                "--with",
                "static-role=app",
                "--with",
                &uri,
            ])
            .args(["--allow-private", "--allow-found-hosts"])
            .env("LEAKWARD_IDENTITY_VAULT_ADMIN", &bao.token)
            .input(leaked.clone())
            .run()
    };
    let run = revoke();
    run.expect_status(0);
    assert!(
        run.stdout.contains("/v1/database/rotate-role/app"),
        "{}",
        run.transcript()
    );
    assert!(
        run.stdout.contains("the old credential is proven dead"),
        "{}",
        run.transcript()
    );
    let new = held();
    assert!(works(&uri(&new)) && !works(&uri(&leaked)));
    assert!(revoke().stdout.contains("dead already"));
    assert_eq!(held(), new, "it is not rotated again");
}
