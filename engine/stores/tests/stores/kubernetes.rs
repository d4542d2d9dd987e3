//! Kubernetes, by its documented contract.

use std::collections::BTreeMap;
use std::path::Path;

use leakward_core::Secret;
use leakward_stores::{Consumer, Fields, Opened, Select, Store, StoreError, StoreSpec};
use serde_json::{Value, json};

use crate::contract::{Request, changes, serve};
use crate::laws::{Bench, hold};
use crate::lossy::Lossy;
use crate::{random, store, surroundings};

#[derive(Default)]
struct Cluster {
    count: u64,
    objects: BTreeMap<String, Value>,
}

fn status(code: u16, reason: &str) -> (u16, Value) {
    (
        code,
        json!({"kind": "Status", "status": "Failure", "reason": reason, "code": code}),
    )
}

fn merge(into: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *into = patch.clone();
        return;
    };
    if !into.is_object() {
        *into = json!({});
    }
    let map = into.as_object_mut().expect("an object");
    for (key, value) in patch {
        if value.is_null() {
            map.shift_remove(key);
        } else {
            merge(map.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}

fn answer(cluster: &mut Cluster, request: &Request) -> (u16, Value) {
    match request.bearer() {
        "good" => {}
        "blind" => return status(403, "Forbidden"),
        _ => return status(401, "Unauthorized"),
    }
    let body = request.json();
    let next = cluster.count + 1;
    let version = |object: &Value| object["metadata"]["resourceVersion"].clone();
    match request.method.as_str() {
        "GET" => {
            if let Some(object) = cluster.objects.get(&request.path) {
                return (200, object.clone());
            }
            let folder = format!("{}/", request.path);
            let is_list = ["secrets", "deployments", "statefulsets", "daemonsets"]
                .iter()
                .any(|list| request.path.ends_with(list))
                || (request
                    .path
                    .ends_with("/v1/namespaces/prod/externalsecrets"));
            if !is_list {
                return status(404, "NotFound");
            }
            let items: Vec<&Value> = cluster
                .objects
                .range(folder.clone()..)
                .take_while(|(path, _)| path.starts_with(&folder))
                .map(|(_, object)| object)
                .collect();
            (200, json!({"kind": "List", "metadata": {}, "items": items}))
        }
        "POST" => create(cluster, &request.path, body),
        "DELETE" => match cluster.objects.remove(&request.path) {
            Some(_) => (200, json!({"kind": "Status", "status": "Success"})),
            None => status(404, "NotFound"),
        },
        method => {
            let Some(object) = cluster.objects.get_mut(&request.path) else {
                return status(404, "NotFound");
            };
            let wanted = version(&body);
            if !wanted.is_null() && wanted != version(object) {
                return status(409, "Conflict");
            }
            if method == "PUT" {
                *object = body;
            } else {
                assert_eq!(
                    request.header("content-type"),
                    "application/merge-patch+json"
                );
                merge(object, &body);
            }
            object["metadata"]["resourceVersion"] = json!(next.to_string());
            cluster.count = next;
            (200, object.clone())
        }
    }
}

fn create(cluster: &mut Cluster, list: &str, body: Value) -> (u16, Value) {
    let name = body["metadata"]["name"].as_str().expect("a name");
    assert!(
        name.bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b)),
        "{name} is no name of an object"
    );
    for key in body["data"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, _)| key)
    {
        assert!(
            key.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)),
            "{key} is no key of a Secret"
        );
    }
    let path = format!("{list}/{name}");
    if cluster.objects.contains_key(&path) {
        return status(409, "AlreadyExists");
    }
    let mut object = body;
    object["metadata"]["resourceVersion"] = json!((cluster.count + 1).to_string());
    object["metadata"]["creationTimestamp"] = json!("2026-01-01T00:00:00Z");
    cluster.count += 1;
    cluster.objects.insert(path, object.clone());
    (201, object)
}

/// A kubeconfig for somebody.
fn kubeconfig(port: u16, token: &str, folder: &Path) -> String {
    let file = folder.join(format!("{token}-{port}.yaml"));
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts:\n- name: c\n  context: {{cluster: k, user: u, namespace: prod}}\nclusters:\n- name: k\n  cluster:\n    server: http://127.0.0.1:{port}\nusers:\n- name: u\n  user:\n    token: {token}\n"
    );
    std::fs::write(&file, text).expect("a file");
    file.display().to_string()
}

fn at(port: u16, token: &str, folder: &Path) -> Box<dyn Store> {
    let file = kubeconfig(port, token, folder);
    store("k8s:prod", &surroundings(folder, &[("KUBECONFIG", &file)]))
}

fn consumer(port: u16, text: &str, folder: &Path) -> Box<dyn Consumer> {
    let file = kubeconfig(port, "good", folder);
    let spec: StoreSpec = text.parse().expect(text);
    match leakward_stores::open(&spec, &surroundings(folder, &[("KUBECONFIG", &file)])) {
        Ok(Opened::Consumer(consumer)) => consumer,
        _ => panic!("{text} is a consumer"),
    }
}

#[test]
fn kubernetes_secrets_keep_every_law() {
    let folder = tempfile::tempdir().expect("a folder");
    let port = serve(Cluster::default(), answer);
    let way = Lossy::before(port, |request| {
        changes(request) && !request.contains("leakward-previous")
    });
    let ours = at(port, "good", folder.path());
    let lossy = at(way.port, "good", folder.path());
    let blind = at(port, "blind", folder.path());
    hold(
        "Kubernetes Secrets",
        &Bench {
            store: &*ours,
            path: |name| format!("laws-{name}"),
            is_atomic: true,
            lossy: Some((&*lossy, &way)),
            denied: Some(&*blind),
            holds_lines: true,
        },
    );
    let error = at(port, "nobody", folder.path()).check().expect_err("401");
    assert!(matches!(error, StoreError::LoggedOut { .. }), "{error:?}");
}

#[test]
fn an_immutable_secret_is_left_alone_and_its_readers_are_known() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut cluster = Cluster::default();
    let base = "/api/v1/namespaces/prod/secrets";
    let secret = json!({
        "kind": "Secret", "type": "Opaque", "immutable": true, "data": {"password": "dmFsdWU="},
        "metadata": {
            "name": "fixed", "resourceVersion": "7", "labels": {"team": "payments"},
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "canary"},
        },
    });
    cluster.objects.insert(format!("{base}/fixed"), secret);
    let helm =
        json!({"type": "helm.sh/release.v1", "metadata": {"name": "helm", "resourceVersion": "1"}});
    cluster.objects.insert(format!("{base}/helm"), helm);
    let apps = "/apis/apps/v1/namespaces/prod";
    let workload = json!({"metadata": {"name": "app"}, "spec": {"template": {"spec": {"containers": [
        {"envFrom": [{"secretRef": {"name": "fixed"}}]},
    ]}}}});
    cluster
        .objects
        .insert(format!("{apps}/deployments/app"), workload);
    let port = serve(cluster, answer);
    let store = at(port, "good", folder.path());
    assert_eq!(store.list("").expect("a list"), ["fixed"]);
    let metadata = store.metadata("fixed").expect("metadata");
    assert!(!format!("{metadata:?}").contains("canary"));
    assert_eq!(
        leakward_stores::consumers(&metadata.tags),
        ["k8s-restart:prod#deployment/app"]
    );
    let entry = store.read("fixed", &Select::Current).expect("read");
    let fields = Fields::from([("password".to_owned(), Secret::new(random(9).as_bytes()))]);
    let error = store
        .put("fixed", &fields, Some(&entry.version))
        .expect_err("immutable");
    assert!(matches!(error, StoreError::Unsupported { .. }), "{error:?}");
    assert!(error.to_string().contains("immutable"), "{error}");

    let restarts = consumer(port, "k8s-restart:prod", folder.path());
    let slots = restarts.slots().expect("slots");
    assert_eq!(slots[0].name, "deployment/app");
    restarts
        .deliver("deployment/app", &Secret::new(b"not needed"))
        .expect("restarted");
    let error = restarts
        .deliver("deployment/nobody", &Secret::new(b""))
        .expect_err("nobody");
    assert!(matches!(error, StoreError::Absent { .. }), "{error:?}");
}

#[test]
fn an_external_secret_is_fetched_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut cluster = Cluster::default();
    let path = "/apis/external-secrets.io/v1/namespaces/prod/externalsecrets/app";
    cluster.objects.insert(
        path.to_owned(),
        json!({"metadata": {"name": "app", "resourceVersion": "1"}}),
    );
    let port = serve(cluster, answer);
    let synced = consumer(port, "k8s-external-secret:prod", folder.path());
    synced
        .deliver("app", &Secret::new(b"not needed"))
        .expect("annotated");
    let seen = reqwest::blocking::Client::new()
        .get(format!("http://127.0.0.1:{port}{path}"))
        .bearer_auth("good")
        .send()
        .and_then(reqwest::blocking::Response::text)
        .expect("the object");
    let seen: Value = serde_json::from_str(&seen).expect("JSON");
    assert!(
        seen["metadata"]["annotations"]["force-sync"].is_string(),
        "{seen}"
    );
}
