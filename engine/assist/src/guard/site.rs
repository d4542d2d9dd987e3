//! Where a command stands in a line, and what becomes of what it prints.

use std::path::PathBuf;

use super::change;
use super::command_line::{CommandLine, Joint, Simple, Word};
use super::pattern::Stars;
use super::program_names::{PRINTERS, behind_wrappers};
use super::view::View;

/// LIMIT: commands that take an output from each other, and commands in `$(…)` of one of them. What comes behind is not
/// looked at: all of the output is taken to be seen.
const MOST_BETWEEN: usize = 64;

/// Programs that put out lines that they are given, or parts of them.
const FILTERS: &[&str] = &[
    "cat", "grep", "egrep", "fgrep", "rg", "sort", "uniq", "head", "tail", "sed", "cut", "awk",
    "gawk",
];

/// Where a command stands.
#[derive(Clone, Copy)]
pub(super) struct Site<'s> {
    pub(super) line: &'s CommandLine,
    /// The line as it was written.
    pub(super) text: &'s str,
    /// Lines around it.
    pub(super) depth: usize,
    pub(super) stars: Stars,
    /// Which command of the line it is.
    pub(super) at: usize,
    /// The folders that it may be run in.
    pub(super) here: &'s [PathBuf],
    /// Whether it may be run in another folder as well.
    pub(super) is_lost: bool,
}

impl Site<'_> {
    /// The command that takes the output of the one at this place, if one does.
    fn taker(&self, at: usize) -> Option<(usize, &Simple)> {
        let command = self.line.commands.get(at)?;
        if command.joints.1 != Joint::Pipe {
            return None;
        }
        let behind = self.line.commands.iter().enumerate().skip(at + 1);
        // Those in `$(…)` of the next one stand before it.
        let mut behind = behind.take(MOST_BETWEEN);
        let next = behind.find(|(_, next)| next.shell == command.shell);
        next.filter(|(_, next)| next.joints.0 == Joint::Pipe)
    }

    /// What is seen of a text that the command prints, when others may take its output. Nothing when none of it is.
    pub(super) fn shown(&self) -> Option<View> {
        let (mut at, mut is_whole) = (self.at, true);
        for _ in 0..MOST_BETWEEN {
            let Some((next, taker)) = self.taker(at) else {
                break;
            };
            let words = behind_wrappers(&taker.words);
            let Some((first, arguments)) = words.split_first() else {
                break;
            };
            let program = first.program();
            if !FILTERS.contains(&program.as_str()) {
                break;
            }
            match View::of(&program, arguments)? {
                View::Whole => {}
                // Numbers of lines are those of the text only as long as all of it comes through.
                View::Lines(..) | View::Last(_) if !is_whole => {}
                less => return Some(less),
            }
            is_whole &= program == "cat";
            at = next;
        }
        Some(View::Whole)
    }

    /// Whether what the command prints is seen: it goes into no file, into no command line, and into no program that keeps
    /// it to itself.
    pub(super) fn is_printed(&self) -> bool {
        let mut at = self.at;
        for _ in 0..MOST_BETWEEN {
            let Some(command) = self.line.commands.get(at) else {
                break;
            };
            let is_captured = self.line.is_captured.get(command.shell);
            if is_captured.is_some_and(|is| *is) || change::written(command).next().is_some() {
                return false;
            }
            let Some((next, taker)) = self.taker(at) else {
                return command.joints.1 != Joint::Pipe;
            };
            let words = behind_wrappers(&taker.words);
            let program = words.first().map(Word::program).unwrap_or_default();
            if !PRINTERS.contains(&program.as_str()) && program != "tee" {
                return false;
            }
            at = next;
        }
        true
    }
}
