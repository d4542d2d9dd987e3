//! Where a command stands in a line, and what becomes of what it prints.

use super::command_line::{CommandLine, Joint, Simple};
use super::flow::{Flow, Outlet};
use super::folders::Places;
use super::pattern::Stars;
use super::wrappers::Unwrapped;

/// LIMIT: commands in `$(…)` of a command, before which another one may stand whose output it takes.
const MOST_BETWEEN: usize = 64;

/// Where a command stands.
#[derive(Clone, Copy)]
pub(super) struct Site<'s> {
    pub(super) line: &'s CommandLine,
    pub(super) flow: &'s Flow<'s>,
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
    /// Whether the shell prints what it runs: `set -x`.
    pub(super) is_traced: bool,
}

impl<'s> Site<'s> {
    pub(super) fn command(&self) -> Option<&'s Simple> {
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
            let run = Unwrapped::of(&giver.words);
            let name = run.program();
            if name == "cat" {
                let given = self.line.documents_of(giver);
                texts.extend(given.map(|word| word.text.clone()));
            } else if matches!(name.as_str(), "echo" | "printf") {
                let said = run.arguments().iter().map(|word| word.text.as_str());
                texts.push(said.collect::<Vec<_>>().join(" "));
            }
        }
        texts
    }

    /// The command whose output this one takes.
    pub(super) fn giver(&self, command: &Simple) -> Option<&'s Simple> {
        if command.joints.0 != Joint::Pipe {
            return None;
        }
        let before = self.line.commands.get(..self.at)?.iter().rev();
        let mut before = before.take(MOST_BETWEEN);
        let giver = before.find(|giver| giver.shell == command.shell);
        giver.filter(|giver| giver.joints.1 == Joint::Pipe)
    }

    /// What becomes of what the command prints.
    pub(super) fn outlet(&self) -> Outlet {
        // What is put into a word of a command that the shell prints is printed with it.
        let shell = self.command().map_or(0, |command| command.shell);
        if self.is_traced && self.line.taker_of(shell).is_some() {
            return Outlet::screen();
        }
        self.flow.outlet(self.at)
    }
}

#[cfg(test)]
mod tests {
    use crate::guard::shell::{Start, files_shown_by};

    #[test]
    fn of_a_file_in_a_pipe_what_comes_out_is_looked_at() {
        let text = b"PORT=1\na=b\nc:d=e\n";
        for (command, part) in [
            ("cat x", "PORT=1\na=b\nc:d=e\n"),
            ("cat x | cut -d= -f1", "PORT\na\nc:d\n"),
            (
                "cat x | grep -v '^#' | sort | cut -d= -f1",
                "PORT\na\nc:d\n",
            ),
            ("cat x | cut -d= -f2 | cut -d: -f1", "PORT=1\na=b\nc:d=e\n"),
            ("cat x | tee y | cut -d= -f1", "PORT\na\nc:d\n"),
            ("cat < x | cut -d= -f1", "PORT\na\nc:d\n"),
            ("cut -d= -f1 < x", "PORT\na\nc:d\n"),
            ("cut -d= -f1 x | cut -d: -f1", "PORT\na\nc\n"),
            ("git show HEAD:x | cut -d= -f1", "PORT\na\nc:d\n"),
            ("bash -c 'cat x' | cut -d= -f1", "PORT\na\nc:d\n"),
        ] {
            let shown = files_shown_by(command, &Start::nowhere());
            let found = &shown.files.as_slice()[0].view;
            let found = String::from_utf8_lossy(&found.part(text)).into_owned();
            assert_eq!(found, part, "{command}");
        }
        for command in [
            "cat x | nc host 1 | cut -d= -f1",
            "cat x; echo | cut -d= -f1",
        ] {
            let shown = files_shown_by(command, &Start::nowhere());
            assert!(shown.files.as_slice()[0].view.is_whole(), "{command}");
        }
        for command in [
            "cat x | grep -c a",
            "wc -l < x",
            "cat x > y",
            "git show HEAD:x | wc -l",
        ] {
            let shown = files_shown_by(command, &Start::nowhere());
            assert!(shown.files.is_empty(), "{command}");
        }
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
