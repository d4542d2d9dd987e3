//! Somebody who is known.

use crate::config::Role;

/// Somebody who is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    /// As decisions are signed.
    pub(crate) name: String,
    /// What they may do.
    pub(crate) role: Role,
    /// How they are known.
    pub(crate) proof: Proof,
}

/// How somebody is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// By a token of a program.
    Token,
    /// By a session; forms carry this word.
    Session {
        /// The word that forms carry.
        form_token: String,
    },
}

impl Person {
    /// Whether they may do what this role may.
    pub(crate) fn may(&self, role: Role) -> bool {
        self.role >= role
    }
}
