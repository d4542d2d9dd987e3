//! The part of all trees that leads to wanted things.
//!
//! First trees that lead to the same are put together ([`alike`](super::alike)); few *nodes* are left, each known by how it differs
//! from another one. Of these three questions are answered, the first two by passes from front to back, in which the answer for a base
//! is there before the answer for what is made from it:
//!
//! 1. *How far above a wanted thing does a node stand?* In the first pass, how many wanted things does each hold: as many
//!    as its base, more by what was added and fewer by what was removed. In the second, how many of the nodes that were
//!    met in the first; and so on, until a pass meets nothing. The last pass that met a node is its *height*; that of
//!    its children is smaller.
//! 2. *Which nodes lead to the same after all?* A node's *likeness* is a sum over its entries that lead to anything, of a hash of the
//!    entry's name and its child's likeness. Of a sum, too, the base's is known: in the pass for a height the children of that
//!    height are summed, whose own likeness is complete by then.
//! 3. *Which entries of a node lead to anything?* Those of its bases, one after the other changed. Asked of a few only: of the
//!    commits of a repository nearly all have a root that is alike one of its parents'.
//!
//! So the cost is that of a few passes over a few bytes for each tree, whatever is asked for, and nowhere are all entries of
//! all trees.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::rc::Rc;

use bstr::{BStr, BString};
use gix::ObjectId;
use rayon::iter::{
    IndexedParallelIterator as _, IntoParallelRefIterator as _, ParallelIterator as _,
};

use super::alike::{NOTHING, Nodes};
use super::bits::Bits;
use super::index::{HistoryIndex, TreesRead};
use super::names::NameNumber;
use super::records::{Child, Sign};
use crate::git::trees::EntryKind;

/// Where an edge leads: to a node, or, with the highest bit set, to a wanted thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Target(u32);

impl Target {
    const THING: u32 = 1 << 31;

    pub(super) fn tree(number: u32) -> Self {
        Self(number)
    }

    fn thing(number: u32) -> Self {
        Self(number | Self::THING)
    }

    /// The wanted thing it is, if it is one.
    pub(crate) fn as_thing(self) -> Option<u32> {
        (self.0 & Self::THING != 0).then_some(self.0 & !Self::THING)
    }

    /// The node it is, if it is one.
    pub(crate) fn as_tree(self) -> Option<u32> {
        (self.0 & Self::THING == 0).then_some(self.0)
    }
}

/// An entry of a tree that leads to something wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Edge {
    pub(crate) name: NameNumber,
    pub(crate) target: Target,
}

/// What is looked for in trees, with a number for each.
#[derive(Default)]
pub(crate) struct Things {
    /// By number of the object, whether it is in one of the lists.
    objects: Bits,
    blobs: HashMap<u32, u32>,
    trees: HashMap<u32, u32>,
    names: HashMap<NameNumber, u32>,
}

impl Things {
    /// Numbers the blobs first, then the names.
    pub(crate) fn of(index: &HistoryIndex, blobs: &[ObjectId], names: &[BString]) -> Self {
        let first_name = u32::try_from(blobs.len()).unwrap_or(u32::MAX);
        let blobs = (0..).zip(blobs);
        // What has no number is in no tree.
        let blobs: HashMap<u32, u32> = blobs
            .filter_map(|(thing, id)| Some((index.numbers.get(id)?, thing)))
            .collect();
        let names = (first_name..).zip(names);
        Self {
            objects: Bits::of(blobs.keys().map(|&number| number as usize)),
            blobs,
            trees: HashMap::new(),
            names: names
                .filter_map(|(thing, name)| Some((index.names.get(name.as_ref())?, thing)))
                .collect(),
        }
    }

    /// These trees, as things.
    pub(super) fn trees(numbers: &[u32]) -> Self {
        Self {
            objects: Bits::of(numbers.iter().map(|&number| number as usize)),
            trees: numbers.iter().copied().zip(0..).collect(),
            ..Self::default()
        }
    }

    /// What an entry may lead to: the things it is, and the tree it is, by the number of the object.
    pub(super) fn targets(&self, child: Child) -> impl Iterator<Item = Target> {
        let list = match child.kind {
            EntryKind::Blob => Some(&self.blobs),
            EntryKind::Tree => Some(&self.trees),
            EntryKind::Submodule => None,
        };
        let list = list.filter(|_| self.objects.has(child.number as usize));
        let content = list.and_then(|list| list.get(&child.number));
        let named = (!self.names.is_empty()).then_some(&self.names);
        let name = named.and_then(|names| names.get(&child.name));
        let things = [content, name].into_iter().flatten();
        let tree = (child.kind == EntryKind::Tree).then_some(Target::tree(child.number));
        things.copied().map(Target::thing).chain(tree)
    }
}

/// PERF: trees that are worth a thread.
const TREES_FOR_A_THREAD: usize = 1_024;

/// LIMIT: edges that are kept at hand, 8 bytes each.
const EDGES_AT_HAND: usize = 1 << 20;

/// Which trees lead to wanted things, on its own: it can be found out while the index is used for other things.
pub(crate) struct Ways {
    nodes: Nodes,
    /// Which trees were read.
    pub(crate) read: TreesRead,
    /// By node; 0 of one that leads to nothing.
    likeness: Vec<u64>,
    cut: bool,
}

impl Ways {
    /// The trees of `index` that lead to `things`.
    pub(crate) fn to(index: &HistoryIndex, things: &Things, max_depth: usize) -> Self {
        let (nodes, read) = Nodes::of(index, things, max_depth);
        let heights = Heights::of(&nodes, max_depth);
        Self {
            likeness: heights.likeness(&nodes),
            nodes,
            read,
            cut: heights.cut,
        }
    }

    /// The node of a tree of `index`; none when it was not read or leads to nothing.
    fn tree(&self, index: &HistoryIndex, id: &ObjectId) -> Option<u32> {
        let number = index.numbers.get(id)?;
        let node = self.nodes.of_number.get(number as usize).copied();
        node.filter(|&node| node != NOTHING && self.likeness(node) != 0)
    }

    fn likeness(&self, node: u32) -> u64 {
        self.likeness.get(node as usize).copied().unwrap_or(0)
    }
}

/// The trees that lead to wanted things.
pub(crate) struct Leads<'i> {
    index: &'i HistoryIndex,
    ways: Ways,
    names: &'i [BString],
    /// Whether trees are nested deeper than the limit.
    pub(crate) cut: bool,
    at_hand: RefCell<AtHand>,
}

#[derive(Default)]
struct AtHand {
    lists: HashMap<u32, Rc<[Edge]>>,
    edges: usize,
}

impl<'i> Leads<'i> {
    /// The trees of `index` that lead to `things`.
    pub(crate) fn to(index: &'i HistoryIndex, things: &Things, max_depth: usize) -> Self {
        Self::along(index, Ways::to(index, things, max_depth))
    }

    /// The trees of `index` that `ways` were found in.
    pub(crate) fn along(index: &'i HistoryIndex, ways: Ways) -> Self {
        Self {
            index,
            names: index.name_list(),
            cut: ways.cut,
            ways,
            at_hand: RefCell::default(),
        }
    }

    /// The node of a tree; none when it was not read or leads to nothing.
    pub(crate) fn tree(&self, id: &ObjectId) -> Option<u32> {
        self.ways.tree(self.index, id)
    }

    /// The nodes of these trees, in the current Rayon pool.
    pub(crate) fn trees(&self, ids: &[ObjectId]) -> Vec<Option<u32>> {
        let (ways, index) = (&self.ways, self.index);
        let ids = ids.par_iter().with_min_len(TREES_FOR_A_THREAD);
        ids.map(|id| ways.tree(index, id)).collect()
    }

    /// The name with this number.
    pub(crate) fn name(&self, number: NameNumber) -> &BStr {
        let name = self.names.get(number as usize);
        name.map_or(BStr::new(""), BString::as_ref)
    }

    /// Whether two nodes lead to the same things by the same paths.
    pub(crate) fn alike(&self, one: u32, other: u32) -> bool {
        one == other || self.ways.likeness(one) == self.ways.likeness(other)
    }

    /// The entries of a node that lead to something wanted, sorted.
    pub(crate) fn edges(&self, node: u32) -> Rc<[Edge]> {
        let mut at_hand = self.at_hand.borrow_mut();
        if let Some(list) = at_hand.lists.get(&node) {
            return Rc::clone(list);
        }
        if at_hand.edges > EDGES_AT_HAND {
            *at_hand = AtHand::default();
        }
        let list: Rc<[Edge]> = self.listed(node).into();
        at_hand.edges += list.len() + 4;
        at_hand.lists.insert(node, Rc::clone(&list));
        list
    }

    /// Puts the entries of a node together, from its farthest base on.
    fn listed(&self, node: u32) -> Vec<Edge> {
        let mut chain = Vec::new();
        let mut next = Some(node);
        while let Some(node) = next {
            chain.push(node);
            let base = self.ways.nodes.bases.get(node as usize).copied();
            next = base.filter(|&base| base < node);
        }
        let mut edges: Vec<Edge> = Vec::new();
        for node in chain.into_iter().rev() {
            for difference in self.ways.nodes.differences(node) {
                let edge = Edge {
                    name: difference.name(),
                    target: difference.target,
                };
                match difference.sign() {
                    Sign::Added => edges.push(edge),
                    Sign::Removed => {
                        if let Some(at) = edges.iter().position(|other| *other == edge) {
                            edges.swap_remove(at);
                        }
                    }
                }
            }
        }
        edges.retain(|edge| edge.target.as_tree().is_none_or(|node| self.leads(node)));
        edges.sort_unstable();
        edges.dedup();
        edges
    }

    fn leads(&self, node: u32) -> bool {
        self.ways.likeness(node) != 0
    }
}

/// How far above wanted things each node stands.
struct Heights {
    /// By node; 0 for what leads to nothing.
    heights: Vec<u16>,
    highest: u16,
    /// Whether some are higher than the limit.
    cut: bool,
}

impl Heights {
    fn of(nodes: &Nodes, max_depth: usize) -> Self {
        let mut raised = Self {
            heights: vec![0; nodes.len()],
            highest: 0,
            cut: false,
        };
        let mut met = Bits::new(nodes.len());
        let mut counts = vec![0_u32; nodes.len()];
        for height in 1..=u16::try_from(max_depth).unwrap_or(u16::MAX) {
            let mut next = Bits::new(nodes.len());
            let mut any = false;
            for node in (0..).take(nodes.len()) {
                let base = nodes.bases.get(node as usize).copied().unwrap_or(NOTHING);
                let mut count = counts.get(base as usize).copied().unwrap_or(0);
                for difference in nodes.differences(node) {
                    let is_met = match difference.target.as_tree() {
                        None => height == 1,
                        Some(child) => met.has(child as usize),
                    };
                    if is_met {
                        count = match difference.sign() {
                            Sign::Added => count.wrapping_add(1),
                            Sign::Removed => count.wrapping_sub(1),
                        };
                    }
                }
                if let Some(slot) = counts.get_mut(node as usize) {
                    *slot = count;
                }
                if count > 0 {
                    any = true;
                    next.set(node as usize);
                    if let Some(slot) = raised.heights.get_mut(node as usize) {
                        *slot = height;
                    }
                }
            }
            if !any {
                return raised;
            }
            raised.highest = height;
            met = next;
        }
        raised.cut = true;
        raised
    }

    /// Sums up the likeness of all nodes, height by height.
    fn likeness(&self, nodes: &Nodes) -> Vec<u64> {
        // With a key of its own for every run nobody can make two trees alike.
        let key = RandomState::new();
        let mut likeness = vec![0_u64; nodes.len()];
        for height in 0..=self.highest {
            let mut sums = vec![0_u64; nodes.len()];
            for node in (0..).take(nodes.len()) {
                let base = nodes.bases.get(node as usize).copied().unwrap_or(NOTHING);
                let mut sum = sums.get(base as usize).copied().unwrap_or(0);
                for difference in nodes.differences(node) {
                    let of_child = match difference.target.as_tree() {
                        None if height == 0 => key.hash_one((difference.name(), difference.target)),
                        Some(child) if height > 0 && self.is(child, height) => {
                            let child = likeness.get(child as usize).copied();
                            key.hash_one((difference.name(), child))
                        }
                        _ => continue,
                    };
                    sum = match difference.sign() {
                        Sign::Added => sum.wrapping_add(of_child),
                        Sign::Removed => sum.wrapping_sub(of_child),
                    };
                }
                if let Some(slot) = sums.get_mut(node as usize) {
                    *slot = sum;
                }
                if let Some(slot) = likeness.get_mut(node as usize) {
                    *slot = slot.wrapping_add(sum);
                }
            }
        }
        likeness
    }

    fn is(&self, node: u32, height: u16) -> bool {
        self.heights.get(node as usize) == Some(&height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::ObjectKinds;
    use crate::git::testbed::Testbed;

    #[test]
    fn the_ways_know_which_trees_were_read_and_which_are_missing() {
        let bed = Testbed::new();
        let bench = bed.init("r", &[]);
        bench.import_by_chance(7, 60);
        bench.commit(
            &[("lost/x", "1"), ("kept/y", "2")],
            "with a tree that will be missing",
        );
        std::fs::remove_file(bench.loose_file(&bench.id("HEAD:lost"))).unwrap();
        let repository = bench.open();
        let kinds = ObjectKinds::COMMITS.and(ObjectKinds::NAMES);
        let (index, _) = HistoryIndex::read(&repository, kinds);
        let depth = repository.limits().max_tree_depth;
        let ways = Ways::to(&index, &Things::default(), depth);
        let read = index.trees_read();
        assert_eq!(read.unread().len(), 1);
        assert_eq!(ways.read, read);
    }
}
