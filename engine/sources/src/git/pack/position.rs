//! Where in a sorted list of ids an id stands.
//!
//! Ids are hashes, so they are spread evenly: where one stands can be guessed from its first bytes, and each guess
//! shows how good it was. Four guesses find one of a million; halving takes twenty, and each is a line of the index
//! that is not in the processor's cache.

use std::cmp::Ordering;

/// LIMIT: guesses before it is halved instead. Only a list that somebody made for it needs more.
const GUESSES: u32 = 8;

/// The position of `id` among the `count` ids that `at` tells, which are sorted.
pub(super) fn position<'i>(
    count: u32,
    at: impl Fn(u32) -> &'i gix::oid,
    id: &gix::oid,
) -> Option<u32> {
    let wanted = key(id);
    let (mut low, mut high) = (0, count);
    let (mut low_key, mut high_key) = (0, u64::MAX);
    let mut guesses = 0;
    while low < high {
        let middle = if guesses < GUESSES {
            guesses += 1;
            guess(low..high, low_key, high_key, wanted)
        } else {
            low + (high - low) / 2
        };
        let there = at(middle);
        match there.cmp(id) {
            Ordering::Equal => return Some(middle),
            Ordering::Less => (low, low_key) = (middle + 1, key(there)),
            Ordering::Greater => (high, high_key) = (middle, key(there)),
        }
    }
    None
}

/// The first bytes as a number.
fn key(id: &gix::oid) -> u64 {
    let first = id.as_bytes().first_chunk::<8>();
    first.map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

/// A position in the range, which is not empty.
fn guess(range: std::ops::Range<u32>, low_key: u64, high_key: u64, wanted: u64) -> u32 {
    let span = u128::from(high_key.saturating_sub(low_key)).max(1);
    let share = u128::from(wanted.saturating_sub(low_key));
    let steps = share * u128::from(range.end - range.start) / span;
    let last = range.end - 1;
    u32::try_from(steps).map_or(last, |steps| range.start.saturating_add(steps).min(last))
}

#[cfg(test)]
mod tests {
    use gix::ObjectId;
    use proptest::prelude::*;

    use super::*;

    /// Ids that are spread evenly, and ids that are not at all.
    fn ids() -> impl Strategy<Value = Vec<ObjectId>> {
        let even = any::<[u8; 20]>();
        let crowded = (0_u8..3, 0_u8..3, any::<u8>()).prop_map(|(first, eighth, last)| {
            let mut id = [0; 20];
            (id[0], id[8], id[19]) = (first, eighth, last);
            id
        });
        let id = prop_oneof![3 => even, 2 => crowded];
        proptest::collection::btree_set(id, 0..300)
            .prop_map(|ids| ids.into_iter().map(ObjectId::Sha1).collect())
    }

    proptest! {
        #[test]
        fn an_id_is_found_where_halving_finds_it(ids in ids(), others in ids()) {
            let count = u32::try_from(ids.len()).unwrap();
            for id in ids.iter().chain(&others) {
                let found = position(count, |at| &ids[at as usize], id);
                let halved = ids.binary_search(id).ok();
                prop_assert_eq!(found.map(|at| at as usize), halved);
            }
        }
    }
}
