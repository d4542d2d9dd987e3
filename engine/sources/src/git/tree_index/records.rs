//! What was added to each tree and what was removed, against the tree it is stored as a change of: a few bytes each.
//!
//! Trees are numbered in the order in which they are recorded (their *place*), so a base always has a smaller place than
//! what is made from it, and one pass from front to back meets every base first. Numbers are written seven bits to a
//! byte; on real repositories a record has about 15 bytes.
//!
//! INVARIANT: `base < place` for every record.

use rayon::iter::{
    IndexedParallelIterator as _, IntoParallelIterator as _, IntoParallelRefIterator as _,
    ParallelIterator as _,
};

use crate::git::trees::EntryKind;

use super::names::NameNumber;

/// The place of a tree among the records.
pub(crate) type Place = u32;

/// An entry of a tree, in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Child {
    /// The object; 0 for a submodule.
    pub(super) number: u32,
    pub(super) kind: EntryKind,
    pub(super) name: NameNumber,
}

/// PERF: memory is taken in pieces, so that a list that grows never stands there twice.
const CHUNK: usize = 256 << 10;

/// The records of one thread.
#[derive(Default)]
pub(super) struct Recorder {
    chunks: Vec<Vec<u8>>,
    /// The place of the last record in the last chunk.
    last: Place,
    buffer: Vec<u8>,
}

/// One tree to be recorded.
pub(super) struct NewRecord<'c> {
    pub(super) place: Place,
    /// The number of the tree.
    pub(super) number: u32,
    pub(super) base: Option<Place>,
    pub(super) added: &'c [Child],
    pub(super) removed: &'c [Child],
}

impl Recorder {
    /// Adds a record; its place is larger than that of every one before.
    pub(super) fn add(&mut self, new: &NewRecord<'_>) {
        self.buffer.clear();
        let base = new.base.and_then(|base| new.place.checked_sub(base));
        for part in [
            new.number,
            base.unwrap_or(0),
            u32::try_from(new.added.len()).unwrap_or(u32::MAX),
            u32::try_from(new.removed.len()).unwrap_or(u32::MAX),
        ] {
            write(&mut self.buffer, u64::from(part));
        }
        for child in new.added.iter().chain(new.removed) {
            let kind = match child.kind {
                EntryKind::Blob => 0,
                EntryKind::Tree => 1,
                EntryKind::Submodule => 2,
            };
            write(&mut self.buffer, u64::from(child.number) << 2 | kind);
            write(&mut self.buffer, u64::from(child.name));
        }
        // A place takes five bytes at most.
        let needed = self.buffer.len() + 5;
        let fits = |chunk: &Vec<u8>| chunk.capacity() - chunk.len() >= needed;
        if !self.chunks.last().is_some_and(fits) {
            self.chunks.push(Vec::with_capacity(CHUNK.max(needed)));
            self.last = 0;
        }
        if let Some(chunk) = self.chunks.last_mut() {
            write(chunk, u64::from(new.place.wrapping_sub(self.last)));
            chunk.extend_from_slice(&self.buffer);
            self.last = new.place;
        }
    }
}

/// All records, by their place.
#[derive(Default)]
pub(super) struct Records {
    chunks: Vec<Vec<u8>>,
    /// For each place the chunk and where in it the record begins behind its place.
    places: Vec<(u32, u32)>,
}

/// One record.
#[derive(Clone, Copy)]
pub(super) struct Record<'r> {
    pub(super) number: u32,
    pub(super) base: Option<Place>,
    added: u32,
    removed: u32,
    children: &'r [u8],
}

/// The mark of a place without a record.
const NOWHERE: (u32, u32) = (u32::MAX, 0);

impl Records {
    /// Takes over what all threads have recorded, in the current Rayon pool.
    pub(super) fn add(&mut self, recorders: impl IntoIterator<Item = Recorder>) {
        let first = self.chunks.len();
        let chunks = recorders.into_iter().flat_map(|recorder| recorder.chunks);
        self.chunks.extend(chunks);
        let new = self.chunks.get(first..).unwrap_or_default();
        let numbered = new
            .par_iter()
            .zip((first..self.chunks.len()).into_par_iter());
        let places = numbered.map(|(chunk, number)| (number, places_in(chunk)));
        let places: Vec<_> = places.collect();
        let last = places
            .iter()
            .flat_map(|(_, places)| places)
            .map(|(place, _)| *place)
            .max();
        let len = last.map_or(0, |last| last as usize + 1);
        if self.places.len() < len {
            self.places.reserve_exact(len - self.places.len());
            self.places.resize(len, NOWHERE);
        }
        for (number, places) in places {
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            for (place, at) in places {
                let place = place as usize;
                if let Some(slot) = self.places.get_mut(place) {
                    *slot = (number, at);
                }
            }
        }
    }

    /// One more than the largest place.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// The record at a place.
    pub(super) fn get(&self, place: usize) -> Option<Record<'_>> {
        let &(chunk, at) = self.places.get(place)?;
        let mut rest = self.chunks.get(chunk as usize)?.get(at as usize..)?;
        Record::read(place, &mut rest)
    }

    /// All of them, bases first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, Record<'_>)> {
        (0..self.places.len()).filter_map(|place| Some((place, self.get(place)?)))
    }
}

/// The places of the records in a chunk, and where in it each begins behind its place.
fn places_in(chunk: &[u8]) -> Vec<(Place, u32)> {
    let mut places = Vec::new();
    let mut rest = chunk;
    let mut place: Place = 0;
    while let Some(step) = read(&mut rest) {
        place = place.saturating_add(Place::try_from(step).unwrap_or(Place::MAX));
        let at = u32::try_from(chunk.len() - rest.len()).unwrap_or(u32::MAX);
        places.push((place, at));
        let Some(record) = Record::read(place as usize, &mut rest) else {
            break;
        };
        record.pass_over_children(&mut rest);
    }
    places
}

impl<'r> Record<'r> {
    /// Reads the head of a record, and leaves its children.
    fn read(place: usize, rest: &mut &'r [u8]) -> Option<Self> {
        let mut number = || u32::try_from(read(rest)?).ok();
        let (tree, base, added, removed) = (number()?, number()?, number()?, number()?);
        let base = match base {
            0 => None,
            distance => u32::try_from(place).ok()?.checked_sub(distance),
        };
        Some(Self {
            number: tree,
            base,
            added,
            removed,
            children: rest,
        })
    }

    fn pass_over_children(&self, rest: &mut &[u8]) {
        for _ in 0..self.added.saturating_add(self.removed) {
            if child(rest).is_none() {
                return;
            }
        }
    }

    /// Its children, with whether each was added or removed.
    pub(super) fn differences(&self) -> impl Iterator<Item = (Child, Sign)> + use<'r> {
        let (added, all) = (self.added, self.added.saturating_add(self.removed));
        let mut rest = self.children;
        (0..all).map_while(move |at| {
            let sign = if at < added {
                Sign::Added
            } else {
                Sign::Removed
            };
            Some((child(&mut rest)?, sign))
        })
    }
}

/// Whether a tree has what its base has not, or the other way round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sign {
    Added,
    Removed,
}

fn child(rest: &mut &[u8]) -> Option<Child> {
    let word = read(rest)?;
    let name = u32::try_from(read(rest)?).ok()?;
    Some(Child {
        number: u32::try_from(word >> 2).ok()?,
        kind: match word & 3 {
            0 => EntryKind::Blob,
            1 => EntryKind::Tree,
            _ => EntryKind::Submodule,
        },
        name,
    })
}

fn write(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(low_seven_bits(number) | 0x80);
        number >>= 7;
    }
    bytes.push(low_seven_bits(number));
}

fn low_seven_bits(number: u64) -> u8 {
    u8::try_from(number & 0x7f).unwrap_or(0)
}

fn read(rest: &mut &[u8]) -> Option<u64> {
    let (mut number, mut shift) = (0_u64, 0);
    loop {
        let (&byte, after) = rest.split_first()?;
        *rest = after;
        number |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
        shift += 7;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn children() -> impl Strategy<Value = Vec<Child>> {
        let kinds = [EntryKind::Blob, EntryKind::Tree, EntryKind::Submodule];
        let child = (0_u32..1 << 30, 0_usize..3, any::<u32>());
        let child = child.prop_map(move |(number, kind, name)| Child {
            number,
            kind: kinds[kind],
            name,
        });
        proptest::collection::vec(child, 0..9)
    }

    proptest! {
        #[test]
        fn what_is_recorded_by_several_threads_is_read_in_the_order_of_its_places(
            trees in proptest::collection::vec((0_u32..1 << 30, any::<bool>(), children(), children(), 0_usize..3), 0..40),
            first in prop_oneof![Just(0_u32), 0_u32..1 << 20],
        ) {
            let mut recorders: [Recorder; 3] = Default::default();
            for ((place, (number, on_base, added, removed, thread)), base) in (first..).zip(&trees).zip(0..) {
                let base = on_base.then_some(base).filter(|base| *base < place);
                recorders[*thread].add(&NewRecord { place, number: *number, base, added, removed });
            }
            let mut records = Records::default();
            records.add(recorders);
            let read: Vec<_> = records.iter().collect();
            prop_assert_eq!(read.len(), trees.len());
            for ((at, record), (base, (number, on_base, added, removed, _))) in read.iter().zip((0_u32..).zip(&trees)) {
                let expected = on_base.then_some(base).filter(|base| (*base as usize) < *at);
                prop_assert_eq!((record.number, record.base), (*number, expected));
                let (new, old): (Vec<_>, Vec<_>) = record.differences().partition(|(_, sign)| *sign == Sign::Added);
                let plain = |list: Vec<(Child, Sign)>| list.into_iter().map(|(child, _)| child).collect::<Vec<_>>();
                prop_assert_eq!(&plain(new), added);
                prop_assert_eq!(&plain(old), removed);
            }
        }
    }
}
