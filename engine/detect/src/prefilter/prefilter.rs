//! The prefilter: a set of literals, and the pass that finds where they stand.

use std::ops::Range;

use memchr::memmem::Finder;

use super::block::Block;
use super::gram::Gram;
use super::gram_table::{GramTable, is_too_short};
use super::hit::Hit;
use super::literal::Literal;
#[cfg(target_arch = "x86_64")]
use super::{avx2, avx512};
use super::{portable, scalar};

/// Tests positions and gives back the first one that was not tested: `avx2::scan` and the like.
type Scan = fn(&GramTable, &[u8], usize, usize, &mut Block) -> usize;

/// The fastest that this processor can run.
fn fastest() -> Scan {
    #[cfg(target_arch = "x86_64")]
    if avx512::is_available() {
        return avx512::scan;
    } else if avx2::is_available() {
        return avx2::scan;
    }
    portable::scan
}

/// The twin of all of them: tests nothing, so that every position is tested one by one.
#[cfg(test)]
fn nothing(_: &GramTable, _: &[u8], from: usize, _: usize, _: &mut Block) -> usize {
    from
}

/// A set of literals, and the pass that finds where they stand.
#[derive(Debug)]
pub(crate) struct Prefilter {
    /// What is looked for.
    cores: Vec<Literal>,
    /// The literals that are longer than their cores, and which byte of their text the core begins with.
    wholes: Vec<Option<Box<(Literal, usize)>>>,
    table: GramTable,
    /// Literals of one or two bytes (in each case they may have): searched one by one.
    short: Vec<(u32, Finder<'static>)>,
    longest_core: usize,
}

impl Prefilter {
    /// A prefilter over `literals`, which are numbered in this order.
    pub(crate) fn new(literals: Vec<Literal>) -> Prefilter {
        let short = (0_u32..)
            .zip(&literals)
            .filter(|(_, literal)| is_too_short(literal))
            .flat_map(|(index, literal)| {
                spellings(literal)
                    .into_iter()
                    .map(move |text| (index, text))
            })
            .map(|(index, text)| (index, Finder::new(&text).into_owned()))
            .collect();
        let (cores, wholes): (Vec<Literal>, Vec<_>) = literals
            .into_iter()
            .map(|literal| match literal.core() {
                Some((core, offset)) => (core, Some(Box::new((literal, offset)))),
                None => (literal, None),
            })
            .unzip();
        Prefilter {
            table: GramTable::new(&cores),
            longest_core: cores.iter().map(Literal::longest).max().unwrap_or(0),
            cores,
            wholes,
            short,
        }
    }

    /// Length of the longest core, in its longest spelling.
    pub(crate) fn longest_core(&self) -> usize {
        self.longest_core
    }

    /// The literal of that number.
    pub(crate) fn literal(&self, index: u32) -> Option<&Literal> {
        match self.wholes.get(index as usize)? {
            Some(whole) => Some(&whole.0),
            None => self.core(index),
        }
    }

    /// What is looked for instead of that literal.
    pub(crate) fn core(&self, index: u32) -> Option<&Literal> {
        self.cores.get(index as usize)
    }

    /// Where the whole literal stands whose core stands at a hit.
    #[inline]
    pub(crate) fn whole(&self, bytes: &[u8], hit: Hit) -> Option<Hit> {
        let Some(Some(whole)) = self.wholes.get(hit.literal as usize) else {
            return Some(hit);
        };
        let (literal, offset) = &**whole;
        let (start, _) = literal.stands(bytes, hit.position as usize, *offset)?;
        let position = u32::try_from(start).ok()?;
        Some(Hit { position, ..hit })
    }

    /// Adds every core that starts in `from..to`, sorted by position.
    pub(crate) fn find(&self, bytes: &[u8], from: usize, to: usize, hits: &mut Vec<Hit>) {
        self.find_with(fastest(), bytes, from..to, hits);
    }

    /// The same by way of `scan`, which tests what it can; the rest is tested one by one.
    fn find_with(&self, scan: Scan, bytes: &[u8], range: Range<usize>, hits: &mut Vec<Hit>) {
        let before = hits.len();
        let starts = range.start..range.end.min(bytes.len());
        let furthest = starts.end.saturating_add(self.table.furthest());
        let mut position = starts.start;
        let mut block = Block::new();
        loop {
            block.clear();
            let next = scan(&self.table, bytes, position, furthest, &mut block);
            if next == position {
                break;
            }
            for offset in block.offsets() {
                let at = position + *offset as usize;
                if let Some(&[a, b, c, d]) = bytes.get(at..at + 4) {
                    self.check(bytes, at, Gram::of([a, b, c, d]), &starts, hits);
                }
            }
            position = next;
        }
        scalar::candidates(&self.table, bytes, position, furthest, |at, gram| {
            self.check(bytes, at, gram, &starts, hits);
        });
        self.find_short(bytes, starts.start, starts.end, hits);
        sort_new(hits, before);
    }

    /// Compares the literals that are known by the gram at `position`.
    #[inline]
    fn check(
        &self,
        bytes: &[u8],
        position: usize,
        gram: Gram,
        starts: &Range<usize>,
        hits: &mut Vec<Hit>,
    ) {
        if self.table.still_may_hold(gram) {
            self.compare(bytes, position, gram, starts, hits);
        }
    }

    #[inline(never)]
    fn compare(
        &self,
        bytes: &[u8],
        position: usize,
        gram: Gram,
        starts: &Range<usize>,
        hits: &mut Vec<Hit>,
    ) {
        for (anchor, beside) in self.table.anchors(gram) {
            if !beside.may_stand(bytes, position) {
                continue;
            }
            let Some(literal) = self.core(anchor.literal) else {
                continue;
            };
            if let Some((start, _)) = literal.stands(bytes, position, anchor.offset as usize)
                && starts.contains(&start)
                && let Ok(start) = u32::try_from(start)
            {
                hits.push(Hit {
                    position: start,
                    literal: anchor.literal,
                });
            }
        }
    }

    fn find_short(&self, bytes: &[u8], from: usize, to: usize, hits: &mut Vec<Hit>) {
        for (literal, finder) in &self.short {
            let end = to
                .saturating_add(finder.needle().len() - 1)
                .min(bytes.len());
            let mut at = from;
            // Places may overlap, so the search goes on one byte further.
            while let Some(offset) = bytes.get(at..end).and_then(|part| finder.find(part)) {
                hits.extend(u32::try_from(at + offset).ok().map(|position| Hit {
                    position,
                    literal: *literal,
                }));
                at += offset + 1;
            }
        }
    }
}

/// Sorts the hits from `first` on; they come nearly in order.
fn sort_new(hits: &mut [Hit], first: usize) {
    if let Some(new) = hits.get_mut(first..)
        && !new.is_sorted()
    {
        new.sort_unstable();
    }
}

/// Every way to spell a literal of one or two bytes.
fn spellings(literal: &Literal) -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = vec![Vec::new()];
    for (index, &byte) in literal.text().iter().enumerate() {
        if literal.joints().contains(&index) {
            let separated: Vec<Vec<u8>> = all
                .iter()
                .flat_map(|start| {
                    super::literal::SEPARATORS
                        .map(|separator| [start.as_slice(), &[separator]].concat())
                })
                .collect();
            all.extend(separated);
        }
        let upper = byte.to_ascii_uppercase();
        let mut next: Vec<Vec<u8>> = all
            .iter()
            .map(|start| [start.as_slice(), &[byte]].concat())
            .collect();
        if literal.spelling() != super::literal::Spelling::Exact && upper != byte {
            next.extend(
                all.iter()
                    .map(|start| [start.as_slice(), &[upper]].concat()),
            );
        }
        all = next;
    }
    all
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use aho_corasick::{AhoCorasick, MatchKind};
    use proptest::prelude::*;

    use super::*;
    use crate::prefilter::Spelling;

    fn prefilter(texts: &[String], spelling: Spelling) -> Prefilter {
        let literal = |text: &String| Literal::new(&Cow::Owned(text.clone()), spelling);
        Prefilter::new(texts.iter().map(literal).collect())
    }

    fn found(prefilter: &Prefilter, bytes: &[u8], from: usize, to: usize) -> Vec<Hit> {
        let mut slow = Vec::new();
        prefilter.find_with(nothing, bytes, from..to, &mut slow);
        #[cfg(target_arch = "x86_64")]
        for scan in [avx2::scan as Scan, avx512::scan] {
            let mut fast = Vec::new();
            prefilter.find_with(scan, bytes, from..to, &mut fast);
            assert_eq!(fast, slow);
        }
        let mut fast = Vec::new();
        prefilter.find_with(portable::scan, bytes, from..to, &mut fast);
        assert_eq!(fast, slow);
        slow
    }

    /// All places of all texts, by an automaton.
    fn twin(texts: &[String], any_case: bool, bytes: &[u8]) -> Vec<Hit> {
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(any_case)
            .match_kind(MatchKind::Standard)
            .build(texts)
            .expect("an automaton");
        let mut hits: Vec<Hit> = automaton
            .find_overlapping_iter(bytes)
            .map(|found| Hit {
                position: u32::try_from(found.start()).expect("short"),
                literal: found.pattern().as_u32(),
            })
            .collect();
        hits.sort_unstable();
        hits
    }

    fn distinct(mut texts: Vec<String>) -> Vec<String> {
        texts.sort();
        texts.dedup();
        texts
    }

    /// Blocks of zeros, numbers and text in turn, as programs have them, with literals at every edge.
    #[test]
    fn literals_among_bytes_that_are_no_text_are_found_as_everywhere() {
        let texts = distinct(
            ["abc", "key_", "token", "AKIA", "\" +\n"]
                .map(str::to_owned)
                .to_vec(),
        );
        let mut state = 1_u64;
        let mut noise = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 56) as u8
        };
        let mut bytes = Vec::new();
        for round in 0..400 {
            match round % 4 {
                0 => bytes.extend(vec![0; round * 3 % 700]),
                1 => bytes.extend((0..round * 7 % 900).map(|_| noise())),
                2 => bytes.extend(b"some lines of text, and more of it\n".repeat(round % 20)),
                _ => bytes.extend((0..round % 300).map(|_| noise() % 48)),
            }
            bytes.extend_from_slice(texts[round % texts.len()].as_bytes());
        }
        let prefilter = prefilter(&texts, Spelling::Exact);
        assert!(prefilter.table.is_text());
        let hits = found(&prefilter, &bytes, 0, bytes.len());
        assert_eq!(hits, twin(&texts, false, &bytes));
        assert!(hits.len() >= 400);
        // And with a literal that is more than text, where nothing is passed over.
        let texts = distinct(["abc", "schlüssel"].map(str::to_owned).to_vec());
        let prefilter = super::tests::prefilter(&texts, Spelling::Exact);
        assert!(!prefilter.table.is_text());
        assert_eq!(
            found(&prefilter, &bytes, 0, bytes.len()),
            twin(&texts, false, &bytes)
        );
    }

    proptest! {
        #[test]
        fn exactly_the_literals_that_stand_there_are_found(
            texts in proptest::collection::vec("[aAbB_]{1,7}", 1..12),
            text in "[aAbB_ ]{0,200}",
        ) {
            let texts = distinct(texts);
            let hits = found(&prefilter(&texts, Spelling::Exact), text.as_bytes(), 0, text.len());
            prop_assert_eq!(hits, twin(&texts, false, text.as_bytes()));
        }

        #[test]
        fn in_any_case_they_are_found_as_well(
            texts in proptest::collection::vec("[ab_]{1,7}", 1..12),
            text in "[aAbB_ ]{0,200}",
        ) {
            let texts = distinct(texts);
            let hits = found(&prefilter(&texts, Spelling::AnyCase), text.as_bytes(), 0, text.len());
            prop_assert_eq!(hits, twin(&texts, true, text.as_bytes()));
        }

        #[test]
        fn loose_literals_are_found_with_every_separator(
            pieces in proptest::collection::vec("[ab]{1,4}", 1..4),
            text in "[aAbB_. -]{0,120}",
        ) {
            let literal = pieces.join("_");
            let hits = found(&prefilter(std::slice::from_ref(&literal), Spelling::Loose), text.as_bytes(), 0, text.len());
            // The twin writes every spelling out.
            let spellings = pieces.iter().skip(1).fold(vec![pieces[0].clone()], |all, piece| {
                all.iter()
                    .flat_map(|start| ["", "_", "-", ".", " "].map(|separator| format!("{start}{separator}{piece}")))
                    .collect()
            });
            let mut expected: Vec<u32> = twin(&distinct(spellings), true, text.as_bytes()).iter().map(|hit| hit.position).collect();
            expected.dedup();
            let positions: Vec<u32> = hits.iter().map(|hit| hit.position).collect();
            prop_assert_eq!(positions, expected);
        }

        #[test]
        fn a_part_of_the_bytes_gives_the_hits_that_start_there(
            texts in proptest::collection::vec("[ab_]{1,7}", 1..12),
            text in "[aAbB_ ]{0,200}",
            from in 0_usize..220,
            length in 0_usize..220,
        ) {
            let prefilter = prefilter(&distinct(texts), Spelling::AnyCase);
            let all = found(&prefilter, text.as_bytes(), 0, text.len());
            let part = found(&prefilter, text.as_bytes(), from, from + length);
            let expected: Vec<Hit> = all.into_iter().filter(|hit| (from..from + length).contains(&(hit.position as usize))).collect();
            prop_assert_eq!(part, expected);
        }

        #[test]
        fn arbitrary_bytes_are_no_trouble(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let texts: Vec<String> = ["abc", "\u{e9}x", "AKIA", "  ", "%3d"].map(str::to_owned).to_vec();
            let hits = found(&prefilter(&texts, Spelling::AnyCase), &bytes, 0, bytes.len());
            prop_assert_eq!(hits, twin(&texts, true, &bytes));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn of_long_literals_the_cores_lead_to_exactly_those_that_stand_there(
            texts in proptest::collection::vec("[ab]{1,9}(_[ab]{1,9}){0,3}|[ab_]{14,40}", 1..8),
            pieces in proptest::collection::vec((0_usize..8, 0_usize..40, 0_usize..40), 0..12),
            is_loose in any::<bool>(),
        ) {
            let texts = distinct(texts);
            let text: String = pieces.iter().map(|&(which, from, to)| {
                let text = &texts[which % texts.len()];
                let at = |share: usize| if share > 30 { 0 } else { share.min(text.len()) };
                &text[at(from).min(text.len() - at(to))..]
            }).collect();
            let spelling = if is_loose { Spelling::Loose } else { Spelling::AnyCase };
            let prefilter = prefilter(&texts, spelling);
            let bytes = text.as_bytes();
            prop_assert!(prefilter.longest_core() <= crate::prefilter::literal::LONGEST_CORE);
            let hits = found(&prefilter, bytes, 0, bytes.len());
            let mut whole: Vec<Hit> = hits.iter().filter_map(|hit| prefilter.whole(bytes, *hit)).collect();
            whole.sort_unstable();
            let mut expected: Vec<Hit> = (0_u32..).zip(&texts).flat_map(|(number, _)| {
                let literal = prefilter.literal(number).expect("a literal");
                (0_u32..).take(bytes.len()).filter(move |at| literal.end_at(bytes, *at as usize).is_some()).map(move |position| Hit { position, literal: number })
            }).collect();
            expected.sort_unstable();
            prop_assert_eq!(whole, expected);
        }
    }

    #[test]
    fn the_portable_version_tests_all_positions_that_have_enough_behind_them() {
        let table = GramTable::new(&[Literal::new(&Cow::Borrowed("abcd"), Spelling::Exact)]);
        let bytes = [b'a'; 300];
        let tested = |to: usize| portable::scan(&table, &bytes, 250, to, &mut Block::new());
        assert_eq!((tested(260), tested(300), tested(999)), (260, 282, 282));
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn the_fastest_version_is_really_taken_and_tests_most_positions() {
        let table = GramTable::new(&[Literal::new(&Cow::Borrowed("abcd"), Spelling::Exact)]);
        let bytes = [b'a'; 1000];
        let tested = |scan: Scan| scan(&table, &bytes, 0, bytes.len(), &mut Block::new());
        if std::arch::is_x86_feature_detected!("avx2") {
            assert_eq!(tested(avx2::scan), 256);
            assert_eq!(tested(fastest()), 256);
        }
        if std::arch::is_x86_feature_detected!("avx512bw") {
            assert_eq!(tested(avx512::scan), 256);
        }
        assert_eq!(tested(nothing), 0);
    }

    #[test]
    fn a_short_literal_counts_only_before_what_may_follow() {
        let next = crate::byte_set::ByteSet::ALNUM;
        let literal =
            Literal::new(&Cow::Borrowed("://"), Spelling::AnyCase).followed_by(Some(next));
        let prefilter = Prefilter::new(vec![literal]);
        let positions: Vec<u32> = found(&prefilter, b"a://b ://' c://", 0, 99)
            .iter()
            .map(|hit| hit.position)
            .collect();
        assert_eq!(positions, [1]);
    }
}
