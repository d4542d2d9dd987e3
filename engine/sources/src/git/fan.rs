//! A first step into the sorted ids of commits: for each value of their first two bytes where such ids begin.
//!
//! Not for the objects of a pack, of which there are ten times as many: `tree_index/fan.rs` has a finer one.

use std::ops::Range;

use gix::ObjectId;

/// The first two bytes of an id, as a number.
pub(super) fn bucket(id: &ObjectId) -> usize {
    let first = id.as_bytes().first_chunk::<2>();
    first.map_or(0, |bytes| usize::from(u16::from_be_bytes(*bytes)))
}

/// Where the ids of each bucket begin, and one more at the end.
pub(super) fn of<'i>(ids: impl Iterator<Item = &'i ObjectId>) -> Vec<u32> {
    let mut fan = vec![0; 1 + (1 << 16)];
    for id in ids {
        if let Some(count) = fan.get_mut(bucket(id) + 1) {
            *count += 1;
        }
    }
    let mut sum = 0;
    for count in &mut fan {
        sum += *count;
        *count = sum;
    }
    fan
}

/// The places of ids that share an id's first two bytes; none when nobody counted them.
pub(super) fn places(fan: &[u32], id: &ObjectId) -> Option<Range<usize>> {
    let bucket = bucket(id);
    Some(*fan.get(bucket)? as usize..*fan.get(bucket + 1)? as usize)
}
