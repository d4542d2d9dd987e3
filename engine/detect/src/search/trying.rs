//! Tries the hits of a piece: their rules look at the bytes around them, and candidates come of it or nothing.
//!
//! What was known of a hit before is brought back, and what is found out about it is noted; whether a candidate is a match is not
//! decided here.

use std::ops::Range;

use leakward_core::Span;

use super::Search;
use crate::carry::{Fate, Known, Reads};
use crate::confirm::Candidate;
use crate::judge::Judge;
use crate::prefilter::Hit;
use crate::rule_index::User;
use crate::rule_matcher::RuleMatcher;

/// A hit that was tried.
pub(super) struct Tried {
    /// Its number among the hits.
    number: usize,
    /// Its literal.
    hit: Hit,
    /// Which candidates came of it.
    candidates: Range<usize>,
}

impl Search<'_> {
    /// The literals of those hits about which something is to be done, by where they begin, each with the hit's number. A hit
    /// whose literal does not stand there as a whole comes to nothing.
    pub(super) fn line_up(&mut self, bytes: &[u8], known: &mut Known) -> Vec<(Hit, u32)> {
        let mut queue = std::mem::take(&mut self.scratch.queue);
        queue.clear();
        for (number, noted) in (0_u32..).zip(&mut known.hits) {
            if noted.is_nothing() {
                continue;
            }
            match self.detector.whole(bytes, noted.hit) {
                Some(hit) => queue.push((hit, number)),
                None => noted.reads = self.detector.extent_of_whole(noted.hit, bytes.len()),
            }
        }
        if !queue.is_sorted() {
            queue.sort_unstable();
        }
        queue
    }

    /// Tries the hits of the queue, and brings the candidates back of those that are known. Hits that mark encodings are
    /// put aside. Gives back those that brought candidates.
    pub(super) fn try_all(
        &mut self,
        bytes: &[u8],
        known: &mut Known,
        queue: &[(Hit, u32)],
        encoded: &mut Vec<usize>,
    ) -> Vec<Tried> {
        let most = self.detector.settings().limits.max_matches_per_piece;
        let mut all = Vec::new();
        for &(hit, number) in queue {
            let number = number as usize;
            if known
                .hits
                .get(number)
                .is_some_and(|noted| noted.reads.are_known())
            {
                self.bring_back(known, number, hit);
            } else if self.detector.index().is_encoding_mark(hit.literal) {
                encoded.push(number);
                continue;
            } else if let Some(candidates) = self.try_hit(bytes, hit) {
                if !candidates.is_empty() {
                    all.push(Tried {
                        number,
                        hit,
                        candidates,
                    });
                } else if let Some(noted) = known.hits.get_mut(number) {
                    noted.reads = self.read_by(hit, bytes);
                }
            }
            if self.scratch.candidates.len() >= most {
                self.limit(
                    "more candidates than the limit; the rest of the piece was not looked at"
                        .to_owned(),
                );
                break;
            }
        }
        all
    }

    /// Puts the candidates of a hit in again that were turned down in a piece where everything stood that was read for them.
    fn bring_back(&mut self, known: &Known, number: usize, hit: Hit) {
        let Some(noted) = known.hits.get(number) else {
            return;
        };
        let (mut rule, mut is_covered) = (usize::MAX, false);
        for one in known.turned_down(noted) {
            if one.rule() != rule {
                rule = one.rule();
                is_covered = self.scratch.passed.covers(rule, hit.position);
            }
            if !is_covered {
                let candidate = Candidate::turned_down(one, noted.hit.position);
                self.scratch.passed.note(rule, candidate.passed);
                self.scratch.candidates.push(candidate);
            }
        }
    }

    /// Notes those hits all of whose candidates were turned down because of the bytes around them.
    pub(super) fn settle(
        &mut self,
        bytes: &[u8],
        known: &mut Known,
        tried: &[Tried],
        (candidates, fates): (&[Candidate], &[Option<Fate>]),
    ) {
        for one in tried {
            let of_hit = candidates.get(one.candidates.clone()).unwrap_or_default();
            let fates = fates.get(one.candidates.clone()).unwrap_or_default();
            let told = of_hit.iter().zip(fates);
            let told: Vec<(usize, Span, usize, Fate)> = told
                .filter_map(|(candidate, fate)| {
                    Some((candidate.rule, candidate.span, candidate.passed, (*fate)?))
                })
                .collect();
            if told.len() != one.candidates.len() {
                continue;
            }
            let judged = of_hit.iter().map(Judge::reads);
            let judged = judged.map(|span| Reads::new(span.start, span.end, bytes.len()));
            let reads = judged.fold(self.read_by(one.hit, bytes), Reads::and);
            known.turn_down(one.number, reads, told.into_iter());
        }
    }

    /// Tries all rules that have the literal, and gives back which candidates that brought; nothing when that does not depend
    /// on the bytes around it alone, because a rule passed over it.
    fn try_hit(&mut self, bytes: &[u8], hit: Hit) -> Option<Range<usize>> {
        let first = self.scratch.candidates.len();
        let mut is_complete = true;
        for user in self.detector.index().users(hit.literal) {
            let rule = user.rule as usize;
            self.scratch.count(rule, |cost| cost.hits += 1);
            if self.scratch.passed.covers(rule, hit.position) {
                // Inside of the rule's last match it is not tried, so nothing is known.
                is_complete = false;
            } else {
                self.timed(rule, |search| search.try_rule(bytes, hit, *user));
            }
        }
        is_complete.then_some(first..self.scratch.candidates.len())
    }

    /// The bytes that the rules of a hit may have read.
    fn read_by(&mut self, hit: Hit, bytes: &[u8]) -> Reads {
        let (before, after) = self.scratch.reaches.get(self.detector, bytes, hit);
        let position = hit.position as usize;
        Reads::new(
            position.saturating_sub(before),
            position.saturating_add(after),
            bytes.len(),
        )
    }

    fn try_rule(&mut self, bytes: &[u8], hit: Hit, user: User) -> Option<()> {
        let (number, position) = (user.rule as usize, hit.position as usize);
        let detector = self.detector;
        self.scratch.count(number, |cost| cost.tries += 1);
        let (now, looked_at) = (self.scratch.now, self.scratch.looked_at);
        let memory = self.scratch.memories.get_mut(number)?;
        let memory = memory.get_or_insert_default();
        memory.enter(now, looked_at);
        let literal_end = || detector.literal(hit.literal)?.end_at(bytes, position);
        let candidate = match detector.matcher(number)? {
            RuleMatcher::Pattern(pattern) => {
                let found = pattern.find(bytes, (position, user.which as usize), memory);
                if memory.is_spent() {
                    return self.give_up(number);
                }
                let found = found?;
                if found.cut {
                    let id = detector.id(number);
                    self.limit(format!("a match of {id} reached the longest length of a credential and was cut there"));
                }
                Candidate {
                    passed: found.whole.end,
                    ..Candidate::new(number, found.credential)
                }
            }
            RuleMatcher::Keyword(keyword) => {
                let found = keyword.find(bytes, (position, literal_end()?), memory);
                if memory.is_spent() {
                    return self.give_up(number);
                }
                let found = found?;
                let mut candidate = Candidate::new(number, found.credential);
                candidate.name = Some(found.name);
                if !found.is_assigned {
                    candidate
                        .evidence
                        .push((-15, "nothing says that it is the name's value".into()));
                }
                candidate
            }
            RuleMatcher::Native(native) => {
                let hit = Span::new(position, literal_end()?);
                let mut candidate = native.find(number, bytes, hit, &mut memory.runs)?;
                candidate.passed = candidate.span.end;
                for span in std::mem::take(&mut candidate.more) {
                    let other = Candidate {
                        span,
                        ..candidate.clone()
                    };
                    self.scratch.candidates.push(other);
                }
                candidate
            }
            // They are run over whole pieces, and no literal of theirs has them as user.
            RuleMatcher::Sweep(_) | RuleMatcher::Path => return None,
            RuleMatcher::Refused(reason) => {
                return self.leave_out(number, &format!("was not applied: {reason}"));
            }
        };
        self.scratch.count(number, |cost| cost.candidates += 1);
        self.scratch.passed.note(number, candidate.passed);
        self.scratch.candidates.push(candidate);
        Some(())
    }

    fn give_up(&mut self, number: usize) -> Option<()> {
        let why = "was tried too often in vain; the rest was not looked at for it";
        self.leave_out(number, why)
    }

    /// Leaves a rule out for the rest of these bytes.
    fn leave_out(&mut self, number: usize, why: &str) -> Option<()> {
        self.scratch.passed.note(number, usize::MAX);
        self.limit(format!("rule {} {why}", self.detector.id(number)));
        None
    }
}
