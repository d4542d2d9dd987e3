//! What a partial clone left with the other side: told of what refs reach, for nobody misses the rest.
//!
//! A few gaps are traced like blobs with findings, in the same pass, so that their paths can be told too. Of a clone that left
//! all files away there are too many for that; then everything that refs reach is listed and compared.

use leakward_core::Skipped;
use leakward_core::outcome::SkippedKind;
use leakward_sources::git::{self, ObjectId, Repository, Selection};

use crate::git_places::GitPlaces;
use crate::run::ScanError;

/// Most gaps that are traced.
const TRACED: usize = 2_000;

/// Most missing objects that are named one by one; the rest is counted.
const NAMED: usize = 100;

/// What trees refer to and the repository does not hold.
pub(crate) struct Gaps<'g>(&'g [ObjectId]);

impl<'g> Gaps<'g> {
    pub(crate) fn of(gaps: &'g [ObjectId]) -> Self {
        Self(gaps)
    }

    /// Those that are to be traced.
    pub(crate) fn to_trace(&self) -> &'g [ObjectId] {
        if self.0.len() > TRACED { &[] } else { self.0 }
    }

    /// What is to be told of them.
    pub(crate) fn told(
        &self,
        repository: &Repository,
        places: &GitPlaces,
    ) -> Result<Vec<Skipped>, ScanError> {
        if self.0.len() > TRACED {
            return listed(repository);
        }
        let missing: Vec<(ObjectId, Option<&str>)> = self
            .0
            .iter()
            .filter_map(|id| {
                let traced = places.of_gap(id)?;
                Some((*id, traced.places.first().map(|place| place.path.as_str())))
            })
            .collect();
        Ok(told(&missing))
    }
}

/// The same by way of everything that refs reach.
fn listed(repository: &Repository) -> Result<Vec<Skipped>, ScanError> {
    let selection = Selection::of(repository, &git::Scope::Reachable)?;
    let all = [
        selection.blobs.as_slice(),
        &selection.commits,
        &selection.tags,
    ]
    .concat();
    let missing: Vec<(ObjectId, Option<&str>)> = repository
        .not_held(&all)
        .into_iter()
        .map(|id| (id, None))
        .collect();
    let mut skipped = selection.skipped;
    skipped.extend(told(&missing));
    Ok(skipped)
}

fn told(missing: &[(ObjectId, Option<&str>)]) -> Vec<Skipped> {
    let skipped = |what: String| {
        Skipped {
        kind: SkippedKind::Missing,
        what,
        reason: "a partial clone left it with the other side; `git fetch --refetch` or `git backfill` brings it".to_owned(),
    }
    };
    let named = missing.iter().take(NAMED).map(|(id, path)| match path {
        Some(path) => skipped(format!("blob {id} ({path})")),
        None => skipped(format!("blob {id}")),
    });
    let mut all: Vec<Skipped> = named.collect();
    if missing.len() > NAMED {
        all.push(skipped(format!("{} more blobs", missing.len() - NAMED)));
    }
    all
}
