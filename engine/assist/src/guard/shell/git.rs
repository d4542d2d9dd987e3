//! What a command of git shows of files, and what it does to them.
//!
//! `git show HEAD:.env` shows what a file was; the file as it is now stands for that, since nothing is read from objects.

use std::path::{Path, PathBuf};

use super::run::Run;
use super::walk::Walk;
use crate::guard::change;
use crate::guard::command_line::Word;
use crate::guard::folders::{LONGEST_PATH, Places};
use crate::guard::options::{Options, Valued};
use crate::guard::site::Site;
use crate::guard::view::{Range, Step, View};

impl Walk<'_> {
    pub(super) fn git(&mut self, run: &Run<'_>) {
        let (here, rest) = behind_options_of_git(run.arguments, run.site.here);
        let here: Places = here.into();
        let Some((command, arguments)) = rest.split_first() else {
            return;
        };
        let site = Site {
            here: &here,
            ..run.site
        };
        match command.text.as_str() {
            // The paths in a patch start from the top.
            "apply" | "am" => {
                let tops = here.iter().map(|folder| self.top(folder));
                let tops: Vec<PathBuf> = tops.collect();
                tops.into_iter().for_each(|top| self.shown.patched.add(top));
            }
            "show" | "cat-file" => self.shown_by_git(arguments, site),
            "grep" => self.files("grep", arguments, site),
            "blame" | "annotate" => self.blamed(arguments, site),
            "diff" if run.has(&["--no-index"]) => self.files("diff", arguments, site),
            _ => {}
        }
        self.act(change::by_git(&command.text, arguments), run, site);
    }

    /// `git show HEAD:.env`: the file as it is now stands for what it was.
    fn shown_by_git(&mut self, arguments: &[Word], site: Site<'_>) {
        for word in arguments {
            let Some((_, path)) = word.text.split_once(':') else {
                continue;
            };
            let tops: Places = match path.starts_with("./") {
                true => site.here.clone(),
                false => site.here.iter().map(|folder| self.top(folder)).collect(),
            };
            let Some(steps) = site.outlet().steps() else {
                return;
            };
            let word = Word {
                text: path.to_owned(),
                is_pattern: false,
                ..word.clone()
            };
            let site = Site {
                here: &tops,
                ..site
            };
            self.file(&word, &View::whole().then(steps), site);
        }
    }

    /// `git blame -L 5,9 FILE`: its lines, each with something before it.
    fn blamed(&mut self, arguments: &[Word], site: Site<'_>) {
        let valued = Valued {
            letters: "LS",
            names: &["since", "contents", "date", "ignore-rev"],
        };
        let options = Options::of(arguments, valued);
        let mut ranges = options.values(&["L"]);
        let range = ranges.next().and_then(|word| {
            let (first, last) = word.text.split_once(',').unwrap_or((&word.text, ""));
            let first: u32 = first.parse().ok()?;
            let last = match last.strip_prefix('+') {
                Some(count) => first.saturating_add(count.parse().ok()?),
                None if last.is_empty() => u32::MAX,
                None => last.parse().ok()?,
            };
            Some(Step::Range(Range::Lines(first, last)))
        });
        let range = range.filter(|_| ranges.next().is_none());
        if let Some(steps) = site.outlet().steps() {
            let own = range.into_iter().chain([Step::Selects, Step::Marks]);
            let view = View::whole().then(own).then(steps);
            let files = options.operands.iter();
            files.for_each(|word| self.file(word, &view, site));
        }
    }

    /// The top of the repository that a folder lies in.
    pub(super) fn top(&mut self, folder: &Path) -> PathBuf {
        if let Some(top) = self.tops.get(folder) {
            return top.clone();
        }
        if folder.as_os_str().len() > LONGEST_PATH {
            return folder.to_owned();
        }
        let at = self.start.call.join(folder);
        let top = at.ancestors().find(|folder| folder.join(".git").exists());
        let top = top.map_or_else(|| folder.to_owned(), Path::to_owned);
        self.tops.insert(folder.to_owned(), top.clone());
        top
    }
}

/// Options of git before its command that take a value.
const OF_GIT: Valued = Valued {
    letters: "Cc",
    names: &["git-dir", "work-tree", "namespace"],
};

/// The folders that git is told to go to, and the words from its command on.
fn behind_options_of_git<'w>(words: &'w [Word], here: &[PathBuf]) -> (Vec<PathBuf>, &'w [Word]) {
    let (options, rest) = Options::until(words, OF_GIT, 0);
    let mut here = here.to_vec();
    for folder in options.values(&["C"]).filter(|word| word.is_known()) {
        here.iter_mut().for_each(|path| path.push(&folder.text));
    }
    (here, rest)
}
