//! Single objects by their id, and what to say of those that are not to be had.
//!
//! Not for: reading everything. That is the walk's work, which decodes each object once.
//!
//! One for each thread: it holds caches that are not shared.

use gix::ObjectId;
use gix::objs::{Find as _, FindHeader as _, Kind};
use leakward_core::{Skipped, SkippedKind};

use super::Repository;

/// Decoded objects that a thread keeps: enough for the trees along a path of a large repository.
const OBJECT_CACHE_BYTES: usize = 16 << 20;

/// Decoded delta bases that a thread keeps.
const PACK_CACHE_BYTES: usize = 32 << 20;

/// Reads objects by id.
pub(crate) struct Lookup {
    repository: gix::Repository,
    max_object_bytes: u64,
}

/// Why an object is not to be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Absent {
    /// It is not in the object database.
    Missing,
    /// It is there and cannot be decoded, or is of another kind than what refers to it says.
    Corrupt(String),
    /// It is larger than the limit.
    TooLarge(u64),
}

impl Lookup {
    /// A new one, with caches for walking along trees and commits.
    pub(crate) fn new(repository: &Repository) -> Self {
        let mut handle = repository.gix();
        handle.object_cache_size(OBJECT_CACHE_BYTES);
        handle.objects.set_pack_cache(|| {
            Box::new(gix::odb::pack::cache::lru::MemoryCappedHashmap::new(
                PACK_CACHE_BYTES,
            ))
        });
        Self {
            repository: handle,
            max_object_bytes: repository.limits().max_object_bytes,
        }
    }

    /// The content of the object `id`, whatever its kind.
    pub(crate) fn any<'a>(
        &self,
        id: &gix::oid,
        buffer: &'a mut Vec<u8>,
    ) -> Result<(Kind, &'a [u8]), Absent> {
        match self.repository.objects.try_find(id, buffer) {
            Ok(Some(object)) => Ok((object.kind, object.data)),
            Ok(None) => self.implied(id),
            Err(error) => Err(Absent::Corrupt(error.to_string())),
        }
    }

    /// The content of the object `id` when it is of `kind`.
    pub(crate) fn of_kind<'a>(
        &self,
        kind: Kind,
        id: &gix::oid,
        buffer: &'a mut Vec<u8>,
    ) -> Result<&'a [u8], Absent> {
        match self.any(id, buffer)? {
            (found, data) if found == kind => Ok(data),
            (found, _) => Err(Absent::Corrupt(format!(
                "a {found} where a {kind} should be"
            ))),
        }
    }

    /// The content of a blob, unless it is larger than the limit.
    pub(crate) fn blob<'a>(
        &self,
        id: &gix::oid,
        buffer: &'a mut Vec<u8>,
    ) -> Result<&'a [u8], Absent> {
        match self.size(id) {
            Some(size) if size > self.max_object_bytes => {
                Err(Absent::TooLarge(self.max_object_bytes))
            }
            _ => self.of_kind(Kind::Blob, id, buffer),
        }
    }

    /// The size of an object, or nothing when it is not to be had.
    pub(crate) fn size(&self, id: &gix::oid) -> Option<u64> {
        // An object that cannot be read is told when it is read.
        self.repository
            .objects
            .try_header(id)
            .ok()
            .flatten()
            .map(|header| header.size)
    }

    /// What objects are named with.
    pub(crate) fn hash(&self) -> gix::hash::Kind {
        self.repository.object_hash()
    }

    /// The empty tree and the empty blob exist without being stored.
    fn implied<'a>(&self, id: &gix::oid) -> Result<(Kind, &'a [u8]), Absent> {
        if id == ObjectId::empty_tree(self.hash()) {
            Ok((Kind::Tree, &[]))
        } else if id == ObjectId::empty_blob(self.hash()) {
            Ok((Kind::Blob, &[]))
        } else {
            Err(Absent::Missing)
        }
    }
}

impl Absent {
    /// What is told of the object `id`, which is called `what` (`blob`, `commit`, a path …).
    pub(crate) fn told(&self, what: &str, id: &gix::oid) -> Skipped {
        Skipped {
            kind: match self {
                Self::Missing => SkippedKind::Missing,
                Self::Corrupt(_) => SkippedKind::Corrupt,
                Self::TooLarge(_) => SkippedKind::Limit,
            },
            what: format!("{what} {id}"),
            reason: match self {
                Self::Missing => "it is not in the object database".to_owned(),
                Self::Corrupt(reason) => reason.clone(),
                Self::TooLarge(limit) => format!("it is larger than {limit} bytes"),
            },
        }
    }
}
