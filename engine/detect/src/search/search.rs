//! One look, from its hits to what is shown of it: its state, and the order of what is done.
//!
//! Not for any of the steps: they stand in the files beside this one.

use leakward_core::{Confidence, Span};

use crate::carry::{Known, Note};
use crate::decode;
use crate::detection::{Detection, Match, Rejected};
use crate::detector::Detector;
use crate::scratch::Scratch;
use crate::settings::InlineAllow;
use crate::sweep;

/// One look at one piece of bytes.
pub(crate) struct Search<'a> {
    pub(super) detector: &'a Detector,
    pub(super) scratch: &'a mut Scratch,
    pub(super) detection: Detection,
    /// What was turned down, when somebody wants to know.
    pub(super) rejected: Option<Vec<Rejected>>,
    /// How many decoded bytes were looked at so far.
    pub(super) decoded: usize,
    /// How many decoded bytes may be looked at.
    pub(super) most_decoded: usize,
    /// Whether comments on the line are obeyed.
    pub(super) inline_allow: InlineAllow,
    /// Where companions may stand.
    pub(super) companions: Within,
}

/// Where the companions of a credential may stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Within {
    /// Within as many lines as the rule says.
    #[default]
    Lines,
    /// In another file as well: a match that lacks one is kept, and whoever looks at both files decides.
    Elsewhere,
}

/// LIMIT: how many bytes may be decoded from each byte of a piece, over all levels. Escapes stay below 14; only packed
/// data goes beyond, and a few hundred bytes of it can hold a million times a million.
const DECODED_PER_BYTE: usize = 32;

/// What a level of decoding adds to what is found below it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level {
    /// How many levels may follow.
    pub(super) left: usize,
}

impl<'a> Search<'a> {
    /// A look with the buffers of this thread; `rejected` collects what is turned down.
    pub(crate) fn new(
        detector: &'a Detector,
        scratch: &'a mut Scratch,
        rejected: Option<Vec<Rejected>>,
    ) -> Search<'a> {
        Search {
            detector,
            scratch,
            detection: Detection::default(),
            rejected,
            decoded: 0,
            most_decoded: 0,
            inline_allow: detector.settings().inline_allow,
            companions: Within::default(),
        }
    }

    /// The same look, in which comments on a line allow nothing.
    pub(crate) fn whatever_comments_say(self) -> Search<'a> {
        Search {
            inline_allow: InlineAllow::Ignore,
            ..self
        }
    }

    /// The same look, for which companions may stand in another file. What can be a companion is handed out as well.
    pub(crate) fn parts(self, bytes: &[u8], known: Known) -> (Detection, Vec<(usize, Span)>) {
        let mut search = Search {
            companions: Within::Elsewhere,
            ..self
        };
        let (matches, _, _) = search.look(bytes, known);
        let is_plain = |matched: &&Match| {
            matched.decoded.is_empty() && matched.confidence >= Confidence::Medium
        };
        let plain = matches.iter().filter(is_plain);
        let parts = plain.map(|matched| (matched.rule, matched.span)).collect();
        (search.finish(bytes, matches).0, parts)
    }

    /// Looks at `bytes`, whose hits are known. Passes over those that are known to come to nothing, and notes which of
    /// the others did.
    pub(crate) fn run(mut self, bytes: &[u8], known: Known) -> (Detection, Vec<Rejected>, Note) {
        let (matches, known, is_whole) = self.look(bytes, known);
        // A piece that is decoded as a whole, or was not looked at completely, says nothing about parts of it.
        let can_be_carried = !is_whole && self.detection.limited.is_empty();
        let note = Note {
            len: bytes.len(),
            known: can_be_carried.then_some(known),
        };
        let (detection, rejected) = self.finish(bytes, matches);
        (detection, rejected, note)
    }

    /// Everything up to the end: all matches, what is known then, and whether the bytes were decoded as a whole.
    fn look(&mut self, bytes: &[u8], mut known: Known) -> (Vec<Match>, Known, bool) {
        let level = Level {
            left: self.detector.settings().limits.max_decode_depth,
        };
        self.scratch.next_original();
        let free = self.detector.settings().limits.max_decoded_bytes;
        self.most_decoded =
            (bytes.len().saturating_mul(DECODED_PER_BYTE)).saturating_add(free.saturating_mul(2));
        let mut matches = Vec::new();
        let wide = (level.left > 0)
            .then(|| decode::decode_wide(bytes))
            .flatten();
        if let Some(decoded) = &wide {
            self.look_inside(decoded, level, &mut matches);
        }
        self.look_at(bytes, &mut known, level, &mut matches);
        let mut is_whole = wide.is_some();
        if !is_whole {
            // Strings are no encoding: they are looked at also where nothing is decoded.
            let left = level.left.max(1);
            is_whole = self.look_at_strings(bytes, Level { left }, &mut matches);
        }
        (matches, known, is_whole)
    }

    /// Looks at the strings of a binary, when the user asked for it. Whether there was one.
    fn look_at_strings(&mut self, bytes: &[u8], level: Level, matches: &mut Vec<Match>) -> bool {
        let shortest = self.detector.settings().binary_strings;
        let Some(strings) =
            shortest.and_then(|shortest| decode::strings(bytes, shortest.characters()))
        else {
            return false;
        };
        for decoded in strings {
            self.look_inside(&decoded, level, matches);
        }
        true
    }

    /// Confirms and judges the hits, then looks into what is encoded in `bytes`.
    pub(super) fn look_at(
        &mut self,
        bytes: &[u8],
        known: &mut Known,
        level: Level,
        matches: &mut Vec<Match>,
    ) {
        self.scratch.next_piece(bytes.len());
        let first = matches.len();
        let queue = self.line_up(bytes, known);
        let mut encoded = Vec::new();
        let tried = self.try_all(bytes, known, &queue, &mut encoded);
        self.scratch.queue = queue;
        if !self.scratch.candidates.is_empty() {
            let candidates = std::mem::take(&mut self.scratch.candidates);
            let fates = self.judge_all(bytes, &candidates, matches);
            self.settle(bytes, known, &tried, (&candidates, &fates));
            self.scratch.candidates = candidates;
        }
        self.sweep(bytes, known, first, matches);
        if level.left > 0 {
            self.look_into_encoded(bytes, (known, &encoded), level, matches);
        }
    }

    /// Runs rules of other tools over the piece. Of `matches`, those from `first` on are this piece's.
    fn sweep(&mut self, bytes: &[u8], known: &Known, first: usize, matches: &mut Vec<Match>) {
        let detector = self.detector;
        let hits = known.hits.iter();
        let whole = hits.filter_map(|noted| detector.whole(bytes, noted.hit));
        let awake = detector.index().awake(whole.map(|hit| hit.literal));
        if awake.is_empty() && !detector.has_requirements() {
            return;
        }
        let mut look = sweep::look(detector, self.scratch, bytes, &awake);
        look.limited.into_iter().for_each(|what| self.limit(what));
        let mut of_piece = matches.split_off(first);
        of_piece.append(&mut look.matches);
        let mut rejected = look.rejected;
        rejected.append(&mut sweep::settle(detector, bytes, &mut of_piece));
        matches.append(&mut of_piece);
        self.detection.rejected += rejected.len() as u64;
        if let Some(told) = &mut self.rejected {
            told.append(&mut rejected);
        }
    }

    /// Runs something for a rule, and counts its time when somebody measures.
    pub(super) fn timed<T>(&mut self, rule: usize, run: impl FnOnce(&mut Self) -> T) -> T {
        let Some(clock) = self.detector.settings().clock else {
            return run(self);
        };
        let begun = clock();
        let result = run(self);
        let took = clock().saturating_sub(begun);
        self.scratch.count(rule, |cost| cost.nanos += took);
        result
    }

    /// Tells once that something was limited.
    pub(super) fn limit(&mut self, what: String) {
        if !self.detection.limited.contains(&what) {
            self.detection.limited.push(what);
        }
    }
}
