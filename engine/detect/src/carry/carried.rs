//! The hits of a piece from those of its base, and from a look at what was not copied.

use std::ops::Range;

use super::copied::Copied;
use super::note::{Known, Note, Noted, Reads};
use crate::prefilter::Hit;

/// How far before its position a hit depends on the bytes: a run of digits begins where no digit stands before.
const BEFORE: usize = 1;

/// Appends to `found` what a look at a whole piece of `len` bytes would find, given that `copies` of it (by offset in
/// the piece, none overlapping) come from the piece of `base`. `longest` is how far from its position on a hit depends
/// on the bytes. `look` appends the hits that start in a range.
///
/// Gives back nothing when the base is one of which nothing can be carried over.
pub(crate) fn carry(
    base: &Note,
    copies: impl IntoIterator<Item = Copied>,
    len: usize,
    longest: usize,
    mut look: impl FnMut(Range<usize>, &mut Vec<Hit>),
    found: &mut Known,
) -> Option<()> {
    let of_base = base.known.as_ref()?;
    let mut fresh: Vec<Hit> = Vec::new();
    let mut seen_to = 0;
    let mut known = Cursor {
        hits: &of_base.hits,
        at: 0,
    };
    let mut add_fresh = |range: Range<usize>, found: &mut Known| {
        if range.start < range.end {
            fresh.clear();
            look(range, &mut fresh);
            found.hits.extend(fresh.iter().copied().map(Noted::new));
        }
    };
    for copied in copies {
        let part = Part::new(copied, base.len, len);
        let sure = part.sure(longest);
        // Copies come in order; one that does not is looked at like new bytes.
        if sure.start < seen_to || sure.start >= sure.end {
            continue;
        }
        add_fresh(seen_to..sure.start, found);
        for noted in known.between(part.in_base(&sure)) {
            found.take_over(part.moved(*noted), of_base);
        }
        seen_to = sure.end;
    }
    add_fresh(seen_to..len, found);
    Some(())
}

/// A place among the base's hits. Stretches are mostly copied in the base's order, so the next hits are near.
struct Cursor<'a> {
    hits: &'a [Noted],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// The hits at positions in `range`.
    fn between(&mut self, range: Range<usize>) -> &'a [Noted] {
        let first = self.seek(range.start);
        let end = self.seek(range.end);
        self.hits.get(first..end).unwrap_or_default()
    }

    /// Goes to the first hit at `position` or behind it: in steps that double, then by halves.
    fn seek(&mut self, position: usize) -> usize {
        let is_before = |noted: &Noted| (noted.hit.position as usize) < position;
        let lies_behind = self
            .at
            .checked_sub(1)
            .and_then(|last| self.hits.get(last))
            .is_some_and(|last| !is_before(last));
        if lies_behind {
            self.at = 0;
        }
        let mut step = 1;
        while self.hits.get(self.at + step).is_some_and(is_before) {
            self.at += step;
            step *= 2;
        }
        let rest = self.hits.get(self.at..).unwrap_or_default();
        let near = rest.get(..=step).unwrap_or(rest);
        self.at += near.partition_point(is_before);
        self.at
    }
}

/// A copied stretch, and at which ends of the pieces it lies: what reads past the end of a piece finds
/// nothing there, and finds the same nothing past the end of the other.
struct Part {
    copied: Copied,
    is_first: bool,
    is_last: bool,
    base_len: usize,
}

impl Part {
    fn new(copied: Copied, base_len: usize, len: usize) -> Part {
        Part {
            is_first: copied.from == 0 && copied.to == 0,
            is_last: copied.from + copied.len == base_len && copied.to + copied.len == len,
            copied,
            base_len,
        }
    }

    /// Positions in the result at which a hit stands exactly if it stands in the base.
    fn sure(&self, longest: usize) -> Range<usize> {
        let Copied { to, len, .. } = self.copied;
        let start = if self.is_first { 0 } else { to + BEFORE };
        let end = if self.is_last {
            to + len
        } else {
            (to + len + 1).saturating_sub(longest)
        };
        start..end
    }

    /// The same positions in the base.
    fn in_base(&self, range: &Range<usize>) -> Range<usize> {
        let Copied { from, to, .. } = self.copied;
        range.start - to + from..range.end - to + from
    }

    /// The hit where it stands in the result; what is known about it only if that depends on copied bytes alone.
    fn moved(&self, noted: Noted) -> Noted {
        let Copied { from, to, len } = self.copied;
        let position = (noted.hit.position as usize - from + to) as u32;
        let reads = noted.reads;
        let starts_inside = if reads.start() == 0 {
            self.is_first
        } else {
            reads.start() >= from
        };
        let ends_inside = if reads.end() >= self.base_len {
            self.is_last
        } else {
            reads.end() <= from + len
        };
        let is_still_known = reads.are_known() && starts_inside && ends_inside;
        noted.moved(
            position,
            if is_still_known {
                Reads::new(
                    reads.start() + to - from,
                    reads.end() + to - from,
                    usize::MAX,
                )
            } else {
                Reads::UNKNOWN
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;
    use crate::{Detector, Settings};

    static DETECTOR: LazyLock<Detector> = LazyLock::new(|| {
        let rules = leakward_rules::built_in().to_vec();
        Detector::new(rules, Settings::default()).expect("a detector")
    });

    fn look(bytes: &[u8], range: Range<usize>, hits: &mut Vec<Hit>) {
        DETECTOR.prefilter(bytes, range.start, range.end, hits);
    }

    fn note_of(bytes: &[u8]) -> Note {
        let mut hits = Vec::new();
        look(bytes, 0..bytes.len(), &mut hits);
        Note {
            len: bytes.len(),
            known: Some(Known::new(hits)),
        }
    }

    /// Text full of literals, halves of literals, and runs of digits of about the length that counts.
    fn text() -> impl Strategy<Value = String> {
        let part = prop_oneof![
            Just("password".to_owned()),
            Just("://".to_owned()),
            Just("api_key".to_owned()),
            Just("-----BEGIN ".to_owned()),
            Just("type.googleapis.com/google.crypto.tink.".to_owned()),
            Just("untrusted comment: signify secret key".to_owned()),
            "[a-z]{0,4}",
            "[A-Z/+]{20,30}",
            "[ =]",
        ];
        proptest::collection::vec(part, 0..30).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn carried_and_fresh_hits_are_together_those_of_the_whole(
            base in text(),
            stretches in proptest::collection::vec((0.0..1.0, 0.0..1.0, "[a-z /=]{0,3}"), 0..8),
        ) {
            let (mut bytes, mut copies) = (Vec::new(), Vec::new());
            for (a, b, between) in &stretches {
                let at = |share: &f64| (base.len() as f64 * share) as usize;
                let part = at(a).min(at(b))..at(a).max(at(b));
                copies.push(Copied { from: part.start, to: bytes.len(), len: part.len() });
                bytes.extend_from_slice(&base.as_bytes()[part]);
                bytes.extend_from_slice(between.as_bytes());
            }
            let mut carried = Known::default();
            carry(&note_of(base.as_bytes()), copies, bytes.len(), DETECTOR.longest_literal(), |range, hits| look(&bytes, range, hits), &mut carried)
                .expect("the base has a note");
            let of = |known: &Known| known.hits.iter().map(|noted| noted.hit).collect::<Vec<_>>();
            prop_assert_eq!(of(&carried), of(&note_of(&bytes).known.expect("hits")));
        }
    }

    #[test]
    fn nothing_is_carried_from_a_base_without_a_note() {
        let mut found = Known::default();
        let base = Note {
            len: 4,
            known: None,
        };
        assert_eq!(carry(&base, [], 4, 8, |_, _| {}, &mut found), None);
    }
}
