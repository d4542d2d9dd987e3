//! Where things stand and stood, and which commits brought them there: what an answer is made of, however it was found out.

use std::collections::{HashMap, HashSet};

use bstr::{BStr, BString};

use super::introduced::{Introductions, PathNumber};
use super::trace::Roots;
use crate::git::commits::History;
use crate::git::tree_index::leads::Leads;

/// Where things stand and stood.
#[derive(Default)]
pub(super) struct Origins {
    paths: Vec<BString>,
    pub(super) brought: Vec<Brought>,
    /// Things and the paths at which `HEAD` has them.
    pub(super) in_head: HashSet<(u32, u32)>,
    /// Numbers of refs that name a tree without a commit, and what is where in it.
    pub(super) named: Vec<(usize, u32, u32)>,
    keys: HashSet<(u32, u32)>,
    /// Whether there were too many to list.
    pub(super) cut: bool,
}

/// A thing at a path, and the commits that brought it there, the first one first.
pub(super) struct Brought {
    pub(super) thing: u32,
    pub(super) path: u32,
    pub(super) commits: Vec<u32>,
}

impl Origins {
    /// Compares all commits of `order` (parents first) with their parents.
    pub(super) fn of(history: &History, order: &[u32], graph: &Leads<'_>, roots: &Roots) -> Self {
        let mut found = Introductions::find(history, order, graph);
        let mut origins = Self::default();
        let mut numbers: HashMap<PathNumber, u32> = HashMap::new();
        let contents = |found: &mut Introductions, tree| {
            let node = graph.tree(tree);
            node.map(|node| found.contents(graph, node))
                .unwrap_or_default()
        };
        let head: Vec<_> = (roots.head.iter())
            .flat_map(|tree| contents(&mut found, tree))
            .collect();
        let named: Vec<_> = (roots.named.iter())
            .map(|(number, tree)| (*number, contents(&mut found, tree)))
            .collect();
        let mut path = |origins: &mut Self, number: PathNumber| {
            *numbers
                .entry(number)
                .or_insert_with(|| origins.add_path(found.paths.text(number, graph)))
        };
        for (thing, at) in head {
            let at = path(&mut origins, at);
            origins.in_head.insert((thing, at));
        }
        for (number, things) in named {
            for (thing, at) in things {
                let at = path(&mut origins, at);
                origins.named.push((number, thing, at));
            }
        }
        for ((thing, at), commits) in std::mem::take(&mut found.brought) {
            let path = path(&mut origins, at);
            origins.bring(thing, path, commits);
        }
        origins.cut = found.cut || graph.cut;
        origins
    }

    pub(super) fn add_path(&mut self, text: BString) -> u32 {
        self.paths.push(text);
        u32::try_from(self.paths.len() - 1).unwrap_or(u32::MAX)
    }

    /// Notes the commits that brought a thing to a path; once for each.
    pub(super) fn bring(&mut self, thing: u32, path: u32, commits: Vec<u32>) {
        self.keys.insert((thing, path));
        self.brought.push(Brought {
            thing,
            path,
            commits,
        });
    }

    pub(super) fn is_brought(&self, thing: u32, path: u32) -> bool {
        self.keys.contains(&(thing, path))
    }

    /// The path with this number.
    pub(super) fn path(&self, number: u32) -> &BStr {
        let path = self.paths.get(number as usize);
        path.map_or(BStr::new(""), BString::as_ref)
    }

    pub(super) fn paths(&self) -> &[BString] {
        &self.paths
    }

    /// The same of those things alone that have a number elsewhere, by that number.
    pub(super) fn only(mut self, number: impl Fn(u32) -> Option<u32>) -> Self {
        self.brought.retain_mut(|brought| {
            let kept = number(brought.thing);
            brought.thing = kept.unwrap_or(0);
            kept.is_some()
        });
        let keys = self.brought.iter();
        self.keys = keys.map(|brought| (brought.thing, brought.path)).collect();
        let in_head = self.in_head.into_iter();
        self.in_head = in_head
            .filter_map(|(thing, path)| Some((number(thing)?, path)))
            .collect();
        let named = self.named.into_iter();
        self.named = named
            .filter_map(|(at, thing, path)| Some((at, number(thing)?, path)))
            .collect();
        self
    }
}
