//! The part of all trees that leads to wanted things, small enough to be asked in memory.
//!
//! One pass over all distinct trees notes which tree holds which wanted thing and which tree holds which tree. What
//! leads to nothing wanted is then thrown away; what remains is a graph whose edges are 8 bytes each.

use std::collections::HashMap;

use bstr::{BStr, BString};
use gix::ObjectId;

use super::collect::{Collected, Part};
use crate::git::trees::{EntryKind, Numbered, TreeEntry};

/// A number for the name of a folder or file.
pub(crate) type NameNumber = u32;

/// Where an edge leads: to a tree, or, with the highest bit set, to a wanted thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Target(u32);

impl Target {
    const THING: u32 = 1 << 31;

    pub(super) fn tree(number: u32) -> Self {
        Self(number)
    }

    pub(super) fn thing(number: u32) -> Self {
        Self(number | Self::THING)
    }

    /// The wanted thing it is, if it is one.
    pub(super) fn as_thing(self) -> Option<u32> {
        (self.0 & Self::THING != 0).then_some(self.0 & !Self::THING)
    }

    /// The tree it is, if it is one.
    pub(super) fn as_tree(self) -> Option<u32> {
        (self.0 & Self::THING == 0).then_some(self.0)
    }
}

/// An entry of a tree that leads to something wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Edge {
    pub(super) name: NameNumber,
    pub(super) target: Target,
}

/// What is looked for in trees, with a number for each.
pub(crate) struct Things<'q> {
    blobs: gix::hashtable::HashMap<ObjectId, u32>,
    names: HashMap<&'q BStr, u32>,
}

impl<'q> Things<'q> {
    /// Nothing.
    pub(crate) fn none() -> Self {
        Self::new(&[], &[])
    }

    /// Numbers the blobs first, then the names.
    pub(super) fn new(blobs: &[ObjectId], names: &'q [BString]) -> Self {
        let first_name = u32::try_from(blobs.len()).unwrap_or(u32::MAX);
        Self {
            blobs: (0..).zip(blobs).map(|(number, id)| (*id, number)).collect(),
            names: (first_name..)
                .zip(names)
                .map(|(number, name)| (name.as_ref(), number))
                .collect(),
        }
    }

    /// Whether nothing is looked for.
    pub(super) fn is_empty(&self) -> bool {
        self.blobs.is_empty() && self.names.is_empty()
    }

    /// The things that an entry is: its content, its name, or both.
    pub(super) fn of(&self, entry: &TreeEntry<'_>) -> [Option<u32>; 2] {
        let by_content = match entry.kind {
            EntryKind::Blob => self.blobs.get(entry.id).copied(),
            EntryKind::Tree | EntryKind::Submodule => None,
        };
        let by_name = if self.names.is_empty() {
            None
        } else {
            self.names.get(entry.name).copied()
        };
        [by_content, by_name]
    }
}

/// The trees that lead to wanted things.
#[derive(Default)]
pub(super) struct TreeGraph {
    /// The edges of tree `n`, sorted: `edges[first_edge[n]..first_edge[n + 1]]`.
    edges: Vec<Edge>,
    first_edge: Vec<u32>,
    names: Vec<BString>,
    trees: Option<Numbered>,
}

impl TreeGraph {
    /// The graph of what was collected.
    pub(super) fn of(collected: Collected) -> Self {
        let Collected {
            parts,
            names,
            trees,
            ..
        } = collected;
        let useful = leading_to_things(&parts, trees.len());
        let mut kept: Vec<(u32, Edge)> = Vec::new();
        for part in parts {
            let leads = |edge: &Edge| {
                edge.target
                    .as_tree()
                    .is_none_or(|tree| is_set(&useful, tree))
            };
            kept.extend(part.edges.into_iter().filter(|(_, edge)| leads(edge)));
        }
        kept.sort_unstable();
        let mut graph = Self {
            first_edge: vec![0; trees.len() + 1],
            edges: kept.iter().map(|(_, edge)| *edge).collect(),
            names: names.into_list(),
            trees: Some(trees),
        };
        count_up(&mut graph.first_edge, kept.iter().map(|(tree, _)| *tree));
        graph
    }

    /// The number of a tree that was read.
    pub(super) fn tree(&self, id: &ObjectId) -> Option<u32> {
        self.trees.as_ref()?.get(id)
    }

    /// The entries of a tree that lead to something wanted, sorted.
    pub(super) fn edges(&self, tree: u32) -> &[Edge] {
        let bound = |number: usize| self.first_edge.get(number).map_or(0, |&at| at as usize);
        self.edges
            .get(bound(tree as usize)..bound(tree as usize + 1))
            .unwrap_or_default()
    }

    /// The name with this number.
    pub(super) fn name(&self, number: NameNumber) -> &BStr {
        self.names
            .get(number as usize)
            .map_or(BStr::new(""), BString::as_ref)
    }
}

/// The trees from which a wanted thing can be reached: those that hold one, and those above them.
fn leading_to_things(parts: &[Part], trees: usize) -> Vec<bool> {
    let edges = || parts.iter().flat_map(|part| &part.edges);
    let above = Groups::of(trees, || {
        edges().filter_map(|(tree, edge)| Some((edge.target.as_tree()?, *tree)))
    });
    let mut useful = vec![false; trees];
    let mut pending: Vec<u32> = edges()
        .filter(|(_, edge)| edge.target.as_thing().is_some())
        .map(|(tree, _)| *tree)
        .collect();
    while let Some(tree) = pending.pop() {
        let Some(mark) = useful.get_mut(tree as usize) else {
            continue;
        };
        if !std::mem::replace(mark, true) {
            pending.extend(above.of_number(tree));
        }
    }
    useful
}

/// Pairs of numbers, grouped by the first of them.
pub(super) struct Groups {
    starts: Vec<u32>,
    members: Vec<u32>,
}

impl Groups {
    /// Groups the pairs, which are asked for twice. The first numbers are below `count`.
    pub(super) fn of<I: Iterator<Item = (u32, u32)>>(count: usize, pairs: impl Fn() -> I) -> Self {
        let mut starts = vec![0; count + 1];
        count_up(&mut starts, pairs().map(|(group, _)| group));
        let mut next = starts.clone();
        let mut members = vec![0; starts.last().map_or(0, |&all| all as usize)];
        for (group, member) in pairs() {
            if let Some(at) = next.get_mut(group as usize) {
                if let Some(slot) = members.get_mut(*at as usize) {
                    *slot = member;
                }
                *at += 1;
            }
        }
        Self { starts, members }
    }

    /// The second numbers of the pairs with this first number.
    pub(super) fn of_number(&self, number: u32) -> &[u32] {
        let bound = |number: usize| self.starts.get(number).map_or(0, |&at| at as usize);
        let range = bound(number as usize)..bound(number as usize + 1);
        self.members.get(range).unwrap_or_default()
    }
}

/// Turns numbers into the starts of their groups: `starts[n]..starts[n + 1]` is the group of `n`.
fn count_up(starts: &mut [u32], numbers: impl Iterator<Item = u32>) {
    for number in numbers {
        if let Some(count) = starts.get_mut(number as usize + 1) {
            *count += 1;
        }
    }
    let mut sum = 0;
    for start in starts {
        sum += *start;
        *start = sum;
    }
}

fn is_set(marks: &[bool], number: u32) -> bool {
    marks.get(number as usize).copied().unwrap_or(false)
}
