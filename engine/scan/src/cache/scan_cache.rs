//! The cache of one repository.
//!
//! Tables: `meta` (the key), `packs` (checksums of packs of which everything is known), `ids` (for each of those packs its
//! sorted ids: after `git gc` the same objects are in another pack), `loose` (ids of objects in files of their own),
//! `again` (ids to be looked at again), `gaps` (ids that trees refer to and a
//! partial clone does not hold), `begun` (ids that an interrupted scan has looked at).
//!
//! INVARIANT: an object is in it only after it was looked at to the end. Whatever is wrong with the file costs time and
//! hides nothing: it is begun anew.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use leakward_sources::git::{Covered, Known, ObjectId, Repository, oid};
use redb::{Database, ReadableDatabase as _, ReadableTable as _, TableDefinition};

use super::{CacheChoice, CacheKey};

const META: TableDefinition<'_, &str, &str> = TableDefinition::new("meta");
const PACKS: TableDefinition<'_, &[u8], ()> = TableDefinition::new("packs");
/// By the pack's checksum and the number of the part: a value of many megabytes would take up to twice its room.
const IDS: TableDefinition<'_, (&[u8], u32), &[u8]> = TableDefinition::new("ids");
const LOOSE: TableDefinition<'_, &[u8], ()> = TableDefinition::new("loose");
const GAPS: TableDefinition<'_, &[u8], ()> = TableDefinition::new("gaps");
const AGAIN: TableDefinition<'_, &[u8], ()> = TableDefinition::new("again");
/// By the length of an id.
const BEGUN: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("begun");

/// Ids in one part.
const PART: usize = 4_096;

/// From so many new objects on it is worth reading the ids of those that are known. Fewer are looked at faster.
const WORTH_READING: u64 = 2_000;

/// The cache of one repository, opened.
pub(crate) struct ScanCache {
    database: Database,
    file: PathBuf,
    packs: HashSet<ObjectId>,
    loose: HashSet<ObjectId>,
    again: HashSet<ObjectId>,
    gaps: HashSet<ObjectId>,
    /// Sorted ids.
    begun: Vec<ObjectId>,
    ids: OnceLock<Vec<Ids>>,
}

/// Sorted ids of one length, one behind the other.
struct Ids {
    bytes: Vec<u8>,
    width: usize,
}

/// What a scan has to say to its cache.
pub(crate) struct Remembered<'a> {
    pub(crate) covered: &'a Covered,
    /// Objects to be looked at again.
    pub(crate) again: HashSet<ObjectId>,
    /// What trees refer to and the repository does not hold.
    pub(crate) gaps: HashSet<ObjectId>,
    /// Objects that were looked at, when the scan was stopped before its end.
    pub(crate) begun: Vec<ObjectId>,
}

impl ScanCache {
    /// Opens or begins the cache for `repository`.
    ///
    /// # Errors
    /// Why there is none, in words: another scan has it, the folder cannot be written to …
    pub(crate) fn open(
        choice: &CacheChoice,
        repository: &Repository,
        key: &CacheKey,
    ) -> Result<Option<Self>, String> {
        let Some(file) = choice.file(&repository.common_dir(), key) else {
            return Ok(None);
        };
        let told = |reason: String| format!("the scan cache {}: {reason}", file.display());
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).map_err(|error| told(error.to_string()))?;
        }
        let opened = Self::read(&file, key).or_else(|fault| match fault {
            Fault::Busy(reason) => Err(reason),
            Fault::Worthless => {
                // LIMIT: two scans that both find it worthless begin it one after the other; the second one starts empty.
                drop(std::fs::remove_file(&file));
                Self::begin(&file, key).map_err(|error| error.to_string())
            }
        });
        opened.map(Some).map_err(told)
    }

    /// The file.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// Objects to be looked at again.
    pub(crate) fn again(&self) -> Vec<ObjectId> {
        self.again.iter().copied().collect()
    }

    /// What trees refer to and the repository did not hold.
    pub(crate) fn gaps(&self) -> &HashSet<ObjectId> {
        &self.gaps
    }

    fn begin(file: &Path, key: &CacheKey) -> Result<Self, redb::Error> {
        let database = Database::create(file)?;
        let write = database.begin_write()?;
        write.open_table(META)?.insert("key", key.text())?;
        for table in [PACKS, LOOSE, AGAIN, GAPS] {
            write.open_table(table)?;
        }
        write.open_table(IDS)?;
        write.open_table(BEGUN)?;
        write.commit()?;
        Ok(Self {
            database,
            file: file.to_owned(),
            packs: HashSet::new(),
            loose: HashSet::new(),
            again: HashSet::new(),
            gaps: HashSet::new(),
            begun: Vec::new(),
            ids: OnceLock::new(),
        })
    }

    fn read(file: &Path, key: &CacheKey) -> Result<Self, Fault> {
        if !file.exists() {
            return Err(Fault::Worthless);
        }
        let database = Database::open(file).map_err(|error| match error {
            redb::DatabaseError::DatabaseAlreadyOpen => {
                Fault::Busy("another scan uses it at the moment".to_owned())
            }
            redb::DatabaseError::Storage(redb::StorageError::Io(error))
                if error.kind() == std::io::ErrorKind::PermissionDenied =>
            {
                Fault::Busy(error.to_string())
            }
            _ => Fault::Worthless,
        })?;
        let worthless = |_: redb::Error| Fault::Worthless;
        let read = || -> Result<_, redb::Error> {
            let read = database.begin_read()?;
            let written = read.open_table(META)?.get("key")?;
            let is_ours = written.is_some_and(|written| written.value() == key.text());
            let set = |table| -> Result<HashSet<ObjectId>, redb::Error> {
                let mut all = HashSet::new();
                for row in read.open_table::<&[u8], ()>(table)?.iter()? {
                    all.extend(ObjectId::try_from(row?.0.value()).ok());
                }
                Ok(all)
            };
            let mut begun = Vec::new();
            for row in read.open_table(BEGUN)?.iter()? {
                let (width, ids) = row?;
                begun.extend(split(
                    ids.value(),
                    usize::try_from(width.value()).unwrap_or(0),
                ));
            }
            let sets = (set(PACKS)?, set(LOOSE)?, set(AGAIN)?, set(GAPS)?);
            Ok((is_ours, sets, begun))
        };
        let (is_ours, (packs, loose, again, gaps), begun) = read().map_err(worthless)?;
        if !is_ours {
            return Err(Fault::Worthless);
        }
        Ok(Self {
            database,
            file: file.to_owned(),
            packs,
            loose,
            again,
            gaps,
            begun,
            ids: OnceLock::new(),
        })
    }

    /// Writes down what a scan has looked at.
    ///
    /// # Errors
    /// When the file cannot be written; it is as it was before.
    pub(crate) fn remember(
        &self,
        repository: &Repository,
        remembered: Remembered<'_>,
    ) -> Result<(), redb::Error> {
        let Remembered {
            covered,
            again,
            gaps,
            mut begun,
        } = remembered;
        let loose: HashSet<ObjectId> = covered.loose.iter().copied().collect();
        let is_all_known = covered.new_packs.is_empty()
            && covered.packs.len() == self.packs.len()
            && loose == self.loose
            && again == self.again
            && gaps == self.gaps
            && begun.is_empty()
            && self.begun.is_empty();
        if is_all_known {
            return Ok(());
        }
        let write = self.database.begin_write()?;
        {
            let mut packs = write.open_table(PACKS)?;
            packs.retain(|_, ()| false)?;
            let mut ids = write.open_table(IDS)?;
            for checksum in &covered.packs {
                packs.insert(checksum.as_bytes(), ())?;
            }
            ids.retain(|(checksum, _), _| {
                (covered.packs.iter()).any(|pack| pack.as_bytes() == checksum)
            })?;
            let of_new = repository.ids_in_packs(&covered.new_packs);
            for (checksum, in_pack) in covered.new_packs.iter().zip(of_new) {
                for (number, part) in (0..).zip(in_pack.chunks(PART)) {
                    ids.insert((checksum.as_bytes(), number), &*join(part))?;
                }
            }
            for (table, members) in [(LOOSE, &loose), (AGAIN, &again), (GAPS, &gaps)] {
                let mut table = write.open_table(table)?;
                table.retain(|_, ()| false)?;
                for id in members {
                    table.insert(id.as_bytes(), ())?;
                }
            }
            let mut table = write.open_table(BEGUN)?;
            table.retain(|_, _| false)?;
            begun.sort_unstable();
            begun.dedup();
            if let Some(first) = begun.first() {
                table.insert(first.as_bytes().len() as u64, &*join(&begun))?;
            }
        }
        write.commit()?;
        Ok(())
    }

    fn read_ids(&self) -> Result<Vec<Ids>, redb::Error> {
        let read = self.database.begin_read()?;
        let mut all: Vec<Ids> = Vec::new();
        for row in read.open_table(IDS)?.iter()? {
            let (key, ids) = row?;
            let (checksum, number) = key.value();
            if number == 0 {
                all.push(Ids {
                    bytes: Vec::new(),
                    width: checksum.len(),
                });
            }
            if let Some(last) = all.last_mut() {
                last.bytes.extend_from_slice(ids.value());
            }
        }
        Ok(all)
    }
}

/// Why a file cannot be used.
enum Fault {
    /// It may be fine, but not for us now.
    Busy(String),
    /// It is not there, damaged, or of another program or set of rules.
    Worthless,
}

impl Known for ScanCache {
    fn has_pack(&self, checksum: &oid) -> bool {
        self.packs.contains(checksum)
    }

    fn expect(&self, objects: u64) {
        if objects >= WORTH_READING {
            // Without them more is looked at than needed.
            self.ids.get_or_init(|| self.read_ids().unwrap_or_default());
        }
    }

    fn has(&self, id: &oid) -> bool {
        self.again.contains(id)
            || self.loose.contains(id)
            || self
                .begun
                .binary_search_by(|known| (**known).cmp(id))
                .is_ok()
            || self
                .ids
                .get()
                .is_some_and(|all| all.iter().any(|ids| ids.contains(id)))
    }
}

impl Ids {
    fn contains(&self, id: &oid) -> bool {
        let wanted = id.as_bytes();
        let (mut low, mut high) = (0, self.bytes.len() / self.width.max(1));
        while low < high {
            let middle = low + (high - low) / 2;
            let start = middle * self.width;
            match self.bytes.get(start..start + self.width).cmp(&Some(wanted)) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return true,
            }
        }
        false
    }
}

/// Ids one behind the other.
fn join(ids: &[ObjectId]) -> Vec<u8> {
    ids.iter().flat_map(|id| id.as_bytes()).copied().collect()
}

/// The ids in `bytes`, each so long.
fn split(bytes: &[u8], width: usize) -> Vec<ObjectId> {
    let chunks = bytes.chunks_exact(width.max(1));
    chunks
        .filter_map(|id| ObjectId::try_from(id).ok())
        .collect()
}
