//! AWS Secrets Manager. It knows stages itself: `AWSPENDING` waits, `AWSCURRENT` is read, `AWSPREVIOUS` was read before.
//!
//! <https://docs.aws.amazon.com/secretsmanager/latest/apireference/>. A version is named by the request token that made it, which is
//! made from the caller's id: the same id again is the same version, so that nothing is ever stored twice. Promotion moves
//! `AWSCURRENT` from the version that is expected, which AWS refuses when another one has it: compare-and-set.
//!
//! A version that waits also carries a label `leakward-over/VERSION`, which says over which version it was staged.

use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::json_api::{JsonApi, Said, Service, tags, time};
use crate::document::{fields_of_payload, payload_with};
use crate::error::StoreError;
use crate::exposed::Json;
use crate::http::Effect;
use crate::kind::{Kind, Opened};
use crate::spec::StoreSpec;
use crate::stages::{self, digest};
use crate::store::{Entry, Fields, Health, Metadata, Retirement, Select, Staged, Store, Version};
use crate::surroundings::Surroundings;

pub(crate) const KIND: Kind = Kind {
    name: "aws-sm",
    also: &["aws-secrets-manager"],
    about: "AWS Secrets Manager in a region",
    example: "aws-sm:eu-west-1",
    options: &[
        (
            "profile",
            "the profile of ~/.aws; default: the platform's chain",
        ),
        ("region", "the region to sign for, if not the store's"),
        ("endpoint", "another address of the service"),
        ("ca-file", "certificates in PEM to trust as well"),
        ("allow-http", "true: without TLS"),
    ],
    open,
};

const SERVICE: Service = Service {
    name: "secretsmanager",
    target: "secretsmanager",
    endpoint: "AWS_ENDPOINT_URL_SECRETS_MANAGER",
};

const CURRENT: &str = "AWSCURRENT";
const PENDING: &str = "AWSPENDING";
const PREVIOUS: &str = "AWSPREVIOUS";
const OVER: &str = "leakward-over/";

fn open(spec: &StoreSpec, surroundings: &Surroundings) -> Result<Opened, StoreError> {
    SecretsManager::new(spec, surroundings).map(|store| Opened::Store(Box::new(store)))
}

/// AWS Secrets Manager in one region.
pub struct SecretsManager {
    api: JsonApi,
}

impl SecretsManager {
    /// The region that `spec` names.
    ///
    /// # Errors
    /// No region, or an option that cannot be used. Nothing is sent yet.
    pub fn new(spec: &StoreSpec, surroundings: &Surroundings) -> Result<Self, StoreError> {
        Ok(Self {
            api: JsonApi::new(spec, surroundings, &SERVICE)?,
        })
    }

    fn call(
        &self,
        name: &str,
        body: Value,
        effect: Effect,
        place: (&str, &str),
    ) -> Result<Json, StoreError> {
        let (what, path) = place;
        match self.api.call(name, body, effect, what)? {
            Said::Yes(json) => Ok(json),
            Said::No(code, answer) => Err(self.api.refusal(&code, &answer, effect, what, path)),
        }
    }

    fn description(&self, path: &str) -> Result<Json, StoreError> {
        let what = format!("describe {path}");
        let body = json!({"SecretId": path});
        let json = self.call("DescribeSecret", body, Effect::Reads, (&what, path))?;
        // Marked for deletion: applications cannot read it any more.
        if json
            .0
            .get("DeletedDate")
            .is_some_and(|date| !date.is_null())
        {
            return Err(self.absent(path));
        }
        Ok(json)
    }

    fn absent(&self, path: &str) -> StoreError {
        StoreError::Absent {
            store: self.api.store.clone(),
            path: path.to_owned(),
        }
    }

    /// The payload of a version, as it was stored.
    fn payload(&self, path: &str, which: (&str, &str)) -> Result<(Version, Payload), StoreError> {
        let what = format!("read {path}");
        let (key, value) = which;
        let mut body = json!({"SecretId": path});
        if let Some(map) = body.as_object_mut() {
            map.insert(key.to_owned(), json!(value));
        }
        let json = match self
            .api
            .call("GetSecretValue", body, Effect::Reads, &what)?
        {
            Said::Yes(json) => json,
            // A version without any label: AWS says that this is no valid request.
            Said::No(code, _) if code == "InvalidRequestException" => {
                return Err(self.absent(path));
            }
            Said::No(code, answer) => {
                return Err(self.api.refusal(&code, &answer, Effect::Reads, &what, path));
            }
        };
        let payload = match (json.text("/SecretString"), json.text("/SecretBinary")) {
            (Some(text), _) => Payload::Text(Zeroizing::new(text.as_bytes().to_vec())),
            (None, Some(encoded)) => Payload::Binary(Zeroizing::new(
                STANDARD
                    .decode(encoded)
                    .map_err(|_| self.malformed(&what))?,
            )),
            (None, None) => return Err(self.malformed(&what)),
        };
        let version = json
            .text("/VersionId")
            .ok_or_else(|| self.malformed(&what))?;
        Ok((Version(version.to_owned()), payload))
    }

    fn malformed(&self, what: &str) -> StoreError {
        StoreError::Malformed {
            store: self.api.store.clone(),
            what: format!("{what}: the answer is not what it should be"),
        }
    }

    /// Stores a version that nobody reads. The same token again is the same version.
    fn store_pending(
        &self,
        path: &str,
        token: &str,
        fields: &Fields,
        over: &Version,
    ) -> Result<(), StoreError> {
        let what = format!("stage {path}");
        let before = match self.payload(path, ("VersionId", &over.0)) {
            Ok((_, payload)) => Some(payload),
            Err(StoreError::Absent { .. }) => None,
            Err(error) => return Err(error),
        };
        let mut body = self.body(path, fields, before.as_ref())?;
        if let Some(map) = body.0.as_object_mut() {
            map.insert("SecretId".to_owned(), json!(path));
            map.insert("ClientRequestToken".to_owned(), json!(token));
            let labels = json!([PENDING, format!("{OVER}{}", over.0)]);
            map.insert("VersionStages".to_owned(), labels);
        }
        let body = body.0.clone();
        match self
            .api
            .call("PutSecretValue", body, Effect::Changes, &what)?
        {
            Said::Yes(_) => Ok(()),
            // The token was used for another value: what the first call left stays.
            Said::No(code, _) if code == "ResourceExistsException" => Ok(()),
            Said::No(code, answer) => {
                Err(self
                    .api
                    .refusal(&code, &answer, Effect::Changes, &what, path))
            }
        }
    }

    fn body(
        &self,
        path: &str,
        fields: &Fields,
        before: Option<&Payload>,
    ) -> Result<Json, StoreError> {
        let unsupported = |why: String| StoreError::Unsupported {
            store: self.api.store.clone(),
            what: format!("hold this at {path}: {why}"),
        };
        let payload = payload_with(before.map(Payload::bytes), fields)
            .map_err(|error| unsupported(error.to_string()))?;
        let is_binary = matches!(before, Some(Payload::Binary(_)));
        Ok(Json(match std::str::from_utf8(&payload) {
            Ok(text) if !is_binary => json!({"SecretString": text}),
            _ => json!({"SecretBinary": STANDARD.encode(&*payload)}),
        }))
    }

    /// Moves `AWSCURRENT` to `to`, if `from` has it.
    fn make_current(&self, path: &str, to: &str, from: &Version) -> Result<Version, StoreError> {
        let what = format!("promote a version of {path}");
        let body = json!({
            "SecretId": path, "VersionStage": CURRENT, "MoveToVersionId": to, "RemoveFromVersionId": from.0,
        });
        match self
            .api
            .call("UpdateSecretVersionStage", body, Effect::Changes, &what)?
        {
            Said::Yes(_) => Ok(Version(to.to_owned())),
            Said::No(code, answer) => {
                let stages = Stages::of(&self.description(path)?);
                let found = stages.with(CURRENT).unwrap_or("none").to_owned();
                if found == from.0 {
                    Err(self
                        .api
                        .refusal(&code, &answer, Effect::Changes, &what, path))
                } else {
                    Err(stages::conflict(self, path, from, &found))
                }
            }
        }
    }

    fn remove_label(&self, path: &str, label: &str, from: &str) -> Result<(), StoreError> {
        let what = format!("take the label {label} away from a version of {path}");
        let body = json!({"SecretId": path, "VersionStage": label, "RemoveFromVersionId": from});
        self.call(
            "UpdateSecretVersionStage",
            body,
            Effect::Changes,
            (&what, path),
        )
        .map(|_| ())
    }

    /// Somebody else's rotation is under way: its pending version would be lost.
    fn check_nobody_waits(
        &self,
        path: &str,
        stages: &Stages,
        token: &str,
    ) -> Result<(), StoreError> {
        match stages.with(PENDING) {
            Some(other) if other != token && stages.with(CURRENT) != Some(other) => {
                Err(StoreError::Refused {
                    store: self.api.store.clone(),
                    what: format!("stage {path}"),
                    why: format!("another rotation is under way: {PENDING} is at version {other}"),
                })
            }
            _ => Ok(()),
        }
    }
}

/// What a version holds.
enum Payload {
    Text(Zeroizing<Vec<u8>>),
    Binary(Zeroizing<Vec<u8>>),
}

impl Payload {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(bytes) | Self::Binary(bytes) => bytes,
        }
    }
}

/// Which version has which labels.
struct Stages(Vec<(String, Vec<String>)>);

impl Stages {
    fn of(description: &Json) -> Self {
        let map = description.0.get("VersionIdsToStages");
        let labels = |list: &Value| -> Vec<String> {
            let list = list.as_array().into_iter().flatten();
            list.filter_map(|label| label.as_str().map(str::to_owned))
                .collect()
        };
        Self(
            map.and_then(Value::as_object)
                .into_iter()
                .flatten()
                .map(|(version, list)| (version.clone(), labels(list)))
                .collect(),
        )
    }

    fn with(&self, label: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(_, labels)| labels.iter().any(|found| found == label))
            .map(|(version, _)| version.as_str())
    }

    fn labels(&self, version: &str) -> &[String] {
        self.0
            .iter()
            .find(|(found, _)| found == version)
            .map_or(&[], |(_, labels)| labels.as_slice())
    }

    /// Over which version it was staged.
    fn over(&self, version: &str) -> Option<String> {
        self.labels(version)
            .iter()
            .find_map(|label| label.strip_prefix(OVER))
            .map(str::to_owned)
    }
}

/// The token of a version that is made for `id`: a UUID, as AWS wants it.
fn token(path: &str, id: &str) -> String {
    let hex = digest(&format!("{path}\0{id}"));
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!(
        "{}-{}-{}-{}-{}",
        part(0, 8),
        part(8, 12),
        part(12, 16),
        part(16, 20),
        part(20, 32)
    )
}

/// An id that was never used before.
pub(super) fn fresh_id() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let mut random = [0; 16];
    // Without randomness the time and a counter still never repeat in one process.
    let is_random = aws_lc_rs::rand::fill(&mut random).is_ok();
    let time = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.as_nanos());
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    digest(&format!("{is_random} {random:?} {time} {count}"))
}

impl Store for SecretsManager {
    fn describe(&self) -> String {
        self.api.store.clone()
    }

    fn check(&self) -> Result<Health, StoreError> {
        let credentials = self.api.identity()?;
        let what = "list one secret";
        let body = json!({"MaxResults": 1});
        let login = credentials.source.clone();
        match self.api.call("ListSecrets", body, Effect::Reads, what)? {
            Said::Yes(_) => {}
            Said::No(code, answer) => {
                return Err(self.api.refusal(&code, &answer, Effect::Reads, what, ""));
            }
        }
        Ok(Health {
            identity: format!("access key {}", credentials.id),
            login,
            what: format!("Secrets Manager in {}", self.api.region),
        })
    }

    fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let mut found = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let mut body = json!({"MaxResults": 100});
            if let (Some(token), Some(map)) = (&next, body.as_object_mut()) {
                map.insert("NextToken".to_owned(), json!(token));
            }
            let json = self.call("ListSecrets", body, Effect::Reads, ("list the secrets", ""))?;
            let list = json.0.get("SecretList").and_then(Value::as_array);
            let names = list.into_iter().flatten().filter_map(|secret| {
                let is_there = secret.get("DeletedDate").is_none_or(Value::is_null);
                secret.get("Name")?.as_str().filter(|_| is_there)
            });
            found.extend(
                names
                    .filter(|name| name.starts_with(prefix))
                    .map(str::to_owned),
            );
            next = json.text("/NextToken").map(str::to_owned);
            if next.is_none() {
                break;
            }
        }
        found.sort_unstable();
        Ok(found)
    }

    fn metadata(&self, path: &str) -> Result<Metadata, StoreError> {
        let description = self.description(path)?;
        let stages = Stages::of(&description);
        Ok(Metadata {
            current: stages
                .with(CURRENT)
                .map(|version| Version(version.to_owned())),
            changed_at: time(description.0.get("LastChangedDate")),
            tags: tags(description.0.get("Tags")),
        })
    }

    fn versions(&self, path: &str) -> Result<Vec<Version>, StoreError> {
        let stages = Stages::of(&self.description(path)?);
        Ok([CURRENT, PREVIOUS]
            .iter()
            .filter_map(|label| stages.with(label))
            .map(|version| Version(version.to_owned()))
            .collect())
    }

    fn read(&self, path: &str, select: &Select) -> Result<Entry, StoreError> {
        let which = match select {
            Select::Current => ("VersionStage", CURRENT),
            Select::Previous => ("VersionStage", PREVIOUS),
            Select::Exactly(version) => ("VersionId", version.0.as_str()),
        };
        // What is marked for deletion can be read for a while by its version; applications cannot.
        let (version, payload) = self.payload(path, which)?;
        Ok(Entry {
            version,
            fields: fields_of_payload(payload.bytes()),
        })
    }

    fn put(
        &self,
        path: &str,
        fields: &Fields,
        expected: Option<&Version>,
    ) -> Result<Version, StoreError> {
        if let Some(expected) = expected {
            let id = fresh_id();
            let staged = self.stage(path, &id, fields, expected)?;
            let version = match self.promote(path, &staged) {
                // It may be the current one by now: nothing of it is touched.
                Err(error @ StoreError::OutcomeUnknown { .. }) => return Err(error),
                version => version,
            };
            // What was not promoted must not stand in the way of the next rotation.
            let tidied = self.discard(path, &staged);
            let version = version?;
            return tidied.map(|()| version);
        }
        let what = format!("create {path}");
        let mut body = self.body(path, fields, None)?;
        if let Some(map) = body.0.as_object_mut() {
            map.insert("Name".to_owned(), json!(path));
            map.insert(
                "ClientRequestToken".to_owned(),
                json!(token(path, &fresh_id())),
            );
        }
        let body = body.0.clone();
        match self
            .api
            .call("CreateSecret", body, Effect::Changes, &what)?
        {
            Said::Yes(json) => json
                .text("/VersionId")
                .map(|version| Version(version.to_owned()))
                .ok_or_else(|| self.malformed(&what)),
            Said::No(code, _) if code == "ResourceExistsException" => {
                Err(stages::exists(self, path, "one"))
            }
            Said::No(code, answer) => {
                Err(self
                    .api
                    .refusal(&code, &answer, Effect::Changes, &what, path))
            }
        }
    }

    fn stage(
        &self,
        path: &str,
        id: &str,
        fields: &Fields,
        expected: &Version,
    ) -> Result<Staged, StoreError> {
        if let Some((staged, _)) = self.staged(path, id)? {
            return Ok(staged);
        }
        let token = token(path, id);
        let stages = match self.description(path) {
            Err(StoreError::Absent { .. }) => {
                return Err(stages::conflict(self, path, expected, "none"));
            }
            description => Stages::of(&description?),
        };
        let found = stages.with(CURRENT).unwrap_or("none");
        if found != expected.0 {
            return Err(stages::conflict(self, path, expected, found));
        }
        self.check_nobody_waits(path, &stages, &token)?;
        self.store_pending(path, &token, fields, expected)?;
        Ok(Staged {
            id: id.to_owned(),
            version: Version(token),
            over: expected.clone(),
        })
    }

    fn staged(&self, path: &str, id: &str) -> Result<Option<(Staged, Fields)>, StoreError> {
        let token = token(path, id);
        let stages = match self.description(path) {
            Ok(description) => Stages::of(&description),
            Err(StoreError::Absent { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let Some(over) = stages.over(&token) else {
            return Ok(None);
        };
        let (version, payload) = self.payload(path, ("VersionId", &token))?;
        let staged = Staged {
            id: id.to_owned(),
            version,
            over: Version(over),
        };
        Ok(Some((staged, fields_of_payload(payload.bytes()))))
    }

    fn promote(&self, path: &str, staged: &Staged) -> Result<Version, StoreError> {
        let stages = Stages::of(&self.description(path)?);
        let labels = stages.labels(&staged.version.0);
        if labels.iter().any(|label| label == CURRENT) {
            return Ok(staged.version.clone());
        }
        if labels.is_empty() {
            return Err(self.absent(&format!("{path} (waiting under {})", staged.id)));
        }
        self.make_current(path, &staged.version.0, &staged.over)
    }

    fn discard(&self, path: &str, staged: &Staged) -> Result<(), StoreError> {
        let stages = match self.description(path) {
            Ok(description) => Stages::of(&description),
            Err(StoreError::Absent { .. }) => return Ok(()),
            Err(error) => return Err(error),
        };
        let labels = stages.labels(&staged.version.0).iter();
        for label in labels.filter(|label| *label == PENDING || label.starts_with(OVER)) {
            self.remove_label(path, label, &staged.version.0)?;
        }
        Ok(())
    }

    fn roll_back(
        &self,
        path: &str,
        to: &Version,
        expected: &Version,
    ) -> Result<Version, StoreError> {
        self.make_current(path, &to.0, expected)
    }

    /// A version without labels is deprecated: AWS deletes it, and nobody reads it. There is no way to do it at once, or for good.
    fn retire(
        &self,
        path: &str,
        version: &Version,
        _retirement: Retirement,
    ) -> Result<(), StoreError> {
        let stages = Stages::of(&self.description(path)?);
        let labels = stages.labels(&version.0);
        if labels.iter().any(|label| label == CURRENT) {
            return Err(stages::conflict(
                self,
                path,
                version,
                "that it is the current one",
            ));
        }
        for label in labels {
            self.remove_label(path, label, &version.0)?;
        }
        Ok(())
    }
}
