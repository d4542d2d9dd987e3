//! Every command with its arguments, from the definitions that parse them.

use clap::{Arg, ArgAction, Command, CommandFactory as _};

use super::markdown::{cell, code, head, row};
use crate::args::Cli;

const INTRODUCTION: &str = "\
# Commands

Made of the program by `cargo xtask docs`; do not edit. `leakward COMMAND --help` says the same.
";

/// The page.
pub(super) fn page() -> String {
    let mut command = Cli::command();
    command.build();
    let mut page = INTRODUCTION.to_owned();
    page.push_str("\n## Options of every command\n\n");
    let everywhere: Vec<&Arg> = command
        .get_arguments()
        .filter(|arg| is_shown(arg))
        .collect();
    page.push_str(&table(&everywhere));
    if let Some(text) = command.get_after_help() {
        page.push_str(&format!("\n{text}\n"));
    }
    for subcommand in visible(&command) {
        section(subcommand, &mut page);
    }
    page
}

fn visible(command: &Command) -> impl Iterator<Item = &Command> {
    command
        .get_subcommands()
        .filter(|command| !command.is_hide_set() && command.get_name() != "help")
}

/// A command, and those below it.
fn section(command: &Command, page: &mut String) {
    let name = command.get_bin_name().unwrap_or(command.get_name());
    page.push_str(&format!("\n## {name}\n\n"));
    if let Some(about) = command.get_long_about().or(command.get_about()) {
        page.push_str(&format!("{}\n\n", paragraph(&about.to_string())));
    }
    let mut usage = command.clone();
    let usage = usage.render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").trim();
    page.push_str(&format!("```text\n{usage}\n```\n"));
    for (heading, arguments) in by_heading(command) {
        if let Some(heading) = heading {
            page.push_str(&format!("\n{heading}:\n"));
        }
        page.push_str(&format!("\n{}", table(&arguments)));
    }
    for subcommand in visible(command) {
        section(subcommand, page);
    }
}

/// A command's own arguments under the headings that the help has, those without one first.
fn by_heading(command: &Command) -> Vec<(Option<&str>, Vec<&Arg>)> {
    let mut groups: Vec<(Option<&str>, Vec<&Arg>)> = Vec::new();
    let own = command
        .get_arguments()
        .filter(|arg| is_shown(arg) && !arg.is_global_set());
    for argument in own {
        let heading = argument.get_help_heading();
        match groups.iter_mut().find(|(known, _)| *known == heading) {
            Some((_, arguments)) => arguments.push(argument),
            None => groups.push((heading, vec![argument])),
        }
    }
    groups.sort_by_key(|(heading, _)| heading.is_some());
    groups
}

fn is_shown(argument: &Arg) -> bool {
    !argument.is_hide_set()
        && !matches!(
            argument.get_action(),
            ArgAction::Help | ArgAction::HelpShort | ArgAction::HelpLong | ArgAction::Version
        )
}

fn table(arguments: &[&Arg]) -> String {
    let mut table = head(["Argument", "What it does"]);
    for argument in arguments {
        table.push_str(&row([&names(argument), &what(argument)]));
    }
    table
}

/// How an argument is typed.
fn names(argument: &Arg) -> String {
    let value = argument
        .get_value_names()
        .filter(|_| argument.get_action().takes_values())
        .map(|names| names.join(" "));
    if argument.is_positional() {
        return code(&value.unwrap_or_else(|| argument.get_id().to_string()));
    }
    let mut names: Vec<String> = argument
        .get_short()
        .map(|short| format!("-{short}"))
        .into_iter()
        .collect();
    names.extend(argument.get_long().map(|long| format!("--{long}")));
    if let (Some(value), Some(last)) = (value, names.last_mut()) {
        let optional = argument
            .get_num_args()
            .is_some_and(|number| number.min_values() == 0);
        last.push_str(&if optional {
            format!("[={value}]")
        } else {
            format!(" {value}")
        });
    }
    let names: Vec<String> = names.iter().map(|name| code(name)).collect();
    names.join(", ")
}

/// What an argument does, what it can be, and what it is when nothing is typed.
fn what(argument: &Arg) -> String {
    let help = argument.get_long_help().or(argument.get_help());
    let mut parts = vec![cell(&paragraph(
        &help.map(ToString::to_string).unwrap_or_default(),
    ))];
    let takes = argument.get_action().takes_values();
    let values: Vec<String> = argument
        .get_possible_values()
        .iter()
        .filter(|value| takes && !value.is_hide_set())
        .map(|value| code(value.get_name()))
        .collect();
    if !values.is_empty() {
        parts.push(format!("One of {}.", values.join(", ")));
    }
    let defaults: Vec<String> = argument
        .get_default_values()
        .iter()
        .filter(|_| takes)
        .map(|value| code(&value.to_string_lossy()))
        .collect();
    if !defaults.is_empty() {
        parts.push(format!("Default: {}.", defaults.join(", ")));
    }
    if let Some(variable) = argument.get_env() {
        parts.push(format!(
            "Environment: {}.",
            code(&variable.to_string_lossy())
        ));
    }
    parts.join(" ")
}

/// A help text as a sentence: clap takes the full stop away.
fn paragraph(text: &str) -> String {
    let text = text.trim();
    let ends = text.ends_with(['.', ':', '?', '!', ')', '`']) || text.is_empty();
    format!("{text}{}", if ends { "" } else { "." })
}
