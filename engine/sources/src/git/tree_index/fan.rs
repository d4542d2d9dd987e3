//! A finer first step into a pack's index: of a million sorted ids it leaves one or two to look at.
//!
//! PERF: every entry of every tree asks where its object stands. The index is larger than the processor's cache, so the cost is
//! how many of its lines are touched; with a table of a few megabytes it is one.

use crate::git::pack::file::Pack;
use crate::git::prefetch::prefetch;

/// For each value of an id's first bits, the first position of an id that begins with it.
pub(super) struct Fan {
    starts: Vec<u32>,
    /// Bits of a key that do not count.
    shift: u32,
}

impl Fan {
    /// The table for a pack; none when its ids are not sorted, as they are in every index that git wrote.
    pub(super) fn of(pack: &Pack) -> Option<Self> {
        let bits = pack.objects().max(2).ilog2();
        let shift = u64::BITS - bits;
        let mut starts = Vec::with_capacity((1 << bits) + 1);
        let mut last = 0;
        for position in 0..pack.objects() {
            let bucket = usize::try_from(key(pack.id_at(position)?) >> shift).ok()?;
            if bucket < last {
                return None;
            }
            last = bucket;
            starts.resize(bucket.max(starts.len().saturating_sub(1)) + 1, position);
        }
        starts.resize((1 << bits) + 1, pack.objects());
        Some(Self { starts, shift })
    }

    /// Asks for what tells where an id may stand, before it is needed.
    pub(super) fn expect(&self, id: &gix::oid) {
        let bucket = usize::try_from(key(id) >> self.shift).ok();
        if let Some(start) = bucket.and_then(|bucket| self.starts.get(bucket)) {
            prefetch(start);
        }
    }

    /// Asks for the ids among which this one may stand, before they are needed.
    pub(super) fn expect_ids(&self, pack: &Pack, id: &gix::oid) {
        let bucket = usize::try_from(key(id) >> self.shift).ok();
        if let Some(start) = bucket.and_then(|bucket| self.starts.get(bucket)) {
            pack.expect_id(*start);
            pack.expect_id(start.saturating_add(1));
        }
    }

    /// Where in the pack's index an id stands.
    pub(super) fn position(&self, pack: &Pack, id: &gix::oid) -> Option<u32> {
        let bucket = usize::try_from(key(id) >> self.shift).ok()?;
        let (mut low, mut high) = (*self.starts.get(bucket)?, *self.starts.get(bucket + 1)?);
        while low < high {
            let middle = low + (high - low) / 2;
            match pack.id_at(middle)?.cmp(id) {
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }
}

/// The first bytes as a number.
fn key(id: &gix::oid) -> u64 {
    let first = id.as_bytes().first_chunk::<8>();
    first.map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testbed::Testbed;

    #[test]
    fn every_id_is_found_where_the_index_lists_it_and_no_other() {
        for format in [&[][..], &["--object-format=sha256"]] {
            let bed = Testbed::new();
            let bench = bed.init("r", format);
            bench.import_by_chance(9, 40);
            bench.git(&["repack", "-adq"]);
            let store = bench.open().store();
            let pack = &store.packs[0];
            let fan = Fan::of(pack).unwrap();
            assert!(pack.objects() > 100);
            for position in 0..pack.objects() {
                let id = pack.id(position).unwrap();
                assert_eq!(fan.position(pack, &id), Some(position));
                let mut other = id.as_bytes().to_vec();
                *other.last_mut().unwrap() ^= 1;
                let other = gix::oid::try_from_bytes(&other).unwrap();
                assert_eq!(fan.position(pack, other), pack.position(other));
            }
        }
    }
}
