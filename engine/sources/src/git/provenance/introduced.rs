//! Which commits brought a wanted thing to which path.
//!
//! A commit brings a thing to a path when its tree has it there and none of its parents' trees does. All commits
//! together are compared with their parents in memory, and only in trees that lead to wanted things; trees that lead to the same are
//! passed over.
//!
//! Every commit that has the thing descends from one that brought it (follow the parents that have it, too: the last
//! one brought it). So the first to bring it is the first to have it, and a ref reaches the thing exactly when it
//! reaches a commit that brought it.

use std::collections::HashMap;
use std::rc::Rc;

use bstr::BString;

use crate::git::commits::History;
use crate::git::tree_index::leads::{Edge, Leads};
use crate::git::tree_index::names::NameNumber;

/// A path, as a number in [`Paths`].
pub(super) type PathNumber = u32;

/// Paths that share what they have in common.
#[derive(Default)]
pub(super) struct Paths {
    /// The path above and the last name; the root is not in it.
    steps: Vec<(Option<PathNumber>, NameNumber)>,
    numbers: HashMap<(Option<PathNumber>, NameNumber), PathNumber>,
}

impl Paths {
    fn join(&mut self, above: Option<PathNumber>, name: NameNumber) -> PathNumber {
        *self.numbers.entry((above, name)).or_insert_with(|| {
            self.steps.push((above, name));
            u32::try_from(self.steps.len() - 1).unwrap_or(u32::MAX)
        })
    }

    /// The path in full, with `/` between folders.
    pub(super) fn text(&self, path: PathNumber, graph: &Leads<'_>) -> BString {
        let mut names = Vec::new();
        let mut at = Some(path);
        while let Some((above, name)) = at.and_then(|at| self.steps.get(at as usize)) {
            names.push(graph.name(*name));
            at = *above;
        }
        names.reverse();
        bstr::join("/", names).into()
    }
}

/// LIMIT: steps through trees for one repository. Real ones need fewer than a hundred for each commit; a tree that holds
/// itself many times over (a "git bomb") has more paths than anybody could list.
const MAX_STEPS: u64 = 50_000_000;

/// LIMIT: paths that lead to wanted things, for the same reason.
const MAX_PATHS: usize = 250_000;

/// Which commits brought what where.
#[derive(Default)]
pub(super) struct Introductions {
    pub(super) paths: Paths,
    /// For each thing and path, the commits that brought it there, the first one first.
    pub(super) brought: HashMap<(u32, PathNumber), Vec<u32>>,
    /// Whether the limit was hit.
    pub(super) cut: bool,
    steps: u64,
}

/// A tree of a commit at some path and the trees of its parents there.
struct Step {
    tree: u32,
    parents: Vec<u32>,
    path: Option<PathNumber>,
}

impl Introductions {
    /// Compares every commit of `order` (parents first) with its parents.
    pub(super) fn find(history: &History, order: &[u32], graph: &Leads<'_>) -> Self {
        let mut found = Self::default();
        let roots = graph.trees(&history.trees);
        let root = |commit: u32| roots.get(commit as usize).copied().flatten();
        for &commit in order {
            let Some(tree) = root(commit) else { continue };
            let parents: Vec<u32> = history
                .parents(commit)
                .iter()
                .filter_map(|&parent| root(parent))
                .collect();
            if parents.iter().any(|&parent| graph.alike(tree, parent)) {
                continue;
            }
            found.compare(
                graph,
                Step {
                    tree,
                    parents,
                    path: None,
                },
                |found, thing, path| {
                    found.brought.entry((thing, path)).or_default().push(commit);
                },
            );
        }
        found
    }

    /// Where the tree `root` holds what.
    pub(super) fn contents(&mut self, graph: &Leads<'_>, root: u32) -> Vec<(u32, PathNumber)> {
        let mut contents = Vec::new();
        let step = Step {
            tree: root,
            parents: Vec::new(),
            path: None,
        };
        self.compare(graph, step, |_, thing, path| contents.push((thing, path)));
        contents
    }

    /// Calls `each` for the things at paths where none of the parents has them.
    fn compare(
        &mut self,
        graph: &Leads<'_>,
        start: Step,
        mut each: impl FnMut(&mut Self, u32, PathNumber),
    ) {
        let mut pending = vec![start];
        while let Some(step) = pending.pop() {
            if step.parents.contains(&step.tree) {
                continue;
            }
            let of_parents: Vec<Rc<[Edge]>> = step
                .parents
                .iter()
                .map(|&parent| graph.edges(parent))
                .collect();
            for edge in graph.edges(step.tree).iter() {
                self.steps += 1;
                if self.steps > MAX_STEPS || self.paths.steps.len() > MAX_PATHS {
                    self.cut = true;
                    return;
                }
                if of_parents
                    .iter()
                    .any(|edges| edges.binary_search(edge).is_ok())
                {
                    continue;
                }
                let path = self.paths.join(step.path, edge.name);
                if let Some(thing) = edge.target.as_thing() {
                    each(self, thing, path);
                } else if let Some(tree) = edge.target.as_tree() {
                    let parents: Vec<u32> = of_parents
                        .iter()
                        .flat_map(|edges| trees_named(edges, *edge))
                        .collect();
                    if !parents.iter().any(|&parent| graph.alike(tree, parent)) {
                        pending.push(Step {
                            tree,
                            parents,
                            path: Some(path),
                        });
                    }
                }
            }
        }
    }
}

/// The trees among `edges` that have the name of `edge`.
fn trees_named(edges: &[Edge], edge: Edge) -> impl Iterator<Item = u32> {
    let start = edges.partition_point(|other| other.name < edge.name);
    edges
        .get(start..)
        .unwrap_or_default()
        .iter()
        .take_while(move |other| other.name == edge.name)
        .filter_map(|other| other.target.as_tree())
}
