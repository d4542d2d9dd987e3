//! Whether a git folder belongs to the place that leads to it.
//!
//! `.git` can be a file that names any folder, or a link; `commondir` in a git folder can name any other. Linked worktrees
//! and submodules are made like that, and each says in both directions where it belongs. A pointer that is not answered
//! could have been put there by somebody who wants to read another repository of this machine through our report, so it
//! is not followed.

use std::path::{Path, PathBuf};

use gix::bstr::ByteSlice;

use super::GitError;

/// Checks that the repository that was opened at `found` (a `.git` folder or file, or a bare repository) lies there, or
/// says itself that it belongs there.
///
/// # Errors
/// When it does neither.
pub(crate) fn check(found: &Path, opened: &gix::Repository) -> Result<(), GitError> {
    let refused = |led_to: &Path| GitError::Unsupported {
        path: found.to_owned(),
        reason: format!(
            "it leads to {}, which does not say that it belongs here; scan that repository by itself, or this as a folder",
            led_to.display()
        ),
    };
    let git_dir = real(opened.git_dir()).ok_or_else(|| refused(opened.git_dir()))?;
    let common = real(opened.common_dir()).ok_or_else(|| refused(opened.common_dir()))?;
    if common != git_dir && !git_dir.starts_with(common.join("worktrees")) {
        return Err(refused(&common));
    }
    let holder = found
        .parent()
        .and_then(real)
        .ok_or_else(|| refused(&git_dir))?;
    let lies_there = git_dir.starts_with(&holder);
    if lies_there
        || names_its_file(&git_dir, &holder)
        || names_its_worktree(opened, &git_dir, &holder)
    {
        return Ok(());
    }
    Err(refused(&git_dir))
}

/// A linked worktree's git folder names the `.git` file in a file called `gitdir`.
fn names_its_file(git_dir: &Path, holder: &Path) -> bool {
    let Ok(named) = std::fs::read(git_dir.join("gitdir")) else {
        return false;
    };
    let named = named.trim_ascii_end().to_path_lossy().into_owned();
    let named = git_dir.join(named);
    named.ends_with(".git")
        && named
            .parent()
            .and_then(real)
            .is_some_and(|folder| folder == holder)
}

/// A submodule's git folder names the working tree in its configuration.
fn names_its_worktree(opened: &gix::Repository, git_dir: &Path, holder: &Path) -> bool {
    let snapshot = opened.config_snapshot();
    let named = snapshot.plumbing().string("core.worktree");
    named.is_some_and(|named| {
        real(&git_dir.join(named.to_path_lossy())).is_some_and(|folder| folder == holder)
    })
}

fn real(path: &Path) -> Option<PathBuf> {
    std::fs::canonicalize(path).ok()
}
