//! What git ignores in a folder: the rules of its `.gitignore`, of those above it, of the repository's
//! `info/exclude` and of the user's own excludes file, nearest first.
//!
//! Not for: `.ignore` and other tools' files. They were written for searching, not to hide a leak.
//!
//! A hostile tree must not stop or widen the scan: rule files are read only when they are regular files of a
//! sensible size (no links, no pipes), and a line that is no valid pattern is left out.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder, gitconfig_excludes_path};

use super::contents::Contents;

/// Largest rule file that is read. LIMIT: real ones are below 100 KiB; compiling megabytes of patterns would
/// take longer than scanning what they hide.
const MAX_RULES_BYTES: u64 = 1 << 20;

/// The rules of one level, and those of the level above.
pub(crate) struct Ignored {
    rules: Gitignore,
    above: Option<Arc<Ignored>>,
}

/// What a path leads to; some rules hold for folders only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// A file or a link.
    File,
    /// A folder.
    Folder,
}

/// The rules in force in a folder; none outside of git worktrees.
pub(crate) type Rules = Option<Arc<Ignored>>;

impl Ignored {
    /// Whether git ignores `path`, a file or folder directly in the folder that these rules are for.
    pub(crate) fn ignores(&self, path: &Path, what: What) -> bool {
        let mut level = Some(self);
        while let Some(Ignored { rules, above }) = level {
            match rules.matched(path, what == What::Folder) {
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
                Match::None => level = above.as_deref(),
            }
        }
        false
    }
}

/// The rules in force in `folder` before its own `.gitignore` is read: those of the worktree that it lies in.
///
/// `folder` must be absolute.
pub(crate) fn above(folder: &Path, contents: &mut Contents) -> Rules {
    let root = folder
        .ancestors()
        .skip(1)
        .find(|above| above.join(".git").symlink_metadata().is_ok())?;
    let mut rules = at_root(root, Trust::Chosen, contents);
    let mut between: Vec<&Path> = folder
        .ancestors()
        .skip(1)
        .take_while(|above| *above != root)
        .collect();
    between.push(root);
    for level in between.into_iter().rev() {
        rules = below(rules, level, contents);
    }
    rules
}

/// Who chose the worktree: the user, or the content that is scanned.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trust {
    /// The user named it or a folder in it.
    Chosen,
    /// It was met on the way.
    Met,
}

/// The rules at the root of the worktree `root`, without its `.gitignore`.
pub(crate) fn at_root(root: &Path, trust: Trust, contents: &mut Contents) -> Rules {
    // The user's own file may well be a link: people keep such files in a repository of their own.
    let users = gitconfig_excludes_path()
        .and_then(|file| file.canonicalize().ok())
        .and_then(|file| load(None, root, &file, contents));
    let Some(git_folder) = git_folder(root, trust, contents) else {
        return users;
    };
    load(
        users.clone(),
        root,
        &git_folder.join("info").join("exclude"),
        contents,
    )
    .or(users)
}

/// `rules` with those of the `.gitignore` in `folder` put before them.
pub(crate) fn below(rules: Rules, folder: &Path, contents: &mut Contents) -> Rules {
    load(rules.clone(), folder, &folder.join(".gitignore"), contents).or(rules)
}

/// The level that the rule file `file` makes over `above`; nothing when it has no rules.
fn load(above: Rules, root: &Path, file: &Path, contents: &mut Contents) -> Rules {
    // A rule file that cannot be read hides nothing: more is scanned, never less.
    let bytes = contents.read(file, MAX_RULES_BYTES).ok()?;
    let text = String::from_utf8_lossy(bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut builder = GitignoreBuilder::new(root);
    for line in text.lines() {
        if builder.add_line(None, line).is_err() {
            continue;
        }
    }
    let rules = builder.build().ok()?;
    (!rules.is_empty()).then(|| Arc::new(Ignored { rules, above }))
}

/// The folder with the `info` of the worktree `root`: `.git`, or where a `.git` file points.
fn git_folder(root: &Path, trust: Trust, contents: &mut Contents) -> Option<PathBuf> {
    let dot_git = root.join(".git");
    let kind = dot_git.symlink_metadata().ok()?.file_type();
    if kind.is_dir() {
        return Some(dot_git);
    }
    // A `.git` file that was met on the way could point anywhere outside of the tree.
    if trust == Trust::Met {
        return None;
    }
    let private = pointed_to(&dot_git, "gitdir: ", contents)?;
    let common = pointed_to(&private.join("commondir"), "", contents);
    Some(common.unwrap_or(private))
}

/// The path that the text of `file` names after `prefix`, relative to the folder of `file`.
fn pointed_to(file: &Path, prefix: &str, contents: &mut Contents) -> Option<PathBuf> {
    let text = std::str::from_utf8(contents.read(file, 1 << 16).ok()?).ok()?;
    Some(file.parent()?.join(text.trim_end().strip_prefix(prefix)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn worktree() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join(".git/info")).unwrap();
        fs::create_dir_all(root.path().join("a/b")).unwrap();
        root
    }

    #[test]
    fn the_nearest_rule_wins_over_those_above_and_the_repositorys_exclude_file_comes_last() {
        let root = worktree();
        fs::write(root.path().join(".git/info/exclude"), "*.tmp\n*.log\n").unwrap();
        fs::write(root.path().join(".gitignore"), "!keep.tmp\n/only-here\n").unwrap();
        fs::write(root.path().join("a/.gitignore"), "!*.log\n").unwrap();
        let folder = root.path().join("a/b");
        let rules = above(&folder, &mut Contents::default()).unwrap();
        assert!(rules.ignores(&folder.join("x.tmp"), What::File));
        assert!(!rules.ignores(&folder.join("keep.tmp"), What::File));
        assert!(!rules.ignores(&folder.join("x.log"), What::File));
        assert!(!rules.ignores(&folder.join("only-here"), What::File));
    }

    #[test]
    fn outside_of_a_worktree_there_are_no_rules() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("a")).unwrap();
        fs::write(root.path().join(".gitignore"), "*\n").unwrap();
        assert!(above(&root.path().join("a"), &mut Contents::default()).is_none());
    }

    #[cfg(unix)]
    #[test]
    fn a_rule_file_that_is_a_link_or_a_pipe_hides_nothing() {
        let root = worktree();
        fs::write(root.path().join("elsewhere"), "*\n").unwrap();
        std::os::unix::fs::symlink("elsewhere", root.path().join(".gitignore")).unwrap();
        let pipe = root.path().join("a/.gitignore");
        assert!(
            std::process::Command::new("mkfifo")
                .arg(&pipe)
                .status()
                .unwrap()
                .success()
        );
        let folder = root.path().join("a/b");
        let rules = above(&folder, &mut Contents::default());
        assert!(rules.is_none_or(|rules| !rules.ignores(&folder.join("x"), What::File)));
    }

    #[test]
    fn a_linked_worktree_has_the_exclude_file_of_its_repository() {
        let root = worktree();
        fs::write(root.path().join(".git/info/exclude"), "*.tmp\n").unwrap();
        fs::create_dir_all(root.path().join(".git/worktrees/w")).unwrap();
        fs::write(root.path().join(".git/worktrees/w/commondir"), "../..\n").unwrap();
        let linked = root.path().join("linked");
        fs::create_dir_all(linked.join("sub")).unwrap();
        fs::write(linked.join(".git"), "gitdir: ../.git/worktrees/w\n").unwrap();
        let rules = above(&linked.join("sub"), &mut Contents::default()).unwrap();
        assert!(rules.ignores(&linked.join("sub/x.tmp"), What::File));
        assert!(
            at_root(&linked, Trust::Met, &mut Contents::default())
                .is_none_or(|rules| !rules.ignores(&linked.join("x.tmp"), What::File))
        );
    }
}
