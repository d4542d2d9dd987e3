//! Looks into what is encoded in a piece, and maps back what is found there.
//!
//! Not for undoing a code, which is `decode`'s: here is decided where to try, and how far.

use super::search::{Level, Search};
use crate::carry::{Known, Reads};
use crate::decode::{self, Decoded};
use crate::detection::Match;

impl Search<'_> {
    /// Decodes at those of `hits` that `marks` numbers.
    pub(super) fn look_into_encoded(
        &mut self,
        bytes: &[u8],
        (known, marks): (&mut Known, &[usize]),
        level: Level,
        matches: &mut Vec<Match>,
    ) {
        let mut done = 0;
        for number in marks {
            let Some(noted) = known.hits.get_mut(*number) else {
                continue;
            };
            let position = noted.hit.position as usize;
            if position < done {
                continue;
            }
            if self.decoded > self.most_decoded {
                self.limit(
                    "too much is encoded in it; the rest of the encoded values was not looked at"
                        .to_owned(),
                );
                return;
            }
            let attempt = if self.detector.index().is_run(noted.hit.literal) {
                decode::decode_run(bytes, position, &self.detector.settings().limits)
            } else {
                decode::decode_at(bytes, position)
            };
            match attempt {
                // What was decoded hides the marks in it, so nothing is noted: it is decoded again each time.
                Ok(decoded) => {
                    done = decoded.whole().end;
                    self.look_inside(&decoded, level, matches);
                }
                Err(read) => noted.reads = Reads::new(read.start, read.end, bytes.len()),
            }
        }
    }

    /// Looks at decoded bytes and maps back what is found.
    pub(super) fn look_inside(
        &mut self,
        decoded: &Decoded,
        level: Level,
        matches: &mut Vec<Match>,
    ) {
        if decoded.is_cut {
            self.limit(
                "a decoded value is longer than the limit; the rest of it was not looked at"
                    .to_owned(),
            );
        }
        self.decoded = self.decoded.saturating_add(decoded.bytes.len());
        let mut hits = Vec::new();
        self.detector
            .prefilter(&decoded.bytes, 0, decoded.bytes.len(), &mut hits);
        if hits.is_empty() {
            return;
        }
        let mut known = Known::new(hits);
        let (mut found, rejected_before) = (Vec::new(), self.rejected.as_ref().map_or(0, Vec::len));
        let below = Level {
            left: level.left - 1,
        };
        self.look_at(&decoded.bytes, &mut known, below, &mut found);
        for matched in &mut found {
            matched.span = decoded.original(matched.span);
            matched.whole = decoded.original(matched.whole);
            matched
                .companions
                .iter_mut()
                .for_each(|(_, span)| *span = decoded.original(*span));
            matched
                .decoded
                .splice(0..0, decoded.encodings.iter().copied());
        }
        for rejected in self.rejected.iter_mut().flatten().skip(rejected_before) {
            rejected.span = decoded.original(rejected.span);
        }
        matches.append(&mut found);
    }
}
