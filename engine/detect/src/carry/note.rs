//! What is remembered of a piece: where literals stand in it, and which of them are known to mean nothing.

use leakward_core::Span;

use crate::prefilter::Hit;

/// What is remembered of a piece for those that are made from it. Holds no byte of the piece.
#[derive(Clone, Debug, Default)]
pub struct Note {
    /// Length of the piece.
    pub(crate) len: usize,
    /// What is known of it; nothing when the piece is one of which nothing can be carried over.
    pub(crate) known: Option<Known>,
}

/// The hits of a piece, and what came of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Known {
    /// Every hit, by position.
    pub(crate) hits: Vec<Noted>,
    /// The candidates of those hits all of whose candidates were turned down, one hit's after the other's.
    turned_down: Vec<TurnedDown>,
}

/// A candidate that was turned down, told from the position of its hit on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TurnedDown {
    rule: u32,
    start: i32,
    len: u32,
    /// Up to where its rule passes over further hits.
    passed: i32,
    fate: Fate,
    /// Whether it is the last one of its hit.
    is_last: bool,
}

/// Why a candidate is not reported, for reasons that lie in the bytes that were read and in nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The judge turned it down.
    Rejected,
    /// Its checksum or structure does not hold.
    Disproved,
    /// It is so unsure that it is not shown.
    Low,
}

/// A hit, and what is known about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Noted {
    /// Its literal's core; see [`Detector::whole`](crate::Detector::whole).
    pub(crate) hit: Hit,
    /// The bytes of the piece because of which it came to nothing, or its candidates were turned down; empty while it may
    /// come to something.
    pub(crate) reads: Reads,
    /// Where its candidates that were turned down begin, or [`NONE`].
    turned_down: u32,
}

/// The mark of a hit without candidates that were turned down.
const NONE: u32 = u32::MAX;

/// A stretch of a piece. Empty stands for "not known".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reads {
    start: u32,
    end: u32,
}

impl Reads {
    /// Not known.
    pub(crate) const UNKNOWN: Reads = Reads { start: 0, end: 0 };

    /// The bytes from `start` to before `end`, cut at the end of a piece of `len` bytes.
    pub(crate) fn new(start: usize, end: usize, len: usize) -> Reads {
        let narrow = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Reads {
            start: narrow(start),
            end: narrow(end.min(len)),
        }
    }

    /// Whether it is known which bytes they are.
    pub(crate) fn are_known(self) -> bool {
        self.end > 0
    }

    /// These bytes and those of `other`, of which both are known.
    pub(crate) fn and(self, other: Reads) -> Reads {
        Reads {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }

    /// First byte.
    pub(crate) fn start(self) -> usize {
        self.start as usize
    }

    /// One past the last byte.
    pub(crate) fn end(self) -> usize {
        self.end as usize
    }
}

impl Noted {
    /// A hit of which nothing is known yet.
    pub(crate) fn new(hit: Hit) -> Noted {
        Noted {
            hit,
            reads: Reads::UNKNOWN,
            turned_down: NONE,
        }
    }

    /// The same hit at another place, where it is known, or not known, because of `reads`.
    pub(super) fn moved(self, position: u32, reads: Reads) -> Noted {
        let hit = Hit {
            position,
            ..self.hit
        };
        Noted { hit, reads, ..self }
    }

    /// Whether it is known that it comes to nothing, and that nothing has to be told about it again.
    pub(crate) fn is_nothing(&self) -> bool {
        self.reads.are_known() && self.turned_down == NONE
    }
}

impl Known {
    /// These hits, of which nothing is known yet.
    pub(crate) fn new(hits: impl IntoIterator<Item = Hit>) -> Known {
        Known {
            hits: hits.into_iter().map(Noted::new).collect(),
            turned_down: Vec::new(),
        }
    }

    /// Nothing yet, with room for as much as is known of `base`.
    pub(crate) fn with_room_of(base: &Note) -> Known {
        let known = base.known.as_ref();
        Known {
            hits: Vec::with_capacity(known.map_or(0, |known| known.hits.len())),
            turned_down: Vec::with_capacity(known.map_or(0, |known| known.turned_down.len())),
        }
    }

    /// Adds a hit of the piece that `base` is about, where it stands now.
    pub(super) fn take_over(&mut self, mut noted: Noted, base: &Known) {
        if noted.turned_down != NONE {
            let first = self.turned_down.len();
            if noted.reads.are_known() {
                self.turned_down.extend_from_slice(base.turned_down(&noted));
            }
            noted.turned_down = match self.turned_down.len() - first {
                0 => NONE,
                _ => u32::try_from(first).unwrap_or(NONE),
            };
        }
        self.hits.push(noted);
    }

    /// The candidates of a hit that were all turned down.
    pub(crate) fn turned_down(&self, noted: &Noted) -> &[TurnedDown] {
        let from = self.turned_down.get(noted.turned_down as usize..);
        let from = from.unwrap_or_default();
        let end = from.iter().position(|one| one.is_last);
        end.and_then(|end| from.get(..=end)).unwrap_or_default()
    }

    /// Notes that all candidates of the hit of this number were turned down because of `reads`.
    pub(crate) fn turn_down(
        &mut self,
        hit: usize,
        reads: Reads,
        candidates: impl Iterator<Item = (usize, Span, usize, Fate)>,
    ) {
        let Some(noted) = self.hits.get_mut(hit) else {
            return;
        };
        let position = i64::from(noted.hit.position);
        let distance = |to: usize| i32::try_from(i64::try_from(to).ok()? - position).ok();
        let first = self.turned_down.len();
        for (rule, span, passed, fate) in candidates {
            let one = || {
                Some(TurnedDown {
                    rule: u32::try_from(rule).ok()?,
                    start: distance(span.start)?,
                    len: u32::try_from(span.len()).ok()?,
                    passed: distance(passed)?,
                    fate,
                    is_last: false,
                })
            };
            let Some(one) = one() else {
                // Too far away to be noted: then it is tried again.
                self.turned_down.truncate(first);
                return;
            };
            self.turned_down.push(one);
        }
        if let (Some(last), Ok(first)) = (self.turned_down.last_mut(), u32::try_from(first)) {
            last.is_last = true;
            noted.reads = reads;
            noted.turned_down = first;
        }
    }
}

impl TurnedDown {
    /// Its rule.
    pub(crate) fn rule(&self) -> usize {
        self.rule as usize
    }

    /// Why it was turned down.
    pub(crate) fn fate(&self) -> Fate {
        self.fate
    }

    /// Where it stands when its hit stands at `position`.
    pub(crate) fn span(&self, position: u32) -> Span {
        let start = place(position, self.start);
        Span::new(start, start + self.len as usize)
    }

    /// Up to where its rule passes over further hits.
    pub(crate) fn passed(&self, position: u32) -> usize {
        place(position, self.passed)
    }
}

fn place(position: u32, distance: i32) -> usize {
    usize::try_from(i64::from(position) + i64::from(distance)).unwrap_or(0)
}
