//! Kubernetes Secrets of a namespace.
//!
//! A version is the `resourceVersion`, and a patch that names it changes nothing when another one is current: compare-and-set by the server.
//! Kubernetes keeps no earlier versions; what was current before, and what waits, are Secrets of their own with the label
//! `app.kubernetes.io/managed-by: leakward`, which no workload mounts. An immutable Secret is not changed.
//!
//! Who reads a Secret is found in the pod templates of the namespace.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use leakward_core::Secret;
use reqwest::Method;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::api::{Api, MERGE};
use crate::error::StoreError;
use crate::exposed::{Json, bytes};
use crate::http::segment;
use crate::kind::{Kind, Opened};
use crate::spec::StoreSpec;
use crate::stages::{self, Shelf, Slot, slot_name};
use crate::store::{Entry, Fields, Health, Metadata, Retirement, Select, Staged, Store, Version};
use crate::surroundings::Surroundings;

pub(crate) const KIND: Kind = Kind {
    name: "k8s",
    also: &["kubernetes"],
    about: "the Secrets of a Kubernetes namespace",
    example: "k8s:my-namespace",
    options: OPTIONS,
    open,
};

pub(super) const OPTIONS: &[(&str, &str)] = &[
    (
        "kubeconfig",
        "the file; default KUBECONFIG, the pod's service account, ~/.kube/config",
    ),
    (
        "context",
        "the context of the kubeconfig; default the current one",
    ),
    ("allow-http", "true: without TLS"),
];

/// The label of Secrets that are ours and no entries.
const OURS: (&str, &str) = ("app.kubernetes.io/managed-by", "leakward");

/// Types of Secrets that Kubernetes or Helm make for themselves.
const NOT_ENTRIES: [&str; 3] = [
    "kubernetes.io/service-account-token",
    "bootstrap.kubernetes.io/token",
    "helm.sh/release.v1",
];

/// Holds the whole Secret as it was applied, with its values.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// For how long it is remembered which workloads there are.
const REMEMBERED: Duration = Duration::from_secs(30);

fn open(spec: &StoreSpec, surroundings: &Surroundings) -> Result<Opened, StoreError> {
    KubernetesSecrets::new(spec, surroundings).map(|store| Opened::Store(Box::new(store)))
}

type Readers = BTreeMap<String, Vec<String>>;

/// The Secrets of one namespace.
pub struct KubernetesSecrets {
    api: Api,
    readers: Mutex<Option<(Instant, Readers)>>,
}

impl KubernetesSecrets {
    /// The namespace that `spec` names.
    ///
    /// # Errors
    /// No cluster is known, or its configuration cannot be used. Nothing is sent yet.
    pub fn new(spec: &StoreSpec, surroundings: &Surroundings) -> Result<Self, StoreError> {
        Ok(Self {
            api: Api::new(spec, surroundings)?,
            readers: Mutex::new(None),
        })
    }

    fn url(&self, name: &str) -> String {
        let all = format!(
            "/api/v1/namespaces/{}/secrets",
            segment(&self.api.namespace)
        );
        if name.is_empty() {
            all
        } else {
            format!("{all}/{}", segment(name))
        }
    }

    fn absent(&self, path: &str) -> StoreError {
        StoreError::Absent {
            store: self.api.store.clone(),
            path: path.to_owned(),
        }
    }

    fn object(&self, name: &str) -> Result<Json, StoreError> {
        let what = format!("read {name}");
        let answer = self.api.call(&Method::GET, &self.url(name), None, &what)?;
        self.api.read(&answer, &what, name)
    }

    /// The Secret that is an entry.
    fn entry_object(&self, path: &str) -> Result<Json, StoreError> {
        let object = self.object(path)?;
        if is_entry(&object) {
            Ok(object)
        } else {
            Err(self.absent(path))
        }
    }

    fn version(&self, object: &Json) -> Result<Version, StoreError> {
        object
            .text("/metadata/resourceVersion")
            .map(|version| Version(version.to_owned()))
            .ok_or_else(|| StoreError::Malformed {
                store: self.api.store.clone(),
                what: "a Secret without resourceVersion".to_owned(),
            })
    }

    fn create(&self, name: &str, labels: &Value, fields: &Fields) -> Result<Made, StoreError> {
        let what = format!("create {name}");
        let body = Json(json!({
            "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
            "metadata": {"name": name, "labels": labels}, "data": data_of(fields),
        }));
        let body = Some(("application/json", &body));
        let answer = self.api.call(&Method::POST, &self.url(""), body, &what)?;
        if answer.status == 409 {
            return Ok(Made::WasThere);
        }
        let object = self.api.read(&answer, &what, name)?;
        Ok(Made::New(self.version(&object)?))
    }

    fn delete(&self, name: &str) -> Result<(), StoreError> {
        let what = format!("delete {name}");
        let answer = self
            .api
            .call(&Method::DELETE, &self.url(name), None, &what)?;
        if answer.is_ok() || answer.status == 404 {
            Ok(())
        } else {
            Err(self.api.refusal(&answer, &what, name))
        }
    }

    /// Which workloads of the namespace use a Secret.
    fn readers_of(&self, path: &str) -> Result<Vec<String>, StoreError> {
        let mut held = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, readers)) = held.as_ref()
            && at.elapsed() < REMEMBERED
        {
            return Ok(readers.get(path).cloned().unwrap_or_default());
        }
        let readers = self.all_readers()?;
        let found = readers.get(path).cloned().unwrap_or_default();
        *held = Some((Instant::now(), readers));
        Ok(found)
    }

    fn all_readers(&self) -> Result<Readers, StoreError> {
        let mut readers = Readers::new();
        for (kind, list) in [
            ("deployment", "deployments"),
            ("statefulset", "statefulsets"),
            ("daemonset", "daemonsets"),
        ] {
            let path = format!(
                "/apis/apps/v1/namespaces/{}/{list}",
                segment(&self.api.namespace)
            );
            let items = match self.api.items(&path, &format!("list the {list}")) {
                Ok(items) => items,
                // Whoever may read Secrets need not be allowed to see workloads.
                Err(StoreError::Denied { .. } | StoreError::Absent { .. }) => continue,
                Err(error) => return Err(error),
            };
            for item in items {
                let name = item.text("/metadata/name").unwrap_or_default();
                let mut used = Vec::new();
                if let Some(template) = item.0.pointer("/spec/template/spec") {
                    secrets_in(template, &mut used);
                }
                used.sort_unstable();
                used.dedup();
                for secret in used {
                    readers
                        .entry(secret)
                        .or_default()
                        .push(format!("{kind}/{name}"));
                }
            }
        }
        Ok(readers)
    }
}

enum Made {
    New(Version),
    WasThere,
}

fn is_entry(object: &Json) -> bool {
    let kind = object.text("/type").unwrap_or_default();
    let labels = object.0.pointer("/metadata/labels");
    let is_ours = labels.and_then(|labels| labels.get(OURS.0)?.as_str()) == Some(OURS.1)
        && object
            .text("/metadata/name")
            .is_some_and(|name| name.starts_with("leakward-"));
    !is_ours && !NOT_ENTRIES.contains(&kind)
}

/// Names of Secrets in a pod template: volumes, variables, pull secrets.
fn secrets_in(value: &Value, used: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                let name = match key.as_str() {
                    "secretName" => inner.as_str(),
                    "secretRef" | "secretKeyRef" | "secret" => {
                        inner.get("name").and_then(Value::as_str)
                    }
                    _ => None,
                };
                used.extend(name.map(str::to_owned));
                if key == "imagePullSecrets" {
                    let list = inner.as_array().into_iter().flatten();
                    used.extend(
                        list.filter_map(|one| one.get("name")?.as_str().map(str::to_owned)),
                    );
                }
                secrets_in(inner, used);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| secrets_in(item, used)),
        _ => {}
    }
}

fn data_of(fields: &Fields) -> Map<String, Value> {
    fields
        .iter()
        .map(|(name, value)| (name.clone(), json!(STANDARD.encode(bytes(value)))))
        .collect()
}

fn fields_of(object: &Json) -> Option<Fields> {
    let data = object.0.get("data").and_then(Value::as_object);
    data.into_iter()
        .flatten()
        .map(|(name, value)| {
            let decoded = Zeroizing::new(STANDARD.decode(value.as_str()?).ok()?);
            Some((name.clone(), Secret::new(&decoded)))
        })
        .collect()
}

impl KubernetesSecrets {
    fn fields(&self, object: &Json, path: &str) -> Result<Fields, StoreError> {
        fields_of(object).ok_or_else(|| StoreError::Malformed {
            store: self.api.store.clone(),
            what: format!("{path}: its data is no base64"),
        })
    }
}

impl Shelf for KubernetesSecrets {
    fn shelve(&self, path: &str, slot: Slot<'_>, fields: &Fields) -> Result<(), StoreError> {
        let name = slot_name(path, slot);
        let labels = json!({OURS.0: OURS.1});
        match self.create(&name, &labels, fields)? {
            Made::New(_) => Ok(()),
            Made::WasThere if slot == Slot::Previous => {
                let what = format!("write {name}");
                let body = Json(json!({
                    "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
                    "metadata": {"name": name, "labels": labels}, "data": data_of(fields),
                }));
                let body = Some(("application/json", &body));
                let answer = self.api.call(&Method::PUT, &self.url(&name), body, &what)?;
                self.api.read(&answer, &what, &name).map(|_| ())
            }
            Made::WasThere => Ok(()),
        }
    }

    fn shelved(&self, path: &str, slot: Slot<'_>) -> Result<Option<Fields>, StoreError> {
        let name = slot_name(path, slot);
        match self.object(&name) {
            Ok(object) => self.fields(&object, &name).map(Some),
            Err(StoreError::Absent { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn unshelve(&self, path: &str, slot: Slot<'_>) -> Result<(), StoreError> {
        self.delete(&slot_name(path, slot))
    }
}

impl Store for KubernetesSecrets {
    fn describe(&self) -> String {
        self.api.store.clone()
    }

    fn check(&self) -> Result<Health, StoreError> {
        let what = "list one Secret";
        let url = format!("{}?limit=1", self.url(""));
        let answer = self.api.call(&Method::GET, &url, None, what)?;
        self.api.read(&answer, what, "")?;
        Ok(Health {
            identity: self.api.identity.clone(),
            login: self.api.source.clone(),
            what: format!("Secrets of the namespace {}", self.api.namespace),
        })
    }

    fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let mut found: Vec<String> = self
            .api
            .items(&self.url(""), "list the Secrets")?
            .iter()
            .filter(|object| is_entry(object))
            .filter_map(|object| object.text("/metadata/name"))
            .filter(|name| name.starts_with(prefix))
            .map(str::to_owned)
            .collect();
        found.sort_unstable();
        Ok(found)
    }

    fn metadata(&self, path: &str) -> Result<Metadata, StoreError> {
        let object = self.entry_object(path)?;
        let mut tags = BTreeMap::new();
        for place in ["/metadata/labels", "/metadata/annotations"] {
            let map = object.0.pointer(place).and_then(Value::as_object);
            tags.extend(
                map.into_iter()
                    .flatten()
                    .filter(|(name, _)| *name != LAST_APPLIED)
                    .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))),
            );
        }
        let readers = self.readers_of(path)?;
        if !readers.is_empty() {
            let listed = tags.entry("leakward-consumers".to_owned()).or_default();
            let more: Vec<String> = readers
                .iter()
                .map(|reader| format!("k8s-restart:{}#{reader}", self.api.namespace))
                .collect();
            *listed = format!("{listed} {}", more.join(" ")).trim().to_owned();
        }
        let writes = object.0.pointer("/metadata/managedFields");
        let newest = writes
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|write| write.get("time")?.as_str())
            .max();
        Ok(Metadata {
            current: Some(self.version(&object)?),
            changed_at: newest
                .or_else(|| object.text("/metadata/creationTimestamp"))
                .map(str::to_owned),
            tags,
        })
    }

    fn read(&self, path: &str, select: &Select) -> Result<Entry, StoreError> {
        if *select == Select::Previous {
            return stages::previous(self, path);
        }
        let object = self.entry_object(path)?;
        let version = self.version(&object)?;
        if let Select::Exactly(wanted) = select
            && *wanted != version
        {
            return stages::exactly_previous(self, path, wanted);
        }
        Ok(Entry {
            fields: self.fields(&object, path)?,
            version,
        })
    }

    fn put(
        &self,
        path: &str,
        fields: &Fields,
        expected: Option<&Version>,
    ) -> Result<Version, StoreError> {
        let Some(expected) = expected else {
            return match self.create(path, &json!({}), fields)? {
                Made::New(version) => Ok(version),
                Made::WasThere => Err(stages::exists(self, path, "one")),
            };
        };
        let object = match self.entry_object(path) {
            Err(StoreError::Absent { .. }) => {
                return Err(stages::conflict(self, path, expected, "none"));
            }
            other => other?,
        };
        let found = self.version(&object)?;
        if found != *expected {
            return Err(stages::conflict(self, path, expected, &found.0));
        }
        if object.0.get("immutable") == Some(&Value::Bool(true)) {
            return Err(StoreError::Unsupported {
                store: self.api.store.clone(),
                what: format!(
                    "change {path}: it is immutable, and has to be replaced under another name"
                ),
            });
        }
        let before = self.fields(&object, path)?;
        self.shelve(path, Slot::Previous, &stages::wrap(&found, &before))?;
        let mut data = data_of(fields);
        // A merge patch takes away what it sets to null.
        for name in before.keys().filter(|name| !fields.contains_key(*name)) {
            data.insert(name.clone(), Value::Null);
        }
        let what = format!("write {path}");
        let body = Json(json!({"metadata": {"resourceVersion": expected.0}, "data": data}));
        let answer = self
            .api
            .call(&Method::PATCH, &self.url(path), Some((MERGE, &body)), &what)?;
        if answer.status == 409 {
            return Err(stages::conflict(self, path, expected, "another"));
        }
        let object = self.api.read(&answer, &what, path)?;
        self.version(&object)
    }

    fn stage(
        &self,
        path: &str,
        id: &str,
        fields: &Fields,
        expected: &Version,
    ) -> Result<Staged, StoreError> {
        stages::stage(self, path, id, fields, expected)
    }

    fn staged(&self, path: &str, id: &str) -> Result<Option<(Staged, Fields)>, StoreError> {
        stages::staged(self, path, id)
    }

    fn promote(&self, path: &str, staged: &Staged) -> Result<Version, StoreError> {
        stages::promote(self, path, staged)
    }

    fn discard(&self, path: &str, staged: &Staged) -> Result<(), StoreError> {
        self.unshelve(path, Slot::Pending(&staged.id))
    }

    fn roll_back(
        &self,
        path: &str,
        to: &Version,
        expected: &Version,
    ) -> Result<Version, StoreError> {
        stages::roll_back(self, path, to, expected)
    }

    fn retire(
        &self,
        path: &str,
        version: &Version,
        _retirement: Retirement,
    ) -> Result<(), StoreError> {
        stages::retire_previous(self, path, version)
    }
}
