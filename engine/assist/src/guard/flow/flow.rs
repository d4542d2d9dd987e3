//! The way of an output from command to command: through pipes, brackets and groups.
//!
//! Not for what a command does with what it gets (`given`).

use std::cell::{OnceCell, RefCell};
use std::ops::Range;
use std::rc::Rc;

use super::given::takes_input;
use super::outlet::Outlet;
use super::stored::Kept;
use crate::guard::command_line::{CommandLine, Joint, Part, Simple};
use crate::guard::groups::Groups;
use crate::guard::view::Step;
use crate::guard::wrappers::Unwrapped;

/// LIMIT: commands in `$(…)` between two ends of a pipe. What is behind more of them is taken to be seen.
const MOST_BETWEEN: usize = 64;

/// LIMIT: commands of a group that its input may go to. Of more of them, nobody knows what they do with it.
const MOST_IN_GROUP: usize = 256;

/// Where the output goes next.
pub(super) enum Next {
    End(Outlet),
    /// To this command, which does so with what it gets.
    Through(usize, Vec<Step>),
}

/// What becomes of the outputs of a line's commands.
pub(in crate::guard) struct Flow<'l> {
    pub(super) line: &'l CommandLine,
    /// What each command runs. PERF: a command of many words may be asked for by each of them.
    pub(super) runs: Vec<Unwrapped<'l>>,
    /// What becomes of what the line prints.
    around: Outlet,
    pub(super) known: RefCell<Vec<Option<Outlet>>>,
    groups: OnceCell<Groups>,
    pub(super) kept: Kept,
}

impl<'l> Flow<'l> {
    /// Of a line whose own output goes there.
    pub(in crate::guard) fn of(line: &'l CommandLine, around: Outlet) -> Self {
        let commands = line.commands.iter();
        let runs = commands.map(|command| Unwrapped::of(&command.words));
        Self {
            line,
            runs: runs.collect(),
            around,
            known: RefCell::new(vec![None; line.commands.len()]),
            groups: OnceCell::new(),
            kept: Kept::default(),
        }
    }

    /// What becomes of what this command prints.
    pub(in crate::guard) fn outlet(&self, command: usize) -> Outlet {
        let (mut path, mut at) = (Vec::new(), command);
        let mut outlet = loop {
            if let Some(Some(known)) = self.known.borrow().get(at) {
                break known.clone();
            }
            // An output that comes back to where it came from is seen only where it is seen elsewhere.
            self.know(at, Outlet::Nowhere);
            match self.next(at) {
                Next::End(outlet) => {
                    path.push((at, Vec::new()));
                    break outlet;
                }
                Next::Through(next, steps) => {
                    path.push((at, steps));
                    at = next;
                }
            }
        };
        for (at, steps) in path.into_iter().rev() {
            outlet = outlet.behind(steps);
            self.know(at, outlet.clone());
        }
        outlet
    }

    /// What becomes of the input of this command.
    pub(in crate::guard) fn inlet(&self, command: usize) -> Outlet {
        let next = self.given(command);
        self.end(next)
    }

    /// What becomes of one of its words.
    pub(in crate::guard) fn word(
        &self,
        command: usize,
        run: &Unwrapped<'_>,
        word: usize,
    ) -> Outlet {
        self.end(self.put_as_word(command, run, word))
    }

    /// What a command runs.
    pub(super) fn run(&self, at: usize) -> Option<Unwrapped<'l>> {
        self.runs.get(at).copied()
    }

    fn know(&self, command: usize, outlet: Outlet) {
        if let Some(known) = self.known.borrow_mut().get_mut(command) {
            *known = Some(outlet);
        }
    }

    pub(super) fn end(&self, next: Next) -> Outlet {
        match next {
            Next::End(outlet) => outlet,
            Next::Through(next, steps) => self.outlet(next).behind(steps),
        }
    }

    fn next(&self, at: usize) -> Next {
        let Some(command) = self.line.commands.get(at) else {
            return Next::End(Outlet::screen());
        };
        if command.is_error {
            return Next::End(Outlet::screen());
        }
        if let Some(file) = command.outputs.last() {
            match file.text.to_ascii_lowercase().as_str() {
                "/dev/stderr" | "/dev/tty" | "/dev/fd/2" => return Next::End(Outlet::screen()),
                "/dev/stdout" | "/dev/fd/1" | "-" => {}
                _ => return Next::End(self.in_file(&file.text, at)),
            }
        }
        if command.joints.1 == Joint::Pipe {
            return match self.taker(at, command) {
                Some(taker) => self.piped(taker),
                None => Next::End(Outlet::Seen(Rc::new(vec![Step::Alters]))),
            };
        }
        self.around(at, command.shell)
    }

    /// Where the output of a command goes that is sent nowhere by itself: where the group around sends it, or the shell.
    fn around(&self, at: usize, mut shell: usize) -> Next {
        let groups = self.groups();
        let mut end = groups.end_around(at);
        loop {
            if let Some(end) = end {
                return Next::Through(end, Vec::new());
            }
            if let Some(Some(taken)) = self.line.taken.get(shell) {
                return self.put(taken.command, taken.part);
            }
            let Some(parent) = self.line.shells.get(shell).filter(|_| shell > 0) else {
                return Next::End(self.around.clone());
            };
            end = groups.end_around_shell(shell);
            shell = *parent;
        }
    }

    pub(super) fn groups(&self) -> &Groups {
        self.groups.get_or_init(|| Groups::of(self.line))
    }

    /// The command that takes the output of the one at this place.
    fn taker(&self, at: usize, command: &Simple) -> Option<usize> {
        let behind = self.line.commands.iter().enumerate().skip(at + 1);
        // Those in `$(…)` of the next one stand before it.
        let mut behind = behind.take(MOST_BETWEEN);
        let in_brackets = |shell: usize| {
            let taken = self.line.taken.get(shell);
            let is_group =
                taken.is_some_and(|taken| taken.is_none_or(|taken| taken.part == Part::Group));
            is_group && self.line.shells.get(shell) == Some(&command.shell)
        };
        let is_next = |next: &Simple| next.shell == command.shell || in_brackets(next.shell);
        let next = behind.find(|(_, next)| is_next(next));
        next.filter(|(_, next)| next.joints.0 == Joint::Pipe)
            .map(|(at, _)| at)
    }

    /// What becomes of what is put through a pipe into this command, or into the group that it begins.
    fn piped(&self, at: usize) -> Next {
        match self.groups().begun_by(at) {
            Some(group) => Next::End(self.in_group(group)),
            None => self.given(at),
        }
    }

    /// What becomes of the input of these commands: any of them may take it.
    pub(super) fn in_group(&self, group: Range<usize>) -> Outlet {
        if group.len() > MOST_IN_GROUP {
            return Outlet::perhaps();
        }
        let (first, last) = (group.start, group.end);
        // In `done < <(…)` those in brackets stand before the end.
        let is_of_end = |command: &Simple| {
            let taken = self.line.taker_of(command.shell);
            taken.is_some_and(|taken| taken.command == last)
        };
        let takes_it = |at: &usize| {
            let command = self.line.commands.get(*at).zip(self.run(*at));
            command.is_some_and(|(command, run)| {
                // What stands before the group is put into all of it.
                let is_piped = *at != first && command.joints.0 == Joint::Pipe;
                let has_own = is_piped
                    || is_of_end(command)
                    || !(command.inputs.is_empty() && command.documents.is_empty());
                !has_own && self.groups().ended_by(*at).is_none() && takes_input(&run)
            })
        };
        Outlet::first_seen(group.filter(takes_it).map(|at| self.end(self.given(at))))
    }
}
