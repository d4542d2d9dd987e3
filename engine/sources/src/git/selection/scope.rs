//! Which part of a repository to look at, as the user wrote it.

use gix::ObjectId;

/// Which part of a repository's history to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everything that refs and the index reach.
    Reachable,
    /// What `to` reaches and `from` does not: `A..B`.
    Range {
        /// The revision whose history is left out.
        from: String,
        /// The revision whose history is looked at.
        to: String,
    },
    /// What exactly one of the two reaches: `A...B`.
    Symmetric {
        /// One revision.
        left: String,
        /// The other.
        right: String,
    },
    /// What some ref reaches and this revision does not.
    Since(String),
    /// What the first ones reach and the others do not.
    Between {
        /// The revisions whose history is looked at.
        wanted: Vec<String>,
        /// The revisions whose history is left out; there may be none.
        without: Vec<String>,
    },
    /// What a push brings.
    Arriving(Arriving),
}

/// What a push brings: what `tips` reach, and neither `known` nor the refs below `known_refs` do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arriving {
    /// What the refs that are pushed are to name afterwards.
    pub tips: Vec<ObjectId>,
    /// What the other side is known to have. What of it is not here leaves nothing out.
    pub known: Vec<ObjectId>,
    /// Beginning of the names of refs whose history the other side has: `refs/remotes/origin/`. Empty for none.
    pub known_refs: String,
}

/// Why a part of the history cannot be looked at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// It is no range.
    #[error("{written:?} is not a range of revisions: write A..B, A...B or A..")]
    NotARange {
        /// What was written.
        written: String,
    },
    /// There is no such revision.
    #[error("there is no revision {revision:?} here{hint}")]
    UnknownRevision {
        /// What was written.
        revision: String,
        /// What may help, with a leading separator, or nothing.
        hint: &'static str,
    },
    /// The revision names something without a history.
    #[error("the revision {revision:?} is not a commit")]
    NotACommit {
        /// What was written.
        revision: String,
    },
}

impl Scope {
    /// Reads `A..B`, `A...B`, `A..` and `..B`; a side that is left out is `HEAD`.
    ///
    /// # Errors
    /// When there are no two or three dots, or nothing beside them.
    pub fn range(written: &str) -> Result<Self, ScopeError> {
        let or_head = |side: &str| {
            if side.is_empty() {
                "HEAD".to_owned()
            } else {
                side.to_owned()
            }
        };
        let not_a_range = || ScopeError::NotARange {
            written: written.to_owned(),
        };
        let (separator, symmetric) = if written.contains("...") {
            ("...", true)
        } else {
            ("..", false)
        };
        let (left, right) = written.split_once(separator).ok_or_else(not_a_range)?;
        if (left.is_empty() && right.is_empty()) || right.starts_with('.') {
            return Err(not_a_range());
        }
        let (left, right) = (or_head(left), or_head(right));
        Ok(if symmetric {
            Self::Symmetric { left, right }
        } else {
            Self::Range {
                from: left,
                to: right,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_git_writes_them() {
        let range = |from: &str, to: &str| Scope::Range {
            from: from.to_owned(),
            to: to.to_owned(),
        };
        assert_eq!(Scope::range("main..topic"), Ok(range("main", "topic")));
        assert_eq!(Scope::range("main.."), Ok(range("main", "HEAD")));
        assert_eq!(Scope::range("..v1.0"), Ok(range("HEAD", "v1.0")));
        assert_eq!(
            Scope::range("v1.0...v1.1"),
            Ok(Scope::Symmetric {
                left: "v1.0".to_owned(),
                right: "v1.1".to_owned()
            })
        );
        for wrong in ["", "..", "...", "main", "a....b"] {
            assert!(Scope::range(wrong).is_err(), "{wrong:?}");
        }
    }
}
