//! Which refs reach which commits.
//!
//! Sixty-four questions at a time: one bit of a word for each, handed from parents to children once along the history.

use std::collections::HashMap;

use gix::ObjectId;
use rayon::iter::{IndexedParallelIterator as _, ParallelIterator as _};
use rayon::slice::{ParallelSlice as _, ParallelSliceMut as _};

use crate::git::Ref;
use crate::git::commits::{History, Tips};
use crate::git::lookup::Lookup;

/// Most refs that are named for one question.
const MAX_REFS: usize = 5;

/// The refs that lead to commits, the ones that tell most first.
pub(super) struct RefOrder {
    refs: Vec<(String, u32)>,
}

/// The refs that reach something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reached {
    pub(super) names: Vec<String>,
    pub(super) more: u64,
}

impl RefOrder {
    /// Follows each ref to its commit. Shortest names first; those that are not below `refs/` last, but for `HEAD`.
    pub(super) fn of(refs: &[Ref], history: &History, lookup: &Lookup) -> Self {
        let mut followed: HashMap<ObjectId, Option<u32>> = HashMap::new();
        let mut order: Vec<(String, u32)> = refs
            .iter()
            .filter_map(|named| {
                let commit = history.number(&named.target).or_else(|| {
                    *followed.entry(named.target).or_insert_with(|| {
                        let tips = Tips::of(lookup, &[named.target]);
                        tips.commits
                            .first()
                            .and_then(|commit| history.number(commit))
                    })
                })?;
                Some((named.name.clone(), commit))
            })
            .collect();
        order.sort_by_cached_key(|(name, _)| {
            let aside = !name.starts_with("refs/") && name != "HEAD";
            let shown = short(name);
            (aside, shown.len(), shown.to_owned())
        });
        Self { refs: order }
    }

    /// For each question, a list of commits, the refs that reach at least one of them. `order` has parents first.
    pub(super) fn reaching(
        &self,
        history: &History,
        order: &[u32],
        questions: &[Vec<u32>],
    ) -> Vec<Reached> {
        let mut answers = vec![Reached::default(); questions.len()];
        let chunks = questions.par_chunks(64).zip(answers.par_chunks_mut(64));
        chunks.for_each(|(questions, answers)| {
            let mut masks = vec![0_u64; history.len()];
            for (bit, commits) in questions.iter().enumerate() {
                for &commit in commits {
                    if let Some(mask) = masks.get_mut(commit as usize) {
                        *mask |= 1 << bit;
                    }
                }
            }
            for &commit in order {
                let inherited = history
                    .parents(commit)
                    .iter()
                    .filter_map(|&parent| masks.get(parent as usize))
                    .fold(0, |all, mask| all | mask);
                if let Some(mask) = masks.get_mut(commit as usize) {
                    *mask |= inherited;
                }
            }
            for (name, commit) in &self.refs {
                let mut mask = masks.get(*commit as usize).copied().unwrap_or(0);
                while mask != 0 {
                    let bit = mask.trailing_zeros() as usize;
                    mask &= mask - 1;
                    if let Some(answer) = answers.get_mut(bit) {
                        answer.add(name);
                    }
                }
            }
        });
        answers
    }
}

impl Reached {
    /// Adds a ref, unless there are enough already.
    pub(super) fn add(&mut self, name: &str) {
        if self.names.len() < MAX_REFS {
            self.names.push(short(name).to_owned());
        } else {
            self.more += 1;
        }
    }
}

/// A ref's name as people write it.
fn short(name: &str) -> &str {
    ["refs/heads/", "refs/tags/", "refs/remotes/", "refs/"]
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix))
        .unwrap_or(name)
}
