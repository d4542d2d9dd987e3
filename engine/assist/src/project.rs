//! The project that a text belongs to: where its root is, what a path in it is called, and the scanner that is held to
//! its policy.

use std::path::{Component, Path, PathBuf};

use leakward_scan::date::Date;
use leakward_scan::policy::Overrides;
use leakward_scan::run::ScanError;
use leakward_scan::text_scanner::TextScanner;
use leakward_sources::Origin;

/// What marks the root of a project, in a folder or in one above it.
const MARKS: [&str; 3] = [".git", "leakward.toml", ".leakwardignore"];

/// What a scan of texts is held to.
#[derive(Clone, Debug, Default)]
pub struct ScanSettings {
    /// What was typed; wins over the project's files.
    pub overrides: Overrides,
    /// The ref that policy files are read from instead of the working tree.
    pub policy_ref: Option<String>,
    /// Today's date, for decisions that end.
    pub today: Date,
}

/// A project.
#[derive(Clone, Debug)]
pub struct Project {
    root: PathBuf,
}

impl Project {
    /// The project around `folder`: the nearest folder, from there upwards, that has a repository or a policy file; the
    /// folder itself when there is none.
    #[must_use]
    pub fn around(folder: &Path) -> Self {
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        let has_mark = |at: &&Path| MARKS.iter().any(|mark| at.join(mark).exists());
        let root = folder.ancestors().find(has_mark).unwrap_or(&folder);
        Self {
            root: root.to_owned(),
        }
    }

    /// The project whose root is this folder.
    #[must_use]
    pub fn at(root: PathBuf) -> Self {
        Self { root }
    }

    /// The root.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What `path` is called in findings and in the policy: relative to the root where it lies in there, with `/` between
    /// folders.
    #[must_use]
    pub fn name_of(&self, path: &Path) -> String {
        let path = normal(&self.root.join(path));
        let inside = path.strip_prefix(normal(&self.root)).ok();
        let shown = inside.unwrap_or(&path).to_string_lossy().into_owned();
        if std::path::MAIN_SEPARATOR == '/' {
            shown
        } else {
            shown.replace(std::path::MAIN_SEPARATOR, "/")
        }
    }

    /// Where a text at `path` is from.
    #[must_use]
    pub fn origin_of(&self, path: &Path) -> Origin {
        Origin::Worktree(self.name_of(path))
    }

    /// A scanner that is held to the project's policy.
    ///
    /// # Errors
    /// When a policy file cannot be used.
    pub fn scanner(&self, settings: &ScanSettings) -> Result<TextScanner, ScanError> {
        let revision = settings.policy_ref.as_deref();
        TextScanner::new(&self.root, revision, &settings.overrides, settings.today)
    }
}

/// The path without `.` and `..`, by its text alone: the file need not be there.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_named_from_the_root_of_its_project() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(folder.path().join("app/src")).expect("folders");
        std::fs::write(folder.path().join("app/leakward.toml"), "").expect("a file");
        let project = Project::around(&folder.path().join("app/src"));
        assert_eq!(project.root(), folder.path().join("app"));
        for (path, name) in [
            ("src/a.py", "src/a.py"),
            ("src/../b.py", "b.py"),
            ("./c.py", "c.py"),
            ("/etc/x", "/etc/x"),
        ] {
            assert_eq!(project.name_of(Path::new(path)), name);
        }
    }
}
