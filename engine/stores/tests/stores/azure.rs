//! Azure Key Vault, by its documented contract.

use std::collections::BTreeMap;
use std::path::Path;

use leakward_stores::{Select, Store};
use serde_json::{Value, json};

use crate::contract::{Request, changes, serve};
use crate::laws::{Bench, hold};
use crate::lossy::Lossy;
use crate::{random, store, surroundings};

#[derive(Clone)]
struct Held {
    id: String,
    value: String,
    tags: Value,
    content_type: Value,
    is_enabled: bool,
}

#[derive(Default)]
struct Vault {
    secrets: BTreeMap<String, Vec<Held>>,
    deleted: BTreeMap<String, Vec<Held>>,
    count: u64,
}

fn failed(code: u16, word: &str) -> (u16, Value) {
    (code, json!({"error": {"code": word, "message": "no"}}))
}

fn shown(request: &Request, name: &str, held: &Held) -> Value {
    json!({
        "value": held.value, "tags": held.tags, "contentType": held.content_type,
        "id": format!("http://{}/secrets/{name}/{}", request.header("host"), held.id),
        "attributes": {"enabled": held.is_enabled, "created": 1_767_225_600, "updated": 1_767_225_600},
    })
}

fn answer(vault: &mut Vault, request: &Request) -> (u16, Value) {
    if request.path == "/metadata/identity/oauth2/token" {
        assert_eq!(request.header("metadata"), "true");
        assert_eq!(request.query["resource"], "https://vault.azure.net");
        return (200, json!({"access_token": "good", "expires_in": "3600"}));
    }
    if request.path == "/msi" {
        assert_eq!(request.header("x-identity-header"), "ours");
        return (200, json!({"access_token": "good", "expires_in": 3600}));
    }
    if request.path.ends_with("/oauth2/v2.0/token") {
        assert_eq!(request.form("scope"), "https://vault.azure.net/.default");
        let token = request.form("client_id");
        let proof = request.form("client_secret") + &request.form("client_assertion");
        assert!(!proof.is_empty(), "{}", request.body);
        return (200, json!({"access_token": token, "expires_in": 3600}));
    }
    match request.bearer() {
        "good" => {}
        "blind" => return failed(403, "Forbidden"),
        _ => return failed(401, "Unauthorized"),
    }
    assert_eq!(request.query["api-version"], "7.4");
    let parts: Vec<&str> = request.path.trim_matches('/').split('/').collect();
    match (request.method.as_str(), parts.as_slice()) {
        ("GET", ["secrets"]) => {
            let listed: Vec<Value> = vault
                .secrets
                .keys()
                .map(|name| json!({"id": format!("http://h/secrets/{name}")}))
                .collect();
            (200, json!({"value": listed, "nextLink": null}))
        }
        ("PUT", ["secrets", name]) => {
            if vault.deleted.contains_key(*name) {
                return failed(409, "Conflict");
            }
            vault.count += 1;
            let body = request.json();
            let held = Held {
                id: format!("{:032x}", vault.count),
                value: body["value"].as_str().expect("a value").to_owned(),
                tags: body["tags"].clone(),
                content_type: body["contentType"].clone(),
                is_enabled: true,
            };
            let made = shown(request, name, &held);
            vault
                .secrets
                .entry((*name).to_owned())
                .or_default()
                .push(held);
            (200, made)
        }
        ("DELETE", ["secrets", name]) => match vault.secrets.remove(*name) {
            Some(versions) => {
                vault.deleted.insert((*name).to_owned(), versions);
                (200, json!({}))
            }
            None => failed(404, "SecretNotFound"),
        },
        ("DELETE", ["deletedsecrets", name]) => {
            vault.deleted.remove(*name);
            (204, Value::Null)
        }
        (method, ["secrets", name, rest @ ..]) => {
            let Some(versions) = vault.secrets.get_mut(*name) else {
                return failed(404, "SecretNotFound");
            };
            one(versions, request, method, name, rest)
        }
        _ => failed(404, "NotFound"),
    }
}

fn one(
    versions: &mut [Held],
    request: &Request,
    method: &str,
    name: &str,
    rest: &[&str],
) -> (u16, Value) {
    match (method, rest) {
        ("GET", ["versions"]) => {
            let listed: Vec<Value> = versions
                .iter()
                .map(|held| {
                    let mut entry = shown(request, name, held);
                    entry.as_object_mut().expect("an object").remove("value");
                    entry
                })
                .collect();
            (200, json!({"value": listed}))
        }
        ("GET", rest) => {
            let held = match rest.first() {
                Some(id) => versions.iter().find(|held| held.id == *id),
                None => versions.last(),
            };
            match held {
                Some(held) if held.is_enabled => (200, shown(request, name, held)),
                Some(_) => (
                    403,
                    json!({"error": {"code": "Forbidden", "innererror": {"code": "SecretDisabled"}}}),
                ),
                None => failed(404, "SecretNotFound"),
            }
        }
        ("PATCH", [id]) => {
            let enabled = request.json()["attributes"]["enabled"] == json!(true);
            let held = versions.iter_mut().find(|held| held.id == *id);
            let held = held.expect("a version");
            held.is_enabled = enabled;
            (200, shown(request, name, held))
        }
        _ => failed(405, "NotAllowed"),
    }
}

fn at(port: u16, client: &str, folder: &Path) -> Box<dyn Store> {
    let address = format!("http://127.0.0.1:{port}");
    let secret = random(20);
    let surroundings = surroundings(
        folder,
        &[
            ("AZURE_CLIENT_ID", client),
            ("AZURE_TENANT_ID", "tenant"),
            ("AZURE_CLIENT_SECRET", &secret),
            ("AZURE_AUTHORITY_HOST", &address),
        ],
    );
    store(&format!("azure-kv:{address}"), &surroundings)
}

#[test]
fn azure_key_vault_keeps_every_law() {
    let folder = tempfile::tempdir().expect("a folder");
    let port = serve(Vault::default(), answer);
    let way = Lossy::before(port, changes);
    let ours = at(port, "good", folder.path());
    let lossy = at(way.port, "good", folder.path());
    let blind = at(port, "blind", folder.path());
    hold(
        "Azure Key Vault",
        &Bench {
            store: &*ours,
            path: |name| format!("laws-{name}"),
            is_atomic: false,
            lossy: Some((&*lossy, &way)),
            denied: Some(&*blind),
            holds_lines: true,
        },
    );
}

#[test]
fn tags_and_content_type_stay_with_a_new_version() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut vault = Vault::default();
    vault.secrets.insert(
        "app".to_owned(),
        vec![Held {
            id: "0".repeat(32),
            value: random(12),
            tags: json!({"owner": "payments"}),
            content_type: json!("text/plain"),
            is_enabled: true,
        }],
    );
    let store = at(serve(vault, answer), "good", folder.path());
    let entry = store.read("app", &Select::Current).expect("read");
    let mut fields = entry.fields;
    fields.insert(
        String::new(),
        leakward_core::Secret::new(random(12).as_bytes()),
    );
    store
        .put("app", &fields, Some(&entry.version))
        .expect("put");
    let metadata = store.metadata("app").expect("metadata");
    assert_eq!(
        metadata.tags.get("owner").map(String::as_str),
        Some("payments")
    );
    assert_eq!(
        store.read("app", &Select::Current).expect("read").fields,
        fields
    );
    let health = store.check().expect("healthy");
    assert_eq!(health.login, "client secret");
}

#[test]
fn workload_identities_and_managed_ones_are_used() {
    let folder = tempfile::tempdir().expect("a folder");
    let address = format!("http://127.0.0.1:{}", serve(Vault::default(), answer));
    let login = |variables: &[(&str, &str)]| {
        let surroundings = surroundings(folder.path(), variables);
        store(&format!("azure-kv:{address}"), &surroundings)
            .check()
            .map(|health| health.login)
    };
    let file = folder.path().join("token");
    std::fs::write(&file, random(40)).expect("a file");
    let file = file.display().to_string();
    assert_eq!(
        login(&[
            ("AZURE_CLIENT_ID", "good"),
            ("AZURE_TENANT_ID", "tenant"),
            ("AZURE_FEDERATED_TOKEN_FILE", &file),
            ("AZURE_AUTHORITY_HOST", &address),
        ]),
        Ok("workload identity".to_owned())
    );
    assert_eq!(
        login(&[("AZURE_POD_IDENTITY_AUTHORITY_HOST", &address)]),
        Ok("managed identity".to_owned())
    );
    let endpoint = format!("{address}/msi");
    assert_eq!(
        login(&[
            ("IDENTITY_ENDPOINT", &endpoint),
            ("IDENTITY_HEADER", "ours")
        ]),
        Ok("managed identity".to_owned())
    );
}
