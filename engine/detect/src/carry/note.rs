//! What is remembered of a piece: where literals stand in it, and which of them are known to mean nothing.

use crate::prefilter::Hit;

/// What is remembered of a piece for those that are made from it. Holds no byte of the piece.
#[derive(Clone, Debug, Default)]
pub struct Note {
    /// Length of the piece.
    pub(crate) len: usize,
    /// Every hit, by position; nothing when the piece is one of which nothing can be carried over.
    pub(crate) hits: Option<Vec<Noted>>,
}

/// A hit, and what is known about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Noted {
    pub(crate) hit: Hit,
    /// The bytes of the piece because of which it came to nothing; empty while it may come to something.
    pub(crate) reads: Reads,
}

/// A stretch of a piece. Empty stands for "not known".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reads {
    start: u32,
    end: u32,
}

impl Reads {
    /// Not known.
    pub(crate) const UNKNOWN: Reads = Reads { start: 0, end: 0 };

    /// The bytes from `start` to before `end`, cut at the end of a piece of `len` bytes.
    pub(crate) fn new(start: usize, end: usize, len: usize) -> Reads {
        let narrow = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Reads {
            start: narrow(start),
            end: narrow(end.min(len)),
        }
    }

    /// Whether it is known which bytes they are.
    pub(crate) fn are_known(self) -> bool {
        self.end > 0
    }

    /// First byte.
    pub(crate) fn start(self) -> usize {
        self.start as usize
    }

    /// One past the last byte.
    pub(crate) fn end(self) -> usize {
        self.end as usize
    }
}

impl Noted {
    /// A hit of which nothing is known yet.
    pub(crate) fn new(hit: Hit) -> Noted {
        Noted {
            hit,
            reads: Reads::UNKNOWN,
        }
    }
}
