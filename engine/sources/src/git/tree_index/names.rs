//! A number for each distinct name of a file or folder.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bstr::{BStr, BString};

/// A number for the name of a folder or file.
pub(crate) type NameNumber = u32;

/// PERF: each entry that a tree adds asks for its name's number. A quick hash with a key of its own for every run is enough: whoever
/// does not know the key cannot make names that share a place.
type Names = HashMap<BString, NameNumber, foldhash::fast::RandomState>;

/// Names with their numbers, for all threads.
pub(crate) struct NameNumbers {
    shards: Vec<Mutex<Names>>,
    next: AtomicU32,
}

impl Default for NameNumbers {
    fn default() -> Self {
        Self {
            shards: (0..Self::SHARDS).map(|_| Mutex::default()).collect(),
            next: AtomicU32::new(0),
        }
    }
}

impl NameNumbers {
    /// LIMIT: enough shards that a handful of threads seldom meet.
    const SHARDS: usize = 64;

    /// The number of `name`, and whether it has just been given.
    pub(crate) fn number(&self, name: &BStr) -> (NameNumber, bool) {
        let Some(mut shard) = self.shard(name) else {
            return (0, false);
        };
        if let Some(number) = shard.get(name) {
            return (*number, false);
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        shard.insert(name.to_owned(), number);
        (number, true)
    }

    /// The number of `name`, if it has one.
    pub(super) fn get(&self, name: &BStr) -> Option<NameNumber> {
        self.shard(name)?.get(name).copied()
    }

    /// The names by their numbers.
    pub(super) fn list(&self) -> Vec<BString> {
        let mut list = vec![BString::default(); self.next.load(Ordering::Relaxed) as usize];
        for shard in &self.shards {
            for (name, number) in &*shard.lock().unwrap_or_else(PoisonError::into_inner) {
                if let Some(slot) = list.get_mut(*number as usize) {
                    slot.clone_from(name);
                }
            }
        }
        list
    }

    fn shard(&self, name: &BStr) -> Option<MutexGuard<'_, Names>> {
        // Any spread will do; the length takes part because many names differ in nothing else than their middle.
        let sum = name.iter().fold(name.len(), |sum, byte| {
            sum.wrapping_mul(31).wrapping_add(usize::from(*byte))
        });
        let shard = self.shards.get(sum % Self::SHARDS)?;
        Some(shard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
