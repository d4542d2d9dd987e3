//! Google Secret Manager, by its documented contract.

use std::collections::BTreeMap;
use std::path::Path;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use leakward_stores::Store;
use serde_json::{Value, json};

use crate::contract::{Request, changes, serve};
use crate::laws::{Bench, hold};
use crate::lossy::Lossy;
use crate::{random, store, surroundings};

/// Payload and state of each version.
type Versions = Vec<(String, &'static str)>;

#[derive(Default)]
struct Google {
    secrets: BTreeMap<String, Versions>,
    /// The public key of the service account.
    key: Vec<u8>,
}

fn failed(code: u16, status: &str) -> (u16, Value) {
    (
        code,
        json!({"error": {"code": code, "status": status, "message": "no"}}),
    )
}

fn answer(google: &mut Google, request: &Request) -> (u16, Value) {
    if request.path == "/token" {
        return token(google, request);
    }
    match request.bearer() {
        "good" => {}
        "blind" => return failed(403, "PERMISSION_DENIED"),
        _ => return failed(401, "UNAUTHENTICATED"),
    }
    let Some(rest) = request.path.strip_prefix("/v1/projects/acme/secrets") else {
        return failed(404, "NOT_FOUND");
    };
    let rest = rest.trim_start_matches('/').to_owned();
    let method = request.method.as_str();
    if rest.is_empty() {
        return match method {
            "GET" => page(google, request),
            _ => create(google, request),
        };
    }
    let (name, version) = rest.split_once("/versions").unwrap_or((&rest, ""));
    let (name, verb) = name.split_once(':').unwrap_or((name, ""));
    let Some(versions) = google.secrets.get_mut(name) else {
        return failed(404, "NOT_FOUND");
    };
    let full = format!("projects/1/secrets/{name}");
    match (method, verb, version) {
        ("POST", "addVersion", "") => {
            let data = request.json()["payload"]["data"]
                .as_str()
                .expect("data")
                .to_owned();
            versions.push((data, "ENABLED"));
            (
                200,
                json!({"name": format!("{full}/versions/{}", versions.len()), "state": "ENABLED"}),
            )
        }
        ("DELETE", "", "") => {
            google.secrets.remove(name);
            (200, json!({}))
        }
        ("GET", "", "") => (200, json!({"name": full, "labels": {"team": "payments"}})),
        _ if version.is_empty() => failed(404, "NOT_FOUND"),
        _ => of_version(versions, &full, version.trim_start_matches('/'), request),
    }
}

fn of_version(versions: &mut Versions, full: &str, rest: &str, request: &Request) -> (u16, Value) {
    let (number, verb) = rest.split_once(':').unwrap_or((rest, ""));
    let number = match number {
        "latest" => versions.len(),
        number => number.parse().unwrap_or(0),
    };
    let name = format!("{full}/versions/{number}");
    let Some((data, state)) = number.checked_sub(1).and_then(|at| versions.get_mut(at)) else {
        return failed(404, "NOT_FOUND");
    };
    match (request.method.as_str(), verb) {
        ("GET", "access") if *state != "ENABLED" => failed(400, "FAILED_PRECONDITION"),
        ("GET", "access") => (200, json!({"name": name, "payload": {"data": data}})),
        ("POST", "disable") => {
            *state = "DISABLED";
            (200, json!({"name": name, "state": state}))
        }
        ("POST", "destroy") => {
            *state = "DESTROYED";
            data.clear();
            (200, json!({"name": name, "state": state}))
        }
        _ => failed(404, "NOT_FOUND"),
    }
}

fn page(google: &Google, request: &Request) -> (u16, Value) {
    // Small pages, so that clients have to turn them.
    let from: usize = request
        .query
        .get("pageToken")
        .map_or(0, |token| token.parse().expect("a token of ours"));
    let names: Vec<&String> = google.secrets.keys().collect();
    let secrets: Vec<Value> = names
        .iter()
        .skip(from)
        .take(7)
        .map(|name| json!({"name": format!("projects/1/secrets/{name}")}))
        .collect();
    let mut body = json!({"secrets": secrets});
    if from + 7 < names.len() {
        body["nextPageToken"] = json!((from + 7).to_string());
    }
    (200, body)
}

fn create(google: &mut Google, request: &Request) -> (u16, Value) {
    let name = request.query["secretId"].clone();
    assert!(
        name.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)),
        "{name}"
    );
    assert_eq!(request.json()["replication"], json!({"automatic": {}}));
    if google.secrets.contains_key(&name) {
        return failed(409, "ALREADY_EXISTS");
    }
    google.secrets.insert(name.clone(), Versions::new());
    (200, json!({"name": format!("projects/1/secrets/{name}")}))
}

/// A user's login is named by its refresh token; a service account has to sign.
fn token(google: &Google, request: &Request) -> (u16, Value) {
    let granted = |token: &str| (200, json!({"access_token": token, "expires_in": 3600}));
    if request.form("grant_type") == "refresh_token" {
        return granted(&request.form("refresh_token"));
    }
    let assertion = request.form("assertion");
    let (signed, signature) = assertion.rsplit_once('.').expect("three parts");
    let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64");
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &google.key);
    match key.verify(signed.as_bytes(), &signature) {
        Ok(()) => granted("good"),
        Err(_) => (400, json!({"error": "invalid_grant"})),
    }
}

fn versions_list(google: &Google, name: &str) -> (u16, Value) {
    let Some(versions) = google.secrets.get(name) else {
        return failed(404, "NOT_FOUND");
    };
    let listed: Vec<Value> = versions
        .iter()
        .enumerate()
        .map(|(at, (_, state))| {
            json!({
                "name": format!("projects/1/secrets/{name}/versions/{}", at + 1), "state": state,
                "createTime": "2026-01-01T00:00:00.123Z",
            })
        })
        .collect();
    (200, json!({"versions": listed}))
}

/// Listing versions is told apart from one version before anything else.
fn contract(google: &mut Google, request: &Request) -> (u16, Value) {
    let account = "/computeMetadata/v1/instance/service-accounts/default";
    if let Some(wanted) = request.path.strip_prefix(account) {
        assert_eq!(request.header("metadata-flavor"), "Google");
        return match wanted {
            "/token" => (200, json!({"access_token": "good", "expires_in": 3600})),
            _ => (200, json!("robot")),
        };
    }
    if request.path == "/exchange" {
        assert_eq!(request.form("audience"), "//iam/pool");
        return (
            200,
            json!({"access_token": request.form("subject_token"), "expires_in": 3600}),
        );
    }
    if request.path.ends_with(":generateAccessToken") {
        assert_eq!(request.bearer(), "federated");
        return (
            200,
            json!({"accessToken": "good", "expireTime": "2099-01-01T00:00:00Z"}),
        );
    }
    let listed = request
        .path
        .strip_prefix("/v1/projects/acme/secrets/")
        .and_then(|rest| rest.strip_suffix("/versions"));
    match listed {
        Some(name) if request.method == "GET" && request.bearer() == "good" => {
            versions_list(google, name)
        }
        _ => answer(google, request),
    }
}

fn at(port: u16, login: &str, folder: &Path) -> Box<dyn Store> {
    let file = folder.join(format!("{login}-{port}.json"));
    let credentials = json!({
        "type": "authorized_user", "client_id": "c", "client_secret": random(10), "refresh_token": login,
        "token_uri": format!("http://127.0.0.1:{port}/token"),
    });
    std::fs::write(&file, credentials.to_string()).expect("a file");
    let file = file.display().to_string();
    let surroundings = surroundings(folder, &[("GOOGLE_APPLICATION_CREDENTIALS", &file)]);
    store(
        &format!("gcp-sm:acme?endpoint=http://127.0.0.1:{port}"),
        &surroundings,
    )
}

#[test]
fn google_secret_manager_keeps_every_law() {
    let folder = tempfile::tempdir().expect("a folder");
    let port = serve(Google::default(), contract);
    let way = Lossy::before(port, |request| {
        changes(request) && request.contains(":addVersion")
    });
    let ours = at(port, "good", folder.path());
    let lossy = at(way.port, "good", folder.path());
    let blind = at(port, "blind", folder.path());
    hold(
        "Google Secret Manager",
        &Bench {
            store: &*ours,
            path: |name| format!("laws-{name}"),
            is_atomic: false,
            lossy: Some((&*lossy, &way)),
            denied: Some(&*blind),
            holds_lines: true,
        },
    );
    let error = at(port, "nobody", folder.path())
        .check()
        .expect_err("an unknown token");
    assert!(
        matches!(error, leakward_stores::StoreError::LoggedOut { .. }),
        "{error:?}"
    );
}

#[test]
fn a_service_account_signs_for_its_token() {
    let folder = tempfile::tempdir().expect("a folder");
    let pair = KeyPair::generate(KeySize::Rsa2048).expect("a key");
    let der: Pkcs8V1Der<'_> = pair.as_der().expect("its form");
    let google = Google {
        key: pair.public_key().as_ref().to_vec(),
        ..Google::default()
    };
    let port = serve(google, contract);
    let (begin, end) = ("-----BEGIN ", "-----END ");
    let pem = format!(
        "{begin}PRIVATE KEY-----\n{}\n{end}PRIVATE KEY-----\n",
        STANDARD.encode(der.as_ref())
    );
    let file = folder.path().join("key.json");
    let account = "robot@acme.iam.gserviceaccount.com";
    let credentials = json!({
        "type": "service_account", "client_email": account, "private_key": pem, "private_key_id": "1",
        "token_uri": format!("http://127.0.0.1:{port}/token"),
    });
    std::fs::write(&file, credentials.to_string()).expect("a file");
    let surroundings = surroundings(folder.path(), &[]);
    let text = format!("gcp-sm:acme?endpoint=http://127.0.0.1:{port}&credentials-file=key.json");
    let health = store(&text, &surroundings).check().expect("healthy");
    assert_eq!(
        (health.identity.as_str(), health.login.as_str()),
        (account, "service account key")
    );
}

#[test]
fn the_metadata_server_and_workload_identities_are_used() {
    let folder = tempfile::tempdir().expect("a folder");
    let port = serve(Google::default(), contract);
    let host = format!("127.0.0.1:{port}");
    let text = format!("gcp-sm:acme?endpoint=http://{host}");
    let machine = surroundings(folder.path(), &[("GCE_METADATA_HOST", &host)]);
    let health = store(&text, &machine).check().expect("healthy");
    assert_eq!(health.login, "metadata server");

    std::fs::write(
        folder.path().join("subject"),
        r#"{"id_token": "federated"}"#,
    )
    .expect("a file");
    let robot = "robot@acme.iam.gserviceaccount.com";
    let credentials = json!({
        "type": "external_account", "audience": "//iam/pool", "token_url": format!("http://{host}/exchange"),
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "service_account_impersonation_url": format!("http://{host}/v1/projects/-/serviceAccounts/{robot}:generateAccessToken"),
        "credential_source": {
            "file": folder.path().join("subject"), "format": {"type": "json", "subject_token_field_name": "id_token"},
        },
    });
    let file = folder.path().join("federation.json");
    std::fs::write(&file, credentials.to_string()).expect("a file");
    let file = file.display().to_string();
    let federated = surroundings(
        folder.path(),
        &[("GOOGLE_APPLICATION_CREDENTIALS", file.as_str())],
    );
    let health = store(&text, &federated).check().expect("healthy");
    assert_eq!(
        (health.identity.as_str(), health.login.as_str()),
        (robot, "workload identity")
    );
}
