//! Which refs reach which commits.
//!
//! A few hundred questions at a time: one bit for each, handed from parents to children once along the history. Commits
//! are known by their places in an order in which parents come first, so that what is read next is mostly near; a pass
//! begins at the first commit that one of its questions is about.

use std::collections::HashMap;

use gix::ObjectId;
use rayon::iter::ParallelIterator as _;
use rayon::slice::ParallelSlice as _;

use crate::git::Ref;
use crate::git::commits::{History, Tips};
use crate::git::lookup::Lookup;

/// Most refs that are named for one question.
const MAX_REFS: usize = 5;

/// The refs that lead to commits, the ones that tell most first.
pub(super) struct RefOrder {
    refs: Vec<(String, u32)>,
}

/// The refs that reach something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reached {
    pub(super) names: Vec<String>,
    pub(super) more: u64,
}

impl RefOrder {
    /// Follows each ref to its commit. Shortest names first; those that are not below `refs/` last, but for `HEAD`.
    pub(super) fn of(refs: &[Ref], history: &History, lookup: &Lookup) -> Self {
        let mut followed: HashMap<ObjectId, Option<u32>> = HashMap::new();
        let mut order: Vec<(String, u32)> = refs
            .iter()
            .filter_map(|named| {
                let commit = history.number(&named.target).or_else(|| {
                    *followed.entry(named.target).or_insert_with(|| {
                        let tips = Tips::of(lookup, &[named.target]);
                        tips.commits
                            .first()
                            .and_then(|commit| history.number(commit))
                    })
                })?;
                Some((named.name.clone(), commit))
            })
            .collect();
        order.sort_by_cached_key(|(name, _)| {
            let aside = !name.starts_with("refs/") && name != "HEAD";
            let shown = short(name);
            (aside, shown.len(), shown.to_owned())
        });
        Self { refs: order }
    }

    /// For each question, a list of commits, the refs that reach at least one of them. `order` has parents first.
    pub(super) fn reaching(
        &self,
        history: &History,
        order: &[u32],
        questions: &[Vec<u32>],
    ) -> Vec<Reached> {
        let line = Line::of(order, history.len(), |commit| history.parents(commit));
        self.answers(&line, questions)
    }

    fn answers(&self, line: &Line, questions: &[Vec<u32>]) -> Vec<Reached> {
        let refs = self.refs.iter();
        let refs: Vec<(&str, u32)> = refs
            .filter_map(|(name, commit)| Some((name.as_str(), line.place(*commit)?)))
            .collect();
        // Those about the same commits have one answer, and those about late commits stand together.
        let mut asked: Vec<(Vec<u32>, usize)> = (questions.iter().enumerate())
            .map(|(number, commits)| (line.places(commits), number))
            .filter(|(places, _)| !places.is_empty())
            .collect();
        asked.sort_unstable();
        let groups: Vec<&[(Vec<u32>, usize)]> = asked.chunk_by(|a, b| a.0 == b.0).collect();
        let answered = groups.par_chunks(AT_ONCE).map(|groups| {
            let places = groups.iter().filter_map(|group| group.first());
            let places: Vec<&[u32]> = places.map(|(places, _)| places.as_slice()).collect();
            let found = line.reached_from(&places, &refs);
            let all = groups.iter().zip(found).flat_map(|(group, reached)| {
                let numbers = group.iter().map(|(_, number)| *number);
                numbers.map(move |number| (number, reached.clone()))
            });
            all.collect::<Vec<(usize, Reached)>>()
        });
        let mut answers = vec![Reached::default(); questions.len()];
        for (number, reached) in answered.collect::<Vec<_>>().into_iter().flatten() {
            if let Some(answer) = answers.get_mut(number) {
                *answer = reached;
            }
        }
        answers
    }
}

/// Words of a mask. PERF: more questions at once save passes over the history, and make each of them larger.
const WORDS: usize = 4;

/// Questions that are answered in one pass.
const AT_ONCE: usize = WORDS * 64;

/// A bit for each question.
type Mask = [u64; WORDS];

/// The commits in a line, parents before children.
struct Line {
    /// By number of the commit: its place.
    places: Vec<u32>,
    /// The places of the parents of the commit at place `n`: `parents[first_parent[n]..first_parent[n + 1]]`.
    parents: Vec<u32>,
    first_parent: Vec<u32>,
}

impl Line {
    /// `order` has some of `count` commits, parents first.
    fn of<'p>(order: &[u32], count: usize, parents: impl Fn(u32) -> &'p [u32]) -> Self {
        let mut places = vec![u32::MAX; count];
        for (place, &commit) in (0..).zip(order) {
            if let Some(slot) = places.get_mut(commit as usize) {
                *slot = place;
            }
        }
        let mut line = Self {
            places,
            parents: Vec::with_capacity(order.len()),
            first_parent: Vec::with_capacity(order.len() + 1),
        };
        line.first_parent.push(0);
        for &commit in order {
            let of_commit = parents(commit).iter();
            let places = &line.places;
            let of_commit = of_commit.filter_map(|&parent| places.get(parent as usize));
            line.parents.extend(of_commit);
            let end = u32::try_from(line.parents.len()).unwrap_or(u32::MAX);
            line.first_parent.push(end);
        }
        line
    }

    fn place(&self, commit: u32) -> Option<u32> {
        let place = self.places.get(commit as usize).copied()?;
        (place != u32::MAX).then_some(place)
    }

    /// The places of these commits, each once, sorted.
    fn places(&self, commits: &[u32]) -> Vec<u32> {
        let places = commits.iter().filter_map(|&commit| self.place(commit));
        let mut places: Vec<u32> = places.collect();
        places.sort_unstable();
        places.dedup();
        places
    }

    /// For each question, a list of places, the refs that reach at least one of them.
    fn reached_from(&self, questions: &[&[u32]], refs: &[(&str, u32)]) -> Vec<Reached> {
        let mut answers = vec![Reached::default(); questions.len()];
        let places = questions.iter().flat_map(|places| places.iter());
        let Some(start) = places.min().map(|&place| place as usize) else {
            return answers;
        };
        let masks = self.masks(questions, start);
        let mut tally = Tally::default();
        // Questions whose refs are still named.
        let mut open: Mask = [u64::MAX; WORDS];
        for (name, place) in refs {
            let mask = (*place as usize)
                .checked_sub(start)
                .and_then(|at| masks.get(at));
            let Some(mask) = mask else { continue };
            tally.add(mask);
            for (word, (bits, open)) in mask.iter().zip(&mut open).enumerate() {
                let mut bits = bits & *open;
                while bits != 0 {
                    let bit = bits.trailing_zeros();
                    bits &= bits - 1;
                    if let Some(answer) = answers.get_mut(word * 64 + bit as usize) {
                        answer.add(name);
                        *open &= !(u64::from(answer.is_full()) << bit);
                    }
                }
            }
        }
        for (question, answer) in answers.iter_mut().enumerate() {
            answer.more = tally.of(question).saturating_sub(answer.names.len() as u64);
        }
        answers
    }

    /// For each commit from the place `start` on, which of `questions` are about it or a commit before it.
    fn masks(&self, questions: &[&[u32]], start: usize) -> Vec<Mask> {
        let mut masks: Vec<Mask> = vec![[0; WORDS]; self.first_parent.len() - 1 - start];
        for (question, places) in questions.iter().enumerate() {
            for &place in *places {
                let word = masks
                    .get_mut(place as usize - start)
                    .and_then(|mask| mask.get_mut(question / 64));
                if let Some(word) = word {
                    *word |= 1 << (question % 64);
                }
            }
        }
        for at in 0..masks.len() {
            let bound = |place: usize| self.first_parent.get(place).map_or(0, |&at| at as usize);
            let parents = bound(start + at)..bound(start + at + 1);
            let parents = self.parents.get(parents).unwrap_or_default();
            let mut all: Mask = [0; WORDS];
            for &parent in parents {
                let of_parent = (parent as usize).checked_sub(start);
                let of_parent = of_parent.and_then(|at| masks.get(at)).copied();
                let of_parent = of_parent.unwrap_or_default();
                all.iter_mut()
                    .zip(of_parent)
                    .for_each(|(word, more)| *word |= more);
            }
            if let Some(mask) = masks.get_mut(at) {
                mask.iter_mut()
                    .zip(all)
                    .for_each(|(word, more)| *word |= more);
            }
        }
        masks
    }
}

/// How often each question's bit was set.
///
/// PERF: of 60,000 refs each of 300 findings is reached by most; counters that stand side by side, a bit of each in one
/// word, are counted up together.
#[derive(Default)]
struct Tally {
    /// The lowest bits of all counters, the next ones, …
    digits: Vec<Mask>,
}

impl Tally {
    fn add(&mut self, mask: &Mask) {
        let mut carry = *mask;
        for digit in &mut self.digits {
            if carry == [0; WORDS] {
                return;
            }
            for (digit, carry) in digit.iter_mut().zip(&mut carry) {
                let both = *digit & *carry;
                *digit ^= *carry;
                *carry = both;
            }
        }
        if carry != [0; WORDS] {
            self.digits.push(carry);
        }
    }

    fn of(&self, question: usize) -> u64 {
        let bit = |digit: &Mask| {
            digit
                .get(question / 64)
                .map_or(0, |word| word >> (question % 64) & 1)
        };
        (self.digits.iter().rev()).fold(0, |count, digit| count << 1 | bit(digit))
    }
}

impl Reached {
    /// Whether no more refs are named.
    fn is_full(&self) -> bool {
        self.names.len() >= MAX_REFS
    }

    /// Adds a ref, unless there are enough already.
    pub(super) fn add(&mut self, name: &str) {
        if !self.is_full() {
            self.names.push(short(name).to_owned());
        } else {
            self.more += 1;
        }
    }
}

/// A ref's name as people write it.
fn short(name: &str) -> &str {
    ["refs/heads/", "refs/tags/", "refs/remotes/", "refs/"]
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix))
        .unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a commit reaches, itself included, asked commit by commit.
    fn slowly(parents: &[Vec<u32>], from: u32) -> Vec<bool> {
        let mut seen = vec![false; parents.len()];
        let mut pending = vec![from];
        while let Some(commit) = pending.pop() {
            if !std::mem::replace(&mut seen[commit as usize], true) {
                pending.extend(&parents[commit as usize]);
            }
        }
        seen
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn the_refs_that_are_named_are_those_from_which_a_walk_meets_a_commit(
            edges in proptest::collection::vec(proptest::collection::vec(0.0..1.0, 0..3), 1..60),
            tips in proptest::collection::vec(0.0..1.0, 0..12),
            asked in proptest::collection::vec(proptest::collection::vec(0.0..1.0, 0..4), 0..600),
            turn in any::<bool>(),
        ) {
            let count = edges.len() as u32;
            // Numbers say nothing about the order.
            let number = |place: u32| if turn { count - 1 - place } else { place };
            let at = |share: f64, below: u32| number((share * f64::from(below)) as u32);
            let mut parents = vec![Vec::new(); edges.len()];
            for (place, edges) in (0_u32..).zip(&edges) {
                let of_commit = edges.iter().filter(|_| place > 0).map(|share| at(*share, place));
                parents[number(place) as usize] = of_commit.collect();
            }
            let order: Vec<u32> = (0..count).map(number).collect();
            let line = Line::of(&order, edges.len(), |commit| parents[commit as usize].as_slice());
            let refs = RefOrder {
                refs: tips.iter().enumerate().map(|(name, share)| (name.to_string(), at(*share, count))).collect(),
            };
            let questions: Vec<Vec<u32>> = asked.iter().map(|one| one.iter().map(|share| at(*share, count)).collect()).collect();
            let expected: Vec<Reached> = questions.iter().map(|commits| {
                let mut reached = Reached::default();
                for (name, tip) in &refs.refs {
                    let seen = slowly(&parents, *tip);
                    if commits.iter().any(|commit| seen[*commit as usize]) {
                        reached.add(name);
                    }
                }
                reached
            }).collect();
            prop_assert_eq!(refs.answers(&line, &questions), expected);
        }
    }
}
