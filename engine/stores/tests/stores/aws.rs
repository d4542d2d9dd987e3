//! AWS against moto: Secrets Manager, the Parameter Store, and the chain of credentials.

use std::sync::OnceLock;

use leakward_core::Secret;
use leakward_signing::sigv4::{FORM, Key, Scope, headers};
use leakward_stores::{Fields, Select, Store, StoreError};

use crate::laws::{Bench, hold};
use crate::lossy::Lossy;
use crate::process::{self, Server, folder, free_port};
use crate::{random, store, surroundings};

/// A moto server; `open_calls` are let through before it looks at signatures.
fn moto(open_calls: Option<u32>) -> Option<Server> {
    let program = process::program("moto_server")?;
    let port = free_port();
    let port_text = port.to_string();
    let words = [program.to_str()?, "-H", "127.0.0.1", "-p", &port_text];
    let calls = open_calls.map(|calls| calls.to_string());
    let variables: Vec<(&str, &str)> = calls
        .iter()
        .map(|calls| ("INITIAL_NO_AUTH_ACTION_COUNT", calls.as_str()))
        .collect();
    Some(process::start(&words, &variables, port, folder()))
}

fn shared() -> Option<&'static Server> {
    static MOTO: OnceLock<Option<Server>> = OnceLock::new();
    MOTO.get_or_init(|| moto(None)).as_ref()
}

/// Keys that moto takes: any, as long as nobody asks it to look.
fn keys() -> [String; 2] {
    [format!("AKIA{}", random(16).to_uppercase()), random(40)]
}

fn at(port: u16, text: &str, folder: &std::path::Path) -> Box<dyn Store> {
    let [id, key] = keys();
    let endpoint = format!("http://127.0.0.1:{port}");
    let surroundings = surroundings(
        folder,
        &[
            ("AWS_ACCESS_KEY_ID", &id),
            ("AWS_SECRET_ACCESS_KEY", &key),
            ("AWS_ENDPOINT_URL", &endpoint),
        ],
    );
    store(text, &surroundings)
}

fn hold_service(name: &str, text: &str, path: fn(&str) -> String) {
    let Some(server) = shared() else { return };
    let way = Lossy::before(server.port, |request| {
        ["PutSecretValue", "UpdateSecretVersionStage", "PutParameter"]
            .iter()
            .any(|call| request.contains(&format!(".{call}\r\n")))
    });
    let ours = at(server.port, text, server.folder.path());
    let lossy = at(way.port, text, server.folder.path());
    hold(
        name,
        &Bench {
            store: &*ours,
            path,
            is_atomic: false,
            lossy: Some((&*lossy, &way)),
            denied: None,
            holds_lines: true,
        },
    );
}

#[test]
fn secrets_manager_keeps_every_law() {
    hold_service("Secrets Manager", "aws-sm:eu-west-1", |name| {
        format!("laws/{name}")
    });
}

#[test]
fn the_parameter_store_keeps_every_law() {
    hold_service("Parameter Store", "aws-ssm:eu-west-1", |name| {
        format!("/laws/{name}")
    });
}

#[test]
fn a_rotation_that_somebody_else_began_is_not_trampled() {
    let Some(server) = shared() else { return };
    let store = at(server.port, "aws-sm:us-east-1", server.folder.path());
    let value = |text: &str| Fields::from([(String::new(), Secret::new(text.as_bytes()))]);
    let version = store
        .put("plain", &value("old-value"), None)
        .expect("created");
    let theirs = store
        .stage("plain", "theirs", &value("their-value"), &version)
        .expect("staged");
    let error = store
        .stage("plain", "ours", &value("our-value"), &version)
        .expect_err("one rotation at a time");
    assert!(matches!(error, StoreError::Refused { .. }), "{error:?}");
    store.promote("plain", &theirs).expect("theirs");
    let entry = store.read("plain", &Select::Current).expect("read");
    assert_eq!(entry.fields, value("their-value"));
}

/// A call of IAM to bootstrap users, which moto lets through unsigned so far; returns the answer.
fn iam(port: u16, key: &[String; 2], body: &str) -> String {
    let host = format!("127.0.0.1:{port}");
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("after 1970")
        .as_secs();
    let scope = Scope {
        host: &host,
        region: "us-east-1",
        service: "iam",
        now,
    };
    let signer = Key {
        id: &key[0],
        secret: &key[1],
        session_token: None,
    };
    let mut request = reqwest::blocking::Client::new()
        .post(format!("http://{host}/"))
        .header("content-type", FORM)
        .body(body.to_owned());
    for (name, value) in headers(&signer, &scope, body) {
        request = request.header(name, value.expose());
    }
    let answer = request.send().expect("an answer");
    let status = answer.status();
    let text = answer.text().expect("a text");
    assert!(status.is_success(), "{body}: {status} {text}");
    text
}

fn between<'t>(text: &'t str, tag: &str) -> &'t str {
    let (_, rest) = text.split_once(&format!("<{tag}>")).expect(tag);
    rest.split_once('<').expect("an end").0
}

#[test]
fn aws_itself_checks_our_signature_and_says_who_may_not() {
    let Some(server) = moto(Some(3)) else { return };
    let anybody = keys();
    iam(
        server.port,
        &anybody,
        "Action=CreateUser&Version=2010-05-08&UserName=reader",
    );
    let answer = iam(
        server.port,
        &anybody,
        "Action=CreateAccessKey&Version=2010-05-08&UserName=reader",
    );
    let key = [
        between(&answer, "AccessKeyId").to_owned(),
        between(&answer, "SecretAccessKey").to_owned(),
    ];
    let policy = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%5B%22secretsmanager%3AListSecrets%22%5D%2C%22Resource%22%3A%22*%22%7D%5D%7D";
    iam(
        server.port,
        &anybody,
        &format!(
            "Action=PutUserPolicy&Version=2010-05-08&UserName=reader&PolicyName=p&PolicyDocument={policy}"
        ),
    );
    let endpoint = format!("http://127.0.0.1:{}", server.port);
    let with = |id: &str, key: &str| {
        let surroundings = surroundings(
            server.folder.path(),
            &[
                ("AWS_ACCESS_KEY_ID", id),
                ("AWS_SECRET_ACCESS_KEY", key),
                ("AWS_ENDPOINT_URL", &endpoint),
            ],
        );
        store("aws-sm:us-east-1", &surroundings)
    };
    let right = with(&key[0], &key[1]);
    right.check().expect("the signature is accepted");
    let error = right.read("x", &Select::Current).expect_err("not allowed");
    assert!(matches!(error, StoreError::Denied { .. }), "{error:?}");
    let error = with(&key[0], &random(40)).check().expect_err("a wrong key");
    assert!(matches!(error, StoreError::LoggedOut { .. }), "{error:?}");
    assert!(!format!("{error} {error:?}").contains(&key[1]));
}

#[test]
fn the_chain_of_credentials_finds_profiles_and_web_identities() {
    let Some(server) = shared() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let endpoint = format!("http://127.0.0.1:{}", server.port);
    let [id, key] = keys();
    let config =
        "[profile lean]\nrole_arn = arn:aws:iam::123456789012:role/lean\nsource_profile = base\n";
    let credentials = format!("[base]\naws_access_key_id = {id}\naws_secret_access_key={key}\n");
    std::fs::create_dir_all(folder.path().join(".aws")).expect("a folder");
    std::fs::write(folder.path().join(".aws/config"), config).expect("a file");
    std::fs::write(folder.path().join(".aws/credentials"), credentials).expect("a file");
    let token_file = folder.path().join("token");
    std::fs::write(&token_file, random(60)).expect("a file");
    let home = folder.path().display().to_string();
    let token_file = token_file.display().to_string();
    let login = |variables: &[(&str, &str)]| {
        let mut all = vec![
            ("HOME", home.as_str()),
            ("AWS_ENDPOINT_URL", endpoint.as_str()),
        ];
        all.extend_from_slice(variables);
        let surroundings = surroundings(folder.path(), &all);
        store("aws-sm:us-east-1", &surroundings)
            .check()
            .map(|health| health.login)
    };
    assert_eq!(
        login(&[("AWS_PROFILE", "base")]),
        Ok("profile base".to_owned())
    );
    assert_eq!(
        login(&[("AWS_PROFILE", "lean")]),
        Ok("assumed role".to_owned())
    );
    let role = "arn:aws:iam::123456789012:role/web";
    assert_eq!(
        login(&[
            ("AWS_ROLE_ARN", role),
            ("AWS_WEB_IDENTITY_TOKEN_FILE", &token_file)
        ]),
        Ok("web identity".to_owned())
    );
    let error = login(&[("AWS_PROFILE", "nobody")]).expect_err("no such profile");
    assert!(error.to_string().contains("nobody"), "{error}");
    let error = login(&[("AWS_EC2_METADATA_DISABLED", "true")]).expect_err("nothing there");
    assert!(error.to_string().contains("no AWS credentials"), "{error}");
}

/// What Vault does with a login by AWS: it sends the signed question on, and believes AWS.
fn vault(_: &mut (), request: &crate::contract::Request) -> (u16, serde_json::Value) {
    use base64::Engine as _;
    use serde_json::json;
    let decoded = |name: &str| {
        let text = request.json()[name].as_str().expect(name).to_owned();
        let bytes = base64::engine::general_purpose::STANDARD.decode(text);
        String::from_utf8(bytes.expect("base64")).expect("a text")
    };
    match request.path.as_str() {
        "/v1/auth/aws/login" => {
            let headers: serde_json::Value =
                serde_json::from_str(&decoded("iam_request_headers")).expect("JSON");
            let mut question = reqwest::blocking::Client::new()
                .post(decoded("iam_request_url"))
                .body(decoded("iam_request_body"));
            for (name, values) in headers.as_object().expect("headers") {
                question = question.header(name, values[0].as_str().expect("a value"));
            }
            let is_known = question
                .send()
                .is_ok_and(|answer| answer.status().is_success());
            assert_eq!(headers["X-Vault-AWS-IAM-Server-ID"], json!(["vault.corp"]));
            if is_known {
                (
                    200,
                    json!({"auth": {"client_token": "granted", "lease_duration": 600, "renewable": true}}),
                )
            } else {
                (400, json!({"errors": ["no"]}))
            }
        }
        "/v1/auth/token/lookup-self" if request.header("x-vault-token") == "granted" => (
            200,
            json!({"data": {"display_name": "aws-reader", "policies": ["default"]}}),
        ),
        _ => (204, serde_json::Value::Null),
    }
}

#[test]
fn vault_believes_what_aws_says_of_our_signature() {
    let Some(server) = moto(Some(2)) else { return };
    let anybody = keys();
    iam(
        server.port,
        &anybody,
        "Action=CreateUser&Version=2010-05-08&UserName=reader",
    );
    let answer = iam(
        server.port,
        &anybody,
        "Action=CreateAccessKey&Version=2010-05-08&UserName=reader",
    );
    let port = crate::contract::serve((), vault);
    let text = format!(
        "vault:http://127.0.0.1:{port}/secret?auth=aws&role=reader&kv=2&aws-server-id=vault.corp&sts-endpoint=http://127.0.0.1:{}",
        server.port
    );
    let login = |secret: &str| {
        let surroundings = surroundings(
            server.folder.path(),
            &[
                ("AWS_ACCESS_KEY_ID", between(&answer, "AccessKeyId")),
                ("AWS_SECRET_ACCESS_KEY", secret),
            ],
        );
        store(&text, &surroundings).check()
    };
    let health = login(between(&answer, "SecretAccessKey")).expect("AWS knows us");
    assert_eq!(health.identity, "aws-reader (policies default)");
    let error = login(&random(40)).expect_err("AWS does not know this key");
    assert!(matches!(error, StoreError::LoggedOut { .. }), "{error:?}");
}

/// What an instance and a container answer about their roles.
fn machine(_: &mut (), request: &crate::contract::Request) -> (u16, serde_json::Value) {
    use serde_json::json;
    let [id, key] = keys();
    let granted = json!({
        "AccessKeyId": id, "SecretAccessKey": key, "Token": "session", "Expiration": "2099-01-01T00:00:00Z",
    });
    let base = "/latest/meta-data/iam/security-credentials/";
    let is_session = request.header("x-aws-ec2-metadata-token") == "\"imds\"";
    match (request.method.as_str(), request.path.as_str()) {
        ("PUT", "/latest/api/token") => {
            assert_eq!(
                request.header("x-aws-ec2-metadata-token-ttl-seconds"),
                "21600"
            );
            (200, json!("imds"))
        }
        ("GET", path) if path == base && is_session => (200, json!("the-role")),
        ("GET", path) if is_session && path.starts_with(base) => (200, granted),
        ("GET", "/pod") if request.header("authorization") == "pod-token" => (200, granted),
        _ => (401, json!({})),
    }
}

#[test]
fn roles_of_instances_and_containers_are_used() {
    let Some(server) = shared() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let near = format!("http://127.0.0.1:{}", crate::contract::serve((), machine));
    let endpoint = format!("http://127.0.0.1:{}", server.port);
    std::fs::write(folder.path().join("pod-token"), "pod-token\n").expect("a file");
    let token_file = folder.path().join("pod-token").display().to_string();
    let login = |variables: &[(&str, &str)]| {
        let mut all = vec![
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", endpoint.as_str()),
            ("AWS_EC2_METADATA_SERVICE_ENDPOINT", near.as_str()),
        ];
        all.extend_from_slice(variables);
        let surroundings = surroundings(folder.path(), &all);
        store("aws-sm:us-east-1", &surroundings)
            .check()
            .map(|health| health.login)
    };
    assert_eq!(login(&[]), Ok("instance role".to_owned()));
    let pod = format!("{near}/pod");
    assert_eq!(
        login(&[
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", &pod),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", &token_file),
        ]),
        Ok("container role".to_owned())
    );
    let elsewhere = "http://192.0.2.1/pod";
    let error = login(&[("AWS_CONTAINER_CREDENTIALS_FULL_URI", elsewhere)]);
    let error = error.expect_err("another machine, without TLS");
    assert!(error.to_string().contains("another machine"), "{error}");
}

#[test]
fn who_asks_too_often_asks_again_later() {
    let folder = tempfile::tempdir().expect("a folder");
    let port = crate::contract::serve(0, |count: &mut u32, _| {
        *count += 1;
        match *count {
            1 | 2 => (400, serde_json::json!({"__type": "ThrottlingException"})),
            3 => (200, serde_json::json!({"SecretList": [{"Name": "app"}]})),
            _ => (500, serde_json::json!({})),
        }
    });
    let store = at(port, "aws-sm:us-east-1", folder.path());
    assert_eq!(store.list("").expect("the third time"), ["app"]);
}
