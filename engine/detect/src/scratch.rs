//! What one thread keeps between pieces: buffers and regex caches.

use std::collections::HashMap;

use regex_automata::meta::Cache as SweepCache;

use crate::confirm::{Candidate, Moment, RuleMemory};
use crate::detector::Detector;
use crate::prefilter::Hit;
use crate::rule_cost::RuleCost;

/// What one thread keeps between pieces. Made by [`Detector::scratch`](crate::Detector::scratch).
#[derive(Debug)]
pub struct Scratch {
    pub(crate) hits: Vec<Hit>,
    /// Literals that are to be tried, and the numbers of their hits.
    pub(crate) queue: Vec<(Hit, u32)>,
    pub(crate) candidates: Vec<Candidate>,
    /// For each rule the end of its last match in this piece.
    pub(crate) passed: Passed,
    /// What is kept for each rule, once it has been hit.
    pub(crate) memories: Vec<Option<Box<RuleMemory>>>,
    /// The bytes that are looked at now.
    pub(crate) now: Moment,
    /// Bytes of the original and of what was decoded from it that were begun with.
    pub(crate) looked_at: u64,
    pub(crate) reaches: Reaches,
    /// For each rule that is run over whole pieces, what its expression needs.
    pub(crate) sweeps: HashMap<usize, Box<SweepCache>>,
    /// Bytes that rules over whole pieces have read behind the beginnings of their matches, as far as they were counted.
    pub(crate) swept: u64,
    /// What each rule cost; empty unless somebody measures.
    pub(crate) costs: Vec<RuleCost>,
}

/// For each literal how far around it its rules read, once that was asked for.
#[derive(Debug, Default)]
pub(crate) struct Reaches(Vec<Option<Reach>>);

/// How far around a literal its rules read.
#[derive(Clone, Copy, Debug)]
enum Reach {
    Fixed(u32, u32),
    /// It is found out for each hit.
    OfHit,
}

impl Reaches {
    /// How many bytes before and after its position the decision about a hit in `bytes` may read.
    pub(crate) fn get(&mut self, detector: &Detector, bytes: &[u8], hit: Hit) -> (usize, usize) {
        let number = hit.literal as usize;
        match self.0.get(number) {
            Some(Some(Reach::Fixed(before, after))) => return (*before as usize, *after as usize),
            Some(Some(Reach::OfHit)) => return detector.reads_of(bytes, hit),
            Some(None) | None => {}
        }
        let reads = detector.reads_of(bytes, hit);
        let narrow = |distance: usize| u32::try_from(distance).unwrap_or(u32::MAX);
        if self.0.len() <= number {
            self.0.resize(number + 1, None);
        }
        if let Some(slot) = self.0.get_mut(number) {
            *slot = Some(match detector.has_fixed_reach(hit.literal) {
                true => Reach::Fixed(narrow(reads.0), narrow(reads.1)),
                false => Reach::OfHit,
            });
        }
        reads
    }
}

/// For each rule up to where its last match reaches. Forgotten as a whole by counting pieces, not by clearing.
#[derive(Debug)]
pub(crate) struct Passed {
    piece: u32,
    ends: Vec<(u32, u32)>,
}

impl Passed {
    pub(crate) fn new(rules: usize) -> Passed {
        Passed {
            piece: 1,
            ends: vec![(0, 0); rules],
        }
    }

    /// Starts a new piece.
    pub(crate) fn forget(&mut self) {
        self.piece = self.piece.wrapping_add(1);
        if self.piece == 0 {
            self.ends.fill((0, 0));
            self.piece = 1;
        }
    }

    /// Whether `position` lies inside of the rule's last match.
    pub(crate) fn covers(&self, rule: usize, position: u32) -> bool {
        self.ends
            .get(rule)
            .is_some_and(|&(piece, end)| piece == self.piece && position < end)
    }

    /// Notes that the rule has matched up to `end`.
    pub(crate) fn note(&mut self, rule: usize, end: usize) {
        if let Some(slot) = self.ends.get_mut(rule) {
            *slot = (self.piece, u32::try_from(end).unwrap_or(u32::MAX));
        }
    }
}

impl Scratch {
    pub(crate) fn new(rules: usize) -> Scratch {
        Scratch {
            hits: Vec::new(),
            queue: Vec::new(),
            candidates: Vec::new(),
            passed: Passed::new(rules),
            memories: std::iter::repeat_with(|| None).take(rules).collect(),
            now: Moment::default(),
            looked_at: 0,
            reaches: Reaches::default(),
            sweeps: HashMap::new(),
            swept: 0,
            costs: Vec::new(),
        }
    }

    /// What each rule cost so far, by its number; empty unless the settings have a clock.
    #[must_use]
    pub fn costs(&self) -> &[RuleCost] {
        &self.costs
    }

    /// Counts something for a rule, when somebody measures.
    pub(crate) fn count(&mut self, rule: usize, count: impl FnOnce(&mut RuleCost)) {
        if let Some(cost) = self.costs.get_mut(rule) {
            count(cost);
        }
    }

    /// Starts with bytes that were not looked at before.
    pub(crate) fn next_piece(&mut self, length: usize) {
        self.looked_at = self.looked_at.saturating_add(length as u64);
        self.passed.forget();
        self.candidates.clear();
        self.now.piece += 1;
    }

    /// Starts with an original, from which further pieces may be decoded.
    pub(crate) fn next_original(&mut self) {
        self.now.original += 1;
        self.looked_at = 0;
    }

    /// How many bytes confirmation has read in its life.
    #[cfg(test)]
    pub(crate) fn read(&self) -> u64 {
        let memories = self.memories.iter().flatten();
        memories.map(|memory| memory.runs.read()).sum()
    }
}
