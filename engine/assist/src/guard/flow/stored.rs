//! What becomes of an output that is put into a variable or a file, to be used later on in the line.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use super::flow::Flow;
use super::given::setting;
use super::outlet::Outlet;
use super::uses::{FileUse, Use, name_of_file, uses_of_files, uses_of_variables};
use crate::guard::options::{Options, Valued};
use crate::guard::view::Step;
use crate::guard::wrappers::Unwrapped;

/// LIMIT: variables and files that an output goes through. Behind them it is taken to be seen.
const DEEPEST: usize = 16;

/// What an output is put into, to be used later on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Stored {
    Variable(String),
    File(String),
}

/// What is known of them.
#[derive(Default)]
pub(super) struct Kept {
    /// Where variables are named.
    variables: OnceCell<HashMap<String, Vec<Use>>>,
    /// Where files are named as something that is shown or copied.
    files: OnceCell<HashMap<String, Vec<(usize, FileUse)>>>,
    /// What becomes of each of them that was asked for: by all of its uses from the first one on, the second, and so on.
    stored: RefCell<HashMap<Stored, Rc<[Outlet]>>>,
    depth: Cell<usize>,
}

impl Flow<'_> {
    /// What becomes of the value of variables that are read.
    pub(super) fn in_variables(&self, run: &Unwrapped<'_>) -> Outlet {
        let options = Options::of(run.arguments(), OF_READ);
        let names = options
            .operands
            .iter()
            .copied()
            .chain(options.values(&["a"]));
        let mut names: Vec<&str> = names.map(|word| word.text.as_str()).collect();
        if names.is_empty() {
            names.extend(["REPLY", "MAPFILE"]);
        }
        // Of a line that is told apart, the first one gets what stands before the first sign.
        let signs = match names.len() > 1 && options.are_only("r", &[]) {
            true => separators(run),
            false => Vec::new(),
        };
        let all = names.into_iter().enumerate().map(|(number, name)| {
            let outlet = self.in_variable(name);
            match number {
                0 => outlet.behind(signs.iter().copied().map(Step::Before).collect()),
                _ => outlet,
            }
        });
        all.fold(Outlet::Nowhere, Outlet::or)
    }

    /// What becomes of the value of a variable.
    pub(super) fn in_variable(&self, name: &str) -> Outlet {
        let uses = self
            .kept
            .variables
            .get_or_init(|| uses_of_variables(self.line, &self.runs));
        let uses = uses.get(name).map(Vec::as_slice).unwrap_or_default();
        let all = self.stored(Stored::Variable(name.to_owned()), || {
            let all = uses.iter().map(|one| {
                let outlet = self.end(self.put(one.command, one.part));
                outlet.behind(one.before.map(Step::Before).into_iter().collect())
            });
            vec![Outlet::first_seen(all)]
        });
        all.first().cloned().unwrap_or(Outlet::Nowhere)
    }

    /// What becomes of a file that this command makes: another one may show it afterwards.
    pub(in crate::guard) fn in_file(&self, path: &str, at: usize) -> Outlet {
        let uses = self
            .kept
            .files
            .get_or_init(|| uses_of_files(self.line, &self.runs));
        let Some(uses) = uses.get(name_of_file(path)) else {
            return Outlet::Nowhere;
        };
        let all = self.stored(Stored::File(name_of_file(path).to_owned()), || {
            let mut behind = vec![Outlet::Nowhere; uses.len()];
            let mut all = Outlet::Nowhere;
            for (number, (at, one)) in uses.iter().enumerate().rev() {
                let outlet = match one {
                    FileUse::Printed => self.end(self.given(*at)),
                    FileUse::Sent => Outlet::screen(),
                    FileUse::Copied(to) => self.in_file(to, *at),
                };
                all = all.or(outlet);
                if let Some(slot) = behind.get_mut(number) {
                    *slot = all.clone();
                }
            }
            behind
        });
        // In a loop, what stands before it comes once more.
        let is_in_loop = self.groups().end_around(at).is_some();
        let first = if is_in_loop {
            0
        } else {
            uses.partition_point(|(used, _)| *used <= at)
        };
        all.get(first).cloned().unwrap_or(Outlet::Nowhere)
    }

    fn stored(&self, stored: Stored, follow: impl FnOnce() -> Vec<Outlet>) -> Rc<[Outlet]> {
        if let Some(known) = self.kept.stored.borrow().get(&stored) {
            return known.clone();
        }
        if self.kept.depth.get() >= DEEPEST {
            return Rc::new([Outlet::screen()]);
        }
        // What comes back to where it came from is seen only where it is seen elsewhere.
        self.kept
            .stored
            .borrow_mut()
            .insert(stored.clone(), Rc::default());
        self.kept.depth.set(self.kept.depth.get() + 1);
        let outlets: Rc<[Outlet]> = follow().into();
        self.kept.depth.set(self.kept.depth.get() - 1);
        self.kept
            .stored
            .borrow_mut()
            .insert(stored, outlets.clone());
        outlets
    }
}

/// Options of `read` that take a value.
const OF_READ: Valued = Valued {
    letters: "adinNptu",
    names: &[],
};

/// The signs between the parts of a line: `IFS== read …`. Blanks stand also before the first part, and are none here.
fn separators(run: &Unwrapped<'_>) -> Vec<char> {
    let mut settings = run.wrappers.iter().rev();
    let set = settings.find(|word| setting(word) == Some("IFS"));
    let set = set.filter(|word| word.is_known());
    let signs = set.and_then(|word| word.text.split_once('='));
    let signs = signs.map_or("", |(_, signs)| signs);
    signs.chars().filter(|sign| !sign.is_whitespace()).collect()
}
