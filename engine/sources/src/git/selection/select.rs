//! The objects that a part of the history consists of.

use std::collections::{BTreeSet, HashMap, HashSet};

use gix::ObjectId;
use leakward_core::Skipped;
use rayon::prelude::*;

use super::newcomers::Newcomers;
use super::painted::{self, Painted, Sides};
use super::reachable;
use super::{Arriving, Scope, ScopeError};
use crate::git::Repository;
use crate::git::commits::{CommitFacts, Tips};
use crate::git::lookup::Lookup;
use crate::git::trees::{EntryKind, Numbered, TreeEntry, TreeSink, TreeWalk};

/// How many commits one task compares with their parents. Neighbours in time share trees.
const COMMITS_PER_TASK: usize = 64;

/// From so many commits on, reading every distinct tree once is cheaper than comparing each commit with its parents.
const COMMITS_TO_COMPARE: usize = 2_000;

/// The objects that a part of the history consists of. Each is there once, sorted by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Commits, whose messages are to be looked at.
    pub commits: Vec<ObjectId>,
    /// Annotated tags, whose messages are to be looked at.
    pub tags: Vec<ObjectId>,
    /// Trees that are new in this part; the names of their entries are to be looked at.
    pub trees: Vec<ObjectId>,
    /// Blobs that are new in this part.
    pub blobs: Vec<ObjectId>,
    /// What could not be read while selecting.
    pub skipped: Vec<Skipped>,
}

impl Selection {
    /// Selects what `scope` asks for, in the current Rayon pool.
    ///
    /// # Errors
    /// When a revision does not exist or is not a commit.
    pub fn of(repository: &Repository, scope: &Scope) -> Result<Self, ScopeError> {
        let lookup = Lookup::new(repository);
        let selected = match scope {
            Scope::Reachable => reachable::select(repository, &lookup),
            Scope::Range { from, to } => {
                let (from, to) = (revision(repository, from)?, revision(repository, to)?);
                between(repository, &lookup, &[to], &[from], Sides::WantedOnly)
            }
            Scope::Symmetric { left, right } => {
                let (left, right) = (revision(repository, left)?, revision(repository, right)?);
                between(repository, &lookup, &[left], &[right], Sides::Either)
            }
            Scope::Between { wanted, without } => {
                let ids = |written: &[String]| -> Result<Vec<ObjectId>, ScopeError> {
                    written
                        .iter()
                        .map(|one| revision(repository, one))
                        .collect()
                };
                let (wanted, without) = (ids(wanted)?, ids(without)?);
                between(repository, &lookup, &wanted, &without, Sides::WantedOnly)
            }
            Scope::Since(since) => {
                let since = revision(repository, since)?;
                let refs = repository.refs();
                let mut selected = between(
                    repository,
                    &lookup,
                    &refs.targets(),
                    &[since],
                    Sides::WantedOnly,
                );
                selected.skipped.extend_from_slice(refs.skipped());
                selected
            }
            Scope::Arriving(arriving) => arrived(repository, &lookup, arriving),
        };
        Ok(selected)
    }

    pub(super) fn sort(&mut self) {
        for ids in [
            &mut self.commits,
            &mut self.tags,
            &mut self.trees,
            &mut self.blobs,
        ] {
            ids.sort_unstable();
            ids.dedup();
        }
    }
}

/// The commit, or the tag of one, that a revision names.
///
/// # Errors
/// When there is none, or when it is not a commit.
pub fn resolve(repository: &Repository, written: &str) -> Result<ObjectId, ScopeError> {
    revision(repository, written)
}

/// The object that a revision names.
pub(crate) fn revision(repository: &Repository, written: &str) -> Result<ObjectId, ScopeError> {
    let unknown = || ScopeError::UnknownRevision {
        revision: written.to_owned(),
        hint: if repository.shallow_boundary().is_empty() {
            ""
        } else {
            "; this is a shallow clone, deepen it with `git fetch --unshallow`"
        },
    };
    let handle = repository.gix();
    let expanded = repository
        .reftables()
        .and_then(|tables| tables.expanded(written));
    let id = handle
        .rev_parse_single(expanded.as_deref().unwrap_or(written))
        .map_err(|_| unknown())?
        .detach();
    let tips = Tips::of(&Lookup::new(repository), &[id]);
    if !tips.skipped.is_empty() {
        return Err(unknown());
    }
    if tips.commits.is_empty() {
        return Err(ScopeError::NotACommit {
            revision: written.to_owned(),
        });
    }
    Ok(id)
}

/// What `wanted` reach and `other` do not (or, for both sides, the other way round as well).
fn between(
    repository: &Repository,
    lookup: &Lookup,
    wanted: &[ObjectId],
    other: &[ObjectId],
    sides: Sides,
) -> Selection {
    let wanted = Tips::of(lookup, wanted);
    let other = Tips::of(lookup, other);
    let painted = painted::paint(repository, lookup, &wanted.commits, &other.commits, sides);
    let mut selection = if painted.wanted.len() > COMMITS_TO_COMPARE {
        all_new_trees(repository, &painted)
    } else {
        compare(repository, &painted)
    };
    selection.commits = painted.wanted.iter().map(|(id, _)| *id).collect();
    selection.tags = tags_in(lookup, &wanted, &other, &selection.commits);
    selection.skipped.extend(painted.skipped);
    selection.skipped.extend_from_slice(&wanted.skipped);
    add_named(repository, &wanted, &mut selection);
    selection.sort();
    selection
}

/// What a push brings. An annotated tag is new when nothing that is known is that tag, also where its commit is old.
fn arrived(repository: &Repository, lookup: &Lookup, arriving: &Arriving) -> Selection {
    let mut known = arriving.known.clone();
    if !arriving.known_refs.is_empty() {
        let refs = repository.refs();
        let refs = refs.all().iter();
        known.extend(
            refs.filter(|named| named.name.starts_with(&arriving.known_refs))
                .map(|named| named.target),
        );
    }
    let mut selection = between(
        repository,
        lookup,
        &arriving.tips,
        &known,
        Sides::WantedOnly,
    );
    let (wanted, known) = (Tips::of(lookup, &arriving.tips), Tips::of(lookup, &known));
    let known: HashSet<ObjectId> = known.tags.into_iter().collect();
    selection
        .tags
        .extend(wanted.tags.iter().filter(|tag| !known.contains(*tag)));
    selection.sort();
    selection
}

/// The annotated tags that lead to commits of the selection, or to no commit at all.
fn tags_in(lookup: &Lookup, wanted: &Tips, other: &Tips, commits: &[ObjectId]) -> Vec<ObjectId> {
    let commits: HashSet<&ObjectId> = commits.iter().collect();
    let other: HashSet<&ObjectId> = other.tags.iter().collect();
    let is_in = |tag: &ObjectId| {
        let target = Tips::of(lookup, &[*tag]);
        target.commits.iter().all(|commit| commits.contains(commit)) && !other.contains(tag)
    };
    wanted
        .tags
        .iter()
        .filter(|tag| is_in(tag))
        .copied()
        .collect()
}

/// Adds the blobs and trees that a ref names without a commit.
fn add_named(repository: &Repository, tips: &Tips, selection: &mut Selection) {
    selection.blobs.extend(&tips.blobs);
    if !tips.trees.is_empty() {
        let blobs = Blobs(Numbered::new());
        let walked = TreeWalk::new(repository, &blobs).run(&tips.trees);
        selection.blobs.extend(blobs.0.into_sorted());
        selection.trees.extend(walked.trees.into_sorted());
        selection.skipped.extend(walked.skipped);
    }
}

/// What the commits brought, each compared with its parents.
pub(super) fn compare(repository: &Repository, painted: &Painted) -> Selection {
    let max_depth = repository.limits().max_tree_depth;
    // Neighbours in time follow each other, so that a task finds most trees in its cache.
    let mut commits: Vec<&(ObjectId, CommitFacts)> = painted.wanted.iter().collect();
    commits.sort_by_key(|(_, facts)| facts.time);
    let parts: Vec<Selection> = commits
        .par_chunks(COMMITS_PER_TASK)
        .map(|chunk| {
            let lookup = Lookup::new(repository);
            let mut newcomers = Newcomers::new(&lookup, max_depth);
            for (_, facts) in chunk {
                newcomers.add(facts.tree, parent_trees(facts, &painted.trees));
            }
            Selection {
                blobs: newcomers.blobs.into_iter().collect(),
                trees: newcomers.trees.into_iter().collect(),
                skipped: newcomers.skipped,
                ..Selection::default()
            }
        })
        .collect();
    let mut all = Selection::default();
    for part in parts {
        all.blobs.extend(part.blobs);
        all.trees.extend(part.trees);
        all.skipped.extend(part.skipped);
    }
    all
}

fn parent_trees(facts: &CommitFacts, trees: &HashMap<ObjectId, ObjectId>) -> Vec<ObjectId> {
    facts
        .parents
        .iter()
        .filter_map(|parent| trees.get(parent))
        .copied()
        .collect()
}

/// What the commits' trees hold and the trees of their parents outside of the selection do not: the definition of what
/// is new, taken literally.
pub(super) fn all_new_trees(repository: &Repository, painted: &Painted) -> Selection {
    let wanted: HashSet<&ObjectId> = painted.wanted.iter().map(|(id, _)| id).collect();
    let outside: BTreeSet<ObjectId> = painted
        .wanted
        .iter()
        .flat_map(|(_, facts)| &facts.parents)
        .filter(|parent| !wanted.contains(parent))
        .filter_map(|parent| painted.trees.get(parent))
        .copied()
        .collect();
    let old = Blobs(Numbered::new());
    let old_trees = TreeWalk::new(repository, &old).run(&outside.into_iter().collect::<Vec<_>>());
    let new = Blobs(Numbered::new());
    let walk = TreeWalk::new(repository, &new);
    let old_trees: HashSet<ObjectId> = old_trees.trees.into_sorted().into_iter().collect();
    for tree in &old_trees {
        walk.without(tree);
    }
    let roots: Vec<ObjectId> = painted.wanted.iter().map(|(_, facts)| facts.tree).collect();
    let walked = walk.run(&roots);
    let old_blobs: HashSet<ObjectId> = old.0.into_sorted().into_iter().collect();
    let mut selection = Selection {
        blobs: new.0.into_sorted(),
        trees: walked.trees.into_sorted(),
        skipped: walked.skipped,
        ..Selection::default()
    };
    selection.blobs.retain(|blob| !old_blobs.contains(blob));
    selection.trees.retain(|tree| !old_trees.contains(tree));
    selection
}

/// Collects the blobs of all trees.
pub(super) struct Blobs(pub(super) Numbered);

impl TreeSink for Blobs {
    type State = ();

    fn state(&self) {}

    fn entry(&self, _state: &mut (), _tree: u32, entry: TreeEntry<'_>, _subtree: Option<u32>) {
        if entry.kind == EntryKind::Blob {
            self.0.insert(entry.id);
        }
    }
}
