//! Google Secret Manager.
//!
//! <https://cloud.google.com/secret-manager/docs/reference/rest>. Versions are numbered one after the other, and applications read
//! `latest`, so that a new version is current at once: a pending value is a secret of its own. There is no compare-and-set; the
//! version that a write made must be the one after the expected one. When it is not, somebody else wrote in between: their
//! value is written again over ours, and the conflict is told.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
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
use crate::time::whole_seconds;

pub(crate) const KIND: Kind = Kind {
    name: "gcp-sm",
    also: &["gcp-secret-manager"],
    about: "Google Secret Manager of a project",
    example: "gcp-sm:my-project",
    options: &[
        (
            "credentials-file",
            "a file of credentials; default GOOGLE_APPLICATION_CREDENTIALS, gcloud's login, the metadata server",
        ),
        ("location", "a region, for regional secrets"),
        ("endpoint", "another address of the service"),
        ("ca-file", "certificates in PEM to trust as well"),
        ("allow-http", "true: without TLS"),
    ],
    open,
};

/// The label that says what a secret is for; a pending one is no entry.
const SHELF: &str = "leakward-";

fn open(spec: &StoreSpec, surroundings: &Surroundings) -> Result<Opened, StoreError> {
    GcpSecretManager::new(spec, surroundings).map(|store| Opened::Store(Box::new(store)))
}

/// The secrets of one project.
pub struct GcpSecretManager {
    store: String,
    http: Http,
    credentials: Credentials,
    /// `…/v1/projects/NAME`, maybe with a location.
    base: String,
    is_regional: bool,
}

impl GcpSecretManager {
    /// The project that `spec` names.
    ///
    /// # Errors
    /// No project, or an option that cannot be used. Nothing is sent yet.
    pub fn new(spec: &StoreSpec, surroundings: &Surroundings) -> Result<Self, StoreError> {
        let project = spec.place.trim_matches('/');
        let is_name = |name: &str| {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-.:".contains(&byte))
        };
        if !is_name(project) {
            return Err(spec.wrong("which project? such as gcp-sm:my-project"));
        }
        let location = spec.option("location");
        if location.is_some_and(|location| !is_name(location)) {
            return Err(spec.wrong("location is a region such as europe-west1"));
        }
        let endpoint = spec
            .option("endpoint")
            .map(str::to_owned)
            .or_else(|| surroundings.variable("CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER"))
            .unwrap_or_else(|| match location {
                Some(location) => format!("https://secretmanager.{location}.rep.googleapis.com"),
                None => "https://secretmanager.googleapis.com".to_owned(),
            });
        let place = location
            .map(|location| format!("/locations/{location}"))
            .unwrap_or_default();
        let store = format!("gcp-sm {project}{place}");
        Ok(Self {
            http: Http::new(&store, &HttpSettings::of(spec, surroundings)?)?,
            credentials: Credentials::new(spec, surroundings),
            base: format!(
                "{}/v1/projects/{project}{place}",
                endpoint.trim_end_matches('/')
            ),
            is_regional: location.is_some(),
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
        let send = || {
            let token = self.credentials.token(&self.http)?;
            let ask = Ask::new(method.clone(), format!("{}{path}", self.base), effect)
                .bearer(&token.secret);
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
        let code = answer.code("/error/status").unwrap_or_default();
        match answer.status {
            401 => StoreError::LoggedOut { store, why: code },
            403 => StoreError::Denied { store, what },
            404 => StoreError::Absent {
                store,
                path: path.to_owned(),
            },
            // A version that was disabled or destroyed.
            400 if code == "FAILED_PRECONDITION" && effect == Effect::Reads => StoreError::Absent {
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
                why: format!("{code} ({status})"),
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

    /// Number and payload of a version; `latest` is one.
    fn payload(&self, path: &str, version: &str) -> Result<(u64, Zeroizing<Vec<u8>>), StoreError> {
        let what = format!("read {path}");
        let url = format!(
            "/secrets/{}/versions/{}:access",
            segment(path),
            segment(version)
        );
        let answer = self.call(&Method::GET, &url, None, &what)?;
        let json = self.read_json(&answer, &what, path, Effect::Reads)?;
        let number = json.text("/name").and_then(number_of);
        let data = json
            .text("/payload/data")
            .and_then(|data| STANDARD.decode(data).ok());
        match (number, data) {
            (Some(number), Some(data)) => Ok((number, Zeroizing::new(data))),
            _ => Err(self.malformed(&what)),
        }
    }

    /// Adds a version; returns its number.
    fn add(&self, name: &str, payload: &[u8]) -> Result<u64, StoreError> {
        let what = format!("write {name}");
        let url = format!("/secrets/{}:addVersion", segment(name));
        let body = Json(json!({"payload": {"data": STANDARD.encode(payload)}}));
        let answer = self.call(&Method::POST, &url, Some(&body), &what)?;
        let json = self.read_json(&answer, &what, name, Effect::Changes)?;
        json.text("/name")
            .and_then(number_of)
            .ok_or_else(|| StoreError::OutcomeUnknown {
                store: self.store.clone(),
                what,
            })
    }

    /// Makes a secret without versions. Whether it was there already is told.
    fn create(&self, name: &str) -> Result<Made, StoreError> {
        let what = format!("create {name}");
        let url = format!("/secrets?secretId={}", segment(name));
        let body = if self.is_regional {
            json!({})
        } else {
            json!({"replication": {"automatic": {}}})
        };
        let answer = self.call(&Method::POST, &url, Some(&Json(body)), &what)?;
        match answer.status {
            409 => Ok(Made::WasThere),
            _ if answer.is_ok() => Ok(Made::New),
            _ => Err(self.refusal(&answer, &what, name, Effect::Changes)),
        }
    }

    /// Numbers of the enabled versions, newest first, and when each was made.
    fn enabled(&self, path: &str) -> Result<Vec<(u64, Option<String>)>, StoreError> {
        let what = format!("list the versions of {path}");
        let mut found = Vec::new();
        let mut page = String::new();
        loop {
            let url = format!(
                "/secrets/{}/versions?pageSize=100&filter=state%3AENABLED{page}",
                segment(path)
            );
            let answer = self.call(&Method::GET, &url, None, &what)?;
            let json = self.read_json(&answer, &what, path, Effect::Reads)?;
            let list = json.0.get("versions").and_then(Value::as_array);
            for version in list.into_iter().flatten() {
                let text = |name: &str| version.get(name).and_then(Value::as_str);
                if text("state") == Some("ENABLED")
                    && let Some(number) = text("name").and_then(number_of)
                {
                    found.push((number, text("createTime").map(whole_seconds)));
                }
            }
            match json.text("/nextPageToken").filter(|next| !next.is_empty()) {
                Some(next) => page = format!("&pageToken={}", segment(next)),
                None => break,
            }
        }
        found.sort_unstable_by(|one, other| other.cmp(one));
        Ok(found)
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
        let payload = self.made_payload(path, None, fields)?;
        if self.create(path)? == Made::WasThere {
            // A secret without a live version is not there for applications, and may be filled.
            match self.payload(path, "latest") {
                Err(StoreError::Absent { .. }) => {}
                Ok((found, _)) => return Err(stages::exists(self, path, &found.to_string())),
                Err(error) => return Err(error),
            }
        }
        Ok(Version(self.add(path, &payload)?.to_string()))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Made {
    New,
    WasThere,
}

/// The number at the end of a version's name.
fn number_of(name: &str) -> Option<u64> {
    name.rsplit('/').next()?.parse().ok()
}

impl Shelf for GcpSecretManager {
    fn shelve(&self, path: &str, slot: Slot<'_>, fields: &Fields) -> Result<(), StoreError> {
        let name = slot_name(path, slot);
        let payload = self.made_payload(&name, None, fields)?;
        self.create(&name)?;
        match self.payload(&name, "1") {
            Err(StoreError::Absent { .. }) => self.add(&name, &payload).map(|_| ()),
            other => other.map(|_| ()),
        }
    }

    fn shelved(&self, path: &str, slot: Slot<'_>) -> Result<Option<Fields>, StoreError> {
        // The first version is what the first call left, whatever came after it.
        match self.payload(&slot_name(path, slot), "1") {
            Ok((_, payload)) => Ok(Some(fields_of_payload(&payload))),
            Err(StoreError::Absent { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn unshelve(&self, path: &str, slot: Slot<'_>) -> Result<(), StoreError> {
        let name = slot_name(path, slot);
        let what = format!("delete {name}");
        let url = format!("/secrets/{}", segment(&name));
        let answer = self.call(&Method::DELETE, &url, None, &what)?;
        if answer.is_ok() || answer.status == 404 {
            Ok(())
        } else {
            Err(self.refusal(&answer, &what, &name, Effect::Changes))
        }
    }
}

impl Store for GcpSecretManager {
    fn describe(&self) -> String {
        self.store.clone()
    }

    fn check(&self) -> Result<Health, StoreError> {
        let token = self.credentials.token(&self.http)?;
        let what = "list one secret";
        let answer = self.call(&Method::GET, "/secrets?pageSize=1", None, what)?;
        self.read_json(&answer, what, "", Effect::Reads)?;
        Ok(Health {
            identity: token.identity,
            login: token.source,
            what: "Google Secret Manager".to_owned(),
        })
    }

    fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let what = "list the secrets";
        let mut found = Vec::new();
        let mut page = String::new();
        loop {
            let url = format!("/secrets?pageSize=250{page}");
            let answer = self.call(&Method::GET, &url, None, what)?;
            let json = self.read_json(&answer, what, "", Effect::Reads)?;
            let list = json.0.get("secrets").and_then(Value::as_array);
            let names = list
                .into_iter()
                .flatten()
                .filter_map(|secret| secret.get("name")?.as_str()?.rsplit('/').next());
            found.extend(
                names
                    .filter(|name| name.starts_with(prefix) && !is_shelf(name))
                    .map(str::to_owned),
            );
            match json.text("/nextPageToken").filter(|next| !next.is_empty()) {
                Some(next) => page = format!("&pageToken={}", segment(next)),
                None => break,
            }
        }
        found.sort_unstable();
        Ok(found)
    }

    fn metadata(&self, path: &str) -> Result<Metadata, StoreError> {
        let what = format!("describe {path}");
        let url = format!("/secrets/{}", segment(path));
        let answer = self.call(&Method::GET, &url, None, &what)?;
        let json = self.read_json(&answer, &what, path, Effect::Reads)?;
        let newest = self.enabled(path)?.into_iter().next();
        let mut tags = std::collections::BTreeMap::new();
        // Annotations hold what labels cannot: addresses, lists.
        for place in ["/labels", "/annotations"] {
            let map = json.0.pointer(place).and_then(Value::as_object);
            tags.extend(
                map.into_iter()
                    .flatten()
                    .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))),
            );
        }
        Ok(Metadata {
            current: newest
                .as_ref()
                .map(|(number, _)| Version(number.to_string())),
            changed_at: newest.and_then(|(_, made)| made),
            tags,
        })
    }

    fn versions(&self, path: &str) -> Result<Vec<Version>, StoreError> {
        let enabled = self.enabled(path)?;
        Ok(enabled
            .into_iter()
            .map(|(number, _)| Version(number.to_string()))
            .collect())
    }

    fn read(&self, path: &str, select: &Select) -> Result<Entry, StoreError> {
        let version = match select {
            Select::Current => "latest".to_owned(),
            Select::Exactly(version) => version.0.clone(),
            Select::Previous => {
                let (current, _) = self.payload(path, "latest")?;
                let earlier = self.enabled(path)?;
                let earlier = earlier.iter().find(|(number, _)| *number < current);
                earlier.ok_or_else(|| self.absent(path))?.0.to_string()
            }
        };
        let (number, payload) = self.payload(path, &version)?;
        Ok(Entry {
            version: Version(number.to_string()),
            fields: fields_of_payload(&payload),
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
        let (found, before) = match self.payload(path, "latest") {
            Err(StoreError::Absent { .. }) => {
                return Err(stages::conflict(self, path, expected, "none"));
            }
            other => other?,
        };
        if found.to_string() != expected.0 {
            return Err(stages::conflict(self, path, expected, &found.to_string()));
        }
        let payload = self.made_payload(path, Some(&before), fields)?;
        let made = self.add(path, &payload)?;
        if made == found + 1 {
            return Ok(Version(made.to_string()));
        }
        let theirs = (made - 1).to_string();
        match self.payload(path, &theirs) {
            Ok((_, payload)) => self.add(path, &payload).map(|_| ())?,
            // Theirs is gone again: there is nothing to give way to.
            Err(StoreError::Absent { .. }) => return Ok(Version(made.to_string())),
            Err(error) => return Err(error),
        }
        Err(stages::conflict(self, path, expected, &theirs))
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
        retirement: Retirement,
    ) -> Result<(), StoreError> {
        let (current, _) = self.payload(path, "latest")?;
        if current.to_string() == version.0 {
            return Err(stages::conflict(
                self,
                path,
                version,
                "that it is the current one",
            ));
        }
        let verb = match retirement {
            Retirement::Disable => "disable",
            Retirement::Destroy => "destroy",
        };
        let what = format!("{verb} version {} of {path}", version.0);
        let url = format!(
            "/secrets/{}/versions/{}:{verb}",
            segment(path),
            segment(&version.0)
        );
        let answer = self.call(&Method::POST, &url, Some(&Json(json!({}))), &what)?;
        if answer.is_ok() {
            Ok(())
        } else {
            Err(self.refusal(&answer, &what, path, Effect::Changes))
        }
    }
}

fn is_shelf(name: &str) -> bool {
    name.starts_with(SHELF) && (name.contains("-pending-") || name.contains("-previous-"))
}
