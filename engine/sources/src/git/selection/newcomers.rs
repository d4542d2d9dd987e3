//! What a commit's tree holds that none of its parents' trees holds: the blobs that the commit brought.
//!
//! Walks the trees in step and enters a folder only when it differs from every parent's folder of that name. A blob or
//! folder that a parent had under another name (a move) is nothing new either.
//!
//! INVARIANT: over all commits of a range together nothing is lost. What is left out here stands in a tree of a
//! parent; that parent is outside of the range, or is in it and brought the thing itself.

use std::collections::HashSet;

use bstr::BString;
use gix::ObjectId;
use gix::objs::Kind;
use leakward_core::Skipped;

use crate::git::lookup::Lookup;
use crate::git::trees::{self, EntryKind};

/// Collects what commits brought. One for each task; it looks at each tree once.
pub(crate) struct Newcomers<'a> {
    lookup: &'a Lookup,
    max_depth: usize,
    visited: HashSet<ObjectId>,
    pub(crate) blobs: HashSet<ObjectId>,
    pub(crate) trees: HashSet<ObjectId>,
    pub(crate) skipped: Vec<Skipped>,
    buffer: Vec<u8>,
}

/// A folder of the commit and the folders of the same name in its parents.
struct Step {
    tree: ObjectId,
    parents: Vec<ObjectId>,
    depth: usize,
}

/// What differs between one commit and its parents.
#[derive(Default)]
struct Difference {
    steps: Vec<Step>,
    blobs: Vec<ObjectId>,
    /// Folders that no parent has under this name.
    folders: Vec<(ObjectId, usize)>,
    /// What a parent has and the commit has not, at the same path.
    gone: HashSet<ObjectId>,
}

/// An entry that outlives the buffer it was decoded from.
type Owned = (BString, ObjectId, EntryKind);

impl<'a> Newcomers<'a> {
    pub(crate) fn new(lookup: &'a Lookup, max_depth: usize) -> Self {
        Self {
            lookup,
            max_depth,
            visited: HashSet::new(),
            blobs: HashSet::new(),
            trees: HashSet::new(),
            skipped: Vec::new(),
            buffer: Vec::new(),
        }
    }

    /// Adds what `tree` holds and none of `parents` does.
    pub(crate) fn add(&mut self, tree: ObjectId, parents: Vec<ObjectId>) {
        let mut difference = Difference::default();
        difference.steps.push(Step {
            tree,
            parents,
            depth: 0,
        });
        while let Some(step) = difference.steps.pop() {
            self.compare(&step, &mut difference);
        }
        let Difference {
            blobs,
            folders,
            gone,
            ..
        } = difference;
        self.blobs
            .extend(blobs.into_iter().filter(|id| !gone.contains(id)));
        for (folder, depth) in folders {
            self.add_whole(folder, depth, &gone);
        }
    }

    /// Compares one folder with those of the parents.
    fn compare(&mut self, step: &Step, difference: &mut Difference) {
        if step.parents.contains(&step.tree) || !self.visit(step.tree, step.depth) {
            return;
        }
        let ours = self.entries(&step.tree);
        let theirs: Vec<Vec<Owned>> = step
            .parents
            .iter()
            .map(|parent| self.entries(parent))
            .collect();
        let mut same: Vec<HashSet<&BString>> = vec![HashSet::new(); theirs.len()];
        for (name, id, kind) in &ours {
            let mut folders = Vec::new();
            let mut known = false;
            for (parent, same) in theirs.iter().zip(&mut same) {
                let Some(entry) = find(parent, name) else {
                    continue;
                };
                if entry.1 == *id {
                    known = true;
                    same.insert(name);
                } else if entry.2 == EntryKind::Tree {
                    folders.push(entry.1);
                }
            }
            match kind {
                _ if known => {}
                EntryKind::Submodule => {}
                EntryKind::Blob => difference.blobs.push(*id),
                EntryKind::Tree if folders.is_empty() => {
                    difference.folders.push((*id, step.depth + 1));
                }
                EntryKind::Tree => difference.steps.push(Step {
                    tree: *id,
                    parents: folders,
                    depth: step.depth + 1,
                }),
            }
        }
        for (parent, same) in theirs.iter().zip(&same) {
            let gone = parent.iter().filter(|(name, ..)| !same.contains(name));
            difference.gone.extend(gone.map(|(_, id, _)| *id));
        }
    }

    /// Adds everything below a folder that no parent has here, unless a parent had it elsewhere.
    fn add_whole(&mut self, folder: ObjectId, depth: usize, gone: &HashSet<ObjectId>) {
        let mut pending = vec![(folder, depth)];
        while let Some((tree, depth)) = pending.pop() {
            if gone.contains(&tree) || !self.visit(tree, depth) {
                continue;
            }
            for (_, id, kind) in self.entries(&tree) {
                match kind {
                    EntryKind::Tree => pending.push((id, depth + 1)),
                    EntryKind::Blob if !gone.contains(&id) => {
                        self.blobs.insert(id);
                    }
                    EntryKind::Blob | EntryKind::Submodule => {}
                }
            }
        }
    }

    /// Notes the tree; whether it has to be looked at.
    fn visit(&mut self, tree: ObjectId, depth: usize) -> bool {
        if depth > self.max_depth {
            self.skipped.push(trees::too_deep(&tree));
            return false;
        }
        // A tree that was looked at before, under whatever parents, has brought everything already.
        if !self.visited.insert(tree) {
            return false;
        }
        self.trees.insert(tree);
        true
    }

    /// The entries of a tree, sorted by name; those that can be read.
    fn entries(&mut self, tree: &ObjectId) -> Vec<Owned> {
        let mut entries = Vec::new();
        let read = self
            .lookup
            .of_kind(Kind::Tree, tree, &mut self.buffer)
            .and_then(|data| {
                trees::for_each(data, self.lookup.hash(), |entry| {
                    entries.push((entry.name.to_owned(), entry.id.to_owned(), entry.kind));
                })
            });
        if let Err(absent) = read {
            self.skipped.push(absent.told("tree", tree));
        }
        // Git sorts folders as if their names ended in a slash; here it only matters that both sides do the same.
        entries.sort_unstable_by(|(left, ..), (right, ..)| left.cmp(right));
        entries
    }
}

/// The entry with this name.
fn find<'e>(entries: &'e [Owned], name: &BString) -> Option<&'e Owned> {
    let at = entries
        .binary_search_by(|(other, ..)| other.cmp(name))
        .ok()?;
    entries.get(at)
}
