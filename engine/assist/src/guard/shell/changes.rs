//! What a program changes, and what one in another language prints.

use std::path::{Path, PathBuf};

use super::files::joined;
use super::run::Run;
use super::walk::{Shell, Walk};
use crate::guard::change::{Act, Acts, Change};
use crate::guard::command_line::Word;
use crate::guard::environment::{Environment, Holder};
use crate::guard::folders::Folders;
use crate::guard::foreign_program;
use crate::guard::pattern::Pattern;
use crate::guard::site::Site;
use crate::guard::view::View;

impl Walk<'_> {
    pub(super) fn act(&mut self, acts: Acts, run: &Run<'_>, site: Site<'_>) {
        if run.is_fed && !matches!(acts, Acts::Nothing) {
            self.named_by_line(site);
        }
        match acts {
            Acts::Nothing => {}
            Acts::TooMany => {
                let why = "the command line: it changes more than is looked at";
                self.shown.unread.add(why.to_owned());
            }
            Acts::On(acts) => self.acts(acts, site),
            Acts::Anything => {
                let program = format!("{}\n{}", run.text(), site.documents().concat());
                self.foreign_program(&program, run);
                self.named(&program);
                if !run.arguments.iter().all(Word::is_known) {
                    self.named_by_line(site);
                }
            }
        }
    }

    /// What a program in another language prints.
    fn foreign_program(&mut self, program: &str, run: &Run<'_>) {
        let site = run.site;
        let Some(steps) = site.outlet().steps() else {
            return;
        };
        let view = View::whole().then(steps);
        let word = |text: &str| Word {
            text: text.to_owned(),
            ..Word::default()
        };
        let printed = foreign_program::printed(program, run.kind());
        let files = printed.files.iter().map(|file| word(file));
        let files: Vec<Word> = files.chain(run.files_of_filter()).collect();
        files.iter().for_each(|file| self.file(file, &view, site));
        if site.outlet().is_sure() {
            let mut all = Vec::new();
            if printed.has_all_variables {
                all.push(Environment::All(View::unordered()));
            }
            all.extend(printed.variables.into_iter().map(Environment::Named));
            let all = all.into_iter().map(|one| (one, Holder::Program));
            self.environment(all.collect(), site);
        }
        for line in printed.commands {
            let folders = Folders::at(site.here.first().map_or(Path::new(""), PathBuf::as_path));
            self.line(&line, Shell::inside(site, site.stars), folders);
        }
    }

    pub(super) fn acts(&mut self, acts: Vec<(Act, Word)>, site: Site<'_>) {
        for (act, word) in acts {
            if site.is_lost || !word.is_known() {
                self.named_by_line(site);
            }
            for folder in site.here.iter() {
                if self.shown.changes.is_cut() {
                    return;
                }
                let path = joined(folder, &word.text);
                self.shown.changes.add(match act {
                    _ if word.is_pattern => {
                        Change::Pattern(Pattern::new(folder, &word.text, site.stars))
                    }
                    Act::Writes => Change::File(path),
                    Act::Replaces => Change::Tree(path),
                    Act::Fills => Change::Inside(path),
                    Act::Applies => Change::Patch(path),
                });
            }
        }
    }

    /// Something of this line is changed, nobody knows what. A line is named once, however long it is.
    fn named_by_line(&mut self, site: Site<'_>) {
        if self.named_lines.insert(site.number) {
            self.named(site.text);
        }
    }

    fn named(&mut self, text: &str) {
        if !self.shown.changes.is_cut() {
            self.shown.changes.add(Change::Named(text.to_owned()));
        }
    }
}
