//! Stages for stores that know none: a value waits on a *shelf*, beside the entries, until it is promoted.
//!
//! Each store says where its shelf is. What lies on it is the whole entry as it shall become, and the version that was current
//! when it was put there. The shelf's copy stays after promotion until it is discarded, so that a promotion whose answer was
//! lost can be compared and repeated.

use crate::error::StoreError;
use crate::exposed::{secret, text};
use crate::store::{Entry, Fields, Select, Staged, Store, Version};

/// The field of a shelved value that says over which version it was staged.
const OVER: &str = "leakward-over";

/// Before the names of the fields themselves, so that none can be taken for [`OVER`].
const FIELD: &str = "field.";

/// A place on the shelf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot<'i> {
    /// What waits under an id.
    Pending(&'i str),
    /// What was current before; only for stores that keep no versions.
    Previous,
}

/// What a store without stages has to do instead.
pub(crate) trait Shelf {
    /// Puts it there. A pending slot that is taken stays as it is: it is the same id again.
    fn shelve(&self, path: &str, slot: Slot<'_>, fields: &Fields) -> Result<(), StoreError>;

    /// What lies there.
    fn shelved(&self, path: &str, slot: Slot<'_>) -> Result<Option<Fields>, StoreError>;

    /// Takes it away, if it is there.
    fn unshelve(&self, path: &str, slot: Slot<'_>) -> Result<(), StoreError>;
}

/// A name for a slot that every store takes: letters, digits and dashes, the same for the same path and id.
pub(crate) fn slot_name(path: &str, slot: Slot<'_>) -> String {
    let (word, id) = match slot {
        Slot::Pending(id) => ("pending", id),
        Slot::Previous => ("previous", ""),
    };
    format!("leakward-{word}-{}", digest(&format!("{path}\0{id}")))
}

/// 128 bits that name a text; not secret, and not meant to hide it.
pub(crate) fn digest(text: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    digest
        .as_ref()
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// A value with the version that it stands for, as it lies on the shelf.
pub(crate) fn wrap(version: &Version, fields: &Fields) -> Fields {
    let mut wrapped: Fields = fields
        .iter()
        .map(|(name, value)| (format!("{FIELD}{name}"), value.clone()))
        .collect();
    wrapped.insert(OVER.to_owned(), secret(&version.0));
    wrapped
}

/// The other way round.
pub(crate) fn unwrap(wrapped: &Fields) -> Option<(Version, Fields)> {
    let version = Version(text(wrapped.get(OVER)?)?.to_owned());
    let fields = wrapped
        .iter()
        .filter_map(|(name, value)| Some((name.strip_prefix(FIELD)?.to_owned(), value.clone())))
        .collect();
    Some((version, fields))
}

pub(crate) fn stage<S: Store + Shelf>(
    store: &S,
    path: &str,
    id: &str,
    fields: &Fields,
    expected: &Version,
) -> Result<Staged, StoreError> {
    if let Some((staged, _)) = staged(store, path, id)? {
        return Ok(staged);
    }
    let found = store.read(path, &Select::Current)?.version;
    if found != *expected {
        return Err(conflict(store, path, expected, &found.0));
    }
    store.shelve(path, Slot::Pending(id), &wrap(expected, fields))?;
    Ok(Staged {
        id: id.to_owned(),
        version: Version(slot_name(path, Slot::Pending(id))),
        over: expected.clone(),
    })
}

pub(crate) fn staged<S: Store + Shelf>(
    store: &S,
    path: &str,
    id: &str,
) -> Result<Option<(Staged, Fields)>, StoreError> {
    let Some(wrapped) = store.shelved(path, Slot::Pending(id))? else {
        return Ok(None);
    };
    let (over, fields) = unwrap(&wrapped).ok_or_else(|| StoreError::Malformed {
        store: store.describe(),
        what: format!("{path}: what waits under {id} was not put there by leakward"),
    })?;
    let staged = Staged {
        id: id.to_owned(),
        version: Version(slot_name(path, Slot::Pending(id))),
        over,
    };
    Ok(Some((staged, fields)))
}

pub(crate) fn promote<S: Store + Shelf>(
    store: &S,
    path: &str,
    staged_value: &Staged,
) -> Result<Version, StoreError> {
    let Some((_, fields)) = staged(store, path, &staged_value.id)? else {
        return Err(StoreError::Absent {
            store: store.describe(),
            path: format!("{path} (waiting under {})", staged_value.id),
        });
    };
    let current = store.read(path, &Select::Current)?;
    if current.version == staged_value.over {
        return store.put(path, &fields, Some(&staged_value.over));
    }
    if current.fields == fields {
        return Ok(current.version);
    }
    Err(conflict(
        store,
        path,
        &staged_value.over,
        &current.version.0,
    ))
}

pub(crate) fn roll_back<S: Store>(
    store: &S,
    path: &str,
    to: &Version,
    expected: &Version,
) -> Result<Version, StoreError> {
    let earlier = store.read(path, &Select::Exactly(to.clone()))?;
    store.put(path, &earlier.fields, Some(expected))
}

/// What was current before, for stores that keep it on the shelf.
pub(crate) fn previous<S: Store + Shelf>(store: &S, path: &str) -> Result<Entry, StoreError> {
    let kept = store.shelved(path, Slot::Previous)?;
    let (version, fields) = kept
        .as_ref()
        .and_then(unwrap)
        .ok_or_else(|| absent(store, path))?;
    Ok(Entry { version, fields })
}

/// A version that is not the current one: the one before, or none.
pub(crate) fn exactly_previous<S: Store + Shelf>(
    store: &S,
    path: &str,
    wanted: &Version,
) -> Result<Entry, StoreError> {
    let kept = previous(store, path)?;
    if kept.version == *wanted {
        Ok(kept)
    } else {
        Err(absent(store, path))
    }
}

/// Takes the version before away.
pub(crate) fn retire_previous<S: Store + Shelf>(
    store: &S,
    path: &str,
    version: &Version,
) -> Result<(), StoreError> {
    if store.read(path, &Select::Current)?.version == *version {
        return Err(conflict(store, path, version, "that it is the current one"));
    }
    exactly_previous(store, path, version)?;
    store.unshelve(path, Slot::Previous)
}

fn absent<S: Store + ?Sized>(store: &S, path: &str) -> StoreError {
    StoreError::Absent {
        store: store.describe(),
        path: path.to_owned(),
    }
}

/// Somebody changed it meanwhile.
pub(crate) fn conflict<S: Store + ?Sized>(
    store: &S,
    path: &str,
    expected: &Version,
    found: &str,
) -> StoreError {
    StoreError::Conflict {
        store: store.describe(),
        path: path.to_owned(),
        expected: expected.0.clone(),
        found: found.to_owned(),
    }
}

/// An entry that was to be made is there already.
pub(crate) fn exists<S: Store + ?Sized>(store: &S, path: &str, found: &str) -> StoreError {
    conflict(store, path, &Version("none".to_owned()), found)
}

#[cfg(test)]
mod tests {
    use leakward_core::Secret;

    use super::*;

    #[test]
    fn what_lies_on_the_shelf_comes_back_whatever_its_fields_are_called() {
        let fields = Fields::from([
            (OVER.to_owned(), Secret::new(b"a field of this name")),
            (String::new(), Secret::new(b"no name")),
        ]);
        let version = Version("7".to_owned());
        assert_eq!(unwrap(&wrap(&version, &fields)), Some((version, fields)));
        assert_eq!(unwrap(&Fields::new()), None);
    }

    #[test]
    fn slots_of_different_ids_and_paths_have_different_names() {
        let names = [
            slot_name("a", Slot::Pending("b")),
            slot_name("a", Slot::Pending("c")),
            slot_name("ab", Slot::Pending("")),
            slot_name("a", Slot::Previous),
        ];
        let distinct: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(distinct.len(), names.len());
    }
}
