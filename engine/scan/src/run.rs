//! A whole scan: each target through its source, detection and grouping, and all of it into one outcome.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use leakward_core::outcome::SkippedKind;
use leakward_core::{Location, LocationKind, Outcome, Rule, Secret, Skipped, Stats, TargetSummary};
use leakward_detect::{Detector, DetectorError, RuleCost};
use leakward_sources::git::clone::CloneError;
use leakward_sources::git::{FileAtError, GitError, ScopeError};
use leakward_sources::image::ImageError;
use leakward_sources::tree::Tree;
use leakward_sources::{Origin, Unpacking, stream};

use crate::collector::{Collected, Collector, Unread};
use crate::credential::Credential;
use crate::grouping::{self, Grouping};
use crate::interruptible_input::InterruptibleInput;
use crate::place::Place;
use crate::policy::{Folder, NoFiles, Overrides, Policy, PolicyError, PolicyFiles};
use crate::progress::Progress;
use crate::request::{Credentials, Measure, Request};
use crate::sighting::Sighting;
use crate::target::{Target, TargetError};
use crate::{git_scan, image_scan};

/// What a scan gives back.
#[derive(Debug, Default)]
pub struct Scanned {
    /// Findings, what was looked at, what was not.
    pub outcome: Outcome,
    /// The rules that were applied, for reports that describe them.
    pub rules: Cow<'static, [Rule]>,
    /// The findings' credentials, when the request says that they are kept.
    pub credentials: Vec<Credential>,
    /// What each of the rules cost, when the request asks for it.
    pub costs: Vec<RuleCost>,
}

/// A scan that could not begin. What cannot be read on the way is no error: it is in the outcome.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The target.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// Configuration, rules, ignore files, baseline.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The rules cannot be made a detector of.
    #[error(transparent)]
    Detector(#[from] DetectorError),
    /// The repository.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The revisions that were asked for.
    #[error(transparent)]
    Scope(#[from] ScopeError),
    /// The ref that policy files are to be read from.
    #[error(transparent)]
    FileAt(#[from] FileAtError),
    /// The repository could not be cloned.
    #[error(transparent)]
    Clone(#[from] CloneError),
    /// The image.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// A temporary folder or the worker threads.
    #[error("{what}: {reason}")]
    Environment {
        /// What was tried.
        what: &'static str,
        /// What the system said.
        reason: String,
    },
}

impl ScanError {
    /// Whether it says nothing about the other targets: those are scanned, and this one is told as not scanned.
    fn is_of_one_target(&self) -> bool {
        matches!(
            self,
            Self::Target(_) | Self::Git(_) | Self::Clone(_) | Self::Image(_)
        )
    }
}

/// Scans everything that `request` names, on its number of threads. Stops early when `interrupted` becomes true;
/// the outcome then says so.
///
/// # Errors
/// When a target, its policy or its repository cannot be used at all.
pub fn run(
    request: &Request,
    progress: &dyn Progress,
    interrupted: &AtomicBool,
) -> Result<Scanned, ScanError> {
    let started = Instant::now();
    leakward_sources::memory::give_large_buffers_back();
    let pool = pool(request.threads)?;
    let mut scanned = Scanned::default();
    scanned.outcome.skipped.clone_from(&request.unusable);
    let several = request.targets.len() + request.unusable.len() > 1;
    pool.install(|| -> Result<(), ScanError> {
        for target in &request.targets {
            match scan_target(target, request, progress, interrupted) {
                Ok(one) => absorb(&mut scanned, one, several.then(|| target.name()).as_deref()),
                Err(error) if several && error.is_of_one_target() => {
                    let (what, reason) = (target.name(), error.to_string());
                    scanned.outcome.skipped.push(Skipped {
                        kind: SkippedKind::Unreadable,
                        what,
                        reason,
                    });
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    })?;
    if interrupted.load(Ordering::Relaxed) {
        let (what, reason) = ("the scan".to_owned(), "stopped before its end".to_owned());
        scanned.outcome.skipped.push(Skipped {
            kind: SkippedKind::Interrupted,
            what,
            reason,
        });
    }
    let stats = &mut scanned.outcome.stats;
    stats.threads = request.threads as u64;
    stats.duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(scanned)
}

/// The threads of one scan.
pub(crate) fn pool(threads: usize) -> Result<rayon::ThreadPool, ScanError> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|index| format!("scan-{index}"))
        .build()
        .map_err(|error| ScanError::Environment {
            what: "worker threads",
            reason: error.to_string(),
        })
}

fn scan_target(
    target: &Target,
    request: &Request,
    progress: &dyn Progress,
    interrupted: &AtomicBool,
) -> Result<Scanned, ScanError> {
    let context = |files: &dyn PolicyFiles| Context::new(files, request, progress, interrupted);
    match target {
        Target::Stdin => Ok(context(&NoFiles)?.scan_stdin()),
        Target::File(path) => Ok(context(&NoFiles)?.scan_tree(target, path)),
        Target::Folder(path) => Ok(context(&Folder(path.clone()))?.scan_tree(target, path)),
        Target::Git(path) => git_scan::scan(path, target, request, progress, interrupted),
        Target::Image(image) => image_scan::scan(image, target, context(&NoFiles)?),
        Target::Url(url) => git_scan::scan_url(url, target, request, progress, interrupted),
    }
}

/// A policy with its detector, made once for many scans. Policy files of the targets do not count then: whoever scans for others
/// does not let them decide.
///
/// PERF: making a detector of a thousand rules takes longer than looking at a usual push.
pub struct Prepared {
    policy: Policy,
    detector: Arc<Detector>,
}

impl Prepared {
    /// What these overrides say, and nothing else.
    ///
    /// # Errors
    /// When a file that they name, or a rule, cannot be used.
    pub fn new(overrides: &Overrides) -> Result<Self, ScanError> {
        let mut policy = Policy::load(&NoFiles, overrides)?;
        let rules = std::mem::take(&mut policy.rules);
        let detector = Arc::new(Detector::new(rules, policy.detection.clone())?);
        Ok(Self { policy, detector })
    }

    /// What scans are held to; its rules are the detector's.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What looks for credentials.
    #[must_use]
    pub fn detector(&self) -> &Detector {
        &self.detector
    }
}

impl std::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Prepared({} rules)", self.detector.rules().len())
    }
}

/// What the scan of one target works with.
pub(crate) struct Context<'a> {
    pub(crate) policy: Policy,
    pub(crate) detector: Arc<Detector>,
    pub(crate) request: &'a Request,
    pub(crate) progress: &'a dyn Progress,
    pub(crate) interrupted: &'a AtomicBool,
}

/// What sources show their pieces to.
pub(crate) type Looking<'c> = Unpacking<'c, Collector<'c>>;

impl<'a> Context<'a> {
    pub(crate) fn new(
        files: &dyn PolicyFiles,
        request: &'a Request,
        progress: &'a dyn Progress,
        interrupted: &'a AtomicBool,
    ) -> Result<Self, ScanError> {
        if let Some(prepared) = &request.prepared {
            return Ok(Self {
                policy: prepared.policy.clone(),
                detector: Arc::clone(&prepared.detector),
                request,
                progress,
                interrupted,
            });
        }
        let mut policy = Policy::load(files, &request.overrides)?;
        let rules = std::mem::take(&mut policy.rules);
        if request.measure == Measure::Rules {
            policy.detection.clock = Some(nanoseconds);
        }
        let detector = Detector::new(rules, policy.detection.clone())?;
        for line in policy.ignore.expired_lines(request.today) {
            policy.notes.push(format!(
                ".leakwardignore:{line}: its date has passed; it no longer suppresses anything"
            ));
        }
        Ok(Self {
            policy,
            detector: Arc::new(detector),
            request,
            progress,
            interrupted,
        })
    }

    pub(crate) fn collector(&self) -> Collector<'_> {
        Collector::new(
            &self.detector,
            self.progress,
            self.interrupted,
            self.request.explain,
        )
        .with_credentials(self.request.credentials)
        .with_line_hashes(self.request.line_hashes)
    }

    /// What sources are to show their pieces to: the collector, which gets to see what is in archives too.
    pub(crate) fn unpacking<'c>(&'c self, collector: &'c Collector<'c>) -> Looking<'c> {
        let limits = &self.policy.detection.limits;
        Unpacking::new(collector, limits, self.request.archives)
    }

    fn scan_stdin(self) -> Scanned {
        self.progress.phase("standard input");
        let collector = self.collector();
        stream::scan(
            InterruptibleInput::new(std::io::stdin(), self.interrupted),
            &self.unpacking(&collector),
            &self.policy.detection.limits,
        );
        let mut collected = collector.finish();
        if collected.stats.bytes == 0 {
            collected.skipped.push(Skipped {
                kind: SkippedKind::Nothing,
                what: "standard input".to_owned(),
                reason: "there was nothing in it".to_owned(),
            });
        }
        self.finish(
            collected,
            &Target::Stdin,
            "all of it".to_owned(),
            |origin, _| simple_places(origin),
        )
    }

    fn scan_tree(self, target: &Target, path: &Path) -> Scanned {
        self.progress.phase("files");
        let collector = self.collector();
        let tree = Tree::new(path, self.policy.detection.limits.clone())
            .with_ignore_rules(self.request.ignore_rules);
        let walked = tree.scan(&self.unpacking(&collector), &|path| {
            self.policy.exclude.is_match(path)
        });
        let mut collected = collector.finish();
        for nested in &walked.repositories {
            collected.notes.push(format!(
                "{nested}: a git repository, scanned as a folder; scan it by itself for its history"
            ));
        }
        let scope = if matches!(target, Target::File(_)) {
            "the file"
        } else {
            "all files"
        };
        self.finish(collected, target, scope.to_owned(), |origin, _| {
            simple_places(origin)
        })
    }

    /// What is told of a piece that could not be read, by the name that its places give it; nothing when the user's
    /// configuration leaves all of them out.
    fn named(&self, unread: &Unread, places: &[Place]) -> Option<Skipped> {
        let is_left_out =
            |place: &Place| !place.path.is_empty() && self.policy.exclude.is_match(&place.path);
        if !places.is_empty() && places.iter().all(is_left_out) {
            return None;
        }
        let origin = &unread.origin;
        let first = places
            .iter()
            .find(|place| !is_left_out(place) && !place.path.is_empty());
        let what = match (first, origin.outermost()) {
            (Some(place), Origin::Blob(id)) => format!("{} (blob {id})", place.path),
            (Some(place), Origin::Layer(..)) => match &place.image {
                Some(image) => format!("{} in {}", place.path, image.image),
                None => origin.to_string(),
            },
            _ => origin.to_string(),
        };
        Some(Skipped {
            kind: unread.kind,
            what,
            reason: unread.reason.clone(),
        })
    }

    /// Groups what was collected, with the places that `places` knows, into this target's outcome.
    pub(crate) fn finish(
        self,
        collected: Collected,
        target: &Target,
        scope: String,
        places: impl Fn(&Origin, u32) -> Vec<Place>,
    ) -> Scanned {
        let unread = collected.unread.into_iter();
        let unread = unread.filter_map(|unread| self.named(&unread, &places(&unread.origin, 1)));
        let skipped: BTreeSet<Skipped> = collected.skipped.into_iter().chain(unread).collect();
        let mut outcome = Outcome {
            skipped: skipped.into_iter().collect(),
            notes: collected.notes,
            stats: collected.stats,
            ..Outcome::default()
        };
        let mut grouping = Grouping::new(
            &self.detector,
            &self.policy,
            self.request.reveal,
            self.request.today,
        );
        if self.request.explain {
            grouping = grouping.explaining();
        }
        for sighting in without_containers(collected.sightings) {
            let places = places(&sighting.origin, sighting.range.start.line);
            grouping.add(&sighting, places);
        }
        let credentials = match self.request.credentials {
            Credentials::Keep => grouping.credentials(),
            Credentials::Forget => Vec::new(),
        };
        grouping.finish(&mut outcome);
        outcome.notes.extend(self.policy.notes);
        outcome.stats.rules = self.detector.rules().len() as u64;
        outcome.targets.push(TargetSummary {
            name: target.name(),
            kind: target.kind_word().to_owned(),
            scope,
        });
        let may_be_nothing = self.request.scope.may_be_nothing();
        if outcome.stats.pieces == 0
            && !may_be_nothing
            && !outcome
                .skipped
                .iter()
                .any(|skipped| skipped.kind == SkippedKind::Nothing)
        {
            let reason = "there was nothing to scan in it".to_owned();
            outcome.skipped.push(Skipped {
                kind: SkippedKind::Nothing,
                what: target.name(),
                reason,
            });
        }
        // A pack is walked for contents, for names and for the history of findings; its damage is one damage.
        outcome.skipped.sort();
        outcome.skipped.dedup();
        Scanned {
            outcome,
            rules: self.detector.shared_rules(),
            credentials,
            costs: collected.costs,
        }
    }
}

/// Nanoseconds since it was first asked for.
fn nanoseconds() -> u64 {
    static BEGUN: OnceLock<Instant> = OnceLock::new();
    let begun = BEGUN.get_or_init(Instant::now);
    u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// The place of a piece that is not git's.
pub(crate) fn simple_places(origin: &Origin) -> Vec<Place> {
    let place = match origin {
        Origin::Member(outer, path) => return inside(simple_places(outer), path),
        Origin::Layer(layer, path) => Place {
            blob: Some(layer.to_string()),
            ..Place::outside(LocationKind::Layer, path)
        },
        Origin::LayerName(_, path) => Place::outside(LocationKind::Path, path),
        Origin::ImageConfig(digest, part) => Place {
            blob: Some(digest.to_string()),
            ..Place::outside(LocationKind::ImageConfig, part)
        },
        Origin::Worktree(path) => Place::outside(LocationKind::Worktree, path),
        Origin::File(path) => Place::outside(LocationKind::File, path),
        Origin::Stdin => Place::outside(LocationKind::Stdin, "-"),
        Origin::Index(path, id) => Place {
            blob: Some(id.to_string()),
            ..Place::outside(LocationKind::Index, path)
        },
        Origin::RefName(name) => Place {
            reachable: Some(true),
            ..Place::outside(LocationKind::Ref, name)
        },
        Origin::EntryName(name) => Place::outside(LocationKind::Path, name.to_string()),
        Origin::PathName(path) => Place::outside(LocationKind::Path, path),
        Origin::Blob(id) | Origin::Lfs(_, id) => Place {
            blob: Some(id.to_string()),
            ..Place::outside(LocationKind::Git, "")
        },
        Origin::Commit(id) | Origin::Tag(id) => Place {
            blob: Some(id.to_string()),
            ..Place::outside(LocationKind::Message, "")
        },
    };
    vec![place]
}

/// Without what was seen in an archive's own bytes and in one of its members as well: a member that is not compressed
/// stands there in clear.
pub(crate) fn without_containers(mut sightings: Vec<Sighting>) -> Vec<Sighting> {
    let mut in_members: HashMap<Origin, HashSet<Secret>> = HashMap::new();
    for sighting in &sightings {
        if let Some(container) = container_of(&sighting.origin) {
            let known = in_members.entry(container).or_default();
            known.insert(sighting.matched.secret.clone());
        }
    }
    sightings.retain(|sighting| {
        let known = in_members.get(&*sighting.origin);
        !known.is_some_and(|secrets| secrets.contains(&sighting.matched.secret))
    });
    sightings
}

/// The piece that holds the bytes of this one too.
fn container_of(origin: &Origin) -> Option<Origin> {
    match origin {
        Origin::Member(archive, _) => Some((**archive).clone()),
        Origin::ImageConfig(digest, part) if !part.is_empty() => {
            Some(Origin::ImageConfig(Arc::clone(digest), String::new()))
        }
        _ => None,
    }
}

/// The places of an archive's member: those of the archive, with the path in it.
pub(crate) fn inside(mut places: Vec<Place>, member: &str) -> Vec<Place> {
    if !member.is_empty() {
        for place in &mut places {
            place.path = format!("{}!{member}", place.path);
        }
    }
    places
}

/// Adds one target's result to the whole. With several targets, paths say which one they are in.
fn absorb(whole: &mut Scanned, mut one: Scanned, prefix: Option<&str>) {
    if let Some(prefix) = prefix {
        let findings = one.outcome.findings.iter_mut();
        let locations = findings.flat_map(|finding| &mut finding.locations);
        for path in locations.flat_map(Location::paths_mut) {
            *path = format!("{}/{path}", prefix.trim_end_matches('/'));
        }
    }
    if whole.rules.is_empty() {
        whole.rules = one.rules;
    } else if !std::ptr::eq(&raw const *whole.rules, &raw const *one.rules) {
        whole.rules = leakward_rules::merge(&whole.rules, one.rules.into_owned()).into();
    }
    if whole.costs.is_empty() {
        whole.costs = one.costs;
    } else {
        // Targets with rules of their own number them otherwise, so only equal sets are added up.
        let is_same = whole.costs.len() == one.costs.len();
        let pairs = whole.costs.iter_mut().zip(&one.costs);
        pairs
            .filter(|_| is_same)
            .for_each(|(sum, more)| sum.add(more));
    }
    whole.credentials.append(&mut one.credentials);
    let outcome = &mut whole.outcome;
    outcome.targets.append(&mut one.outcome.targets);
    outcome.skipped.append(&mut one.outcome.skipped);
    outcome.notes.append(&mut one.outcome.notes);
    add_stats(&mut outcome.stats, &one.outcome.stats);
    for finding in one.outcome.findings {
        match outcome
            .findings
            .iter_mut()
            .find(|known| known.fingerprint == finding.fingerprint)
        {
            Some(known) => known.locations.extend(finding.locations),
            None => outcome.findings.push(finding),
        }
    }
    grouping::sort(&mut outcome.findings);
}

fn add_stats(to: &mut Stats, more: &Stats) {
    to.pieces += more.pieces;
    to.blobs += more.blobs;
    to.files += more.files;
    to.commits += more.commits;
    to.tags += more.tags;
    to.refs += more.refs;
    to.bytes += more.bytes;
    to.known += more.known;
    to.rejected += more.rejected;
    to.suppressed += more.suppressed;
    to.rules = to.rules.max(more.rules);
}
