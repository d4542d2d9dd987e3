//! Where the objects of one repository are: its packs and its folders of loose objects.
//!
//! Only what lies inside of the repository belongs here; a symbolic link that leads out of it is not followed but told.
//!
//! INVARIANT: every file that looks like a pack, an index or a loose object is in the store or among the doubts.

use std::path::{Path, PathBuf};

use gix::ObjectId;
use leakward_core::{Limits, Skipped, SkippedKind};
use rayon::iter::{IntoParallelIterator, ParallelIterator};

use crate::git::loose::{self, Loose};
use crate::git::pack::file::{Pack, name_of};

/// How much a repository stores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreSize {
    /// Packs.
    pub packs: u64,
    /// Objects in packs; one that is in several packs counts several times.
    pub packed_objects: u64,
    /// Bytes of the packs.
    pub packed_bytes: u64,
    /// Objects in files of their own.
    pub loose_objects: u64,
}

/// Where the objects of one repository are.
pub(crate) struct Store {
    /// The largest first.
    pub(crate) packs: Vec<Pack>,
    pub(crate) loose: Vec<Loose>,
    folders: Vec<PathBuf>,
    pub(crate) limits: Limits,
    /// What could not be opened, or is not as it should be.
    pub(crate) doubts: Vec<Skipped>,
}

impl Store {
    /// Opens all packs of `folders` (which hold no symbolic links) and lists their loose objects.
    pub(crate) fn open(folders: &[PathBuf], hash: gix::hash::Kind, limits: &Limits) -> Self {
        let mut store = Self::of_packs(folders, hash, limits);
        for (number, folder) in folders.iter().enumerate() {
            let (found, doubts) = loose::list(number, folder, hash);
            store.loose.extend(found);
            store.doubts.extend(doubts);
        }
        if folders.len() > 1 {
            store.loose.sort_unstable_by_key(|object| object.id);
            store.loose.dedup_by_key(|object| object.id);
        }
        store
    }

    /// The same without listing loose objects: they are found when they are asked for by id.
    pub(crate) fn of_packs(folders: &[PathBuf], hash: gix::hash::Kind, limits: &Limits) -> Self {
        let mut store = Self {
            packs: Vec::new(),
            loose: Vec::new(),
            folders: folders.to_vec(),
            limits: limits.clone(),
            doubts: Vec::new(),
        };
        let mut indexes = Vec::new();
        for folder in folders {
            indexes.extend(store.list_packs(folder));
        }
        let opened: Vec<_> = indexes
            .into_par_iter()
            .map(|index| (Pack::open(&index, hash), index))
            .collect();
        for (pack, index) in opened {
            store.add(pack, &index);
        }
        store
            .packs
            .sort_by_key(|pack| std::cmp::Reverse(pack.objects()));
        store
    }

    /// How much there is.
    pub(crate) fn size(&self) -> StoreSize {
        StoreSize {
            packs: self.packs.len() as u64,
            packed_objects: self
                .packs
                .iter()
                .map(|pack| u64::from(pack.objects()))
                .sum(),
            packed_bytes: self.packs.iter().map(Pack::size).sum(),
            loose_objects: self.loose.len() as u64,
        }
    }

    /// The packs that hold an object, each with the position in its index.
    pub(crate) fn packed(&self, id: &gix::oid) -> impl Iterator<Item = (usize, u32)> {
        let packs = self.packs.iter().enumerate();
        packs.filter_map(move |(number, pack)| Some((number, pack.position(id)?)))
    }

    /// The file that would hold an object that is not in a pack.
    pub(crate) fn loose_path(&self, folder: usize, id: &ObjectId) -> Option<PathBuf> {
        let hex = id.to_hex().to_string();
        let (start, rest) = hex.split_at_checked(2)?;
        Some(self.folders.get(folder)?.join(start).join(rest))
    }

    /// The object folder that holds an object in a file of its own.
    pub(crate) fn loose_folder(&self, id: &ObjectId) -> Option<usize> {
        (0..self.folders.len()).find(|&folder| {
            self.loose_path(folder, id)
                .is_some_and(|path| path.is_file())
        })
    }

    /// The files that could hold an object that is not in a pack.
    pub(crate) fn loose_paths(&self, id: &ObjectId) -> impl Iterator<Item = PathBuf> {
        (0..self.folders.len()).filter_map(move |folder| self.loose_path(folder, id))
    }

    fn add(&mut self, pack: Result<Pack, String>, index: &Path) {
        match pack {
            Ok(pack) => {
                if let Some(doubt) = pack.doubt() {
                    self.doubt(SkippedKind::Corrupt, &index.with_extension("pack"), &doubt);
                }
                self.packs.push(pack);
            }
            Err(_) if !index.with_extension("pack").exists() => {
                self.doubt(
                    SkippedKind::Missing,
                    index,
                    "the pack of this index is not there",
                );
            }
            Err(reason) => self.doubt(SkippedKind::Corrupt, index, &reason),
        }
    }

    /// The indexes in an object folder; tells of packs without one.
    fn list_packs(&mut self, folder: &Path) -> Vec<PathBuf> {
        let packs = folder.join("pack");
        let entries = match std::fs::read_dir(&packs) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
            Err(error) => {
                self.doubt(SkippedKind::Unreadable, &packs, &error.to_string());
                return Vec::new();
            }
        };
        let mut indexes = Vec::new();
        for entry in entries {
            match entry {
                Ok(entry) => indexes.extend(self.index_of(&entry.path(), folder)),
                Err(error) => self.doubt(SkippedKind::Unreadable, &packs, &error.to_string()),
            }
        }
        indexes.sort_unstable();
        indexes
    }

    /// The path when it is an index that can be opened.
    fn index_of(&mut self, path: &Path, folder: &Path) -> Option<PathBuf> {
        let extension = path.extension()?;
        if extension == "pack" && !path.with_extension("idx").exists() {
            // `tmp_pack_*` has no extension: this one is finished, and git cannot read it either.
            let reason = "a pack without an index: `git index-pack` makes one";
            self.doubt(SkippedKind::Unsupported, path, reason);
        }
        if extension != "idx" {
            return None;
        }
        let data = path.with_extension("pack");
        for file in [path, &data] {
            if file.exists() && !lies_in(file, folder) {
                let reason = "a symbolic link out of the repository, or no plain file";
                self.doubt(SkippedKind::Unreadable, file, reason);
                return None;
            }
        }
        Some(path.to_owned())
    }

    fn doubt(&mut self, kind: SkippedKind, path: &Path, reason: &str) {
        self.doubts.push(Skipped {
            kind,
            what: format!("objects/pack/{}", name_of(path)),
            reason: reason.to_owned(),
        });
    }
}

/// Whether `file` is a plain file that lies in `folder` with every symbolic link followed.
fn lies_in(file: &Path, folder: &Path) -> bool {
    std::fs::canonicalize(file).is_ok_and(|real| real.starts_with(folder) && real.is_file())
}
