//! Whether a git folder belongs to the place that leads to it.
//!
//! `.git` can be a file that names any folder, or a link; `commondir` in a git folder can name any other. Linked worktrees
//! and submodules are made like that, and each says in both directions where it belongs. A pointer that is not answered
//! could have been put there by somebody who wants to read another repository of this machine through our report, so it
//! is not followed.
//!
//! A folder made by `git init --separate-git-dir` names nothing. It belongs where its index has seen the files: the index
//! keeps inode and change time of each, which whoever plants a `.git` file cannot choose.

use std::path::{Path, PathBuf};

use gix::bstr::ByteSlice;
use gix::index::entry::{Stat, stat};
use gix::index::fs::Metadata;
use leakward_core::Limits;

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
        || has_seen_a_file(opened, &git_dir, &holder)
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

/// The index of a repository that is not bare and names no other working tree knows a file here, by everything that the
/// file system says of it.
fn has_seen_a_file(opened: &gix::Repository, git_dir: &Path, holder: &Path) -> bool {
    // A folder called `.git` belongs to the folder around it.
    if git_dir.file_name().is_some_and(|name| name == ".git")
        || opened.is_bare()
        || names_another_worktree(opened)
    {
        return false;
    }
    let most = Limits::default().max_tree_depth;
    let opened = super::index::open(&git_dir.join("index"), opened.object_hash(), most);
    let Ok(Some(index)) = opened else {
        return false;
    };
    let knows = |entry: &gix::index::Entry| {
        let path = entry.path(&index);
        let file = gix::path::from_bstr(path).map(|path| holder.join(path));
        super::index::is_inside(path) && file.is_ok_and(|file| is_the_seen_file(&file, &entry.stat))
    };
    index.entries().iter().take(MOST_FILES_ASKED).any(knows)
}

/// LIMIT: files that have changed since the index saw them prove nothing; of so many one will not have.
const MOST_FILES_ASKED: usize = 10_000;

fn is_the_seen_file(file: &Path, seen: &Stat) -> bool {
    let options = stat::Options {
        trust_ctime: true,
        check_stat: true,
        use_nsec: true,
        use_stdev: false,
    };
    let now = Metadata::from_path_no_follow(file).ok();
    let now = now.and_then(|metadata| Stat::from_fs(&metadata).ok());
    now.is_some_and(|now| seen.ino != 0 && seen.matches(&now, options))
}

fn names_another_worktree(opened: &gix::Repository) -> bool {
    let snapshot = opened.config_snapshot();
    snapshot.plumbing().string("core.worktree").is_some()
}

fn real(path: &Path) -> Option<PathBuf> {
    std::fs::canonicalize(path).ok()
}
