//! Whether everything that the index names is there: a blob that went missing is in no pack and no folder, so the walk
//! over all objects cannot notice that it is not.
//!
//! Only what the index names is checked, because that is cheap. What else is missing from a damaged history is noticed
//! when provenance or a selection comes upon it; partial clones are checked throughout.

use std::collections::HashMap;

use bstr::ByteSlice;
use gix::ObjectId;
use leakward_core::{Skipped, SkippedKind};

use super::Repository;
use super::index::{Index, kind};
use super::trees::EntryKind;

impl Repository {
    /// Blobs that the index names and nothing holds, each with a path.
    #[must_use]
    pub fn missing_from_index(&self) -> Vec<Skipped> {
        // An index that cannot be read is told by whoever scans the working tree.
        let Ok(Some(index)) = Index::of(self) else {
            return Vec::new();
        };
        let file = index.file();
        let named: HashMap<ObjectId, String> = file
            .entries()
            .iter()
            .filter(|entry| kind(entry.mode) == EntryKind::Blob)
            .map(|entry| (entry.id, entry.path(file).to_str_lossy().into_owned()))
            .collect();
        let ids: Vec<ObjectId> = named.keys().copied().collect();
        let handle = self.gix();
        let missing = self
            .not_held(&ids)
            .into_iter()
            .filter(|id| !handle.has_object(id));
        let told = |id: ObjectId| Skipped {
            kind: SkippedKind::Missing,
            what: format!("blob {id} ({})", named.get(&id).map_or("", String::as_str)),
            reason: "the index names it, and it is not in the object database".to_owned(),
        };
        let mut told: Vec<Skipped> = missing.map(told).collect();
        told.sort_by(|a, b| a.what.cmp(&b.what));
        told
    }
}
