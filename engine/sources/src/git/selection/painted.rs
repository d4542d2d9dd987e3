//! Which commits some tips reach and others do not.
//!
//! Paints the history from both sides, newest first, and stops when nothing is left that could still be wanted; so a
//! short range in a long history costs little. Wrong clocks can make the answer too large, never too small.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

use gix::ObjectId;
use leakward_core::Skipped;

use crate::git::Repository;
use crate::git::commits::{self, CommitFacts};
use crate::git::lookup::Lookup;

/// Which tips reach a commit: one bit for each side.
type Paint = u8;

/// Reached from the side whose history is wanted.
const WANTED: Paint = 1;

/// Reached from the side whose history is left out (or, in a symmetric range, the other side).
const OTHER: Paint = 2;

/// How far beyond the oldest wanted commit the left-out side is still followed, in seconds: clocks that are off by less
/// do not enlarge the answer.
const CLOCK_SLACK: i64 = 2 * 86_400;

/// Whether commits that only the other side reaches are wanted, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sides {
    /// Only what the wanted side alone reaches.
    WantedOnly,
    /// What exactly one of the sides reaches.
    Either,
}

impl Sides {
    fn want(self, paint: Paint) -> bool {
        paint == WANTED || (self == Self::Either && paint == OTHER)
    }
}

/// The commits that are wanted, and the trees of their parents.
pub(crate) struct Painted {
    /// Each wanted commit with its facts, in the order of their ids.
    pub(crate) wanted: Vec<(ObjectId, CommitFacts)>,
    /// The tree of every commit that was read.
    pub(crate) trees: HashMap<ObjectId, ObjectId>,
    /// Commits that could not be read.
    pub(crate) skipped: Vec<Skipped>,
}

/// The painting while it goes on.
struct Painting<'a> {
    lookup: &'a Lookup,
    boundary: HashSet<ObjectId>,
    sides: Sides,
    known: HashMap<ObjectId, (CommitFacts, Paint)>,
    queue: BinaryHeap<(i64, Reverse<ObjectId>)>,
    /// Ids that stand in the queue at least once, and how many of them are wanted as far as is known.
    queued: HashSet<ObjectId>,
    wanted_in_queue: usize,
    lost: HashSet<ObjectId>,
    skipped: Vec<Skipped>,
    buffer: Vec<u8>,
}

/// The commits that `wanted` reach and `other` do not.
pub(crate) fn paint(
    repository: &Repository,
    lookup: &Lookup,
    wanted: &[ObjectId],
    other: &[ObjectId],
    sides: Sides,
) -> Painted {
    let mut painting = Painting {
        lookup,
        boundary: repository.shallow_boundary().into_iter().collect(),
        sides,
        known: HashMap::new(),
        queue: BinaryHeap::new(),
        queued: HashSet::new(),
        wanted_in_queue: 0,
        lost: HashSet::new(),
        skipped: Vec::new(),
        buffer: Vec::new(),
    };
    for &id in wanted {
        painting.reach(id, WANTED);
    }
    for &id in other {
        painting.reach(id, OTHER);
    }
    painting.spread();
    painting.into_painted()
}

impl Painting<'_> {
    /// Adds `paint` to the commit and queues it when that changes it.
    fn reach(&mut self, id: ObjectId, paint: Paint) {
        if !self.known.contains_key(&id) && !self.read(id) {
            return;
        }
        let Some((facts, had)) = self.known.get_mut(&id) else {
            return;
        };
        let before = *had;
        let after = before | paint;
        if after == before {
            return;
        }
        *had = after;
        let time = facts.time;
        let is_new = self.queued.insert(id);
        if is_new {
            self.queue.push((time, Reverse(id)));
        }
        let counted = !is_new && self.sides.want(before);
        match (counted, self.sides.want(after)) {
            (false, true) => self.wanted_in_queue += 1,
            (true, false) => self.wanted_in_queue -= 1,
            _ => {}
        }
    }

    fn read(&mut self, id: ObjectId) -> bool {
        match commits::read(self.lookup, &id, &self.boundary, &mut self.buffer) {
            Ok(facts) => {
                self.known.insert(id, (facts, 0));
                true
            }
            Err(absent) => {
                if self.lost.insert(id) {
                    self.skipped.push(absent.told("commit", &id));
                }
                false
            }
        }
    }

    fn spread(&mut self) {
        let mut oldest_wanted = i64::MAX;
        while let Some((time, Reverse(id))) = self.queue.pop() {
            if self.wanted_in_queue == 0 && time < oldest_wanted.saturating_sub(CLOCK_SLACK) {
                return;
            }
            self.queued.remove(&id);
            let Some((facts, paint)) = self.known.get(&id) else {
                continue;
            };
            let (parents, paint) = (facts.parents.clone(), *paint);
            if self.sides.want(paint) {
                self.wanted_in_queue -= 1;
                oldest_wanted = oldest_wanted.min(time);
            }
            for parent in parents {
                self.reach(parent, paint);
            }
        }
    }

    fn into_painted(self) -> Painted {
        let trees = self
            .known
            .iter()
            .map(|(id, (facts, _))| (*id, facts.tree))
            .collect();
        let mut wanted: Vec<(ObjectId, CommitFacts)> = self
            .known
            .into_iter()
            .filter(|(_, (_, paint))| self.sides.want(*paint))
            .map(|(id, (facts, _))| (id, facts))
            .collect();
        wanted.sort_unstable_by_key(|(id, _)| *id);
        Painted {
            wanted,
            trees,
            skipped: self.skipped,
        }
    }
}
