//! Azure Key Vault's secrets.
//!
//! <https://learn.microsoft.com/en-us/rest/api/keyvault/secrets/>. The newest version is what applications read, so that a pending value is
//! a secret of its own. There is no compare-and-set: versions are compared before and after a write. When somebody else wrote in between,
//! their value is written again over ours, and the conflict is told. Tags and the content's type are carried over to new versions,
//! since a write without them would take them away; dates of expiry are not.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use leakward_core::time::rfc3339;
use reqwest::Method;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::credentials::Credentials;
use crate::document::{fields_of_payload, payload_with};
use crate::error::StoreError;
use crate::exposed::Json;
use crate::http::{Answer, Ask, Effect, Http, HttpSettings, segment};
use crate::kind::{Kind, Opened};
use crate::spec::StoreSpec;
use crate::stages::{self, Shelf, Slot, slot_name};
use crate::store::{Entry, Fields, Health, Metadata, Retirement, Select, Staged, Store, Version};
use crate::surroundings::Surroundings;

const API: &str = "api-version=7.4";

/// Says that a value was bytes; Key Vault holds texts.
const BINARY: &str = "application/octet-stream;base64";

pub(crate) const KIND: Kind = Kind {
    name: "azure-kv",
    also: &["azure-key-vault"],
    about: "an Azure Key Vault, by its name or address",
    example: "azure-kv:my-vault",
    options: &[
        (
            "client-id",
            "the application or identity; default AZURE_CLIENT_ID",
        ),
        ("tenant-id", "its tenant; default AZURE_TENANT_ID"),
        ("ca-file", "certificates in PEM to trust as well"),
        ("allow-http", "true: without TLS"),
    ],
    open,
};

fn open(spec: &StoreSpec, surroundings: &Surroundings) -> Result<Opened, StoreError> {
    AzureKeyVault::new(spec, surroundings).map(|store| Opened::Store(Box::new(store)))
}

/// The secrets of one vault.
pub struct AzureKeyVault {
    store: String,
    http: Http,
    credentials: Credentials,
    address: String,
}

/// A version as it was read.
struct Held {
    version: Version,
    payload: Zeroizing<Vec<u8>>,
    content_type: Option<String>,
    tags: Value,
}

impl AzureKeyVault {
    /// The vault that `spec` names.
    ///
    /// # Errors
    /// No vault, or an option that cannot be used. Nothing is sent yet.
    pub fn new(spec: &StoreSpec, surroundings: &Surroundings) -> Result<Self, StoreError> {
        let place = spec.place.trim_end_matches('/');
        let is_name = !place.is_empty()
            && place
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let address = if place.starts_with("https://") || place.starts_with("http://") {
            place.to_owned()
        } else if is_name {
            format!("https://{place}.vault.azure.net")
        } else {
            return Err(spec.wrong("a vault is named by its name or its address"));
        };
        let store = format!("azure-kv {place}");
        Ok(Self {
            http: Http::new(&store, &HttpSettings::of(spec, surroundings)?)?,
            credentials: Credentials::new(spec, surroundings, resource(&address)),
            address,
            store,
        })
    }

    fn call(
        &self,
        method: &Method,
        path: &str,
        body: Option<&Json>,
        what: &str,
    ) -> Result<Answer, StoreError> {
        let effect = if *method == Method::GET {
            Effect::Reads
        } else {
            Effect::Changes
        };
        let url = if path.starts_with("https://") || path.starts_with("http://") {
            path.to_owned()
        } else {
            let mark = if path.contains('?') { '&' } else { '?' };
            format!("{}{path}{mark}{API}", self.address)
        };
        let send = || {
            let token = self.credentials.token(&self.http)?;
            let ask = Ask::new(method.clone(), &url, effect).bearer(&token.secret);
            let ask = match body {
                Some(body) => ask.body("application/json", body.0.to_string().into_bytes()),
                None => ask,
            };
            self.http.send(&ask, what)
        };
        let answer = send()?;
        if answer.status != 401 {
            return Ok(answer);
        }
        self.credentials.forget();
        send()
    }

    fn refusal(&self, answer: &Answer, what: &str, path: &str, effect: Effect) -> StoreError {
        let store = self.store.clone();
        let what = what.to_owned();
        let code = answer.code("/error/code").unwrap_or_default();
        let inner = answer.code("/error/innererror/code").unwrap_or_default();
        match answer.status {
            401 => StoreError::LoggedOut { store, why: code },
            // The version is there and disabled: applications cannot read it.
            403 if inner == "SecretDisabled" => StoreError::Absent {
                store,
                path: path.to_owned(),
            },
            403 => StoreError::Denied { store, what },
            404 => StoreError::Absent {
                store,
                path: path.to_owned(),
            },
            429 | 503 => StoreError::Unavailable { store, why: code },
            500.. if effect == Effect::Changes => StoreError::OutcomeUnknown { store, what },
            500.. => StoreError::Unavailable {
                store,
                why: format!("it answers {} {code}", answer.status),
            },
            status => StoreError::Refused {
                store,
                what,
                why: format!("{code} {inner} ({status})"),
            },
        }
    }

    fn read_json(
        &self,
        answer: &Answer,
        what: &str,
        path: &str,
        effect: Effect,
    ) -> Result<Json, StoreError> {
        if !answer.is_ok() {
            return Err(self.refusal(answer, what, path, effect));
        }
        answer.json().ok_or_else(|| self.malformed(what))
    }

    fn malformed(&self, what: &str) -> StoreError {
        StoreError::Malformed {
            store: self.store.clone(),
            what: format!("{what}: the answer is not what it should be"),
        }
    }

    fn absent(&self, path: &str) -> StoreError {
        StoreError::Absent {
            store: self.store.clone(),
            path: path.to_owned(),
        }
    }

    /// A version; an empty text means the newest.
    fn held(&self, path: &str, version: &str) -> Result<Held, StoreError> {
        let what = format!("read {path}");
        let url = format!("/secrets/{}/{}", segment(path), segment(version));
        let answer = self.call(&Method::GET, url.trim_end_matches('/'), None, &what)?;
        // A version's id that Key Vault cannot understand.
        if answer.status == 400 && !version.is_empty() {
            return Err(self.absent(path));
        }
        let json = self.read_json(&answer, &what, path, Effect::Reads)?;
        let (Some(value), Some(id)) = (json.text("/value"), json.text("/id")) else {
            return Err(self.malformed(&what));
        };
        let content_type = json.text("/contentType").map(str::to_owned);
        let payload = if content_type.as_deref() == Some(BINARY) {
            STANDARD.decode(value).map_err(|_| self.malformed(&what))?
        } else {
            value.as_bytes().to_vec()
        };
        Ok(Held {
            version: Version(last_part(id).to_owned()),
            payload: Zeroizing::new(payload),
            content_type,
            tags: json.0.get("tags").cloned().unwrap_or_else(|| json!({})),
        })
    }

    /// Writes a new version; returns its id.
    fn set(
        &self,
        name: &str,
        payload: &[u8],
        content_type: Option<&str>,
        tags: &Value,
    ) -> Result<Version, StoreError> {
        let what = format!("write {name}");
        let mut body = Json(match std::str::from_utf8(payload) {
            Ok(text) if content_type != Some(BINARY) => json!({"value": text, "tags": tags}),
            _ => json!({"value": STANDARD.encode(payload), "contentType": BINARY, "tags": tags}),
        });
        if let (Some(kind), Some(map)) = (content_type, body.0.as_object_mut()) {
            map.entry("contentType").or_insert_with(|| json!(kind));
        }
        let url = format!("/secrets/{}", segment(name));
        let answer = self.call(&Method::PUT, &url, Some(&body), &what)?;
        let json = self.read_json(&answer, &what, name, Effect::Changes)?;
        json.text("/id")
            .map(|id| Version(last_part(id).to_owned()))
            .ok_or_else(|| StoreError::OutcomeUnknown {
                store: self.store.clone(),
                what,
            })
    }

    /// All pages of a listing.
    fn pages(&self, first: &str, what: &str, path: &str) -> Result<Vec<Value>, StoreError> {
        let mut url = first.to_owned();
        let mut found = Vec::new();
        loop {
            let answer = self.call(&Method::GET, &url, None, what)?;
            let json = self.read_json(&answer, what, path, Effect::Reads)?;
            let list = json.0.get("value").and_then(Value::as_array);
            found.extend(list.into_iter().flatten().cloned());
            match json.text("/nextLink").filter(|next| !next.is_empty()) {
                // Our token goes nowhere else.
                Some(next) if next.starts_with(&format!("{}/", self.address)) => {
                    next.clone_into(&mut url);
                }
                Some(_) => return Err(self.malformed(what)),
                None => return Ok(found),
            }
        }
    }

    /// Enabled versions, newest first, and when each was made.
    fn enabled(&self, path: &str) -> Result<Vec<(u64, String)>, StoreError> {
        let what = format!("list the versions of {path}");
        let first = format!("/secrets/{}/versions", segment(path));
        let mut found: Vec<(u64, String)> = self
            .pages(&first, &what, path)?
            .iter()
            .filter(|version| version.pointer("/attributes/enabled") != Some(&Value::Bool(false)))
            .filter_map(|version| {
                let created = version.pointer("/attributes/created")?.as_u64()?;
                Some((created, last_part(version.get("id")?.as_str()?).to_owned()))
            })
            .collect();
        found.sort_by_key(|(created, _)| std::cmp::Reverse(*created));
        Ok(found)
    }

    /// Enabled versions with the one that applications read in front: two of one second cannot be told apart by their dates.
    fn ordered(&self, path: &str) -> Result<Vec<String>, StoreError> {
        let current = self.held(path, "")?.version.0;
        let mut ids: Vec<String> = self.enabled(path)?.into_iter().map(|(_, id)| id).collect();
        if let Some(at) = ids.iter().position(|id| *id == current) {
            let current = ids.remove(at);
            ids.insert(0, current);
        }
        Ok(ids)
    }

    fn made_payload(
        &self,
        path: &str,
        before: Option<&[u8]>,
        fields: &Fields,
    ) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        payload_with(before, fields).map_err(|error| StoreError::Unsupported {
            store: self.store.clone(),
            what: format!("hold this at {path}: {error}"),
        })
    }

    fn put_new(&self, path: &str, fields: &Fields) -> Result<Version, StoreError> {
        match self.held(path, "") {
            Err(StoreError::Absent { .. }) => {}
            Ok(found) => return Err(stages::exists(self, path, &found.version.0)),
            Err(error) => return Err(error),
        }
        let payload = self.made_payload(path, None, fields)?;
        self.set(path, &payload, None, &json!({}))
    }

    /// Versions that are there now and were not before, other than ours.
    fn others(
        &self,
        path: &str,
        known: &BTreeSet<String>,
        ours: &Version,
    ) -> Result<Option<String>, StoreError> {
        let now = self.enabled(path)?;
        Ok(now
            .into_iter()
            .map(|(_, id)| id)
            .find(|id| *id != ours.0 && !known.contains(id)))
    }
}

/// For whom a token must be to be accepted by a vault.
fn resource(address: &str) -> &'static str {
    let host = address.split("://").nth(1).unwrap_or_default();
    let host = host.split(['/', ':']).next().unwrap_or_default();
    [
        (".vault.azure.cn", "https://vault.azure.cn"),
        (
            ".vault.usgovcloudapi.net",
            "https://vault.usgovcloudapi.net",
        ),
        (".managedhsm.azure.net", "https://managedhsm.azure.net"),
    ]
    .iter()
    .find(|(suffix, _)| host.ends_with(suffix))
    .map_or("https://vault.azure.net", |(_, resource)| resource)
}

fn last_part(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

fn is_shelf(name: &str) -> bool {
    name.starts_with("leakward-pending-") || name.starts_with("leakward-previous-")
}

impl Shelf for AzureKeyVault {
    fn shelve(&self, path: &str, slot: Slot<'_>, fields: &Fields) -> Result<(), StoreError> {
        if self.shelved(path, slot)?.is_some() {
            return Ok(());
        }
        let name = slot_name(path, slot);
        let payload = self.made_payload(&name, None, fields)?;
        self.set(&name, &payload, None, &json!({"leakward": "pending"}))
            .map(|_| ())
    }

    fn shelved(&self, path: &str, slot: Slot<'_>) -> Result<Option<Fields>, StoreError> {
        match self.held(&slot_name(path, slot), "") {
            Ok(held) => Ok(Some(fields_of_payload(&held.payload))),
            Err(StoreError::Absent { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn unshelve(&self, path: &str, slot: Slot<'_>) -> Result<(), StoreError> {
        let name = slot_name(path, slot);
        let what = format!("delete {name}");
        let url = format!("/secrets/{}", segment(&name));
        let answer = self.call(&Method::DELETE, &url, None, &what)?;
        if !(answer.is_ok() || answer.status == 404) {
            return Err(self.refusal(&answer, &what, &name, Effect::Changes));
        }
        // A deleted secret can be brought back for weeks. Whoever may purge does; nobody else has to.
        let url = format!("/deletedsecrets/{}", segment(&name));
        self.call(&Method::DELETE, &url, None, &what).map(|_| ())
    }
}

impl Store for AzureKeyVault {
    fn describe(&self) -> String {
        self.store.clone()
    }

    fn check(&self) -> Result<Health, StoreError> {
        let token = self.credentials.token(&self.http)?;
        let what = "list one secret";
        let answer = self.call(&Method::GET, "/secrets?maxresults=1", None, what)?;
        self.read_json(&answer, what, "", Effect::Reads)?;
        Ok(Health {
            identity: token.identity,
            login: token.source,
            what: "Azure Key Vault".to_owned(),
        })
    }

    fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let mut found: Vec<String> = self
            .pages("/secrets?maxresults=25", "list the secrets", "")?
            .iter()
            .filter_map(|secret| secret.get("id")?.as_str())
            .map(last_part)
            .filter(|name| name.starts_with(prefix) && !is_shelf(name))
            .map(str::to_owned)
            .collect();
        found.sort_unstable();
        Ok(found)
    }

    fn metadata(&self, path: &str) -> Result<Metadata, StoreError> {
        let held = self.held(path, "")?;
        let made = self.enabled(path)?;
        let made = made.iter().find(|(_, id)| *id == held.version.0);
        let tags: BTreeMap<String, String> = held
            .tags
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
            .collect();
        Ok(Metadata {
            changed_at: made.map(|(created, _)| rfc3339(*created)),
            current: Some(held.version),
            tags,
        })
    }

    fn versions(&self, path: &str) -> Result<Vec<Version>, StoreError> {
        Ok(self.ordered(path)?.into_iter().map(Version).collect())
    }

    fn read(&self, path: &str, select: &Select) -> Result<Entry, StoreError> {
        let version = match select {
            Select::Current => String::new(),
            Select::Exactly(version) => version.0.clone(),
            Select::Previous => self
                .ordered(path)?
                .into_iter()
                .nth(1)
                .ok_or_else(|| self.absent(path))?,
        };
        let held = self.held(path, &version)?;
        Ok(Entry {
            version: held.version,
            fields: fields_of_payload(&held.payload),
        })
    }

    fn put(
        &self,
        path: &str,
        fields: &Fields,
        expected: Option<&Version>,
    ) -> Result<Version, StoreError> {
        let Some(expected) = expected else {
            return self.put_new(path, fields);
        };
        let before = match self.held(path, "") {
            Err(StoreError::Absent { .. }) => {
                return Err(stages::conflict(self, path, expected, "none"));
            }
            other => other?,
        };
        if before.version != *expected {
            return Err(stages::conflict(self, path, expected, &before.version.0));
        }
        let known: BTreeSet<String> = self.enabled(path)?.into_iter().map(|(_, id)| id).collect();
        let payload = self.made_payload(path, Some(&before.payload), fields)?;
        let made = self.set(path, &payload, before.content_type.as_deref(), &before.tags)?;
        let Some(other) = self.others(path, &known, &made)? else {
            return Ok(made);
        };
        if self.held(path, "")?.version == made {
            let theirs = self.held(path, &other)?;
            let kind = theirs.content_type.as_deref();
            self.set(path, &theirs.payload, kind, &theirs.tags)?;
        }
        Err(stages::conflict(self, path, expected, &other))
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

    /// A version can be disabled, and never destroyed by itself.
    fn retire(
        &self,
        path: &str,
        version: &Version,
        retirement: Retirement,
    ) -> Result<(), StoreError> {
        if self.held(path, "")?.version == *version {
            return Err(stages::conflict(
                self,
                path,
                version,
                "that it is the current one",
            ));
        }
        let what = format!("disable version {} of {path}", version.0);
        if retirement == Retirement::Destroy {
            return Err(StoreError::Unsupported {
                store: self.store.clone(),
                what: format!("destroy one version of {path}; it can be disabled"),
            });
        }
        let url = format!("/secrets/{}/{}", segment(path), segment(&version.0));
        let body = Json(json!({"attributes": {"enabled": false}}));
        let answer = self.call(&Method::PATCH, &url, Some(&body), &what)?;
        if answer.is_ok() {
            Ok(())
        } else {
            Err(self.refusal(&answer, &what, path, Effect::Changes))
        }
    }
}
