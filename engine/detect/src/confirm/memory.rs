//! What a thread keeps for one rule: the regex's caches, and what was read of the piece at hand.
//!
//! INVARIANT: what is remembered saves reading and changes nothing that is found, up to the allowance for regex
//! searches. A search that is refused because the allowance is used up is told ([`RuleMemory::is_spent`]).

use super::expression::ExpressionCache;
use super::runs::Runs;

/// LIMIT: how many bytes the regex searches of one rule may be handed for each byte that is looked at. Windows end where
/// the expression's alphabet ends, so that ordinary text
/// stays below three.
const PER_BYTE: u64 = 16;

/// LIMIT: how many more bytes, so that short pieces need no such thought.
const FREE: u64 = 1 << 20;

/// What a thread keeps for one rule.
#[derive(Debug, Default)]
pub(crate) struct RuleMemory {
    pub(super) regex: Option<Box<ExpressionCache>>,
    pub(crate) runs: Runs,
    now: Moment,
    searched: u64,
    allowed: u64,
    is_spent: bool,
    /// Between these places no match of the expression begins.
    pub(super) barren: (usize, usize),
}

/// Which bytes are looked at: pieces, and what was decoded from them, are numbered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Moment {
    /// Number of the original piece.
    pub(crate) original: u64,
    /// Number of the bytes themselves.
    pub(crate) piece: u64,
}

impl RuleMemory {
    /// Gets ready for a hit in the bytes of that number; `looked_at` bytes of the original and of what was decoded from
    /// it were begun with so far.
    pub(crate) fn enter(&mut self, now: Moment, looked_at: u64) {
        if self.now.original != now.original {
            self.searched = 0;
        }
        if self.now != now {
            self.runs.forget();
            self.barren = (0, 0);
            self.now = now;
        }
        self.allowed = FREE.saturating_add(looked_at.saturating_mul(PER_BYTE));
        self.is_spent = false;
    }

    /// Whether a regex may search through so many bytes.
    pub(super) fn may_search(&mut self, length: usize) -> bool {
        self.runs.count(length);
        self.searched = self.searched.saturating_add(length as u64);
        self.is_spent |= self.searched > self.allowed;
        !self.is_spent
    }

    /// Whether a search was refused at this hit.
    pub(crate) fn is_spent(&self) -> bool {
        self.is_spent
    }
}
