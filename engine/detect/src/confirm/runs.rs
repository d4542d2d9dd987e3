//! How far runs of bytes reach, remembered from one hit to the next.
//!
//! Hostile text has a hit at every third byte and one endless run behind all of them. Each hit asks how far the run
//! reaches from its own place on, and each would read the run again. Whoever asks has a slot; the slot remembers the
//! last long stretch that lies in its set, so that a question from inside of it is answered without reading.
//!
//! INVARIANT: the answers are those of [`ByteSet::run_end`]. Questions of one slot mostly come with places in rising
//! order; then no byte of a piece is read more than twice for it, apart from the first [`NEAR`] bytes of each question.

use crate::byte_set::ByteSet;

/// PERF: nearly all runs are tokens shorter than this and are read without looking anything up.
const NEAR: usize = 64;

/// The last long stretches of a piece, by slot.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    stretches: Vec<Stretch>,
    read: u64,
}

/// Bytes that are all in a slot's set.
#[derive(Clone, Copy, Debug, Default)]
struct Stretch {
    start: usize,
    end: usize,
    /// Whether the byte at `end` is known not to be in the set.
    is_whole: bool,
}

impl Runs {
    /// Forgets the piece.
    pub(crate) fn forget(&mut self) {
        self.stretches.clear();
    }

    /// How many bytes were read for this rule, over all pieces.
    #[cfg(test)]
    pub(crate) fn read(&self) -> u64 {
        self.read
    }

    /// Counts bytes that were read by other means.
    pub(crate) fn count(&mut self, bytes: usize) {
        self.read += bytes as u64;
    }

    /// What [`ByteSet::run_end`] says. All questions of a slot are about the same set.
    #[inline]
    pub(crate) fn run_end(
        &mut self,
        slot: usize,
        set: &ByteSet,
        bytes: &[u8],
        (from, limit): (usize, usize),
    ) -> usize {
        let limit = limit.min(bytes.len());
        let near = from.saturating_add(NEAR).min(limit);
        let end = set.run_end(bytes, from, near);
        self.count(end.saturating_sub(from) + 1);
        if end < near || near == limit {
            return end;
        }
        self.far_end(slot, set, bytes, (from, near, limit))
    }

    /// The same when all of `from..near` is known to be in the set.
    #[inline(never)]
    fn far_end(
        &mut self,
        slot: usize,
        set: &ByteSet,
        bytes: &[u8],
        (from, near, limit): (usize, usize, usize),
    ) -> usize {
        if self.stretches.len() <= slot {
            self.stretches.resize(slot + 1, Stretch::default());
        }
        let Some(stretch) = self.stretches.get_mut(slot) else {
            return set.run_end(bytes, from, limit);
        };
        if (stretch.start..=stretch.end).contains(&near) {
            stretch.start = stretch.start.min(from);
        } else {
            *stretch = Stretch {
                start: from,
                end: near,
                is_whole: false,
            };
        }
        if stretch.end < limit && !stretch.is_whole {
            let end = set.run_end(bytes, stretch.end, limit);
            self.read += (end - stretch.end) as u64 + 1;
            stretch.is_whole = end < limit;
            stretch.end = end;
        }
        stretch.end.min(limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn runs_end_where_they_end_whatever_was_asked_before(
            lengths in proptest::collection::vec(0_usize..400, 1..12),
            questions in proptest::collection::vec((0_usize..2_500, 0_usize..1_500), 1..60),
            in_order in any::<bool>(),
        ) {
            let text: Vec<u8> = lengths.iter().flat_map(|length| [vec![b'a'; *length], vec![b' ']].concat()).collect();
            let (mut runs, mut questions) = (Runs::default(), questions);
            if in_order {
                questions.sort_unstable();
            }
            for (from, length) in questions {
                prop_assert_eq!(
                    runs.run_end(3, &ByteSet::WORD, &text, (from, from + length)),
                    ByteSet::WORD.run_end(&text, from, from + length)
                );
            }
        }
    }

    #[test]
    fn a_run_is_read_once_however_many_hits_stand_in_it() {
        let text = vec![b'a'; 100_000];
        let mut runs = Runs::default();
        for from in (0..text.len()).step_by(100) {
            assert_eq!(
                runs.run_end(0, &ByteSet::WORD, &text, (from, from + 50_000)),
                (from + 50_000).min(text.len())
            );
        }
        assert!(runs.read() < 3 * text.len() as u64, "{}", runs.read());
    }
}
