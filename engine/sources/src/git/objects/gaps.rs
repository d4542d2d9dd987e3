//! What trees refer to and the repository does not hold. A partial clone leaves such objects with the other side; it is no damage,
//! but what is not here was not looked at.
//!
//! Noted while the trees are walked anyway. Whether any ref still reaches the tree that refers to it is for others to ask.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use gix::{ObjectId, oid};

use super::store::Store;
use crate::git::trees::Numbered;

/// What trees refer to and the repository does not hold.
pub(crate) struct Gaps<'s> {
    store: &'s Store,
    asked: Numbered,
    found: Mutex<BTreeSet<ObjectId>>,
}

impl<'s> Gaps<'s> {
    pub(crate) fn new(store: &'s Store) -> Self {
        Self {
            store,
            asked: Numbered::new(),
            found: Mutex::default(),
        }
    }

    /// Notes an object that a tree refers to and no pack holds.
    pub(crate) fn referred(&self, id: &oid) {
        if self.asked.insert(id) && self.store.loose_folder(&id.to_owned()).is_none() {
            let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
            found.insert(id.to_owned());
        }
    }

    /// Notes the tree of a commit; `is_packed` knows what a pack holds.
    pub(crate) fn referred_by_commit(&self, content: &[u8], is_packed: impl Fn(&oid) -> bool) {
        let line = content.strip_prefix(b"tree ").unwrap_or_default();
        let end = memchr::memchr(b'\n', line).unwrap_or(0);
        if let Ok(tree) = ObjectId::from_hex(line.get(..end).unwrap_or_default())
            && !is_packed(&tree)
        {
            self.referred(&tree);
        }
    }

    /// All of them, sorted.
    pub(crate) fn found(self) -> Vec<ObjectId> {
        let found = self.found.into_inner();
        found
            .unwrap_or_else(PoisonError::into_inner)
            .into_iter()
            .collect()
    }
}
