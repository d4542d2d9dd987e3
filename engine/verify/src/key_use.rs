//! What a private key is for, which nobody sees by looking at it: it signs tokens, stands behind a certificate, or logs in over SSH.
//!
//! That decides who is asked whether it works (here) and who takes it away (the providers of `leakward-respond`), and is decided in this
//! one place, so that both go to the same. It is not found out: the operator says it.
//!
//! INVARIANT: what merely stands near a key decides nothing. Whoever wrote the scanned text would choose who is told of it.

use crate::subject::{Subject, ValueSource};

/// What a private key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyUse {
    /// Tokens of an application of one's own (`signs`). It says more than `vault`, which is an address, and comes before it.
    Tokens,
    /// A certificate of an authority that can be asked (`vault`).
    Tls,
    /// Nobody said it.
    NotKnown,
}

impl KeyUse {
    /// By the values that were given; what stands near the key does not count.
    #[must_use]
    pub fn of(subject: &Subject) -> Self {
        let is_given = |name: &str| {
            let value = subject.value(name);
            value.is_some_and(|value| value.source == ValueSource::Given)
        };
        match (is_given("signs"), is_given("vault")) {
            (true, _) => Self::Tokens,
            (false, true) => Self::Tls,
            (false, false) => Self::NotKnown,
        }
    }
}
