//! AWS Systems Manager's Parameter Store.
//!
//! <https://docs.aws.amazon.com/systems-manager/latest/APIReference/>. Versions are numbered one after the other. It has no
//! compare-and-set: the version that a write made must be the one after the expected one. When it is not, somebody else wrote in
//! between; their value is written again over ours, and the conflict is told. A pending value is a parameter of its own below
//! `/leakward-pending/`, encrypted with the same key.

use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::json_api::{JsonApi, Said, Service, tags, time};
use crate::document::{fields_of_payload, payload_with};
use crate::error::StoreError;
use crate::exposed::Json;
use crate::http::Effect;
use crate::kind::{Kind, Opened};
use crate::spec::StoreSpec;
use crate::stages::{self, Shelf, Slot, slot_name};
use crate::store::{Entry, Fields, Health, Metadata, Select, Staged, Store, Version};
use crate::surroundings::Surroundings;

pub(crate) const KIND: Kind = Kind {
    name: "aws-ssm",
    also: &["aws-parameters"],
    about: "the Parameter Store of AWS Systems Manager in a region",
    example: "aws-ssm:eu-west-1",
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
    name: "ssm",
    target: "AmazonSSM",
    endpoint: "AWS_ENDPOINT_URL_SSM",
};

const PENDING: &str = "/leakward-pending/";

fn open(spec: &StoreSpec, surroundings: &Surroundings) -> Result<Opened, StoreError> {
    ParameterStore::new(spec, surroundings).map(|store| Opened::Store(Box::new(store)))
}

/// The Parameter Store of one region.
pub struct ParameterStore {
    api: JsonApi,
}

/// How a parameter is stored.
struct Nature {
    kind: String,
    key: Option<String>,
    tier: Option<String>,
}

impl ParameterStore {
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

    fn absent(&self, path: &str) -> StoreError {
        StoreError::Absent {
            store: self.api.store.clone(),
            path: path.to_owned(),
        }
    }

    fn malformed(&self, what: &str) -> StoreError {
        StoreError::Malformed {
            store: self.api.store.clone(),
            what: format!("{what}: the answer is not what it should be"),
        }
    }

    /// Number and value; `version` none means the newest.
    fn value(
        &self,
        path: &str,
        version: Option<u64>,
    ) -> Result<(u64, Zeroizing<Vec<u8>>), StoreError> {
        let what = format!("read {path}");
        let name = match version {
            Some(number) => format!("{path}:{number}"),
            None => path.to_owned(),
        };
        let body = json!({"Name": name, "WithDecryption": true});
        let json = self.call("GetParameter", body, Effect::Reads, (&what, path))?;
        let number = json.0.pointer("/Parameter/Version").and_then(Value::as_u64);
        match (number, json.text("/Parameter/Value")) {
            (Some(number), Some(value)) => Ok((number, Zeroizing::new(value.as_bytes().to_vec()))),
            _ => Err(self.malformed(&what)),
        }
    }

    /// How the parameter is stored, and when it was changed.
    fn description(&self, path: &str) -> Result<Json, StoreError> {
        let what = format!("describe {path}");
        let filter = json!([{"Key": "Name", "Option": "Equals", "Values": [path]}]);
        let body = json!({"ParameterFilters": filter});
        let json = self.call("DescribeParameters", body, Effect::Reads, (&what, path))?;
        json.0
            .pointer("/Parameters/0")
            .cloned()
            .map(Json)
            .ok_or_else(|| self.absent(path))
    }

    fn nature(&self, path: &str) -> Result<Nature, StoreError> {
        let description = self.description(path)?;
        let text = |name: &str| description.text(name).map(str::to_owned);
        Ok(Nature {
            kind: text("/Type").unwrap_or_else(|| "SecureString".to_owned()),
            key: text("/KeyId"),
            tier: text("/Tier"),
        })
    }

    /// Writes a value as it is; returns the number of the version that it got.
    fn write(
        &self,
        name: &str,
        value: &[u8],
        nature: &Nature,
        overwrite: Overwrite,
    ) -> Result<Said, StoreError> {
        let text = std::str::from_utf8(value).map_err(|_| StoreError::Unsupported {
            store: self.api.store.clone(),
            what: format!("hold bytes that are no text at {name}"),
        })?;
        let mut body = Json(json!({
            "Name": name, "Value": text, "Type": nature.kind, "Overwrite": overwrite == Overwrite::Yes,
        }));
        if let Some(map) = body.0.as_object_mut() {
            if let Some(key) = nature
                .key
                .as_ref()
                .filter(|_| nature.kind == "SecureString")
            {
                map.insert("KeyId".to_owned(), json!(key));
            }
            if let Some(tier) = &nature.tier {
                map.insert("Tier".to_owned(), json!(tier));
            }
        }
        let what = format!("write {name}");
        self.api
            .call("PutParameter", body.0.clone(), Effect::Changes, &what)
    }

    fn number(&self, said: Said, path: &str) -> Result<u64, StoreError> {
        let what = format!("write {path}");
        match said {
            Said::Yes(json) => json
                .0
                .get("Version")
                .and_then(Value::as_u64)
                .ok_or_else(|| self.malformed(&what)),
            Said::No(code, answer) => {
                Err(self
                    .api
                    .refusal(&code, &answer, Effect::Changes, &what, path))
            }
        }
    }

    fn payload(
        &self,
        path: &str,
        before: Option<&[u8]>,
        fields: &Fields,
    ) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        payload_with(before, fields).map_err(|error| StoreError::Unsupported {
            store: self.api.store.clone(),
            what: format!("hold this at {path}: {error}"),
        })
    }

    fn create(&self, path: &str, fields: &Fields) -> Result<Version, StoreError> {
        let nature = Nature {
            kind: "SecureString".to_owned(),
            key: None,
            tier: None,
        };
        let payload = self.payload(path, None, fields)?;
        match self.write(path, &payload, &nature, Overwrite::No)? {
            Said::No(code, _) if code == "ParameterAlreadyExists" => {
                Err(stages::exists(self, path, "one"))
            }
            said => Ok(Version(self.number(said, path)?.to_string())),
        }
    }

    /// Somebody wrote between our look and our write: theirs is written again over ours.
    fn give_way(&self, path: &str, nature: &Nature, made: u64) -> Result<(), StoreError> {
        let (_, theirs) = self.value(path, Some(made - 1))?;
        let said = self.write(path, &theirs, nature, Overwrite::Yes)?;
        self.number(said, path).map(|_| ())
    }

    fn shelf(path: &str, slot: Slot<'_>) -> String {
        format!("{PENDING}{}", slot_name(path, slot))
    }
}

/// Whether a parameter that is there may be written over.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Overwrite {
    Yes,
    No,
}

impl Shelf for ParameterStore {
    fn shelve(&self, path: &str, slot: Slot<'_>, fields: &Fields) -> Result<(), StoreError> {
        let name = Self::shelf(path, slot);
        let nature = Nature {
            kind: "SecureString".to_owned(),
            ..self.nature(path)?
        };
        let payload = self.payload(&name, None, fields)?;
        match self.write(&name, &payload, &nature, Overwrite::No)? {
            Said::No(code, _) if code == "ParameterAlreadyExists" => Ok(()),
            said => self.number(said, &name).map(|_| ()),
        }
    }

    fn shelved(&self, path: &str, slot: Slot<'_>) -> Result<Option<Fields>, StoreError> {
        match self.value(&Self::shelf(path, slot), None) {
            Ok((_, value)) => Ok(Some(fields_of_payload(&value))),
            Err(StoreError::Absent { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn unshelve(&self, path: &str, slot: Slot<'_>) -> Result<(), StoreError> {
        let name = Self::shelf(path, slot);
        let what = format!("delete {name}");
        let body = json!({"Name": name});
        match self.call("DeleteParameter", body, Effect::Changes, (&what, &name)) {
            Ok(_) | Err(StoreError::Absent { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl Store for ParameterStore {
    fn describe(&self) -> String {
        self.api.store.clone()
    }

    fn check(&self) -> Result<Health, StoreError> {
        let credentials = self.api.identity()?;
        let body = json!({"MaxResults": 1});
        let place = ("describe one parameter", "");
        self.call("DescribeParameters", body, Effect::Reads, place)?;
        Ok(Health {
            identity: format!("access key {}", credentials.id),
            login: credentials.source,
            what: format!("Parameter Store in {}", self.api.region),
        })
    }

    fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let mut found = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let mut body = json!({"MaxResults": 50});
            if let (Some(token), Some(map)) = (&next, body.as_object_mut()) {
                map.insert("NextToken".to_owned(), json!(token));
            }
            let place = ("list the parameters", "");
            let json = self.call("DescribeParameters", body, Effect::Reads, place)?;
            let list = json.0.get("Parameters").and_then(Value::as_array);
            let names = list
                .into_iter()
                .flatten()
                .filter_map(|parameter| parameter.get("Name")?.as_str());
            found.extend(
                names
                    .filter(|name| name.starts_with(prefix) && !name.starts_with(PENDING))
                    .map(str::to_owned),
            );
            next = json
                .text("/NextToken")
                .filter(|token| !token.is_empty())
                .map(str::to_owned);
            if next.is_none() {
                break;
            }
        }
        found.sort_unstable();
        Ok(found)
    }

    fn metadata(&self, path: &str) -> Result<Metadata, StoreError> {
        let description = self.description(path)?;
        let what = format!("read the tags of {path}");
        let body = json!({"ResourceType": "Parameter", "ResourceId": path});
        let listed = self.call("ListTagsForResource", body, Effect::Reads, (&what, path))?;
        let number = description.0.get("Version").and_then(Value::as_u64);
        Ok(Metadata {
            current: number.map(|number| Version(number.to_string())),
            changed_at: time(description.0.get("LastModifiedDate")),
            tags: tags(listed.0.get("TagList")),
        })
    }

    fn versions(&self, path: &str) -> Result<Vec<Version>, StoreError> {
        let what = format!("read the history of {path}");
        let mut numbers: Vec<u64> = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let mut body = json!({"Name": path, "WithDecryption": false, "MaxResults": 50});
            if let (Some(token), Some(map)) = (&next, body.as_object_mut()) {
                map.insert("NextToken".to_owned(), json!(token));
            }
            let json = self.call("GetParameterHistory", body, Effect::Reads, (&what, path))?;
            let list = json.0.get("Parameters").and_then(Value::as_array);
            numbers.extend(
                list.into_iter()
                    .flatten()
                    .filter_map(|parameter| parameter.get("Version")?.as_u64()),
            );
            next = json
                .text("/NextToken")
                .filter(|token| !token.is_empty())
                .map(str::to_owned);
            if next.is_none() {
                break;
            }
        }
        numbers.sort_unstable_by(|one, other| other.cmp(one));
        Ok(numbers
            .into_iter()
            .map(|number| Version(number.to_string()))
            .collect())
    }

    fn read(&self, path: &str, select: &Select) -> Result<Entry, StoreError> {
        let version = match select {
            Select::Current => None,
            Select::Exactly(version) => Some(version.0.parse().map_err(|_| self.absent(path))?),
            Select::Previous => {
                let (current, _) = self.value(path, None)?;
                let previous = current.checked_sub(1).filter(|number| *number > 0);
                Some(previous.ok_or_else(|| self.absent(path))?)
            }
        };
        let (number, value) = self.value(path, version)?;
        Ok(Entry {
            version: Version(number.to_string()),
            fields: fields_of_payload(&value),
        })
    }

    fn put(
        &self,
        path: &str,
        fields: &Fields,
        expected: Option<&Version>,
    ) -> Result<Version, StoreError> {
        let Some(expected) = expected else {
            return self.create(path, fields);
        };
        let (found, before) = match self.value(path, None) {
            Err(StoreError::Absent { .. }) => {
                return Err(stages::conflict(self, path, expected, "none"));
            }
            other => other?,
        };
        if found.to_string() != expected.0 {
            return Err(stages::conflict(self, path, expected, &found.to_string()));
        }
        let nature = self.nature(path)?;
        let payload = self.payload(path, Some(&before), fields)?;
        let said = self.write(path, &payload, &nature, Overwrite::Yes)?;
        let made = self.number(said, path)?;
        if made == found + 1 {
            return Ok(Version(made.to_string()));
        }
        self.give_way(path, &nature, made)?;
        Err(stages::conflict(
            self,
            path,
            expected,
            &(made - 1).to_string(),
        ))
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
}
