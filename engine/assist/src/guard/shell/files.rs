//! The files that a program prints, and the folders that it goes to.
//!
//! Names only: how much of them is seen is said by `view` and by the site.

use std::path::{Path, PathBuf};

use super::run::Run;
use super::shown::Read;
use super::walk::Walk;
use crate::guard::command_line::{Gap, Word};
use crate::guard::folders::{Folders, LONGEST_PATH, Places, Reached};
use crate::guard::pattern::{Pattern, Stars};
use crate::guard::program_names::PRINTERS;
use crate::guard::searches;
use crate::guard::site::Site;
use crate::guard::view::{self, View};
use crate::guard::wrappers::Unwrapped;

impl Walk<'_> {
    /// Files that a program prints.
    pub(super) fn files(&mut self, program: &str, arguments: &[Word], site: Site<'_>) {
        if let Some(view) = view_of(program, arguments, site) {
            let files = view::files(program, arguments);
            files
                .into_iter()
                .for_each(|word| self.file(word, &view, site));
        }
    }

    /// Files that a search shows of those that it comes to.
    pub(super) fn searched(&mut self, run: &Run<'_>) {
        let (arguments, site) = (run.arguments, run.site);
        match run.name.as_str() {
            "grep" | "egrep" => {
                if let Some(patterns) = searches::of_grep(arguments) {
                    self.found(&patterns, (&run.name, arguments), site);
                }
            }
            "find" => {
                let (patterns, runs) = searches::of_find(arguments).unwrap_or_default();
                for (program, rest) in runs.into_iter().filter_map(<[Word]>::split_first) {
                    self.found(&patterns, (&program.program(), rest), site);
                }
            }
            _ => {}
        }
    }

    /// Files that a search comes to, with what this program prints of them.
    fn found(
        &mut self,
        patterns: &[String],
        (program, arguments): (&str, &[Word]),
        site: Site<'_>,
    ) {
        if !PRINTERS.contains(&program) {
            return;
        }
        if let Some(view) = view_of(program, arguments, site) {
            for folder in site.here.iter() {
                let patterns = patterns.iter();
                let patterns = patterns.map(|text| Pattern::new(folder, text, Stars::Deep));
                patterns.for_each(|pattern| self.shown.found.add((pattern, view.clone())));
            }
        }
    }

    /// `find -name .env | xargs cat`
    fn found_files(&mut self, run: &Run<'_>) {
        let command = run.site.command();
        let Some(giver) = command.and_then(|command| run.site.giver(command)) else {
            return;
        };
        let find = Unwrapped::of(&giver.words);
        if let Some((patterns, runs)) = searches::of_find(find.arguments())
            && find.program() == "find"
            && runs.is_empty()
        {
            // They may be more than one.
            let each = Word {
                is_pattern: true,
                ..Word::default()
            };
            let arguments: Vec<Word> = run.arguments.iter().cloned().chain([each]).collect();
            self.found(&patterns, (&run.name, &arguments), run.site);
        }
    }

    /// `echo .env | xargs cat`
    pub(super) fn fed_files(&mut self, run: &Run<'_>) {
        self.found_files(run);
        let texts = run.site.documents();
        let names = texts.iter().flat_map(|text| text.split_whitespace());
        let words = names.map(|name| Word {
            text: name.to_owned(),
            ..Word::default()
        });
        let words: Vec<Word> = run.arguments.iter().cloned().chain(words).collect();
        self.files(&run.name, &words, run.site);
    }

    pub(super) fn file(&mut self, word: &Word, view: &View, site: Site<'_>) {
        if word.gap == Some(Gap::First)
            && let Some(rest) = word.text.strip_prefix('/')
        {
            return self.file_in_printed_folder(rest, word, (view, site));
        }
        for folder in site.here.iter() {
            if word.is_pattern && !self.shown.patterns.is_cut() {
                let pattern = Pattern::new(folder, &word.text, site.stars);
                self.shown.patterns.add((pattern, view.clone()));
            }
            if !self.shown.files.is_cut() && word.text.len() <= LONGEST_PATH {
                let path = joined(folder, &word.text);
                let view = view.clone();
                self.shown.files.add(Read { path, view });
            }
        }
    }

    /// `"$(pwd)/.env"`: the folder that a command prints is most often the one at hand, or the top of the repository.
    fn file_in_printed_folder(&mut self, rest: &str, word: &Word, (view, site): (&View, Site<'_>)) {
        let word = Word {
            text: rest.to_owned(),
            gap: Some(Gap::Inside),
            ..word.clone()
        };
        let tops: Vec<PathBuf> = site.here.iter().map(|folder| self.top(folder)).collect();
        let here: Places = site.here.iter().cloned().chain(tops).collect();
        self.file(
            &word,
            view,
            Site {
                here: &here,
                ..site
            },
        );
    }

    /// `cd "$(git rev-parse --show-toplevel)"`: the same of a folder that is entered.
    pub(super) fn enter_printed_folder(&mut self, run: &Run<'_>, folders: &mut Folders) -> bool {
        let site = run.site;
        let words = run.arguments.iter();
        let Some(word) = words.into_iter().find(|word| word.gap == Some(Gap::First)) else {
            return false;
        };
        let rest = word.text.trim_start_matches('/');
        let tops = site.here.iter().map(|folder| self.top(folder).join(rest));
        let mut to: Vec<String> = tops.map(|top| top.to_string_lossy().into_owned()).collect();
        to.push(if rest.is_empty() { "." } else { rest }.to_owned());
        folders.enter(site.here, Some(&to), Reached::Perhaps, &self.start.call);
        folders.is_lost = true;
        true
    }
}

/// How much is seen of the files that a program prints; nothing when none is.
fn view_of(program: &str, arguments: &[Word], site: Site<'_>) -> Option<View> {
    let own = view::view(program, arguments)?;
    Some(own.then(site.outlet().steps()?))
}

pub(super) fn joined(folder: &Path, path: &str) -> String {
    folder.join(path).to_string_lossy().into_owned()
}
