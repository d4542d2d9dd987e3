//! One look at one piece of bytes: confirm its hits, judge what they bring, decode what is encoded and look there too.
//!
//! What is found in decoded bytes is mapped back level by level, so that at the end all matches lie in the original
//! bytes; only then overlaps are settled, comments obeyed and low confidence left out.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::ops::Range;

use leakward_core::rule::Class;
use leakward_core::{Confidence, Rule, Secret, Span};

use crate::carry::{Fate, Known, Note, Reads};
use crate::confirm::Candidate;
use crate::decode::{self, Decoded};
use crate::detection::{Detection, Match, Rejected};
use crate::detector::Detector;
use crate::judge::{self, Companions, Disproved, Judge, Judgement, Spans};
use crate::prefilter::Hit;
use crate::rule_index::User;
use crate::rule_matcher::RuleMatcher;
use crate::scratch::Scratch;
use crate::settings::{InlineAllow, Sensitivity};
use crate::sweep::{self, Swept};

/// One look at one piece of bytes.
pub(crate) struct Search<'a> {
    detector: &'a Detector,
    scratch: &'a mut Scratch,
    detection: Detection,
    /// What was turned down, when somebody wants to know.
    rejected: Option<Vec<Rejected>>,
    /// How many decoded bytes were looked at so far.
    decoded: usize,
    /// How many decoded bytes may be looked at.
    most_decoded: usize,
    /// Whether comments on the line are obeyed.
    inline_allow: InlineAllow,
}

/// A hit that was tried.
struct Tried {
    /// Its number among the hits.
    number: usize,
    /// Its literal.
    hit: Hit,
    /// Which candidates came of it.
    candidates: Range<usize>,
}

/// What the judge makes of a candidate; with it, what is known of any other piece in which stands what was read.
enum Judged {
    /// A match.
    Kept(Match, Option<Fate>),
    /// None, for this reason.
    TurnedDown(String, Option<Fate>),
}

/// LIMIT: how many bytes may be decoded from each byte of a piece, over all levels. Escapes stay below 14; only packed
/// data goes beyond, and a few hundred bytes of it can hold a million times a million.
const DECODED_PER_BYTE: usize = 32;

/// Rules of less specificity go by names or common shapes.
const SHAPE_OF_ITS_OWN: u8 = 100;

/// What a level of decoding adds to what is found below it.
#[derive(Clone, Copy, Debug)]
struct Level {
    /// How many levels may follow.
    left: usize,
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
        }
    }

    /// The same look, in which comments on a line allow nothing.
    pub(crate) fn whatever_comments_say(self) -> Search<'a> {
        Search {
            inline_allow: InlineAllow::Ignore,
            ..self
        }
    }

    /// Looks at `bytes`, whose hits are known. Passes over those that are known to come to nothing, and notes which of
    /// the others did.
    pub(crate) fn run(mut self, bytes: &[u8], known: Known) -> (Detection, Vec<Rejected>, Note) {
        let level = Level {
            left: self.detector.settings().limits.max_decode_depth,
        };
        let mut known = known;
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
        // A piece that is decoded as a whole, or was not looked at completely, says nothing about parts of it.
        let can_be_carried = !is_whole && self.detection.limited.is_empty();
        let note = Note {
            len: bytes.len(),
            known: can_be_carried.then_some(known),
        };
        let (detection, rejected) = self.finish(bytes, matches);
        (detection, rejected, note)
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
    fn look_at(&mut self, bytes: &[u8], known: &mut Known, level: Level, matches: &mut Vec<Match>) {
        self.scratch.next_piece(bytes.len());
        let first = matches.len();
        let queue = self.line_up(bytes, known);
        let mut encoded = Vec::new();
        let tried = self.try_all(bytes, known, &queue, &mut encoded);
        self.scratch.queue = queue;
        if !self.scratch.candidates.is_empty() {
            let candidates = std::mem::take(&mut self.scratch.candidates);
            let fates = self.judge_all(bytes, &candidates, matches);
            self.settle(bytes.len(), known, &tried, (&candidates, &fates));
            self.scratch.candidates = candidates;
        }
        self.sweep(bytes, known, first, matches);
        if level.left > 0 {
            self.look_into_encoded(bytes, (known, &encoded), level, matches);
        }
    }

    /// The literals of those hits about which something is to be done, by where they begin, each with the hit's number. A hit
    /// whose literal does not stand there as a whole comes to nothing.
    fn line_up(&mut self, bytes: &[u8], known: &mut Known) -> Vec<(Hit, u32)> {
        let mut queue = std::mem::take(&mut self.scratch.queue);
        queue.clear();
        for (number, noted) in (0_u32..).zip(&mut known.hits) {
            if noted.is_nothing() {
                continue;
            }
            match self.detector.whole(bytes, noted.hit) {
                Some(hit) => queue.push((hit, number)),
                None => noted.reads = self.detector.extent_of_whole(noted.hit, bytes.len()),
            }
        }
        if !queue.is_sorted() {
            queue.sort_unstable();
        }
        queue
    }

    /// Tries the hits of the queue, and brings the candidates back of those that are known. Hits that mark encodings are
    /// put aside. Gives back those that brought candidates.
    fn try_all(
        &mut self,
        bytes: &[u8],
        known: &mut Known,
        queue: &[(Hit, u32)],
        encoded: &mut Vec<usize>,
    ) -> Vec<Tried> {
        let most = self.detector.settings().limits.max_matches_per_piece;
        let mut all = Vec::new();
        for &(hit, number) in queue {
            let number = number as usize;
            if known
                .hits
                .get(number)
                .is_some_and(|noted| noted.reads.are_known())
            {
                self.bring_back(known, number, hit);
            } else if self.detector.index().is_encoding_mark(hit.literal) {
                encoded.push(number);
                continue;
            } else if let Some(candidates) = self.try_hit(bytes, hit) {
                if !candidates.is_empty() {
                    all.push(Tried {
                        number,
                        hit,
                        candidates,
                    });
                } else if let Some(noted) = known.hits.get_mut(number) {
                    noted.reads = self.read_by(hit, bytes.len());
                }
            }
            if self.scratch.candidates.len() >= most {
                self.limit(
                    "more candidates than the limit; the rest of the piece was not looked at"
                        .to_owned(),
                );
                break;
            }
        }
        all
    }

    /// Puts the candidates of a hit in again that were turned down in a piece where everything stood that was read for them.
    fn bring_back(&mut self, known: &Known, number: usize, hit: Hit) {
        let Some(noted) = known.hits.get(number) else {
            return;
        };
        let (mut rule, mut is_covered) = (usize::MAX, false);
        for one in known.turned_down(noted) {
            if one.rule() != rule {
                rule = one.rule();
                is_covered = self.scratch.passed.covers(rule, hit.position);
            }
            if !is_covered {
                let candidate = Candidate::turned_down(one, noted.hit.position);
                self.scratch.passed.note(rule, candidate.passed);
                self.scratch.candidates.push(candidate);
            }
        }
    }

    /// Notes those hits all of whose candidates were turned down because of the bytes around them.
    fn settle(
        &mut self,
        len: usize,
        known: &mut Known,
        tried: &[Tried],
        (candidates, fates): (&[Candidate], &[Option<Fate>]),
    ) {
        for one in tried {
            let of_hit = candidates.get(one.candidates.clone()).unwrap_or_default();
            let fates = fates.get(one.candidates.clone()).unwrap_or_default();
            let told = of_hit.iter().zip(fates);
            let told: Vec<(usize, Span, usize, Fate)> = told
                .filter_map(|(candidate, fate)| {
                    Some((candidate.rule, candidate.span, candidate.passed, (*fate)?))
                })
                .collect();
            if told.len() != one.candidates.len() {
                continue;
            }
            let judged = of_hit.iter().map(Judge::reads);
            let judged = judged.map(|span| Reads::new(span.start, span.end, len));
            let reads = judged.fold(self.read_by(one.hit, len), Reads::and);
            known.turn_down(one.number, reads, told.into_iter());
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

    /// Tries all rules that have the literal, and gives back which candidates that brought; nothing when that does not depend
    /// on the bytes around it alone, because a rule passed over it.
    fn try_hit(&mut self, bytes: &[u8], hit: Hit) -> Option<Range<usize>> {
        let first = self.scratch.candidates.len();
        let mut is_complete = true;
        for user in self.detector.index().users(hit.literal) {
            let rule = user.rule as usize;
            self.scratch.count(rule, |cost| cost.hits += 1);
            if self.scratch.passed.covers(rule, hit.position) {
                // Inside of the rule's last match it is not tried, so nothing is known.
                is_complete = false;
            } else {
                self.timed(rule, |search| search.try_rule(bytes, hit, *user));
            }
        }
        is_complete.then_some(first..self.scratch.candidates.len())
    }

    /// Runs something for a rule, and counts its time when somebody measures.
    fn timed<T>(&mut self, rule: usize, run: impl FnOnce(&mut Self) -> T) -> T {
        let Some(clock) = self.detector.settings().clock else {
            return run(self);
        };
        let begun = clock();
        let result = run(self);
        let took = clock().saturating_sub(begun);
        self.scratch.count(rule, |cost| cost.nanos += took);
        result
    }

    /// The bytes that the rules of a hit may have read.
    fn read_by(&mut self, hit: Hit, len: usize) -> Reads {
        let (before, after) = self.scratch.reaches.get(self.detector, hit);
        let position = hit.position as usize;
        Reads::new(
            position.saturating_sub(before),
            position.saturating_add(after),
            len,
        )
    }

    /// Tells once that something was limited.
    fn limit(&mut self, what: String) {
        if !self.detection.limited.contains(&what) {
            self.detection.limited.push(what);
        }
    }

    fn try_rule(&mut self, bytes: &[u8], hit: Hit, user: User) -> Option<()> {
        let (number, position) = (user.rule as usize, hit.position as usize);
        let detector = self.detector;
        self.scratch.count(number, |cost| cost.tries += 1);
        let (now, looked_at) = (self.scratch.now, self.scratch.looked_at);
        let memory = self.scratch.memories.get_mut(number)?;
        let memory = memory.get_or_insert_default();
        memory.enter(now, looked_at);
        let literal_end = || detector.literal(hit.literal)?.end_at(bytes, position);
        let candidate = match detector.matcher(number)? {
            RuleMatcher::Pattern(pattern) => {
                let found = pattern.find(bytes, (position, user.which as usize), memory);
                if memory.is_spent() {
                    return self.give_up(number);
                }
                let found = found?;
                let passed = found.whole.end;
                if found.cut {
                    let id = detector
                        .rules()
                        .get(number)
                        .map_or("", |rule| rule.id.as_str());
                    self.limit(format!("a match of {id} reached the longest length of a credential and was cut there"));
                }
                Candidate {
                    passed,
                    ..Candidate::new(number, found.credential)
                }
            }
            RuleMatcher::Keyword(keyword) => {
                let found = keyword.find(bytes, (position, literal_end()?), memory);
                if memory.is_spent() {
                    return self.give_up(number);
                }
                let found = found?;
                let mut candidate = Candidate::new(number, found.credential);
                candidate.name = Some(found.name);
                if !found.is_assigned {
                    candidate
                        .evidence
                        .push((-15, "nothing says that it is the name's value".into()));
                }
                candidate
            }
            RuleMatcher::Native(native) => {
                let hit = Span::new(position, literal_end()?);
                let mut candidate = native.find(number, bytes, hit, &mut memory.runs)?;
                candidate.passed = candidate.span.end;
                for span in std::mem::take(&mut candidate.more) {
                    let other = Candidate {
                        span,
                        ..candidate.clone()
                    };
                    self.scratch.candidates.push(other);
                }
                candidate
            }
            // They are run over whole pieces, and no literal of theirs has them as user.
            RuleMatcher::Sweep(_) | RuleMatcher::Path => return None,
            RuleMatcher::Refused(reason) => {
                let id = detector
                    .rules()
                    .get(number)
                    .map_or("", |rule| rule.id.as_str());
                self.scratch.passed.note(number, usize::MAX);
                self.limit(format!("rule {id} was not applied: {reason}"));
                return None;
            }
        };
        self.scratch.count(number, |cost| cost.candidates += 1);
        self.scratch.passed.note(number, candidate.passed);
        self.scratch.candidates.push(candidate);
        Some(())
    }

    /// Leaves a rule out for the rest of these bytes.
    fn give_up(&mut self, number: usize) -> Option<()> {
        let rule = self.detector.rules().get(number)?;
        self.scratch.passed.note(number, usize::MAX);
        self.limit(format!(
            "rule {} was tried too often in vain; the rest was not looked at for it",
            rule.id.as_str()
        ));
        None
    }

    /// Judges the candidates, and gives back for each why it would be turned down in any piece in which stands what was read
    /// for it; nothing when it was not, or when more than that counted.
    fn judge_all(
        &mut self,
        bytes: &[u8],
        candidates: &[Candidate],
        matches: &mut Vec<Match>,
    ) -> Vec<Option<Fate>> {
        let needs = |candidate: &Candidate| {
            let rule = self.detector.rules().get(candidate.rule);
            candidate.fate.is_none() && rule.is_some_and(|rule| !rule.companions.is_empty())
        };
        let companions = match candidates.iter().any(needs) {
            true => Companions::new(candidates.iter().map(|one| (one.rule, one.span))),
            false => Companions::default(),
        };
        let mut disproved = Disproved::default();
        let first = matches.len();
        let mut fates = Vec::with_capacity(candidates.len());
        for candidate in candidates {
            let fate = match candidate.fate {
                Some(fate) => {
                    self.detection.rejected += u64::from(fate != Fate::Low);
                    Some(fate)
                }
                None => self.judge_one(bytes, candidate, &companions, matches),
            };
            if fate == Some(Fate::Disproved) {
                disproved.note(candidate.span);
            }
            fates.push(fate);
        }
        if !disproved.is_empty() {
            let rules = self.detector.rules();
            let judged = matches.split_off(first);
            let (against, kept): (Vec<Match>, Vec<Match>) =
                judged.into_iter().partition(|matched| {
                    let rule = rules.get(matched.rule);
                    rule.is_some_and(|rule| disproved.speaks_against(rule, matched.span))
                });
            matches.extend(kept);
            self.turn_down(&against, |_| {
                "a token of a known kind stands there, and its checksum or structure does not hold"
                    .to_owned()
            });
        }
        fates
    }

    /// Judges a candidate, and keeps it when it is a match.
    fn judge_one(
        &mut self,
        bytes: &[u8],
        candidate: &Candidate,
        companions: &Companions,
        matches: &mut Vec<Match>,
    ) -> Option<Fate> {
        let judged = self.timed(candidate.rule, |search| {
            search.weigh(bytes, candidate, companions)
        });
        match judged {
            Judged::Kept(matched, fate) => {
                matches.push(matched);
                fate
            }
            Judged::TurnedDown(reason, fate) => {
                self.detection.rejected += 1;
                if let Some(rejected) = &mut self.rejected {
                    rejected.push(Rejected {
                        rule: candidate.rule,
                        span: candidate.span,
                        reason,
                    });
                }
                fate
            }
        }
    }

    fn weigh(&self, bytes: &[u8], candidate: &Candidate, companions: &Companions) -> Judged {
        let Some(rule) = self.detector.rules().get(candidate.rule) else {
            return Judged::TurnedDown(String::new(), None);
        };
        match self.detector.judge().judge(rule, candidate, bytes) {
            Judgement::Rejected(reason) => Judged::TurnedDown(reason, Some(Fate::Rejected)),
            Judgement::Disproved(reason) => Judged::TurnedDown(reason, Some(Fate::Disproved)),
            Judgement::Credential(confidence, reasons) => {
                match self.matched(bytes, (candidate, rule), companions, (confidence, reasons)) {
                    Err(reason) => Judged::TurnedDown(reason, None),
                    Ok(matched) => {
                        let fate = self.stays_hidden(rule, &matched).then_some(Fate::Low);
                        Judged::Kept(matched, fate)
                    }
                }
            }
        }
    }

    /// Whether nobody gets to see the match, whatever else stands in the piece.
    fn stays_hidden(&self, rule: &Rule, matched: &Match) -> bool {
        matched.confidence == Confidence::Low
            && self.is_secret(matched)
            && !self.is_shown(matched)
            && rule.companions.is_empty()
            && !rule.is_foreign()
            && !self.detector.index().has_sweeps()
            && !self.detector.has_requirements()
    }

    fn matched(
        &self,
        bytes: &[u8],
        (candidate, rule): (&Candidate, &Rule),
        companions: &Companions,
        (mut confidence, mut reasons): (Confidence, Vec<String>),
    ) -> Result<Match, String> {
        let mut found = Vec::new();
        for (companion, number) in rule
            .companions
            .iter()
            .zip(self.detector.companion_numbers(candidate.rule))
        {
            let nearest = number.and_then(|number| {
                companions.nearest(bytes, number, candidate.span, companion.within_lines)
            });
            match nearest {
                Some(span) => {
                    found.push((companion.name.to_string(), span));
                    reasons.push(format!("its {} stands near by", companion.name));
                    confidence = confidence.max(Confidence::Medium);
                }
                None if companion.required => {
                    return Err(format!("its {} is not near by", companion.name));
                }
                None => {}
            }
        }
        let of_rule = (candidate.rule, rule);
        let swept = Swept {
            whole: candidate.span,
            credential: candidate.span,
        };
        let open = sweep::open_exceptions(self.detector, of_rule, bytes, swept)?;
        let secret = candidate.secret(bytes);
        Ok(Match {
            rule: candidate.rule,
            span: candidate.span,
            whole: candidate.span,
            secret: Secret::new(secret),
            entropy: judge::shannon(secret),
            confidence,
            reasons,
            decoded: Vec::new(),
            companions: found,
            manner: candidate.manner,
            open,
        })
    }

    /// Decodes at those of `hits` that `marks` numbers.
    fn look_into_encoded(
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
    fn look_inside(&mut self, decoded: &Decoded, level: Level, matches: &mut Vec<Match>) {
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

    /// Settles overlaps, obeys comments, leaves out what is not to be shown.
    fn finish(mut self, bytes: &[u8], mut matches: Vec<Match>) -> (Detection, Vec<Rejected>) {
        // What is not shown hides nothing that is; what is no secret (a public key's id) does.
        let (kept, low): (Vec<Match>, Vec<Match>) = matches
            .into_iter()
            .partition(|matched| self.is_shown(matched) || !self.is_secret(matched));
        matches = kept;
        self.turn_down(&low, |matched| {
            let why = matched.reasons.first().map_or("", String::as_str);
            format!("low confidence, shown with --sensitivity high ({why})")
        });
        let mut foreign = self.without_foreign(&mut matches);
        self.report_once(&mut matches);
        matches.append(&mut foreign);
        matches.retain(|matched| self.is_shown(matched));
        if self.inline_allow == InlineAllow::Honour {
            let (allowed, kept): (Vec<Match>, Vec<Match>) = matches
                .into_iter()
                .partition(|matched| judge::allows(bytes, matched.span));
            matches = kept;
            self.detection.suppressed += allowed.len() as u64;
            self.turn_down(&allowed, |_| "a comment on its line allows it".to_owned());
        }
        for matched in &matches {
            self.scratch.count(matched.rule, |cost| cost.matches += 1);
        }
        matches.sort_by_key(|matched| (matched.span, matched.rule));
        self.detection.matches = matches;
        let mut rejected = self.rejected.unwrap_or_default();
        rejected.sort_by_key(|rejected| (rejected.span, rejected.rule));
        (self.detection, rejected)
    }

    /// Takes the matches of other tools' rules out, which each report what they find, whatever others say; rules of ours that
    /// only go by names do not say it again.
    fn without_foreign(&self, matches: &mut Vec<Match>) -> Vec<Match> {
        let rules = self.detector.rules();
        let is_foreign = |matched: &Match| rules.get(matched.rule).is_some_and(Rule::is_foreign);
        if !matches.iter().any(is_foreign) {
            return Vec::new();
        }
        let (mut foreign, ours): (Vec<Match>, Vec<Match>) = matches.drain(..).partition(is_foreign);
        let mut taken: HashSet<(usize, Span)> = HashSet::new();
        foreign.retain(|matched| taken.insert((matched.rule, matched.span)));
        matches.extend(ours.into_iter().filter(|matched| {
            let goes_by_name = rules
                .get(matched.rule)
                .is_some_and(|rule| rule.specificity < SHAPE_OF_ITS_OWN);
            !(goes_by_name
                && foreign
                    .iter()
                    .any(|other| other.span.overlaps(matched.span)))
        }));
        foreign
    }

    /// Keeps, of matches that overlap, the most specific one: then the surer, then the longer one.
    fn report_once(&mut self, matches: &mut Vec<Match>) {
        matches.sort_by_key(|matched| {
            let specificity = self
                .detector
                .rules()
                .get(matched.rule)
                .map_or(0, |rule| rule.specificity);
            let length = Reverse(matched.span.len());
            (
                Reverse(specificity),
                Reverse(matched.confidence),
                length,
                matched.span.start,
                matched.rule,
            )
        });
        let mut taken = Spans::default();
        let (kept, hidden): (Vec<Match>, Vec<Match>) = matches
            .drain(..)
            .partition(|matched| taken.insert(matched.span));
        *matches = kept;
        let detector = self.detector;
        self.turn_down(&hidden, |hidden| {
            let by = matches
                .iter()
                .find(|matched| matched.span.overlaps(hidden.span))
                .and_then(|matched| detector.rules().get(matched.rule));
            format!(
                "it is told by {}, which is more specific or surer",
                by.map_or("another rule", |rule| rule.id.as_str())
            )
        });
    }

    /// Tells of matches that are not reported, when somebody wants to know.
    fn turn_down(&mut self, matches: &[Match], why: impl Fn(&Match) -> String) {
        if let Some(rejected) = &mut self.rejected {
            rejected.extend(matches.iter().map(|matched| Rejected {
                rule: matched.rule,
                span: matched.span,
                reason: why(matched),
            }));
        }
    }

    fn is_secret(&self, matched: &Match) -> bool {
        let rule = self.detector.rules().get(matched.rule);
        rule.is_some_and(|rule| rule.class == Class::Secret)
    }

    fn is_shown(&self, matched: &Match) -> bool {
        let shows_low = self.detector.settings().sensitivity == Sensitivity::High;
        self.is_secret(matched) && (shows_low || matched.confidence > Confidence::Low)
    }
}
