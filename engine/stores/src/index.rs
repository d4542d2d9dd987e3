//! Which store holds a value, known without knowing the value: keyed fingerprints of everything that the stores let us read.
//!
//! A leak is looked up by its own fingerprint and leads to store, path, field, version, owner and consumers. What an entry held
//! earlier stays known, so that a leak of a value that was replaced long ago is recognised as such.
//!
//! INVARIANT: no value and nothing that is as good as one is in an index, other than by a keyed fingerprint. LIMIT: whoever has
//! both the index and its key can try guesses; they lie in different files, and the key can be kept elsewhere.

use std::collections::BTreeMap;
use std::path::Path;

use leakward_core::{Fingerprint, FingerprintKey, RuleId, Secret};
use serde::{Deserialize, Serialize};

use crate::error::StoreError;
use crate::parts::{Part, parts, with_part};
use crate::replaced_file;
use crate::store::{Fields, Metadata, Select, Store, Version};

/// Of the format of the file.
const FORMAT: u32 = 1;

/// Stands in the place of a rule: in an index it is not known what kind of credential a value is.
const RULE: &str = "leakward-store-value";

/// Names of tags that say who owns an entry, the most telling first.
const OWNER_TAGS: [&str; 6] = [
    "leakward-owner",
    "owner",
    "Owner",
    "team",
    "Team",
    "contact",
];

/// Names of tags that say who reads an entry.
const CONSUMER_TAGS: [&str; 3] = ["leakward-consumers", "consumers", "Consumers"];

/// What is known of all stores.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Index {
    version: u32,
    /// By the name under which a store is configured, or its own.
    stores: BTreeMap<String, IndexedStore>,
}

/// What is known of a store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexedStore {
    /// What it is.
    pub store: String,
    /// When it was last read, RFC 3339.
    pub indexed_at: String,
    /// Its entries, by path.
    pub entries: BTreeMap<String, IndexedEntry>,
    /// Entries that could not be read, with the reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unread: BTreeMap<String, String>,
}

/// What is known of an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexedEntry {
    /// The current version.
    pub version: String,
    /// When it was last changed, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_rotated: Option<String>,
    /// Tags of the store.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// Whether the store still has it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gone: bool,
    /// Its values.
    pub values: Vec<IndexedValue>,
}

/// One value, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexedValue {
    /// The field.
    pub field: String,
    /// The version that holds it; the newest one that does.
    pub version: String,
    /// Which part of the field's value: `whole`, `password of the URL`, `in JSON: …`.
    pub part: String,
    /// The keyed fingerprint, 32 hexadecimal digits.
    pub fingerprint: String,
}

/// A place that holds a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Holding {
    /// Name of the store.
    pub store: String,
    /// Path of the entry.
    pub path: String,
    /// Name of the field.
    pub field: String,
    /// The version that holds it.
    pub version: String,
    /// Which part of the field's value it is.
    pub part: String,
    /// Whether that version was the current one when the index was made.
    pub is_current: bool,
    /// When the entry was last changed.
    pub last_rotated: Option<String>,
    /// Who owns it, as tags say.
    pub owner: Option<String>,
    /// Who reads it, as tags say.
    pub consumers: Vec<String>,
}

impl Holding {
    /// Whether the store holds `value` there at this very moment.
    ///
    /// # Errors
    /// The store cannot be read. That the entry is gone is a no.
    pub fn is_still_true(&self, store: &dyn Store, value: &Secret) -> Result<bool, StoreError> {
        let entry = match store.read(&self.path, &Select::Current) {
            Ok(entry) => entry,
            Err(StoreError::Absent { .. }) => return Ok(false),
            Err(error) => return Err(error),
        };
        let sought = parts(value);
        Ok(entry.fields.get(&self.field).is_some_and(|held| {
            parts(held)
                .iter()
                .filter(|(part, _)| part.to_string() == self.part)
                .any(|(_, held)| sought.iter().any(|(_, value)| value == held))
        }))
    }

    /// The entry's fields with `new` where the old value was; none when it is not there any more.
    #[must_use]
    pub fn renewed(&self, fields: &Fields, new: &Secret) -> Option<Fields> {
        let part: Part = self.part.parse().ok()?;
        let value = with_part(fields.get(&self.field)?, &part, new)?;
        let mut renewed = fields.clone();
        renewed.insert(self.field.clone(), value);
        Some(renewed)
    }
}

/// A value while a store is walked.
pub struct Seen<'s> {
    /// Path of the entry.
    pub path: &'s str,
    /// Name of the field.
    pub field: &'s str,
    /// The version that is read.
    pub version: &'s Version,
    /// Which part of the field's value.
    pub part: &'s Part,
    /// The part itself.
    pub value: &'s Secret,
    /// Whether the version is the current one.
    pub is_current: bool,
}

/// What a walk met, values apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walked {
    /// What is known of each entry.
    pub entries: BTreeMap<String, Metadata>,
    /// Entries that could not be read, with the reason.
    pub unread: BTreeMap<String, StoreError>,
}

/// Entries that are read at the same time: most of the time goes into waiting for answers.
const AT_ONCE: usize = 8;

/// An entry as it was read: what is known of it, and its versions with the current one in front.
type Whole = Result<(Metadata, Vec<(Version, Fields)>), StoreError>;

/// Reads every entry of a store, its newest `versions` versions, and shows each part of each value to `seen`. Several entries are read at
/// once; `seen` is called on this thread, entry by entry in the order of their paths.
///
/// # Errors
/// The store cannot be listed, or serves nobody any more. An entry that cannot be read is named in what is returned.
pub fn walk(
    store: &dyn Store,
    versions: usize,
    seen: &mut dyn FnMut(&Seen<'_>),
) -> Result<Walked, StoreError> {
    let mut walked = Walked::default();
    let paths = store.list("")?;
    // Portions, so that no more than a few entries' values are held at once.
    for portion in paths.chunks(AT_ONCE) {
        let read: Vec<Whole> = std::thread::scope(|scope| {
            let readers: Vec<_> = portion
                .iter()
                .map(|path| scope.spawn(move || read_whole(store, path, versions)))
                .collect();
            readers
                .into_iter()
                .map(|reader| {
                    reader.join().unwrap_or_else(|_| {
                        Err(StoreError::Malformed {
                            store: store.describe(),
                            what: "reading an entry broke off".to_owned(),
                        })
                    })
                })
                .collect()
        });
        for (path, whole) in portion.iter().zip(read) {
            match whole {
                Ok((metadata, held)) => {
                    show(path, &held, seen);
                    walked.entries.insert(path.clone(), metadata);
                }
                // It was taken away since it was listed, or has no live version.
                Err(StoreError::Absent { .. }) => {}
                Err(
                    error @ (StoreError::Sealed { .. }
                    | StoreError::LoggedOut { .. }
                    | StoreError::Intercepted { .. }),
                ) => return Err(error),
                Err(error) => {
                    walked.unread.insert(path.clone(), error);
                }
            }
        }
    }
    Ok(walked)
}

fn show(path: &str, held: &[(Version, Fields)], seen: &mut dyn FnMut(&Seen<'_>)) {
    for (at, (version, fields)) in held.iter().enumerate() {
        for (field, value) in fields {
            for (part, value) in &parts(value) {
                seen(&Seen {
                    path,
                    field,
                    version,
                    part,
                    value,
                    is_current: at == 0,
                });
            }
        }
    }
}

fn read_whole(store: &dyn Store, path: &str, versions: usize) -> Whole {
    let current = store.read(path, &Select::Current)?;
    let earlier = if versions > 1 {
        store.versions(path)?
    } else {
        Vec::new()
    };
    let mut held = vec![(current.version.clone(), current.fields)];
    let earlier = earlier
        .into_iter()
        .filter(|version| *version != current.version);
    for version in earlier.take(versions.saturating_sub(1)) {
        match store.read(path, &Select::Exactly(version.clone())) {
            Ok(entry) => held.push((version, entry.fields)),
            Err(StoreError::Absent { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    let metadata = match store.metadata(path) {
        // Whoever may read values and not metadata still gets an index.
        Err(StoreError::Denied { .. }) => Metadata::default(),
        other => other?,
    };
    let metadata = Metadata {
        current: Some(current.version),
        ..metadata
    };
    Ok((metadata, held))
}

/// An index that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The file cannot be read or written.
    #[error("{file}: {error}")]
    File {
        /// The file.
        file: String,
        /// What the system said.
        error: std::io::Error,
    },
    /// It is no index, or one of a later version.
    #[error(
        "{file} is no index of stores that this program can read ({why}); remove it and run `leakward store index` again"
    )]
    Malformed {
        /// The file.
        file: String,
        /// What is wrong.
        why: String,
    },
}

impl Index {
    /// The index in a file; an empty one when there is none.
    ///
    /// # Errors
    /// The file cannot be read, or holds something else.
    pub fn read(path: &Path) -> Result<Self, IndexError> {
        let file = || path.display().to_string();
        let malformed = |why: String| IndexError::Malformed { file: file(), why };
        let text = match std::fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self {
                    version: FORMAT,
                    stores: BTreeMap::new(),
                });
            }
            Err(error) => {
                return Err(IndexError::File {
                    file: file(),
                    error,
                });
            }
        };
        let index: Self =
            serde_json::from_slice(&text).map_err(|error| malformed(error.to_string()))?;
        if index.version != FORMAT {
            return Err(malformed(format!("version {}", index.version)));
        }
        Ok(index)
    }

    /// Writes it, for its owner only.
    ///
    /// # Errors
    /// The file cannot be written; the one before is still there.
    pub fn write(&self, path: &Path) -> Result<(), IndexError> {
        let failed = |error: std::io::Error| IndexError::File {
            file: path.display().to_string(),
            error,
        };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let text = serde_json::to_vec_pretty(self).map_err(|error| failed(error.into()))?;
        replaced_file::replace(path, &text).map_err(failed)
    }

    /// The stores in it.
    #[must_use]
    pub fn stores(&self) -> &BTreeMap<String, IndexedStore> {
        &self.stores
    }

    /// Reads a store and takes down what it holds. What was known before of values that are gone stays known.
    ///
    /// # Errors
    /// The store cannot be listed; the index is as it was.
    pub fn add(
        &mut self,
        name: &str,
        store: &dyn Store,
        reading: &Reading<'_>,
    ) -> Result<&IndexedStore, StoreError> {
        let mut values: BTreeMap<String, Vec<IndexedValue>> = BTreeMap::new();
        let walked = walk(store, reading.versions, &mut |seen| {
            let value = IndexedValue {
                field: seen.field.to_owned(),
                version: seen.version.0.clone(),
                part: seen.part.to_string(),
                fingerprint: fingerprint(reading.key, seen.value),
            };
            remember(values.entry(seen.path.to_owned()).or_default(), value);
        })?;
        let before = self.stores.remove(name).unwrap_or_default();
        let mut made = IndexedStore {
            store: store.describe(),
            indexed_at: reading.now.to_owned(),
            entries: BTreeMap::new(),
            unread: walked
                .unread
                .iter()
                .map(|(path, error)| (path.clone(), error.to_string()))
                .collect(),
        };
        for (path, metadata) in walked.entries {
            let entry = IndexedEntry {
                version: metadata
                    .current
                    .map(|version| version.0)
                    .unwrap_or_default(),
                last_rotated: metadata.changed_at,
                tags: metadata.tags,
                gone: false,
                values: values.remove(&path).unwrap_or_default(),
            };
            made.entries.insert(path, entry);
        }
        for (path, old) in before.entries {
            let is_unread = made.unread.contains_key(&path);
            match made.entries.get_mut(&path) {
                Some(entry) => old
                    .values
                    .into_iter()
                    .for_each(|value| remember(&mut entry.values, value)),
                None => {
                    let gone = !is_unread;
                    made.entries.insert(path, IndexedEntry { gone, ..old });
                }
            }
        }
        Ok(self.stores.entry(name.to_owned()).or_insert(made))
    }

    /// The places that hold a leaked value, or a part of it, current ones first.
    #[must_use]
    pub fn locate(&self, key: &FingerprintKey, value: &Secret) -> Vec<Holding> {
        let sought: Vec<String> = parts(value)
            .iter()
            .map(|(_, part)| fingerprint(key, part))
            .collect();
        let mut found = Vec::new();
        for (name, store) in &self.stores {
            for (path, entry) in &store.entries {
                let held = entry
                    .values
                    .iter()
                    .filter(|value| sought.contains(&value.fingerprint));
                found.extend(held.map(|value| holding(name, path, entry, value)));
            }
        }
        found.sort_by_key(|holding| !holding.is_current);
        found
    }
}

/// How a store is read for the index.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'r> {
    /// The index's own key.
    pub key: &'r FingerprintKey,
    /// How many versions of each entry are read.
    pub versions: usize,
    /// The time, RFC 3339.
    pub now: &'r str,
}

/// Keeps one note for each value of a field: the first one, which is of the newest version.
fn remember(values: &mut Vec<IndexedValue>, value: IndexedValue) {
    let is_known = values.iter().any(|known| {
        known.fingerprint == value.fingerprint
            && known.field == value.field
            && known.part == value.part
    });
    if !is_known {
        values.push(value);
    }
}

fn fingerprint(key: &FingerprintKey, value: &Secret) -> String {
    key.fingerprint(&RuleId::from(RULE), value).to_string()
}

fn holding(store: &str, path: &str, entry: &IndexedEntry, value: &IndexedValue) -> Holding {
    Holding {
        store: store.to_owned(),
        path: path.to_owned(),
        field: value.field.clone(),
        version: value.version.clone(),
        part: value.part.clone(),
        is_current: !entry.gone && value.version == entry.version,
        last_rotated: entry.last_rotated.clone(),
        owner: owner(&entry.tags),
        consumers: consumers(&entry.tags),
    }
}

/// A finding of which the value is not at hand: its rule, its fingerprint, and the key that it was made with.
#[derive(Clone, Copy, Debug)]
pub struct Sought<'s> {
    /// The finding's rule.
    pub rule: &'s RuleId,
    /// The finding's fingerprint.
    pub fingerprint: Fingerprint,
    /// The key of the project whose scan found it.
    pub key: &'s FingerprintKey,
}

/// The places of a store that hold what a finding is about, read now and without an index; current ones first.
///
/// # Errors
/// The store cannot be listed, or an entry of it cannot be read: it might have been that one.
pub fn find(
    name: &str,
    store: &dyn Store,
    sought: &Sought<'_>,
    versions: usize,
) -> Result<Vec<Holding>, StoreError> {
    let mut found = Vec::new();
    let walked = walk(store, versions, &mut |seen| {
        if sought.key.fingerprint(sought.rule, seen.value) == sought.fingerprint {
            found.push(Holding {
                store: name.to_owned(),
                path: seen.path.to_owned(),
                field: seen.field.to_owned(),
                version: seen.version.0.clone(),
                part: seen.part.to_string(),
                is_current: seen.is_current,
                last_rotated: None,
                owner: None,
                consumers: Vec::new(),
            });
        }
    })?;
    if let Some(error) = walked.unread.into_values().next() {
        return Err(error);
    }
    for holding in &mut found {
        if let Some(metadata) = walked.entries.get(&holding.path) {
            holding.last_rotated.clone_from(&metadata.changed_at);
            holding.owner = owner(&metadata.tags);
            holding.consumers = consumers(&metadata.tags);
        }
    }
    found.sort_by_key(|holding| !holding.is_current);
    Ok(found)
}

/// Who owns an entry, as its tags say.
#[must_use]
pub fn owner(tags: &BTreeMap<String, String>) -> Option<String> {
    OWNER_TAGS.iter().find_map(|name| tags.get(*name)).cloned()
}

/// Who reads an entry, as its tags say: names separated by commas or blanks.
#[must_use]
pub fn consumers(tags: &BTreeMap<String, String>) -> Vec<String> {
    CONSUMER_TAGS
        .iter()
        .filter_map(|name| tags.get(*name))
        .flat_map(|listed| listed.split([',', ' ', ';']))
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}
