//! What rules cost, counted while somebody measures.

/// Tells the time in nanoseconds since some moment. Handed in, because detection itself reads no clock.
pub type Clock = fn() -> u64;

/// What one rule cost and brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RuleCost {
    /// How often one of its literals stood somewhere.
    pub hits: u64,
    /// How often its expression or detector was tried.
    pub tries: u64,
    /// Time in its expression and in the judge, in nanoseconds.
    pub nanos: u64,
    /// How often the expression matched.
    pub candidates: u64,
    /// How many of those were credentials.
    pub matches: u64,
}

impl RuleCost {
    /// Adds what another thread counted.
    pub fn add(&mut self, other: &RuleCost) {
        self.hits += other.hits;
        self.tries += other.tries;
        self.nanos += other.nanos;
        self.candidates += other.candidates;
        self.matches += other.matches;
    }
}
