//! Commits that no ref reaches and that are still in the object database: left by a reset, a rebase, a deleted branch.
//!
//! There is no list of them, so every object is asked what it is. Done only when something was found that no ref
//! reaches.

use std::collections::{HashMap, HashSet};

use gix::ObjectId;
use gix::objs::Kind;
use rayon::prelude::*;

use super::Repository;
use super::commits::{self, CommitFacts};
use super::lookup::Lookup;

/// How many objects one task asks for.
const OBJECTS_PER_TASK: usize = 4_096;

/// The commits of the object database that are not in `known`, sorted by id.
pub(crate) fn commits(
    repository: &Repository,
    known: &HashSet<ObjectId>,
) -> Vec<(ObjectId, CommitFacts)> {
    let Ok(all) = repository.gix().objects.iter() else {
        // The walk over all objects has told why.
        return Vec::new();
    };
    let ids: Vec<ObjectId> = all
        .filter_map(Result::ok)
        .filter(|id| !known.contains(id))
        .collect();
    let boundary: HashSet<ObjectId> = repository.shallow_boundary().into_iter().collect();
    let found: HashMap<ObjectId, CommitFacts> = ids
        .par_chunks(OBJECTS_PER_TASK)
        .flat_map_iter(|chunk| {
            let lookup = Lookup::new(repository);
            let mut buffer = Vec::new();
            let mut found = Vec::new();
            for id in chunk {
                if lookup.kind(id) == Some(Kind::Commit)
                    && let Ok(facts) = commits::read(&lookup, id, &boundary, &mut buffer)
                {
                    found.push((*id, facts));
                }
            }
            found
        })
        .collect();
    let mut found: Vec<(ObjectId, CommitFacts)> = found.into_iter().collect();
    found.sort_unstable_by_key(|(id, _)| *id);
    found
}
