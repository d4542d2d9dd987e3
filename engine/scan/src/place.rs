//! One place of a sighting: a sighting in a blob has as many places as there are paths that hold the blob.

use leakward_core::{ImagePlace, LayerState, LocationKind};

/// One place of a sighting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// What it is a place in.
    pub kind: LocationKind,
    /// Path, name, or nothing for a message and for a blob that no tree names.
    pub path: String,
    /// The object that holds it.
    pub blob: Option<String>,
    /// Which commit brought it there.
    pub commit: Option<CommitFacts>,
    /// Who made the annotated tag that holds it. A tag is in no commit, so it has its facts instead of a commit's.
    pub tag: Option<CommitFacts>,
    /// Whether a ref reaches it; empty outside of git.
    pub reachable: Option<bool>,
    /// Whether HEAD's tree holds it at this path; empty outside of git.
    pub in_head: Option<bool>,
    /// Refs that reach it, a handful.
    pub refs: Vec<String>,
    /// Which image, and where in it.
    pub image: Option<ImagePlace>,
}

/// What is told of a commit or an annotated tag.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommitFacts {
    /// Its id.
    pub id: String,
    /// Its author's name.
    pub author: Option<String>,
    /// Its author's e-mail.
    pub email: Option<String>,
    /// Its author date, RFC 3339.
    pub date: Option<String>,
    /// First line of its message.
    pub subject: Option<String>,
    /// Place in the order of history: a commit comes after its parents.
    pub order: u64,
}

impl Place {
    /// A place outside of git's objects.
    #[must_use]
    pub fn outside(kind: LocationKind, path: impl Into<String>) -> Self {
        Self {
            kind,
            path: path.into(),
            blob: None,
            commit: None,
            tag: None,
            reachable: None,
            in_head: None,
            refs: Vec::new(),
            image: None,
        }
    }

    /// Its commit's place in the order of history; what has no commit comes last.
    #[must_use]
    pub fn order(&self) -> u64 {
        self.commit.as_ref().map_or(u64::MAX, |commit| commit.order)
    }

    /// How useful it is to somebody who has to act, best first: what is about to be committed, what lies in the
    /// working tree or at HEAD, the rest of history by age, what no ref reaches. In an image: what whoever runs it has
    /// before them, then what later layers hide.
    #[must_use]
    pub fn rank(&self) -> u8 {
        let state = self.image.as_ref().and_then(|image| image.state);
        match self.kind {
            LocationKind::Layer | LocationKind::ImageConfig
                if matches!(state, Some(LayerState::Overwritten | LayerState::Deleted)) =>
            {
                4
            }
            LocationKind::Layer | LocationKind::ImageConfig => 0,
            LocationKind::Stdin | LocationKind::File => 0,
            LocationKind::Index => 1,
            LocationKind::Worktree => 2,
            _ if self.in_head == Some(true) => 3,
            _ if self.reachable != Some(false) => 4,
            _ => 5,
        }
    }
}
