//! Tokens and AppRoles of a real OpenBao.

use std::process::Command;

use leakward_core::Secret;
use leakward_respond::provider::{Created, Creation, RequestId, SECRET, Standing};
use serde_json::{Value, json};

use crate::services::{Service, folder, free_port, program, start, wait};
use crate::setup::{identities, providers, rule, subject, verified, with};

struct Bao {
    _service: Service,
    base: String,
    root: String,
}

fn bao() -> Option<Bao> {
    let program = program("bao")?;
    let (folder, port) = (folder(), free_port());
    let root = format!("root-{port}");
    let mut server = Command::new(program);
    server
        .args(["server", "-dev", "-dev-no-store-token"])
        .arg(format!("-dev-root-token-id={root}"))
        .arg(format!("-dev-listen-address=127.0.0.1:{port}"))
        .env("HOME", folder.path());
    let bao = Bao {
        _service: start(server, port, folder),
        base: format!("http://127.0.0.1:{port}"),
        root,
    };
    // It listens a moment before it is unsealed.
    wait("OpenBao", || {
        let health = bao.call("GET", "sys/health", &Value::Null)?;
        (health["sealed"] == Value::Bool(false)).then_some(())
    });
    Some(bao)
}

impl Bao {
    /// A call as root.
    fn call(&self, verb: &str, path: &str, body: &Value) -> Option<Value> {
        use std::io::{Read as _, Write as _};
        let address = self.base.trim_start_matches("http://");
        let mut stream = std::net::TcpStream::connect(address).ok()?;
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let request = format!(
            "{verb} /v1/{path} HTTP/1.1\r\nhost: localhost\r\nx-vault-token: {}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            self.root,
            body.len()
        );
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (_, body) = answer.split_once("\r\n\r\n")?;
        let start = body.find('{')?;
        let end = body.rfind('}')?;
        serde_json::from_str(body.get(start..=end)?).ok()
    }
}

fn creation(before: Vec<leakward_respond::provider::Handle>) -> Creation {
    Creation {
        id: RequestId("leakward-1".to_owned()),
        draft: None,
        before,
    }
}

#[test]
fn a_token_gets_a_successor_and_revokes_itself() {
    let Some(bao) = bao() else {
        return;
    };
    let made = bao
        .call(
            "POST",
            "auth/token/create",
            &json!({ "policies": ["default"], "ttl": "1h" }),
        )
        .expect("a token");
    let token = made["auth"]["client_token"].as_str().expect("a token");
    let rule = rule("vault-token-legacy");
    let endpoints = [(rule.id.as_str(), bao.base.as_str())];
    let providers = providers(&endpoints);
    let old = subject(&rule, token, &[]);
    let verdict = |subject| verified(&rule, subject, &endpoints).verdict.to_string();
    assert_eq!(verdict(&old), "live");
    let admin = identities(&[("vault-admin", &bao.root)]);
    let (new, handle) = with(&providers, &rule, &old, &admin, |provider, case| {
        let made = provider
            .create(case, &creation(Vec::new()))
            .expect("a token");
        (provider.subject(case.subject, &made.parts), made.handle)
    });
    assert_eq!(verdict(&new), "live");
    with(&providers, &rule, &old, &admin, |provider, case| {
        provider.revoke(case).expect("revoked");
        provider.revoke(case).expect("it was dead already");
    });
    assert_eq!(verdict(&old), "dead");
    assert_eq!(verdict(&new), "live");
    // A successor that nobody uses is taken away by its accessor.
    with(&providers, &rule, &new, &admin, |provider, case| {
        provider.remove(case, &handle).expect("taken away");
    });
    assert_eq!(verdict(&new), "dead");
}

#[test]
fn an_approle_gets_another_secret_id_and_the_old_one_is_destroyed() {
    let Some(bao) = bao() else {
        return;
    };
    bao.call("POST", "sys/auth/approle", &json!({ "type": "approle" }));
    bao.call(
        "POST",
        "auth/approle/role/shop",
        &json!({ "token_policies": ["default"] }),
    );
    let role = bao
        .call("GET", "auth/approle/role/shop/role-id", &Value::Null)
        .expect("a role");
    let role_id = role["data"]["role_id"].as_str().expect("its id").to_owned();
    let made = bao
        .call("POST", "auth/approle/role/shop/secret-id", &Value::Null)
        .expect("a SecretID");
    let secret_id = made["data"]["secret_id"].as_str().expect("a SecretID");
    let logs_in = |secret_id: &str| {
        let body = json!({ "role_id": role_id, "secret_id": secret_id });
        let answer = bao.call("POST", "auth/approle/login", &body);
        answer.is_some_and(|answer| answer["auth"]["client_token"].is_string())
    };
    assert!(logs_in(secret_id));
    let rule = rule("vault-approle-secret-id");
    let providers = providers(&[]);
    let old = subject(
        &rule,
        secret_id,
        &[("address", &bao.base), ("role", "shop")],
    );
    let admin = identities(&[("vault-admin", &bao.root)]);
    let new = with(&providers, &rule, &old, &admin, |provider, case| {
        let creation = creation(provider.handles(case).expect("the SecretIDs"));
        assert!(matches!(
            provider.find_created(case, &creation),
            Ok(Created::No)
        ));
        let made = provider.create(case, &creation).expect("a SecretID");
        assert!(matches!(
            provider.find_created(case, &creation),
            Ok(Created::Orphan(handle)) if handle == made.handle
        ));
        assert_eq!(provider.standing(case), Ok(Standing::Active));
        made.parts.get(SECRET).expect("a SecretID").clone()
    });
    assert!(logs_in(&text(&new)));
    with(&providers, &rule, &old, &admin, |provider, case| {
        provider.revoke(case).expect("destroyed");
        provider.revoke(case).expect("it was gone already");
        assert_eq!(provider.standing(case), Ok(Standing::Gone));
    });
    assert!(!logs_in(secret_id));
    assert!(logs_in(&text(&new)));
}

#[expect(
    clippy::disallowed_methods,
    reason = "a SecretID of a test's own server"
)]
fn text(secret: &Secret) -> String {
    String::from_utf8_lossy(secret.expose()).into_owned()
}
