//! Where pieces of a repository belong: which paths hold a blob, which commit brought it there, what still reaches it.
//!
//! Asked once for all pieces with sightings; a repository without sightings costs nothing.

use std::collections::HashMap;

use bstr::{BStr, ByteSlice};
use leakward_core::{LocationKind, Skipped};
use leakward_sources::Origin;
use leakward_sources::git::{ObjectId, Place as TracedPlace, Provenance, Question, Traced};

use crate::place::{CommitFacts, Place};
use crate::run::{inside, simple_places};

/// Where pieces of a repository belong.
pub(crate) struct GitPlaces {
    provenance: Provenance,
    worktree: HashMap<ObjectId, Vec<String>>,
    index: HashMap<ObjectId, Vec<String>>,
    /// What could not be read on the way.
    pub(crate) skipped: Vec<Skipped>,
}

/// What is to be asked for the places of `origins`, and of objects that the repository refers to and does not hold.
pub(crate) fn question<'o>(
    origins: impl Iterator<Item = &'o Origin>,
    gaps: &[ObjectId],
) -> Question {
    let mut question = Question {
        blobs: gaps.to_vec(),
        ..Question::default()
    };
    for origin in origins {
        match origin.outermost() {
            Origin::Blob(id) | Origin::Lfs(_, id) => question.blobs.push(*id),
            Origin::Commit(id) => question.commits.push(*id),
            Origin::Tag(id) => question.tags.push(*id),
            Origin::Worktree(_) | Origin::Index(..) | Origin::File(_) | Origin::Stdin => {}
            Origin::EntryName(name) => question.names.push(name.clone()),
            Origin::RefName(_) | Origin::PathName(_) | Origin::Member(..) => {}
            Origin::Layer(..) | Origin::LayerName(..) | Origin::ImageConfig(..) => {}
        }
    }
    question
}

impl GitPlaces {
    /// The places that `provenance` knows.
    pub(crate) fn of(provenance: Provenance) -> Self {
        Self {
            skipped: provenance.skipped().to_vec(),
            provenance,
            worktree: HashMap::new(),
            index: HashMap::new(),
        }
    }

    /// Files of the working tree that are the same as their blob and were therefore not read.
    pub(crate) fn add_worktree(&mut self, unchanged: Vec<(String, ObjectId)>) {
        for (path, blob) in unchanged {
            self.worktree.entry(blob).or_default().push(path);
        }
    }

    /// What is staged and was looked at as a blob of the object database.
    pub(crate) fn add_index(&mut self, staged: impl IntoIterator<Item = (String, ObjectId)>) {
        for (path, blob) in staged {
            self.index.entry(blob).or_default().push(path);
        }
    }

    /// Where a blob is referred to that is not here; nothing when no ref reaches any tree that does.
    pub(crate) fn of_gap(&self, id: &ObjectId) -> Option<&Traced> {
        self.provenance.blob(id).filter(|traced| traced.reachable)
    }

    /// The places of one piece.
    pub(crate) fn of_piece(&self, origin: &Origin) -> Vec<Place> {
        match origin {
            Origin::Blob(id) => {
                let staged = self.index.get(id).map_or(&[][..], Vec::as_slice);
                let mut places: Vec<Place> =
                    staged.iter().map(|path| staged_place(path, id)).collect();
                // What is only staged is in no commit; that no ref reaches its blob would not be worth a place of its own.
                if staged.is_empty() || self.is_in_a_tree(id) {
                    places.extend(self.of_blob(id, LocationKind::Git));
                }
                let files = self.worktree.get(id).into_iter().flatten();
                places.extend(files.map(|path| Place::outside(LocationKind::Worktree, path)));
                places
            }
            Origin::Member(archive, path) => inside(self.of_piece(archive), path),
            Origin::Lfs(_, pointer) => self.of_blob(pointer, LocationKind::Lfs),
            Origin::EntryName(name) => self.of_name(name.as_bstr()),
            Origin::Commit(id) => vec![self.of_commit(id)],
            Origin::Tag(id) => vec![self.of_tag(id)],
            _ => simple_places(origin),
        }
    }

    fn is_in_a_tree(&self, id: &ObjectId) -> bool {
        self.provenance
            .blob(id)
            .is_some_and(|found| !found.places.is_empty())
    }

    fn of_blob(&self, id: &ObjectId, kind: LocationKind) -> Vec<Place> {
        let found = self.provenance.blob(id).cloned().unwrap_or_default();
        if found.places.is_empty() {
            return vec![Place {
                in_head: Some(false),
                ..place(kind, "", id, &found)
            }];
        }
        let of_path = |at: &TracedPlace| Place {
            commit: at.commit.map(|commit| self.facts(&commit, at.order)),
            in_head: Some(at.in_head),
            ..place(kind, &at.path, id, &found)
        };
        found.places.iter().map(of_path).collect()
    }

    /// The files and folders of this name. It has no object of its own: what they hold changes, the name does not.
    fn of_name(&self, name: &BStr) -> Vec<Place> {
        let found = self.provenance.name(name).cloned().unwrap_or_default();
        let named = |path: &str| Place {
            reachable: Some(found.reachable),
            refs: found.refs.clone(),
            ..Place::outside(LocationKind::Path, path)
        };
        if found.places.is_empty() {
            return vec![Place {
                in_head: Some(false),
                ..named(&name.to_str_lossy())
            }];
        }
        let of_path = |at: &TracedPlace| Place {
            commit: at.commit.map(|commit| self.facts(&commit, at.order)),
            in_head: Some(at.in_head),
            ..named(&at.path)
        };
        found.places.iter().map(of_path).collect()
    }

    fn of_commit(&self, id: &ObjectId) -> Place {
        let found = self.provenance.commit(id).cloned().unwrap_or_default();
        Place {
            commit: Some(self.facts(id, None)),
            ..place(LocationKind::Message, "", id, &found)
        }
    }

    /// The object is the tag. It is in no commit: not in the one that it points to, either.
    fn of_tag(&self, id: &ObjectId) -> Place {
        let found = self.provenance.tag(id).cloned().unwrap_or_default();
        Place {
            tag: Some(self.facts(id, None)),
            ..place(LocationKind::Message, "", id, &found)
        }
    }

    fn facts(&self, commit: &ObjectId, order: Option<u32>) -> CommitFacts {
        let authorship = self
            .provenance
            .authorship(commit)
            .cloned()
            .unwrap_or_default();
        CommitFacts {
            id: commit.to_string(),
            author: authorship.author,
            email: authorship.email,
            date: authorship.date,
            subject: authorship.subject,
            order: order.map_or(u64::MAX, u64::from),
        }
    }
}

/// A place in the index.
fn staged_place(path: &str, id: &ObjectId) -> Place {
    Place {
        blob: Some(id.to_string()),
        ..Place::outside(LocationKind::Index, path)
    }
}

fn place(kind: LocationKind, path: &str, id: &ObjectId, found: &Traced) -> Place {
    Place {
        kind,
        path: path.to_owned(),
        blob: Some(id.to_string()),
        commit: None,
        tag: None,
        reachable: Some(found.reachable),
        in_head: None,
        refs: found.refs.clone(),
        image: None,
    }
}
