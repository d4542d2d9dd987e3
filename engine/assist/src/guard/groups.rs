//! Commands that words of the shell's own hold together, so that they have one input and one output: `{ … }`, `while … done`,
//! `if … fi`. Those in brackets have a shell of their own, and are known by the line.
//!
//! A word that closes something else than what was opened last closes nothing.

use super::command_line::CommandLine;

/// Words that begin a group, and the word that ends it.
const ENDS: &[(&str, &str)] = &[
    ("{", "}"),
    ("if", "fi"),
    ("while", "done"),
    ("until", "done"),
    ("for", "done"),
    ("select", "done"),
    ("case", "esac"),
];

/// Words that may stand before one that begins a group.
const BETWEEN: &[&str] = &["then", "elif", "else", "do", "!", "time"];

/// A group.
#[derive(Debug)]
struct Group {
    /// The command that it begins with.
    first: usize,
    /// The word that ends it.
    end: &'static str,
    /// The command that this word is; nothing when there is none.
    last: Option<usize>,
    /// The group that it stands in, of the same shell.
    around: Option<usize>,
}

/// The groups of a line.
#[derive(Debug)]
pub(super) struct Groups {
    all: Vec<Group>,
    /// The group that each command stands in; of one that ends a group, the one around.
    of_commands: Vec<Option<usize>>,
    /// The group that the brackets of each shell stand in.
    of_shells: Vec<Option<usize>>,
    /// The outermost group that each command begins.
    begun: Vec<Option<usize>>,
    /// The group that each command ends.
    ended: Vec<Option<usize>>,
}

impl Groups {
    /// Of this line.
    pub(super) fn of(line: &CommandLine) -> Self {
        let (commands, shells) = (line.commands.len(), line.shells.len());
        let mut groups = Self {
            all: Vec::new(),
            of_commands: vec![None; commands],
            of_shells: vec![None; shells],
            begun: vec![None; commands],
            ended: vec![None; commands],
        };
        // The innermost open group of each shell.
        let mut open = vec![None; shells];
        let mut is_known = vec![false; shells];
        for (at, command) in line.commands.iter().enumerate() {
            let mut shell = command.shell;
            while let Some(known) = is_known.get_mut(shell).filter(|known| !**known) {
                *known = true;
                let Some(parent) = line.shells.get(shell).filter(|_| shell > 0) else {
                    break;
                };
                let around = open.get(*parent).copied().flatten();
                set(&mut groups.of_shells, shell, around);
                shell = *parent;
            }
            let innermost = open.get(command.shell).copied().flatten();
            let words = command.words.iter().map(|word| word.text.as_str());
            let innermost = groups.command(at, words, innermost);
            set(&mut open, command.shell, innermost);
        }
        groups
    }

    /// Takes notice of a command in a group. Gives back the group that the next one of the shell stands in.
    fn command<'w>(
        &mut self,
        at: usize,
        words: impl Iterator<Item = &'w str>,
        mut innermost: Option<usize>,
    ) -> Option<usize> {
        for (number, word) in words.enumerate() {
            if let Some((_, end)) = ENDS.iter().find(|(begin, _)| *begin == word) {
                let group = self.all.len();
                self.all.push(Group {
                    first: at,
                    end,
                    last: None,
                    around: innermost,
                });
                innermost = Some(group);
                if self.begun.get(at).is_some_and(Option::is_none) {
                    set(&mut self.begun, at, Some(group));
                }
                continue;
            }
            let ended = innermost.filter(|group| {
                let group = self.all.get(*group);
                number == 0 && group.is_some_and(|group| group.end == word)
            });
            if let Some(group) = ended.and_then(|group| self.all.get_mut(group)) {
                group.last = Some(at);
                set(&mut self.ended, at, innermost);
                innermost = group.around;
            }
            if !BETWEEN.contains(&word) {
                break;
            }
        }
        set(&mut self.of_commands, at, innermost);
        innermost
    }

    /// The command whose output that of this one goes with.
    pub(super) fn end_around(&self, command: usize) -> Option<usize> {
        self.last_of(self.of_commands.get(command).copied().flatten())
    }

    /// The command whose output that of a shell in brackets goes with.
    pub(super) fn end_around_shell(&self, shell: usize) -> Option<usize> {
        self.last_of(self.of_shells.get(shell).copied().flatten())
    }

    fn last_of(&self, mut group: Option<usize>) -> Option<usize> {
        while let Some(one) = self.all.get(group?) {
            if one.last.is_some() {
                return one.last;
            }
            group = one.around;
        }
        None
    }

    /// The commands of the group that this one begins.
    pub(super) fn begun_by(&self, command: usize) -> Option<std::ops::Range<usize>> {
        self.range(self.begun.get(command).copied().flatten()?)
    }

    /// The commands of the group that this one ends.
    pub(super) fn ended_by(&self, command: usize) -> Option<std::ops::Range<usize>> {
        self.range(self.ended.get(command).copied().flatten()?)
    }

    fn range(&self, group: usize) -> Option<std::ops::Range<usize>> {
        let group = self.all.get(group)?;
        Some(group.first..group.last?)
    }
}

fn set<T>(all: &mut [T], at: usize, value: T) {
    if let Some(slot) = all.get_mut(at) {
        *slot = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_stands_in_the_group_that_was_opened_last() {
        for (line, expected) in [
            ("a; b", vec![None, None]),
            ("{ a; b; }; c", vec![Some(2), Some(2), None, None]),
            ("if a; then b; fi", vec![Some(2), Some(2), None]),
            (
                "for x in y; do { a; }; done",
                vec![Some(3), Some(2), Some(3), None],
            ),
            (
                "while a; do b; done | c",
                vec![Some(2), Some(2), None, None],
            ),
            ("case x in a) b;; esac", vec![Some(2), Some(2), None]),
            ("{ (a; b); }", vec![Some(3), None, None, None]),
            ("{ a; fi; b", vec![None, None, None]),
            ("echo {; done; }", vec![None, None, None]),
        ] {
            let line_ = CommandLine::of(line);
            let groups = Groups::of(&line_);
            let found: Vec<_> = (0..line_.commands.len())
                .map(|at| groups.end_around(at))
                .collect();
            assert_eq!(found, expected, "{line}");
        }
        let line = CommandLine::of("{ (a | (b)); }");
        let groups = Groups::of(&line);
        let outer = line.commands[1].shell;
        assert_eq!(groups.end_around_shell(outer), Some(3));
        let line = CommandLine::of("x | { while a; do b; done; }");
        let groups = Groups::of(&line);
        assert_eq!(groups.begun_by(1), Some(1..4));
        assert_eq!(groups.ended_by(3), Some(1..3));
    }
}
