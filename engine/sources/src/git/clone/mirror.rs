//! A bare copy that is kept, and only ever gets what is missing in it.
//!
//! What is asked for is named one by one, by object id or by ref, and put under a ref of our own: neither branches that come
//! and go on the other side nor their number matter. What the copy has already is told to the other side, so that a push of
//! one commit costs one commit.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use gix::bstr::ByteSlice;
use gix::remote::Direction;
use gix::remote::fetch::Tags;

use super::fetch::{answer, chain, explain, without_hooks};
use super::{CloneError, CloneProgress, RemoteUrl};

/// One thing that is wanted from the other side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// An object id, or the full name of a ref there.
    pub from: String,
    /// The full name of the ref that holds it here afterwards.
    pub into: String,
}

/// Brings `wanted` and everything that it reaches into the bare repository at `copy`, which is made when it is not there.
///
/// Setting `stop` ends it soon, with [`CloneError::Interrupted`].
///
/// # Errors
/// When the other side cannot be reached, does not let us in, or does not have one of the things that are wanted; or the folder
/// cannot be used. What is in the copy already stays.
pub fn fetch(
    url: &RemoteUrl,
    copy: &Path,
    wanted: &[Wanted],
    stop: &AtomicBool,
) -> Result<(), CloneError> {
    let folder = |error: &dyn std::fmt::Display| CloneError::Folder {
        path: copy.to_owned(),
        reason: error.to_string(),
    };
    let mut repository = open_or_create(copy)?;
    // Refs are written in somebody's name, and nobody has one here.
    repository
        .committer_or_set_generic_fallback()
        .map_err(|error| folder(&error))?;
    let address = gix::url::parse(url.to_string().as_bytes().as_bstr())
        .map_err(|error| explain(url, &error.to_string()))?;
    let specs: Vec<String> = wanted
        .iter()
        .map(|one| format!("+{}:{}", one.from, one.into))
        .collect();
    let remote = repository
        .remote_at_without_url_rewrite(address)
        .and_then(|remote| {
            let remote = remote.with_fetch_tags(Tags::None);
            remote.with_refspecs(specs.iter().map(String::as_str), Direction::Fetch)
        })
        .map_err(|error| explain(url, &chain(&error)))?;
    let asked = Arc::new(url.clone());
    let refused = Arc::new(AtomicBool::new(false));
    let was_refused = Arc::clone(&refused);
    let received = remote.connect(Direction::Fetch).and_then(|mut connection| {
        connection.set_credentials(move |action| Ok(answer(&asked, action, &refused)));
        let progress = CloneProgress::default();
        connection
            .prepare_fetch(progress.sink(), gix::remote::ref_map::Options::default())?
            .receive(progress.sink(), stop)
    });
    match received {
        Ok(_) => Ok(()),
        Err(_) if stop.load(Ordering::Relaxed) => Err(CloneError::Interrupted),
        Err(_) if was_refused.load(Ordering::Relaxed) => Err(CloneError::Unauthorized {
            host: url.host().to_owned(),
        }),
        Err(error) => Err(explain(url, &chain(&error))),
    }
}

/// Opens the copy. One that is not there is made beside its place and moved there when it is whole, so that a crash leaves none
/// that is half made.
fn open_or_create(copy: &Path) -> Result<gix::Repository, CloneError> {
    let folder = |reason: String| CloneError::Folder {
        path: copy.to_owned(),
        reason,
    };
    let open = || {
        gix::open_opts(copy, gix::open::Options::isolated()).map_err(|error| folder(chain(&error)))
    };
    if copy.join("objects").is_dir() {
        return open();
    }
    let beside = copy.with_extension("new");
    if beside.exists() {
        std::fs::remove_dir_all(&beside).map_err(|error| folder(error.to_string()))?;
    }
    gix::ThreadSafeRepository::init_opts(
        &beside,
        gix::create::Kind::Bare,
        gix::create::Options::default(),
        gix::open::Options::isolated(),
    )
    .map_err(|error| folder(chain(&error)))?;
    without_hooks(&beside)?;
    std::fs::rename(&beside, copy).map_err(|error| folder(error.to_string()))?;
    open()
}

/// A copy that is open. What is fetched into it meanwhile is seen.
pub struct Copy {
    repository: gix::Repository,
    path: PathBuf,
}

impl Copy {
    /// Opens the copy at `path`, which is made when it is not there.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn open(path: &Path) -> Result<Self, CloneError> {
        Ok(Self {
            repository: open_or_create(path)?,
            path: path.to_owned(),
        })
    }

    fn failed(&self, error: &dyn std::fmt::Display) -> CloneError {
        CloneError::Folder {
            path: self.path.clone(),
            reason: error.to_string(),
        }
    }

    fn id(&self, text: &str) -> Result<gix::ObjectId, CloneError> {
        gix::ObjectId::from_hex(text.as_bytes()).map_err(|error| self.failed(&error))
    }

    /// Whether it has this object.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        self.id(id).is_ok_and(|id| self.repository.has_object(id))
    }

    /// The objects that its refs below `prefix` name.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn refs_below(&self, prefix: &str) -> Result<Vec<String>, CloneError> {
        let platform = self.repository.references();
        let platform = platform.map_err(|error| self.failed(&error))?;
        let mut ids = Vec::new();
        for reference in platform
            .prefixed(prefix)
            .map_err(|error| self.failed(&error))?
        {
            let reference = reference.map_err(|error| self.failed(&error))?;
            ids.extend(reference.try_id().map(|id| id.to_hex().to_string()));
        }
        Ok(ids)
    }

    /// The parents of a commit.
    ///
    /// # Errors
    /// When it is not there, or no commit.
    pub fn parents(&self, commit: &str) -> Result<Vec<String>, CloneError> {
        let found = self.repository.find_commit(self.id(commit)?);
        let commit = found.map_err(|error| self.failed(&error))?;
        Ok(commit
            .parent_ids()
            .map(|id| id.to_hex().to_string())
            .collect())
    }

    /// Whether everything that `tip` reaches is reached by `known` as well. A tip that is no commit (a tag has a message of its own),
    /// and what cannot be found out, counts as a no.
    #[must_use]
    pub fn is_reached_by(&self, tip: &str, known: &[String]) -> bool {
        let Ok(tip) = self.id(tip) else { return false };
        let hidden: Vec<gix::ObjectId> = known.iter().filter_map(|id| self.id(id).ok()).collect();
        if hidden.is_empty() || self.repository.find_commit(tip).is_err() {
            return false;
        }
        let walk = self.repository.rev_walk([tip]).with_hidden(hidden).all();
        walk.is_ok_and(|mut commits| commits.next().is_none())
    }

    /// Makes a ref name an object that is there.
    ///
    /// # Errors
    /// When the object is not there, or the ref cannot be written.
    pub fn set_ref(&mut self, name: &str, id: &str) -> Result<(), CloneError> {
        let id = self.id(id)?;
        let path = self.path.clone();
        let failed = |error: &dyn std::fmt::Display| CloneError::Folder {
            path: path.clone(),
            reason: error.to_string(),
        };
        // Refs are written in somebody's name, and nobody has one here.
        self.repository
            .committer_or_set_generic_fallback()
            .map_err(|error| failed(&error))?;
        let any = gix::refs::transaction::PreviousValue::Any;
        let written = self.repository.reference(name, id, any, "looked at");
        written.map(drop).map_err(|error| failed(&error))
    }
}
