//! A git repository as a target: which of its parts are looked at, and where in its history a find is from.
//!
//! History is looked at blob by blob, without paths; only when everything has been looked at is git asked where the
//! few blobs with sightings belong.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use leakward_core::Skipped;
use leakward_core::outcome::SkippedKind;
use leakward_sources::git::clone::{self, CloneProgress, Credentials, RemoteUrl};
use leakward_sources::git::{
    self, Arriving, Chronicle, Covered, Head, HistoryScan, Known, NothingKnown, ObjectId,
    ObjectKinds, OpenOptions, Provenance, Question, Repository, Selection, Staged, Unchanged,
    Worktree,
};
use leakward_sources::{Origin, Piece, Visitor as _};

use crate::cache::{CacheChoice, CacheKey, History, Remembered, ScanCache};
use crate::collector::{Collected, Remembering};
use crate::folding::{self, Gone};
use crate::git_gaps::Gaps;
use crate::git_places::{self, GitPlaces};
use crate::keeping::keeping;
use crate::pairs;
use crate::policy::{Folder, NoFiles, PolicyFiles};
use crate::progress::Progress;
use crate::request::{LineHashes, Measure, Request, Scope};
use crate::run::{Context, Looking, ScanError, Scanned};
use crate::target::Target;

/// Scans the repository at or around `path`.
pub(crate) fn scan(
    path: &Path,
    target: &Target,
    request: &Request,
    progress: &dyn Progress,
    interrupted: &AtomicBool,
) -> Result<Scanned, ScanError> {
    let options = OpenOptions {
        index_file: request.index_file.clone(),
        ..OpenOptions::default()
    };
    let repository = Repository::open(path, options)?;
    let context = match (&request.policy_ref, repository.worktree()) {
        (Some(revision), _) => {
            let files = Revision {
                repository: &repository,
                revision: revision.clone(),
            };
            // A ref that does not exist would read like one without policy files.
            repository.file_at(revision, "leakward.toml")?;
            Context::new(&files, request, progress, interrupted)?
        }
        (None, Some(root)) => Context::new(&Folder(root), request, progress, interrupted)?,
        (None, None) if matches!(repository.head(), Head::Commit(_)) => {
            let files = Revision {
                repository: &repository,
                revision: "HEAD".to_owned(),
            };
            Context::new(&files, request, progress, interrupted)?
        }
        (None, None) => Context::new(&NoFiles, request, progress, interrupted)?,
    };
    scan_opened(&repository, context, target)
}

/// The environment variable with the token for the host that is cloned from, for who does not want it in a URL.
const TOKEN_VARIABLE: &str = "LEAKWARD_GIT_TOKEN";

/// Clones the repository into a temporary folder, which is removed afterwards, and scans it.
pub(crate) fn scan_url(
    url: &RemoteUrl,
    target: &Target,
    request: &Request,
    progress: &dyn Progress,
    interrupted: &AtomicBool,
) -> Result<Scanned, ScanError> {
    let environment = |what| {
        move |error: io::Error| ScanError::Environment {
            what,
            reason: error.to_string(),
        }
    };
    let folder = tempfile::Builder::new()
        .prefix("leakward-clone-")
        .tempdir()
        .map_err(environment("a temporary folder for the clone"))?;
    progress.phase("clone");
    let token = std::env::var(TOKEN_VARIABLE)
        .ok()
        .filter(|token| !token.is_empty());
    let url = url
        .clone()
        .or_credentials(token.map(|token| Credentials::token(token.as_bytes())));
    clone::bare(&url, folder.path(), &CloneProgress::default(), interrupted)?;
    // The clone is gone afterwards, and its name never comes back.
    let request = &Request {
        cache: CacheChoice::Off,
        ..request.clone()
    };
    scan(folder.path(), target, request, progress, interrupted)
}

/// Policy files at a revision.
pub(crate) struct Revision<'r> {
    pub(crate) repository: &'r Repository,
    pub(crate) revision: String,
}

impl PolicyFiles for Revision<'_> {
    fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        self.repository
            .file_at(&self.revision, path)
            .map_err(io::Error::other)
    }

    /// A file of the working tree is read as the revision has it; the change that is scanned could have brought its own.
    /// A file outside of the working tree belongs to whoever typed its name.
    fn read_named(&self, path: &Path) -> io::Result<Vec<u8>> {
        let Some(root) = self.repository.worktree() else {
            return std::fs::read(path);
        };
        let inside = |folder: io::Result<PathBuf>| {
            Some(
                folder
                    .ok()?
                    .strip_prefix(root.canonicalize().ok()?)
                    .ok()?
                    .to_owned(),
            )
        };
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        match (inside(folder.canonicalize()), path.file_name()) {
            (Some(folder), Some(name)) => {
                let in_tree = folder.join(name).to_string_lossy().replace('\\', "/");
                let found = self.read(&in_tree)?;
                found.ok_or_else(|| io::Error::other(format!("{} has no such file", self.revision)))
            }
            _ => std::fs::read(path),
        }
    }
}

fn scan_opened(
    repository: &Repository,
    context: Context<'_>,
    target: &Target,
) -> Result<Scanned, ScanError> {
    let mut notes = Vec::new();
    let cache = open_cache(repository, &context, &mut notes);
    let collector = context.collector().remembering(match cache {
        Some(_) => Remembering::On,
        None => Remembering::Off,
    });
    let seen = keeping(cache.as_ref(), &collector, || {
        let looking = context.unpacking(&collector);
        Seen::look(repository, &context, &looking, cache.as_ref())
    });
    let mut seen = seen?;
    seen.notes.append(&mut notes);
    let mut collected = collector.finish();
    collected.stats.known = seen.covered.known;
    context.progress.phase("history of the findings");
    let scope = &context.request.scope;
    let places = places(
        repository,
        &mut collected,
        &mut seen,
        (scope, cache.as_ref()),
    )?;
    if let Some(cache) = &cache {
        seen.remember(repository, cache, &mut collected);
    }
    collected.notes.append(&mut seen.notes);
    let scope = context
        .request
        .scope
        .in_words(repository.worktree().is_none());
    let line_hashes = context.request.line_hashes;
    let mut scanned = context.finish(collected, target, scope, |origin, _| {
        places.of_piece(origin)
    });
    if line_hashes == LineHashes::Compute {
        fill_line_hashes(repository, &mut scanned);
    }
    Ok(scanned)
}

/// The cache, when all history is scanned and nobody wants to know what was turned down.
fn open_cache(
    repository: &Repository,
    context: &Context<'_>,
    notes: &mut Vec<String>,
) -> Option<ScanCache> {
    let request = context.request;
    let is_wanted = request.scope == Scope::Everything
        && !request.explain
        && request.measure == Measure::Nothing
        && request.cache != CacheChoice::Off;
    if !is_wanted {
        return None;
    }
    let key = CacheKey::of(
        context.detector.rules(),
        &context.policy.detection,
        request.archives,
    );
    let opened = ScanCache::open(&request.cache, repository, &key).unwrap_or_else(|reason| {
        notes.push(format!("{reason}; scanned without it"));
        None
    });
    notes.extend(opened.iter().filter_map(|cache| cache.begun_anew.clone()));
    opened
}

/// Which history is looked at.
#[derive(Clone, Copy)]
enum Looked<'c> {
    /// Every object of the database that the cache does not know.
    All(Option<&'c ScanCache>),
    /// What refs and the index reach.
    Reachable,
}

/// What was met beside the sightings.
#[derive(Default)]
struct Seen {
    unchanged: Unchanged,
    covered: Covered,
    notes: Vec<String>,
    /// What is known of the history before all is.
    known: Option<Gone>,
    /// What the next scan can go on with.
    chronicle: Option<Chronicle>,
}

impl Seen {
    /// Looks at the part of the repository that was asked for.
    fn look(
        repository: &Repository,
        context: &Context<'_>,
        collector: &Looking<'_>,
        cache: Option<&ScanCache>,
    ) -> Result<Self, ScanError> {
        let mut seen = Self::default();
        match &context.request.scope {
            Scope::Everything => {
                seen.history(repository, context, collector, Looked::All(cache))?;
                seen.worktree(repository, context, collector, HistoryScan::Included);
            }
            Scope::ReachableOnly => {
                seen.history(repository, context, collector, Looked::Reachable)?;
                seen.worktree(repository, context, collector, HistoryScan::Left);
            }
            Scope::Staged => seen.staged(repository, context, collector),
            Scope::Range(range) => {
                seen.part(repository, context, collector, &git::Scope::range(range)?)?;
            }
            Scope::Since(revision) => {
                let scope = git::Scope::Since(revision.clone());
                seen.part(repository, context, collector, &scope)?;
            }
            Scope::Pushed { tips, known } => {
                let scope = git::Scope::Between {
                    wanted: tips.clone(),
                    without: known.clone(),
                };
                seen.part(repository, context, collector, &scope)?;
            }
            Scope::Worktree => seen.worktree(repository, context, collector, HistoryScan::Left),
            Scope::History => seen.history(repository, context, collector, Looked::Reachable)?,
            Scope::From(revision) => {
                let tips = vec![git::resolve(repository, revision)?];
                let scope = git::Scope::Arriving(Arriving {
                    tips,
                    ..Arriving::default()
                });
                seen.part(repository, context, collector, &scope)?;
            }
            Scope::Newest(count) => {
                let from = git::resolve(repository, &format!("HEAD~{count}"));
                let scope = git::Scope::Arriving(Arriving {
                    tips: vec![git::resolve(repository, "HEAD")?],
                    // A history that is not that long is looked at as a whole.
                    known: from.into_iter().collect(),
                    known_refs: String::new(),
                });
                seen.part(repository, context, collector, &scope)?;
            }
            Scope::Arriving(arriving) => {
                let scope = git::Scope::Arriving(arriving.clone());
                let selection = Selection::of(repository, &scope)?;
                seen.objects(repository, context, collector, &selection)?;
            }
            Scope::Text(name, text) => {
                let origin = Origin::File(name.clone());
                collector.alone(&mut collector.worker(), Piece::new(&origin, text));
            }
        }
        Ok(seen)
    }

    /// Tells the cache what was looked at.
    fn remember(&mut self, repository: &Repository, cache: &ScanCache, collected: &mut Collected) {
        if collected.names {
            // Names have no ids to be looked at again by, so all trees are.
            return;
        }
        let looked_at: HashSet<ObjectId> = collected.looked_at.drain(..).collect();
        // What could not be looked at this time keeps its mark.
        let mut again: HashSet<ObjectId> = cache.again().into_iter().collect();
        again.retain(|id| !looked_at.contains(id));
        again.extend(&collected.again);
        let begun = looked_at.into_iter().chain(cache.begun().iter().copied());
        let begun = begun.filter(|id| self.covered.is_partial && !again.contains(id));
        let may_go_on = self.covered.is_whole && repository.outside_alternates().is_empty();
        let chronicle = self.chronicle.take().filter(|_| may_go_on);
        let remembered = Remembered {
            covered: &self.covered,
            gaps: self.covered.gaps.iter().copied().collect(),
            begun: begun.collect(),
            profiles: cache.profiles().renewed(collected, &again),
            history: chronicle.map_or(History::Unknown, |known| History::Known(Box::new(known))),
            again,
        };
        if let Err(error) = cache.remember(repository, remembered) {
            let file = cache.file().display();
            self.notes
                .push(format!("the scan cache {file} was not written: {error}"));
        }
    }

    fn history(
        &mut self,
        repository: &Repository,
        context: &Context<'_>,
        collector: &Looking<'_>,
        history: Looked<'_>,
    ) -> Result<(), ScanError> {
        context.progress.phase("history");
        repository
            .shortcomings()
            .into_iter()
            .for_each(|told| collector.skipped(told));
        let refs = || {
            let refs = repository.refs();
            let skipped = refs.skipped().iter().cloned();
            skipped.for_each(|told| collector.skipped(told));
            refs.scan_names(collector);
        };
        match history {
            Looked::All(cache) => {
                let kinds = ObjectKinds::ALL.and(ObjectKinds::NAMES);
                let known: &dyn Known = match cache {
                    Some(cache) => cache,
                    None => &NothingKnown,
                };
                let threads = context.request.threads;
                // PERF: one thread alone can list the refs, and one alone begins with the packs.
                let new = || repository.scan_new_objects(kinds, known, collector, threads);
                let expect = || {
                    if let Some(cache) = cache {
                        cache.expect_history(repository);
                    }
                };
                let ((), ((), covered)) = rayon::join(refs, || rayon::join(expect, new));
                self.covered = covered?;
                let borrows = !repository.outside_alternates().is_empty();
                let is_partial_clone = repository.is_partial_clone();
                if !borrows && is_partial_clone {
                    self.gaps(repository, cache);
                }
                if let Some(cache) = cache {
                    self.again(repository, context, collector, cache)?;
                }
                if borrows {
                    self.borrowed(repository, context, collector)?;
                } else if !is_partial_clone {
                    let missing = repository.missing_from_index();
                    missing.into_iter().for_each(|told| collector.skipped(told));
                }
            }
            Looked::Reachable => {
                refs();
                self.part(repository, context, collector, &git::Scope::Reachable)?;
            }
        }
        // History was looked at without paths, so what lies beside what is asked of HEAD.
        let most_bytes = pairs::LARGEST_FILE as u64;
        repository.files_at_head(&pairs::may_be_wanted, most_bytes, &mut |file| {
            collector.behind().put_aside(&file)
        });
        Ok(())
    }

    /// Looks again at what had something to tell, as far as it decides what is reported.
    fn again(
        &mut self,
        repository: &Repository,
        context: &Context<'_>,
        collector: &Looking<'_>,
        cache: &ScanCache,
    ) -> Result<(), ScanError> {
        let mut again = cache.again();
        let gone: HashSet<ObjectId> = repository.not_held(&again).into_iter().collect();
        again.retain(|id| !gone.contains(id));
        let new = collector.behind().blobs_so_far();
        let folded = new.filter(|_| !again.is_empty()).and_then(|new| {
            let met = (&self.covered, new);
            folding::fold(repository, context, cache, met, &again)
        });
        if let Some(folded) = folded {
            again = folded.needed;
            self.known = Some(folded.known);
        }
        repository.scan_blobs(&again, collector, context.request.threads)?;
        Ok(())
    }

    /// Completes the gaps that this scan met with those that earlier ones met and that are still there.
    fn gaps(&mut self, repository: &Repository, cache: Option<&ScanCache>) {
        let known: Vec<ObjectId> = cache
            .into_iter()
            .flat_map(|cache| cache.gaps().iter().copied())
            .collect();
        let gaps = &mut self.covered.gaps;
        gaps.extend(repository.not_held(&known));
        gaps.sort_unstable();
        gaps.dedup();
    }

    /// What the refs reach in object folders outside of the repository, of which no more is looked at.
    fn borrowed(
        &self,
        repository: &Repository,
        context: &Context<'_>,
        collector: &Looking<'_>,
    ) -> Result<(), ScanError> {
        let selection = Selection::of(repository, &git::Scope::Reachable)?;
        selection
            .skipped
            .iter()
            .cloned()
            .for_each(|told| collector.skipped(told));
        let borrowed = repository.not_held(&ids(&selection));
        repository.scan_blobs(&borrowed, collector, context.request.threads)?;
        repository.scan_names_in(&repository.not_held(&selection.trees), collector);
        Ok(())
    }

    fn part(
        &mut self,
        repository: &Repository,
        context: &Context<'_>,
        collector: &Looking<'_>,
        scope: &git::Scope,
    ) -> Result<(), ScanError> {
        context.progress.phase("history");
        let selection = Selection::of(repository, scope)?;
        if selection.commits.is_empty() && *scope != git::Scope::Reachable {
            collector.skipped(Skipped {
                kind: SkippedKind::Nothing,
                what: context.request.scope.in_words(false),
                reason: "there is no such commit".to_owned(),
            });
        }
        self.objects(repository, context, collector, &selection)
    }

    fn objects(
        &mut self,
        repository: &Repository,
        context: &Context<'_>,
        collector: &Looking<'_>,
        selection: &Selection,
    ) -> Result<(), ScanError> {
        selection
            .skipped
            .iter()
            .cloned()
            .for_each(|told| collector.skipped(told));
        repository.scan_blobs(&ids(selection), collector, context.request.threads)?;
        repository.scan_names_in(&selection.trees, collector);
        Ok(())
    }

    fn staged(&mut self, repository: &Repository, context: &Context<'_>, collector: &Looking<'_>) {
        context.progress.phase("staged files");
        let staged = Staged::of(repository);
        let files = staged.scan(repository, collector, &|path| {
            context.policy.exclude.is_match(path)
        });
        if files == 0 {
            self.notes.push("nothing is staged".to_owned());
        }
    }

    fn worktree(
        &mut self,
        repository: &Repository,
        context: &Context<'_>,
        collector: &Looking<'_>,
        history: HistoryScan,
    ) {
        let Some(worktree) = Worktree::of(repository) else {
            return;
        };
        context.progress.phase("working tree");
        let scan = worktree
            .with_ignore_rules(context.request.ignore_rules)
            .scan(
                collector,
                &|path| context.policy.exclude.is_match(path),
                history,
            );
        self.notes.extend(scan.notes);
        self.unchanged = scan.unchanged;
    }
}

/// Everything in a selection that is looked at.
fn ids(selection: &Selection) -> Vec<ObjectId> {
    [
        selection.blobs.as_slice(),
        &selection.commits,
        &selection.tags,
    ]
    .concat()
}

/// Where the pieces with sightings belong.
fn places(
    repository: &Repository,
    collected: &mut Collected,
    seen: &mut Seen,
    (scope, cache): (&Scope, Option<&ScanCache>),
) -> Result<GitPlaces, ScanError> {
    let origins: BTreeSet<Origin> = collected
        .sightings
        .iter()
        .map(|sighting| (*sighting.origin).clone())
        .chain(collected.unread.iter().map(|unread| unread.origin.clone()))
        .collect();
    let gaps = seen.covered.gaps.clone();
    let gaps = Gaps::of(&gaps);
    let question = git_places::question(origins.iter(), gaps.to_trace());
    let provenance = provenance(repository, &question, seen, cache);
    let mut places = GitPlaces::of(provenance);
    collected.skipped.append(&mut places.skipped);
    collected.skipped.extend(gaps.told(repository, &places)?);
    let wanted: HashSet<ObjectId> = origins.iter().filter_map(blob_of).collect();
    if !wanted.is_empty() {
        places.add_worktree(seen.unchanged.paths_of(&wanted));
        if matches!(scope, Scope::Everything | Scope::ReachableOnly) {
            let staged = Staged::of(repository)
                .files
                .into_iter()
                .filter(|file| wanted.contains(&file.blob));
            places.add_index(staged.map(|file| (file.path.to_string(), file.blob)));
        }
    }
    Ok(places)
}

/// The answer to the question: what is known already, with what came since, or found out from the beginning.
fn provenance(
    repository: &Repository,
    question: &Question,
    seen: &mut Seen,
    cache: Option<&ScanCache>,
) -> Provenance {
    let known = seen.known.take().zip(cache);
    let known = known.and_then(|(known, cache)| {
        if known.provenance.answers(question) {
            return Some((known.provenance, known.chronicle));
        }
        folding::go_on(repository, cache, &seen.covered, question, known.chronicle)
    });
    if let Some((mut provenance, chronicle)) = known {
        let wanted: HashSet<&ObjectId> = question.blobs.iter().collect();
        provenance.read_authorship(repository, |id| wanted.contains(id));
        seen.chronicle = Some(chronicle);
        return provenance;
    }
    let index = seen.covered.index.take();
    if cache.is_none() {
        return Provenance::of(repository, question, index);
    }
    let (provenance, chronicle) = Provenance::with_chronicle(repository, question, index);
    seen.chronicle = chronicle;
    provenance
}

fn blob_of(origin: &Origin) -> Option<ObjectId> {
    match origin.outermost() {
        Origin::Blob(id) => Some(*id),
        _ => None,
    }
}

/// The hash of the first line of each finding's first place, for blobs, which are read again for it.
fn fill_line_hashes(repository: &Repository, scanned: &mut Scanned) {
    let handle = repository.gix();
    let mut lines: HashMap<String, Vec<u32>> = HashMap::new();
    let firsts = || {
        scanned
            .outcome
            .findings
            .iter()
            .filter_map(|finding| finding.locations.first())
    };
    for location in firsts().filter(|location| location.line_hash.is_none()) {
        if let Some(blob) = &location.blob {
            lines
                .entry(blob.clone())
                .or_default()
                .push(location.range.start.line);
        }
    }
    let hashes: HashMap<String, HashMap<u32, String>> = lines
        .into_iter()
        .filter_map(|(blob, lines)| {
            // A blob that was just scanned; should it be gone, its findings are reported without this hash.
            let object = handle
                .find_object(ObjectId::from_hex(blob.as_bytes()).ok()?)
                .ok()?;
            Some((
                blob,
                leakward_core::line_hash::primary_location_line_hashes(&object.data, &lines),
            ))
        })
        .collect();
    for location in scanned
        .outcome
        .findings
        .iter_mut()
        .filter_map(|finding| finding.locations.first_mut())
    {
        let hash = location
            .blob
            .as_ref()
            .and_then(|blob| hashes.get(blob)?.get(&location.range.start.line));
        if location.line_hash.is_none() {
            location.line_hash = hash.cloned();
        }
    }
}
