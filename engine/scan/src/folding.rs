//! Which of the objects with something to tell have to be looked at again, so that the report is the same as if all were.
//!
//! Goes on with what the cache knows of the history: where each of them stands is known without reading a tree of an old commit, and of many
//! that hold the same, few decide what is reported ([`Profiles`](crate::cache::Profiles)).

use std::collections::HashSet;

use leakward_sources::git::{
    Chronicle, Covered, News, ObjectId, Provenance, Question, Repository, Staged,
};

use crate::cache::ScanCache;
use crate::git_gaps::Gaps;
use crate::request::Credentials;
use crate::run::Context;

/// What is to be looked at again, and what is known of where it belongs.
pub(crate) struct Folded {
    pub(crate) needed: Vec<ObjectId>,
    pub(crate) known: Gone,
}

/// An answer that went on from an earlier one, and what the next one can go on with.
pub(crate) struct Gone {
    pub(crate) provenance: Provenance,
    pub(crate) chronicle: Chronicle,
}

/// Folds `again`, which is all there. `new` are blobs with something to tell that were not known before. None when the cache does not
/// know enough.
pub(crate) fn fold(
    repository: &Repository,
    context: &Context<'_>,
    cache: &ScanCache,
    (covered, new): (&Covered, Vec<ObjectId>),
    again: &[ObjectId],
) -> Option<Folded> {
    if !covered.is_whole || !repository.outside_alternates().is_empty() {
        return None;
    }
    let chronicle = cache.history(repository, covered)?;
    let known = again.iter().copied().filter(|id| chronicle.has(id));
    let gaps = Gaps::of(&covered.gaps);
    let question = Question {
        blobs: known
            .chain(new)
            .chain(gaps.to_trace().iter().copied())
            .collect(),
        ..Question::default()
    };
    let (provenance, chronicle) = go_on(repository, cache, covered, &question, chronicle)?;
    let needed = if may_pass_over(context) {
        let staged = Staged::of(repository).files.into_iter();
        let pinned: HashSet<ObjectId> = staged.map(|file| file.blob).collect();
        cache.profiles().needed(again, &provenance, &pinned)
    } else {
        again.to_vec()
    };
    Some(Folded {
        needed,
        known: Gone {
            provenance,
            chronicle,
        },
    })
}

/// Answers a question by going on with a chronicle.
pub(crate) fn go_on(
    repository: &Repository,
    cache: &ScanCache,
    covered: &Covered,
    question: &Question,
    chronicle: Chronicle,
) -> Option<(Provenance, Chronicle)> {
    // What a cache knows of was there when its chronicle was written.
    let is_new = |id: &ObjectId| !cache.has_something_to_tell(id);
    let news = News {
        covered,
        is_new: &is_new,
    };
    Provenance::going_on(repository, question, chronicle, &news)
}

/// Whether nothing but path and place in history decides about sightings that are alike.
fn may_pass_over(context: &Context<'_>) -> bool {
    let policy = &context.policy;
    context.request.credentials == Credentials::Forget
        && policy.allowed_commits.is_empty()
        && policy.gitleaks_ignore.is_empty()
        && !policy.baseline.names_places()
}
