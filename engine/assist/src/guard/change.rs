//! What a command line would change, as far as its words say it.
//!
//! Asked by `policy_edit`, which knows what is not to be changed. A program in another language, or a word that nobody
//! knows the value of, may change whatever is named near by.

use super::command_line::{Gap, Simple, Word};
use super::folders::LONGEST_PATH;
use super::options::{Options, Valued};
use super::pattern::Pattern;
use super::transfer;
use super::view;

/// Something that a command line changes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Change {
    /// This file is written.
    File(String),
    /// What is there goes away or is replaced, with all that is in it.
    Tree(String),
    /// The same, when the folder that it lies in is one.
    Inside(String),
    /// The same, of all that fit.
    Pattern(Pattern),
    /// The patch in this file is applied.
    Patch(String),
    /// Perhaps what this text names.
    Named(String),
}

/// What a program does to a file that it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Writes,
    Replaces,
    /// It replaces what is called the same in a folder, if that is one.
    Fills,
    Applies,
}

/// What a program does to its arguments.
pub(super) enum Acts {
    /// It changes no file.
    Nothing,
    /// These acts, and no others.
    On(Vec<(Act, Word)>),
    /// Nobody knows: it runs a program of its own.
    Anything,
    /// More than is looked at.
    TooMany,
}

/// LIMIT: pairs of a folder and a name of one `find`.
const MOST_PAIRS: usize = 1_024;

/// Programs that write files that they are given.
const WRITERS: &[&str] = &[
    "tee",
    "sponge",
    "truncate",
    "touch",
    "chmod",
    "chown",
    "ex",
    "ed",
    "set-content",
    "add-content",
    "clear-content",
    "out-file",
    "sc",
    "ac",
];

/// Programs that remove, move or replace what they are given.
const REMOVERS: &[&str] = &[
    "rm",
    "rmdir",
    "mv",
    "unlink",
    "shred",
    "del",
    "erase",
    "rd",
    "ri",
    "remove-item",
    "move-item",
    "rename-item",
];

/// Programs that copy into the last of what they are given.
const COPIERS: &[&str] = &["cp", "ln", "install", "rsync", "scp", "copy", "copy-item"];

/// Programs that run a program of their own language.
const INTERPRETERS: &[&str] = &[
    "node",
    "nodejs",
    "deno",
    "bun",
    "perl",
    "ruby",
    "php",
    "osascript",
    "pwsh",
    "powershell",
    "vi",
    "vim",
    "nvim",
    "emacs",
];

/// Commands of git that change files in the working tree.
const OF_GIT: &[&str] = &["checkout", "restore", "rm", "mv", "reset", "stash", "clean"];

/// Options of `patch` that take a value.
pub(super) const OF_PATCH: Valued = Valued {
    letters: "dDFgiopBrVxYz",
    names: &[
        "directory",
        "fuzz",
        "input",
        "output",
        "strip",
        "reject-file",
    ],
};

/// What a program does to its arguments.
pub(super) fn by(program: &str, arguments: &[Word]) -> Acts {
    let is = |programs: &[&str]| programs.contains(&program);
    let texts: Vec<&str> = arguments.iter().map(|word| word.text.as_str()).collect();
    let is_awk_that_writes =
        || program.ends_with("awk") && texts.iter().any(|text| text.contains('>'));
    let all = |act: Act| Acts::On(named(arguments).map(|word| (act, word)).collect());
    if is_interpreter(program) || is_awk_that_writes() {
        Acts::Anything
    } else if is(WRITERS) || (is(&["sed", "gsed", "yq"]) && view::is_in_place(&texts)) {
        all(Act::Writes)
    } else if is(REMOVERS) {
        all(Act::Replaces)
    } else if is(COPIERS) {
        Acts::On(copied(program, arguments))
    } else if is(&["patch"]) {
        let options = Options::of(arguments, OF_PATCH);
        let patches = options
            .operands
            .iter()
            .copied()
            .chain(options.values(&["i", "input"]));
        let patches = patches.map(|word| (Act::Applies, word.clone()));
        let outputs = options.values(&["o", "output"]);
        let outputs = outputs.map(|word| (Act::Writes, word.clone()));
        Acts::On(patches.chain(outputs).collect())
    } else if is(&["dd"]) {
        let of = arguments.iter().filter(|word| word.text.starts_with("of="));
        Acts::On(of.map(|word| (Act::Writes, behind_name(word))).collect())
    } else if is(&["curl", "wget"]) {
        let files = transfer::written(program, arguments).into_iter();
        Acts::On(files.map(|file| (Act::Writes, file)).collect())
    } else if is(&["find"]) {
        found(arguments)
    } else {
        Acts::Nothing
    }
}

/// Whether it runs a program of another language.
pub(super) fn is_interpreter(program: &str) -> bool {
    INTERPRETERS.contains(&program) || program.starts_with("python")
}

/// What a command of git does to its arguments.
pub(super) fn by_git(command: &str, arguments: &[Word]) -> Acts {
    let act = match command {
        "apply" | "am" => Act::Applies,
        _ if OF_GIT.contains(&command) => Act::Replaces,
        _ => return Acts::Nothing,
    };
    Acts::On(named(arguments).map(|word| (act, word)).collect())
}

/// The files that the output of a command goes into.
pub(super) fn written(command: &Simple) -> impl Iterator<Item = &Word> {
    const NOWHERE: [&str; 5] = ["/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty", "nul"];
    let is_file = |word: &&Word| !NOWHERE.contains(&word.text.to_ascii_lowercase().as_str());
    command.outputs.iter().chain(&command.logs).filter(is_file)
}

/// Arguments that may be files, those in `--option=FILE` included.
fn named(arguments: &[Word]) -> impl Iterator<Item = Word> {
    arguments
        .iter()
        .filter_map(|word| match word.text.starts_with('-') {
            true if word.text.contains('=') => Some(behind_name(word)),
            true => None,
            false => Some(word.clone()),
        })
}

fn behind_name(word: &Word) -> Word {
    let (_, value) = word.text.split_once('=').unwrap_or_default();
    Word {
        text: value.to_owned(),
        ..word.clone()
    }
}

/// What a copy goes into: the folder that is named, or the last of all, or what is called the same in there.
fn copied(program: &str, arguments: &[Word]) -> Vec<(Act, Word)> {
    let Some((files, into)) = copies(program, arguments) else {
        return Vec::new();
    };
    let mut acts: Vec<_> = files
        .iter()
        .map(|file| (Act::Fills, inside(&into, file)))
        .collect();
    acts.push((Act::Replaces, into));
    if program == "ln" {
        // What is written through the link is written into it.
        acts.extend(files.into_iter().map(|file| (Act::Writes, file)));
    }
    acts
}

/// The files that a program copies or moves, and what they go into.
pub(super) fn copies(program: &str, arguments: &[Word]) -> Option<(Vec<Word>, Word)> {
    let options = Options::of(arguments, valued_of_copier(program));
    let into = options.values(&["t", "target-directory"]).last().cloned();
    let into = into.filter(|_| !matches!(program, "rsync" | "scp"));
    let mut files: Vec<Word> = options
        .operands
        .iter()
        .map(|word| (*word).clone())
        .collect();
    let into = into.or_else(|| if files.len() > 1 { files.pop() } else { None });
    let into = into.filter(|into| into.text.len() <= LONGEST_PATH)?;
    Some((files, into))
}

fn valued_of_copier(program: &str) -> Valued {
    match program {
        "rsync" => Valued {
            letters: "eBTfM@",
            names: &[
                "rsh",
                "exclude",
                "include",
                "exclude-from",
                "include-from",
                "files-from",
                "filter",
                "port",
                "password-file",
                "log-file",
                "rsync-path",
                "timeout",
            ],
        },
        "scp" => Valued {
            letters: "cDFiJloPSX",
            names: &[],
        },
        _ => Valued {
            letters: "tSgmo",
            names: &["target-directory", "suffix", "group", "mode", "owner"],
        },
    }
}

/// The file of a folder that is called as this one.
pub(super) fn inside(into: &Word, file: &Word) -> Word {
    let folder = into.text.trim_end_matches('/');
    Word {
        text: format!("{folder}/{}", file_name(&file.text)),
        is_pattern: into.is_pattern || file.is_pattern,
        has_variable: into.has_variable || file.has_variable,
        gap: into.gap.or(file.gap.map(|_| Gap::Inside)),
    }
}

fn file_name(path: &str) -> &str {
    path.trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or(path)
}

/// `find` removes, or runs another program on what it finds.
fn found(arguments: &[Word]) -> Acts {
    let at = |names: &[&str]| {
        arguments
            .iter()
            .position(|word| names.contains(&word.text.as_str()))
    };
    let runs = at(&["-exec", "-execdir", "-ok", "-okdir"]).is_some_and(|at| {
        let run = arguments.get(at + 1..).unwrap_or_default();
        run.split_first().is_some_and(|(program, rest)| {
            let program = program.program();
            let is_shell = program.ends_with("sh");
            is_shell || !matches!(by(&program, rest), Acts::Nothing)
        })
    });
    if at(&["-delete"]).is_none() && !runs {
        return Acts::Nothing;
    }
    // What it looks for by name, and where it does so.
    let is_path = |word: &&Word| !word.text.starts_with(['-', '(', '!']);
    let starts: Vec<&Word> = arguments.iter().take_while(is_path).collect();
    let names = arguments.windows(2).filter_map(|pair| match pair {
        [option, name] if matches!(option.text.as_str(), "-name" | "-iname") => Some(name),
        _ => None,
    });
    let names: Vec<&Word> = names.collect();
    if starts.len().saturating_mul(names.len()) > MOST_PAIRS {
        return Acts::TooMany;
    }
    let mut acts = Vec::new();
    for name in names {
        let below = |start: &&Word| Word {
            text: format!("{}/**/{}", start.text.trim_end_matches('/'), name.text),
            is_pattern: true,
            ..(*start).clone()
        };
        acts.extend(starts.iter().map(below));
    }
    if acts.is_empty() {
        acts.extend(starts.into_iter().cloned());
    }
    Acts::On(acts.into_iter().map(|word| (Act::Replaces, word)).collect())
}
