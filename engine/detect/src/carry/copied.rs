//! A stretch of bytes that one piece has from another.

/// `len` bytes of the base from offset `from` stand in the result from offset `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Offset in the base.
    pub from: usize,
    /// Offset in the result.
    pub to: usize,
    /// Number of bytes.
    pub len: usize,
}
