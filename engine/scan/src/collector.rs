//! The visitor that a scan hands to its sources: detects in each piece and keeps what was seen.
//!
//! Not for: deciding what is reported. Paths, baselines and ignore files come later, once it is known which
//! pieces hold anything at all.
//!
//! INVARIANT: a panic while one piece is looked at loses that piece only, and the piece is told as skipped.

use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use leakward_core::line_hash::primary_location_line_hashes;
use leakward_core::outcome::SkippedKind;
use leakward_core::{CompanionPlace, Excerpt, Locator, Skipped, Span, Stats, TextRange};
use leakward_detect::{Copied, Detection, Detector, Match, Note, RuleCost, Scratch};
use leakward_sources::git::{HeadFile, ObjectId};
use leakward_sources::{Edit, Origin, Part, Piece, Visitor};

use crate::credential::values_near;
use crate::excerpt::{Masked, excerpt};
use crate::pairs::Aside;
use crate::progress::Progress;
use crate::request::{Credentials, LineHashes};
use crate::sighting::Sighting;

/// Detects in each piece and keeps what was seen.
pub struct Collector<'a> {
    detector: &'a Detector,
    progress: &'a dyn Progress,
    interrupted: &'a AtomicBool,
    explain: bool,
    remembering: Remembering,
    looked_at: Arc<Mutex<Vec<ObjectId>>>,
    costs: Arc<Mutex<Vec<RuleCost>>>,
    credentials: Credentials,
    line_hashes: LineHashes,
    seen: Mutex<Seen>,
    counters: Counters,
}

/// Whether it is noted what was looked at, for the scan cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Remembering {
    /// Nobody asks.
    #[default]
    Off,
    /// The ids of all objects are kept.
    On,
}

/// What all threads together have seen.
#[derive(Default)]
struct Seen {
    sightings: Vec<Sighting>,
    skipped: Vec<Skipped>,
    unread: Vec<Unread>,
    notes: Vec<String>,
    again: BTreeSet<ObjectId>,
    /// Those of them of which there is more to tell than the sightings in a blob.
    singular: BTreeSet<ObjectId>,
    names: bool,
    /// Files that may have a part of a pair.
    aside: Aside,
}

#[derive(Default)]
struct Counters {
    pieces: AtomicU64,
    blobs: AtomicU64,
    files: AtomicU64,
    commits: AtomicU64,
    tags: AtomicU64,
    refs: AtomicU64,
    bytes: AtomicU64,
    rejected: AtomicU64,
    suppressed: AtomicU64,
}

/// A piece that could not be looked at, or not at all of it. What it is called is found out later, like the paths of a
/// blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// The piece.
    pub origin: Origin,
    /// Why, as a kind.
    pub kind: SkippedKind,
    /// Why, in one sentence.
    pub reason: String,
}

/// What a collector has when all sources are done.
pub struct Collected {
    /// Every match, in no particular order.
    pub sightings: Vec<Sighting>,
    /// What could not be looked at.
    pub skipped: Vec<Skipped>,
    /// Pieces that could not be looked at, or not at all of them.
    pub unread: Vec<Unread>,
    /// Things worth telling: what was turned down and why, when that was asked for.
    pub notes: Vec<String>,
    /// Objects that were looked at, when that is remembered.
    pub(crate) looked_at: Vec<ObjectId>,
    /// Those of them that have to be looked at again whenever the repository is scanned: there is something to tell.
    pub(crate) again: Vec<ObjectId>,
    /// Those of them of which there is more to tell than the sightings in a blob.
    pub(crate) singular: BTreeSet<ObjectId>,
    /// Whether there is something to tell of names in trees.
    pub(crate) names: bool,
    /// What each rule cost, when that was asked for.
    pub(crate) costs: Vec<RuleCost>,
    /// How much was looked at.
    pub stats: Stats,
}

/// What one thread has: buffers, and what it looked at.
pub struct Worker {
    scratch: Scratch,
    looked_at: Vec<ObjectId>,
    all: Arc<Mutex<Vec<ObjectId>>>,
    costs: Arc<Mutex<Vec<RuleCost>>>,
}

impl Worker {
    /// From so many objects on they are told to all: what a kill costs beyond the pause between two notes.
    const ENOUGH: usize = 64;

    /// Notes that an object was looked at. The newest one is kept back: what belongs to it may follow, members of an archive and
    /// files that a pointer names.
    fn note(&mut self, object: Option<ObjectId>) {
        let Some(object) = object else { return };
        if self.looked_at.last() == Some(&object) {
            return;
        }
        if self.looked_at.len() >= Self::ENOUGH {
            self.tell_all();
        }
        self.looked_at.push(object);
    }

    fn tell_all(&mut self) {
        if !self.looked_at.is_empty() {
            let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
            all.append(&mut self.looked_at);
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        add_costs(&self.costs, self.scratch.costs());
        self.tell_all();
    }
}

/// Adds what one thread counted to what all did.
fn add_costs(all: &Mutex<Vec<RuleCost>>, own: &[RuleCost]) {
    if own.is_empty() {
        return;
    }
    let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
    all.resize(own.len(), RuleCost::default());
    all.iter_mut()
        .zip(own)
        .for_each(|(sum, more)| sum.add(more));
}

impl<'a> Collector<'a> {
    /// A collector that detects with `detector` and stops when `interrupted` becomes true.
    #[must_use]
    pub(crate) fn new(
        detector: &'a Detector,
        progress: &'a dyn Progress,
        interrupted: &'a AtomicBool,
        explain: bool,
    ) -> Self {
        Self {
            detector,
            progress,
            interrupted,
            explain,
            remembering: Remembering::default(),
            looked_at: Arc::default(),
            costs: Arc::default(),
            credentials: Credentials::Forget,
            line_hashes: LineHashes::default(),
            seen: Mutex::default(),
            counters: Counters::default(),
        }
    }

    /// Notes what is looked at.
    pub(crate) fn remembering(mut self, remembering: Remembering) -> Self {
        self.remembering = remembering;
        self
    }

    /// The same, with credentials kept or forgotten.
    #[must_use]
    pub(crate) fn with_credentials(self, credentials: Credentials) -> Self {
        Self {
            credentials,
            ..self
        }
    }

    /// With the hashes of lines, which cost a pass over every piece that has something in it.
    #[must_use]
    pub(crate) fn with_line_hashes(mut self, line_hashes: LineHashes) -> Self {
        self.line_hashes = line_hashes;
        self
    }

    /// Keeps a blob that lies at this path in HEAD, to be looked at beside others of its folder. Whether more are kept.
    pub(crate) fn put_aside(&self, file: &HeadFile<'_>) -> ControlFlow<()> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.aside
            .put_file(&Origin::Blob(file.id), file.path, file.bytes)
    }

    /// Blobs with something to tell so far. None when there is something to tell of names in trees.
    pub(crate) fn blobs_so_far(&self) -> Option<Vec<ObjectId>> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let origins = seen.sightings.iter().map(|sighting| &*sighting.origin);
        let origins = origins.chain(seen.unread.iter().map(|unread| &unread.origin));
        let blobs = origins.filter_map(|origin| match origin.outermost() {
            Origin::Blob(id) | Origin::Lfs(_, id) => Some(*id),
            _ => None,
        });
        (!seen.names).then(|| blobs.collect())
    }

    /// What was looked at to its end so far and has nothing that has to be told, to be written down while the scan goes on. None
    /// when something has to be told of names.
    pub(crate) fn quiet_so_far(&self) -> Option<Vec<ObjectId>> {
        // In this order: who has something to tell says so before it counts as looked at.
        let all = self
            .looked_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let quiet = all.iter().filter(|id| !seen.again.contains(*id));
        (!seen.names).then(|| quiet.copied().collect())
    }

    /// What was seen.
    #[must_use]
    pub fn finish(self) -> Collected {
        let Seen {
            mut sightings,
            skipped,
            unread,
            mut notes,
            again,
            singular,
            names,
            aside,
        } = self
            .seen
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let keeping = (self.credentials, self.line_hashes);
        let stop = || self.interrupted.load(Ordering::Relaxed);
        notes.extend(aside.find(self.detector, keeping, &stop, &mut sightings));
        Collected {
            sightings,
            skipped,
            unread,
            notes,
            looked_at: std::mem::take(
                &mut self
                    .looked_at
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner),
            ),
            again: again.into_iter().collect(),
            singular,
            costs: std::mem::take(&mut self.costs.lock().unwrap_or_else(PoisonError::into_inner)),
            names,
            stats: self.counters.stats(),
        }
    }

    /// Detects in a piece, and notes what pieces that are made from it need.
    fn detect(
        &self,
        scratch: &mut Scratch,
        piece: Piece<'_>,
        stored: Stored<'_>,
    ) -> (Detection, Note) {
        match stored {
            _ if self.explain => (self.explained(scratch, piece), Note::default()),
            Stored::AsChange(base, edits) => {
                self.detector
                    .detect_changed(piece.bytes, base, copies(edits), scratch)
            }
            Stored::Whole => self.detector.detect_whole(piece.bytes, scratch),
            Stored::Alone => (self.detector.detect(piece.bytes, scratch), Note::default()),
        }
    }

    /// Detects, and tells what was turned down and why.
    fn explained(&self, scratch: &mut Scratch, piece: Piece<'_>) -> Detection {
        let explained = self.detector.detect_explained(piece.bytes, scratch);
        let mut rejected = explained.rejected;
        rejected.sort_by_key(|rejected| rejected.span);
        let mut locator = Locator::new(piece.bytes);
        let notes = rejected.iter().map(|rejected| {
            let start = locator.locate(rejected.span).start;
            let rule = self
                .detector
                .rules()
                .get(rejected.rule)
                .map_or("", |rule| rule.id.as_str());
            let place = piece.origin.to_string();
            format!(
                "{place}:{}:{}: not reported: {rule}: {}",
                start.line, start.column, rejected.reason
            )
        });
        let notes: Vec<String> = notes.collect();
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .notes
            .extend(notes);
        explained.detection
    }

    fn look(&self, worker: &mut Worker, piece: Piece<'_>, stored: Stored<'_>) -> Note {
        let scratch = &mut worker.scratch;
        self.counters.count(piece);
        if Aside::wants(piece) {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.aside.put(piece);
        }
        let note = match catch_unwind(AssertUnwindSafe(|| self.detect(scratch, piece, stored))) {
            Ok((detection, note)) => {
                self.keep(piece, detection);
                note
            }
            Err(_panic) => {
                *scratch = self.detector.scratch();
                let reason = "detection failed on it (a fault of this program; please report it)";
                self.not_read(piece.origin, SkippedKind::Unreadable, reason.to_owned());
                Note::default()
            }
        };
        // Only now: what is noted may be written down at any time.
        if self.remembering == Remembering::On {
            worker.note(object_of(piece.origin));
        }
        note
    }

    fn keep(&self, piece: Piece<'_>, detection: Detection) {
        let add = |counter: &AtomicU64, number: u64| counter.fetch_add(number, Ordering::Relaxed);
        add(&self.counters.rejected, detection.rejected);
        add(&self.counters.suppressed, detection.suppressed);
        let limited = detection.limited.into_iter().map(|reason| Unread {
            origin: piece.origin.clone(),
            kind: SkippedKind::Limit,
            reason,
        });
        let limited: Vec<Unread> = limited.collect();
        let mut sightings = sightings(piece, detection.matches, self.line_hashes);
        sightings.extend(self.path_sightings(piece));
        if self.credentials == Credentials::Keep {
            for sighting in &mut sightings {
                if let Some(rule) = self.detector.rules().get(sighting.matched.rule) {
                    sighting.values = values_near(piece.bytes, rule, &sighting.matched);
                }
            }
        }
        if sightings.is_empty() && limited.is_empty() && detection.suppressed == 0 {
            return;
        }
        let is_plain = limited.is_empty()
            && detection.suppressed == 0
            && matches!(piece.origin, Origin::Blob(_))
            && piece.part == Part::WHOLE
            && !sightings
                .iter()
                .any(|one| one.matched.may_depend_on_commit());
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.again.extend(object_of(piece.origin));
        if !is_plain {
            seen.singular.extend(object_of(piece.origin));
        }
        seen.names |= matches!(piece.origin, Origin::EntryName(_));
        seen.unread.extend(limited);
        seen.sightings.extend(sightings);
    }
}

impl Collector<'_> {
    /// What rules say that go by the path alone. The paths of a name in a tree are known later, so each such name is kept
    /// for every such rule.
    fn path_sightings(&self, piece: Piece<'_>) -> Vec<Sighting> {
        let rules = self.detector.path_rules();
        if rules.is_empty() {
            return Vec::new();
        }
        let matches: Vec<Match> = match piece.origin {
            Origin::EntryName(_) => rules
                .iter()
                .map(|number| self.detector.path_match(*number, ""))
                .collect(),
            Origin::Worktree(path)
            | Origin::File(path)
            | Origin::Index(path, _)
            | Origin::Layer(_, path) => rules
                .iter()
                .filter_map(|number| self.detector.match_path(*number, path))
                .collect(),
            _ => Vec::new(),
        };
        let origin = Arc::new(piece.origin.clone());
        let sighting = |matched: Match| Sighting {
            range: Locator::new(b"").locate(Span::new(0, 0)),
            companions: Vec::new(),
            elsewhere: Vec::new(),
            values: Vec::new(),
            excerpt: Excerpt {
                text: String::new(),
                marked: 0..0,
            },
            line_hash: None,
            origin: Arc::clone(&origin),
            ordinal: 0,
            matched,
        };
        matches.into_iter().map(sighting).collect()
    }
}

/// How a piece is stored.
#[derive(Clone, Copy)]
enum Stored<'n> {
    /// Other pieces may be stored as changes of it.
    Whole,
    /// As changes of another one.
    AsChange(&'n Note, &'n [Edit]),
    /// Nothing is stored as a change of it.
    Alone,
}

/// What of a piece was copied from its base.
fn copies(edits: &[Edit]) -> impl Iterator<Item = Copied> {
    edits.iter().filter_map(|edit| match *edit {
        Edit::Copy { from, to, len } => Some(Copied { from, to, len }),
        Edit::Insert { .. } => None,
    })
}

/// Sightings of `matches` in `piece`, in the order of their places.
pub(crate) fn sightings(
    piece: Piece<'_>,
    mut matches: Vec<Match>,
    line_hashes: LineHashes,
) -> Vec<Sighting> {
    let counts = piece.part.counts;
    matches.retain(|matched| counts.range().contains(&matched.span.start));
    if matches.is_empty() {
        return Vec::new();
    }
    matches.sort_by_key(|matched| matched.span);
    let masked: Vec<Masked> = matches
        .iter()
        .map(|matched| Masked {
            span: matched.span,
            text: matched.secret.masked(),
        })
        .collect();
    let origin = Arc::new(piece.origin.clone());
    let mut locator = Locator::new(piece.bytes);
    let ranges: Vec<TextRange> = matches
        .iter()
        .map(|matched| shifted(locator.locate(matched.span), piece.part.lines_before))
        .collect();
    let hashes = match line_hashes {
        LineHashes::Compute => hashes_of_lines(piece, &ranges),
        LineHashes::Skip => HashMap::new(),
    };
    let mut companions = companions(piece, &matches);
    let of_match =
        |(ordinal, ((matched, own), range)): (usize, ((Match, &Masked), &TextRange))| Sighting {
            range: *range,
            companions: companions.remove(&ordinal).unwrap_or_default(),
            elsewhere: Vec::new(),
            values: Vec::new(),
            excerpt: excerpt(piece.bytes, own, &masked),
            line_hash: hashes.get(&range.start.line).cloned(),
            origin: Arc::clone(&origin),
            ordinal,
            matched,
        };
    matches
        .into_iter()
        .zip(&masked)
        .zip(&ranges)
        .enumerate()
        .map(of_match)
        .collect()
}

/// Where the companions of the matches stand, by the number of the match. Positions in decoded text are no places.
fn companions(piece: Piece<'_>, matches: &[Match]) -> HashMap<usize, Vec<CompanionPlace>> {
    let numbered = matches.iter().enumerate();
    let in_clear = numbered.filter(|(_, matched)| matched.decoded.is_empty());
    let mut all: Vec<(usize, &String, Span)> = in_clear
        .flat_map(|(number, matched)| {
            let companions = matched.companions.iter();
            companions.map(move |(name, span)| (number, name, *span))
        })
        .collect();
    // In the order in which they stand, so that the piece is gone through once.
    all.sort_by_key(|(number, _, span)| (*span, *number));
    let mut locator = Locator::new(piece.bytes);
    let mut places: HashMap<usize, Vec<CompanionPlace>> = HashMap::new();
    for (number, name, span) in all {
        places.entry(number).or_default().push(CompanionPlace {
            name: name.clone(),
            path: None,
            range: shifted(locator.locate(span), piece.part.lines_before),
        });
    }
    places
}

/// The range with so many lines before it.
fn shifted(mut range: TextRange, lines: u32) -> TextRange {
    range.start.line = range.start.line.saturating_add(lines);
    range.end.line = range.end.line.saturating_add(lines);
    range
}

/// Hashes of the lines on which `ranges` start. A blob's are left for later: history gives many sightings, of which
/// few are the first place of a finding. A part of something larger has none: they cover what stands before it.
fn hashes_of_lines(piece: Piece<'_>, ranges: &[TextRange]) -> HashMap<u32, String> {
    if matches!(piece.origin, Origin::Blob(_)) || piece.part != Part::WHOLE {
        return HashMap::new();
    }
    let lines: Vec<u32> = ranges.iter().map(|range| range.start.line).collect();
    primary_location_line_hashes(piece.bytes, &lines)
}

/// The object of the repository that a piece is, or belongs to.
fn object_of(origin: &Origin) -> Option<ObjectId> {
    match origin {
        Origin::Blob(id) | Origin::Commit(id) | Origin::Tag(id) | Origin::Lfs(_, id) => Some(*id),
        Origin::Index(..)
        | Origin::Worktree(_)
        | Origin::File(_)
        | Origin::Stdin
        | Origin::RefName(_)
        | Origin::EntryName(_)
        | Origin::PathName(_)
        | Origin::Layer(..)
        | Origin::LayerName(..)
        | Origin::ImageConfig(..) => None,
        Origin::Member(outer, _) => object_of(outer),
    }
}

impl Visitor for Collector<'_> {
    type Worker = Worker;
    type Note = Note;

    fn worker(&self) -> Worker {
        Worker {
            scratch: self.detector.scratch(),
            looked_at: Vec::new(),
            all: Arc::clone(&self.looked_at),
            costs: Arc::clone(&self.costs),
        }
    }

    fn whole(&self, worker: &mut Worker, piece: Piece<'_>) -> Note {
        self.look(worker, piece, Stored::Whole)
    }

    fn changed(&self, worker: &mut Worker, piece: Piece<'_>, base: &Note, edits: &[Edit]) -> Note {
        self.look(worker, piece, Stored::AsChange(base, edits))
    }

    fn alone(&self, worker: &mut Worker, piece: Piece<'_>) {
        let _no_note = self.look(worker, piece, Stored::Alone);
    }

    fn unpacked(&self, _worker: &mut Worker, piece: Piece<'_>) {
        self.counters.count(piece);
    }

    fn unsettled(&self, id: &ObjectId) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.again.insert(*id);
        seen.singular.insert(*id);
    }

    fn skipped(&self, skipped: Skipped) {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .skipped
            .push(skipped);
    }

    fn not_read(&self, origin: &Origin, kind: SkippedKind, reason: String) {
        let unread = Unread {
            origin: origin.clone(),
            kind,
            reason,
        };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.again.extend(object_of(origin));
        seen.singular.extend(object_of(origin));
        seen.unread.push(unread);
    }

    fn stop(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    fn expect(&self, objects: u64, bytes: u64) {
        self.progress.expect(objects, bytes);
    }

    fn advance(&self, objects: u64, bytes: u64) {
        self.progress.advance(objects, bytes);
    }
}

impl Counters {
    fn count(&self, piece: Piece<'_>) {
        let kind = match piece.origin {
            Origin::Blob(_) | Origin::Index(..) | Origin::Lfs(..) => &self.blobs,
            Origin::Worktree(_)
            | Origin::File(_)
            | Origin::Stdin
            | Origin::Member(..)
            | Origin::Layer(..)
            | Origin::ImageConfig(..) => &self.files,
            Origin::Commit(_) => &self.commits,
            Origin::Tag(_) => &self.tags,
            Origin::RefName(_) => &self.refs,
            // A name belongs to what it names, which is counted.
            Origin::EntryName(_) | Origin::PathName(_) | Origin::LayerName(..) => return,
        };
        kind.fetch_add(1, Ordering::Relaxed);
        self.pieces.fetch_add(1, Ordering::Relaxed);
        self.bytes
            .fetch_add(piece.bytes.len() as u64, Ordering::Relaxed);
    }

    fn stats(&self) -> Stats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            pieces: read(&self.pieces),
            blobs: read(&self.blobs),
            files: read(&self.files),
            commits: read(&self.commits),
            tags: read(&self.tags),
            refs: read(&self.refs),
            bytes: read(&self.bytes),
            rejected: read(&self.rejected),
            suppressed: read(&self.suppressed),
            ..Stats::default()
        }
    }
}
