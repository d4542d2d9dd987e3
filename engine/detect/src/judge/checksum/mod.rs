//! Tests over a credential's own characters, one file for each family.

use leakward_core::rule::Checksum;

/// What a test says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// It holds: chance is ruled out.
    Holds,
    /// It fails: invented or altered.
    Fails,
    /// It says nothing.
    Silent,
}

/// Tests `secret`.
pub(crate) fn test(_kind: Checksum, _secret: &[u8]) -> Proof {
    Proof::Silent
}
