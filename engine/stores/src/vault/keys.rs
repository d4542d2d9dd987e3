//! The key/value engines of Vault, version 2 and version 1, as a store.
//!
//! *Version 2* keeps versions and compares before it writes (`cas`). A pending value waits at `leakward-pending/PATH/…` of the same
//! engine (option `pending` to put it elsewhere): an entry of its own, which no application reads and which policies can close
//! to them. *Version 1* keeps no versions: there a version is a keyed fingerprint of the content, what was
//! current before is kept beside the pending values, and compare-and-set is a read before the write.

use std::sync::OnceLock;

use reqwest::Method;
use serde_json::{Value, json};

use super::session::Session;
use crate::document::{fields_of, with_fields};
use crate::error::StoreError;
use crate::exposed::Json;
use crate::http::{Answer, path as encoded};
use crate::kind::{Kind, Opened};
use crate::spec::StoreSpec;
use crate::stages::{self, Shelf, Slot};
use crate::store::{Entry, Fields, Health, Metadata, Retirement, Select, Staged, Store, Version};
use crate::surroundings::Surroundings;
use crate::time::whole_seconds;
use crate::version::content_version;

/// LIMIT: how deep folders of entries are listed.
const DEPTH: usize = 32;

pub(crate) const KIND: Kind = Kind {
    name: "vault",
    also: &["openbao", "bao"],
    about: "HashiCorp Vault or OpenBao: the key/value engine at an address",
    example: "vault:https://vault.corp:8200/secret",
    options: &[
        ("namespace", "the namespace; default VAULT_NAMESPACE"),
        (
            "auth",
            "token, approle, kubernetes, jwt or aws; default: what the platform offers",
        ),
        (
            "auth-mount",
            "where the login is mounted, if not at its usual place",
        ),
        ("role", "the role for kubernetes, jwt and aws"),
        ("role-id", "the AppRole's id; default VAULT_ROLE_ID"),
        ("role-id-file", "a file with it"),
        (
            "secret-id-file",
            "a file with the SecretID; default VAULT_SECRET_ID",
        ),
        (
            "secret-id-wrapped",
            "true: the file holds a one-time wrapping token",
        ),
        (
            "token-file",
            "a file with a token; default VAULT_TOKEN, ~/.vault-token",
        ),
        ("jwt-file", "a file with the id token"),
        ("jwt-env", "the variable with the id token"),
        ("audience", "the audience to ask GitHub Actions for"),
        ("region", "the AWS region to sign for"),
        ("sts-endpoint", "the address of STS to sign for"),
        ("profile", "the AWS profile"),
        ("aws-server-id", "X-Vault-AWS-IAM-Server-ID"),
        ("kv", "1 or 2; default: the server is asked"),
        ("pending", "where values wait; default leakward-pending"),
        ("ca-file", "certificates in PEM to trust as well"),
        ("allow-http", "true: without TLS"),
    ],
    open,
};

fn open(spec: &StoreSpec, surroundings: &Surroundings) -> Result<Opened, StoreError> {
    Vault::new(spec, surroundings).map(|store| Opened::Store(Box::new(store)))
}

/// Which of the two engines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Engine {
    V1,
    V2,
}

/// A key/value engine of Vault.
pub struct Vault {
    pub(super) session: Session,
    mount: String,
    pending: String,
    engine: OnceLock<Engine>,
    surroundings: Surroundings,
}

impl Vault {
    /// The engine that `spec` names.
    ///
    /// # Errors
    /// The address has no engine, or an option cannot be used. Nothing is sent yet.
    pub fn new(spec: &StoreSpec, surroundings: &Surroundings) -> Result<Self, StoreError> {
        let (address, mount) = address(spec)?;
        let namespace = spec
            .option("namespace")
            .map(|namespace| format!(" namespace {namespace}"))
            .unwrap_or_default();
        let store = format!("vault {address}{namespace} {mount}/");
        let engine = OnceLock::new();
        let known = match spec.option("kv") {
            Some("1") => Some(Engine::V1),
            Some("2") => Some(Engine::V2),
            None => None,
            Some(_) => return Err(spec.wrong("kv is 1 or 2")),
        };
        if let Some(known) = known {
            // It was made just now, so nobody has set it.
            engine.get_or_init(|| known);
        }
        Ok(Self {
            session: Session::new(store, &address, spec, surroundings)?,
            mount,
            pending: spec
                .option("pending")
                .unwrap_or("leakward-pending")
                .trim_matches('/')
                .to_owned(),
            engine,
            surroundings: surroundings.clone(),
        })
    }

    fn engine(&self) -> Result<Engine, StoreError> {
        if let Some(engine) = self.engine.get() {
            return Ok(*engine);
        }
        let path = format!("sys/internal/ui/mounts/{}", encoded(&self.mount));
        let what = format!("ask which engine is at {}/", self.mount);
        let answer = self.session.call(&Method::GET, &path, None, &what)?;
        let found = match answer.status {
            200 => answer.json(),
            // Whoever may not ask gets the engine that nearly everybody has.
            403 => None,
            _ => {
                return Err(self.session.refusal(&answer, &what, &self.mount));
            }
        };
        let kind = found.as_ref().and_then(|json| json.text("/data/type"));
        if kind.is_some_and(|kind| kind != "kv" && kind != "generic") {
            return Err(StoreError::Setting {
                store: self.session.store.clone(),
                what: format!("there is no key/value engine at {}/", self.mount),
            });
        }
        let version = found
            .as_ref()
            .map(|json| json.text("/data/options/version").unwrap_or("1").to_owned());
        let engine = match version.as_deref() {
            Some("1") => Engine::V1,
            _ => Engine::V2,
        };
        Ok(*self.engine.get_or_init(|| engine))
    }

    fn absent(&self, path: &str) -> StoreError {
        StoreError::Absent {
            store: self.session.store.clone(),
            path: path.to_owned(),
        }
    }

    /// The content of an entry as JSON, with its version.
    fn content(&self, path: &str, version: Option<&str>) -> Result<(Version, Json), StoreError> {
        let what = format!("read {path}");
        let v2 = self.engine()? == Engine::V2;
        let query = version
            .map(|version| format!("?version={}", crate::http::segment(version)))
            .unwrap_or_default();
        let url = if v2 {
            format!("{}/data/{}{query}", encoded(&self.mount), encoded(path))
        } else {
            format!("{}/{}", encoded(&self.mount), encoded(path))
        };
        let answer = self.session.call(&Method::GET, &url, None, &what)?;
        if answer.status == 404 {
            return Err(self.absent(path));
        }
        let mut json = self.read_json(&answer, &what, path)?;
        let pointer = if v2 { "/data/data" } else { "/data" };
        let data = json.0.pointer_mut(pointer).map(Value::take);
        let data = Json(
            data.filter(Value::is_object)
                .ok_or_else(|| self.absent(path))?,
        );
        let version = if v2 {
            let number = json.0.pointer("/data/metadata/version");
            Version(number.and_then(Value::as_u64).unwrap_or(0).to_string())
        } else {
            self.named(&fields_of(&data.0))
        };
        Ok((version, data))
    }

    fn read_json(&self, answer: &Answer, what: &str, path: &str) -> Result<Json, StoreError> {
        if !answer.is_ok() {
            return Err(self.session.refusal(answer, what, path));
        }
        answer.json().ok_or_else(|| StoreError::Malformed {
            store: self.session.store.clone(),
            what: format!("{what}: the answer is no JSON"),
        })
    }

    /// The version of an entry that has none: a keyed fingerprint of its content.
    fn named(&self, fields: &Fields) -> Version {
        content_version(&self.surroundings, fields)
    }

    /// What the engine says of an entry besides its values.
    fn description(&self, path: &str) -> Result<Json, StoreError> {
        let what = format!("read the metadata of {path}");
        let url = format!("{}/metadata/{}", encoded(&self.mount), encoded(path));
        let answer = self.session.call(&Method::GET, &url, None, &what)?;
        self.read_json(&answer, &what, path)
    }

    /// Live versions, newest first.
    fn live(description: &Json) -> Vec<u64> {
        let versions = description.0.pointer("/data/versions");
        let mut live: Vec<u64> = versions
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .filter(|(_, state)| {
                state.get("destroyed") != Some(&Value::Bool(true))
                    && state
                        .get("deletion_time")
                        .and_then(Value::as_str)
                        .is_none_or(str::is_empty)
            })
            .filter_map(|(number, _)| number.parse().ok())
            .collect();
        live.sort_unstable_by(|one, other| other.cmp(one));
        live
    }

    /// The number of the current version, whether or not it can be read.
    fn current_number(description: &Json) -> u64 {
        let number = description.0.pointer("/data/current_version");
        number.and_then(Value::as_u64).unwrap_or(0)
    }

    fn previous(&self, path: &str) -> Result<Entry, StoreError> {
        if self.engine()? == Engine::V1 {
            return stages::previous(self, path);
        }
        let description = self.description(path)?;
        let current = Self::current_number(&description);
        let previous = Self::live(&description)
            .into_iter()
            .find(|number| *number < current)
            .ok_or_else(|| self.absent(path))?;
        let (version, data) = self.content(path, Some(&previous.to_string()))?;
        Ok(Entry {
            version,
            fields: fields_of(&data.0),
        })
    }

    fn put_v1(
        &self,
        path: &str,
        fields: &Fields,
        expected: Option<&Version>,
    ) -> Result<Version, StoreError> {
        let before = match self.content(path, None) {
            Ok(found) => Some(found),
            Err(StoreError::Absent { .. }) => None,
            Err(error) => return Err(error),
        };
        match (&before, expected) {
            (None, None) => {}
            (Some((found, _)), Some(expected)) if found == expected => {}
            (Some((found, _)), Some(expected)) => {
                return Err(stages::conflict(self, path, expected, &found.0));
            }
            (None, Some(expected)) => {
                return Err(stages::conflict(self, path, expected, "none"));
            }
            (Some((found, _)), None) => return Err(stages::exists(self, path, &found.0)),
        }
        let empty = json!({});
        let content = with_fields(before.as_ref().map_or(&empty, |(_, data)| &data.0), fields)
            .map_err(|error| self.unwritable(path, &error.to_string()))?;
        if let Some((version, data)) = &before {
            let kept = stages::wrap(version, &fields_of(&data.0));
            self.shelve(path, Slot::Previous, &kept)?;
        }
        let what = format!("write {path}");
        let url = format!("{}/{}", encoded(&self.mount), encoded(path));
        let version = self.named(&fields_of(&content.0));
        let answer = self
            .session
            .call(&Method::POST, &url, Some(content.0.clone()), &what)?;
        if answer.is_ok() {
            Ok(version)
        } else {
            Err(self.session.refusal(&answer, &what, path))
        }
    }

    fn unwritable(&self, path: &str, why: &str) -> StoreError {
        StoreError::Unsupported {
            store: self.session.store.clone(),
            what: format!("hold this at {path}: {why}"),
        }
    }

    fn put_v2(
        &self,
        path: &str,
        fields: &Fields,
        expected: Option<&Version>,
    ) -> Result<Version, StoreError> {
        let before = match expected {
            None => None,
            Some(version) => match self.content(path, Some(&version.0)) {
                Ok((_, data)) => Some(data),
                Err(StoreError::Absent { .. }) => None,
                Err(error) => return Err(error),
            },
        };
        let empty = json!({});
        let content = with_fields(before.as_ref().map_or(&empty, |data| &data.0), fields)
            .map_err(|error| self.unwritable(path, &error.to_string()))?;
        let number = match expected {
            None => 0,
            Some(version) => version
                .0
                .parse::<u64>()
                .map_err(|_| stages::conflict(self, path, version, "numbered versions"))?,
        };
        let answer = self.write_v2(path, &content.0, number)?;
        if is_mismatch(&answer) {
            let found = self.current(path)?;
            return Err(match expected {
                Some(expected) => stages::conflict(self, path, expected, &found),
                None => stages::exists(self, path, &found),
            });
        }
        let json = self.read_json(&answer, &format!("write {path}"), path)?;
        let version = json.0.pointer("/data/version").and_then(Value::as_u64);
        version
            .map(|number| Version(number.to_string()))
            .ok_or_else(|| StoreError::OutcomeUnknown {
                store: self.session.store.clone(),
                what: format!("write {path}"),
            })
    }

    fn write_v2(&self, path: &str, data: &Value, cas: u64) -> Result<Answer, StoreError> {
        let url = format!("{}/data/{}", encoded(&self.mount), encoded(path));
        let body = json!({"data": data, "options": {"cas": cas}});
        self.session
            .call(&Method::POST, &url, Some(body), &format!("write {path}"))
    }

    /// The current version for a message.
    fn current(&self, path: &str) -> Result<String, StoreError> {
        match self.description(path) {
            Ok(description) => Ok(Self::current_number(&description).to_string()),
            Err(StoreError::Denied { .. }) => Ok("another".to_owned()),
            Err(StoreError::Absent { .. }) => Ok("none".to_owned()),
            Err(error) => Err(error),
        }
    }

    /// Where a value waits.
    fn shelf(&self, path: &str, slot: Slot<'_>) -> String {
        format!(
            "{}/{}/{}",
            self.pending,
            path.trim_matches('/'),
            stages::slot_name(path, slot)
        )
    }

    fn list_below(
        &self,
        folder: &str,
        depth: usize,
        found: &mut Vec<String>,
    ) -> Result<(), StoreError> {
        let what = format!("list {folder}/");
        let kind = match self.engine()? {
            Engine::V1 => "",
            Engine::V2 => "metadata/",
        };
        let url = format!(
            "{}/{kind}{}?list=true",
            encoded(&self.mount),
            encoded(folder)
        );
        let answer = self.session.call(&Method::GET, &url, None, &what)?;
        if answer.status == 404 {
            return Ok(());
        }
        let json = self.read_json(&answer, &what, folder)?;
        let keys = json.0.pointer("/data/keys").and_then(Value::as_array);
        for key in keys.into_iter().flatten().filter_map(Value::as_str) {
            let path = if folder.is_empty() {
                key.to_owned()
            } else {
                format!("{folder}/{key}")
            };
            match path.strip_suffix('/') {
                Some(inner) if inner == self.pending => {}
                Some(inner) if depth < DEPTH => self.list_below(inner, depth + 1, found)?,
                Some(inner) => {
                    return Err(StoreError::Malformed {
                        store: self.session.store.clone(),
                        what: format!("{inner}: folders lie too deep"),
                    });
                }
                None => found.push(path),
            }
        }
        Ok(())
    }
}

/// Address of the server and path of the engine.
pub(super) fn address(spec: &StoreSpec) -> Result<(String, String), StoreError> {
    let wrong = || spec.wrong("a Vault is named as vault:https://HOST:PORT/ENGINE");
    let (scheme, rest) = spec.place.split_once("://").ok_or_else(wrong)?;
    if scheme != "https" && scheme != "http" {
        return Err(wrong());
    }
    let (authority, mount) = rest.split_once('/').unwrap_or((rest, ""));
    let mount = mount.trim_matches('/');
    if authority.is_empty() || mount.is_empty() {
        return Err(wrong());
    }
    Ok((format!("{scheme}://{authority}"), mount.to_owned()))
}

/// Whether a write was refused because another version is current.
fn is_mismatch(answer: &Answer) -> bool {
    answer.status == 400
        && answer
            .text()
            .is_some_and(|body| body.contains("check-and-set parameter did not match"))
}

impl Shelf for Vault {
    fn shelve(&self, path: &str, slot: Slot<'_>, fields: &Fields) -> Result<(), StoreError> {
        let place = self.shelf(path, slot);
        let empty = json!({});
        let content = with_fields(&empty, fields)
            .map_err(|error| self.unwritable(path, &error.to_string()))?;
        let what = format!("write {place}");
        let answer = match self.engine()? {
            Engine::V2 => self.write_v2(&place, &content.0, 0)?,
            Engine::V1 => {
                let url = format!("{}/{}", encoded(&self.mount), encoded(&place));
                self.session
                    .call(&Method::POST, &url, Some(content.0.clone()), &what)?
            }
        };
        if answer.is_ok() || is_mismatch(&answer) {
            Ok(())
        } else {
            Err(self.session.refusal(&answer, &what, &place))
        }
    }

    fn shelved(&self, path: &str, slot: Slot<'_>) -> Result<Option<Fields>, StoreError> {
        match self.content(&self.shelf(path, slot), None) {
            Ok((_, data)) => Ok(Some(fields_of(&data.0))),
            Err(StoreError::Absent { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn unshelve(&self, path: &str, slot: Slot<'_>) -> Result<(), StoreError> {
        let place = self.shelf(path, slot);
        let kind = match self.engine()? {
            Engine::V1 => "",
            Engine::V2 => "metadata/",
        };
        let what = format!("delete {place}");
        let url = format!("{}/{kind}{}", encoded(&self.mount), encoded(&place));
        let answer = self.session.call(&Method::DELETE, &url, None, &what)?;
        if answer.is_ok() || answer.status == 404 {
            Ok(())
        } else {
            Err(self.session.refusal(&answer, &what, &place))
        }
    }
}

impl Store for Vault {
    fn describe(&self) -> String {
        self.session.store.clone()
    }

    fn check(&self) -> Result<Health, StoreError> {
        let identity = self.session.identity()?;
        let name = identity
            .as_ref()
            .and_then(|json| json.text("/data/display_name"))
            .unwrap_or("a token");
        let policies = identity
            .as_ref()
            .and_then(|json| json.0.pointer("/data/policies")?.as_array())
            .map(|names| {
                let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
                format!(" (policies {})", names.join(", "))
            })
            .unwrap_or_default();
        let engine = match self.engine()? {
            Engine::V1 => 1,
            Engine::V2 => 2,
        };
        let version = self.session.version();
        Ok(Health {
            identity: format!("{name}{policies}"),
            login: self.session.way().to_owned(),
            what: format!(
                "key/value engine, version {engine}, of a server {}",
                version.as_deref().unwrap_or("of an unknown version")
            ),
        })
    }

    fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let mut found = Vec::new();
        // A prefix may end within a name: everything in its folder is listed, and what fits is kept.
        let folder = prefix.rsplit_once('/').map_or("", |(folder, _)| folder);
        self.list_below(folder.trim_matches('/'), 0, &mut found)?;
        found.retain(|path| path.starts_with(prefix));
        found.sort_unstable();
        Ok(found)
    }

    fn metadata(&self, path: &str) -> Result<Metadata, StoreError> {
        if self.engine()? == Engine::V1 {
            let (version, _) = self.content(path, None)?;
            return Ok(Metadata {
                current: Some(version),
                ..Metadata::default()
            });
        }
        let description = self.description(path)?;
        let number = Self::current_number(&description);
        let is_live = Self::live(&description).contains(&number);
        let changed = description.text(&format!("/data/versions/{number}/created_time"));
        let tags = description.0.pointer("/data/custom_metadata");
        Ok(Metadata {
            current: is_live.then(|| Version(number.to_string())),
            changed_at: changed.map(whole_seconds),
            tags: tags
                .and_then(Value::as_object)
                .into_iter()
                .flatten()
                .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
                .collect(),
        })
    }

    fn versions(&self, path: &str) -> Result<Vec<Version>, StoreError> {
        if self.engine()? == Engine::V1 {
            let mut versions = vec![self.content(path, None)?.0];
            match self.previous(path) {
                Ok(previous) => versions.push(previous.version),
                Err(StoreError::Absent { .. }) => {}
                Err(error) => return Err(error),
            }
            return Ok(versions);
        }
        let live = Self::live(&self.description(path)?);
        Ok(live
            .into_iter()
            .map(|number| Version(number.to_string()))
            .collect())
    }

    fn read(&self, path: &str, select: &Select) -> Result<Entry, StoreError> {
        let (version, data) = match (select, self.engine()?) {
            (Select::Previous, _) => return self.previous(path),
            (Select::Current, _) => self.content(path, None)?,
            (Select::Exactly(version), Engine::V2) => self.content(path, Some(&version.0))?,
            (Select::Exactly(wanted), Engine::V1) => {
                let current = self.content(path, None)?;
                if current.0 != *wanted {
                    return stages::exactly_previous(self, path, wanted);
                }
                current
            }
        };
        Ok(Entry {
            version,
            fields: fields_of(&data.0),
        })
    }

    fn put(
        &self,
        path: &str,
        fields: &Fields,
        expected: Option<&Version>,
    ) -> Result<Version, StoreError> {
        match self.engine()? {
            Engine::V1 => self.put_v1(path, fields, expected),
            Engine::V2 => self.put_v2(path, fields, expected),
        }
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
        let (verb, what) = match retirement {
            Retirement::Disable => ("delete", "disable"),
            Retirement::Destroy => ("destroy", "destroy"),
        };
        if self.engine()? == Engine::V1 {
            return stages::retire_previous(self, path, version);
        }
        let current = Self::current_number(&self.description(path)?).to_string();
        if current == version.0 {
            return Err(stages::conflict(
                self,
                path,
                version,
                "that it is the current one",
            ));
        }
        let number: u64 = version.0.parse().map_err(|_| self.absent(path))?;
        let what = format!("{what} version {number} of {path}");
        let url = format!("{}/{verb}/{}", encoded(&self.mount), encoded(path));
        let body = json!({"versions": [number]});
        let answer = self.session.call(&Method::POST, &url, Some(body), &what)?;
        if answer.is_ok() {
            Ok(())
        } else {
            Err(self.session.refusal(&answer, &what, path))
        }
    }
}
