//! The cache of one repository.
//!
//! Tables: `meta` (the key), `packs` (checksums of packs of which everything is known), `ids` (for each of those packs its
//! sorted ids: after `git gc` the same objects are in another pack), `loose` (ids of objects in files of their own),
//! `again` (ids to be looked at again), `gaps` (ids that trees refer to and a
//! partial clone does not hold), `begun` (ids that an interrupted scan has looked at), `history` (which commits brought
//! the objects in `again` to which paths) and `profiles` (which of those hold the same).
//!
//! INVARIANT: an object is in it only after it was looked at to the end. Whatever is wrong with the file costs time and
//! hides nothing: it is begun anew. A file that is no cache is never touched.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use leakward_sources::git::{Chronicle, Covered, Known, ObjectId, Repository, oid};
use redb::{
    Database, ReadableDatabase as _, ReadableTable as _, TableDefinition, WriteTransaction,
};

use super::{CacheChoice, CacheKey, Profiles};

const META: TableDefinition<'_, &str, &str> = TableDefinition::new("meta");
const PACKS: TableDefinition<'_, &[u8], ()> = TableDefinition::new("packs");
/// By the pack's checksum and the number of the part: a value of many megabytes would take up to twice its room.
const IDS: TableDefinition<'_, (&[u8], u32), &[u8]> = TableDefinition::new("ids");
const LOOSE: TableDefinition<'_, &[u8], ()> = TableDefinition::new("loose");
const GAPS: TableDefinition<'_, &[u8], ()> = TableDefinition::new("gaps");
const AGAIN: TableDefinition<'_, &[u8], ()> = TableDefinition::new("again");
/// By the numbers of the part and of the piece of it.
const HISTORY: TableDefinition<'_, (u32, u32), &[u8]> = TableDefinition::new("history");
/// By the number of the piece.
const PROFILES: TableDefinition<'_, u32, &[u8]> = TableDefinition::new("profiles");
/// By the length of an id.
const BEGUN: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("begun");

/// Ids in one part.
const PART: usize = 4_096;

/// Bytes in one piece of what is no list of ids.
const PIECE: usize = 64 << 10;

/// From so many parts on the history is written as a whole.
const MAX_PARTS: u32 = 64;

/// What the file of a database begins with, whole: text begins with its first letters as well.
const MAGIC: &[u8] = b"redb\x1a\x0a\xa9\x0d\x0a";

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
    profiles: Profiles,
    /// Whether the history was taken out of the file since it was opened.
    has_no_history: AtomicBool,
    /// What was wrong with the file that was here before, when it had to be begun anew.
    pub(crate) begun_anew: Option<String>,
    /// The parts of the history that were there before this scan began to write down what it looks at.
    history_before: OnceLock<Vec<Vec<u8>>>,
    /// The history, when it was read before anybody asked for it.
    history_ahead: Mutex<Option<Chronicle>>,
}

/// What is known of the commits, when a scan has found out.
pub(crate) enum History {
    /// Nothing that the next scan could go on with.
    Unknown,
    /// This.
    Known(Box<Chronicle>),
}

/// The sorted ids of one pack, one behind the other.
struct Ids {
    pack: ObjectId,
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
    pub(crate) history: History,
    pub(crate) profiles: Profiles,
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
        let begin = |was: Option<String>| -> Result<Self, String> {
            let mut begun = Self::begin(&file, key).map_err(|error| error.to_string())?;
            begun.begun_anew = was;
            Ok(begun)
        };
        let opened = Self::read(&file, key).or_else(|fault| match fault {
            Fault::Busy(reason) => Err(reason),
            Fault::Absent => begin(None),
            Fault::Foreign if matches!(choice, CacheChoice::File(_)) => {
                Err("it is no scan cache, and is left as it is".to_owned())
            }
            Fault::OfOtherRules => {
                drop(std::fs::remove_file(&file));
                begin(None)
            }
            Fault::Foreign | Fault::Damaged => {
                // LIMIT: two scans that both find it damaged begin it one after the other; the second one starts empty.
                drop(std::fs::remove_file(&file));
                begin(Some(told("it is damaged, and is begun anew".to_owned())))
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

    /// Whether there was something to tell of an object, or trees referred to it and it was not there.
    pub(crate) fn has_something_to_tell(&self, id: &ObjectId) -> bool {
        self.again.contains(id) || self.gaps.contains(id)
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
        write.open_table(HISTORY)?;
        write.open_table(PROFILES)?;
        write.commit()?;
        Ok(Self {
            profiles: Profiles::default(),
            has_no_history: AtomicBool::new(false),
            begun_anew: None,
            database,
            file: file.to_owned(),
            packs: HashSet::new(),
            loose: HashSet::new(),
            again: HashSet::new(),
            gaps: HashSet::new(),
            begun: Vec::new(),
            ids: OnceLock::new(),
            history_before: OnceLock::new(),
            history_ahead: Mutex::default(),
        })
    }

    fn read(file: &Path, key: &CacheKey) -> Result<Self, Fault> {
        let (is_there, begins) = beginning(file);
        match (is_there, begins.as_slice()) {
            (false, _) | (true, []) => return Err(Fault::Absent),
            (true, begins) if begins != MAGIC => return Err(Fault::Foreign),
            _ => {}
        }
        let database = Database::open(file).map_err(|error| match error {
            redb::DatabaseError::DatabaseAlreadyOpen => {
                Fault::Busy("another scan uses it at the moment".to_owned())
            }
            redb::DatabaseError::Storage(redb::StorageError::Corrupted(_))
            | redb::DatabaseError::RepairAborted => Fault::Damaged,
            // Of another version of the format: nobody but another program has written it.
            redb::DatabaseError::UpgradeRequired(_) => Fault::Foreign,
            // It may be whole.
            other => Fault::Busy(other.to_string()),
        })?;
        match written_key(&database) {
            Ok(Some(written)) if written == key.text() => {}
            Ok(Some(written)) if CacheKey::is_one(&written) => return Err(Fault::OfOtherRules),
            Ok(_) => return Err(Fault::Foreign),
            Err(_) => return Err(Fault::Damaged),
        }
        let read = || -> Result<_, redb::Error> {
            let read = database.begin_read()?;
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
            let mut profiles = Vec::new();
            for row in read.open_table(PROFILES)?.iter()? {
                profiles.extend_from_slice(row?.1.value());
            }
            Ok((sets, begun, Profiles::from_bytes(&profiles)))
        };
        let ((packs, loose, again, gaps), begun, profiles) = read().map_err(|_| Fault::Damaged)?;
        Ok(Self {
            profiles,
            has_no_history: AtomicBool::new(false),
            begun_anew: None,
            database,
            file: file.to_owned(),
            packs,
            loose,
            again,
            gaps,
            begun,
            ids: OnceLock::new(),
            history_before: OnceLock::new(),
            history_ahead: Mutex::default(),
        })
    }

    /// Which objects that are to be looked at again hold the same.
    pub(crate) fn profiles(&self) -> &Profiles {
        &self.profiles
    }

    /// Objects that an interrupted scan has looked at.
    pub(crate) fn begun(&self) -> &[ObjectId] {
        &self.begun
    }

    /// What is known of the commits of `repository`, all of whose packs were `covered`. None when it may be of another repository, or
    /// of one that has lost something since.
    pub(crate) fn history(&self, repository: &Repository, covered: &Covered) -> Option<Chronicle> {
        // What cannot be read is found out anew.
        let ahead = self.ahead().take();
        let history = ahead.or_else(|| self.parse_history(repository))?;
        let known = self.known_beside(covered)?;
        repository.not_held(&known).is_empty().then_some(history)
    }

    /// Reads what [`ScanCache::history`] is made from, while other things are done.
    pub(crate) fn expect_history(&self, repository: &Repository) {
        let parsed = self.parse_history(repository);
        *self.ahead() = parsed;
    }

    fn ahead(&self) -> MutexGuard<'_, Option<Chronicle>> {
        let ahead = self.history_ahead.lock();
        ahead.unwrap_or_else(PoisonError::into_inner)
    }

    fn parse_history(&self, repository: &Repository) -> Option<Chronicle> {
        let read;
        let parts = if let Some(parts) = self.history_before.get() {
            parts
        } else {
            read = self.read_history().unwrap_or_default();
            &read
        };
        if parts.is_empty() {
            return None;
        }
        let parts = parts.iter().map(Vec::as_slice);
        Chronicle::from_parts(parts, repository.object_hash())
    }

    /// All that is known of and is in none of the known packs that are still there: `git gc` puts the same objects into another pack, or
    /// leaves out some that history was read from. None when that cannot be read.
    fn known_beside(&self, covered: &Covered) -> Option<Vec<ObjectId>> {
        let packs: HashSet<&ObjectId> = covered.packs.iter().collect();
        let mut known: Vec<ObjectId> = self.loose.iter().copied().collect();
        if self.packs.iter().any(|pack| !packs.contains(pack)) {
            let ids = self.ids.get_or_init(|| self.read_ids().unwrap_or_default());
            for lost in self.packs.iter().filter(|pack| !packs.contains(pack)) {
                let of_lost = ids.iter().find(|ids| ids.pack == *lost)?;
                known.extend(split(&of_lost.bytes, of_lost.width));
            }
        }
        Some(known)
    }

    /// Writes down what was looked at so far, for a scan that goes on after this one was ended by force.
    ///
    /// # Errors
    /// When the file cannot be written; it is as it was before.
    pub(crate) fn note_begun(&self, mut begun: Vec<ObjectId>) -> Result<(), redb::Error> {
        begun.extend_from_slice(&self.begun);
        let write = self.database.begin_write()?;
        write_begun(&write, begun)?;
        // What those objects hold of history is not known; what this scan goes on from is what was known before.
        self.history_before
            .get_or_init(|| self.read_history().unwrap_or_default());
        self.has_no_history.store(true, Ordering::Relaxed);
        write.open_table(HISTORY)?.retain(|_, _| false)?;
        write.commit()?;
        Ok(())
    }

    /// Writes down what a scan has looked at.
    ///
    /// # Errors
    /// When the file cannot be written; it is as it was before.
    pub(crate) fn remember(
        &self,
        repository: &Repository,
        mut remembered: Remembered<'_>,
    ) -> Result<(), redb::Error> {
        if let History::Known(history) = &mut remembered.history
            && self.has_no_history.load(Ordering::Relaxed)
        {
            history.forget_parts();
        }
        let covered = remembered.covered;
        let loose: HashSet<ObjectId> = covered.loose.iter().copied().collect();
        let history_is_known = match &remembered.history {
            History::Unknown => self.again.is_empty(),
            History::Known(history) => !history.is_changed(),
        };
        let is_all_known = covered.new_packs.is_empty()
            && covered.packs.len() == self.packs.len()
            && loose == self.loose
            && remembered.again == self.again
            && remembered.gaps == self.gaps
            && remembered.begun.is_empty()
            && remembered.profiles == self.profiles
            && self.begun.is_empty()
            && !self.has_no_history.load(Ordering::Relaxed)
            && history_is_known;
        if is_all_known {
            return Ok(());
        }
        let write = self.database.begin_write()?;
        self.write_packs(&write, repository, covered)?;
        let sets = [
            (LOOSE, &loose, &self.loose),
            (AGAIN, &remembered.again, &self.again),
            (GAPS, &remembered.gaps, &self.gaps),
        ];
        for (table, members, before) in sets {
            if members != before {
                let mut table = write.open_table(table)?;
                table.retain(|id, ()| {
                    ObjectId::try_from(id).is_ok_and(|id| members.contains(&id))
                })?;
                for id in members.difference(before) {
                    table.insert(id.as_bytes(), ())?;
                }
            }
        }
        write_begun(&write, remembered.begun)?;
        if remembered.profiles != self.profiles {
            let mut table = write.open_table(PROFILES)?;
            table.retain(|_, _| false)?;
            for (number, piece) in (0..).zip(remembered.profiles.to_bytes().chunks(PIECE)) {
                table.insert(number, piece)?;
            }
        }
        write_history(&write, remembered.history)?;
        write.commit()?;
        Ok(())
    }

    fn write_packs(
        &self,
        write: &WriteTransaction,
        repository: &Repository,
        covered: &Covered,
    ) -> Result<(), redb::Error> {
        if covered.new_packs.is_empty() && covered.packs.len() == self.packs.len() {
            return Ok(());
        }
        let mut packs = write.open_table(PACKS)?;
        packs.retain(|_, ()| false)?;
        for checksum in &covered.packs {
            packs.insert(checksum.as_bytes(), ())?;
        }
        let mut ids = write.open_table(IDS)?;
        ids.retain(|(checksum, _), _| {
            (covered.packs.iter()).any(|pack| pack.as_bytes() == checksum)
        })?;
        let of_new = repository.ids_in_packs(&covered.new_packs);
        for (checksum, in_pack) in of_new {
            for (number, part) in (0..).zip(in_pack.chunks(PART)) {
                ids.insert((checksum.as_bytes(), number), &*join(part))?;
            }
        }
        Ok(())
    }

    fn read_history(&self) -> Result<Vec<Vec<u8>>, redb::Error> {
        let read = self.database.begin_read()?;
        let mut parts: Vec<Vec<u8>> = Vec::new();
        for row in read.open_table(HISTORY)?.iter()? {
            let (key, piece) = row?;
            if key.value().1 == 0 {
                parts.push(Vec::new());
            }
            if let Some(last) = parts.last_mut() {
                last.extend_from_slice(piece.value());
            }
        }
        Ok(parts)
    }

    fn read_ids(&self) -> Result<Vec<Ids>, redb::Error> {
        let read = self.database.begin_read()?;
        let mut all: Vec<Ids> = Vec::new();
        for row in read.open_table(IDS)?.iter()? {
            let (key, ids) = row?;
            let (checksum, number) = key.value();
            if number == 0
                && let Ok(pack) = ObjectId::try_from(checksum)
            {
                all.push(Ids {
                    pack,
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
    /// It is not there, or empty.
    Absent,
    /// It is something else.
    Foreign,
    /// It is a cache of another program or set of rules.
    OfOtherRules,
    /// It was cut off or changed.
    Damaged,
}

/// Whether a file is there, and its first bytes.
fn beginning(file: &Path) -> (bool, Vec<u8>) {
    use std::io::Read as _;
    let Ok(opened) = std::fs::File::open(file) else {
        // One that is there and cannot be opened is told when the database is.
        let is_there = file.exists();
        return (is_there, if is_there { MAGIC.to_vec() } else { Vec::new() });
    };
    let mut begins = Vec::new();
    match opened.take(MAGIC.len() as u64).read_to_end(&mut begins) {
        Ok(_) => (true, begins),
        Err(_) => (true, MAGIC.to_vec()),
    }
}

/// The key that a database was written with; none in one that is no cache.
fn written_key(database: &Database) -> Result<Option<String>, redb::Error> {
    let read = database.begin_read()?;
    let table = match read.open_table(META) {
        Ok(table) => table,
        Err(
            redb::TableError::TableDoesNotExist(_) | redb::TableError::TableTypeMismatch { .. },
        ) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let key = table.get("key")?;
    Ok(key.map(|key| key.value().to_owned()))
}

fn write_begun(write: &WriteTransaction, mut begun: Vec<ObjectId>) -> Result<(), redb::Error> {
    let mut table = write.open_table(BEGUN)?;
    table.retain(|_, _| false)?;
    begun.sort_unstable();
    begun.dedup();
    if let Some(first) = begun.first() {
        table.insert(first.as_bytes().len() as u64, &*join(&begun))?;
    }
    Ok(())
}

fn write_history(write: &WriteTransaction, history: History) -> Result<(), redb::Error> {
    let mut table = write.open_table(HISTORY)?;
    let mut history = match history {
        History::Known(history) if history.is_changed() => history,
        History::Known(_) => return Ok(()),
        History::Unknown => {
            table.retain(|_, _| false)?;
            return Ok(());
        }
    };
    let last = table.last()?.map(|(key, _)| key.value().0);
    let mut part = last.map_or(0, |number| number.saturating_add(1));
    if history.is_unwritten() || part >= MAX_PARTS {
        table.retain(|_, _| false)?;
        history.forget_parts();
        part = 0;
    }
    for (number, piece) in (0..).zip(history.part().chunks(PIECE)) {
        table.insert((part, number), piece)?;
    }
    Ok(())
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

    fn is_empty(&self) -> bool {
        let has_ids = self.ids.get().is_some_and(|all| !all.is_empty());
        self.again.is_empty() && self.loose.is_empty() && self.begun.is_empty() && !has_ids
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
