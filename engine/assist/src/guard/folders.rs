//! The folders that a shell may be in while it goes through a command line.
//!
//! `cd` may fail, may never be reached, or may go where nobody knows. So there can be several folders at once, and a
//! relative path is looked up in each of them. Only what is surely reached, and is there, leaves the folder before.
//!
//! INVARIANT: as long as [`Folders::is_lost`] is false, the folder that the shell is really in is among those here.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::command_line::Joint;

/// LIMIT: folders that a shell may be in at once. Each costs a look for each file that is named.
const MOST: usize = 16;

/// LIMIT: folders that one shell goes to. Paths grow with each, and each is looked for; behind the last one, nobody knows.
const MOST_ENTERED: usize = 64;

/// LIMIT: bytes of a path, as on Linux. A longer one leads nowhere.
pub(super) const LONGEST_PATH: usize = 4_096;

/// Some of them. PERF: each command of a line takes note of where it is; only `cd` makes new ones.
pub(super) type Places = Rc<[PathBuf]>;

/// Whether a command is run whenever its list of commands is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reached {
    Surely,
    Perhaps,
}

/// Where a shell may be. Paths start from the folder that the call is made in.
#[derive(Clone, Debug)]
pub(super) struct Folders {
    now: Places,
    /// Everywhere that it may have been.
    been: Places,
    /// Where the list at hand, `a && b || c`, began.
    began: Places,
    /// Whether a command of the list may fail, so that what stands behind `&&` may not be reached.
    is_doubtful: bool,
    /// Whether a folder was entered in the list that may not be reached.
    is_conditional: bool,
    /// How many times it went to another folder.
    entered: usize,
    /// Whether it may be in a folder that is not among those here.
    pub(super) is_lost: bool,
}

impl Folders {
    /// In this folder.
    pub(super) fn at(folder: &Path) -> Self {
        let now: Places = Rc::new([folder.to_owned()]);
        Self {
            been: now.clone(),
            began: now.clone(),
            now,
            is_doubtful: false,
            is_conditional: false,
            entered: 0,
            is_lost: false,
        }
    }

    /// In these folders, each of which it may be.
    pub(super) fn among(&self, now: &Places) -> Self {
        let mut inside = self.clone();
        inside.now = now.clone();
        inside.began = now.clone();
        inside.been = with(&self.been, now);
        inside
    }

    /// Where a command is run that stands behind `joint`.
    pub(super) fn next(&mut self, joint: Joint) -> Places {
        if matches!(joint, Joint::Next | Joint::Aside) {
            if self.is_conditional {
                self.now = with(&self.now, &self.began);
            }
            self.began = self.now.clone();
            (self.is_doubtful, self.is_conditional) = (false, false);
        }
        if joint == Joint::Or {
            return with(&self.now, &self.began);
        }
        self.now.clone()
    }

    /// A command is run that may fail.
    pub(super) fn doubt(&mut self) {
        self.is_doubtful = true;
    }

    /// From `here`, one of these folders is entered; nobody knows which when there is none. `from` is the folder that all
    /// paths start from.
    pub(super) fn enter(
        &mut self,
        here: &[PathBuf],
        to: Option<&[String]>,
        reached: Reached,
        from: &Path,
    ) {
        self.entered += 1;
        let Some(to) = to.filter(|_| self.entered <= MOST_ENTERED) else {
            // It may also be one that was left before: `cd -`, `popd`.
            self.now = self.been.clone();
            self.is_lost = true;
            return;
        };
        let mut next = Vec::new();
        for folder in here {
            for to in to {
                let entered = folder.join(to);
                if entered.as_os_str().len() > LONGEST_PATH {
                    self.is_lost = true;
                    continue;
                }
                // Behind `&&` it is there all the same: a command before may have made it.
                self.is_conditional |= !from.join(&entered).is_dir();
                add(&mut next, &entered);
            }
        }
        if reached == Reached::Perhaps || next.is_empty() {
            self.now.iter().for_each(|folder| add(&mut next, folder));
        }
        self.is_conditional |= self.is_doubtful;
        self.been = with(&self.been, &next);
        self.is_lost |= next.len() >= MOST || self.been.len() >= MOST;
        self.now = next.into();
    }
}

/// These, and others that are not among them.
fn with(places: &Places, others: &[PathBuf]) -> Places {
    let mut all = places.to_vec();
    others.iter().for_each(|folder| add(&mut all, folder));
    if all.len() == places.len() {
        return places.clone();
    }
    all.into()
}

fn add(folders: &mut Vec<PathBuf>, folder: &Path) {
    if folders.len() < MOST
        && !folders
            .iter()
            .any(|known| known.as_os_str() == folder.as_os_str())
    {
        folders.push(folder.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::super::command_line::CommandLine;
    use super::*;

    /// Where the last command of a line is run, when `a` and `a/b` are there and `x` is not.
    fn end(line: &str) -> Vec<String> {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(folder.path().join("a/b")).expect("folders");
        let mut folders = Folders::at(Path::new(""));
        let mut here: Places = Rc::new([]);
        for command in CommandLine::of(line).commands {
            here = folders.next(command.joints.0);
            let words: Vec<&str> = command
                .words
                .iter()
                .map(|word| word.text.as_str())
                .collect();
            match words.as_slice() {
                ["cd", "-"] => folders.enter(&here, None, Reached::Surely, folder.path()),
                ["cd", to] => {
                    let to = [(*to).to_owned()];
                    folders.enter(&here, Some(&to), Reached::Surely, folder.path());
                }
                ["if", "cd", to] => {
                    let to = [(*to).to_owned()];
                    folders.enter(&here, Some(&to), Reached::Perhaps, folder.path());
                }
                _ => folders.doubt(),
            }
        }
        here.iter()
            .map(|folder| folder.display().to_string())
            .collect()
    }

    #[test]
    fn a_shell_is_in_one_of_the_folders_that_it_may_be_in() {
        for (line, expected) in [
            ("cat", vec![""]),
            ("cd a; cat", vec!["a"]),
            ("cd a && cd b && cat", vec!["a/b"]),
            ("cd a && cd b; cat", vec!["a/b"]),
            ("cd /; cat", vec!["/"]),
            ("cd x && cat", vec!["x"]),
            ("cd x; cat", vec!["x", ""]),
            ("cd a || exit; cat", vec!["a"]),
            ("cd x || cat", vec!["x", ""]),
            ("make && cd a && cat", vec!["a"]),
            ("make && cd a; cat", vec!["a", ""]),
            ("make; cd a; cat", vec!["a"]),
            ("if cd a; cat", vec!["a", ""]),
            ("cd a; cd -; cat", vec!["", "a"]),
        ] {
            assert_eq!(end(line), expected, "{line}");
        }
        let mut folders = Folders::at(Path::new(""));
        for _ in 0..1_000 {
            let here = folders.next(Joint::Next);
            let to = ["x".to_owned()];
            folders.enter(&here, Some(&to), Reached::Surely, Path::new("/"));
        }
        assert!(
            folders.is_lost
                && folders
                    .now
                    .iter()
                    .all(|folder| folder.as_os_str().len() < 200)
        );
        let mut folders = Folders::at(Path::new(""));
        let here = folders.next(Joint::Next);
        let to = ["x".repeat(LONGEST_PATH + 1)];
        folders.enter(&here, Some(&to), Reached::Surely, Path::new("/"));
        assert!(folders.is_lost && *folders.now == [PathBuf::new()]);
        let before = folders.now.clone();
        for joint in [Joint::Next, Joint::And, Joint::Pipe, Joint::Next] {
            let here = folders.next(joint);
            assert!(
                Rc::ptr_eq(&here, &before),
                "what does not change is not copied"
            );
        }
        let many: String = (0..40).map(|at| format!("if cd {at}; ")).collect();
        assert!(end(&format!("{many} cat")).len() <= MOST);
    }
}
