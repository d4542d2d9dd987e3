//! Webhook in, dead key out: a pushed database password is rotated in PostgreSQL and OpenBao, and refused, without a person.

use std::process::{Child, Stdio};

use leakward_tests::{
    HttpServer, Postgresql, Requirement, Sandbox, eventually, github_push, http, missing, try_http,
};
use serde_json::{Value, json};

use super::Hosted;

/// What may run: everything, without a person. The one that comes with the program asks first where applications meet a cut.
const POLICY: &str = "package leakward\nimport rego.v1\ndefault approvals := 0\ndefault containment_first := false\n\
    deny := set()\nreasons := set()\n";

/// OpenBao in its development mode.
struct Bao {
    child: Child,
    port: u16,
    token: String,
}

impl Bao {
    fn start(sandbox: &Sandbox) -> Option<Self> {
        if missing(Requirement::Tool("bao")) {
            return None;
        }
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let token = format!("root-of-the-test-{port}");
        let child = sandbox
            .command("bao")
            .args(["server", "-dev", "-dev-no-store-token"])
            .arg(format!("-dev-root-token-id={token}"))
            .arg(format!("-dev-listen-address=127.0.0.1:{port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("bao");
        let bao = Self { child, port, token };
        eventually("OpenBao serves", || {
            let headers = [("X-Vault-Token", bao.token.as_str())];
            try_http(
                port,
                "GET",
                "/v1/sys/internal/ui/mounts/secret",
                &headers,
                b"",
            )
            .is_ok_and(|answer| answer.status == 200)
        });
        Some(bao)
    }

    fn put(&self, path: &str, data: &Value) {
        let body = json!({ "data": data }).to_string();
        let headers = [("X-Vault-Token", self.token.as_str())];
        let answer = http(
            self.port,
            "POST",
            &format!("/v1/secret/data/{path}"),
            &headers,
            body.as_bytes(),
        );
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    fn get(&self, path: &str) -> Value {
        let headers = [("X-Vault-Token", self.token.as_str())];
        let answer = http(
            self.port,
            "GET",
            &format!("/v1/secret/data/{path}"),
            &headers,
            b"",
        );
        answer.json()["data"]["data"].clone()
    }
}

impl Drop for Bao {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

#[test]
#[expect(
    clippy::too_many_lines,
    reason = "one story from the push to the dead key"
)]
fn a_pushed_database_password_is_dead_and_replaced_without_a_person() {
    let api = HttpServer::start(|_| (201, "{}".to_owned()));
    let Some(hosted) = Hosted::new(api) else {
        return;
    };
    let Some(database) = Postgresql::start() else {
        return;
    };
    let sandbox = hosted.repository.sandbox();
    let Some(bao) = Bao::start(sandbox) else {
        return;
    };
    // Made of parts: nothing that looks like a password stands in this file.
    let old = ["Zq7", "vR4t", "Wm9x", "Kp2"].concat();
    database.run(&format!("CREATE ROLE app LOGIN PASSWORD '{old}'"));
    assert!(database.try_run("app", &old, "SELECT 1").is_ok());
    let uri = format!(
        "postgresql://app:{old}@127.0.0.1:{}/postgres",
        database.port()
    );
    bao.put(
        "app/db",
        &json!({ "url": uri, "username": "app", "password": old }),
    );
    let policy = sandbox.write("policy.rego", POLICY);
    let more = format!(
        "tell = ['status']\n[verify]\nfound_hosts = true\nallow_private = true\n\
         [response]\npolicy = '{}'\n[response.stores.bao]\nurl = 'vault:http://127.0.0.1:{}/secret'\n\
         [response.identities]\npostgresql-admin = {{ env = 'TEST_PG_ADMIN' }}\n",
        policy.display(),
        bao.port
    );
    let start = hosted
        .prepared(&more)
        .env("VAULT_TOKEN", bao.token.clone())
        .env("TEST_PG_ADMIN", database.admin_url());
    let serve = start.start();
    let before = hosted.repository.id("HEAD");
    let after = hosted
        .repository
        .commit_file("deploy/app.env", format!("DATABASE_URL={uri}\n"));
    hosted.push("main");
    let body = github_push("acme/app", "refs/heads/main", &before, &after);
    assert_eq!(serve.github("push", "d", &body).status, 202);
    let mut incident = Value::Null;
    eventually("the incident is settled, or nobody goes on", || {
        incident = serve.get("/v1/incidents").json()["incidents"][0].clone();
        matches!(
            incident["state"].as_str(),
            Some("closed" | "contained" | "needs-person" | "waiting-for-approval")
        )
    });
    let fingerprint = incident["fingerprint"]
        .as_str()
        .expect("a fingerprint")
        .to_owned();
    let whole = serve.get(&format!("/v1/incidents/{fingerprint}")).json();
    assert_eq!(incident["state"], "closed", "{whole:#}\n{}", serve.log());
    assert!(
        database.try_run("app", &old, "SELECT 1").is_err(),
        "the old password must be refused"
    );
    let now = bao.get("app/db");
    let field = |name: &str| now[name].as_str().expect("text").to_owned();
    let (user, password) = (field("username"), field("password"));
    assert_ne!(password, old);
    database
        .try_run(&user, &password, "SELECT 1")
        .expect("what the store holds must work");
    let moments: Vec<&str> = whole["incident"]["timeline"]
        .as_array()
        .expect("a timeline")
        .iter()
        .filter_map(|moment| moment["what"].as_str())
        .collect();
    for moment in ["found", "verified", "rotated", "revoked", "proven dead"] {
        assert!(moments.contains(&moment), "{moment} in {moments:?}");
    }
    println!(
        "contained after {} s",
        whole["incident"]["contained_after_seconds"]
    );
    // Each act is in the audit log, and neither value is anywhere.
    let audit = std::fs::read_to_string(start.data().join("audit.jsonl")).expect("an audit log");
    assert!(audit.lines().count() > 3);
    for text in [
        audit,
        serve.log(),
        whole.to_string(),
        serve.get("/v1/deliveries").body,
    ] {
        assert!(!text.contains(&old) && !text.contains(&password));
    }
    serve.wait_until_idle();
    assert!(
        !hosted
            .api
            .asked_for("POST /repos/acme/app/statuses/")
            .is_empty()
    );
    let data = start.data();
    let verified = crate::leakward(sandbox)
        .args(["audit", "verify", "--database"])
        .arg(data.join("leakward.db"))
        .arg("--audit")
        .arg(data.join("audit.jsonl"))
        .arg("--audit-key")
        .arg(data.join("audit.key"))
        .run();
    verified.expect_status(0);
    assert!(
        verified.stdout.contains("every line is as it was written"),
        "{}",
        verified.transcript()
    );
    let inventory = serve.get("/v1/inventory").json();
    assert_eq!(inventory["entries"][0]["path"], "app/db", "{inventory}");
}
