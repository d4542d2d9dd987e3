//! A git repository as a target.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use leakward_sources::git::{OpenOptions, Repository};

use crate::policy::NoFiles;
use crate::progress::Progress;
use crate::request::Request;
use crate::run::{Context, ScanError, Scanned, simple_places};
use crate::target::Target;

/// Scans the repository at or around `path`.
pub(crate) fn scan(
    path: &Path,
    target: &Target,
    request: &Request,
    progress: &dyn Progress,
    interrupted: &AtomicBool,
) -> Result<Scanned, ScanError> {
    let repository = Repository::open(path, OpenOptions::default())?;
    let context = Context::new(&NoFiles, request, progress, interrupted)?;
    let collector = context.collector();
    let collected = collector.finish();
    let bare = repository.worktree().is_none();
    Ok(context.finish(collected, target, request.scope.in_words(bare), simple_places))
}
