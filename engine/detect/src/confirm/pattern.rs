//! Rules whose credential is recognisable by its own text.
//!
//! The outline says where in a match the rule's literals stand. Mostly that is a fixed place, so that a hit tells
//! where the match would start, and one anchored try decides. Otherwise a window around the hit is searched.

use std::borrow::Cow;

use leakward_core::Span;
use leakward_core::rule::Pattern;

use super::boundary;
use super::expression::Expression;
use super::memory::RuleMemory;
use super::outline::{Item, Row};
use crate::byte_set::ByteSet;
use crate::prefilter::{Literal, Spelling};

/// Farthest that a match may begin before its literal where the expression sets no bound.
/// LIMIT: the longest unbounded beginnings of credentials are host names (253 bytes) and user parts of URLs.
const UNBOUNDED_BEFORE: usize = 512;

/// Most ways to fill in a literal's bytes from the expression's sets.
const MAX_SPELLINGS: usize = 64;

/// Where a literal stands in a match: at least and at most so many bytes after its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    least: usize,
    most: usize,
    /// What stands directly before the literal, and directly after it; anything, and also nothing, when empty.
    before: Option<ByteSet>,
    after: Option<ByteSet>,
}

impl Place {
    /// Whether what stands beside the literal can stand there in a match.
    fn fits(&self, bytes: &[u8], (start, end): (usize, usize)) -> bool {
        let byte_before = start.checked_sub(1).and_then(|at| bytes.get(at));
        let holds = |set: Option<ByteSet>, byte: Option<&u8>| {
            set.is_none_or(|set| byte.is_some_and(|byte| set.contains(*byte)))
        };
        holds(self.before, byte_before) && holds(self.after, bytes.get(end))
    }
}

/// A pattern rule made ready.
#[derive(Debug)]
pub(crate) struct PatternMatcher {
    expression: Expression,
    boundary: leakward_core::rule::Boundary,
    group: u8,
    /// For each literal of the rule, in order, the places where it stands.
    places: Vec<Vec<Place>>,
    /// Length of each literal.
    lengths: Vec<usize>,
    longest: Option<usize>,
    max_secret: usize,
}

/// What a try at a hit came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// The credential.
    pub(crate) credential: Span,
    /// The whole match.
    pub(crate) whole: Span,
    /// Whether it was cut at the longest length that is looked at.
    pub(crate) cut: bool,
}

impl PatternMatcher {
    /// Reads the rule's expression.
    ///
    /// # Errors
    /// What the expression's parser says against it.
    pub(crate) fn new(pattern: &Pattern, max_secret: usize) -> Result<PatternMatcher, String> {
        let expression = Expression::new(&pattern.regex, pattern.group)?;
        let spelling = if pattern.ignore_case {
            Spelling::AnyCase
        } else {
            Spelling::Exact
        };
        let literals: Vec<Literal> = pattern
            .literals
            .iter()
            .map(|text: &Cow<'static, str>| Literal::new(text, spelling))
            .collect();
        Ok(PatternMatcher {
            places: places(&expression.outline().rows, &literals),
            lengths: literals
                .iter()
                .map(|literal| literal.text().len())
                .collect(),
            longest: expression.outline().longest,
            max_secret,
            expression,
            boundary: pattern.boundary,
            group: pattern.group,
        })
    }

    /// What follows the literal wherever it stands in a match; nothing when that cannot be told.
    pub(crate) fn next_bytes(pattern: &Pattern, literal: &str) -> Option<ByteSet> {
        let expression = Expression::new(&pattern.regex, 0).ok()?;
        expression
            .outline()
            .rows
            .iter()
            .try_fold(ByteSet::EMPTY, |all, row| {
                let sure = |item: &Item| (item.min == 1 && item.max == Some(1)).then_some(item.set);
                let starts = (0..row.items.len()).filter(|start| {
                    let there = row.items.get(*start..).unwrap_or_default();
                    there.len() > literal.len()
                        && there
                            .iter()
                            .zip(literal.bytes())
                            .all(|(item, byte)| sure(item).is_some_and(|set| set.contains(byte)))
                });
                let mut next = starts.filter_map(|start| row.items.get(start + literal.len()));
                let first = next.next().filter(|item| item.min > 0)?;
                // The literal may stand twice in a match; then what follows either.
                next.try_fold(all.union(first.set), |all, item| {
                    (item.min > 0).then(|| all.union(item.set))
                })
            })
    }

    /// The expression, to be checked early.
    pub(crate) fn expression(&self) -> &Expression {
        &self.expression
    }

    /// How far before and after the hit of any of its literals the rule may read, boundary tests included.
    pub(crate) fn reach(&self) -> (usize, usize) {
        let before = self
            .places
            .iter()
            .flatten()
            .map(|place| place.most)
            .max()
            .unwrap_or(0);
        let after = self.longest_match();
        (
            before + boundary::READS_BEFORE,
            after + boundary::READS_AFTER,
        )
    }

    fn longest_match(&self) -> usize {
        self.longest.unwrap_or(self.max_secret).min(self.max_secret)
    }

    /// Tries to match around the hit of the rule's literal number `which` at `position`.
    pub(crate) fn find(
        &self,
        bytes: &[u8],
        (position, which): (usize, usize),
        memory: &mut RuleMemory,
    ) -> Option<Found> {
        let literal_end = position + self.lengths.get(which)?;
        self.places.get(which)?.iter().find_map(|place| {
            let longest = self.longest_match();
            let is_fixed = place.least == place.most;
            if (self.expression.needs_regex() || !is_fixed)
                && !place.fits(bytes, (position, literal_end))
            {
                return None;
            }
            if is_fixed {
                let start = position.checked_sub(place.least)?;
                if self.group == 0 && !boundary::starts_alone(bytes, start, self.boundary) {
                    return None;
                }
                let limit = start.saturating_add(longest);
                let matched = self.expression.match_at(bytes, start, limit, memory)?;
                self.accept(bytes, start, matched, limit)
            } else {
                let start = position.saturating_sub(place.most);
                let limit = position.saturating_add(longest);
                let (at, matched) =
                    self.expression
                        .match_over(bytes, (start, position, limit), memory)?;
                self.accept(bytes, at, matched, limit)
            }
        })
    }

    fn accept(
        &self,
        bytes: &[u8],
        start: usize,
        matched: super::program::Matched,
        limit: usize,
    ) -> Option<Found> {
        let credential = Span::new(matched.group_start, matched.group_end);
        (!credential.is_empty() && boundary::stands_alone(bytes, credential, self.boundary))
            .then_some(Found {
                credential,
                whole: Span::new(start, matched.end),
                cut: self.longest.is_none() && matched.end >= limit,
            })
    }
}

/// For each literal the places where it stands in a match: one at least for each row, so that no match is missed.
fn places(rows: &[Row], literals: &[Literal]) -> Vec<Vec<Place>> {
    let mut all: Vec<Vec<Place>> = vec![Vec::new(); literals.len()];
    for row in rows {
        let Some((place, used)) = place_in_row(row, literals) else {
            return vec![vec![anywhere(rows)]; literals.len()];
        };
        let (place, tail) = place;
        for ((places, literal), _) in all
            .iter_mut()
            .zip(literals)
            .zip(used)
            .filter(|(_, used)| *used)
        {
            let after = set_after(tail, literal.text().len());
            let place = Place { after, ..place };
            let is_same =
                |other: &&mut Place| (other.least, other.most) == (place.least, place.most);
            match places.iter_mut().find(is_same) {
                Some(same) => {
                    same.before = union(same.before, place.before);
                    same.after = union(same.after, place.after);
                }
                None => places.push(place),
            }
        }
    }
    all
}

/// Anywhere in a match.
fn anywhere(rows: &[Row]) -> Place {
    let longest = |row: &Row| {
        row.items
            .iter()
            .try_fold(0_usize, |sum, item| Some(sum.saturating_add(item.max?)))
    };
    let most = rows
        .iter()
        .map(longest)
        .try_fold(0, |most, length| Some(length?.max(most)));
    Place {
        least: 0,
        most: most.unwrap_or(UNBOUNDED_BEFORE).clamp(1, UNBOUNDED_BEFORE),
        before: None,
        after: None,
    }
}

/// What the last byte of `items` can be; nothing when there may be none.
fn set_before(items: &[Item]) -> Option<ByteSet> {
    let mut set = ByteSet::EMPTY;
    for item in items.iter().rev() {
        set = set.union(item.set);
        if item.min > 0 {
            return Some(set);
        }
    }
    None
}

/// What stands behind the first `length` bytes of `items`; nothing when that can be nothing, or cannot be told.
fn set_after(items: &[Item], length: usize) -> Option<ByteSet> {
    let (mut rest, mut left) = (items, length);
    while left > 0 {
        let (item, tail) = rest.split_first()?;
        if item.max != Some(item.min) {
            return None;
        }
        if item.min > left {
            return Some(item.set);
        }
        left -= item.min;
        rest = tail;
    }
    let mut set = ByteSet::EMPTY;
    for item in rest {
        set = set.union(item.set);
        if item.min > 0 {
            return Some(set);
        }
    }
    None
}

/// What may stand there in either case.
fn union(one: Option<ByteSet>, other: Option<ByteSet>) -> Option<ByteSet> {
    one.zip(other).map(|(one, other)| one.union(other))
}

/// A place, and the items of the row from there on.
type PlaceAndTail<'r> = (Place, &'r [Item]);

/// The first place in a row at which always some literal stands, a fixed one if possible; and which literals stand there.
fn place_in_row<'r>(row: &'r Row, literals: &[Literal]) -> Option<(PlaceAndTail<'r>, Vec<bool>)> {
    let mut floating = None;
    let (mut least, mut most) = (0_usize, Some(0_usize));
    for (index, item) in row.items.iter().enumerate() {
        let tail = row.items.get(index..).unwrap_or_default();
        // Literals may start inside of a run of equal sets only at its first byte: a literal is written as such.
        let mut used = vec![false; literals.len()];
        let still: Vec<(usize, &Literal)> = literals.iter().enumerate().collect();
        let mut budget = MAX_SPELLINGS;
        if covered(tail, 0, 0, &still, &mut used, &mut budget) {
            let place = Place {
                least,
                most: most.unwrap_or(UNBOUNDED_BEFORE).min(UNBOUNDED_BEFORE),
                before: set_before(row.items.get(..index).unwrap_or_default()),
                after: None,
            };
            let place_and_tail = (place, tail);
            if place.least == place.most {
                return Some((place_and_tail, used));
            }
            floating = floating.or(Some((place_and_tail, used)));
        }
        least = least.saturating_add(item.min);
        most = most.zip(item.max).map(|(sum, max)| sum.saturating_add(max));
    }
    floating
}

/// Whether every text that the items can start with starts with one of `still`, of which `matched` bytes are known to
/// stand. Marks the literals that complete. `taken` bytes of the first item are used up.
fn covered(
    items: &[Item],
    taken: usize,
    matched: usize,
    still: &[(usize, &Literal)],
    used: &mut [bool],
    budget: &mut usize,
) -> bool {
    if let Some((index, _)) = still
        .iter()
        .find(|(_, literal)| literal.text().len() == matched)
    {
        if let Some(used) = used.get_mut(*index) {
            *used = true;
        }
        return true;
    }
    let Some((item, tail)) = items.split_first() else {
        return false;
    };
    if taken >= item.min {
        *budget = budget.saturating_sub(1);
        // Past the sure part of an item it may end, and where it can go on that must be covered as well.
        if *budget == 0 || !covered(tail, 0, matched, still, used, budget) {
            return false;
        }
        if item.max.is_some_and(|max| taken >= max) {
            return true;
        }
    }
    if item.set.len() > 16 {
        return false;
    }
    item.set.iter().all(|byte| {
        let fitting: Vec<(usize, &Literal)> = still
            .iter()
            .filter(|(_, literal)| {
                literal
                    .text()
                    .get(matched)
                    .is_some_and(|&letter| match literal.spelling() {
                        Spelling::Exact => letter == byte,
                        Spelling::AnyCase | Spelling::Loose => letter == byte.to_ascii_lowercase(),
                    })
            })
            .copied()
            .collect();
        *budget = budget.saturating_sub(1);
        *budget > 0
            && !fitting.is_empty()
            && covered(items, taken + 1, matched + 1, &fitting, used, budget)
    })
}
