//! One git repository, opened so that nothing in it can have an effect on us.
//!
//! Opening reads `.git` (a folder, or a file that points to one), `HEAD` and the repository's own `config`, and of
//! that only what is needed to understand the storage: object format, ref storage, bare or not, partial or not. It is
//! opened with reduced trust, without the environment and without the user's and the system's configuration, so
//! `core.worktree`, `include`, filters, `fsmonitor`, hooks and the like are never consulted. Who owns the files does not
//! matter for the same reason (git's "dubious ownership").
//!
//! Replacement refs are switched off: what is asked for by id is what is read.
//!
//! COST: about a millisecond; packs are not opened before they are needed.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use gix::ObjectId;
use gix::bstr::ByteSlice;
use leakward_core::{Limits, Skipped, SkippedKind};

use super::GitError;
use super::alternates::Alternates;
use super::belonging;
use super::refs::Refs;
use super::reftable::Reftables;

/// Where to look for the repository.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Discovery {
    /// At the path, or in the nearest folder above it.
    #[default]
    Upwards,
    /// At the path alone.
    Exact,
}

/// How to open a repository.
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    /// Where to look for it.
    pub discovery: Discovery,
    /// The caps for everything that is read from it.
    pub limits: Limits,
    /// The file to read the index from instead of the repository's own: git gives hooks such a file (`GIT_INDEX_FILE`)
    /// when what will be committed is not what the index holds.
    pub index_file: Option<PathBuf>,
}

/// How a repository stores its refs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefStorage {
    /// Files and `packed-refs`.
    Files,
    /// The binary format, which gix does not read.
    Reftable,
}

/// What `HEAD` is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Head {
    /// A commit, through a branch or directly.
    Commit(ObjectId),
    /// A branch without any commit, by its full name.
    Unborn(String),
    /// It cannot be told: damaged, or not there.
    Unknown,
}

/// One git repository.
#[derive(Debug)]
pub struct Repository {
    shared: gix::ThreadSafeRepository,
    limits: Limits,
    alternates: Alternates,
    ref_storage: RefStorage,
    reftables: OnceLock<Reftables>,
    refs: OnceLock<Refs>,
    partial: bool,
    unknown_extensions: Vec<String>,
    index_file: Option<PathBuf>,
}

impl Repository {
    /// Opens the repository at `path`: a working tree's root, a folder in it, a bare repository, a `.git` folder,
    /// a linked worktree or a submodule.
    ///
    /// # Errors
    /// When there is none, when it is damaged beyond being opened, or when it is of an unknown format.
    pub fn open(path: &Path, options: OpenOptions) -> Result<Self, GitError> {
        let start = std::fs::canonicalize(path).map_err(|source| GitError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        let found = find(&start, options.discovery)?.ok_or_else(|| GitError::NotARepository {
            path: path.to_owned(),
        })?;
        let shared = open_isolated(&found, &options.limits)?;
        belonging::check(&found, &shared.to_thread_local())?;
        let common = canonical(shared.to_thread_local().common_dir());
        let configuration = Configuration::read(&shared.to_thread_local());
        Ok(Self {
            alternates: Alternates::of(&common),
            ref_storage: ref_storage(&configuration, &common),
            reftables: OnceLock::new(),
            refs: OnceLock::new(),
            partial: configuration.partial,
            unknown_extensions: configuration.unknown_extensions,
            limits: options.limits,
            index_file: options.index_file,
            shared,
        })
    }

    /// A handle for this thread: refs, index, configuration, and an object database that serves every object by
    /// its id, those of [`Repository::outside_alternates`] too.
    #[must_use]
    pub fn gix(&self) -> gix::Repository {
        self.shared.to_thread_local()
    }

    /// The caps it was opened with.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The folder with `HEAD` and `index`: of a linked worktree its own.
    #[must_use]
    pub fn git_dir(&self) -> PathBuf {
        self.shared.to_thread_local().git_dir().to_owned()
    }

    /// The file with the index.
    #[must_use]
    pub(crate) fn index_file(&self) -> PathBuf {
        self.index_file
            .clone()
            .unwrap_or_else(|| self.git_dir().join("index"))
    }

    /// The folder with `objects` and `refs`, which linked worktrees share.
    #[must_use]
    pub fn common_dir(&self) -> PathBuf {
        canonical(self.shared.to_thread_local().common_dir())
    }

    /// The root of the working tree; none when the repository is bare.
    #[must_use]
    pub fn worktree(&self) -> Option<PathBuf> {
        self.shared
            .to_thread_local()
            .workdir()
            .map(std::borrow::ToOwned::to_owned)
    }

    /// What objects are named with: SHA-1 or SHA-256.
    #[must_use]
    pub fn object_hash(&self) -> gix::hash::Kind {
        self.shared.to_thread_local().object_hash()
    }

    /// How refs are stored.
    #[must_use]
    pub fn ref_storage(&self) -> RefStorage {
        self.ref_storage
    }

    /// The refs, when they are stored as reftable: as they were when they were first asked for.
    pub(crate) fn reftables(&self) -> Option<&Reftables> {
        let read = || {
            Reftables::read(
                &self.common_dir(),
                &canonical(&self.git_dir()),
                self.object_hash(),
            )
        };
        (self.ref_storage == RefStorage::Reftable).then(|| self.reftables.get_or_init(read))
    }

    /// The refs, as they were when they were first asked for.
    #[must_use]
    pub fn refs(&self) -> &Refs {
        self.refs.get_or_init(|| Refs::of(self))
    }

    /// What `HEAD` is.
    #[must_use]
    pub fn head(&self) -> Head {
        if let Some(tables) = self.reftables() {
            return tables.head().clone();
        }
        let Ok(head) = self.shared.to_thread_local().head().map(|head| head.kind) else {
            return Head::Unknown;
        };
        match head {
            gix::head::Kind::Unborn(name) => Head::Unborn(name.as_bstr().to_string()),
            gix::head::Kind::Detached { target, .. } => Head::Commit(target),
            gix::head::Kind::Symbolic(branch) => branch
                .target
                .try_id()
                .map_or(Head::Unknown, |id| Head::Commit(id.to_owned())),
        }
    }

    /// The commits whose parents a shallow clone left out; empty when it is not shallow.
    #[must_use]
    pub fn shallow_boundary(&self) -> Vec<ObjectId> {
        let Ok(Some(commits)) = self.shared.to_thread_local().shallow_commits() else {
            return Vec::new();
        };
        commits.iter().copied().collect()
    }

    /// Whether it is a partial clone: objects may be missing on purpose.
    #[must_use]
    pub fn is_partial_clone(&self) -> bool {
        let is_promisor =
            |entry: std::fs::DirEntry| entry.path().extension() == Some("promisor".as_ref());
        let packs = std::fs::read_dir(self.common_dir().join("objects/pack"));
        self.partial || packs.is_ok_and(|packs| packs.flatten().any(is_promisor))
    }

    /// The object folders inside of the repository, its own first.
    pub(crate) fn object_folders(&self) -> &[PathBuf] {
        self.alternates.inside()
    }

    /// Object folders outside of the repository that it borrows objects from. They are not walked: a hostile
    /// repository could name somebody else's. [`Repository::gix`] serves single objects from them.
    #[must_use]
    pub fn outside_alternates(&self) -> &[PathBuf] {
        self.alternates.outside()
    }

    /// What is known from opening not to be scanned, or not wholly: to be told once for each repository.
    #[must_use]
    pub fn shortcomings(&self) -> Vec<Skipped> {
        let mut told = Vec::new();
        let mut tell = |kind, what: &str, reason: &str| {
            told.push(Skipped {
                kind,
                what: what.to_owned(),
                reason: reason.to_owned(),
            });
        };
        if let Err(error) = self.shared.to_thread_local().shallow_commits() {
            tell(SkippedKind::Corrupt, "shallow", &error.to_string());
        }
        let boundary = self.shallow_boundary().len();
        if boundary > 0 {
            let reason = format!("a shallow clone: history before {boundary} commits is not here");
            tell(SkippedKind::Shallow, "history", &reason);
        }
        if self.head() == Head::Unknown {
            let reason = "it names neither a branch nor a commit";
            tell(SkippedKind::Corrupt, "HEAD", reason);
        }
        for name in &self.unknown_extensions {
            let reason = "an extension of the repository format that this version does not know";
            tell(
                SkippedKind::Unsupported,
                &format!("extensions.{name}"),
                reason,
            );
        }
        for folder in self.alternates.outside() {
            let reason = "objects borrowed from outside of the repository: only those that its refs reach are scanned";
            tell(SkippedKind::Excluded, &folder.display().to_string(), reason);
        }
        for (folder, reason) in self.alternates.broken() {
            tell(
                SkippedKind::Unreadable,
                &folder.display().to_string(),
                reason,
            );
        }
        told
    }
}

/// `path` without symbolic links, or as it is when that cannot be told.
fn canonical(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// The `.git` folder or file, or the bare repository, that `start` belongs to.
fn find(start: &Path, discovery: Discovery) -> Result<Option<PathBuf>, GitError> {
    for folder in start.ancestors() {
        if let Some(found) = repository_at(folder)? {
            return Ok(Some(found));
        }
        if discovery == Discovery::Exact {
            break;
        }
    }
    Ok(None)
}

/// The repository that stands at `folder` itself, if there is one.
fn repository_at(folder: &Path) -> Result<Option<PathBuf>, GitError> {
    let dot_git = folder.join(".git");
    if let Ok(metadata) = std::fs::metadata(&dot_git) {
        match gix::discover::is_git(&dot_git) {
            Ok(_) => return Ok(Some(dot_git)),
            // Git, too, walks past a `.git` folder in which there is nothing.
            Err(_) if metadata.is_dir() && !dot_git.join("objects").exists() => {}
            Err(error) => {
                return Err(GitError::Damaged {
                    path: dot_git,
                    reason: error.to_string(),
                });
            }
        }
    }
    let looks_bare = folder.join("HEAD").exists()
        && (folder.join("objects").is_dir() || folder.join("commondir").is_file());
    Ok((looks_bare && gix::discover::is_git(folder).is_ok()).then(|| folder.to_owned()))
}

/// LIMIT: packs that gix can serve objects from when it could not count them because an alternate is broken.
const SLOTS_WITHOUT_COUNTING: u16 = 1_024;

/// Opens what [`find`] found, with nothing but the repository's own storage settings in force.
fn open_isolated(found: &Path, limits: &Limits) -> Result<gix::ThreadSafeRepository, GitError> {
    // LIMIT: gix needs the delta, the base and the result at once, and counts them together.
    let allocation = limits.max_object_bytes.saturating_mul(3);
    let options = gix::open::Options::isolated()
        .open_path_as_is(true)
        .with(gix::sec::Trust::Reduced)
        .config_overrides([
            "core.useReplaceRefs=false".to_owned(),
            format!("gitoxide.objects.allocLimit={allocation}"),
        ]);
    let without_counting = gix::odb::store::init::Slots::Given(SLOTS_WITHOUT_COUNTING);
    options
        .clone()
        .open(found)
        .or_else(|error| {
            let options = options.object_store_slots(without_counting);
            options.open(found).map_err(|_| error)
        })
        .map_err(|error| GitError::Unsupported {
            path: found.to_owned(),
            reason: format!("{error:#}"),
        })
}

/// The few settings that say how the repository is stored.
struct Configuration {
    ref_storage: Option<String>,
    partial: bool,
    unknown_extensions: Vec<String>,
}

impl Configuration {
    /// Extensions of the format that change nothing for somebody who only reads, or that are handled.
    const KNOWN: [&'static str; 9] = [
        "noop",
        "noop-v1",
        "objectformat",
        "compatobjectformat",
        "refstorage",
        "partialclone",
        "worktreeconfig",
        "relativeworktrees",
        "preciousobjects",
    ];

    fn read(repository: &gix::Repository) -> Self {
        let snapshot = repository.config_snapshot();
        let plumbing = snapshot.plumbing();
        let mut extensions: Vec<String> = plumbing
            .sections_by_name("extensions")
            .into_iter()
            .flatten()
            .flat_map(|section| {
                let names = section.value_names();
                names
                    .map(|name| name.to_string().to_lowercase())
                    .collect::<Vec<_>>()
            })
            .collect();
        extensions.sort_unstable();
        extensions.dedup();
        let promisor = plumbing
            .sections_by_name("remote")
            .into_iter()
            .flatten()
            .any(|section| section.contains_value_name("promisor"));
        let ref_storage = plumbing
            .string("extensions.refStorage")
            .map(|value| value.to_str_lossy().into_owned());
        Self {
            ref_storage,
            partial: promisor || extensions.iter().any(|name| name == "partialclone"),
            unknown_extensions: extensions
                .into_iter()
                .filter(|name| !Self::KNOWN.contains(&name.as_str()))
                .collect(),
        }
    }
}

/// How refs are stored: what the configuration says, or what is there.
fn ref_storage(configuration: &Configuration, common: &Path) -> RefStorage {
    match configuration.ref_storage.as_deref() {
        Some(name) if name != "files" => RefStorage::Reftable,
        Some(_) => RefStorage::Files,
        None if common.join("reftable/tables.list").exists() => RefStorage::Reftable,
        None => RefStorage::Files,
    }
}

#[cfg(test)]
mod tests;
