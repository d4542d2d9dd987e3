//! Places that only get copies: GitHub, GitLab, sealed files.

use std::collections::BTreeMap;
use std::path::Path;

use aws_lc_rs::rsa::{
    KeySize, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto_box::SecretKey;
use leakward_core::Secret;
use leakward_stores::{Consumer, Opened, StoreError, StoreSpec};
use serde_json::{Value, json};

use crate::contract::{Request, serve};
use crate::{random, surroundings};

fn consumer(text: &str, folder: &Path, variables: &[(&str, &str)]) -> Box<dyn Consumer> {
    let spec: StoreSpec = text.parse().expect(text);
    match leakward_stores::open(&spec, &surroundings(folder, variables)) {
        Ok(Opened::Consumer(consumer)) => consumer,
        Ok(Opened::Store(_)) => panic!("{text} is a consumer"),
        Err(error) => panic!("{text}: {error}"),
    }
}

struct Github {
    key: SecretKey,
    secrets: BTreeMap<String, String>,
}

fn github(state: &mut Github, request: &Request) -> (u16, Value) {
    if request.bearer() != "good" {
        return (401, json!({"message": "Bad credentials"}));
    }
    let base = "/repos/acme/app/actions/secrets";
    let rest = request.path.strip_prefix(base).unwrap_or("/nowhere");
    match (request.method.as_str(), rest) {
        ("GET", "/public-key") => {
            let key = STANDARD.encode(state.key.public_key().as_bytes());
            (200, json!({"key_id": "42", "key": key}))
        }
        ("GET", "") => {
            let secrets: Vec<Value> = state
                .secrets
                .keys()
                .map(|name| json!({"name": name, "updated_at": "2026-01-01T00:00:00Z"}))
                .collect();
            (
                200,
                json!({"total_count": secrets.len(), "secrets": secrets}),
            )
        }
        ("PUT", name) => {
            assert_eq!(request.json()["key_id"], "42");
            let sealed = request.json()["encrypted_value"]
                .as_str()
                .map(str::to_owned);
            let sealed = STANDARD.decode(sealed.expect("a value")).expect("base64");
            let opened = state.key.unseal(&sealed).expect("sealed for us");
            let value = String::from_utf8(opened).expect("a text");
            let is_new = state
                .secrets
                .insert(name.trim_start_matches('/').to_owned(), value)
                .is_none();
            (if is_new { 201 } else { 204 }, Value::Null)
        }
        ("GET", "/_shown") => (200, json!(state.secrets)),
        _ => (404, json!({"message": "Not Found"})),
    }
}

#[test]
fn github_gets_the_value_sealed_for_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let state = Github {
        key: SecretKey::generate(&mut crypto_box::aead::OsRng),
        secrets: BTreeMap::new(),
    };
    let port = serve(state, github);
    let text = format!("github:acme/app?api=http://127.0.0.1:{port}");
    let ours = consumer(&text, folder.path(), &[("GITHUB_TOKEN", "good")]);
    let value = random(20);
    for _ in 0..2 {
        ours.deliver("DB_PASSWORD", &Secret::new(value.as_bytes()))
            .expect("delivered");
    }
    assert_eq!(ours.slots().expect("slots")[0].name, "DB_PASSWORD");
    let shown = reqwest::blocking::Client::new()
        .get(format!(
            "http://127.0.0.1:{port}/repos/acme/app/actions/secrets/_shown"
        ))
        .bearer_auth("good")
        .send()
        .and_then(reqwest::blocking::Response::text)
        .expect("what it got");
    assert_eq!(
        serde_json::from_str::<Value>(&shown).expect("JSON"),
        json!({"DB_PASSWORD": value})
    );
    let error = ours
        .deliver("no-name", &Secret::new(value.as_bytes()))
        .expect_err("a dash");
    assert!(!format!("{error} {error:?}").contains(&value));
    let theirs = consumer(&text, folder.path(), &[("GH_TOKEN", "other")]);
    let error = theirs.check().expect_err("not accepted");
    assert!(matches!(error, StoreError::LoggedOut { .. }), "{error:?}");
}

type Variables = BTreeMap<String, Value>;

fn gitlab(variables: &mut Variables, request: &Request) -> (u16, Value) {
    if request.header("private-token") != "good" {
        return (401, json!({"message": "401 Unauthorized"}));
    }
    let base = "/api/v4/projects/group/project/variables";
    let rest = request.path.strip_prefix(base).unwrap_or("/nowhere");
    match (request.method.as_str(), rest.trim_start_matches('/')) {
        ("GET", "") => (200, variables.values().cloned().collect()),
        ("PUT", name) => match variables.get_mut(name) {
            Some(variable) => {
                variable["value"] = request.json()["value"].clone();
                (200, variable.clone())
            }
            None => (404, json!({"message": "404 Variable Not Found"})),
        },
        ("POST", "") => {
            let body = request.json();
            let name = body["key"].as_str().expect("a key").to_owned();
            variables.insert(name, body.clone());
            (201, body)
        }
        _ => (404, json!({})),
    }
}

#[test]
fn gitlab_keeps_the_flags_of_a_variable() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut variables = Variables::new();
    variables.insert(
        "OLD".to_owned(),
        json!({"key": "OLD", "value": random(12), "protected": true}),
    );
    let port = serve(variables, gitlab);
    let text = format!("gitlab:group/project?api=http://127.0.0.1:{port}");
    let ours = consumer(&text, folder.path(), &[("GITLAB_TOKEN", "good")]);
    let value = random(20);
    for name in ["OLD", "NEW"] {
        ours.deliver(name, &Secret::new(value.as_bytes()))
            .expect("delivered");
    }
    let shown = reqwest::blocking::Client::new()
        .get(format!(
            "http://127.0.0.1:{port}/api/v4/projects/group%2Fproject/variables"
        ))
        .header("private-token", "good")
        .send()
        .and_then(reqwest::blocking::Response::text)
        .expect("what it got");
    let shown: Value = serde_json::from_str(&shown).expect("JSON");
    assert_eq!(
        (&shown[0]["masked"], &shown[0]["value"]),
        (&json!(true), &json!(value))
    );
    assert_eq!(
        (&shown[1]["protected"], &shown[1]["value"]),
        (&json!(true), &json!(value))
    );
    let names: Vec<String> = ours
        .slots()
        .expect("slots")
        .into_iter()
        .map(|slot| slot.name)
        .collect();
    assert_eq!(names, ["NEW", "OLD"]);
}

/// A certificate of a new key, made by openssl, and the key.
pub(crate) fn certificate(folder: &Path) -> PrivateDecryptingKey {
    use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
    let key = PrivateDecryptingKey::generate(KeySize::Rsa2048).expect("a key");
    let der: Pkcs8V1Der<'_> = key.as_der().expect("its form");
    std::fs::write(folder.join("key.der"), der.as_ref()).expect("a file");
    crate::process::run(
        std::process::Command::new("openssl")
            .args(["req", "-x509", "-new", "-keyform", "DER", "-key", "key.der"])
            .args([
                "-subj",
                "/CN=sealed-secrets",
                "-days",
                "30",
                "-out",
                "cert.pem",
            ])
            .current_dir(folder),
    );
    key
}

/// What the controller in the cluster does.
fn opened(key: PrivateDecryptingKey, sealed: &str, label: &str) -> Vec<u8> {
    use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
    let sealed = STANDARD.decode(sealed).expect("base64");
    let length = usize::from(u16::from_be_bytes([sealed[0], sealed[1]]));
    let (wrapped, data) = sealed[2..].split_at(length);
    let key = OaepPrivateDecryptingKey::new(key).expect("a key");
    let mut session = vec![0; key.min_output_size()];
    let session = key
        .decrypt(
            &OAEP_SHA256_MGF1SHA256,
            wrapped,
            &mut session,
            Some(label.as_bytes()),
        )
        .expect("for this label");
    let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, session).expect("a key"));
    let mut data = data.to_vec();
    let nonce = Nonce::assume_unique_for_key([0; 12]);
    cipher
        .open_in_place(nonce, Aad::empty(), &mut data)
        .expect("opened")
        .to_vec()
}

#[test]
fn a_sealed_secret_is_written_for_its_controller_and_its_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let key = certificate(folder.path());
    let before = "# of the shop\napiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata:\n  name: app\n  namespace: prod\nspec:\n  encryptedData:\n    password: AgOld # keep\n    user: AgUser\n";
    let file = folder.path().join("app-sealed.yaml");
    std::fs::write(&file, before).expect("a file");
    let text = "sealed:app-sealed.yaml?cert=cert.pem";
    let ours = consumer(text, folder.path(), &[]);
    let value = random(20);
    for name in ["password", "added"] {
        ours.deliver(name, &Secret::new(value.as_bytes()))
            .expect("delivered");
    }
    let made = std::fs::read_to_string(&file).expect("the file");
    let sealed = |name: &str| {
        let line = made
            .lines()
            .find_map(|line| line.strip_prefix(&format!("    {name}: ")));
        line.expect(name).trim_end_matches(" # keep").to_owned()
    };
    let expected = before.replace(
        "    password: AgOld",
        &format!(
            "    added: {}\n    password: {}",
            sealed("added"),
            sealed("password")
        ),
    );
    assert_eq!(made, expected);
    assert!(!made.contains(&value));
    assert_eq!(
        opened(key, &sealed("password"), "prod/app"),
        value.as_bytes()
    );
    let health = ours.check().expect("healthy");
    assert!(health.what.ends_with("prod/app"), "{health:?}");
}
