//! Which blobs hold the same sightings, without a word of what those are.
//!
//! A file that was changed a thousand times while it held one credential gives a thousand blobs with the same sighting. Of those at one path
//! two decide what is reported: the first one in history and the one at HEAD. So the next scan has to look at few of them again.
//!
//! Sightings are alike when everything is that decides what becomes of them at a place: rule, credential, confidence, reasons, and the same of
//! the sightings of that credential before it in the blob, for it counts which one it is. Alike ones have the same number, which says nothing
//! else.
//!
//! INVARIANT: a blob may be passed over only when, for each of its sightings and paths, others are looked at that come first in history, stand
//! at HEAD, are reached, and have refs that name them, if this one does (`grouping::collapse` asks for nothing else).

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, Hash, Hasher, RandomState};

use leakward_core::Secret;
use leakward_sources::Origin;
use leakward_sources::git::{ObjectId, Place, Provenance, Traced};

use crate::collector::Collected;
use crate::sighting::Sighting;

/// Which blobs hold the same sightings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Profiles {
    /// For each blob the numbers of its sightings, in their order.
    of_blob: HashMap<ObjectId, Vec<u32>>,
}

/// Place in history: the commit's, then the blob's.
type Age = (u32, ObjectId);

/// The blobs that decide what is reported of one kind of sighting at one path.
#[derive(Default)]
struct Deciding {
    first: Option<Age>,
    first_reached: Option<Age>,
    first_named: Option<Age>,
    at_head: Vec<ObjectId>,
}

impl Profiles {
    /// Those of `again` that have to be looked at: all but blobs for which others speak. `pinned` ones have places beside history.
    pub(crate) fn needed(
        &self,
        again: &[ObjectId],
        provenance: &Provenance,
        pinned: &HashSet<ObjectId>,
    ) -> Vec<ObjectId> {
        let mut needed: BTreeSet<ObjectId> = BTreeSet::new();
        let mut deciding: HashMap<(u32, &str), Deciding> = HashMap::new();
        for blob in again {
            let traced = provenance.blob(blob).filter(|traced| {
                !traced.places.is_empty() && traced.more_places == 0 && !pinned.contains(blob)
            });
            let Some((traced, profile)) = traced.zip(self.of_blob.get(blob)) else {
                needed.insert(*blob);
                continue;
            };
            for place in &traced.places {
                for sighting in profile {
                    let deciding = deciding.entry((*sighting, &place.path)).or_default();
                    deciding.weigh(*blob, place, traced);
                }
            }
        }
        for deciding in deciding.into_values() {
            let first = [deciding.first, deciding.first_reached, deciding.first_named];
            needed.extend(first.into_iter().flatten().map(|(_, blob)| blob));
            needed.extend(deciding.at_head);
        }
        needed.into_iter().collect()
    }

    /// Those of a scan, which has looked at some of the blobs in `self` again. Of the others what was known stays, as far as they are in
    /// `again`.
    pub(crate) fn renewed(&self, collected: &Collected, again: &HashSet<ObjectId>) -> Self {
        let keys = keys(collected);
        let mut numbers: HashMap<u64, u32> = HashMap::new();
        let known = || {
            keys.iter()
                .filter_map(|(blob, keys)| Some((keys, self.of_blob.get(blob)?)))
        };
        let is_as_it_was = known().all(|(keys, profile)| keys.len() == profile.len());
        let mut of_blob = HashMap::new();
        let mut next = 0;
        if is_as_it_was {
            for (keys, profile) in known() {
                numbers.extend(keys.iter().copied().zip(profile.iter().copied()));
            }
            let passed_over = self.of_blob.iter();
            of_blob.extend(
                passed_over
                    .filter(|(blob, _)| again.contains(*blob) && !keys.contains_key(*blob))
                    .map(|(blob, profile)| (*blob, profile.clone())),
            );
            let used = self.of_blob.values().flatten().max();
            next = used.map_or(0, |number| number.saturating_add(1));
        }
        for (blob, keys) in keys {
            let profile = keys.into_iter().map(|key| {
                *numbers.entry(key).or_insert_with(|| {
                    next += 1;
                    next - 1
                })
            });
            of_blob.insert(blob, profile.collect());
        }
        of_blob.retain(|blob, _| !collected.singular.contains(blob));
        Self { of_blob }
    }

    /// All of it as bytes.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut sorted: Vec<(&ObjectId, &Vec<u32>)> = self.of_blob.iter().collect();
        sorted.sort_unstable();
        for (blob, profile) in sorted {
            let length = u8::try_from(blob.as_bytes().len()).unwrap_or(0);
            bytes.push(length);
            bytes.extend_from_slice(blob.as_bytes());
            let count = u32::try_from(profile.len()).unwrap_or(u32::MAX);
            bytes.extend_from_slice(&count.to_le_bytes());
            profile
                .iter()
                .for_each(|number| bytes.extend_from_slice(&number.to_le_bytes()));
        }
        bytes
    }

    /// From such bytes; nothing is known when they are not what was written.
    pub(super) fn from_bytes(bytes: &[u8]) -> Self {
        Self::read(bytes).unwrap_or_default()
    }

    fn read(mut bytes: &[u8]) -> Option<Self> {
        let mut take = |length: usize| {
            let (taken, rest) = bytes.split_at_checked(length)?;
            bytes = rest;
            Some(taken)
        };
        let mut of_blob = HashMap::new();
        while let Some(length) = take(1) {
            let blob = ObjectId::try_from(take(usize::from(*length.first()?))?).ok()?;
            let count = u32::from_le_bytes(take(4)?.try_into().ok()?);
            let numbers = take((count as usize).checked_mul(4)?)?;
            let numbers = numbers.chunks_exact(4);
            let numbers =
                numbers.filter_map(|four| Some(u32::from_le_bytes(four.try_into().ok()?)));
            of_blob.insert(blob, numbers.collect());
        }
        Some(Self { of_blob })
    }
}

impl Deciding {
    fn weigh(&mut self, blob: ObjectId, place: &Place, traced: &Traced) {
        let age = (place.order.unwrap_or(u32::MAX), blob);
        let earlier = |slot: &mut Option<Age>| {
            if slot.is_none_or(|other| age < other) {
                *slot = Some(age);
            }
        };
        earlier(&mut self.first);
        if traced.reachable {
            earlier(&mut self.first_reached);
        }
        if !traced.refs.is_empty() {
            earlier(&mut self.first_named);
        }
        if place.in_head {
            self.at_head.push(blob);
        }
    }
}

/// For each blob, what is alike in two sightings when everything is that counts; by chance, once in some hundred million million times, more.
fn keys(collected: &Collected) -> HashMap<ObjectId, Vec<u64>> {
    let mut of_blob: HashMap<ObjectId, Vec<&Sighting>> = HashMap::new();
    for sighting in &collected.sightings {
        if let Origin::Blob(id) = &*sighting.origin
            && !collected.singular.contains(id)
        {
            of_blob.entry(*id).or_default().push(sighting);
        }
    }
    let state = RandomState::new();
    let keys = |(blob, mut sightings): (ObjectId, Vec<&Sighting>)| {
        sightings.sort_by_key(|sighting| sighting.ordinal);
        let mut before: HashMap<(usize, &Secret), u64> = HashMap::new();
        let mut keys = Vec::with_capacity(sightings.len());
        for sighting in sightings {
            let matched = &sighting.matched;
            let before = before.entry((matched.rule, &matched.secret)).or_default();
            let mut hasher = state.build_hasher();
            before.hash(&mut hasher);
            matched.hash_without_span(&mut hasher);
            *before = hasher.finish();
            keys.push(*before);
        }
        (blob, keys)
    };
    of_blob.into_iter().map(keys).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u8) -> ObjectId {
        ObjectId::from([number; 20])
    }

    #[test]
    fn what_was_written_is_read_and_what_was_cut_off_is_not_known() {
        let of_blob = HashMap::from([
            (id(1), vec![]),
            (id(2), vec![7]),
            (id(3), vec![0, u32::MAX, 7]),
        ]);
        let profiles = Profiles { of_blob };
        let bytes = profiles.to_bytes();
        assert_eq!(Profiles::from_bytes(&bytes), profiles);
        let nothing = Profiles::default();
        assert_eq!(Profiles::from_bytes(&[]), nothing);
        // It ends between two blobs after 25 and after 54 bytes: what is left says less, but nothing that is not so.
        let between = [25, 54];
        for length in (1..bytes.len()).filter(|length| !between.contains(length)) {
            let cut = Profiles::from_bytes(&bytes[..length]);
            assert_eq!(cut, nothing, "{length}");
        }
        assert_eq!(Profiles::from_bytes(&[20; 30]), nothing);
        assert_eq!(Profiles::from_bytes(&[255; 300]), nothing);
    }
}
