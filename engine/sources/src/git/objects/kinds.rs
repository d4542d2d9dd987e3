//! Which kinds of objects are wanted. Visitors are not shown trees as they are, but the names in them.

use gix::objs::Kind;

/// A set of kinds of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObjectKinds(u8);

impl ObjectKinds {
    /// Files.
    pub const BLOBS: Self = Self(1);
    /// Commits: messages, authors and committers.
    pub const COMMITS: Self = Self(2);
    /// Annotated tags: names, messages and taggers.
    pub const TAGS: Self = Self(4);
    /// Trees: the names of files and folders, each distinct one once.
    pub const NAMES: Self = Self(8);
    /// All that have an id of their own to be found by: everything but names.
    pub const ALL: Self = Self(7);

    /// The kinds in this set or in `other`.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the set holds all kinds of `other`.
    #[must_use]
    pub const fn contains_all(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether the set holds a kind.
    #[must_use]
    pub fn contains(self, kind: Kind) -> bool {
        let bit = match kind {
            Kind::Blob => Self::BLOBS.0,
            Kind::Commit => Self::COMMITS.0,
            Kind::Tag => Self::TAGS.0,
            Kind::Tree => Self::NAMES.0,
        };
        self.0 & bit != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_it_was_made_of_and_all_has_no_trees() {
        let set = ObjectKinds::BLOBS.and(ObjectKinds::TAGS);
        let kinds = [Kind::Blob, Kind::Commit, Kind::Tag, Kind::Tree];
        assert_eq!(
            kinds.map(|kind| set.contains(kind)),
            [true, false, true, false]
        );
        assert!(!ObjectKinds::ALL.contains(Kind::Tree));
    }
}
