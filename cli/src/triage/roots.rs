//! Where a report's paths start from on this machine.
//!
//! INVARIANT: a path is of the target that the report says it is of. When that target is not here, the path is of no other
//! one, and of no folder that happens to be the present one.

use std::path::{Path, PathBuf};

use leakward_core::TargetSummary;
use leakward_sources::git::{Discovery, OpenOptions, Repository};

/// Why nothing is done about a finding.
const GONE: &str = "what the report scanned is not on this machine; name it as TARGET";

/// A target of the report that is on this machine.
#[derive(Clone, Debug)]
pub(super) struct Root {
    /// The file or folder itself.
    pub(super) target: PathBuf,
    /// The folder that paths start from.
    pub(super) folder: PathBuf,
}

/// The targets of a report.
#[derive(Clone, Debug, Default)]
pub(super) struct Roots {
    /// As the report names each, and where it is; nothing when it is not here.
    all: Vec<(String, Option<Root>)>,
}

impl Roots {
    /// The targets that a report names.
    pub(super) fn reported(targets: &[TargetSummary]) -> Self {
        let root = |target: &TargetSummary| {
            let path = target.name.strip_prefix("file://").unwrap_or(&target.name);
            let root = Root::at(Path::new(path), target.kind == "git");
            (target.name.clone(), root)
        };
        Self {
            all: targets.iter().map(root).collect(),
        }
    }

    /// Targets as they were typed, in the order in which the report names them: a folder that is a repository is one.
    ///
    /// # Errors
    /// When they are not as many, so that it cannot be known which is which.
    pub(super) fn typed(typed: &[String], reported: &[TargetSummary]) -> Result<Self, String> {
        if reported.is_empty() {
            let root = |name: &String| (name.clone(), root_of(name));
            return Ok(Self {
                all: typed.iter().map(root).collect(),
            });
        }
        if typed.len() != reported.len() {
            let names: Vec<&str> = reported.iter().map(|one| one.name.as_str()).collect();
            return Err(format!(
                "{} targets are named, and the report is of {}: {}",
                typed.len(),
                reported.len(),
                names.join(", ")
            ));
        }
        let root = |(name, target): (&String, &TargetSummary)| (target.name.clone(), root_of(name));
        Ok(Self {
            all: typed.iter().zip(reported).map(root).collect(),
        })
    }

    /// The target that a path is in, and the path in it: with several targets, paths begin with the target's name.
    ///
    /// # Errors
    /// When the target is not on this machine.
    pub(super) fn of<'p>(&self, path: &'p str) -> Result<(&Root, &'p str), String> {
        let found = match self.all.as_slice() {
            [(_, only)] => Some((only.as_ref(), path)),
            several => several.iter().find_map(|(name, root)| {
                let rest = path.strip_prefix(name.trim_end_matches('/'))?;
                Some((root.as_ref(), rest.strip_prefix('/')?))
            }),
        };
        match found {
            Some((Some(root), rest)) => Ok((root, rest)),
            _ => Err(GONE.to_owned()),
        }
    }

    /// The first that is here.
    pub(super) fn first(&self) -> Option<&Root> {
        self.all.iter().find_map(|(_, root)| root.as_ref())
    }
}

impl Root {
    /// Paths of a repository start from the root of its working tree, those of a folder from there.
    fn at(path: &Path, is_git: bool) -> Option<Self> {
        let metadata = std::fs::metadata(path).ok()?;
        let folder = if !metadata.is_dir() {
            path.parent()?.to_owned()
        } else if is_git {
            worktree(path).unwrap_or_else(|| path.to_owned())
        } else {
            path.to_owned()
        };
        Some(Self {
            target: path.to_owned(),
            folder,
        })
    }
}

/// Where a target is that was typed.
fn root_of(name: &str) -> Option<Root> {
    let path = Path::new(name.strip_prefix("file://").unwrap_or(name));
    let options = OpenOptions {
        discovery: Discovery::Exact,
        ..OpenOptions::default()
    };
    Root::at(path, Repository::open(path, options).is_ok())
}

/// The root of the working tree of the repository around a folder.
fn worktree(path: &Path) -> Option<PathBuf> {
    let options = OpenOptions {
        discovery: Discovery::Upwards,
        ..OpenOptions::default()
    };
    Repository::open(path, options).ok()?.worktree()
}

/// A folder as a report's target.
#[cfg(test)]
pub(super) fn target(path: &Path) -> TargetSummary {
    TargetSummary {
        name: path.display().to_string(),
        kind: "dir".to_owned(),
        scope: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_of_the_target_that_the_report_says() {
        let folder = tempfile::tempdir().expect("a folder");
        let (here, gone) = (folder.path().join("here"), folder.path().join("gone"));
        std::fs::create_dir(&here).expect("a folder");
        let in_folder = |folder: &Path| format!("{}/a.py", folder.display());
        let both = Roots::reported(&[target(&gone), target(&here)]);
        let (path, lost) = (in_folder(&here), in_folder(&gone));
        let (root, rest) = both.of(&path).expect("it is here");
        assert_eq!((root.folder.as_path(), rest), (here.as_path(), "a.py"));
        assert!(both.of(&lost).is_err_and(|why| why.contains("TARGET")));
        assert!(both.of("a.py").is_err(), "it is of neither");
        let only = Roots::reported(&[target(&gone)]);
        assert!(only.of("a.py").is_err() && only.first().is_none());
        assert!(Roots::reported(&[]).of("a.py").is_err());
    }

    #[test]
    fn typed_targets_take_the_place_of_the_reports() {
        let folder = tempfile::tempdir().expect("a folder");
        let gone = target(Path::new("no/such/folder"));
        let typed = [folder.path().display().to_string()];
        let roots = Roots::typed(&typed, std::slice::from_ref(&gone)).expect("one for one");
        let (root, rest) = roots.of("a.py").expect("it is here");
        assert_eq!((root.folder.as_path(), rest), (folder.path(), "a.py"));
        let two = [gone, target(folder.path())];
        let why = Roots::typed(&typed, &two).expect_err("which of them?");
        assert!(why.contains("no/such/folder"), "{why}");
        let typed = [typed[0].clone(), "no/other/folder".to_owned()];
        let roots = Roots::typed(&typed, &two).expect("two for two");
        assert_eq!(roots.of("no/such/folder/a.py").expect("here").1, "a.py");
        let roots = Roots::typed(&typed[..1], &[]).expect("a report that names none");
        assert_eq!(roots.of("a.py").expect("here").1, "a.py");
    }
}
