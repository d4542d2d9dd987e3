//! The prefilter: a set of literals, and the pass that finds where they stand.

use memchr::memmem::Finder;

#[cfg(target_arch = "x86_64")]
use super::avx2 as fastest;
use super::gram::Gram;
use super::gram_table::{GramTable, is_too_short};
use super::hit::Hit;
use super::literal::Literal;
#[cfg(not(target_arch = "x86_64"))]
use super::scalar as fastest;

/// A set of literals, and the pass that finds where they stand.
#[derive(Debug)]
pub(crate) struct Prefilter {
    literals: Vec<Literal>,
    table: GramTable,
    /// Literals of one or two bytes (in each case they may have): searched one by one.
    short: Vec<(u32, Finder<'static>)>,
    longest: usize,
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
        Prefilter {
            table: GramTable::new(&literals),
            longest: literals.iter().map(Literal::longest).max().unwrap_or(0),
            literals,
            short,
        }
    }

    /// Length of the longest literal, in its longest spelling.
    pub(crate) fn longest(&self) -> usize {
        self.longest
    }

    /// The literal of that number.
    pub(crate) fn literal(&self, index: u32) -> Option<&Literal> {
        self.literals.get(index as usize)
    }

    /// Adds every literal that starts in `from..to`, sorted by position.
    pub(crate) fn find(&self, bytes: &[u8], from: usize, to: usize, hits: &mut Vec<Hit>) {
        let before = hits.len();
        let to = to.min(bytes.len());
        let furthest = to.saturating_add(self.table.furthest());
        fastest::candidates(&self.table, bytes, from, furthest, |position, gram| {
            self.check(bytes, position, gram, from..to, hits);
        });
        self.find_short(bytes, from, to, hits);
        sort_new(hits, before);
    }

    /// The same without vector instructions.
    #[cfg(test)]
    pub(crate) fn find_scalar(&self, bytes: &[u8], from: usize, to: usize, hits: &mut Vec<Hit>) {
        let before = hits.len();
        let to = to.min(bytes.len());
        let furthest = to.saturating_add(self.table.furthest());
        super::scalar::candidates(&self.table, bytes, from, furthest, |position, gram| {
            self.check(bytes, position, gram, from..to, hits);
        });
        self.find_short(bytes, from, to, hits);
        sort_new(hits, before);
    }

    /// Compares the literals that are known by the gram at `position`.
    #[inline(never)]
    fn check(
        &self,
        bytes: &[u8],
        position: usize,
        gram: Gram,
        starts: std::ops::Range<usize>,
        hits: &mut Vec<Hit>,
    ) {
        for anchor in self.table.anchors(gram) {
            let Some(literal) = self.literal(anchor.literal) else {
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
            let part = bytes.get(from.min(end)..end).unwrap_or_default();
            hits.extend(finder.find_iter(part).filter_map(|offset| {
                Some(Hit {
                    position: u32::try_from(from + offset).ok()?,
                    literal: *literal,
                })
            }));
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
