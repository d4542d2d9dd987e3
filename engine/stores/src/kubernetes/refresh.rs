//! Workloads that have to read again: a restart of their pods, or External Secrets that have to be fetched anew.
//!
//! <https://kubernetes.io/docs/reference/kubectl/generated/kubectl_rollout/kubectl_rollout_restart/>,
//! <https://external-secrets.io/latest/introduction/faq/>. Both are an annotation with the time; the value itself is not needed.

use leakward_core::Secret;
use leakward_core::time::rfc3339;
use reqwest::Method;
use serde_json::{Value, json};

use super::api::{Api, MERGE};
use super::secrets::OPTIONS;
use crate::consumer::{Consumer, Slot};
use crate::error::StoreError;
use crate::exposed::Json;
use crate::http::segment;
use crate::kind::{Kind, Opened};
use crate::spec::StoreSpec;
use crate::store::Health;
use crate::surroundings::Surroundings;

pub(crate) const RESTARTS: Kind = Kind {
    name: "k8s-restart",
    also: &[],
    about: "consumer: workloads of a namespace that are restarted, deployment/NAME",
    example: "k8s-restart:my-namespace",
    options: OPTIONS,
    open: |spec, surroundings| open(spec, surroundings, What::Restart),
};

pub(crate) const EXTERNAL_SECRETS: Kind = Kind {
    name: "k8s-external-secret",
    also: &[],
    about: "consumer: External Secrets of a namespace that are fetched again",
    example: "k8s-external-secret:my-namespace",
    options: OPTIONS,
    open: |spec, surroundings| open(spec, surroundings, What::ExternalSecret),
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Restart,
    ExternalSecret,
}

fn open(spec: &StoreSpec, surroundings: &Surroundings, what: What) -> Result<Opened, StoreError> {
    Ok(Opened::Consumer(Box::new(Refresh {
        api: Api::new(spec, surroundings)?,
        surroundings: surroundings.clone(),
        what,
    })))
}

/// Workloads of one namespace.
struct Refresh {
    api: Api,
    surroundings: Surroundings,
    what: What,
}

impl Refresh {
    /// Addresses of what can be refreshed: kind, and where it is listed.
    fn lists(&self) -> Vec<(&'static str, String)> {
        let namespace = segment(&self.api.namespace);
        match self.what {
            What::Restart => [
                ("deployment", "deployments"),
                ("statefulset", "statefulsets"),
                ("daemonset", "daemonsets"),
            ]
            .map(|(kind, list)| (kind, format!("/apis/apps/v1/namespaces/{namespace}/{list}")))
            .to_vec(),
            // Older installations know the beta version only.
            What::ExternalSecret => ["v1", "v1beta1"]
                .map(|version| {
                    let path = format!(
                        "/apis/external-secrets.io/{version}/namespaces/{namespace}/externalsecrets"
                    );
                    ("", path)
                })
                .to_vec(),
        }
    }

    fn patch(&self, path: &str, name: &str) -> Result<bool, StoreError> {
        let now = rfc3339(self.surroundings.now());
        let body = Json(match self.what {
            What::Restart => json!({"spec": {"template": {"metadata": {"annotations": {
                "kubectl.kubernetes.io/restartedAt": now,
            }}}}}),
            What::ExternalSecret => json!({"metadata": {"annotations": {"force-sync": now}}}),
        });
        let what = format!("refresh {name}");
        let body = Some((MERGE, &body));
        let answer = self.api.call(&Method::PATCH, path, body, &what)?;
        if answer.status == 404 {
            return Ok(false);
        }
        self.api.read(&answer, &what, name).map(|_| true)
    }
}

impl Consumer for Refresh {
    fn describe(&self) -> String {
        self.api.store.clone()
    }

    fn check(&self) -> Result<Health, StoreError> {
        let slots = self.slots()?.len();
        let what = match self.what {
            What::Restart => "workloads",
            What::ExternalSecret => "External Secrets",
        };
        Ok(Health {
            identity: self.api.identity.clone(),
            login: self.api.source.clone(),
            what: format!("{slots} {what} of the namespace {}", self.api.namespace),
        })
    }

    fn slots(&self) -> Result<Vec<Slot>, StoreError> {
        let mut found = Vec::new();
        for (kind, path) in self.lists() {
            let items = match self.api.items(&path, "list what can be refreshed") {
                // A cluster without External Secrets, or with one version of them.
                Err(StoreError::Absent { .. }) => continue,
                other => other?,
            };
            for item in items {
                let name = item.text("/metadata/name").unwrap_or_default();
                let name = if kind.is_empty() {
                    name.to_owned()
                } else {
                    format!("{kind}/{name}")
                };
                let changed_at = item
                    .0
                    .pointer("/status/refreshTime")
                    .and_then(Value::as_str)
                    .map(str::to_owned);
                found.push(Slot { name, changed_at });
            }
            if self.what == What::ExternalSecret {
                break;
            }
        }
        found.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(found)
    }

    fn deliver(&self, name: &str, _value: &Secret) -> Result<(), StoreError> {
        let (kind, object) = name.rsplit_once('/').unwrap_or(("", name));
        for (known, path) in self.lists() {
            if known == kind && self.patch(&format!("{path}/{}", segment(object)), name)? {
                return Ok(());
            }
        }
        Err(StoreError::Absent {
            store: self.api.store.clone(),
            path: name.to_owned(),
        })
    }
}
