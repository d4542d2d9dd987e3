//! Where a command stands in a line, and what becomes of what it prints.

use super::change;
use super::command_line::{CommandLine, Joint, Simple, Word};
use super::folders::Places;
use super::pattern::Stars;
use super::program_names::{PRINTERS, behind_wrappers};
use super::view::{self, Step};

/// LIMIT: commands that take an output from each other, and commands in `$(…)` of one of them. What comes behind is not
/// looked at: all of the output is taken to be seen.
const MOST_BETWEEN: usize = 64;

/// Where a command stands.
#[derive(Clone, Copy)]
pub(super) struct Site<'s> {
    pub(super) line: &'s CommandLine,
    /// The line as it was written.
    pub(super) text: &'s str,
    /// Which of all lines it is, those in words of others counted.
    pub(super) number: usize,
    /// Lines around it.
    pub(super) depth: usize,
    pub(super) stars: Stars,
    /// Which command of the line it is.
    pub(super) at: usize,
    /// The folders that it may be run in.
    pub(super) here: &'s Places,
    /// Whether it may be run in another folder as well.
    pub(super) is_lost: bool,
}

impl<'s> Site<'s> {
    fn command(&self) -> Option<&'s Simple> {
        self.line.commands.get(self.at)
    }

    /// The texts of the line that the command gets as its input: its own, and those that `cat` or `echo` hands it.
    pub(super) fn documents(&self) -> Vec<String> {
        let Some(command) = self.command() else {
            return Vec::new();
        };
        let own = self.line.documents_of(command);
        let mut texts: Vec<String> = own.map(|word| word.text.clone()).collect();
        if let Some(giver) = self.giver(command) {
            let words = behind_wrappers(&giver.words);
            let name = words.first().map(Word::program).unwrap_or_default();
            if name == "cat" {
                let given = self.line.documents_of(giver);
                texts.extend(given.map(|word| word.text.clone()));
            } else if matches!(name.as_str(), "echo" | "printf") {
                let said = words.iter().skip(1).map(|word| word.text.as_str());
                texts.push(said.collect::<Vec<_>>().join(" "));
            }
        }
        texts
    }

    /// The command whose output this one takes.
    fn giver(&self, command: &Simple) -> Option<&'s Simple> {
        if command.joints.0 != Joint::Pipe {
            return None;
        }
        let before = self.line.commands.get(..self.at)?.iter().rev();
        let mut before = before.take(MOST_BETWEEN);
        let giver = before.find(|giver| giver.shell == command.shell);
        giver.filter(|giver| giver.joints.1 == Joint::Pipe)
    }

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

    /// What is left of a text that the command prints, when others may take its output. Nothing when none of it is.
    pub(super) fn shown(&self) -> Option<Vec<Step>> {
        let (mut at, mut all) = (self.at, Vec::new());
        for _ in 0..MOST_BETWEEN {
            let Some((next, taker)) = self.taker(at) else {
                break;
            };
            let words = behind_wrappers(&taker.words);
            let Some((first, arguments)) = words.split_first() else {
                break;
            };
            all.extend(view::steps(&first.program(), arguments)?);
            at = next;
        }
        Some(all)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::shell::{Start, files_shown_by};
    use crate::guard::view::{Range, View};

    #[test]
    fn of_a_file_in_a_pipe_what_comes_out_is_looked_at() {
        let matching = |text: &str| Step::Matching(vec![text.to_owned()]);
        for (command, steps) in [
            ("cat x", vec![]),
            ("cat x | cut -d= -f1", vec![Step::Before('=')]),
            (
                "cat x | grep -v '^#' | sort | cut -d= -f1",
                vec![Step::Before('=')],
            ),
            ("cat x | cut -d= -f2 | cut -d: -f1", vec![]),
            ("cat x | sed s/A/B/ | grep B", vec![]),
            ("cat x | grep a", vec![matching("a")]),
            ("cat x | head -5", vec![Step::Range(Range::Lines(1, 5))]),
            ("cat x | sort | head -5", vec![]),
            ("cat x | nc host 1", vec![]),
            ("cat x | nc host 1 | cut -d= -f1", vec![]),
            ("cat x; echo | cut -d= -f1", vec![]),
            ("cat x | tee y | cut -d= -f1", vec![Step::Before('=')]),
        ] {
            let shown = files_shown_by(command, &Start::nowhere());
            let part = |view: &View| (view.clone(), view.is_whole());
            let found = &shown.files.as_slice()[0].view;
            let expected = View::whole().then(steps);
            assert_eq!(found.is_whole(), expected.is_whole(), "{command}");
            if !expected.is_whole() {
                let text = b"PORT=1\na=b\nc\n";
                assert_eq!(found.part(text), expected.part(text), "{command}");
                assert_eq!(part(found).1, part(&expected).1, "{command}");
            }
        }
        assert!(
            files_shown_by("cat x | grep -c a", &Start::nowhere())
                .files
                .is_empty()
        );
    }

    #[test]
    fn a_credential_that_a_command_prints_counts_only_where_it_is_seen() {
        for (command, is_seen) in [
            ("gh auth token", true),
            ("gh auth token 2>/dev/null", true),
            ("(gh auth token)", true),
            ("vault kv get x | jq .data", true),
            ("bash -c 'op read op://a/b/c'", true),
            ("GH_TOKEN=$(gh auth token) make", false),
            ("gh auth token | docker login --password-stdin", false),
            ("curl -H \"Authorization: `gh auth token`\" x", false),
            ("op read op://a/b/c > key.pem", false),
            ("git commit -m 'gh auth token'", false),
        ] {
            let shown = files_shown_by(command, &Start::nowhere());
            assert_eq!(shown.secret_printer.is_some(), is_seen, "{command}");
        }
    }
}
