//! Trees that lead to the same wanted things, put together.
//!
//! Nearly all trees differ from their base in something that leads to nothing wanted, or in a folder that differs in
//! nothing else itself. Such a tree is *like* its base. So of every tree is kept only how it differs from its base in wanted
//! things and in folders that are not like the base's folder of that name; when that is nothing, it is like its base, and those
//! above it may be like theirs. After a few passes hardly any tree is left.
//!
//! Why that is right. A tree is the bag of its base's entries, less some and more others; two entries of the same name that
//! lead to the same are the same entry to whoever asks where things are. It does not depend on how many passes are made.

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

use rayon::iter::{
    IndexedParallelIterator as _, IntoParallelIterator as _, IntoParallelRefIterator as _,
    IntoParallelRefMutIterator as _, ParallelIterator as _,
};

use super::index::{HistoryIndex, TreesRead};
use super::leads::{Target, Things};
use super::names::NameNumber;
use super::records::{Place, Record, Sign};

/// The mark of what leads to nothing, and of what has no place.
pub(super) const NOTHING: u32 = u32::MAX;

/// How a tree differs from its base in one entry.
///
/// PERF: name and sign share a word. There are four times as many of these as trees while they are put together, which is when memory is
/// at its highest.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Difference {
    named: u32,
    pub(super) target: Target,
}

impl Difference {
    /// INVARIANT: there are fewer than 2³¹ names; each takes some bytes of memory.
    fn new(name: NameNumber, target: Target, sign: Sign) -> Self {
        let named = name << 1 | u32::from(sign == Sign::Removed);
        Self { named, target }
    }

    pub(super) fn name(self) -> NameNumber {
        self.named >> 1
    }

    pub(super) fn sign(self) -> Sign {
        match self.named & 1 {
            0 => Sign::Added,
            _ => Sign::Removed,
        }
    }

    /// Equal entries stand side by side, the added ones first.
    fn order(&self) -> (NameNumber, Target, Sign) {
        (self.name(), self.target, self.sign())
    }
}

/// The trees that are like no other, numbered from 0 on, bases first.
#[derive(Default)]
pub(super) struct Nodes {
    /// By number of the object: the node, or [`NOTHING`].
    pub(super) of_number: Vec<u32>,
    /// By node: the base, or [`NOTHING`].
    pub(super) bases: Vec<u32>,
    /// By node: where its differences begin; one more at the end.
    starts: Vec<u32>,
    differences: Vec<Difference>,
}

impl Nodes {
    /// The trees of `index`, as far as they lead to `things`, in the current Rayon pool; and which were read at all.
    pub(super) fn of(
        index: &HistoryIndex,
        things: &Things,
        most_passes: usize,
    ) -> (Self, TreesRead) {
        let mut likening = Likening::of(index, things);
        let read = likening.trees_read();
        let mut passes = 0;
        while likening.pass() && passes < most_passes {
            passes += 1;
        }
        (likening.finish(), read)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.bases.len()
    }

    /// How a node differs from its base.
    pub(super) fn differences(&self, node: u32) -> &[Difference] {
        let bound = |node: usize| self.starts.get(node).map_or(0, |&at| at as usize);
        let range = bound(node as usize)..bound(node as usize + 1);
        self.differences.get(range).unwrap_or_default()
    }
}

/// PERF: places that one task looks at.
const PLACES_IN_A_PART: usize = 1 << 13;

/// The work while it goes on, in the current Rayon pool. Trees are known by their places here.
///
/// What a part learns of its trees another one may see at once or in its next pass; it is the same in the end, as every pass
/// goes on until none learns anything.
struct Likening {
    /// By number of the object: its place.
    places: Vec<Place>,
    bases: Vec<Place>,
    like: Like,
    parts: Vec<Part>,
}

/// By place: a tree that leads to the same, with a smaller place or itself.
struct Like(Vec<AtomicU32>);

/// What is left of the trees at some places that stand side by side.
#[derive(Default)]
struct Part {
    /// Trees that are like no other so far, and where their differences are.
    left: Vec<(Place, std::ops::Range<u32>)>,
    differences: Vec<Difference>,
    /// Numbers of trees that others refer to and that were not read.
    unread: Vec<u32>,
}

impl Likening {
    fn of(index: &HistoryIndex, things: &Things) -> Self {
        let records = &index.records;
        // One more than the place. Of two records of one tree the later one counts, whichever is seen first.
        let behind: Vec<AtomicU32> = (0..index.numbers.count())
            .map(|_| AtomicU32::new(0))
            .collect();
        let base = |place: usize| {
            let record = records.get(place)?;
            let slot = behind.get(record.number as usize)?;
            slot.fetch_max(narrow(place + 1), Relaxed);
            record.base
        };
        let all = (0..records.len()).into_par_iter();
        let bases = all.with_min_len(PLACES_IN_A_PART);
        let bases: Vec<Place> = bases.map(|at| base(at).unwrap_or(NOTHING)).collect();
        let place = |behind: AtomicU32| behind.into_inner().checked_sub(1).unwrap_or(NOTHING);
        let places: Vec<Place> = behind.into_iter().map(place).collect();
        let like = Like((0..).take(records.len()).map(AtomicU32::new).collect());
        let starts = (0..records.len()).step_by(PLACES_IN_A_PART);
        let starts: Vec<usize> = starts.collect();
        let part = |&start: &usize| {
            let mut part = Part::default();
            for place in start..records.len().min(start + PLACES_IN_A_PART) {
                if let Some(record) = records.get(place) {
                    part.add(narrow(place), record, things, &places);
                    part.settle_last(&bases, &like);
                }
            }
            // Most of it is settled at once by what is known already, and does not have to be kept until all parts are there.
            part.pass(&bases, &like);
            part
        };
        Self {
            parts: starts.par_iter().map(part).collect(),
            places,
            bases,
            like,
        }
    }

    /// Looks at each tree that is left once more; whether any turned out to be like another.
    fn pass(&mut self) -> bool {
        let (bases, like) = (&self.bases, &self.like);
        let parts = self.parts.par_iter_mut();
        parts
            .map(|part| part.pass(bases, like))
            .reduce(|| false, |one, other| one | other)
    }

    /// Numbers what is left.
    fn finish(self) -> Nodes {
        let Self {
            mut places,
            bases,
            like,
            parts,
        } = self;
        let mut numbered = vec![NOTHING; bases.len()];
        let left = parts.iter().flat_map(|part| &part.left);
        for (node, (place, _)) in (0..).zip(left) {
            if let Some(slot) = numbered.get_mut(*place as usize) {
                *slot = node;
            }
        }
        let node_at = |place: Place| {
            let like = like.of(place);
            numbered.get(like as usize).copied().unwrap_or(NOTHING)
        };
        let all = places.par_iter_mut().with_min_len(PLACES_IN_A_PART);
        all.for_each(|place| *place = node_at(*place));
        // Memory is at its highest here: nothing is larger than it has to be, and each part goes when it was looked at.
        let nodes = parts.iter().map(|part| part.left.len()).sum::<usize>();
        let differences = parts.iter().flat_map(|part| &part.left);
        let mut kept = Nodes {
            of_number: places,
            bases: Vec::with_capacity(nodes),
            starts: Vec::with_capacity(nodes + 1),
            differences: Vec::with_capacity(differences.map(|(_, range)| range.len()).sum()),
        };
        for part in parts {
            for (place, range) in &part.left {
                let base = bases.get(*place as usize).copied();
                kept.bases.push(node_at(base.unwrap_or(NOTHING)));
                kept.starts.push(narrow(kept.differences.len()));
                let range = range.start as usize..range.end as usize;
                for difference in part.differences.get(range).unwrap_or_default() {
                    let target = match difference.target.as_tree().map(node_at) {
                        None => difference.target,
                        // It has turned out to lead to nothing after the last look at this tree.
                        Some(NOTHING) => continue,
                        Some(node) => Target::tree(node),
                    };
                    kept.differences.push(Difference {
                        target,
                        ..*difference
                    });
                }
            }
        }
        kept.starts.push(narrow(kept.differences.len()));
        kept
    }

    /// Which trees were read, and which were not that others refer to.
    fn trees_read(&self) -> TreesRead {
        let is_read = |(_, place): &(usize, &Place)| **place != NOTHING;
        let read = self.places.iter().enumerate().filter(is_read);
        let unread = self.parts.iter().flat_map(|part| &part.unread);
        TreesRead::of(read.map(|(number, _)| number), unread.copied())
    }
}

impl Part {
    /// Notes how the tree of `record` differs from its base in what may lead to something.
    fn add(&mut self, place: Place, record: Record<'_>, things: &Things, places: &[Place]) {
        let start = self.differences.len();
        for (child, sign) in record.differences() {
            for target in things.targets(child) {
                let target = match target.as_tree() {
                    None => target,
                    Some(number) => match places.get(number as usize) {
                        Some(&place) if place != NOTHING => Target::tree(place),
                        _ => {
                            if sign == Sign::Added {
                                self.unread.push(number);
                            }
                            continue;
                        }
                    },
                };
                self.differences
                    .push(Difference::new(child.name, target, sign));
            }
        }
        self.left
            .push((place, narrow(start)..narrow(self.differences.len())));
    }

    /// Forgets the tree that was added last, if it differs from its base in nothing: most do.
    fn settle_last(&mut self, bases: &[Place], like: &Like) {
        let is_empty = |(_, range): &mut (Place, std::ops::Range<u32>)| range.start == range.end;
        if let Some((place, _)) = self.left.pop_if(is_empty) {
            like.note(place, bases);
        }
    }

    fn pass(&mut self, bases: &[Place], like: &Like) -> bool {
        let before = self.left.len();
        let differences = &mut self.differences;
        self.left.retain_mut(|(place, range)| {
            shrink(differences, range, like);
            let is_empty = range.start == range.end;
            if is_empty {
                like.note(*place, bases);
            }
            !is_empty
        });
        self.compact();
        self.left.len() < before
    }

    /// Gives the memory back of differences that turned out to be none, where that is much.
    fn compact(&mut self) {
        let kept: usize = self.left.iter().map(|(_, range)| range.len()).sum();
        if kept * 4 > self.differences.capacity() * 3 {
            return;
        }
        let mut differences = Vec::with_capacity(kept);
        for (_, range) in &mut self.left {
            let start = narrow(differences.len());
            let old = range.start as usize..range.end as usize;
            differences.extend_from_slice(self.differences.get(old).unwrap_or_default());
            *range = start..narrow(differences.len());
        }
        self.differences = differences;
        self.left.shrink_to_fit();
    }
}

/// Drops the differences in `range` that are none.
fn shrink(differences: &mut [Difference], range: &mut std::ops::Range<u32>, like: &Like) {
    let (start, mut end) = (range.start as usize, range.start as usize);
    let mut removes = false;
    for at in start..range.end as usize {
        let Some(mut difference) = differences.get(at).copied() else {
            break;
        };
        if let Some(place) = difference.target.as_tree() {
            match like.of(place) {
                NOTHING => continue,
                like => difference.target = Target::tree(like),
            }
        }
        removes |= difference.sign() == Sign::Removed;
        if let Some(slot) = differences.get_mut(end) {
            *slot = difference;
        }
        end += 1;
    }
    if removes && end - start > 1 {
        let kept = differences.get_mut(start..end).map_or(0, cancel);
        end = start + kept;
    }
    range.end = narrow(end);
}

impl Like {
    /// The first tree that is known to lead to the same as the one at `place`.
    ///
    /// Every entry leads to a smaller place or stays; whatever another thread writes at the same time does so, too.
    fn of(&self, place: Place) -> Place {
        let mut at = place;
        loop {
            let Some(slot) = self.0.get(at as usize) else {
                return NOTHING;
            };
            let next = slot.load(Relaxed);
            if next == at {
                return at;
            }
            let after = self.0.get(next as usize);
            let after = after.map_or(NOTHING, |after| after.load(Relaxed));
            if after != next {
                slot.store(after, Relaxed);
            }
            at = next;
        }
    }

    /// Notes that the tree at `place` is like its base.
    fn note(&self, place: Place, bases: &[Place]) {
        let base = bases.get(place as usize).copied().unwrap_or(NOTHING);
        if let Some(slot) = self.0.get(place as usize) {
            slot.store(self.of(base), Relaxed);
        }
    }
}

fn narrow(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// Drops pairs of the same entry, added and removed; how many are left, which stand in front.
fn cancel(differences: &mut [Difference]) -> usize {
    differences.sort_unstable_by_key(Difference::order);
    let (mut kept, mut at) = (0, 0);
    while at < differences.len() {
        let same = |other: &Difference| {
            differences
                .get(at)
                .is_some_and(|one| (one.name(), one.target) == (other.name(), other.target))
        };
        let rest = differences.get(at..).unwrap_or_default();
        let run = rest.iter().take_while(|other| same(other)).count();
        let run_of = rest.get(..run).unwrap_or_default();
        let added = run_of
            .iter()
            .filter(|one| one.sign() == Sign::Added)
            .count();
        let (added, removed) = (
            added.saturating_sub(run - added),
            (run - added).saturating_sub(added),
        );
        // Equal entries stand by their sign, the added ones first.
        let (from, count) = if added > 0 {
            (at, added)
        } else {
            (at + run - removed, removed)
        };
        differences.copy_within(from..from + count, kept);
        kept += count;
        at += run;
    }
    kept
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_left_of_a_list_is_what_was_added_more_often_than_removed(
            entries in proptest::collection::vec((0_u32..3, 0_u32..3, any::<bool>()), 0..20),
        ) {
            let sign = |added: bool| if added { Sign::Added } else { Sign::Removed };
            let mut list: Vec<Difference> = entries
                .iter()
                .map(|&(name, tree, added)| Difference::new(name, Target::tree(tree), sign(added)))
                .collect();
            let balance = |list: &[Difference], name: u32, tree: u32| -> i32 {
                let of = list.iter().filter(|one| one.name() == name && one.target == Target::tree(tree));
                of.map(|one| if one.sign() == Sign::Added { 1 } else { -1 }).sum()
            };
            let before: Vec<i32> = (0..9).map(|at| balance(&list, at / 3, at % 3)).collect();
            let kept = cancel(&mut list);
            let list = &list[..kept];
            let after: Vec<i32> = (0..9).map(|at| balance(list, at / 3, at % 3)).collect();
            prop_assert_eq!(&before, &after);
            let total: i32 = before.iter().map(|balance| balance.abs()).sum();
            prop_assert_eq!(usize::try_from(total).unwrap(), kept);
        }
    }
}
