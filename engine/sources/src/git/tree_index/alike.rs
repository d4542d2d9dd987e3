//! Trees that lead to the same wanted things, put together.
//!
//! Nearly all trees differ from their base in something that leads to nothing wanted, or in a folder that differs in
//! nothing else itself. Such a tree is *like* its base. So of every tree is kept only how it differs from its base in wanted
//! things and in folders that are not like the base's folder of that name; when that is nothing, it is like its base, and those
//! above it may be like theirs. After a few passes hardly any tree is left.
//!
//! Why that is right. A tree is the bag of its base's entries, less some and more others; two entries of the same name that
//! lead to the same are the same entry to whoever asks where things are. It does not depend on how many passes are made.

use super::index::HistoryIndex;
use super::leads::{Target, Things};
use super::names::NameNumber;
use super::records::{Place, Sign};

/// The mark of what leads to nothing, and of what has no place.
pub(super) const NOTHING: u32 = u32::MAX;

/// How a tree differs from its base in one entry.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Difference {
    pub(super) name: NameNumber,
    pub(super) target: Target,
    pub(super) sign: Sign,
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
    /// The trees of `index`, as far as they lead to `things`.
    pub(super) fn of(index: &HistoryIndex, things: &Things, most_passes: usize) -> Self {
        let mut likening = Likening::of(index, things);
        let mut passes = 0;
        while likening.pass() && passes < most_passes {
            passes += 1;
        }
        likening.finish()
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

/// The work while it goes on. Trees are known by their places here.
struct Likening {
    /// By number of the object: its place.
    places: Vec<Place>,
    bases: Vec<Place>,
    /// By place: a tree that leads to the same, with a smaller place or itself.
    like: Vec<Place>,
    /// Trees that are like no other so far, and where their differences are.
    left: Vec<(Place, std::ops::Range<u32>)>,
    differences: Vec<Difference>,
}

impl Likening {
    fn of(index: &HistoryIndex, things: &Things) -> Self {
        let records = &index.records;
        let mut likening = Self {
            places: vec![NOTHING; index.numbers.count()],
            bases: vec![NOTHING; records.len()],
            like: (0..).take(records.len()).collect(),
            left: Vec::new(),
            differences: Vec::new(),
        };
        for (place, record) in records.iter() {
            if let Some(slot) = likening.places.get_mut(record.number as usize) {
                *slot = Place::try_from(place).unwrap_or(NOTHING);
            }
            if let Some(slot) = likening.bases.get_mut(place) {
                *slot = record.base.unwrap_or(NOTHING);
            }
        }
        for (place, record) in records.iter() {
            let start = likening.differences.len();
            for (child, sign) in record.differences() {
                for target in things.targets(child) {
                    let target = match target.as_tree() {
                        None => target,
                        Some(number) => match likening.places.get(number as usize) {
                            Some(&place) if place != NOTHING => Target::tree(place),
                            _ => continue,
                        },
                    };
                    likening.differences.push(Difference {
                        name: child.name,
                        target,
                        sign,
                    });
                }
            }
            let narrow = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            let range = narrow(start)..narrow(likening.differences.len());
            likening
                .left
                .push((Place::try_from(place).unwrap_or(NOTHING), range));
        }
        likening
    }

    /// Looks at each tree that is left once more; whether any turned out to be like another.
    fn pass(&mut self) -> bool {
        let before = self.left.len();
        let mut left = std::mem::take(&mut self.left);
        left.retain_mut(|(place, range)| {
            self.shrink(range);
            let is_empty = range.start == range.end;
            if is_empty {
                let base = self.bases.get(*place as usize).copied().unwrap_or(NOTHING);
                let like = self.like(base);
                if let Some(slot) = self.like.get_mut(*place as usize) {
                    *slot = like;
                }
            }
            !is_empty
        });
        self.left = left;
        self.left.len() < before
    }

    /// Drops the differences that are none.
    fn shrink(&mut self, range: &mut std::ops::Range<u32>) {
        let (start, mut end) = (range.start as usize, range.start as usize);
        let mut removes = false;
        for at in start..range.end as usize {
            let Some(mut difference) = self.differences.get(at).copied() else {
                break;
            };
            if let Some(place) = difference.target.as_tree() {
                match self.like(place) {
                    NOTHING => continue,
                    like => difference.target = Target::tree(like),
                }
            }
            removes |= difference.sign == Sign::Removed;
            if let Some(slot) = self.differences.get_mut(end) {
                *slot = difference;
            }
            end += 1;
        }
        if removes && end - start > 1 {
            let kept = self.differences.get_mut(start..end).map_or(0, cancel);
            end = start + kept;
        }
        range.end = u32::try_from(end).unwrap_or(u32::MAX);
    }

    /// The first tree that is known to lead to the same as the one at `place`.
    fn like(&mut self, place: Place) -> Place {
        let mut at = place;
        loop {
            let Some(&next) = self.like.get(at as usize) else {
                return NOTHING;
            };
            if next == at {
                return at;
            }
            let after = self.like.get(next as usize).copied().unwrap_or(NOTHING);
            if let Some(slot) = self.like.get_mut(at as usize) {
                *slot = after;
            }
            at = next;
        }
    }

    /// Numbers what is left.
    fn finish(mut self) -> Nodes {
        let mut numbered = vec![NOTHING; self.like.len()];
        for (node, (place, _)) in (0..).zip(&self.left) {
            if let Some(slot) = numbered.get_mut(*place as usize) {
                *slot = node;
            }
        }
        let nodes: Vec<u32> = (0..)
            .take(self.like.len())
            .map(|place| {
                let like = self.like(place);
                numbered.get(like as usize).copied().unwrap_or(NOTHING)
            })
            .collect();
        let node_at = |place: Place| nodes.get(place as usize).copied().unwrap_or(NOTHING);
        let mut kept = Nodes {
            of_number: self.places.iter().map(|&place| node_at(place)).collect(),
            ..Nodes::default()
        };
        let narrow = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        for (place, range) in &self.left {
            let base = self.bases.get(*place as usize).copied();
            kept.bases.push(node_at(base.unwrap_or(NOTHING)));
            kept.starts.push(narrow(kept.differences.len()));
            let range = range.start as usize..range.end as usize;
            for difference in self.differences.get(range).unwrap_or_default() {
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
        kept.starts.push(narrow(kept.differences.len()));
        kept
    }
}

/// Drops pairs of the same entry, added and removed; how many are left, which stand in front.
fn cancel(differences: &mut [Difference]) -> usize {
    differences.sort_unstable();
    let (mut kept, mut at) = (0, 0);
    while at < differences.len() {
        let same = |other: &Difference| {
            differences
                .get(at)
                .is_some_and(|one| (one.name, one.target) == (other.name, other.target))
        };
        let rest = differences.get(at..).unwrap_or_default();
        let run = rest.iter().take_while(|other| same(other)).count();
        let run_of = rest.get(..run).unwrap_or_default();
        let added = run_of.iter().filter(|one| one.sign == Sign::Added).count();
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
                .map(|&(name, tree, added)| Difference { name, target: Target::tree(tree), sign: sign(added) })
                .collect();
            let balance = |list: &[Difference], name: u32, tree: u32| -> i32 {
                let of = list.iter().filter(|one| one.name == name && one.target == Target::tree(tree));
                of.map(|one| if one.sign == Sign::Added { 1 } else { -1 }).sum()
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
