//! Programs by what they do with what they are given, and the one that a command runs: behind `sudo`, `timeout 5`, `then`.
//!
//! Programs that change files are in `change`, those that print credentials of their own accord in `secret_printer`.

use super::change;
use super::command_line::Word;
use super::variable;

/// Programs that print the files that they are given.
pub(super) const PRINTERS: &[&str] = &[
    "cat",
    "head",
    "tail",
    "less",
    "more",
    "bat",
    "batcat",
    "tac",
    "nl",
    "strings",
    "xxd",
    "od",
    "hexdump",
    "base64",
    "sed",
    "awk",
    "gawk",
    "cut",
    "sort",
    "uniq",
    "grep",
    "egrep",
    "fgrep",
    "rg",
    "jq",
    "yq",
    "diff",
    "type",
    "get-content",
    "gc",
    "paste",
    "fmt",
    "pr",
    "expand",
    "zcat",
    "zless",
    "zgrep",
    "look",
    "iconv",
    "column",
    "fold",
    "rev",
];

/// Programs, and words of the shell's own, that stand before another program.
const WRAPPERS: &[&str] = &[
    "sudo", "doas", "env", "time", "timeout", "nice", "command", "builtin", "exec", "xargs",
    "nohup", "watch", "setsid", "stdbuf", "busybox", "if", "then", "elif", "else", "while",
    "until", "do", "!", "{",
];

/// Programs that take a command line behind `-c`, or as their input.
pub(super) const SHELLS: &[&str] = &["sh", "bash", "dash", "zsh", "ksh", "ash", "fish"];

/// Programs that apply a patch that they are given.
pub(super) const PATCHERS: &[&str] = &["apply_patch", "applypatch", "patch"];

/// Programs that send files that they are given.
pub(super) const SENDERS: &[&str] = &["curl", "wget", "http", "https", "xh"];

/// Words that go into another folder.
pub(super) const MOVERS: &[&str] = &["cd", "chdir", "pushd", "popd", "set-location", "sl"];

/// The words from the program on that does something by itself.
pub(super) fn behind_wrappers(words: &[Word]) -> &[Word] {
    let mut rest = words;
    let mut is_wrapped = false;
    while let Some((first, behind)) = rest.split_first() {
        let is_wrapper = WRAPPERS.contains(&first.program().as_str());
        let is_setting = variable::setting(&first.text).is_some();
        let is_option = is_wrapped && first.text.starts_with('-');
        if !is_wrapper && !is_setting && !is_option {
            break;
        }
        is_wrapped |= is_wrapper;
        rest = behind;
    }
    // An option's value, or a time, may stand between: `sudo -u bob cat x`, `timeout 5 cat x`.
    match rest.iter().position(does_something) {
        Some(at) if is_wrapped => rest.get(at..).unwrap_or_default(),
        _ => rest,
    }
}

fn does_something(word: &Word) -> bool {
    let program = word.program();
    let programs = [
        PRINTERS,
        SENDERS,
        SHELLS,
        PATCHERS,
        MOVERS,
        &["git", "eval"],
    ];
    let mut programs = programs.iter();
    programs.any(|programs| programs.contains(&program.as_str())) || change::is_by(&program)
}
