//! All trees and blobs at or below some roots.
//!
//! A tree is its base, less some entries, and some more. So when all children of the base are known to be reached, those
//! of the tree are, too, but for what it adds. Trees are taken in the order of their places, so that a base that is
//! reached comes first where that can be known.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use gix::ObjectId;

use super::bits::Bits;
use super::index::HistoryIndex;
use super::records::{Child, Place, Sign};
use crate::git::trees::EntryKind;

/// What is at or below some roots.
pub(crate) struct Reached {
    /// The trees, sorted.
    pub(crate) trees: Vec<ObjectId>,
    /// The blobs, sorted; those that the repository does not hold, too.
    pub(crate) blobs: Vec<ObjectId>,
}

impl HistoryIndex {
    /// Everything at or below `roots`, as far as trees were read.
    pub(crate) fn reached(&self, roots: &[ObjectId]) -> Reached {
        let mut reaching = Reaching::new(self);
        for number in roots.iter().filter_map(|root| self.numbers.get(root)) {
            reaching.reach_tree(number);
        }
        while let Some(Reverse(place)) = reaching.pending.pop() {
            reaching.expand(place);
        }
        let ids = |numbers: &Bits| {
            let mut ids: Vec<ObjectId> = numbers
                .iter()
                .filter_map(|number| self.numbers.packed_id(number))
                .collect();
            ids.extend(self.numbers.others(|number| numbers.has(number as usize)));
            ids.sort_unstable();
            ids
        };
        Reached {
            trees: ids(&reaching.read),
            blobs: ids(&reaching.blobs),
        }
    }
}

/// The search while it goes on.
struct Reaching<'i> {
    index: &'i HistoryIndex,
    /// By number of the tree.
    places: HashMap<u32, Place>,
    /// By number.
    trees: Bits,
    read: Bits,
    blobs: Bits,
    /// Places of trees of which all children were reached.
    done: Bits,
    pending: BinaryHeap<Reverse<Place>>,
}

impl<'i> Reaching<'i> {
    fn new(index: &'i HistoryIndex) -> Self {
        let numbers = index.numbers.count();
        let places = index.records.iter();
        Self {
            places: places
                .filter_map(|(place, record)| Some((record.number, Place::try_from(place).ok()?)))
                .collect(),
            trees: Bits::new(numbers),
            read: Bits::new(numbers),
            blobs: Bits::new(numbers),
            done: Bits::new(index.records.len()),
            pending: BinaryHeap::new(),
            index,
        }
    }

    fn reach_tree(&mut self, number: u32) {
        if self.trees.has(number as usize) {
            return;
        }
        self.trees.set(number as usize);
        if let Some(&place) = self.places.get(&number) {
            self.read.set(number as usize);
            self.pending.push(Reverse(place));
        }
    }

    fn reach(&mut self, child: Child) {
        match child.kind {
            EntryKind::Tree => self.reach_tree(child.number),
            EntryKind::Blob => self.blobs.set(child.number as usize),
            EntryKind::Submodule => {}
        }
    }

    /// Reaches all children of a tree.
    fn expand(&mut self, place: Place) {
        let Some(record) = self.index.records.get(place as usize) else {
            return;
        };
        if record.base.is_some_and(|base| self.done.has(base as usize)) {
            let added = record
                .differences()
                .filter(|(_, sign)| *sign == Sign::Added);
            added.for_each(|(child, _)| self.reach(child));
        } else {
            for child in self.listed(place) {
                self.reach(child);
            }
        }
        self.done.set(place as usize);
    }

    /// All entries of a tree, put together from its farthest base on.
    fn listed(&self, place: Place) -> Vec<Child> {
        let mut chain = Vec::new();
        let mut next = Some(place);
        while let Some(record) = next.and_then(|place| self.index.records.get(place as usize)) {
            chain.push(record);
            next = record.base;
        }
        let mut counts: HashMap<(u32, EntryKind, u32), i64> = HashMap::new();
        for record in chain.into_iter().rev() {
            for (child, sign) in record.differences() {
                let key = (child.number, child.kind, child.name);
                *counts.entry(key).or_default() += match sign {
                    Sign::Added => 1,
                    Sign::Removed => -1,
                };
            }
        }
        let there = counts.into_iter().filter(|(_, count)| *count > 0);
        there
            .map(|((number, kind, name), _)| Child { number, kind, name })
            .collect()
    }
}
