//! Ways into the guard for [`crate::fuzzing`].

use std::path::Path;

use super::agent::Agent;
use super::call::{Call, Text};
use super::shell::{Read, Shown, Start, files_shown_by, files_shown_by_words};
use crate::fuzzing::{Brought, ShownBy};

/// Goes through a command line that is run in a folder that is not there.
pub(crate) fn shown_by(command: &str) -> ShownBy {
    told(&files_shown_by(command, &Start::nowhere()))
}

/// The same of a command whose words are told apart already.
pub(crate) fn shown_by_words(words: &[&str]) -> ShownBy {
    told(&files_shown_by_words(words, &Start::nowhere()))
}

fn told(shown: &Shown) -> ShownBy {
    let is_whole = |read: &&Read| read.view.is_whole();
    let files = shown.files.iter().filter(is_whole);
    let choices = shown.patterns.iter().map(|(pattern, _)| pattern.whole());
    ShownBy {
        files: files.map(|read| read.path.clone()).collect(),
        choices: choices.map(|all| all.ok().map(|all| all.len())).collect(),
        has_unread: !shown.all_unread().is_empty(),
    }
}

/// Reads what an agent's hook hands over, for each agent that there is; the last one takes it for a text.
pub(crate) fn read_input(input: &[u8]) -> Vec<Option<Vec<Brought>>> {
    let agents = [
        Agent::Claude,
        Agent::Codex,
        Agent::Cursor,
        Agent::Gemini,
        Agent::Copilot,
        Agent::VsCode,
        Agent::Windsurf,
        Agent::Cline,
        Agent::OpenCode,
        Agent::Json,
        Agent::Text,
    ];
    let read = agents.map(|agent| {
        let call = Call::read(input, Some(agent), Path::new("/no/such/folder")).ok()?;
        Some(call.brought.texts.into_iter().map(brought).collect())
    });
    read.into()
}

fn brought(text: Text) -> Brought {
    let numbered_lines = text.lines.len();
    Brought {
        texts: std::iter::once(text.text).chain(text.before).collect(),
        numbered_lines,
    }
}
