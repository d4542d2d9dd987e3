//! The bitmap of all grams, and the table from a gram to the literals that are known by it.
//!
//! Which grams a literal is known by: the rarest four bytes of its text; for a loose literal either four bytes
//! inside of one piece, or, for each way to join two pieces, four bytes that span the joint; for a literal of three bytes,
//! those three with everything that may follow them.
//!
//! INVARIANT: wherever a literal of at least three bytes stands, exactly one of its grams stands at the noted offset.

use super::beside::Beside;
use super::frequency::cost;
use super::gram::{Gram, HASH_BITS, SECOND_BITS};
use super::literal::{Literal, SEPARATORS};

/// A literal that is known by some gram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Anchor {
    /// Which literal.
    pub(super) literal: u32,
    /// Which byte of its text the gram starts at.
    pub(super) offset: u32,
}

/// The anchors of one gram, as a range of `anchors`; an empty range marks a free slot.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    gram: u32,
    first: u32,
    count: u32,
}

/// Words of the bitmap: one for every 32 hashes.
const WORDS: usize = 1 << (HASH_BITS - 5);

/// A bit for every hash.
pub(super) type Bitmap = [u32; WORDS];

/// The bitmap of all grams, and the table from a gram to the literals that are known by it.
#[derive(Clone, Debug)]
pub(super) struct GramTable {
    bitmap: Box<Bitmap>,
    /// The same with another hash: four of five positions that the first lets through only share a bit with some gram.
    second: Box<[u32]>,
    slots: Box<[Slot]>,
    anchors: Vec<(Anchor, Beside)>,
    furthest: usize,
    is_text: bool,
}

/// What a folded byte can be: every value with the bit 0x20 set.
fn folded_bytes() -> impl Iterator<Item = u8> {
    (0..=u8::MAX).filter(|byte| byte & 0x20 != 0)
}

impl GramTable {
    /// The table of `literals`; those shorter than three bytes are left out.
    pub(super) fn new(literals: &[Literal]) -> GramTable {
        let mut known = Vec::with_capacity(literals.len() * 2);
        for (index, literal) in (0_u32..).zip(literals) {
            note_grams(literal, index, &mut known);
        }
        known.sort_unstable();
        known.dedup();
        let size = (known.len() * 2).next_power_of_two().max(64);
        let mut table = GramTable {
            bitmap: Box::new([0; WORDS]),
            second: vec![0; 1 << (SECOND_BITS - 5)].into_boxed_slice(),
            slots: vec![Slot::default(); size].into_boxed_slice(),
            anchors: known
                .iter()
                .map(|&(_, anchor)| {
                    let literal = literals.get(anchor.literal as usize);
                    let beside = literal.map(|literal| Beside::of(literal, anchor.offset as usize));
                    (anchor, beside.unwrap_or_default())
                })
                .collect(),
            furthest: 0,
            is_text: literals.iter().all(is_text),
        };
        for (group, range) in runs(&known) {
            table.insert(group, range);
        }
        table.furthest = table
            .anchors
            .iter()
            .filter_map(|(anchor, _)| {
                let literal = literals.get(anchor.literal as usize)?;
                let joints = literal
                    .joints()
                    .iter()
                    .filter(|&&joint| joint <= anchor.offset as usize)
                    .count();
                Some(anchor.offset as usize + joints)
            })
            .max()
            .unwrap_or_default();
        table
    }

    fn insert(&mut self, group: Gram, (first, count): (u32, u32)) {
        let hash = group.hash();
        if let Some(word) = self.bitmap.get_mut((hash >> 5) as usize) {
            *word |= 1 << (hash & 31);
        }
        let second = group.second_hash();
        if let Some(word) = self.second.get_mut((second >> 5) as usize) {
            *word |= 1 << (second & 31);
        }
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        while let Some(slot) = self.slots.get_mut(at) {
            if slot.count == 0 {
                *slot = Slot {
                    gram: group.0,
                    first,
                    count,
                };
                return;
            }
            at = (at + 1) & mask;
        }
    }

    /// The bitmap: bit h is set when some gram has the hash h.
    pub(super) fn bitmap(&self) -> &Bitmap {
        &self.bitmap
    }

    /// Whether some gram has this one's hash.
    #[inline]
    pub(super) fn may_hold(&self, gram: Gram) -> bool {
        self.has(gram.hash())
    }

    /// Whether some gram has this hash.
    #[inline]
    pub(super) fn has(&self, hash: u32) -> bool {
        self.bitmap
            .get((hash >> 5) as usize)
            .is_some_and(|word| word >> (hash & 31) & 1 == 1)
    }

    /// Whether some gram has this one's second hash.
    #[inline]
    pub(super) fn still_may_hold(&self, gram: Gram) -> bool {
        let hash = gram.second_hash();
        self.second
            .get((hash >> 5) as usize)
            .is_some_and(|word| word >> (hash & 31) & 1 == 1)
    }

    /// The literals that are known by this gram.
    #[inline]
    pub(super) fn anchors(&self, gram: Gram) -> &[(Anchor, Beside)] {
        let mask = self.slots.len() - 1;
        let mut at = gram.hash() as usize & mask;
        while let Some(slot) = self.slots.get(at) {
            if slot.count == 0 {
                break;
            }
            if slot.gram == gram.0 {
                let first = slot.first as usize;
                return self
                    .anchors
                    .get(first..first + slot.count as usize)
                    .unwrap_or_default();
            }
            at = (at + 1) & mask;
        }
        &[]
    }

    /// Whether every literal is nothing but ASCII text, so that none stands where there are no three such bytes in a row.
    pub(super) fn is_text(&self) -> bool {
        self.is_text
    }

    /// Farthest distance from a literal's start to its gram's start, in any spelling.
    pub(super) fn furthest(&self) -> usize {
        self.furthest
    }
}

/// The runs of equal grams: the gram, and the run's start and length.
fn runs(known: &[(Gram, Anchor)]) -> impl Iterator<Item = (Gram, (u32, u32))> {
    let mut first = 0_u32;
    known.chunk_by(|a, b| a.0 == b.0).filter_map(move |run| {
        let count = u32::try_from(run.len()).ok()?;
        let at = first;
        first += count;
        Some((run.first()?.0, (at, count)))
    })
}

/// Which byte of its text the first of the grams begins with that a literal is known by.
pub(super) fn rarest_at(literal: &Literal) -> usize {
    let mut known = Vec::new();
    note_grams(literal, 0, &mut known);
    let offsets = known.iter().map(|(_, anchor)| anchor.offset as usize);
    offsets.min().unwrap_or(0)
}

/// Adds the grams that `literal` is known by.
fn note_grams(literal: &Literal, index: u32, known: &mut Vec<(Gram, Anchor)>) {
    let anchor = |offset: usize| Anchor {
        literal: index,
        offset: u32::try_from(offset).unwrap_or(u32::MAX),
    };
    let mut best: Option<(u32, Cover)> =
        rarest_inside(literal).map(|(gram, offset)| (cost(gram), vec![(gram, offset)]));
    for &joint in literal.joints() {
        let limit = best.as_ref().map_or(u32::MAX, |(total, _)| *total);
        best = rarest_across(literal, joint, limit).or(best);
    }
    match best {
        Some((_, cover)) => known.extend(
            cover
                .into_iter()
                .map(|(gram, offset)| (gram, anchor(offset))),
        ),
        None => note_short(literal, anchor(0), known),
    }
}

/// Grams of which one stands in every spelling of a literal, with their offsets.
type Cover = Vec<(Gram, usize)>;

/// The rarest gram that lies inside of one piece, and its offset.
fn rarest_inside(literal: &Literal) -> Option<(Gram, usize)> {
    literal
        .text()
        .windows(4)
        .enumerate()
        .filter(|(offset, _)| {
            !literal
                .joints()
                .iter()
                .any(|joint| (offset + 1..offset + 4).contains(joint))
        })
        .filter_map(|(offset, window)| Some((Gram::of(window.try_into().ok()?), offset)))
        .min_by_key(|&(gram, _)| cost(gram))
}

/// For each way to join two pieces at `joint`, the rarest gram that spans it, and its offset; and what they cost together. Nothing when
/// some way has none (the pieces are too short), or when they cost as much as `limit`.
///
/// PERF: every start of the program does this for a thousand literals, so that nothing is copied but the few bytes that such a gram can
/// have, and what is too dear already is left.
fn rarest_across(literal: &Literal, joint: usize, limit: u32) -> Option<(u32, Cover)> {
    let joints = literal.joints();
    let before = joints.iter().rev().find(|other| **other < joint);
    let after = joints.iter().find(|other| **other > joint);
    // One byte of each piece at least, and so three of the other one at most.
    let before = (*before.unwrap_or(&0)).max(joint.saturating_sub(3));
    let after = (*after.unwrap_or(&literal.text().len())).min(joint + 3);
    let first = literal.text().get(before..joint)?;
    let second = literal.text().get(joint..after)?;
    let mut cover = Cover::new();
    let mut total = 0_u32;
    for separator in std::iter::once(None).chain(SEPARATORS.map(Some)) {
        let mut joined = [0_u8; 7];
        let bytes = first.iter().chain(&separator).chain(second);
        let length = first.len() + usize::from(separator.is_some()) + second.len();
        for (to, byte) in joined.iter_mut().zip(bytes) {
            *to = *byte;
        }
        let spans = joined.get(..length)?.windows(4).enumerate();
        // At least one byte of the first piece, and one past the joint or the separator itself.
        let spans = spans.filter(|(offset, _)| *offset < first.len() && offset + 4 > first.len());
        let grams = spans.filter_map(|(offset, window)| {
            Some((Gram::of(window.try_into().ok()?), before + offset))
        });
        let (price, rarest) = grams
            .map(|(gram, offset)| (cost(gram), (gram, offset)))
            .min_by_key(|(price, _)| *price)?;
        total = total.saturating_add(price);
        if total >= limit {
            return None;
        }
        cover.push(rarest);
    }
    Some((total, cover))
}

/// Adds every gram that a literal of three bytes may start, in each of its spellings.
fn note_short(literal: &Literal, anchor: Anchor, known: &mut Vec<(Gram, Anchor)>) {
    if is_too_short(literal) {
        return;
    }
    let mut starts: Vec<Vec<u8>> = vec![Vec::new()];
    // INVARIANT: a start of four bytes is a gram, and nothing is put to it. Of twenty pieces of one byte there are more spellings than fit
    // into any memory, and of their first four bytes hardly a hundred.
    let is_short = |start: &&Vec<u8>| start.len() < 4;
    for (index, &byte) in literal.text().iter().enumerate() {
        if literal.joints().contains(&index) {
            let separated: Vec<Vec<u8>> = starts
                .iter()
                .filter(is_short)
                .flat_map(|start| {
                    SEPARATORS.map(|separator| [start.as_slice(), &[separator]].concat())
                })
                .collect();
            starts.extend(separated);
        }
        let short = starts.iter_mut().filter(|start| start.len() < 4);
        short.for_each(|start| start.push(byte));
    }
    let mut next: Vec<u8> = match literal.next() {
        Some(set) => set.iter().map(|byte| byte | 0x20).collect(),
        None => folded_bytes().collect(),
    };
    next.sort_unstable();
    next.dedup();
    for start in starts {
        match *start.as_slice() {
            [a, b, c] => {
                known.extend(next.iter().map(|&next| (Gram::of([a, b, c, next]), anchor)));
            }
            [a, b, c, d] => known.push((Gram::of([a, b, c, d]), anchor)),
            _ => {}
        }
    }
}

fn is_text(literal: &Literal) -> bool {
    let is_text = |byte: &u8| matches!(byte, 0x09..=0x0d | 0x20..=0x7f);
    literal.text().iter().all(is_text)
}

/// Whether a literal is too short for any gram, so that it has to be searched on its own.
pub(super) fn is_too_short(literal: &Literal) -> bool {
    literal.text().len() < 3
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use leakward_core::rule::Find;
    use proptest::prelude::*;

    use super::*;
    use crate::prefilter::Spelling;

    /// The slow twin: for each way to join two pieces at `joint`, the rarest gram that spans it, and its offset. Nothing when some way
    /// has none (the pieces are too short).
    fn slowly_across(literal: &Literal, joint: usize) -> Option<Cover> {
        let before = literal
            .joints()
            .iter()
            .copied()
            .filter(|&other| other < joint)
            .max()
            .unwrap_or(0);
        let after = literal
            .joints()
            .iter()
            .copied()
            .filter(|&other| other > joint)
            .min()
            .unwrap_or(literal.text().len());
        let (first, second) = (
            literal.text().get(before..joint)?,
            literal.text().get(joint..after)?,
        );
        std::iter::once(None)
            .chain(SEPARATORS.map(Some))
            .map(|separator| {
                let joined: Vec<u8> = first
                    .iter()
                    .copied()
                    .chain(separator)
                    .chain(second.iter().copied())
                    .collect();
                joined
                    .windows(4)
                    .enumerate()
                    // At least one byte of the first piece, and one past the joint or the separator itself.
                    .filter(|(offset, _)| *offset < first.len() && offset + 4 > first.len())
                    .filter_map(|(offset, window)| {
                        Some((Gram::of(window.try_into().ok()?), before + offset))
                    })
                    .min_by_key(|&(gram, _)| cost(gram))
            })
            .collect()
    }

    fn slowly(literal: &Literal) -> Option<Cover> {
        let total = |cover: &Cover| cover.iter().map(|(gram, _)| cost(*gram)).sum::<u32>();
        let inside = rarest_inside(literal).map(|gram| vec![gram]);
        let joints = literal.joints().iter();
        let across = joints.filter_map(|&joint| slowly_across(literal, joint));
        inside.into_iter().chain(across).min_by_key(total)
    }

    fn agrees(literal: &Literal) -> bool {
        let mut known = Vec::new();
        note_grams(literal, 0, &mut known);
        let noted = known
            .iter()
            .map(|(gram, anchor)| (*gram, anchor.offset as usize))
            .collect::<Cover>();
        // Without four bytes in a row it is known by all that it may begin.
        slowly(literal).is_none_or(|cover| cover == noted)
    }

    #[test]
    fn the_keywords_of_the_rules_are_known_by_the_same_grams() {
        let mut with_joints = 0;
        for rule in leakward_rules::built_in() {
            let Find::Keyword(keyword) = &rule.find else {
                continue;
            };
            for name in keyword.keywords.iter() {
                let literal = Literal::new(&Cow::Owned(name.to_string()), Spelling::Loose);
                with_joints += usize::from(!literal.joints().is_empty());
                assert!(agrees(&literal), "{name}");
            }
        }
        assert!(with_joints > 100, "{with_joints}");
    }

    #[test]
    fn of_many_pieces_of_a_byte_only_their_beginnings_are_spelled() {
        let name = "a_".repeat(30) + "b";
        let literal = Literal::new(&Cow::Owned(name), Spelling::Loose);
        let mut known = Vec::new();
        note_grams(&literal, 0, &mut known);
        assert!((1..=125).contains(&known.len()), "{}", known.len());
    }

    proptest! {
        #[test]
        fn any_pieces_are_known_by_the_same_grams(text in "[a-z]{1,6}([_.][a-z]{0,6}){0,4}") {
            let literal = Literal::new(&Cow::Owned(text), Spelling::Loose);
            prop_assert!(agrees(&literal));
        }
    }
}
