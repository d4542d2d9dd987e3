//! Where the variables and files of a line are named, and what is done with them there. Not for what becomes of that.

use std::collections::HashMap;

use crate::guard::change;
use crate::guard::command_line::{CommandLine, Part, Word};
use crate::guard::program_names::{COPIERS, PRINTERS, SENDERS, SHELLS};
use crate::guard::transfer;
use crate::guard::variable::{Form, Variable};
use crate::guard::wrappers::Unwrapped;

/// Where the value of a variable is put.
pub(super) struct Use {
    pub(super) command: usize,
    pub(super) part: Part,
    /// It is cut off at this letter.
    pub(super) before: Option<char>,
}

/// Where the variables of a line are named so that their value is put there.
pub(super) fn uses_of_variables(
    line: &CommandLine,
    runs: &[Unwrapped<'_>],
) -> HashMap<String, Vec<Use>> {
    let mut uses: HashMap<String, Vec<Use>> = HashMap::new();
    let mut add = |text: &str, command, part| {
        for variable in Variable::all(text) {
            let before = match variable.form {
                Form::Other => continue,
                Form::Before(letter) => Some(letter),
                Form::Value | Form::Or(_) | Form::Altered => None,
            };
            uses.entry(variable.name.to_owned()).or_default().push(Use {
                command,
                part,
                before,
            });
        }
    };
    for (at, (command, run)) in line.commands.iter().zip(runs).enumerate() {
        let program = run.program();
        // They have variables of their own, with the same names when those are exported.
        let is_inside = SHELLS.contains(&program.as_str());
        for (number, word) in command.words.iter().enumerate() {
            if word.has_variable || is_inside {
                add(&word.text, at, Part::Word(number));
            }
        }
        for document in line.documents_of(command).filter(|word| word.has_variable) {
            add(&document.text, at, Part::Document);
        }
    }
    uses
}

/// What a command does with a file that it names.
pub(super) enum FileUse {
    Printed,
    Sent,
    /// It goes on there.
    Copied(String),
}

/// Where files are named as something that is shown or copied, in the order of their commands.
pub(super) fn uses_of_files(
    line: &CommandLine,
    runs: &[Unwrapped<'_>],
) -> HashMap<String, Vec<(usize, FileUse)>> {
    let mut uses: HashMap<String, Vec<(usize, FileUse)>> = HashMap::new();
    let mut add = |word: &Word, at, one| {
        let name = name_of_file(&word.text).to_owned();
        uses.entry(name).or_default().push((at, one));
    };
    for (at, (command, run)) in line.commands.iter().zip(runs).enumerate() {
        let program = run.program();
        let is = |programs: &[&str]| programs.contains(&program.as_str());
        if is(PRINTERS) {
            let words = run.arguments().iter().chain(&command.inputs);
            words.for_each(|word| add(word, at, FileUse::Printed));
        }
        if is(SENDERS) {
            let sent = transfer::sent(&program, run.arguments());
            sent.iter().for_each(|word| add(word, at, FileUse::Sent));
        }
        for (file, into) in copies(&program, run.arguments()) {
            add(&file, at, FileUse::Copied(into));
        }
    }
    uses
}

/// Each file that a program copies, with the names that the copy may have.
pub(in crate::guard) fn copies(program: &str, arguments: &[Word]) -> Vec<(Word, String)> {
    if !COPIERS.contains(&program) {
        return Vec::new();
    }
    let Some((files, into)) = change::copies(program, arguments) else {
        return Vec::new();
    };
    let names = |file: Word| {
        let names = [into.text.clone(), change::inside(&into, &file).text];
        names.map(|name| (file.clone(), name))
    };
    files.into_iter().flat_map(names).collect()
}

/// A name of a file, without the folder at hand.
pub(super) fn name_of_file(path: &str) -> &str {
    path.strip_prefix("./").unwrap_or(path)
}
