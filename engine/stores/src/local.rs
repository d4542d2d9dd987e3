//! The embedded default: a store in one file that age encrypts, without a server. For one person, a demo, a small machine.
//!
//! The file holds entries with versions (the last ten), what waits to be promoted, and tags. Every change reads the file, changes
//! it and replaces it under a lock, so that compare-and-set is real between processes of one machine.
//!
//! The identity that opens it is named by `identity`, `LEAKWARD_AGE_KEY`, `LEAKWARD_AGE_KEY_FILE`, or lies in the user's state folder,
//! where the first write makes one.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use age::x25519::Recipient;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use leakward_core::Secret;
use leakward_core::time::rfc3339;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use crate::age_keys::{self, AgeKeys, Form};
use crate::error::StoreError;
use crate::exposed::{bytes, text};
use crate::kind::{Kind, Opened};
use crate::replaced_file::{Lock, replace};
use crate::spec::StoreSpec;
use crate::stages;
use crate::store::{Entry, Fields, Health, Metadata, Retirement, Select, Staged, Store, Version};
use crate::surroundings::Surroundings;

/// Of the format of the file.
const FORMAT: u32 = 1;

/// How many versions of an entry are kept, the current one included.
const KEPT: usize = 10;

/// LIMIT: bytes of a store's file.
const LARGEST_FILE: u64 = 256 << 20;

pub(crate) const KIND: Kind = Kind {
    name: "file",
    also: &["age", "local"],
    about: "a local file that age encrypts; needs no server",
    example: "file:secrets.age",
    options: &[
        (
            "identity",
            "the file of the identity; default LEAKWARD_AGE_KEY, LEAKWARD_AGE_KEY_FILE, one in the state folder",
        ),
        ("recipients", "age1…,age1…: who else can open it"),
    ],
    open,
};

fn open(spec: &StoreSpec, surroundings: &Surroundings) -> Result<Opened, StoreError> {
    LocalStore::new(spec, surroundings).map(|store| Opened::Store(Box::new(store)))
}

/// A value as it stands in the file.
struct Kept(Secret);

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Text(String),
    Bytes { base64: String },
}

impl Serialize for Kept {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match text(&self.0) {
            Some(text) => serializer.serialize_str(text),
            None => Written::Bytes {
                base64: STANDARD.encode(bytes(&self.0)),
            }
            .serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Kept {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(match Written::deserialize(deserializer)? {
            Written::Text(text) => Secret::new(Zeroizing::new(text).as_bytes()),
            Written::Bytes { base64 } => {
                let decoded = STANDARD.decode(base64).map_err(serde::de::Error::custom)?;
                Secret::new(&Zeroizing::new(decoded))
            }
        }))
    }
}

type KeptFields = BTreeMap<String, Kept>;

/// What is in the file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    version: u32,
    #[serde(default)]
    entries: BTreeMap<String, KeptEntry>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptEntry {
    current: u64,
    versions: BTreeMap<u64, KeptVersion>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    waiting: BTreeMap<String, Waiting>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    tags: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptVersion {
    at: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    disabled: bool,
    fields: KeptFields,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Waiting {
    over: u64,
    fields: KeptFields,
}

impl Content {
    fn empty() -> Self {
        Self {
            version: FORMAT,
            entries: BTreeMap::new(),
        }
    }
}

impl KeptEntry {
    fn write(&mut self, fields: KeptFields, at: String) -> u64 {
        self.current = self.versions.keys().next_back().copied().unwrap_or(0) + 1;
        let version = KeptVersion {
            at,
            disabled: false,
            fields,
        };
        self.versions.insert(self.current, version);
        while self.versions.len() > KEPT {
            self.versions.pop_first();
        }
        self.current
    }
}

fn kept(fields: &Fields) -> KeptFields {
    fields
        .iter()
        .map(|(name, value)| (name.clone(), Kept(value.clone())))
        .collect()
}

fn given(fields: &KeptFields) -> Fields {
    fields
        .iter()
        .map(|(name, value)| (name.clone(), value.0.clone()))
        .collect()
}

/// A store in one encrypted file.
pub struct LocalStore {
    path: PathBuf,
    identity: Option<PathBuf>,
    recipients: Vec<Recipient>,
    surroundings: Surroundings,
}

impl LocalStore {
    /// The file that `spec` names. It need not be there yet.
    ///
    /// # Errors
    /// No file is named, or a recipient is none.
    pub fn new(spec: &StoreSpec, surroundings: &Surroundings) -> Result<Self, StoreError> {
        if spec.place.is_empty() {
            return Err(spec.wrong("a local store is named by its file: file:secrets.age"));
        }
        let recipients = age_keys::recipients(spec.option("recipients").unwrap_or_default())
            .map_err(|error| spec.wrong(error.to_string()))?;
        Ok(Self {
            path: surroundings.path(&spec.place),
            identity: spec.option("identity").map(|file| surroundings.path(file)),
            recipients,
            surroundings: surroundings.clone(),
        })
    }

    /// A store beside others, for what they cannot keep themselves.
    pub(crate) fn beside(path: PathBuf, surroundings: &Surroundings) -> Self {
        Self {
            path,
            identity: None,
            recipients: Vec::new(),
            surroundings: surroundings.clone(),
        }
    }

    fn usual_identity(&self) -> Option<PathBuf> {
        let state = self.surroundings.state.as_ref()?;
        Some(state.join("age-identity.txt"))
    }

    fn keys(&self) -> Result<Option<AgeKeys>, StoreError> {
        match &self.identity {
            Some(path) => AgeKeys::read(path, &self.describe()).map(Some),
            None => age_keys::of_surroundings(
                &self.surroundings,
                "LEAKWARD_AGE_KEY",
                "LEAKWARD_AGE_KEY_FILE",
                self.usual_identity(),
                &self.describe(),
            ),
        }
    }

    fn setting(&self, what: impl Into<String>) -> StoreError {
        StoreError::Setting {
            store: self.describe(),
            what: what.into(),
        }
    }

    fn no_keys(&self) -> StoreError {
        self.setting(
            "no identity of age is known: set LEAKWARD_AGE_KEY_FILE or the option `identity`",
        )
    }

    fn failed(&self, what: &str, error: &io::Error) -> StoreError {
        match error.kind() {
            io::ErrorKind::PermissionDenied => StoreError::Denied {
                store: self.describe(),
                what: what.to_owned(),
            },
            _ => StoreError::Unavailable {
                store: self.describe(),
                why: format!("{what}: {error}"),
            },
        }
    }

    /// What is in the file; nothing when there is none.
    fn content(&self) -> Result<Content, StoreError> {
        let closed = match read_limited(&self.path) {
            Ok(closed) => closed,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Content::empty()),
            Err(error) => return Err(self.failed("read the file", &error)),
        };
        let keys = self.keys()?.ok_or_else(|| self.no_keys())?;
        let opened = keys.open(&closed).map_err(|error| match error {
            age_keys::AgeError::NotForUs(_) => StoreError::LoggedOut {
                store: self.describe(),
                why: error.to_string(),
            },
            _ => StoreError::Malformed {
                store: self.describe(),
                what: error.to_string(),
            },
        })?;
        // serde's own words could repeat a piece of the content.
        let content: Content =
            serde_json::from_slice(&opened).map_err(|error| StoreError::Malformed {
                store: self.describe(),
                what: format!(
                    "what is encrypted is no store of leakward (line {}, column {})",
                    error.line(),
                    error.column()
                ),
            })?;
        if content.version != FORMAT {
            return Err(StoreError::Malformed {
                store: self.describe(),
                what: format!(
                    "it is of format {}; this program knows format {FORMAT}",
                    content.version
                ),
            });
        }
        Ok(content)
    }

    /// Changes what is in the file, under its lock. An error changes nothing.
    fn change<T>(
        &self,
        change: impl FnOnce(&mut Content) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder)
                .map_err(|error| self.failed("make its folder", &error))?;
        }
        let _lock = Lock::of(&self.path).map_err(|error| self.failed("lock the file", &error))?;
        let mut content = self.content()?;
        let made = change(&mut content)?;
        let opened = serde_json::to_vec(&content)
            .map(Zeroizing::new)
            .map_err(|_| self.setting("the content cannot be written"))?;
        let mut recipients = self.keys_or_new()?.recipients();
        recipients.extend(self.recipients.iter().cloned());
        let closed = age_keys::close(&recipients, &opened, Form::Binary)
            .map_err(|error| self.setting(error.to_string()))?;
        replace(&self.path, &closed).map_err(|error| self.failed("write the file", &error))?;
        Ok(made)
    }

    /// Our keys; the first write to a store makes them.
    fn keys_or_new(&self) -> Result<AgeKeys, StoreError> {
        if let Some(keys) = self.keys()? {
            return Ok(keys);
        }
        let path = self.usual_identity().ok_or_else(|| self.no_keys())?;
        AgeKeys::create(&path).map_err(|error| self.failed("make an identity", &error))
    }

    fn absent(&self, path: &str) -> StoreError {
        StoreError::Absent {
            store: self.describe(),
            path: path.to_owned(),
        }
    }

    fn number(&self, path: &str, version: &Version) -> Result<u64, StoreError> {
        version.0.parse().map_err(|_| self.absent(path))
    }

    /// The entry, as long as `expected` is its current version.
    fn expected<'c>(
        &self,
        content: &'c mut Content,
        path: &str,
        expected: &Version,
    ) -> Result<&'c mut KeptEntry, StoreError> {
        let entry = content
            .entries
            .get_mut(path)
            .ok_or_else(|| stages::conflict(self, path, expected, "none"))?;
        if entry.current.to_string() == expected.0 {
            Ok(entry)
        } else {
            let found = entry.current.to_string();
            Err(stages::conflict(self, path, expected, &found))
        }
    }

    fn now(&self) -> String {
        rfc3339(self.surroundings.now())
    }

    /// Sets what is known of an entry besides its values. An empty text takes a tag away.
    ///
    /// # Errors
    /// [`StoreError::Absent`], or the file cannot be written.
    pub fn set_tags(&self, path: &str, tags: &BTreeMap<String, String>) -> Result<(), StoreError> {
        self.change(|content| {
            let entry = content
                .entries
                .get_mut(path)
                .ok_or_else(|| self.absent(path))?;
            for (name, value) in tags {
                if value.is_empty() {
                    entry.tags.remove(name);
                } else {
                    entry.tags.insert(name.clone(), value.clone());
                }
            }
            Ok(())
        })
    }

    /// Removes an entry with all its versions. That there is none is no error.
    pub(crate) fn remove(&self, path: &str) -> Result<(), StoreError> {
        if !self.content()?.entries.contains_key(path) {
            return Ok(());
        }
        self.change(|content| {
            content.entries.remove(path);
            Ok(())
        })
    }

    /// Writes an entry, whatever was there.
    pub(crate) fn set(&self, path: &str, fields: &Fields) -> Result<(), StoreError> {
        self.change(|content| {
            let entry = content.entries.entry(path.to_owned()).or_default();
            entry.versions.clear();
            entry.write(kept(fields), self.now());
            Ok(())
        })
    }
}

fn read_limited(path: &Path) -> io::Result<Vec<u8>> {
    let size = std::fs::metadata(path)?.len();
    if size > LARGEST_FILE {
        return Err(io::Error::other("the file is too large for a store"));
    }
    std::fs::read(path)
}

impl Store for LocalStore {
    fn describe(&self) -> String {
        format!("file {}", self.path.display())
    }

    fn check(&self) -> Result<Health, StoreError> {
        let entries = self.content()?.entries.len();
        let keys = self.keys()?;
        Ok(Health {
            identity: keys
                .as_ref()
                .and_then(|keys| keys.recipients().first().map(ToString::to_string))
                .unwrap_or_else(|| "none yet".to_owned()),
            login: keys.map_or_else(
                || "the first write makes an identity".to_owned(),
                |keys| keys.source,
            ),
            what: format!("local store encrypted by age, {entries} entries"),
        })
    }

    fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let content = self.content()?;
        let paths = content.entries.into_keys();
        Ok(paths.filter(|path| path.starts_with(prefix)).collect())
    }

    fn metadata(&self, path: &str) -> Result<Metadata, StoreError> {
        let mut content = self.content()?;
        let entry = content
            .entries
            .remove(path)
            .ok_or_else(|| self.absent(path))?;
        let current = entry.versions.get(&entry.current);
        Ok(Metadata {
            current: current.map(|_| Version(entry.current.to_string())),
            changed_at: current.map(|version| version.at.clone()),
            tags: entry.tags,
        })
    }

    fn versions(&self, path: &str) -> Result<Vec<Version>, StoreError> {
        let content = self.content()?;
        let entry = content.entries.get(path).ok_or_else(|| self.absent(path))?;
        let live = entry.versions.iter().rev();
        Ok(live
            .filter(|(_, version)| !version.disabled)
            .map(|(number, _)| Version(number.to_string()))
            .collect())
    }

    fn read(&self, path: &str, select: &Select) -> Result<Entry, StoreError> {
        let content = self.content()?;
        let absent = || self.absent(path);
        let entry = content.entries.get(path).ok_or_else(absent)?;
        let number = match select {
            Select::Current => entry.current,
            Select::Exactly(version) => self.number(path, version)?,
            Select::Previous => {
                let before = entry.versions.range(..entry.current).rev();
                let mut live = before.filter(|(_, version)| !version.disabled);
                live.next().map(|(number, _)| *number).ok_or_else(absent)?
            }
        };
        let version = entry
            .versions
            .get(&number)
            .filter(|version| !version.disabled)
            .ok_or_else(absent)?;
        Ok(Entry {
            version: Version(number.to_string()),
            fields: given(&version.fields),
        })
    }

    fn put(
        &self,
        path: &str,
        fields: &Fields,
        expected: Option<&Version>,
    ) -> Result<Version, StoreError> {
        self.change(|content| {
            let entry = match expected {
                Some(expected) => self.expected(content, path, expected)?,
                None => match content.entries.get(path) {
                    Some(entry) => {
                        return Err(stages::exists(self, path, &entry.current.to_string()));
                    }
                    None => content.entries.entry(path.to_owned()).or_default(),
                },
            };
            let number = entry.write(kept(fields), self.now());
            Ok(Version(number.to_string()))
        })
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
        self.change(|content| {
            let entry = self.expected(content, path, expected)?;
            let over = entry.current;
            // Under the lock once more: another process may have been first.
            let waiting = entry.waiting.entry(id.to_owned()).or_insert(Waiting {
                over,
                fields: kept(fields),
            });
            Ok(waiting_as(id, waiting.over))
        })
    }

    fn staged(&self, path: &str, id: &str) -> Result<Option<(Staged, Fields)>, StoreError> {
        let content = self.content()?;
        let waiting = content
            .entries
            .get(path)
            .and_then(|entry| entry.waiting.get(id));
        Ok(waiting.map(|waiting| (waiting_as(id, waiting.over), given(&waiting.fields))))
    }

    fn promote(&self, path: &str, staged: &Staged) -> Result<Version, StoreError> {
        self.change(|content| {
            let entry = content
                .entries
                .get_mut(path)
                .ok_or_else(|| self.absent(path))?;
            let waiting = entry
                .waiting
                .get(&staged.id)
                .ok_or_else(|| self.absent(&format!("{path} (waiting under {})", staged.id)))?;
            let fields = given(&waiting.fields);
            let current = entry.versions.get(&entry.current);
            let is_done = current.is_some_and(|version| given(&version.fields) == fields);
            if entry.current.to_string() == staged.over.0 {
                let number = entry.write(kept(&fields), self.now());
                return Ok(Version(number.to_string()));
            }
            let found = entry.current.to_string();
            if is_done {
                return Ok(Version(found));
            }
            Err(stages::conflict(self, path, &staged.over, &found))
        })
    }

    fn discard(&self, path: &str, staged: &Staged) -> Result<(), StoreError> {
        if self.staged(path, &staged.id)?.is_none() {
            return Ok(());
        }
        self.change(|content| {
            if let Some(entry) = content.entries.get_mut(path) {
                entry.waiting.remove(&staged.id);
            }
            Ok(())
        })
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
        let number = self.number(path, version)?;
        self.change(|content| {
            let entry = content
                .entries
                .get_mut(path)
                .ok_or_else(|| self.absent(path))?;
            if entry.current == number {
                return Err(stages::conflict(
                    self,
                    path,
                    version,
                    "that it is the current one",
                ));
            }
            match retirement {
                Retirement::Destroy => {
                    entry.versions.remove(&number);
                }
                Retirement::Disable => {
                    let kept = entry.versions.get_mut(&number);
                    kept.ok_or_else(|| self.absent(path))?.disabled = true;
                }
            }
            Ok(())
        })
    }
}

fn waiting_as(id: &str, over: u64) -> Staged {
    Staged {
        id: id.to_owned(),
        version: Version(format!("waiting-{id}")),
        over: Version(over.to_string()),
    }
}
