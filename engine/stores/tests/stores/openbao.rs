//! OpenBao, really: key/value engines of both versions, every login that it has, databases, and the reasons of refusals.

use std::sync::OnceLock;

use leakward_core::Secret;
use leakward_stores::{Select, StoreError};
use serde_json::{Value, json};

use crate::laws::{Bench, hold};
use crate::lossy::Lossy;
use crate::process::{self, Server, folder, free_port};
use crate::{random, store, surroundings};

/// A server for all tests of this file.
pub(crate) struct Bao {
    pub(crate) server: Server,
    pub(crate) root: String,
}

pub(crate) fn bao() -> Option<&'static Bao> {
    static BAO: OnceLock<Option<Bao>> = OnceLock::new();
    let bao = BAO.get_or_init(|| {
        let program = process::program("bao")?;
        let (port, root) = (free_port(), random(20));
        let words = [
            program.to_str()?,
            "server",
            "-dev",
            "-dev-no-store-token",
            &format!("-dev-root-token-id={root}"),
            &format!("-dev-listen-address=127.0.0.1:{port}"),
        ]
        .map(str::to_owned);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let server = process::start(&words, &[], port, folder());
        let bao = Bao { server, root };
        bao.wait();
        bao.write(
            "POST",
            "sys/mounts/kv1",
            json!({"type": "kv", "options": {"version": "1"}}),
        );
        // The laws look at lists of all entries, and other tests write to secret/ meanwhile.
        let mount = json!({"type": "kv", "options": {"version": "2"}});
        bao.write("POST", "sys/mounts/kv2", mount);
        bao.wait_for_kv2();
        bao.write("POST", "sys/auth/approle", json!({"type": "approle"}));
        Some(bao)
    });
    bao.as_ref()
}

impl Bao {
    pub(crate) fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.server.port)
    }

    /// The port answers a moment before the engine at secret/ is mounted.
    fn wait(&self) {
        for _ in 0..200 {
            let (status, _) = self.ask("GET", "sys/internal/ui/mounts/secret", None);
            if status == 200 {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        panic!("{}", process::log_of(self.server.folder.path()));
    }

    /// An engine of version 2 takes a moment after it was mounted until it can be written to.
    fn wait_for_kv2(&self) {
        for _ in 0..200 {
            let entry = json!({"data": {"is": "ready"}});
            let (status, _) = self.ask("POST", "kv2/data/ready", Some(entry));
            if status < 300 {
                self.ask("DELETE", "kv2/metadata/ready", None);
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        panic!("{}", process::log_of(self.server.folder.path()));
    }

    pub(crate) fn ask(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let client = reqwest::blocking::Client::new();
        let method = method.parse().expect("a method");
        let mut request = client
            .request(method, format!("{}/v1/{path}", self.address()))
            .header("x-vault-token", &self.root);
        if let Some(body) = body {
            request = request.body(body.to_string());
        }
        let answer = request.send().expect("an answer");
        let status = answer.status().as_u16();
        let text = answer.text().expect("a text");
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    pub(crate) fn write(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.ask(method, path, Some(body));
        assert!((200..300).contains(&status), "{path}: {status} {answer}");
        answer
    }

    /// A policy, and a token that has it and nothing else.
    pub(crate) fn token(&self, name: &str, policy: &str) -> String {
        let path = format!("sys/policies/acl/{name}");
        self.write("POST", &path, json!({"policy": policy}));
        let body = json!({"policies": [name], "ttl": "10m"});
        let answer = self.write("POST", "auth/token/create", body);
        let token = answer.pointer("/auth/client_token").and_then(Value::as_str);
        token.expect("a token").to_owned()
    }

    /// Role id and SecretID of a new AppRole.
    pub(crate) fn app_role(&self, name: &str) -> (String, String) {
        let policy =
            r#"path "secret/*" { capabilities = ["create", "read", "update", "delete", "list"] }"#;
        let path = format!("sys/policies/acl/{name}");
        self.write("POST", &path, json!({"policy": policy}));
        let path = format!("auth/approle/role/{name}");
        let body = json!({"token_policies": [name], "token_ttl": "10m"});
        self.write("POST", &path, body);
        let (_, answer) = self.ask("GET", &format!("{path}/role-id"), None);
        let role_id = answer.pointer("/data/role_id").and_then(Value::as_str);
        let answer = self.write("POST", &format!("{path}/secret-id"), json!({}));
        let secret_id = answer.pointer("/data/secret_id").and_then(Value::as_str);
        (
            role_id.expect("an id").to_owned(),
            secret_id.expect("a SecretID").to_owned(),
        )
    }
}

fn changes(request: &str) -> bool {
    (request.starts_with("POST") || request.starts_with("PUT")) && !request.contains("/auth/")
}

fn hold_engine(name: &str, mount: &str, is_atomic: bool) {
    let Some(bao) = bao() else { return };
    let variables = [("VAULT_TOKEN", bao.root.as_str())];
    let surroundings = surroundings(bao.server.folder.path(), &variables);
    let way = Lossy::before(bao.server.port, changes);
    let ours = store(&format!("vault:{}/{mount}", bao.address()), &surroundings);
    let lossy = store(
        &format!("vault:http://127.0.0.1:{}/{mount}", way.port),
        &surroundings,
    );
    let token = bao.token(
        &format!("blind-{mount}"),
        &format!(r#"path "{mount}/leakward-pending/*" {{ capabilities = ["read"] }}"#),
    );
    let blind = crate::surroundings(bao.server.folder.path(), &[("VAULT_TOKEN", &token)]);
    let blind = store(&format!("vault:{}/{mount}", bao.address()), &blind);
    hold(
        name,
        &Bench {
            store: &*ours,
            path: |name| format!("laws/app {name}/db"),
            is_atomic,
            lossy: Some((&*lossy, &way)),
            denied: Some(&*blind),
            holds_lines: true,
        },
    );
}

#[test]
fn key_value_version_2_keeps_every_law() {
    hold_engine("KV v2", "kv2", true);
}

#[test]
fn key_value_version_1_keeps_every_law() {
    hold_engine("KV v1", "kv1", false);
}

#[test]
fn types_stay_what_they_are_and_custom_metadata_are_tags() {
    let Some(bao) = bao() else { return };
    let surroundings = surroundings(
        bao.server.folder.path(),
        &[("VAULT_TOKEN", bao.root.as_str())],
    );
    let store = store(&format!("vault:{}/secret", bao.address()), &surroundings);
    let data = json!({"port": 5432, "tls": true, "db": {"password": random(12)}, "none": null});
    bao.write("POST", "secret/data/typed", json!({"data": data}));
    let tags = json!({"custom_metadata": {"owner": "payments"}});
    bao.write("POST", "secret/metadata/typed", tags);
    let mut entry = store.read("typed", &Select::Current).expect("read");
    let new = random(12);
    entry
        .fields
        .insert("/db/password".to_owned(), Secret::new(new.as_bytes()));
    store
        .put("typed", &entry.fields, Some(&entry.version))
        .expect("put");
    let (_, answer) = bao.ask("GET", "secret/data/typed", None);
    assert_eq!(
        answer["data"]["data"],
        json!({"port": 5432, "tls": true, "db": {"password": new}, "none": null})
    );
    let metadata = store.metadata("typed").expect("metadata");
    assert_eq!(
        metadata.tags.get("owner").map(String::as_str),
        Some("payments")
    );
    assert!(metadata.changed_at.expect("a time").ends_with('Z'));
}

#[test]
fn namespaces_are_apart() {
    let Some(bao) = bao() else { return };
    let (status, answer) = bao.ask("POST", "sys/namespaces/team", Some(json!({})));
    assert!(status < 300, "{answer}");
    let client = reqwest::blocking::Client::new();
    let mounted = client
        .post(format!("{}/v1/sys/mounts/secret", bao.address()))
        .header("x-vault-token", &bao.root)
        .header("x-vault-namespace", "team")
        .body(json!({"type": "kv", "options": {"version": "2"}}).to_string())
        .send()
        .expect("an answer");
    assert!(mounted.status().is_success());
    let surroundings = surroundings(
        bao.server.folder.path(),
        &[("VAULT_TOKEN", bao.root.as_str())],
    );
    let inside = store(
        &format!("vault:{}/secret?namespace=team", bao.address()),
        &surroundings,
    );
    let outside = store(&format!("vault:{}/secret", bao.address()), &surroundings);
    let fields = leakward_stores::Fields::from([("a".to_owned(), Secret::new(b"value"))]);
    inside.put("only-here", &fields, None).expect("put");
    assert!(matches!(
        outside.read("only-here", &Select::Current),
        Err(StoreError::Absent { .. })
    ));
    assert_eq!(
        inside
            .read("only-here", &Select::Current)
            .expect("read")
            .fields,
        fields
    );
}

#[test]
fn an_app_role_logs_in_and_its_token_is_taken_back() {
    let Some(bao) = bao() else { return };
    let (role_id, secret_id) = bao.app_role("plain-role");
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("secret-id"), &secret_id).expect("a file");
    let surroundings = surroundings(folder.path(), &[]);
    let text = format!(
        "vault:{}/secret?auth=approle&role-id={role_id}&secret-id-file=secret-id",
        bao.address()
    );
    let store = store(&text, &surroundings);
    let health = store.check().expect("healthy");
    assert_eq!(
        (health.identity.as_str(), health.login.as_str()),
        ("approle (policies default, plain-role)", "approle")
    );
    let count = || {
        let (_, answer) = bao.ask("LIST", "auth/token/accessors", None);
        let accessors = answer["data"]["keys"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let is_ours = |accessor: &&Value| {
            let body = json!({"accessor": accessor});
            let (_, answer) = bao.ask("POST", "auth/token/lookup-accessor", Some(body));
            answer["data"]["policies"]
                .as_array()
                .is_some_and(|policies| policies.contains(&json!("plain-role")))
        };
        accessors.iter().filter(is_ours).count()
    };
    assert_eq!(count(), 1);
    drop(store);
    assert_eq!(count(), 0, "the token is revoked");
}

#[test]
fn a_wrapped_secret_id_is_unwrapped_once_and_a_used_one_is_an_alarm() {
    let Some(bao) = bao() else { return };
    let (role_id, _) = bao.app_role("wrapped-role");
    let folder = tempfile::tempdir().expect("a folder");
    let wrapped = |path: &str| {
        let client = reqwest::blocking::Client::new();
        let answer = client
            .post(format!("{}/v1/{path}", bao.address()))
            .header("x-vault-token", &bao.root)
            .header("x-vault-wrap-ttl", "120s")
            .body("{}")
            .send()
            .expect("an answer");
        let answer: Value = serde_json::from_str(&answer.text().expect("a text")).expect("JSON");
        let token = answer["wrap_info"]["token"].as_str();
        token.expect("a wrapping token").to_owned()
    };
    let surroundings = surroundings(folder.path(), &[]);
    let text = format!(
        "vault:{}/secret?auth=approle&role-id={role_id}&secret-id-file=wrapped&secret-id-wrapped=true",
        bao.address()
    );
    let token = wrapped("auth/approle/role/wrapped-role/secret-id");
    std::fs::write(folder.path().join("wrapped"), &token).expect("a file");
    let first = store(&text, &surroundings);
    first.check().expect("unwrapped");
    first.list("").expect("logged in");
    let error = store(&text, &surroundings).check().expect_err("used");
    assert!(matches!(error, StoreError::Intercepted { .. }), "{error:?}");
    assert!(error.to_string().contains("ALARM"), "{error}");
    assert!(!format!("{error} {error:?}").contains(&token));
    // Something else was wrapped in its place: whoever took the first one may have done so.
    let other = wrapped("sys/wrapping/wrap");
    std::fs::write(folder.path().join("wrapped"), other).expect("a file");
    let error = store(&text, &surroundings).check().expect_err("not ours");
    assert!(matches!(error, StoreError::Intercepted { .. }), "{error:?}");
}

#[test]
fn a_revoked_token_is_told_from_a_missing_permission_and_a_new_login_helps() {
    let Some(bao) = bao() else { return };
    let token = bao.token(
        "passing",
        r#"path "secret/*" { capabilities = ["read", "list"] }"#,
    );
    let surroundings = surroundings(bao.server.folder.path(), &[("VAULT_TOKEN", &token)]);
    let passing = store(&format!("vault:{}/secret", bao.address()), &surroundings);
    let error = passing
        .put("x", &leakward_stores::Fields::new(), None)
        .expect_err("no permission");
    assert!(matches!(error, StoreError::Denied { .. }), "{error:?}");
    bao.write("POST", "auth/token/revoke", json!({"token": token}));
    let error = passing
        .read("x", &Select::Current)
        .expect_err("no longer accepted");
    assert!(matches!(error, StoreError::LoggedOut { .. }), "{error:?}");

    let (role_id, secret_id) = bao.app_role("renewed-role");
    let variables = [
        ("VAULT_ROLE_ID", role_id.as_str()),
        ("VAULT_SECRET_ID", secret_id.as_str()),
    ];
    let again = crate::surroundings(bao.server.folder.path(), &variables);
    let again = store(&format!("vault:{}/secret", bao.address()), &again);
    again.list("").expect("logged in");
    // Every token of the role dies; the store logs in again by itself.
    bao.write(
        "PUT",
        "sys/leases/revoke-prefix/auth/approle",
        json!({"sync": true}),
    );
    again.list("").expect("logged in again");
}

#[test]
fn a_short_token_is_renewed_before_it_ends() {
    let Some(bao) = bao() else { return };
    let body =
        json!({"policies": ["root"], "ttl": "3s", "renewable": true, "explicit_max_ttl": "1h"});
    let answer = bao.write("POST", "auth/token/create", body);
    let token = answer["auth"]["client_token"].as_str().expect("a token");
    let surroundings = surroundings(bao.server.folder.path(), &[("VAULT_TOKEN", token)]);
    let store = store(&format!("vault:{}/secret", bao.address()), &surroundings);
    let patience = std::time::Instant::now();
    // Past its first end: it lives only if it was renewed on the way.
    while patience.elapsed() < std::time::Duration::from_secs(5) {
        store.list("").expect("still accepted");
        std::thread::sleep(std::time::Duration::from_millis(400));
    }
}

#[test]
fn a_sealed_server_is_told_and_nothing_was_done() {
    let Some(program) = process::program("bao") else {
        return;
    };
    // Of its own, since the others need theirs open.
    let (port, root) = (free_port(), random(20));
    let words = [
        program.to_str().expect("a path").to_owned(),
        "server".to_owned(),
        "-dev".to_owned(),
        "-dev-no-store-token".to_owned(),
        format!("-dev-root-token-id={root}"),
        format!("-dev-listen-address=127.0.0.1:{port}"),
    ];
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let bao = Bao {
        server: process::start(&words, &[], port, folder()),
        root,
    };
    bao.wait();
    let surroundings = surroundings(
        bao.server.folder.path(),
        &[("VAULT_TOKEN", bao.root.as_str())],
    );
    let store = store(&format!("vault:{}/secret", bao.address()), &surroundings);
    let fields = leakward_stores::Fields::from([("a".to_owned(), Secret::new(b"value"))]);
    let version = store.put("x", &fields, None).expect("open");
    bao.write("PUT", "sys/seal", json!({}));
    for error in [
        store.read("x", &Select::Current).expect_err("sealed"),
        store.put("x", &fields, Some(&version)).expect_err("sealed"),
        store.check().expect_err("sealed"),
    ] {
        assert!(matches!(error, StoreError::Sealed { .. }), "{error:?}");
    }
}

/// A key of an identity provider, and its public half for Vault.
fn issuer() -> (Secret, String) {
    use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der, PublicKeyX509Der};
    use aws_lc_rs::rsa::{KeyPair, KeySize};
    use aws_lc_rs::signature::KeyPair as _;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let pair = KeyPair::generate(KeySize::Rsa2048).expect("a key");
    let private: Pkcs8V1Der<'_> = pair.as_der().expect("its form");
    let public: PublicKeyX509Der<'_> = pair.public_key().as_der().expect("its form");
    let pem = |kind: &str, der: &[u8]| {
        let (begin, end) = ("-----BEGIN ", "-----END ");
        format!(
            "{begin}{kind}-----\n{}\n{end}{kind}-----\n",
            STANDARD.encode(der)
        )
    };
    let private = pem("PRIVATE KEY", private.as_ref());
    (
        Secret::new(private.as_bytes()),
        pem("PUBLIC KEY", public.as_ref()),
    )
}

#[test]
fn ids_of_github_actions_and_gitlab_log_in() {
    let Some(bao) = bao() else { return };
    let (private, public) = issuer();
    bao.write("POST", "sys/auth/jwt", json!({"type": "jwt"}));
    bao.write(
        "POST",
        "auth/jwt/config",
        json!({"jwt_validation_pubkeys": [public]}),
    );
    let role = json!({
        "role_type": "jwt", "bound_audiences": ["vault"], "user_claim": "repository", "token_policies": ["default"],
        "bound_claims": {"repository": "acme/app"},
    });
    bao.write("POST", "auth/jwt/role/ci", role);
    let token = |repository: &str| {
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .expect("after 1970")
            .as_secs();
        let claims = json!({
            "iss": "https://issuer", "aud": "vault", "sub": "s", "repository": repository, "iat": now, "nbf": now - 5,
            "exp": now + 300,
        });
        let header = json!({"alg": "RS256", "typ": "JWT"});
        let signed = leakward_signing::assertion::rs256(&private, &header, &claims);
        String::from_utf8(signed.expect("signed").expose().to_vec()).expect("a text")
    };
    let text = format!("vault:{}/secret?role=ci&kv=2&audience=vault", bao.address());
    let login = |variables: &[(&str, &str)]| {
        let surroundings = surroundings(bao.server.folder.path(), variables);
        store(&text, &surroundings).check()
    };
    let health = login(&[("VAULT_ID_TOKEN", &token("acme/app"))]).expect("GitLab's way");
    assert_eq!(
        (health.identity.as_str(), health.login.as_str()),
        ("jwt-acme/app (policies default)", "jwt")
    );
    let other = token("somebody/else");
    let error = login(&[("VAULT_ID_TOKEN", &other)]).expect_err("another repository");
    assert!(matches!(error, StoreError::LoggedOut { .. }), "{error:?}");
    assert!(!format!("{error} {error:?}").contains(&other));

    // GitHub gives the token on request, for an audience.
    let port = crate::contract::serve(token("acme/app"), |token, request| {
        assert_eq!(request.bearer(), "request-token");
        assert_eq!(request.query["audience"], "vault");
        (200, json!({"value": token}))
    });
    let url = format!("http://127.0.0.1:{port}/token?api-version=2.0");
    login(&[
        ("ACTIONS_ID_TOKEN_REQUEST_URL", &url),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "request-token"),
    ])
    .expect("GitHub's way");
}

#[test]
fn a_pod_logs_in_with_its_service_account() {
    let Some(bao) = bao() else { return };
    // What Vault asks of the cluster: whose token this is.
    let port = crate::contract::serve((), |(), request| {
        let review = request.json();
        let is_ours = review["spec"]["token"]
            .as_str()
            .is_some_and(|token| token.ends_with(".pod"));
        let status = json!({
            "authenticated": is_ours,
            "user": {"username": "system:serviceaccount:prod:app", "uid": "u", "groups": ["system:serviceaccounts"]},
        });
        (
            201,
            json!({"kind": "TokenReview", "apiVersion": "authentication.k8s.io/v1", "status": status}),
        )
    });
    let folder = tempfile::tempdir().expect("a folder");
    crate::consumers::certificate(folder.path());
    let authority = std::fs::read_to_string(folder.path().join("cert.pem")).expect("a file");
    bao.write("POST", "sys/auth/kubernetes", json!({"type": "kubernetes"}));
    let config = json!({
        "kubernetes_host": format!("http://127.0.0.1:{port}"), "disable_local_ca_jwt": true,
        "token_reviewer_jwt": "reviewer", "disable_iss_validation": true, "kubernetes_ca_cert": authority,
    });
    bao.write("POST", "auth/kubernetes/config", config);
    let role = json!({
        "bound_service_account_names": ["app"], "bound_service_account_namespaces": ["prod"],
        "token_policies": ["default"],
    });
    bao.write("POST", "auth/kubernetes/role/app", role);
    use base64::Engine as _;
    let part =
        |json: Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(json.to_string());
    let claims = json!({
        "iss": "kubernetes/serviceaccount", "sub": "system:serviceaccount:prod:app", "iat": 1_700_000_000,
        "nbf": 1_700_000_000, "exp": 4_000_000_000_u64,
        "kubernetes.io": {"namespace": "prod", "serviceaccount": {"name": "app", "uid": "u"}},
    });
    let token = format!("{}.{}.pod", part(json!({"alg": "RS256"})), part(claims));
    std::fs::write(folder.path().join("token"), &token).expect("a file");
    let surroundings = surroundings(folder.path(), &[]);
    let text = format!(
        "vault:{}/secret?auth=kubernetes&role=app&kv=2&jwt-file=token",
        bao.address()
    );
    let health = store(&text, &surroundings).check().expect("logged in");
    assert_eq!(health.login, "kubernetes");
    assert!(health.identity.contains("prod-app"), "{health:?}");
}
