//! What somebody knows already of a repository's objects, so that they need not be shown again.
//!
//! An object's id is the hash of its content: what was found in it once is found in it again. A pack's checksum says the same
//! about all of its objects at once.

use gix::{ObjectId, oid};

use crate::git::HistoryIndex;
use crate::git::commit_table::CommitTable;

/// What is known already of a repository's objects.
pub trait Known: Sync {
    /// Whether all objects of the pack with this checksum are known.
    fn has_pack(&self, checksum: &oid) -> bool;

    /// Is told how many objects of other packs it may be asked about, before it is.
    fn expect(&self, objects: u64) {
        let _unused = objects;
    }

    /// Whether this object is known.
    fn has(&self, id: &oid) -> bool;

    /// Whether it knows of no object at all.
    ///
    /// PERF: then the ids of all objects need not be read to ask for them.
    fn is_empty(&self) -> bool {
        false
    }
}

/// Nothing is known.
#[derive(Clone, Copy, Debug, Default)]
pub struct NothingKnown;

impl Known for NothingKnown {
    fn has_pack(&self, _checksum: &oid) -> bool {
        false
    }

    fn has(&self, _id: &oid) -> bool {
        false
    }

    fn is_empty(&self) -> bool {
        true
    }
}

/// What a scan has been through.
#[derive(Debug, Default)]
pub struct Covered {
    /// Checksums of those packs of which every object was shown or known; a pack with anything unreadable in it is not
    /// among them.
    pub packs: Vec<ObjectId>,
    /// Those of them that were not known before.
    pub new_packs: Vec<ObjectId>,
    /// Objects in files of their own that were shown or known.
    pub loose: Vec<ObjectId>,
    /// How many objects were known.
    pub known: u64,
    /// Of a partial clone: what the trees that were shown refer to and the repository does not hold, sorted.
    pub gaps: Vec<ObjectId>,
    /// What was learned of the history, when all of it was shown.
    pub index: Option<Box<HistoryIndex>>,
    /// The commits that were shown.
    pub(crate) commits: CommitTable,
    /// Whether it was stopped before its end.
    pub is_partial: bool,
    /// Whether every object was shown or known.
    pub is_whole: bool,
}
