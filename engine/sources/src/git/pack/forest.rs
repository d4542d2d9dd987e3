//! The entries of a pack that have to be decoded, as trees of bases and deltas.
//!
//! Nodes are numbered level by level (all roots, then the first root's children, …), so that the children of a node
//! stand side by side and two numbers describe them. Among its siblings the node with the heaviest subtree stands
//! last: a walk that lets go of the parent before it goes down into the last child then holds at most logarithmically
//! many objects at once.
//!
//! INVARIANT: every node is reached from exactly one root, and no node is its own ancestor.

use gix::objs::Kind;

use super::order::Order;
use super::rank::Rank;

/// In a list of parents: the entry is a root.
pub(crate) const ROOT: u32 = u32::MAX;

/// What is known of an entry before it is decoded: its kind, and what is to be done with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark(u8);

impl Mark {
    const WANTED: u8 = 1 << 3;
    const NEEDED: u8 = 1 << 4;
    const KINDS: [Kind; 5] = [Kind::Commit, Kind::Tree, Kind::Blob, Kind::Tag, Kind::Blob];

    /// Nothing is known yet.
    pub(crate) const UNKNOWN: Self = Self(0);
    /// A blob in which there is nothing to see.
    pub(crate) const EMPTY_BLOB: Self = Self(5);
    /// Being followed up to its base at the moment.
    pub(crate) const FOLLOWED: Self = Self(6);
    /// It cannot be decoded.
    pub(crate) const BROKEN: Self = Self(7);

    pub(crate) fn of(kind: Kind) -> Self {
        let number = Self::KINDS
            .iter()
            .position(|known| *known == kind)
            .map_or(7, |at| at + 1);
        Self(u8::try_from(number).unwrap_or(7))
    }

    pub(crate) fn kind(self) -> Option<Kind> {
        usize::from(self.0 & 7)
            .checked_sub(1)
            .and_then(|at| Self::KINDS.get(at))
            .copied()
    }

    /// Neither its kind nor that it is broken is known.
    pub(crate) fn is_open(self) -> bool {
        self.0 & 7 == 0
    }

    pub(crate) fn want(&mut self) {
        self.0 |= Self::WANTED;
    }

    fn wanted(self) -> bool {
        self.0 & Self::WANTED != 0
    }

    fn needed(self) -> bool {
        self.0 & Self::NEEDED != 0
    }
}

/// Entries in the order of their offsets, each with its parent and mark.
#[derive(Debug)]
pub(crate) struct Entries {
    pub(crate) order: Order,
    pub(crate) parents: Vec<u32>,
    pub(crate) marks: Vec<Mark>,
}

/// One entry to be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    /// Where its entry starts.
    pub(crate) offset: u64,
    /// Where the index lists it, or [`NOWHERE`].
    position: u32,
    first_child: u32,
    /// Compressed bytes of it and everything below it, in kibibytes.
    pub(crate) weight: u32,
    mark: Mark,
}

/// The position of an entry of which only the offset is known.
const NOWHERE: u32 = u32::MAX;

impl Node {
    /// Whether it is to be shown, and not only a base of others.
    pub(crate) fn wanted(&self) -> bool {
        self.mark.wanted()
    }

    /// Where the index lists it.
    pub(crate) fn position(&self) -> Option<u32> {
        (self.position != NOWHERE).then_some(self.position)
    }
}

/// The trees.
#[derive(Debug, Default)]
pub(crate) struct Forest {
    nodes: Vec<Node>,
    roots: u32,
    /// Wanted entries that no root leads to.
    circular: Vec<u32>,
}

impl Forest {
    /// Grows the trees of all wanted entries.
    pub(crate) fn grow(mut entries: Entries, pack_size: u64) -> Self {
        entries.mark_needed();
        let lengths = entries.keep_needed(pack_size);
        let children = Children::of(&entries.parents);
        let weights = children.weights(&entries.parents, lengths);
        children.number(&entries, &weights)
    }

    /// The nodes that are no delta of another node.
    pub(crate) fn roots(&self) -> std::ops::Range<u32> {
        0..self.roots
    }

    /// How many nodes there are.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(crate) fn node(&self, number: u32) -> Option<&Node> {
        self.nodes.get(number as usize)
    }

    /// The nodes that are deltas of `number`, the heaviest last.
    pub(crate) fn children(&self, number: u32) -> std::ops::Range<u32> {
        let end = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        let start = self.node(number).map_or(end, |node| node.first_child);
        let next = number.checked_add(1).and_then(|next| self.node(next));
        start..next.map_or(end, |node| node.first_child)
    }

    /// Positions in the index of wanted entries whose deltas go round in a circle.
    pub(crate) fn circular(&self) -> &[u32] {
        &self.circular
    }

    /// All nodes below and including `number`.
    pub(crate) fn subtree(&self, number: u32) -> impl Iterator<Item = &Node> {
        let mut pending = vec![number];
        std::iter::from_fn(move || {
            let number = pending.pop()?;
            pending.extend(self.children(number));
            self.node(number)
        })
    }
}

impl Entries {
    /// Marks every wanted entry and all its bases.
    fn mark_needed(&mut self) {
        for entry in 0..self.marks.len() {
            if !self.marks.get(entry).is_some_and(|mark| mark.wanted()) {
                continue;
            }
            let mut next = entry;
            while let Some(mark) = self.marks.get_mut(next).filter(|mark| !mark.needed()) {
                mark.0 |= Mark::NEEDED;
                next = self
                    .parents
                    .get(next)
                    .map_or(usize::MAX, |parent| *parent as usize);
            }
        }
    }

    /// Forgets all other entries, renumbers the parents, and returns the length of each entry that is left.
    fn keep_needed(&mut self, pack_size: u64) -> Vec<u32> {
        let rank = Rank::of(self.marks.len(), |entry| {
            self.marks.get(entry).is_some_and(|mark| mark.needed())
        });
        let mut lengths = Vec::with_capacity(rank.count());
        for entry in 0..self.marks.len() {
            if rank.get(entry).is_some() {
                let start = self.order.offset(entry).unwrap_or(0);
                let end = self.order.offset(entry + 1).unwrap_or(pack_size);
                lengths.push(u32::try_from(end.saturating_sub(start)).unwrap_or(u32::MAX));
            }
        }
        self.order.retain(|entry| rank.get(entry).is_some());
        retain(&mut self.marks, |entry| rank.get(entry).is_some());
        retain(&mut self.parents, |entry| rank.get(entry).is_some());
        for parent in &mut self.parents {
            *parent = rank.get(*parent as usize).unwrap_or(ROOT);
        }
        lengths
    }
}

fn retain<T>(list: &mut Vec<T>, keep: impl Fn(usize) -> bool) {
    let mut entry = 0;
    list.retain(|_| {
        entry += 1;
        keep(entry - 1)
    });
    list.shrink_to_fit();
}

/// The children of every entry, side by side in one list.
struct Children {
    starts: Vec<u32>,
    list: Vec<u32>,
}

impl Children {
    fn of(parents: &[u32]) -> Self {
        let mut starts = vec![0_u32; parents.len() + 1];
        for &parent in parents {
            if let Some(count) = starts.get_mut(parent as usize) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += std::mem::replace(start, sum);
        }
        let mut list = vec![0; sum as usize];
        for (entry, &parent) in (0_u32..).zip(parents) {
            // While the list is filled a start moves to its end, which is the next one's start …
            if let Some(next) = starts.get_mut(parent as usize) {
                if let Some(slot) = list.get_mut(*next as usize) {
                    *slot = entry;
                }
                *next += 1;
            }
        }
        // … so afterwards every start is one place too early in the list of starts.
        starts.rotate_right(1);
        if let Some(first) = starts.first_mut() {
            *first = 0;
        }
        Self { starts, list }
    }

    fn range(&self, entry: u32) -> std::ops::Range<usize> {
        let at = |entry: usize| {
            self.starts
                .get(entry)
                .map_or(self.list.len(), |start| *start as usize)
        };
        at(entry as usize)..at(entry as usize + 1)
    }

    fn get(&self, entry: u32) -> &[u32] {
        self.list.get(self.range(entry)).unwrap_or_default()
    }

    /// Every entry that a root leads to, bases before deltas.
    fn reached(&self, parents: &[u32]) -> Vec<u32> {
        let mut reached: Vec<u32> = roots(parents).collect();
        let mut next = 0;
        while let Some(&entry) = reached.get(next) {
            reached.extend_from_slice(self.get(entry));
            next += 1;
        }
        reached
    }

    /// For each entry the length of it and everything below it, in kibibytes, at least one each.
    fn weights(&self, parents: &[u32], lengths: Vec<u32>) -> Vec<u32> {
        let mut weights = lengths;
        for weight in &mut weights {
            *weight = (*weight >> 10) + 1;
        }
        for &entry in self.reached(parents).iter().rev() {
            let own = weights.get(entry as usize).copied().unwrap_or(0);
            let parent = parents
                .get(entry as usize)
                .map_or(usize::MAX, |parent| *parent as usize);
            if let Some(weight) = weights.get_mut(parent) {
                *weight = weight.saturating_add(own);
            }
        }
        weights
    }

    /// Numbers the entries level by level, siblings by their weight.
    fn number(mut self, entries: &Entries, weights: &[u32]) -> Forest {
        let weight = |entry: u32| weights.get(entry as usize).copied().unwrap_or(0);
        for entry in 0..u32::try_from(entries.parents.len()).unwrap_or(u32::MAX) {
            let range = self.range(entry);
            if let Some(children) = self
                .list
                .get_mut(range)
                .filter(|children| children.len() > 1)
            {
                children.sort_by_key(|&child| weight(child));
            }
        }
        let reached = self.reached(&entries.parents);
        let mut first_child = roots(&entries.parents).count();
        let mut nodes = Vec::with_capacity(reached.len());
        for &entry in &reached {
            let mark = entries.marks.get(entry as usize).copied();
            nodes.push(Node {
                offset: entries.order.offset(entry as usize).unwrap_or(0),
                position: entries.order.position(entry as usize).unwrap_or(NOWHERE),
                first_child: u32::try_from(first_child).unwrap_or(u32::MAX),
                weight: weight(entry),
                mark: mark.unwrap_or(Mark::BROKEN),
            });
            first_child += self.get(entry).len();
        }
        Forest {
            circular: circular(entries, &reached),
            nodes,
            roots: u32::try_from(roots(&entries.parents).count()).unwrap_or(u32::MAX),
        }
    }
}

fn roots(parents: &[u32]) -> impl Iterator<Item = u32> {
    (0_u32..)
        .zip(parents)
        .filter(|(_, parent)| **parent == ROOT)
        .map(|(entry, _)| entry)
}

/// Positions in the index of wanted entries that no root leads to.
fn circular(entries: &Entries, reached: &[u32]) -> Vec<u32> {
    if reached.len() == entries.parents.len() {
        return Vec::new();
    }
    let mut left = vec![true; entries.parents.len()];
    for &entry in reached {
        if let Some(left) = left.get_mut(entry as usize) {
            *left = false;
        }
    }
    let wanted = entries.marks.iter().map(|mark| mark.wanted());
    let positions = left.iter().zip(wanted).enumerate();
    positions
        .filter(|(_, (left, wanted))| **left && *wanted)
        .filter_map(|(entry, _)| entries.order.position(entry))
        .collect()
}
