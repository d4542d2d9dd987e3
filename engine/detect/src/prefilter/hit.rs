//! A place where a literal of some rule stands.

/// A place where a literal of some rule stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hit {
    /// Offset of the literal's first byte.
    pub position: u32,
    /// Which literal, as the detector numbers them.
    pub literal: u32,
}
